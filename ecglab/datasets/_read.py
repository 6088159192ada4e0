"""`read_heartbeats` and `iter_heartbeats`: anybody's table of beats, whole or in pieces."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, Unpack

import numpy as np

from ecglab.datasets._chunks import read_chunks
from ecglab.datasets._columns import TableOptions
from ecglab.errors import DatasetError
from ecglab.heartbeats import Heartbeats

__all__ = ["iter_heartbeats", "read_heartbeats"]

_CHUNK = 8192  # beats read at a time


def read_heartbeats(
    path: str | os.PathLike[str],
    *,
    label_column: int | str | None = "auto",
    normal_label: int | str | None = None,
    header: bool | Literal["auto"] = "auto",
    ignore_columns: Sequence[int | str] = (),
    on_bad: Literal["error", "drop"] = "error",
    member: str | None = None,
    size_limit: int = 2**30,
    name: str | None = None,
) -> Heartbeats:
    """Read a table of heartbeats: one beat a row, one sample a column, perhaps a label.

    Reads ``.csv``, ``.tsv``, ``.txt``, ``.ts``, ``.arff``, ``.npz`` and ``.parquet``, each also
    as ``.gz`` or in a ``.zip``. Separators (comma, semicolon, tab, blanks) and decimal commas are
    found out. ``ecg.csv`` and the files of the UCR archive need no options.

    Parameters
    ----------
    path : path-like
        The file.
    label_column : int, str or None, default "auto"
        Position (0 is the first column, -1 the last) or name of the label; in an ``.npz``, also
        the name of an array beside the beats ("auto" takes only one with such a name as below).
        None: there is no label, and all columns are samples. "auto": what the form says (``.ts``),
        or the one column named "label", "class", "target" or "y", or the one that holds text;
        otherwise the first or last column, if it holds whole numbers, from 2 to 32 different ones,
        and the other end and most columns in between don't. If both ends are continuous, there is
        no label. All else is refused.
    normal_label : int or str, optional
        The label of a normal beat, as the file has it. When left out, and the labels are numbers:
        1, if all are 1 or more; also if there is nothing but 1 and one smaller number, and half
        of the beats or more have the 1 (logged as a warning). If they are texts: the one that is
        "N", "norm" or "normal". All else is refused, because with the wrong normal label every
        figure is that of the opposite task.
    header : bool or "auto", default "auto"
        Whether the first line holds names of columns. Found out: words above numbers, or
        numbers that only count the columns.
    ignore_columns : sequence of int or str, default ()
        Columns that are neither label nor sample, such as a patient's number.
    on_bad : {"error", "drop"}, default "error"
        What to do with a row that has a missing or wrong value, or too few or many. "drop" sets
        it aside, logs a warning, and writes the number of such rows to `provenance`.
    member : str, optional
        Which file in a zip with several tables.
    size_limit : int, default 2**30
        Bytes that the unpacked file may have; `iter_heartbeats` reads larger ones.
    name : str, optional
        What to call the beats' source; the name of the file when left out.

    Returns
    -------
    Heartbeats
        Beats in the order of the file, as float32, not scaled. Labels that are whole numbers stay
        what they are; texts become 1 (the normal one), 2, 3, ... with their text in
        `class_names`. Without labels, all beats are of one class, "unlabelled", and none is an
        anomaly.

    Raises
    ------
    DatasetError
        If the file is missing, damaged, too large, not what the options say, or if it allows more
        than one reading. The message names the file, the line where there is one, and the option
        that settles it.
    ValueError
        If an argument is none of those allowed, whatever the file.
    ImportError
        If it is a Parquet file and pyarrow is not installed.

    See Also
    --------
    iter_heartbeats : The same in pieces, for files larger than memory.
    ecglab.datasets.fetch_ecg5000 : The published archive, verified.
    """
    options: TableOptions = {
        "label_column": label_column,
        "normal_label": normal_label,
        "header": header,
        "ignore_columns": ignore_columns,
        "on_bad": on_bad,
        "member": member,
        "size_limit": size_limit,
    }
    path = Path(path).expanduser()
    chunks = list(read_chunks(path, _CHUNK, options, whole=True))
    last = chunks[-1].beats  # its names and counts are those of the whole file
    return Heartbeats(
        signals=np.concatenate([chunk.beats.signals for chunk in chunks]),
        labels=np.concatenate([chunk.beats.labels for chunk in chunks]),
        source=name or last.source,
        class_names=last.class_names,
        normal_label=last.normal_label,
        provenance={**last.provenance, f"sha256 of {path.name}": _sha256(path)},
    )


def iter_heartbeats(
    path: str | os.PathLike[str], *, chunk_beats: int = 8192, **options: Unpack[TableOptions]
) -> Iterator[Heartbeats]:
    """Read a table of heartbeats piece by piece, in memory that does not grow with the file.

    What is found out about the table (see `read_heartbeats`) is settled on its first 10,000 beats,
    and is then the same for all pieces. Together, they are what `read_heartbeats` returns. An
    ``.npz`` file, or a ``.parquet`` one inside of another file, is read whole first, if it is
    within `size_limit`. A ``.parquet`` file with row groups of more than 64 MiB is turned round in
    a temporary file of 8 bytes a sample.

    Parameters
    ----------
    path : path-like
        The file.
    chunk_beats : int, default 8192
        Beats in a piece; the last one may have fewer.
    **options
        As in `read_heartbeats`.

    Yields
    ------
    Heartbeats
        The next beats. `class_names` holds the labels that have been met so far.

    Raises
    ------
    DatasetError, ValueError, ImportError
        As in `read_heartbeats`; a fault further down is raised when it is reached.
    """
    return (chunk.beats for chunk in read_chunks(Path(path), chunk_beats, options))


def _sha256(path: Path) -> str:
    """Compute the checksum of a file of any size."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}.") from error
