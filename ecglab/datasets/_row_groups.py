"""Reading a Parquet file row by row in little memory, however it was written.

Parquet keeps the values of a column together, in row groups that may hold a million rows. Reading
all columns of such a group side by side takes a page and a dictionary of each, some megabytes a
column whatever the batch. Large groups are therefore read a few columns at a time into a scratch
file, and back from there row by row.
"""

import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Any

import numpy as np
import numpy.typing as npt

__all__ = ["READ_AHEAD", "read_batches"]

READ_AHEAD = 2**16  # bytes of each column
_BATCH = 8192  # rows
_LARGE = 64 * 2**20  # bytes of a row group, unpacked
_ABREAST = 8  # columns of a large group that are read at once

FloatArray = npt.NDArray[np.float64]


def read_batches(
    file: Any, numeric: Sequence[str], text: str | None
) -> Iterator[tuple[FloatArray, list[Any] | None]]:
    """Read some columns, a few thousand rows at a time.

    Parameters
    ----------
    file : pyarrow.parquet.ParquetFile
        The open file.
    numeric : sequence of str
        Names of columns of numbers.
    text : str or None
        Name of a column of text.

    Yields
    ------
    values : ndarray of shape (n_rows, n_columns)
        Numbers; NaN where one is missing.
    texts : list or None
        Texts, None where one is missing.
    """
    for group in range(file.num_row_groups):
        if file.metadata.row_group(group).total_byte_size > _LARGE:
            yield from _read_large_group(file, group, numeric, text)
        else:
            wanted = [*numeric, text] if text is not None else [*numeric]
            for batch in file.iter_batches(_BATCH, row_groups=[group], columns=wanted):
                values = np.empty((len(batch), len(numeric)))
                for position, name in enumerate(numeric):
                    values[:, position] = _to_numbers(batch, name)
                yield values, None if text is None else batch.column(text).to_pylist()


def _read_large_group(
    file: Any, group: int, numeric: Sequence[str], text: str | None
) -> Iterator[tuple[FloatArray, list[Any] | None]]:
    """Read a row group by way of a scratch file."""
    n_rows = file.metadata.row_group(group).num_rows
    batch_bytes = _BATCH * len(numeric) * 8  # what a batch takes in the scratch file
    with tempfile.TemporaryFile() as scratch:
        for first in range(0, len(numeric), _ABREAST):
            names = numeric[first : first + _ABREAST]
            batches = file.iter_batches(_BATCH, row_groups=[group], columns=[*names])
            for number, batch in enumerate(_of_equal_length(batches, n_rows)):
                scratch.seek(number * batch_bytes + first * len(batch) * 8)
                for name in names:
                    scratch.write(_to_numbers(batch, name).tobytes())
        texts = None
        if text is not None:
            texts = file.iter_batches(_BATCH, row_groups=[group], columns=[text])
        for number, start in enumerate(range(0, n_rows, _BATCH)):
            length = min(_BATCH, n_rows - start)
            scratch.seek(number * batch_bytes)
            values = _read_exactly(scratch, len(numeric) * length).reshape(len(numeric), length)
            yield values.T.copy(), None if texts is None else next(texts).column(0).to_pylist()


def _of_equal_length(batches: Iterator[Any], n_rows: int) -> Iterator[Any]:
    """Make sure that batches are as long as the file says: the scratch file is laid out so."""
    start = 0
    for batch in batches:
        if len(batch) != min(_BATCH, n_rows - start):
            raise ValueError(f"a batch of {len(batch)} rows at row {start} of {n_rows}")
        yield batch
        start += len(batch)
    if start != n_rows:
        raise ValueError(f"{start} rows in a group that says it has {n_rows}")


def _read_exactly(scratch: IO[bytes], count: int) -> FloatArray:
    content = np.frombuffer(scratch.read(count * 8))
    if len(content) != count:
        raise ValueError("the scratch file is shorter than what was written to it")
    return content


def _to_numbers(batch: Any, name: str) -> FloatArray:
    return np.asarray(batch.column(name).to_numpy(zero_copy_only=False), dtype=np.float64)
