"""Tables of beats in Parquet files, read batch by batch."""

import errno
import io
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from ecglab.datasets._archives import Source
from ecglab.datasets._columns import (
    BadRows,
    Block,
    Choices,
    Columns,
    Table,
    finite_rows,
    resolve_columns,
)
from ecglab.datasets._row_groups import READ_AHEAD, read_batches
from ecglab.errors import DatasetError

__all__ = ["import_pyarrow", "open_parquet"]

_MOST_COLUMNS = 100_000
_INDEX_PREFIX = "__index_level_"  # pandas' own index, which is no sample


def import_pyarrow(module: str) -> Any:
    """Import a part of pyarrow, or say how to install it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(
            "Parquet files need pyarrow, which is not installed. Install it with: "
            "pip install 'ecglab[parquet]'. Tables as .csv need nothing more."
        ) from error


def open_parquet(source: Source, choices: Choices, bad: BadRows, *, whole: bool) -> Table:
    """Open a Parquet file with one beat a row and one sample a column.

    Parameters
    ----------
    source : Source
        The file.
    choices : Choices
        What the caller says about it.
    bad : BadRows
        Where rows that are no beats are reported.
    whole : bool
        Whether all of it will be kept in memory, so that its size must be within the limit.
    """
    arrow, parquet = import_pyarrow("pyarrow"), import_pyarrow("pyarrow.parquet")
    try:
        file = parquet.ParquetFile(
            io.BytesIO(source.stream.read()) if source.path is None else str(source.path),
            pre_buffer=False,  # together with a buffer, this keeps a row group out of memory
            buffer_size=READ_AHEAD,
            page_checksum_verification=True,
        )
        schema, n_rows = file.schema_arrow, file.metadata.num_rows
    except DatasetError:
        raise
    except Exception as error:  # Arrow's own kinds, OSError, and what damage else brings up
        raise _damaged(source.place, error) from error
    columns = _resolve(arrow, schema, source.place, choices)
    if whole and n_rows * len(columns.numeric) * 4 > choices.size_limit:
        raise DatasetError(
            f"{source.place} says that it holds {n_rows:,} beats, more than "
            f"{choices.size_limit:,} bytes. Read it in pieces (iter_heartbeats; score_file scores "
            "it so), or pass a larger size_limit."
        )
    return Table(columns, _read_blocks(file, schema.names, columns, bad))


def _resolve(arrow: Any, schema: Any, place: str, choices: Choices) -> Columns:
    """Look at the types of the columns, and refuse those that are neither samples nor labels."""
    if len(schema) > _MOST_COLUMNS:
        raise DatasetError(f"{place} has {len(schema):,} columns, more than any beat has samples.")
    if len(set(schema.names)) < len(schema):
        raise DatasetError(f"{place} has several columns of the same name. Rename them.")
    index = [name for name in schema.names if name.startswith(_INDEX_PREFIX)]
    choices = replace(choices, ignore_columns=[*choices.ignore_columns, *index])
    ignored = {*choices.ignore_columns}
    texts = []
    for position, field in enumerate(schema):
        if _is_text(arrow.types, field.type):
            texts.append(position)
        elif not (arrow.types.is_integer(field.type) or arrow.types.is_floating(field.type)) and (
            ignored.isdisjoint({field.name, position, position - len(schema)})
        ):
            raise DatasetError(
                f"{place}: a beat must be one row with one number in each column, and "
                f"{field.name!r} holds {str(field.type)[:60]}. Spread it over columns, or leave it "
                "out with ignore_columns."
            )
    return resolve_columns(place, schema.names, len(schema), texts, choices)


def _is_text(kinds: Any, kind: Any) -> bool:
    if kinds.is_dictionary(kind):
        kind = kind.value_type
    return bool(kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_boolean(kind))


def _read_blocks(file: Any, names: list[str], columns: Columns, bad: BadRows) -> Iterator[Block]:
    """Turn batches of columns into rows of numbers."""
    text = names[columns.label_position] if columns.text_label else None
    position = 0
    with file:
        batches = read_batches(file, [names[p] for p in columns.numeric], text)
        while True:
            try:
                batch = next(batches, None)
            except Exception as error:
                if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                    raise DatasetError(
                        f"{bad.place} has large row groups, and no room to sort them in "
                        f"{tempfile.gettempdir()}. Make room there, or set TMPDIR to a folder."
                    ) from error
                raise _damaged(bad.place, error) from error
            if batch is None:
                return
            yield _make_block(*batch, position, columns, bad)
            position += len(batch[0])


def _make_block(
    values: Any, texts: list[Any] | None, position: int, columns: Columns, bad: BadRows
) -> Block:
    """Report the rows that are no beats, and keep the others."""
    if texts is None:
        return Block(*finite_rows(values, position, columns, bad))
    labelled = np.array([text is not None and text != "" for text in texts], dtype=bool)
    for row in np.flatnonzero(~labelled):
        bad.report(f", row {position + row} (from 0): the label is missing.")
    # Rows without a label are out already: they must not be reported twice.
    values = np.where(labelled[:, None], values, 0)
    values, rows = finite_rows(values, position, columns, bad)
    kept = labelled[rows - position]
    return Block(values[kept], rows[kept], [str(texts[r]) for r in (rows[kept] - position)])


def _damaged(place: str, error: Exception) -> DatasetError:
    return DatasetError(f"{place} is damaged, or is no Parquet file ({error}).")
