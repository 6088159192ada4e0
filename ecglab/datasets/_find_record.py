"""Finding a recording by its path or its PhysioNet name, and fetching it where it is not on disk.

Each file from PhysioNet is checked against the published checksum.
"""

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path

from ecglab.datasets._download import data_homes, download, probe
from ecglab.datasets._wfdb import ANNOTATORS
from ecglab.errors import DatasetError, DatasetUnavailableError

__all__ = ["EDF", "FORMS", "fetch_physionet", "find_recording"]

EDF = (".edf", ".bdf")
FORMS = (".hea", *EDF, ".csv", ".tsv", ".txt", ".npy")
"""The extensions of recordings that are read; all but the first three are tables of samples."""

_WFDB = (".hea", ".dat", ".atr")
_PHYSIONET_NAME = re.compile(r"[a-z0-9]+(?:/[A-Za-z0-9_-]+)+")

SERVER = "https://physionet.org/files"
_VERSION = "1.0.0"  # of nearly every database that is published in WFDB format
_CHECKSUMS = "SHA256SUMS.txt"
_SECONDS = 7.0  # to get an answer at all: longer than that, and there is no network
_LIST_LIMIT = 2**24  # bytes; the longest list of checksums has 5 million
_LINE = re.compile(r"([0-9a-f]{64})\s+\*?(?:\./)?(\S+)")


def find_recording(path: str | os.PathLike[str], *, download_if_missing: bool = True) -> Path:
    """Find the file of a recording: a header, an EDF file or a table.

    `path` is a file, a WFDB record without its extension, or a PhysioNet name such as
    ``"mitdb/106"``, which is looked for in ``$ECGLAB_DATA_HOME`` and the user's cache.
    `DatasetUnavailableError` if such a name is neither on disk nor can it be downloaded,
    `DatasetError` if there is no such file, or it is of a kind that is not read.
    """
    given = Path(path).expanduser()
    homes = data_homes()
    for place in (given, *(home / given for home in homes)):
        if (found := _as_file(place)) is not None:
            return found
    name = given.as_posix()
    if not _PHYSIONET_NAME.fullmatch(name):
        raise DatasetError(
            f"There is no recording {str(path)!r}. A recording is a WFDB header (.hea), an EDF "
            f"file, or a table of samples: {', '.join(FORMS)}."
        )
    if not download_if_missing:
        looked = "\n".join(f"  {home / name}.hea" for home in homes)
        raise DatasetUnavailableError(
            f"{name} is not on disk, and was not to be downloaded. Looked for:\n{looked}\n"
            "Set ECGLAB_DATA_HOME to a folder that holds it."
        )
    return fetch_physionet(name, homes[0])


def _as_file(place: Path) -> Path | None:
    """Return the file that a path stands for, if it is there."""
    header = place.with_suffix(".hea") if place.suffix.lower() in _WFDB else None
    try:
        if header is not None and header.is_file():
            return header
        if place.is_file():
            return _check_kind(place, header)
        beside = place.with_name(f"{place.name}.hea")
        return beside if place.name and beside.is_file() else None
    except (OSError, ValueError) as error:  # no right to look there; a name that no file can have
        raise DatasetError(f"Cannot look for {str(place)!r}: {error}.") from error


def _check_kind(place: Path, header: Path | None) -> Path:
    """Return a file of a kind that is read."""
    if place.suffix.lower() == ".hea":
        raise DatasetError(
            f"{place} has an extension in capitals, with which WFDB's programs do not find "
            f"it. Rename it {place.with_suffix('.hea').name}."
        )
    if header is not None:
        raise DatasetError(f"{place} needs its header, {header.name}, beside it.")
    if place.suffix.lower() not in FORMS:
        raise DatasetError(f"{place} is no recording that can be read: {', '.join(FORMS)}.")
    return place


def fetch_physionet(name: str, home: Path, *, server: str = SERVER) -> Path:
    """Download the header, the signals and the beat annotations of one record.

    Returns the header, ``home/mitdb/106.hea``. It is written last, so that it is there only when
    the rest is. `DatasetUnavailableError` if PhysioNet cannot be reached (without a network:
    within ten seconds), or has no such record; `DatasetError` if what arrives is not what was
    published, or cannot be written.
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
