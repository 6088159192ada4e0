"""`read_heartbeats` and `iter_heartbeats`: anybody's table of beats, whole or in pieces.

Every form of file arrives here as blocks of numbers. What its label is, and which label is the
normal one, is settled on its first beats and then holds to the end, so that a file read in pieces
gives what it gives when read whole.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Literal, Unpack

import numpy as np
import numpy.typing as npt

from ecglab.datasets._binary import open_npz, open_parquet
from ecglab.datasets._columns import (
    BadRows,
    Choices,
    Columns,
    Table,
    TableOptions,
    refuse_columns,
    resolve_columns,
)
from ecglab.datasets._labels import UNLABELLED, LabelReader, find_label
from ecglab.datasets._samples import find_indices, find_odd_values
from ecglab.datasets._sources import Source, open_source, sha256_of
from ecglab.datasets._table_text import Rows, open_text
from ecglab.errors import DatasetError
from ecglab.heartbeats import Heartbeats
from ecglab.reading import Reading

_FORMS = (".csv", ".tsv", ".txt", ".ts", ".arff", ".npz", ".parquet")
_CHUNK = 8192  # beats read at a time
_WINDOW = 10_000  # beats on which the label is settled

_Beats = tuple[npt.NDArray[Any], ...]  # signals, labels and rows of some beats


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
) -> Heartbeats:
    """Read a table of heartbeats: one beat a row, one sample a column, perhaps a label.

    Reads ``.csv``, ``.tsv``, ``.txt``, ``.ts``, ``.arff``, ``.npz`` and ``.parquet``, each also
    as ``.gz``, ``.bz2`` or ``.xz``, or in a ``.zip``. Separators, decimal commas, names, a line of
    units, and remarks above or below the table are found out. The files of the UCR archive and
    ``ecg.csv`` need no options. What was decided stands in the result's `reading`.

    A column is refused that does not look like a sample: one that is not called like the others,
    that counts the rows, holds whole numbers where the others have fractions, lies far from them
    or has nothing to do with its neighbours. The message names it.

    Parameters
    ----------
    path : path-like
        The file.
    label_column : int, str or None, default "auto"
        Position (0 is the first column, -1 the last) or name of the label; in an ``.npz``, also
        the name of an array beside the beats ("auto" takes only one with such a name as below).
        None: there is no label. "auto": what the form says (``.ts``, ``.arff``), or the one column
        named "label", "class", "target" or "y", or the one that holds text; otherwise the first or
        last column, if it holds whole numbers, from 2 to 32 different ones, and the other end and
        most columns in between don't. If both ends are continuous, there is no label. All else is
        refused.
    normal_label : int or str, optional
        The label of a normal beat, as the file has it. When left out: of texts, the one that is
        "N", "norm" or "normal"; of three numbers or more, all of them 1 or more, the 1, if half of
        the beats or more have it, which is logged as a warning. All else is refused, because with
        the wrong normal label every figure is that of the opposite task.
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
    return replace(
        last,
        signals=np.concatenate([chunk.beats.signals for chunk in chunks]),
        labels=np.concatenate([chunk.beats.labels for chunk in chunks]),
        split=np.concatenate([chunk.beats.split for chunk in chunks]),
        provenance={**last.provenance, f"sha256 of {path.name}": sha256_of(path)},
    )


def iter_heartbeats(
    path: str | os.PathLike[str], *, chunk_beats: int = 8192, **options: Unpack[TableOptions]
) -> Iterator[Heartbeats]:
    """Read a table of heartbeats piece by piece, in memory that does not grow with the file.

    What is found out about the table (see `read_heartbeats`) is settled on its first 10,000 beats,
    and is then the same for all pieces. Together, they are what `read_heartbeats` returns. An
    ``.npz`` file, or a ``.parquet`` one inside of another file, is read whole first, if it is
    within `size_limit`. Of a ``.parquet`` file, no more than one row group is in memory.

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


@dataclass(frozen=True)
class Chunk:
    """Some beats of a file, and where in it they are.

    Parameters
    ----------
    beats : Heartbeats
        The beats.
    rows : ndarray of int, shape (n_beats,)
        Position of each among all rows of the file, from 0.
    labelled : bool
        If not, every beat is of the one class "unlabelled".
    text_labels : bool
        Whether the labels are texts, though these may look like numbers.
    n_dropped : int
        Rows set aside up to here, or a little further; in the last chunk, all.
    """

    beats: Heartbeats
    rows: npt.NDArray[np.int64]
    labelled: bool
    text_labels: bool
    n_dropped: int


def read_chunks(
    path: Path, chunk_beats: int, options: TableOptions, *, whole: bool = False
) -> Iterator[Chunk]:
    """Read a table of beats piece by piece, as `iter_heartbeats`, and say where each beat stood.

    Parameters
    ----------
    path : Path
        The file.
    chunk_beats : int
        Beats in a piece; the last one may have fewer.
    options : TableOptions
        As in `read_heartbeats`.
    whole : bool, default False
        Whether all of it is to be in memory in the end, which `size_limit` is for.

    Returns
    -------
    iterator of Chunk
        The pieces.

    Raises
    ------
    DatasetError, ValueError, ImportError
        As in `iter_heartbeats`.
    """
    if chunk_beats < 1:
        raise ValueError(f"chunk_beats must be 1 or more, not {chunk_beats}.")
    choices = Choices(**options)
    choices.check()
    return _read(path.expanduser(), chunk_beats, choices, whole)


def _read(path: Path, chunk_beats: int, choices: Choices, whole: bool) -> Iterator[Chunk]:
    """Open a file, settle what its label is, and yield its beats."""
    with open_source(path, _limits(path, choices, whole), member=choices.member) as source:
        table = _open_table(source, choices, whole=whole)
        bad = BadRows(source.place, drop=choices.on_bad == "drop")
        columns, labels, blocks = _settle(table, choices, bad)
        provenance = _provenance(path, source, columns, labels)
        beats = (_to_beats(block, columns, labels) for block in blocks)
        for signals, numbers, rows in _regroup(beats, chunk_beats):
            if bad.drop:
                provenance["rows set aside"] = str(bad.count)
            yield Chunk(
                beats=Heartbeats(
                    signals=signals,
                    labels=numbers,
                    source=path.name,
                    class_names=dict(UNLABELLED if labels is None else labels.names),
                    normal_label=min(UNLABELLED) if labels is None else labels.normal,
                    provenance=dict(provenance),
                    reading=_report(table, columns, labels, choices, bad),
                ),
                rows=rows,
                labelled=labels is not None,
                text_labels=columns.text_label,
                n_dropped=bad.count,
            )
        bad.log()


def _limits(path: Path, choices: Choices, whole: bool) -> dict[str, int | None]:
    """Say how many bytes a file of each form may have: those that are read whole, at least."""
    limits: dict[str, int | None] = dict.fromkeys(_FORMS, choices.size_limit if whole else None)
    limits[".npz"] = choices.size_limit
    if path.suffix.lower() != ".parquet":  # unpacked first, and that in memory
        limits[".parquet"] = choices.size_limit
    return limits


def _open_table(source: Source, choices: Choices, *, whole: bool) -> Table:
    if source.form == ".npz":
        return open_npz(source, choices)
    if source.form == ".parquet":
        return open_parquet(source, choices, whole=whole)
    text = open_text(source, choices.header)
    dialect = text.dialect
    if dialect.width < 2:
        raise DatasetError(
            f"{source.place} has one value in a row, or separates them by something else than "
            "commas, semicolons, tabs or blanks. A row must be one beat: export the table as .csv."
        )

    def read(columns: Columns, bad: BadRows) -> Iterator[Rows]:
        words = [columns.label] if columns.text_label and columns.label is not None else []
        return text.read(columns.numeric, words, bad.report)

    return Table(
        source.place,
        f"{source.form}, {dialect}",
        dialect.names,
        dialect.width,
        read,
        texts=dialect.texts,
        mixed=dialect.mixed,
        label=dialect.known_label,
        notes=text.notes,
    )


def _settle(
    table: Table, choices: Choices, bad: BadRows
) -> tuple[Columns, LabelReader | None, Iterator[Rows]]:
    """Settle the label in view of the first beats; return all blocks from the first on, too."""
    columns = resolve_columns(table, choices)
    blocks = table.read(columns, bad)
    seen: list[Rows] = []
    while sum(len(block.rows) for block in seen) < _WINDOW:
        block = next(blocks, None)
        if block is None:
            break
        seen.append(block)
    if not any(len(block.rows) for block in seen):
        reason = (
            f": all {bad.count} rows were set aside. The first: {bad.first}" if bad.count else "."
        )
        raise DatasetError(f"{table.place} holds no beats{reason}")
    window = _join(seen)
    if not columns.why:
        columns = _find_label(table, window.values, columns, choices)
    labels = None
    if columns.label is not None:
        labels = LabelReader(table.place, choices.normal_label)
        labels.start(_labels_of(window, columns))
    samples = [columns.numeric.index(position) for position in columns.samples]
    odd = find_odd_values(window.values[:, samples])
    odd = {columns.samples[i]: why for i, why in odd.items()}
    refuse_columns(table, odd, choices)
    return columns, labels, chain(_emptying(seen), blocks)


def _emptying(blocks: list[Rows]) -> Iterator[Rows]:
    """Yield blocks, and let go of each."""
    while blocks:
        yield blocks.pop(0)


def _join(blocks: Sequence[Rows]) -> Rows:
    words = zip(*(block.words for block in blocks), strict=True)
    return Rows(
        np.concatenate([block.values for block in blocks])[:_WINDOW],
        [list(chain.from_iterable(column))[:_WINDOW] for column in words],
        np.concatenate([block.rows for block in blocks])[:_WINDOW],
    )


def _find_label(
    table: Table, values: npt.NDArray[np.float64], columns: Columns, choices: Choices
) -> Columns:
    """Find the label by its values, once it is sure that no column counts the rows."""
    indices = {columns.numeric[i]: why for i, why in find_indices(values).items()}
    refuse_columns(table, indices, choices)
    label = find_label(table.place, values, columns)
    why = "few different whole numbers, at one end" if label is not None else "none looks so"
    return replace(columns, label=label, why=why)


def _labels_of(block: Rows, columns: Columns) -> npt.NDArray[np.float64] | list[str]:
    if block.words:
        return block.words[0]
    assert columns.label is not None  # asked for of labelled tables only
    return block.values[:, columns.numeric.index(columns.label)]


def _to_beats(block: Rows, columns: Columns, labels: LabelReader | None) -> _Beats:
    """Part samples from labels."""
    signals = block.values
    if columns.label in columns.numeric:
        signals = np.delete(signals, columns.numeric.index(columns.label), axis=1)
    numbers = np.zeros(len(signals), dtype=np.int64)
    if labels is not None:
        numbers = labels.read(_labels_of(block, columns))
    return signals.astype(np.float32), numbers, block.rows


def _regroup(blocks: Iterator[_Beats], size: int) -> Iterator[_Beats]:
    """Cut blocks of any length into pieces of one length; the last one may be shorter."""
    waiting: list[_Beats] = []
    for block in blocks:
        waiting.append(block)
        n_waiting = sum(len(rows) for *_, rows in waiting)
        # A full piece waits, too, until more follows: the last one must know all rows set aside.
        if n_waiting > size:
            joined = [np.concatenate(arrays) for arrays in zip(*waiting, strict=True)]
            whole = (n_waiting - 1) // size * size
            for start in range(0, whole, size):
                yield tuple(array[start : start + size] for array in joined)
            waiting = [tuple(array[whole:] for array in joined)]
    rest = tuple(np.concatenate(arrays) for arrays in zip(*waiting, strict=True))
    if len(rest[0]):
        yield rest


def _provenance(
    path: Path, source: Source, columns: Columns, labels: LabelReader | None
) -> dict[str, str]:
    """Say what was read, by names only: a folder's path would differ on every machine."""
    provenance = {"file": path.name, "form": source.form}
    if source.place != str(path):
        provenance["member"] = source.place.removeprefix(f"{path}/")
    provenance["label"] = "none" if columns.label is None else columns.name_of(columns.label)
    if labels is not None:
        assumed = " (assumed)" if labels.why != "normal_label" else ""
        provenance["normal label"] = f"{labels.normal_name}{assumed}"
    return provenance


def _report(
    table: Table,
    columns: Columns,
    labels: LabelReader | None,
    choices: Choices,
    bad: BadRows,
) -> Reading:
    """Say what was decided about a table, and why."""
    samples = columns.samples
    reading = Reading().with_decision("form", table.form, "its name and its first lines")
    if table.names:
        reading = reading.with_decision("names", "of all columns", "the file has them")
    reading = reading.with_decision(
        "samples",
        f"{len(samples)} columns, {columns.name_of(samples[0])} to {columns.name_of(samples[-1])}",
        "all that are neither label nor left out",
    )
    if choices.ignore_columns:
        left_out = ", ".join(map(str, choices.ignore_columns))
        reading = reading.with_decision("left out", left_out, "ignore_columns")
    reading = reading.with_decision(
        "label",
        "none" if columns.label is None else columns.name_of(columns.label),
        columns.why,
        assumed=columns.why.startswith(("few", "none")),
    )
    if labels is not None:
        reading = reading.with_decision(
            "normal label", labels.normal_name, labels.why, assumed=labels.assumed
        )
    for note in table.notes:
        reading = reading.with_decision("passed over", note, "no row of the table")
    if bad.count:
        reading = reading.with_decision("rows set aside", str(bad.count), "on_bad='drop'")
    return reading
