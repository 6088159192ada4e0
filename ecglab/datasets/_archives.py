"""Opening a file of beats, plain, gzipped or inside a zip, without ever trusting its sizes.

Nothing is unpacked to disk. What comes out of a compressed file is counted while it is read, so
that neither a wrong size in a header nor a bomb (a few bytes that unpack to terabytes) gets far.
"""

import gzip
import io
import stat
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from ecglab.errors import DatasetError

__all__ = ["Source", "open_source", "read_member"]

# Beats written as text shrink to between a half and a tenth; deflate itself stops at a thousandth.
_RATIO_LIMIT = 100
_RATIO_FLOOR = 64 * 2**20  # bytes: whatever unpacks to less than this can do no harm
_BUFFER = 2**20  # bytes
_LISTED = 8  # members that an error names


@dataclass(frozen=True)
class Source:
    """An open file of beats.

    Parameters
    ----------
    stream : binary file
        Its content, unpacked. Every fault in reading it is a `DatasetError`.
    form : str
        The extension of the file or member, such as ``".csv"``.
    place : str
        What an error calls it.
    path : Path or None
        The file itself, where it is a plain one.
    """

    stream: io.BufferedReader
    form: str
    place: str
    path: Path | None = None


@contextmanager
def open_source(
    path: Path, forms: Mapping[str, int | None], *, member: str | None = None
) -> Iterator[Source]:
    """Open a file of beats.

    Parameters
    ----------
    path : Path
        A file that ends in one of `forms`, in one of them and ``.gz``, or in ``.zip``.
    forms : mapping of str to int or None
        The extensions that can be read, and how many bytes such a file may have unpacked; None is
        any number.
    member : str, optional
        Which file in a zip; may be left out where only one can be read.

    Yields
    ------
    Source
        The open file.

    Raises
    ------
    DatasetError
        If it is missing, no regular file, of another kind, damaged, encrypted, too large or a
        bomb; at once or while it is read.
    """
    with ExitStack() as stack:
        with _faults_named(str(path)):
            source = _open(stack, path, forms, member)
        yield source


def read_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: str, size_limit: int | None
) -> bytes:
    """Read one member of a zip whole, within the limits."""
    with ExitStack() as stack, _faults_named(place):
        return _open_member(stack, archive, info, place, size_limit).read()


def _open(
    stack: ExitStack, path: Path, forms: Mapping[str, int | None], member: str | None
) -> Source:
    size = _size_of(path)
    suffix = path.suffix.lower()
    if member is not None and suffix != ".zip":
        raise DatasetError(f"{path} is no zip, so it has no member {member!r}.")
    if suffix == ".zip":
        archive = stack.enter_context(zipfile.ZipFile(path))
        info = _choose_member(archive.infolist(), forms, member, str(path))
        place = f"{path}/{info.filename}"
        form = _suffix(info.filename)
        return Source(_open_member(stack, archive, info, place, forms[form]), form, place)
    name = path.stem if suffix == ".gz" else path.name
    form = _check_form(name, forms, str(path))
    file = stack.enter_context(path.open("rb"))
    if suffix == ".gz":
        unpacked = stack.enter_context(gzip.GzipFile(fileobj=file))
        # GzipFile takes the compressed bytes from the file as it needs them.
        guard = _Guarded(unpacked, str(path), forms[form], packed=file.tell)
        return Source(io.BufferedReader(guard, _BUFFER), form, str(path))
    _check_size(size, forms[form], str(path))
    guard = _Guarded(file, str(path), forms[form])
    return Source(io.BufferedReader(guard, _BUFFER), form, str(path), path)


def _size_of(path: Path) -> int:
    """Return the size of a regular file; a pipe or a device could go on for ever."""
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise DatasetError(f"{path} does not exist.") from error
    if not stat.S_ISREG(status.st_mode):
        raise DatasetError(f"{path} is not a file of beats, but a folder or a device.")
    return status.st_size


def _check_form(name: str, forms: Collection[str], place: str) -> str:
    form = _suffix(name)
    if form not in forms:
        raise DatasetError(
            f"{place}: its name does not end in one of {', '.join(forms)} (each also with .gz, or "
            "in a .zip). Rename it to what it is, or export the table as .csv."
        )
    return form


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


# Zips


def _choose_member(
    infos: Sequence[zipfile.ZipInfo], forms: Collection[str], member: str | None, place: str
) -> zipfile.ZipInfo:
    """Choose what to read, or say what there is to choose from."""
    for info in infos:
        if _leads_outside(info.filename):
            raise DatasetError(
                f"{place} is not to be trusted: its member {info.filename[:80]!r} has a path "
                "outside of the archive's own folder."
            )
    readable = [i for i in infos if _suffix(i.filename) in forms and not _is_clutter(i)]
    if member is not None:
        named = [i for i in readable if member in (i.filename, PurePosixPath(i.filename).name)]
        if len(named) == 1:
            return named[0]
        raise DatasetError(
            f"{place} holds {'several' if named else 'no'} tables {member!r}. {_listed(readable)}"
        )
    if len(readable) != 1:
        raise DatasetError(
            f"{place} holds {len(readable)} files that end in one of {', '.join(forms)}, and one "
            f"is needed. {_listed(readable)}"
        )
    return readable[0]


def _leads_outside(name: str) -> bool:
    """Say whether a member's name would lead out of the folder that it is unpacked to."""
    path = PurePosixPath(name.replace("\\", "/"))
    drive = path.parts[:1]
    return path.is_absolute() or ".." in path.parts or ":" in "".join(drive)


def _is_clutter(info: zipfile.ZipInfo) -> bool:
    """Recognise folders, and what macOS adds to every zip."""
    return info.is_dir() or info.filename.startswith("__MACOSX/")


def _listed(infos: Sequence[zipfile.ZipInfo]) -> str:
    """Name what could be asked for."""
    if not infos:
        return "It holds nothing that can be read."
    names = ", ".join(repr(info.filename) for info in infos[:_LISTED])
    more = ", ..." if len(infos) > _LISTED else ""
    return f"Pass member= with the full name of one of: {names}{more}."


def _open_member(
    stack: ExitStack,
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    place: str,
    size_limit: int | None,
) -> io.BufferedReader:
    if info.flag_bits & 0x1:
        raise DatasetError(f"{place} is encrypted. Unpack it with its password first.")
    _check_size(info.file_size, size_limit, place)
    _check_ratio(info.file_size, info.compress_size, place)
    # zipfile never inflates more than the declared size, and fails where there was more.
    unpacked = stack.enter_context(archive.open(info))
    guard = _Guarded(unpacked, place, size_limit, packed=lambda: info.compress_size)
    return io.BufferedReader(guard, _BUFFER)


# Limits


class _Guarded(io.RawIOBase):
    """A stream that counts what is read from it, and in which every fault is a DatasetError."""

    def __init__(
        self,
        inner: IO[bytes] | gzip.GzipFile,
        place: str,
        size_limit: int | None,
        packed: Callable[[], int] | None = None,
    ) -> None:
        self._inner = inner
        self._place = place
        self._size_limit = size_limit
        self._packed = packed
        self._count = 0

    def readable(self) -> bool:
        """Say yes: that is all this stream can do."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read up to as many bytes as there is room for."""
        with _faults_named(self._place):
            content = self._inner.read(len(buffer))
        self._count += len(content)
        _check_size(self._count, self._size_limit, self._place)
        if self._packed is not None:
            _check_ratio(self._count, self._packed(), self._place)
        buffer[: len(content)] = content
        return len(content)


def _check_size(size: int, limit: int | None, place: str) -> None:
    if limit is not None and size > limit:
        raise DatasetError(
            f"{place} holds more than {limit:,} bytes, too many to read into memory at once. Read "
            "it in pieces (iter_heartbeats; score_file scores it so), or pass a larger size_limit."
        )


def _check_ratio(size: int, packed: int, place: str) -> None:
    if size > _RATIO_FLOOR and size > _RATIO_LIMIT * max(packed, 1):
        raise DatasetError(
            f"{place} unpacks to more than {_RATIO_LIMIT} times its size, as no table of beats "
            "does: it looks like a decompression bomb. If it is none, unpack it yourself."
        )


@contextmanager
def _faults_named(place: str) -> Iterator[None]:
    """Turn whatever goes wrong into a DatasetError.

    A damaged archive brings up a dozen kinds of error, even from struct and zlib.
    """
    try:
        yield
    except DatasetError:
        raise
    except OSError as error:
        reason = error.strerror or error
        raise DatasetError(f"{place} cannot be read: {reason}.") from error
    except Exception as error:
        raise DatasetError(f"{place} is damaged and cannot be unpacked ({error}).") from error
