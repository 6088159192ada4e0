"""Opening a file, plain, compressed or inside a zip; what libraries raise becomes our own error.

Nothing is unpacked to disk, and what comes out of a compressed file is counted while it is read.
"""

import bz2
import gzip
import hashlib
import io
import lzma
import stat
import warnings
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np

from ecglab.errors import DatasetError

_UNPACK: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
_BUFFER = 2**20  # bytes
_LISTED = 8  # members that an error names
# What only a checksum or a length inside of a compressed file can bring up.
_DAMAGE = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)


@contextmanager
def library_faults(place: object, what: str = "read", advice: str = "") -> Iterator[None]:
    """Turn whatever a library raises into a `DatasetError` with its reason; its warnings go.

    What a parser of somebody else's raises on odd content is no closed list, so this catches
    everything; it is meant to go around the call of that library and nothing else, so that mistakes
    of ours are not hidden.

    The error says that `place` cannot be `what`, why not, and the `advice`, if there is any.
    """
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    except DatasetError:
        raise
    except Exception as error:
        damaged = "is damaged and " if isinstance(error, _DAMAGE) or "CRC" in str(error) else ""
        reason = str(getattr(error, "strerror", "") or error).strip(" .") or type(error).__name__
        message = f"{place} {damaged}cannot be {what}: {reason}. {advice}"
        raise DatasetError(message.rstrip()) from error


@dataclass(frozen=True)
class Source:
    """An open file; every fault in reading its stream is a `DatasetError`."""

    stream: "io.BufferedReader[Any]"  # unpacked
    form: str  # the extension of the file or member, such as ".csv"
    place: str  # what an error calls it
    path: Path | None = None  # the file itself, where it is a plain one


@contextmanager
def open_source(
    path: Path, forms: Mapping[str, int | None], *, member: str | None = None
) -> Iterator[Source]:
    """Open a file, or the member of a zip; where only one can be read, it need not be named.

    `forms` are the extensions that can be read (perhaps with ``.gz``, ``.bz2`` or ``.xz`` after
    them), and how many bytes such a file may have unpacked; None is any number. `DatasetError`, at
    once or while it is read, if the file is missing, no regular one, of another kind, damaged,
    encrypted or too large.
    """
    size = _size_of(path)
    suffix, place = path.suffix.lower(), str(path)
    if member is not None and suffix != ".zip":
        raise DatasetError(f"{path} is no zip, so it has no member {member!r}.")
    with ExitStack() as stack:
        if suffix == ".zip":
            with library_faults(place, "unpacked"):
                archive = stack.enter_context(zipfile.ZipFile(path))
            info = _choose_member(archive, forms, member, place)
            place, name = f"{path}/{info.filename}", info.filename
            with library_faults(place, "unpacked"):
                file: IO[bytes] = stack.enter_context(archive.open(info))
        else:
            name = path.stem if suffix in _UNPACK else path.name
            with library_faults(place):
                file = stack.enter_context(_UNPACK.get(suffix, Path.open)(path, "rb"))
        form = _check_form(name, forms, place)
        is_plain = suffix not in (*_UNPACK, ".zip")
        _check_size(size if is_plain else 0, forms[form], place)
        stream = io.BufferedReader(_Guarded(file, place, forms[form]), _BUFFER)
        yield Source(stream, form, place, path if is_plain else None)


def sha256_of(path: Path) -> str:
    """Return the checksum of a file of any size, as hexadecimal digits."""
    with library_faults(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size_of(path: Path) -> int:
    """Return the size of a regular file; a pipe or a device could go on for ever."""
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise DatasetError(f"{path} does not exist.") from error
    except (OSError, ValueError) as error:
        raise DatasetError(f"{str(path)[:200]!r} cannot be read: {error}.") from error
    if not stat.S_ISREG(status.st_mode):
        raise DatasetError(f"{path} is not a file that can be read, but a folder or a device.")
    return status.st_size


def _check_size(size: int, limit: int | None, place: str) -> None:
    if limit is not None and size > limit:
        raise DatasetError(
            f"{place} holds more than {limit:,} bytes, too many to read into memory at once. Read "
            "it in pieces (iter_heartbeats; score_file scores it so), or pass a larger size_limit."
        )


def _check_form(name: str, forms: Collection[str], place: str) -> str:
    form = PurePosixPath(name).suffix.lower()
    if form not in forms:
        raise DatasetError(
            f"{place}: its name does not end in one of {', '.join(forms)} (each also with .gz, "
            ".bz2 or .xz, or in a .zip). Rename it to what it is, or export the table as .csv."
        )
    return form


def _choose_member(
    archive: zipfile.ZipFile, forms: Collection[str], member: str | None, place: str
) -> zipfile.ZipInfo:
    """Choose what to read from a zip, or say what there is to choose from."""
    readable = [
        info
        for info in archive.infolist()
        if PurePosixPath(info.filename).suffix.lower() in forms
        and not info.filename.startswith("__MACOSX/")  # what macOS adds to every zip
    ]
    named = [i for i in readable if member in (None, i.filename, PurePosixPath(i.filename).name)]
    if len(named) != 1:
        listed = ", ".join(repr(info.filename) for info in readable[:_LISTED])
        what = f"files that end in one of {', '.join(forms)}" if member is None else repr(member)
        found = f"{place} holds {len(named)} {what}, and one is needed."
        if not readable:
            raise DatasetError(f"{found} It holds nothing that can be read.")
        raise DatasetError(f"{found} It holds {listed}.", "Pass one full name as {}.", "member")
    if named[0].flag_bits & 0x1:
        raise DatasetError(
            f"{place}/{named[0].filename} is encrypted. Unpack it with its password first."
        )
    return named[0]


class _Guarded(io.RawIOBase):
    """A stream that counts what is read from it, and in which every fault is a DatasetError."""

    def __init__(self, inner: IO[bytes], place: str, size_limit: int | None) -> None:
        self._inner = inner
        self._place = place
        self._limit = size_limit
        self._count = 0

    def readable(self) -> bool:
        """Say yes: that is all this stream can do."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read up to as many bytes as there is room for."""
        with library_faults(self._place):
            content = self._inner.read(len(buffer))
        self._count += len(content)
        _check_size(self._count, self._limit, self._place)
        buffer[: len(content)] = content
        return len(content)
