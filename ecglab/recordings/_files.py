"""Writing a file whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecglab.errors import OutputError

__all__ = ["replacing"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Hand out a path to write to, and give what was written its final name at the end.

    Parameters
    ----------
    path : path-like
        The final name; a file of that name is replaced.

    Yields
    ------
    Path
        The same name in a temporary folder beside it.

    Raises
    ------
    OutputError
        If the folder does not exist, or cannot be written to, or is full. A file that was there
        before is then as it was.
    """
    place = Path(path).expanduser()
    try:
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".writing-") as folder:
            written = Path(folder) / place.name
            yield written
            written.replace(place)
    except OSError as error:
        raise OutputError(
            f"{place} cannot be written ({error.strerror or error}). Make room there, or choose "
            "another folder that exists."
        ) from error
