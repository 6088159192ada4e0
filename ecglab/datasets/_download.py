"""Downloading one file, whose checksum is known, from the first of several mirrors that has it.

pooch does the download itself: it writes to a temporary file beside the destination, checks the
sha256, and only then moves the file to its name in one step. So nothing half-written or wrong ever
bears that name, and two processes that fetch at once don't disturb each other. What is added here
is the choice among mirrors, a quick answer where there is no network, and errors in plain words.
"""

import contextlib
import logging
import os
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from types import ModuleType

from ecglab.errors import DatasetError, DatasetUnavailableError

__all__ = ["data_homes", "download", "probe", "user_cache"]

_CONNECT_SECONDS = 4.0
_READ_SECONDS = 30.0
_PROBE_SECONDS = 7.0  # for all mirrors together: longer than that, and there is no network

_logger = logging.getLogger(__name__)


def data_homes(data_home: str | os.PathLike[str] | None = None) -> list[Path]:
    """List the folders to look for data in, the one to download to first."""
    if data_home is not None:
        return [_expand(data_home)]
    from_environment = os.environ.get("ECGLAB_DATA_HOME")
    return [*([_expand(from_environment)] if from_environment else []), user_cache()]


def _expand(folder: str | os.PathLike[str]) -> Path:
    """Replace a leading ``~``."""
    return Path(os.path.expanduser(folder))


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
