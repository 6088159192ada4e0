"""Tables of beats in NumPy's archives and in Parquet files."""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab._optional import import_optional
from ecglab.datasets._columns import (
    LABEL_NAMES,
    BadRows,
    Choices,
    Columns,
    Table,
    finite_rows,
)
from ecglab.datasets._sources import Source, library_faults
from ecglab.datasets._table_text import Rows
from ecglab.errors import DatasetError

_BATCH = 8192  # rows
_READ_AHEAD = 2**16  # bytes of each column of a Parquet file
_MOST_COLUMNS = 100_000

Arrays = dict[str, npt.NDArray[Any]]


# NumPy archives


def open_npz(source: Source, choices: Choices) -> Table:
    """Read the beats, and the labels beside them, of an archive that `numpy.savez` wrote.

    The beats are its only array with two dimensions; the labels an array with one entry a beat
    that is named like a label or by the caller, or a column of the beats.
    """
    arrays = _read_arrays(source, choices.size_limit)
    name, values = _choose_beats(arrays, source.place)
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is named below
        values = values.astype(np.float64)
    label_name = _choose_labels(arrays, len(values), choices, source.place)
    width, texts = values.shape[1], None
    names = None
    if label_name is not None:  # one more column, after the last sample
        labels = arrays[label_name]
        names = [*(f"{name}[{i}]" for i in range(width)), label_name]
        texts = _as_texts(labels)
        values = np.column_stack([values, np.zeros(len(values)) if texts else labels])

    def read(columns: Columns, bad: BadRows) -> Iterator[Rows]:
        kept, rows = finite_rows(values[:, columns.numeric], 0, columns, bad)
        yield Rows(kept, [[texts[row] for row in rows]] if texts else [], rows)

    return Table(
        source.place,
        f"{source.form}, array {name!r}",
        names,
        values.shape[1],
        read,
        texts=[width] if texts else [],
        label=None if label_name is None else width,
    )


def _as_texts(labels: npt.NDArray[Any]) -> list[str] | None:
    """Return labels that are no numbers as texts."""
    if labels.dtype.kind not in "USb":
        return None
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "replace")
    return [str(label) for label in labels.tolist()]


def _read_arrays(source: Source, size_limit: int) -> Arrays:
    """Read every array, none of them by pickle, which can run code."""
    content = io.BytesIO(source.stream.read())
    with library_faults(source.place), zipfile.ZipFile(content) as archive:
        infos = [info for info in archive.infolist() if info.filename.endswith(".npy")]
        if sum(info.file_size for info in infos) <= size_limit:
            return {i.filename.removesuffix(".npy"): _read_array(archive, i) for i in infos}
    raise DatasetError(
        f"{source.place} holds more than {size_limit:,} bytes. Pass a larger size_limit, or save "
        "it as .parquet or .csv, which can be read in pieces."
    )


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> npt.NDArray[Any]:
    # A plain read() would inflate all there is, whatever size the member says that it has.
    with archive.open(info) as member:
        content = io.BytesIO(member.read(info.file_size))
    return np.lib.format.read_array(content, allow_pickle=False)


def _choose_beats(arrays: Arrays, place: str) -> tuple[str, npt.NDArray[Any]]:
    tables = {
        name: array
        for name, array in arrays.items()
        if array.ndim == 2 and array.dtype.kind in "fiu" and array.size
    }
    if len(tables) != 1:
        raise DatasetError(
            f"{place} must hold one array of numbers with the shape (n_beats, n_samples), and "
            f"holds {_described(arrays)}."
        )
    return next(iter(tables.items()))


def _choose_labels(arrays: Arrays, n_beats: int, choices: Choices, place: str) -> str | None:
    """Choose the array of labels; None if the labels are a column of the beats, or nowhere."""
    if not isinstance(choices.label_column, str):
        return None
    fitting = [
        name
        for name, array in arrays.items()
        if array.shape == (n_beats,) and array.dtype.kind in "fiubUS"
    ]
    if choices.label_column != "auto":
        if choices.label_column not in fitting:
            raise DatasetError(
                f"{place} has no array {choices.label_column!r} with one label for each of its "
                f"{n_beats} beats. It holds {_described(arrays)}."
            )
        return choices.label_column
    named = [name for name in fitting if name.casefold() in LABEL_NAMES]
    if len(named) == 1 or not fitting:
        return named[0] if named else None
    listed = ", ".join(map(repr, named or fitting))
    raise DatasetError(
        f"{place}: whether the labels are in an array with one entry a beat ({listed}) cannot be "
        "told by its name.",
        "Pass {} with the name of an array or the position of a column of the beats, or {} if "
        "there is no label.",
        "label_column",
        ("label_column", None),
    )


def _described(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    """Say what an archive holds."""
    listed = [f"{name!r} {array.dtype} {array.shape}" for name, array in arrays.items()]
    return ", ".join(listed[:8]) or "no array"


# Parquet


def open_parquet(source: Source, choices: Choices, *, whole: bool) -> Table:
    """Open a Parquet file with one beat a row and one sample a column."""
    arrow, parquet = import_optional("pyarrow"), import_optional("pyarrow.parquet")
    content = source.path or io.BytesIO(source.stream.read())
    with library_faults(source.place):
        file = parquet.ParquetFile(
            content if source.path is None else str(content),
            pre_buffer=False,  # together with a buffer, this keeps a row group out of memory
            buffer_size=_READ_AHEAD,
            page_checksum_verification=True,
        )
        schema, n_rows = file.schema_arrow, file.metadata.num_rows
        described = (schema.pandas_metadata or {}).get("index_columns", [])
    # What pandas itself says is its index is neither sample nor, unless it is called so, label.
    kept = {*LABEL_NAMES, choices.label_column}
    index = [name for name in described if isinstance(name, str) and name not in kept]
    fields = [field for field in schema if field.name not in index]
    names, texts = _check_fields(arrow.types, fields, source.place, choices)
    if whole and n_rows * len(names) * 4 > choices.size_limit:
        raise DatasetError(
            f"{source.place} says that it holds {n_rows:,} beats, more than "
            f"{choices.size_limit:,} bytes. Read it in pieces (iter_heartbeats; score_file scores "
            "it so), or pass a larger size_limit."
        )

    def read(columns: Columns, bad: BadRows) -> Iterator[Rows]:
        wanted = [names[p] for p in columns.numeric]
        text = names[columns.label] if columns.text_label and columns.label is not None else None
        position = 0
        for values, labels in _read_batches(file, wanted, text, source.place):
            yield _make_block(values, labels, position, columns, bad)
            position += len(values)

    notes = [f"left out pandas' index {', '.join(map(repr, index))}"] if index else []
    return Table(source.place, source.form, names, len(names), read, texts=texts, notes=notes)


def _check_fields(
    kinds: Any, fields: Sequence[Any], place: str, choices: Choices
) -> tuple[list[str], list[int]]:
    """Return the names of the columns and the positions of the texts."""
    names = [field.name for field in fields]
    if len(names) > _MOST_COLUMNS:
        raise DatasetError(f"{place} has {len(names):,} columns, more than any beat has samples.")
    if len(set(names)) < len(names):
        raise DatasetError(f"{place} has several columns of the same name. Rename them.")
    texts = []
    for position, field in enumerate(fields):
        kind = field.type.value_type if kinds.is_dictionary(field.type) else field.type
        if kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_boolean(kind):
            texts.append(position)
        elif not (kinds.is_integer(kind) or kinds.is_floating(kind)) and (
            {*choices.ignore_columns}.isdisjoint({field.name, position, position - len(fields)})
        ):
            raise DatasetError(
                f"{place}: a beat must be one row with one number in each column, and "
                f"{field.name!r} holds {str(kind)[:60]}.",
                "Spread it over columns, or leave it out with {}.",
                "ignore_columns",
            )
    return names, texts


def _read_batches(
    file: Any, numeric: list[str], text: str | None, place: str
) -> Iterator[tuple[npt.NDArray[np.float64], list[Any] | None]]:
    """Read some columns, a few thousand rows at a time."""
    with file:
        batches = file.iter_batches(_BATCH, columns=numeric if text is None else [*numeric, text])
        while True:
            with library_faults(place):
                batch = next(batches, None)
                if batch is None:
                    return
                values = np.empty((len(batch), len(numeric)))
                for position, name in enumerate(numeric):
                    values[:, position] = batch.column(name).to_numpy(zero_copy_only=False)
                labels = None if text is None else batch.column(text).to_pylist()
            yield values, labels


def _make_block(
    values: Any, texts: list[Any] | None, position: int, columns: Columns, bad: BadRows
) -> Rows:
    """Report the rows that are no beats, and keep the others."""
    if texts is None:
        kept, rows = finite_rows(values, position, columns, bad)
        return Rows(kept, [], rows)
    labelled = np.array([text is not None and text != "" for text in texts], dtype=bool)
    for row in np.flatnonzero(~labelled):
        bad.report(f", row {position + row} (from 0): the label is missing.")
    # Rows without a label are out already: they must not be reported twice.
    values = np.where(labelled[:, None], values, 0)
    values, rows = finite_rows(values, position, columns, bad)
    kept = labelled[rows - position]
    return Rows(values[kept], [[str(texts[r]) for r in (rows[kept] - position)]], rows[kept])
