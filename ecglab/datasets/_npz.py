"""Tables of beats in NumPy's archives, without pickle."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab.datasets._archives import Source, read_member
from ecglab.datasets._columns import (
    LABEL_NAMES,
    BadRows,
    Block,
    Choices,
    Table,
    finite_rows,
    resolve_columns,
)
from ecglab.errors import DatasetError

__all__ = ["open_npz"]

Arrays = dict[str, npt.NDArray[Any]]


def open_npz(source: Source, choices: Choices, bad: BadRows) -> Table:
    """Read the beats, and the labels beside them, of an archive that `numpy.savez` wrote.

    The beats are its only array with two dimensions; the labels an array with one entry a beat
    that is named like a label or by the caller, or a column of the beats.
    """
    arrays = _read_arrays(source, choices.size_limit)
    name, values = _choose_beats(arrays, source.place)
    label_name = _choose_labels(arrays, len(values), choices, source.place)
    width, texts = values.shape[1], None
    if label_name is None:
        columns = resolve_columns(source.place, None, width, (), choices)
    else:
        # The labels become one more column, after the last sample.
        labels = arrays[label_name]
        names = [*(f"{name}[{i}]" for i in range(width)), label_name]
        texts = _texts(labels)
        columns = resolve_columns(
            source.place, names, width + 1, [] if texts is None else [width], choices, width
        )
        values = np.column_stack([values, np.zeros(len(values)) if texts else labels])
    values = values.astype(np.float64)[:, columns.numeric]
    values, rows = finite_rows(values, 0, columns, bad)
    return Table(columns, iter([Block(values, rows, texts and [texts[row] for row in rows])]))


def _texts(labels: npt.NDArray[Any]) -> list[str] | None:
    """Return labels that are no numbers as texts."""
    if labels.dtype.kind not in "USb":
        return None
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "replace")
    return [str(label) for label in labels.tolist()]


def _read_arrays(source: Source, size_limit: int) -> Arrays:
    """Read every array, and refuse what only pickle could read."""
    content = source.stream.read()
    arrays: Arrays = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                if PurePosixPath(info.filename).suffix == ".npy":
                    member = read_member(archive, info, source.place, size_limit)
                    size_limit -= len(member)
                    arrays[info.filename.removesuffix(".npy")] = np.lib.format.read_array(
                        io.BytesIO(member), allow_pickle=False
                    )
    except DatasetError:
        raise
    # A damaged archive, or a header that lies, brings up errors of every kind.
    except Exception as error:
        raise DatasetError(
            f"{source.place} is damaged, or holds Python objects, which are not read because they "
            f"can run code ({error}). Save plain numeric arrays with numpy.savez."
        ) from error
    return arrays


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
        "told by its name. Pass label_column with the name of an array or the position of a column "
        "of the beats, or label_column=None if there is no label."
    )


def _described(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    """Say what an archive holds."""
    listed = [f"{name!r} {array.dtype} {array.shape}" for name, array in arrays.items()]
    return ", ".join(listed[:8]) or "no array"
