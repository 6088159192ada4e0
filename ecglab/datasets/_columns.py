"""What every form of table is brought to: blocks of numbers; and which column is what."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypedDict

import numpy as np
import numpy.typing as npt

from ecglab.datasets._samples import find_odd_names
from ecglab.datasets._table_text import Rows
from ecglab.errors import DatasetError

LABEL_NAMES = frozenset({"class", "classes", "label", "labels", "target", "y"})
"""Names, in small letters, by which a column is known to hold the label."""

_LISTED = 8  # columns that an error names

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
    """What can be said about a table, as keyword arguments; see `read_heartbeats`."""

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
                f"{self.place}{fault}",
                "Mend the row, or set rows like it aside with {}.",
                ("on_bad", "drop"),
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
class Columns:
    """Which columns of a table are what."""

    names: Sequence[str] | None  # of all columns, where there are any
    numeric: list[int]  # positions of the samples, and of a label that is a number
    label: int | None  # its position; None if there is none, or it is yet to be found
    text_label: bool
    why: str  # what makes that column the label; empty if it is yet to be found

    def name_of(self, position: int) -> str:
        """Call a column what the file calls it."""
        return _call(self.names, position)

    @property
    def samples(self) -> list[int]:
        """Positions of the columns that are samples."""
        return [position for position in self.numeric if position != self.label]


@dataclass(frozen=True)
class Table:
    """An open table, to be read once."""

    place: str
    form: str  # how it is written
    names: Sequence[str] | None
    width: int
    read: Callable[[Columns, BadRows], Iterator[Rows]]  # the label as words, where it is text
    texts: Sequence[int] = ()  # positions of the columns that hold text
    mixed: Sequence[int] = ()  # of those in which there is some
    label: int | None = None  # where the form itself says that the label stands
    notes: list[str] = field(default_factory=list)  # what was passed over, when all is read


def resolve_columns(table: Table, choices: Choices) -> Columns:
    """Settle which column is the label, unless only its values can tell, and check the names."""
    ignored = {_find(table, column) for column in choices.ignore_columns}
    label, why = _find_label(table, choices, ignored)
    if label in ignored:
        raise DatasetError(
            f"{table.place}: {_call(table.names, label)} is both the label and ignored."
        )
    if choices.label_column is None and table.label is not None:
        ignored.add(table.label)
    odd = {p: "holds text" for p in table.texts if p not in ignored and p != label}
    if table.names:
        named = find_odd_names(table.names, label)
        odd |= {p: reason for p, reason in named.items() if p not in ignored and p not in odd}
    refuse_columns(table, odd, choices)
    text_label = label is not None and label in (*table.texts, *table.mixed)
    numeric = [
        p for p in range(table.width) if p not in ignored and not (text_label and p == label)
    ]
    columns = Columns(table.names, numeric, label, text_label, why)
    if len(columns.samples) < 2 + (not why):
        raise DatasetError(
            f"{table.place} has {table.width} columns, too few for beats: a row must hold one "
            "beat, sample after sample, in columns of its own."
        )
    return columns


def _find_label(table: Table, choices: Choices, ignored: set[int]) -> tuple[int | None, str]:
    """Return the position of the label, and what it is known by; nothing if values must tell."""
    if choices.label_column is None:
        return None, "label_column=None"
    if choices.label_column != "auto":
        return _find(table, choices.label_column), "label_column"
    if table.label is not None:
        return table.label, "the form says so"
    named = _label_by_name(table, ignored)
    if named is not None:
        return named, "its name"
    texts = [position for position in table.texts if position not in ignored]
    return (texts[0], "the only column of text") if len(texts) == 1 else (None, "")


def refuse_columns(table: Table, odd: Mapping[int, str], choices: Choices) -> None:
    """Refuse columns that are no samples, each with the reason."""
    if not odd:
        return
    listed = "; ".join(f"{_call(table.names, p)} {odd[p]}" for p in sorted(odd)[:_LISTED])
    more = f"; and {len(odd) - _LISTED} more" if len(odd) > _LISTED else ""
    text = f"{table.place}: {listed}{more}: no sample of a beat."
    leave_out = "Leave out what is neither label nor sample with {}."
    if choices.label_column in ("auto", None):
        advice = f"Say with {{}} which one is the label, if one is. {leave_out}"
        raise DatasetError(text, advice, "label_column", ("ignore_columns", sorted(odd)))
    raise DatasetError(text, leave_out, ("ignore_columns", sorted(odd)))


def _label_by_name(table: Table, ignored: set[int]) -> int | None:
    """Find a column that is called a label."""
    named = [
        position
        for position, name in enumerate(table.names or ())
        if name.strip().casefold() in LABEL_NAMES and position not in ignored
    ]
    if len(named) > 1:
        called = " and ".join(_call(table.names, position) for position in named[:5])
        raise DatasetError(
            f"{table.place}: {called} may be the label.",
            "Say which with {}, and leave the other out with {}.",
            "label_column",
            "ignore_columns",
        )
    return named[0] if named else None


def _find(table: Table, column: int | str) -> int:
    """Return the position of a column that the caller names or counts."""
    place, names, width = table.place, table.names, table.width
    if isinstance(column, str):
        if not names:
            raise DatasetError(
                f"{place} has no names for its columns, so none is called {column!r}.",
                "Pass a position (0 is the first, -1 the last), or {} if its first line has them.",
                ("header", True),
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
    """Report the rows that hold NaN, infinity or what single precision cannot."""
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
