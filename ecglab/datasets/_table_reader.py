"""Tables of samples, one row a sample, as numbers; what its columns mean is asked elsewhere."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.datasets._sources import open_source
from ecglab.datasets._table_dialect import MISSING, Dialect
from ecglab.datasets._table_text import TextTable, open_text
from ecglab.errors import DatasetError

TABLE_FORMS = (".csv", ".tsv", ".txt")
"""The texts that are read, each also with ``.gz``, ``.bz2`` or ``.xz``, or in a ``.zip``."""

_SIZE_LIMIT = 2**30  # bytes; a day of one lead at 360 Hz has 200 million
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:[.,]\d*)?)", re.ASCII)
_DAY = 86_400.0  # seconds
_MOSTLY = 0.99  # of the words of a column of times

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SignalTable:
    """The columns of numbers of a table, and what else is known of it."""

    place: str  # what an error calls the file
    names: tuple[str, ...] | None  # of these columns; empty for one without, such as pandas' index
    units: tuple[str, ...] | None  # where there is a line of them
    values: FloatArray  # (n_rows, n_columns); NaN where a number is missing
    positions: tuple[int, ...]  # where each of these columns stands in the file
    timestamps: frozenset[int]  # which of them were dates or times, and are now seconds since then
    notes: tuple[str, ...]  # how the file is written, and what was passed over


def read_signal_table(path: Path, *, size_limit: int = _SIZE_LIMIT) -> SignalTable:
    """Read a text of samples: one row a sample, one column a lead.

    `size_limit` is in bytes, unpacked. `DatasetError` if a row is not like the others (the message
    names its line and column), if the file is too large, or how it is written cannot be told.
    """

    def refuse(fault: str) -> NoReturn:
        raise DatasetError(
            f"{path}{fault} Mend the line, or take it away: a recording is a table of numbers, one "
            "row a sample and one column a lead."
        )

    with open_source(path, dict.fromkeys(TABLE_FORMS, size_limit)) as source:
        table = open_text(source)
        worded = sorted({*table.dialect.texts, *table.dialect.empty})
        blocks = list(table.read(table.dialect.numeric, worded, refuse, gaps=True))
    if not blocks:
        raise DatasetError(f"{path} holds no row of numbers.")
    values = np.concatenate([block.values for block in blocks])
    words = {p: [word for block in blocks for word in block.words[i]] for i, p in enumerate(worded)}
    return _assemble(table, dict(zip(table.dialect.numeric, values.T, strict=True)), words)


def _assemble(
    table: TextTable, columns: dict[int, FloatArray], words: dict[int, list[str]]
) -> SignalTable:
    """Turn columns of words that are times or, after all, numbers into columns of numbers."""
    dialect, times = table.dialect, set()
    for position, column in words.items():
        seconds = _to_seconds(column)
        if seconds is not None:
            columns[position] = seconds
            times.add(position)
        elif position in dialect.empty and (numbers := _to_numbers(column, dialect)) is not None:
            columns[position] = numbers
    positions = sorted(columns)
    left_out = [
        dialect.names[p] if dialect.names else f"column {p}" for p in words if p not in columns
    ]
    if not positions:
        raise DatasetError(f"{table.place} has no column of numbers.")
    return SignalTable(
        place=table.place,
        names=_choose(dialect.names, positions),
        units=_choose(dialect.units, positions),
        values=np.column_stack([columns[p] for p in positions]),
        positions=tuple(positions),
        timestamps=frozenset(i for i, p in enumerate(positions) if p in times),
        notes=(
            str(dialect),
            *table.notes,
            *(f"left out, for its words: {name}" for name in left_out),
        ),
    )


def _choose(names: Sequence[str] | None, positions: Sequence[int]) -> tuple[str, ...] | None:
    return None if names is None else tuple(names[p] for p in positions)


def _to_numbers(column: Sequence[str], dialect: Dialect) -> FloatArray | None:
    """Read a column that was empty at first; None if there are words in it."""
    plain = pd.Series(column).str.replace(dialect.decimal, ".", regex=False)
    filled = ~plain.str.casefold().isin(MISSING)
    numbers = pd.to_numeric(plain.where(filled), errors="coerce").to_numpy(np.float64)
    return None if np.isnan(numbers[filled]).any() else numbers


# Times as text


def _to_seconds(column: Sequence[str]) -> FloatArray | None:
    """Turn dates or times of day into seconds since the first; None if they are neither."""
    words = pd.Series(column).str.strip("[]() '\"")
    filled = ~words.str.casefold().isin(MISSING)
    if not filled.any() or not words[filled].iloc[0][:1].isdigit():
        return None
    seconds = _read_clock(words[filled])
    if seconds is None:
        seconds = _read_dates(words[filled])
    if seconds is None or np.isnan(seconds).mean() > 1 - _MOSTLY:
        return None
    result = np.full(len(words), np.nan)
    result[filled] = seconds - seconds[np.flatnonzero(~np.isnan(seconds))[0]]
    return result


def _read_clock(words: "pd.Series[str]") -> FloatArray | None:
    """Read times of day, with or without hours; None if the first is none."""
    if not _CLOCK.fullmatch(words.iloc[0]):
        return None
    parts = words.str.replace(",", ".").str.extract(f"^{_CLOCK.pattern}$").astype(float)
    seconds = (parts[0].fillna(0) * 3600 + parts[1] * 60 + parts[2]).to_numpy()
    back = np.diff(seconds, prepend=seconds[:1]) < -_DAY / 2
    return seconds + _DAY * np.cumsum(back)  # past midnight


def _read_dates(words: "pd.Series[str]") -> FloatArray | None:
    """Read dates, the quick way if they are written as ISO 8601 says; None if they are none.

    Whether 02.01. is a day in January or in February is not written anywhere: what makes the
    recording shorter is taken.
    """
    words = words.str.replace(",", ".", regex=False)
    dates = pd.to_datetime(words, format="ISO8601", errors="coerce", utc=True)
    if dates.notna().mean() < _MOSTLY:
        read = [_read_unlike_iso(words, day_first) for day_first in (False, True)]
        read = [dates for dates in read if dates.notna().mean() >= _MOSTLY]
        if not read:
            return None
        dates = min(read, key=lambda dates: dates.max() - dates.min())
    return np.asarray((dates - dates.min()) / pd.Timedelta(seconds=1), dtype=np.float64)


def _read_unlike_iso(words: "pd.Series[str]", day_first: bool) -> "pd.Series[pd.Timestamp]":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas tells at length how it guesses
        return pd.to_datetime(words, dayfirst=day_first, errors="coerce", utc=True)
