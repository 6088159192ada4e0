"""Where a sweep keeps its files: a folder, or any place that papermill can write.

A file is there as a whole or not at all, whatever is killed when: a folder gets it under another
name first, an object store takes it in one request. Layout, the same everywhere:

    notebooks/<sha256>.ipynb      the notebook as it was swept
    runs/<2 digits>/<key>.ipynb   an executed notebook
    runs/<2 digits>/<key>.json    its result; written last, so a run without it is not finished
    results.parquet, results.csv  all results as one table
"""

import os
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ecglab._files import publish
from ecglab.sweep._errors import SweepStorageError

__all__ = ["FolderStore", "RemoteStore", "Store", "finished_keys", "open_store", "run_file"]

StoreLike = str | os.PathLike[str]


def run_file(key: str, suffix: str) -> str:
    """Name a file of a run. 256 folders, so that none of them grows too long to be listed."""
    return f"runs/{key[:2]}/{key}{suffix}"


def open_store(out: StoreLike) -> "Store":
    """Return the store for an output path: an address with ``://`` in it is a remote one.

    ``~`` is the home folder; a shell leaves the one in ``--out=~/runs`` alone.
    """
    text = os.fspath(out)
    return RemoteStore(text) if "://" in text else FolderStore(Path(os.path.expanduser(text)))


def finished_keys(store: "Store") -> set[str]:
    """List the runs that have a result, be it a failure."""
    keys = set()
    for shard in range(256):
        for name in store.names(f"runs/{shard:02x}"):
            if name.endswith(".json"):
                keys.add(name.removesuffix(".json"))
    return keys


class Store(ABC):
    """Files by name, ``/`` between folders."""

    address: str
    shared_by_drivers: bool
    """Whether claims can be laid here, so that several drivers may work at once."""

    @abstractmethod
    def write(self, name: str, content: bytes, mark: str = "") -> None:
        """Write a file, replacing one of the same name; `mark` tells temporary files apart."""

    @abstractmethod
    def read(self, name: str) -> str:
        """Read a file of text."""

    @abstractmethod
    def has(self, name: str) -> bool:
        """Whether a file is there."""

    @abstractmethod
    def names(self, folder: str) -> Iterator[str]:
        """List the files of a folder; one that is not there is empty."""

    @abstractmethod
    def check(self) -> None:
        """Make sure that something can be written, or raise `SweepStorageError`."""


class FolderStore(Store):
    """A folder, local or shared by the machines of a cluster."""

    shared_by_drivers = True

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.address = str(self.root)

    def path(self, name: str) -> Path:
        """Return where a file lies."""
        return self.root / name

    def write(self, name: str, content: bytes, mark: str = "") -> None:
        """Write under another name, then rename: others see the old file or the new one."""
        path = self.path(name)
        draft = self._draft(name, mark or secrets.token_hex(8))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with draft.open("xb") as file:
                    file.write(content)
                publish(draft, path)
            except OSError:
                draft.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise self._storage_error("written", path, error) from error

    def discard_drafts(self, name: str, mark: str) -> None:
        """Remove what a writer that died has left half written."""
        self._draft(name, mark).unlink(missing_ok=True)

    def read(self, name: str) -> str:
        """Read a file of text."""
        path = self.path(name)
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise self._storage_error("read", path, error) from error

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        return self.path(name).exists()

    def names(self, folder: str) -> Iterator[str]:
        """List the files of a folder."""
        try:
            with os.scandir(self.path(folder)) as entries:
                yield from [entry.name for entry in entries if not entry.name.startswith(".")]
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._storage_error("listed", self.path(folder), error) from error

    def check(self) -> None:
        """Write a file and remove it."""
        probe = f".probe-{secrets.token_hex(8)}"
        self.write(probe, b"probe")
        self.path(probe).unlink(missing_ok=True)

    def _draft(self, name: str, mark: str) -> Path:
        path = self.path(name)
        return path.with_name(f".{path.name}.{mark}.draft")

    def _storage_error(self, done: str, path: Path, error: OSError) -> SweepStorageError:
        return SweepStorageError(
            f"{path} cannot be {done}: {error.strerror or error}. Mend that, and start the sweep "
            "again: what is finished is kept."
        )


class RemoteStore(Store):
    """An address that papermill can write, such as ``s3://bucket/prefix``.

    Every file is put in one request. There are no claims, so one driver at a time.
    """

    shared_by_drivers = False

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")

    def write(self, name: str, content: bytes, mark: str = "") -> None:
        """Put text through papermill, and anything else through Arrow's file systems."""
        try:
            if name.endswith((".ipynb", ".json")):
                _papermill_io().write(content.decode(), self._url(name))
            else:
                from pyarrow.fs import FileSystem

                system, path = FileSystem.from_uri(self._url(name))
                with system.open_output_stream(path) as stream:
                    stream.write(content)
        except Exception as error:  # every service has exceptions of its own
            raise self._storage_error("written", name, error) from error

    def read(self, name: str) -> str:
        """Read a file of text."""
        try:
            return str(_papermill_io().read(self._url(name)))
        except Exception as error:
            raise self._storage_error("read", name, error) from error

    def has(self, name: str) -> bool:
        """Whether a file is there; papermill can only list the folder."""
        folder, _, file = name.rpartition("/")
        return file in self.names(folder)

    def names(self, folder: str) -> Iterator[str]:
        """List the files of a folder."""
        try:
            for url in _papermill_io().listdir(self._url(folder)):
                yield url.rstrip("/").rpartition("/")[2]
        except FileNotFoundError:
            return
        except Exception as error:
            raise self._storage_error("listed", folder, error) from error

    def check(self) -> None:
        """Write a small file; there is no way to remove it again through papermill."""
        self.write("sweep.json", b'{"written_by": "ecglab.sweep"}\n')

    def _url(self, name: str) -> str:
        return f"{self.address}/{name}"

    def _storage_error(self, done: str, name: str, error: Exception) -> SweepStorageError:
        return SweepStorageError(
            f"{self._url(name)} cannot be {done}: {error}. Check the address, the credentials and "
            "papermill's extra for this service, and start again: what is finished is kept."
        )


def _papermill_io() -> Any:
    """Return papermill's readers and writers by address."""
    from papermill.iorw import papermill_io

    return papermill_io
