"""Finding data on disk, and fetching it where it is not: files whose checksums are published.

pooch does the download itself: it writes to a temporary file beside the destination, checks the
sha256, and only then moves the file to its name in one step. So nothing half-written or wrong ever
bears that name, and two processes that fetch at once don't disturb each other. What is added here
is the choice among mirrors, a quick answer where there is no network, and errors in plain words.
"""

import contextlib
import logging
import os
import re
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from types import ModuleType

from ecglab.datasets._wfdb import ANNOTATORS
from ecglab.errors import DatasetError, DatasetUnavailableError

EDF = (".edf", ".bdf")
FORMS = (".hea", *EDF, ".csv", ".tsv", ".txt", ".npy")
"""The extensions of recordings that are read; all but the first three are tables of samples."""

SERVER = "https://physionet.org/files"

_WFDB = (".hea", ".dat", ".atr")
_PHYSIONET_NAME = re.compile(r"[a-z0-9]+(?:/[A-Za-z0-9_-]+)+")
_VERSION = "1.0.0"  # of nearly every database that is published in WFDB format
_CHECKSUMS = "SHA256SUMS.txt"
_LIST_LIMIT = 2**24  # bytes; the longest list of checksums has 5 million
_LINE = re.compile(r"([0-9a-f]{64})\s+\*?(?:\./)?(\S+)")
_CONNECT_SECONDS = 4.0
_READ_SECONDS = 30.0
_PROBE_SECONDS = 7.0  # for all mirrors together: longer than that, and there is no network

_logger = logging.getLogger(__name__)


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

    try:
        probe(url).result(timeout=_PROBE_SECONDS)
        with requests.get(url, timeout=_PROBE_SECONDS, stream=True) as answer:
            answer.raise_for_status()
            lines = answer.raw.read(_LIST_LIMIT, decode_content=True).decode("utf-8", "replace")
    except (requests.RequestException, TimeoutError, OSError, ValueError) as fault:
        raise DatasetUnavailableError(
            f"{name} is not on disk, and could not be downloaded.\n"
            f"  {url}: {_in_words(fault)}\n"
            "Set ECGLAB_DATA_HOME to a folder that holds it, or use make_record() for a simulated "
            "recording."
        ) from fault
    published = {file: checksum for checksum, file in _LINE.findall(lines)}
    if not published:
        raise DatasetError(f"{url} is no list of checksums: it is not what PhysioNet publishes.")
    return published


# Downloading


def data_homes(data_home: str | os.PathLike[str] | None = None) -> list[Path]:
    """List the folders to look for data in, the one to download to first.

    Parameters
    ----------
    data_home : path-like, optional
        The only one; ``$ECGLAB_DATA_HOME``, if set, and the user's cache when left out.

    Returns
    -------
    list of Path
        The folders, which need not be there.
    """
    if data_home is not None:
        return [Path(data_home).expanduser()]
    named = os.environ.get("ECGLAB_DATA_HOME")
    return [*([Path(named).expanduser()] if named else []), user_cache()]


def user_cache() -> Path:
    """Return the folder in which the operating system wants ecglab to keep its downloads."""
    return Path(_import_pooch().os_cache("ecglab"))


def download(
    urls: Sequence[str], sha256: str, folder: Path, name: str, *, progress: bool = True
) -> Path:
    """Download a file from the first mirror that has it."""
    import requests

    deadline = time.monotonic() + _PROBE_SECONDS
    probes = [probe(url) for url in urls]
    faults: dict[str, Exception] = {}
    for url, answer in zip(urls, probes, strict=True):
        try:
            answer.result(timeout=max(0.0, deadline - time.monotonic()))
            return _retrieve(url, sha256, folder, name, progress)
        # The order matters: an exception of requests may be a ValueError and is always an OSError.
        except (requests.RequestException, TimeoutError, ValueError) as fault:
            _logger.info("%s: %s", url, _in_words(fault))
            _close_response(fault)
            faults[url] = fault
        except OSError as error:
            raise DatasetError(
                f"{name} cannot be written to {folder} ({error.strerror or error}). Make room "
                "there, or choose another folder with data_home or $ECGLAB_DATA_HOME."
            ) from error
    raise _all_failed(name, faults)


def probe(url: str) -> "Future[None]":
    """Ask a mirror for a sign of life, without waiting for it.

    Looking up a name can hang for longer than any timeout that requests knows, so the question
    is put by a thread that is left behind if need be. requests asks, and no bare socket, because
    the way may lead through a proxy. Any HTTP answer will do: that of the download itself counts.
    """
    import requests

    answer: Future[None] = Future()

    def ask() -> None:
        try:
            requests.head(url, timeout=_CONNECT_SECONDS, allow_redirects=True).close()
        except Exception as fault:  # whatever it is, the one who waits for the answer deals with it
            answer.set_exception(fault)
        else:
            answer.set_result(None)

    Thread(target=ask, name=f"probe {url}", daemon=True).start()
    return answer


def _retrieve(url: str, sha256: str, folder: Path, name: str, progress: bool) -> Path:
    """Download one address with pooch."""
    pooch = _import_pooch()
    downloader = pooch.HTTPDownloader(
        progressbar=progress, chunk_size=2**16, timeout=(_CONNECT_SECONDS, _READ_SECONDS)
    )
    _logger.info("Downloading %s from %s to %s", name, url, folder)
    with _quiet(pooch.get_logger()):
        path = Path(pooch.retrieve(url, f"sha256:{sha256}", name, folder, downloader=downloader))
    # pooch leaves the file readable for its owner alone, but a cache may be shared. Where another
    # user has just put the same file there, it is theirs to open up.
    with contextlib.suppress(OSError):
        path.chmod(0o644)
    return path


def _close_response(fault: Exception) -> None:
    """Hang up on a server that answered with an error, which pooch leaves to the garbage."""
    response = getattr(fault, "response", None)
    if response is not None:
        response.close()


def _import_pooch() -> ModuleType:
    """Import pooch without tqdm's warning, in a notebook, that ipywidgets is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pooch
    return pooch


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keep a logger from telling on standard error, by default, about each step of its work."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _all_failed(name: str, faults: dict[str, Exception]) -> DatasetError:
    """Put together the error that says what went wrong with each address."""
    wrong_content = any(_is_wrong_content(fault) for fault in faults.values())
    kind = DatasetError if wrong_content else DatasetUnavailableError
    lines = [
        f"{name} could not be downloaded from any of {len(faults)} addresses:",
        *(f"  {url}: {_in_words(fault)}" for url, fault in faults.items()),
        "Set ECGLAB_DATA_HOME to a folder that holds the files, or use make_heartbeats() for "
        "simulated ones.",
    ]
    return kind("\n".join(lines))


def _is_wrong_content(fault: Exception) -> bool:
    """Tell a checksum that does not match (pooch's bare ValueError) from a failed connection."""
    return isinstance(fault, ValueError) and not isinstance(fault, OSError)


def _in_words(fault: Exception) -> str:
    """Say in a few words why a mirror gave nothing."""
    import requests

    if _is_wrong_content(fault):
        return "what it sends is not the published file (its sha256 differs)"
    if isinstance(fault, requests.HTTPError) and fault.response is not None:
        return f"HTTP status {fault.response.status_code} {fault.response.reason}"
    if isinstance(fault, TimeoutError | requests.Timeout):
        return "no answer in time"
    if isinstance(fault, requests.exceptions.ProxyError):
        return "the proxy could not be reached or refused"
    if isinstance(fault, requests.exceptions.SSLError):
        return "no secure connection (its certificate was not accepted)"
    if isinstance(fault, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off before the end of the file"
    return f"the connection failed ({type(fault).__name__})"
