"""Fetching one record from PhysioNet, each file of it checked against the published checksum."""

import re
import time
from collections.abc import Mapping
from pathlib import Path

from ecglab.datasets._download import download, probe
from ecglab.datasets._wfdb import ANNOTATORS
from ecglab.errors import DatasetError, DatasetUnavailableError

__all__ = ["fetch_physionet"]

SERVER = "https://physionet.org/files"
_VERSION = "1.0.0"  # of nearly every database that is published in WFDB format
_CHECKSUMS = "SHA256SUMS.txt"
_SECONDS = 7.0  # to get an answer at all: longer than that, and there is no network
_LIST_LIMIT = 2**24  # bytes; the longest list of checksums has 5 million
_LINE = re.compile(r"([0-9a-f]{64})\s+\*?(?:\./)?(\S+)")


def fetch_physionet(name: str, home: Path, *, server: str = SERVER) -> Path:
    """Download the header, the signals and the beat annotations of one record.

    Parameters
    ----------
    name : str
        Database and record, such as ``"mitdb/106"``.
    home : Path
        The folder to keep it in, as ``home/mitdb/106.hea``.
    server : str
        Where the databases lie.

    Returns
    -------
    Path
        The header. It is written last, so that it is there only when the rest is.

    Raises
    ------
    DatasetUnavailableError
        If PhysioNet cannot be reached (without a network: within ten seconds), or has no such
        record.
    DatasetError
        If what arrives is not what was published, or cannot be written.
    """
    database, _, record = name.partition("/")
    address = f"{server}/{database}/{_VERSION}"
    published = _fetch_checksums(f"{address}/{_CHECKSUMS}", name)
    wanted = [f"{record}.{extension}" for extension in ("dat", *ANNOTATORS, "hea")]
    missing = [file for file in (wanted[0], wanted[-1]) if file not in published]
    if missing:
        raise DatasetUnavailableError(
            f"{address} has no {' and no '.join(missing)}.\n"
            "Look up the names of its records at physionet.org/about/database."
        )
    for file in (file for file in wanted if file in published):
        place = home / database / file
        download([f"{address}/{file}"], published[file], place.parent, place.name, progress=False)
    return home / database / f"{record}.hea"


def _fetch_checksums(url: str, name: str) -> Mapping[str, str]:
    """Fetch the list of a database's files with their checksums."""
    import requests

    deadline = time.monotonic() + _SECONDS
    try:
        probe(url).result(timeout=_SECONDS)
        with requests.get(url, timeout=_SECONDS, stream=True) as answer:
            answer.raise_for_status()
            lines = answer.raw.read(_LIST_LIMIT, decode_content=True).decode("utf-8", "replace")
    except (requests.RequestException, TimeoutError, OSError, ValueError) as fault:
        waited = max(0.0, time.monotonic() - deadline + _SECONDS)
        raise DatasetUnavailableError(
            f"{name} is not on disk, and could not be downloaded.\n"
            f"  {url}: {type(fault).__name__} after {waited:.0f} s\n"
            "Set ECGLAB_DATA_HOME to a folder that holds it, or use make_record() for a simulated "
            "recording."
        ) from fault
    published = {file: checksum for checksum, file in _LINE.findall(lines)}
    if not published:
        raise DatasetError(f"{url} is no list of checksums: it is not what PhysioNet publishes.")
    return published
