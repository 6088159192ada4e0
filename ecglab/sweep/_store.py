"""Where a sweep keeps its files: a folder, or an address such as ``s3://bucket/runs``.

A file is there as a whole or not at all, whatever is killed when: a folder gets it under another
name first, an object store takes it in one request. Layout, the same everywhere:

    notebooks/<sha256>.ipynb      the notebook as it was swept
    runs/<2 digits>/<key>.ipynb   an executed notebook
    runs/<2 digits>/<key>.json    its result; written last, so a run without it is not finished
    results.parquet, results.csv  all results as one table
    driver.json, sweep.lock       who is at work here; see `only_driver`

Only the driver writes, and there is one driver at a time.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyarrow import ArrowException
from pyarrow.fs import FileSelector, FileSystem, LocalFileSystem

from ecglab._files import publish
from ecglab.errors import SweepStorageError

StoreLike = str | os.PathLike[str]


def run_file(key: str, suffix: str) -> str:
    """Name a file of a run. 256 folders, so that none of them grows too long to be listed."""
    return f"runs/{key[:2]}/{key}{suffix}"


def is_address(out: StoreLike) -> bool:
    """Whether an output is an address rather than a folder."""
    return "://" in os.fspath(out)


class Store:
    """Files by name, ``/`` between folders. Faults of any storage are `SweepStorageError`.

    ``~`` is the home folder; a shell leaves the one in ``--out=~/runs`` alone.
    """

    def __init__(self, out: StoreLike) -> None:
        self.address = os.fspath(out).rstrip("/") or "/"
        if is_address(out):
            with self._faults("used"):
                self._files, self._root = FileSystem.from_uri(self.address)
        else:
            self.address = self._root = str(Path(self.address).expanduser().absolute())
            self._files = LocalFileSystem()
        is_folder = isinstance(self._files, LocalFileSystem)
        self.folder = Path(self._root) if is_folder else None

    def write(self, name: str, content: bytes) -> None:
        """Write a file, replacing one of the same name."""
        with self._faults("written", name):
            if self.folder is not None:
                self._write_to_folder(self.folder, name, content)
                return
            with self._files.open_output_stream(f"{self._root}/{name}") as stream:
                stream.write(content)

    def read(self, name: str) -> bytes | None:
        """Read a file; None if it is not there."""
        with self._faults("read", name):
            try:
                with self._files.open_input_stream(f"{self._root}/{name}") as stream:
                    return bytes(stream.read())
            except FileNotFoundError:
                return None

    def delete(self, name: str) -> None:
        """Delete a file that is there."""
        with self._faults("deleted", name):
            self._files.delete_file(f"{self._root}/{name}")

    def finished_keys(self) -> list[str]:
        """List the runs that have a result, be it a failure."""
        with self._faults("listed"):
            selector = FileSelector(f"{self._root}/runs", recursive=True, allow_not_found=True)
            files = self._files.get_file_info(selector)
        return sorted(file.base_name[:-5] for file in files if file.extension == "json")

    @staticmethod
    def _write_to_folder(folder: Path, name: str, content: bytes) -> None:
        """Write under another name, then rename. One name will do: the only writer is the driver.

        What a killed one has left there is overwritten by the next.
        """
        path, draft = folder / name, folder / ".draft"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_bytes(content)
            publish(draft, path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise

    @contextmanager
    def _faults(self, done: str, name: str = "") -> Iterator[None]:
        """Say what could not be done where, and what to do."""
        try:
            yield
        except (OSError, ArrowException) as error:
            place = f"{self.address}/{name}" if name else self.address
            raise SweepStorageError(
                f"{place} cannot be {done}: {getattr(error, 'strerror', None) or error}. Mend "
                "that, and start the sweep again: what is finished is kept."
            ) from error
