"""A table of beats as a sequence of `Heartbeats`, each of the same number of beats.

Every form of file arrives here as blocks of numbers. What its label is, and which label is the
normal one, is settled on its first beats and then holds to the end, so that a file read in pieces
gives what it gives when read whole.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecglab.datasets._archives import Source, open_source
from ecglab.datasets._columns import BadRows, Block, Choices, Columns, Table, TableOptions
from ecglab.datasets._labels import UNLABELLED, LabelReader, find_label
from ecglab.datasets._npz import open_npz
from ecglab.datasets._parquet import open_parquet
from ecglab.datasets._text import open_text
from ecglab.errors import DatasetError
from ecglab.heartbeats import Heartbeats

__all__ = ["Chunk", "read_chunks"]

_FORMS = (".csv", ".tsv", ".txt", ".ts", ".arff", ".npz", ".parquet")
_WINDOW = 10_000  # beats on which the label is settled
_SHORTEST_COUNT = 5  # rows that count 1, 2, 3, 4, 5 do so on purpose


@dataclass(frozen=True)
class Chunk:
    """Some beats of a file, and where in it they are.

    Parameters
    ----------
    beats : Heartbeats
        The beats.
    rows : ndarray of int, shape (n_beats,)
        Position of each beat among all rows of the file, those set aside included, from 0.
    labelled : bool
        Whether the file has labels; if not, every beat is of the one class "unlabelled".
    text_labels : bool
        Whether the labels are texts in the file, though these may look like numbers.
    n_dropped : int
        Rows set aside in the file up to here, or a little further; in the last chunk, all.
    """

    beats: Heartbeats
    rows: npt.NDArray[np.int64]
    labelled: bool
    text_labels: bool
    n_dropped: int


def read_chunks(
    path: Path, chunk_beats: int, options: TableOptions, *, whole: bool = False
) -> Iterator[Chunk]:
    """Read a table of beats piece by piece; see `iter_heartbeats`.

    Parameters
    ----------
    path : Path
        The file.
    chunk_beats : int
        Beats in a piece; the last one may have fewer.
    options : TableOptions
        What the caller says about the table.
    whole : bool, default False
        Whether all pieces will be kept in memory, so that the file must be within the size limit.

    Yields
    ------
    Chunk
        The next beats, and where in the file they are.
    """
    if chunk_beats < 1:
        raise ValueError(f"chunk_beats must be 1 or more, not {chunk_beats}.")
    choices = Choices(**options)
    choices.check()
    return _read(path.expanduser(), chunk_beats, choices, whole)


def _read(path: Path, chunk_beats: int, choices: Choices, whole: bool) -> Iterator[Chunk]:
    """Open a file, settle what its label is, and yield its beats."""
    with open_source(path, _limits(path, choices, whole), member=choices.member) as source:
        bad = BadRows(source.place, drop=choices.on_bad == "drop")
        table = _open_table(source, choices, bad, whole=whole)
        columns, labels, blocks = _settle(table, choices, bad)
        provenance = _provenance(path, source, columns)
        if labels is not None:
            assumed = " (assumed)" if choices.normal_label is None else ""
            provenance["normal label"] = f"{labels.normal_name}{assumed}"
        beats = (_to_beats(block, columns, labels) for block in blocks)
        for piece in _regroup(beats, chunk_beats):
            if bad.drop:
                provenance["rows set aside"] = str(bad.count)
            heartbeats = _to_heartbeats(piece, labels, path.name, dict(provenance))
            yield Chunk(
                beats=heartbeats,
                rows=piece.rows,
                labelled=labels is not None,
                text_labels=columns.text_label,
                n_dropped=bad.count,
            )
        bad.log()


def _limits(path: Path, choices: Choices, whole: bool) -> dict[str, int | None]:
    """Say how many bytes a file of each form may have."""
    if whole:
        return dict.fromkeys(_FORMS, choices.size_limit)
    limits: dict[str, int | None] = dict.fromkeys(_FORMS)
    limits[".npz"] = choices.size_limit
    if path.suffix.lower() != ".parquet":  # unpacked first, and that in memory
        limits[".parquet"] = choices.size_limit
    return limits


def _open_table(source: Source, choices: Choices, bad: BadRows, *, whole: bool) -> Table:
    if source.form == ".npz":
        return open_npz(source, choices, bad)
    if source.form == ".parquet":
        return open_parquet(source, choices, bad, whole=whole)
    return open_text(source, choices, bad)


def _settle(
    table: Table, choices: Choices, bad: BadRows
) -> tuple[Columns, LabelReader | None, Iterator[Block]]:
    """Settle the label in view of the first beats; return all blocks from the first on, too."""
    seen: list[Block] = []
    while sum(len(block.rows) for block in seen) < _WINDOW:
        block = next(table.blocks, None)
        if block is None:
            break
        seen.append(block)
    if not any(len(block.rows) for block in seen):
        reason = (
            f": all {bad.count} rows were set aside. The first: {bad.first}" if bad.count else "."
        )
        raise DatasetError(f"{bad.place} holds no beats{reason}")
    window = _join(seen)
    columns = _settle_label(bad.place, window, table.columns)
    labels = None
    if columns.label is not None:
        labels = LabelReader(bad.place, choices.normal_label)
        labels.start(_labels_of(window, columns))
    return columns, labels, chain(_emptying(seen), table.blocks)


def _emptying(blocks: list[Block]) -> Iterator[Block]:
    """Yield blocks, and let go of each."""
    while blocks:
        yield blocks.pop(0)


def _join(blocks: Sequence[Block]) -> Block:
    texts = [block.texts for block in blocks if block.texts is not None]
    return Block(
        np.concatenate([block.values for block in blocks])[:_WINDOW],
        np.concatenate([block.rows for block in blocks])[:_WINDOW],
        list(chain.from_iterable(texts))[:_WINDOW] if texts else None,
    )


def _settle_label(place: str, window: Block, columns: Columns) -> Columns:
    """Find the label, if that is still open, and refuse a column that only counts the rows."""
    first = columns.numeric[0]
    counts = len(window.rows) >= _SHORTEST_COUNT and (np.diff(window.values[:, 0]) == 1).all()
    if counts and first != columns.label:
        raise DatasetError(
            f"{place}: {columns.name_of(first)} counts the rows and is no sample of a beat. Leave "
            f"it out with ignore_columns=[{first}]."
        )
    if columns.label == "auto":
        return replace(columns, label=find_label(place, window.values, columns))
    return columns


def _labels_of(block: Block, columns: Columns) -> npt.NDArray[np.float64] | list[str]:
    if block.texts is not None:
        return block.texts
    return block.values[:, columns.numeric.index(columns.label_position)]


@dataclass(frozen=True)
class _Beats:
    """Beats on their way into a chunk."""

    signals: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]


def _to_beats(block: Block, columns: Columns, labels: LabelReader | None) -> _Beats:
    """Part samples from labels."""
    signals = block.values
    if labels is not None and not columns.text_label:
        signals = np.delete(signals, columns.numeric.index(columns.label_position), axis=1)
    numbers = (
        np.zeros(len(signals), dtype=np.int64)
        if labels is None
        else labels.read(_labels_of(block, columns))
    )
    return _Beats(signals.astype(np.float32), numbers, block.rows)


def _regroup(blocks: Iterator[_Beats], size: int) -> Iterator[_Beats]:
    """Cut blocks of any length into pieces of one length; the last one may be shorter."""
    waiting: list[_Beats] = []
    for block in blocks:
        waiting.append(block)
        n_waiting = sum(len(beats.rows) for beats in waiting)
        # A full piece waits, too, until more follows: the last one must know all rows set aside.
        if n_waiting > size:
            joined = _concatenate(waiting)
            whole = (n_waiting - 1) // size * size
            for start in range(0, whole, size):
                yield _cut(joined, start, start + size)
            waiting = [_cut(joined, whole, n_waiting)]
    rest = _concatenate(waiting)
    if len(rest.rows):
        yield rest


def _concatenate(parts: Sequence[_Beats]) -> _Beats:
    return _Beats(
        np.concatenate([part.signals for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.rows for part in parts]),
    )


def _cut(beats: _Beats, start: int, stop: int) -> _Beats:
    return _Beats(beats.signals[start:stop], beats.labels[start:stop], beats.rows[start:stop])


def _provenance(path: Path, source: Source, columns: Columns) -> dict[str, str]:
    """Say what was read, by names only: a folder's path would differ on every machine."""
    provenance = {"file": path.name, "form": source.form}
    if source.place != str(path):
        provenance["member"] = source.place.removeprefix(f"{path}/")
    has_label = columns.label is not None
    provenance["label"] = columns.name_of(columns.label_position) if has_label else "none"
    return provenance


def _to_heartbeats(
    piece: _Beats, labels: LabelReader | None, source: str, provenance: dict[str, str]
) -> Heartbeats:
    """Put beats into the container that everything else takes."""
    names = UNLABELLED if labels is None else labels.names
    return Heartbeats(
        signals=piece.signals,
        labels=piece.labels,
        source=source,
        class_names=dict(names),
        normal_label=min(UNLABELLED) if labels is None else labels.normal,
        provenance=provenance,
    )
