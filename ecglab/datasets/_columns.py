"""What every form of table is brought to: blocks of numbers, and which column is the label."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypedDict

import numpy as np
import numpy.typing as npt

from ecglab.errors import DatasetError

__all__ = [
    "LABEL_NAMES",
    "BadRows",
    "Block",
    "Choices",
    "Columns",
    "Table",
    "TableOptions",
    "finite_rows",
    "resolve_columns",
]

LABEL_NAMES = frozenset({"class", "classes", "label", "labels", "target", "y"})
"""Names, in small letters, by which a column is known to hold the label."""

_logger = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Choices:
    """What the caller says about a table; see `read_heartbeats`."""

    label_column: int | str | None = "auto"
    normal_label: int | str | None = None
    header: bool | Literal["auto"] = "auto"
    ignore_columns: Sequence[int | str] = ()
    on_bad: Literal["error", "drop"] = "error"
    member: str | None = None
    size_limit: int = 2**30

    def check(self) -> None:
        """Raise ValueError for what makes sense for no file."""
        if self.header not in (True, False, "auto"):
            raise ValueError(f'header must be True, False or "auto", not {self.header!r}.')
        if self.on_bad not in ("error", "drop"):
            raise ValueError(f'on_bad must be "error" or "drop", not {self.on_bad!r}.')
        if self.label_column is None and self.normal_label is not None:
            raise ValueError(
                "normal_label makes no sense with label_column=None: there is no label."
            )


class TableOptions(TypedDict, total=False):
    """What can be said about a table; see `read_heartbeats`."""

    label_column: int | str | None
    normal_label: int | str | None
    header: bool | Literal["auto"]
    ignore_columns: Sequence[int | str]
    on_bad: Literal["error", "drop"]
    member: str | None
    size_limit: int


@dataclass
class BadRows:
    """Rows that are no beats: refused, or counted where the caller wants them set aside."""

    place: str
    drop: bool
    count: int = 0
    first: str = field(default="", init=False)

    def report(self, fault: str) -> None:
        """Deal with a row; `fault` goes on from the name of the file."""
        if not self.drop:
            raise DatasetError(
                f"{self.place}{fault} Mend the row, or set rows like it aside with on_bad='drop'."
            )
        self.first = self.first or fault.lstrip(", ")
        self.count += 1

    def log(self) -> None:
        """Tell how many rows were set aside, and what was wrong with the first."""
        if self.count:
            _logger.warning(
                "%s: %d rows set aside. The first: %s", self.place, self.count, self.first
            )


@dataclass(frozen=True)
class Block:
    """Some rows of a table.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        The numbers: finite in single precision, too.
    rows : ndarray of int, shape (n_rows,)
        Position of each row among all rows of the table, those set aside included, from 0.
    texts : list of str or None
        The label of each row, where it is text.
    """

    values: FloatArray
    rows: npt.NDArray[np.int64]
    texts: list[str] | None = None


@dataclass(frozen=True)
class Columns:
    """Which columns of a table are what.

    Parameters
    ----------
    names : sequence of str or None
        Names of all columns, where there are any.
    numeric : list of int
        Positions of those that a block's values hold.
    label : int, None or "auto"
        Position of the label among all columns; None if there is none; "auto" if it is yet to be
        found among the numbers.
    text_label : bool
        Whether the label is text, and so not among the numbers.
    """

    names: Sequence[str] | None
    numeric: list[int]
    label: int | Literal["auto"] | None
    text_label: bool = False

    @property
    def label_position(self) -> int:
        """Position of the label, in a table that is known to have one."""
        assert isinstance(self.label, int)
        return self.label

    def name_of(self, position: int) -> str:
        """Call a column what the file calls it."""
        return _call(self.names, position)


@dataclass(frozen=True)
class Table:
    """An open table, to be read once."""

    columns: Columns
    blocks: Iterator[Block]


def resolve_columns(
    place: str,
    names: Sequence[str] | None,
    width: int,
    texts: Sequence[int],
    choices: Choices,
    known_label: int | None = None,
) -> Columns:
    """Settle which column is the label, unless only its values can tell.

    Parameters
    ----------
    place : str
        What an error calls the file.
    names : sequence of str or None
        Names of the columns, where there are any.
    width : int
        Number of columns.
    texts : sequence of int
        Positions of the columns that hold text.
    choices : Choices
        What the caller says.
    known_label : int, optional
        Where the form itself says that the label stands.

    Returns
    -------
    Columns
        What is what.

    Raises
    ------
    DatasetError
        If a column that the caller names is not there, if there is text in a column that is not
        the label, or if there are several that may be.
    """
    ignored = {_find(place, names, width, column) for column in choices.ignore_columns}
    texts = [position for position in texts if position not in ignored]
    if choices.label_column == "auto":
        label = known_label
        if label is None:
            label = _label_by_name(place, names, ignored)
        if label is None and len(texts) == 1:
            label = texts[0]
    elif choices.label_column is None:
        label = None
        ignored |= set() if known_label is None else {known_label}
        texts = [position for position in texts if position not in ignored]
    else:
        label = _find(place, names, width, choices.label_column)
        if label in ignored:
            raise DatasetError(f"{place}: {_call(names, label)} is both the label and ignored.")
    strays = [position for position in texts if position != label]
    if strays:
        called = ", ".join(_call(names, position) for position in strays[:5])
        raise DatasetError(
            f"{place} holds text that is no sample of a beat: {called}. Say which of them is the "
            f"label with label_column, and leave the others out with ignore_columns={strays[:5]}."
        )
    numeric = [p for p in range(width) if p not in ignored and p not in texts]
    undecided = choices.label_column == "auto" and label is None
    if len(numeric) < 2 + (undecided or label in numeric):
        raise DatasetError(
            f"{place} has {width} columns, too few for beats: a row must hold one beat, sample "
            "after sample, in columns of its own."
        )
    return Columns(names, numeric, "auto" if undecided else label, text_label=label in texts)


def _label_by_name(place: str, names: Sequence[str] | None, ignored: set[int]) -> int | None:
    """Find a column that is called a label."""
    named = [
        position
        for position, name in enumerate(names or ())
        if name.casefold() in LABEL_NAMES and position not in ignored
    ]
    if len(named) > 1:
        called = " and ".join(_call(names, position) for position in named[:5])
        raise DatasetError(
            f"{place}: {called} may be the label. Say which with label_column, and leave the "
            "other out with ignore_columns."
        )
    return named[0] if named else None


def _find(place: str, names: Sequence[str] | None, width: int, column: int | str) -> int:
    """Return the position of a column that the caller names or counts."""
    if isinstance(column, str):
        if not names:
            raise DatasetError(
                f"{place} has no names for its columns, so none is called {column!r}. Pass a "
                "position (0 is the first, -1 the last), or header=True if its first line has them."
            )
        found = [position for position, name in enumerate(names) if name == column]
        if len(found) != 1:
            shown = ", ".join(map(repr, names if width <= 8 else [*names[:4], *names[-4:]]))
            raise DatasetError(
                f"{place} has {'several columns' if found else 'no column'} {column!r}. Its "
                f"{width} columns{' include' if width > 8 else ' are'}: {shown}."
            )
        return found[0]
    if not -width <= column < width:
        raise DatasetError(f"{place} has {width} columns, and so no column {column}.")
    return int(column) % width


def _call(names: Sequence[str] | None, position: int) -> str:
    """Call a column by its position, and by its name where it has one."""
    return f"column {position}" + (f" ({names[position]!r})" if names else "")


def finite_rows(
    values: FloatArray, first_row: int, columns: Columns, bad: BadRows
) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Report the rows that hold NaN, infinity or what single precision cannot.

    Returns
    -------
    values : ndarray of shape (n_good_rows, n_columns)
        The others.
    rows : ndarray of int, shape (n_good_rows,)
        Their positions in the table.
    """
    good = np.abs(values) <= np.finfo(np.float32).max  # False for NaN, too
    kept = good.all(axis=1)
    for row in np.flatnonzero(~kept):
        column = int(np.flatnonzero(~good[row])[0])
        bad.report(
            f", row {first_row + row} (from 0), {columns.name_of(columns.numeric[column])}: "
            f"{values[row, column]:g} is not a finite number of single precision."
        )
    rows = np.arange(first_row, first_row + len(values))[kept]
    return (values if kept.all() else values[kept]), rows
