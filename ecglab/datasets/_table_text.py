"""Rows of a text to numbers, block by block: fast where they are right, or with the fault's place.

pandas does the parsing. It cannot say in which line and column something is wrong, so a block that
it refuses is gone through once more, row by row.
"""

import codecs
import csv
import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.datasets._sources import Source
from ecglab.datasets._table_dialect import (
    COMMENTS,
    MISSING,
    Dialect,
    Header,
    Lines,
    is_number,
    settle_dialect,
    settle_headed,
    split_row,
)
from ecglab.errors import DatasetError

_BLOCK = 4 * 2**20  # bytes read at a time
_LONGEST_LINE = 2**20  # characters: 40,000 samples with all their digits
_LARGEST = float(np.finfo(np.float32).max)  # beats are kept in single precision
_MAGICS = {b"\x1f\x8b": ".gz", b"PK\x03\x04": ".zip", b"PAR1": ".parquet"}
_INFINITE = frozenset({"inf", "-inf", "+inf", "infinity", "-infinity"})
# pandas takes a column of these for numbers, and passes over such blanks.
_NO_NUMBERS = re.compile(r"true|false|[\v\f\x1c-\x1f]", re.IGNORECASE)
_SPLITS = re.compile(r"[\s,;|:=]+")

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Some rows of a table: the columns of numbers and of words that were asked for."""

    values: FloatArray  # (n_rows, n_columns)
    words: list[list[str]]  # a list for each column
    rows: npt.NDArray[np.int64]  # positions among all rows, faulty ones included, from 0


@dataclass
class TextTable:
    """An open text, of which only the beginning has been read; to be read once."""

    place: str  # what an error calls it
    dialect: Dialect
    lines: Iterator[Lines]  # those of its header included
    notes: list[str] = field(default_factory=list)  # complete when all has been read
    n_remarks: int = 0  # rows that somebody made a remark, so far

    def read(
        self,
        numeric: Sequence[int],
        texts: Sequence[int],
        on_fault: Callable[[str], None],
        *,
        gaps: bool = False,
    ) -> Iterator[Rows]:
        """Read some columns as numbers and some as they are.

        `on_fault` is told of each row that is wrong, in words that go on from the name of the file;
        it raises, or the row is left out. With `gaps`, values may be missing.
        """
        parser = _Parser(self.dialect, list(numeric), list(texts), gaps)
        pending: list[tuple[int, str]] = []  # what may stand below the table, if no row follows
        position = 0
        for lines in self.lines:
            filled = self._rows_of(lines)
            good, faults = parser.parse([row for _, row in filled])
            last = good.rows[-1] if len(good.rows) else 0
            if len(good.rows):
                _report(pending, on_fault)
            for i, fault in faults.items():
                number, row = filled[i]
                pending.append((number, fault))
                if i < last or not parser.is_remark(row):
                    _report(pending, on_fault)
            if len(good.rows):
                yield replace(good, rows=position + good.rows)
            position += len(filled)
        self.notes.extend(self.dialect.notes)
        if self.n_remarks:
            self.notes.append(f"{self.n_remarks} rows passed over that are marked as remarks")
        if pending:
            self.notes.append(f"lines below the table passed over, from line {pending[0][0]} on")

    def _rows_of(self, lines: Lines) -> list[tuple[int, str]]:
        """Return the lines that may be rows, with their numbers."""
        numbered = enumerate(lines.rows, lines.first)
        below = [(number, row) for number, row in numbered if row and number >= self.dialect.first]
        filled = [(number, row) for number, row in below if not row.startswith(COMMENTS)]
        self.n_remarks += len(below) - len(filled)
        if self.dialect.colon:
            return [(number, _join_label(row)) for number, row in filled]
        return filled


def _report(faults: list[tuple[int, str]], on_fault: Callable[[str], None]) -> None:
    """Report faults, and forget them."""
    while faults:
        number, fault = faults.pop(0)
        on_fault(f", line {number}{fault}")


def _join_label(row: str) -> str:
    """Turn ``v1,v2,...,v140:label`` into ``v1,v2,...,v140,label``; anything else stays wrong."""
    samples, colon, label = row.partition(":")
    right = colon and samples and "," not in label and ":" not in label
    return f"{samples},{label}" if right else f":{row}"


@dataclass
class _Parser:
    """Reads some columns of rows that are all written in one way."""

    dialect: Dialect
    numeric: list[int]
    texts: list[int]
    gaps: bool

    def parse(self, rows: list[str]) -> tuple[Rows, dict[int, str]]:
        """Read rows at one go, or one by one if there is a fault in them; say which, and where."""
        fast = self._parse_fast(rows) if rows else None
        return (fast, {}) if fast else self._parse_slowly(rows)

    def is_remark(self, row: str) -> bool:
        """Say whether a line that is no row holds nothing but words, or a word and a value."""
        if not row[:1].isalpha() or self.texts:
            return False
        parts = [part for part in _SPLITS.split(row) if part]
        n_fields = len(split_row(row, self.dialect.separator))
        return sum(map(is_number, parts)) < 2 and n_fields != self.dialect.n_fields

    def _parse_fast(self, rows: list[str]) -> Rows | None:
        """Let pandas read rows; None if there is any fault in them."""
        dialect, content = self.dialect, "\n".join(rows)
        if _NO_NUMBERS.search(content) or not self._are_of_one_width(rows, content):
            return None
        positions = sorted({*self.numeric, *self.texts})
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # what pandas warns of is a fault, too
                table = pd.read_csv(
                    io.StringIO(content),
                    sep=dialect.separator,
                    decimal=dialect.decimal,
                    header=None,
                    names=range(dialect.n_fields),
                    usecols=positions,
                    dtype={p: np.float64 if p in self.numeric else str for p in positions},
                    index_col=False,
                    skipinitialspace=True,
                    keep_default_na=False,
                    na_values=[*MISSING, *map(str.upper, MISSING), "NaN", "N/A"],
                    na_filter=self.gaps,
                )
        # pandas refuses what is no number, in more ways than one: which one it is, is found below.
        except Exception:
            return None
        values = table[self.numeric].to_numpy()
        words = [[_as_word(word) for word in table[p]] for p in self.texts]
        if len(values) != len(rows) or not (self.gaps or _are_samples(values)):
            return None
        if not self.gaps and any(_is_missing(word) for column in words for word in column):
            return None
        return Rows(values, words, np.arange(len(rows)))

    def _are_of_one_width(self, rows: list[str], content: str) -> bool:
        """Count the fields of each row: pandas fills short ones up without a word."""
        separator, n = self.dialect.separator, self.dialect.n_fields
        if len(separator) > 1:
            return all(len(row.split()) == n for row in rows) and '"' not in content
        if self.dialect.ends_empty and not all(row.endswith(separator) for row in rows):
            return False
        if '"' not in content:
            return all(row.count(separator) == n - 1 for row in rows)
        cut = list(csv.reader(rows, delimiter=separator, skipinitialspace=True))
        return len(cut) == len(rows) and all(len(fields) == n for fields in cut)

    def _parse_slowly(self, rows: list[str]) -> tuple[Rows, dict[int, str]]:
        """Read rows one by one, and say what is wrong with those that cannot be read."""
        table = [split_row(row, self.dialect.separator) for row in rows]
        found = {i: self._fault_in(fields) for i, fields in enumerate(table)}
        good = [i for i, fault in found.items() if fault is None]
        values = [[self._to_number(table[i][p]) for p in self.numeric] for i in good]
        words = [[_as_word(table[i][p]) for i in good] for p in self.texts]
        read = Rows(np.reshape(values, (len(good), len(self.numeric))), words, np.array(good, int))
        return read, {i: fault for i, fault in found.items() if fault is not None}

    def _to_number(self, field: str) -> float:
        if field.casefold() in MISSING | _INFINITE:
            return np.nan
        return float(field.replace(self.dialect.decimal, "."))

    def _fault_in(self, fields: Sequence[str]) -> str | None:
        """Find what is wrong with one row; None if nothing is."""
        dialect = self.dialect
        if dialect.colon and fields[0].startswith(":"):
            return ": a row must be the samples, one ':' and one label."
        if len(fields) != dialect.n_fields:
            return f": {len(fields)} values, but {dialect.n_fields} in the rows before it."
        if dialect.ends_empty and fields[-1]:
            return f", value {len(fields)}: {fields[-1][:20]!r} stands where other rows end."
        for p in self.texts if not self.gaps else ():
            if _is_missing(fields[p].strip("'")):
                return f", value {p + 1}: {fields[p][:20]!r} is no label."
        for p in self.numeric:
            fault = self._fault_in_number(fields[p])
            if fault is not None:
                return f", value {p + 1}: {fields[p][:20]!r} {fault}"
        return None

    def _fault_in_number(self, field: str) -> str | None:
        if self.gaps and field.casefold() in MISSING | _INFINITE:
            return None
        if self.dialect.decimal == ",":
            if "." in field:
                return "has a decimal point, others commas."
            field = field.replace(",", ".")
        if not is_number(field):
            return "is not a finite number."
        if abs(float(field)) > _LARGEST:
            return "is too large for any signal."
        return None


def _are_samples(values: FloatArray) -> bool:
    return bool((np.abs(values) <= _LARGEST).all())  # False for NaN, too


def _as_word(word: object) -> str:
    return word.strip(" '") if isinstance(word, str) else ""


def _is_missing(word: str) -> bool:
    return word.casefold() in MISSING or "\ufffd" in word


# Lines


def open_text(source: Source, header: Header = "auto") -> TextTable:
    """Open a text and find out how it is written."""
    lines = _read_lines(source)
    head = next(lines, None)
    if head is None or not any(head.rows):
        raise DatasetError(f"{source.place} is empty.")
    if source.form in (".ts", ".arff"):
        dialect = settle_headed(source.place, source.form, head)
    else:
        dialect = settle_dialect(source.place, head, header)
    return TextTable(source.place, dialect, chain([head], lines))


def _read_lines(source: Source) -> Iterator[Lines]:
    """Cut a file into blocks of whole lines."""
    decode = _make_decoder(source).decode
    first, rest = 1, ""
    while content := source.stream.read(_BLOCK):
        *rows, rest = (rest + decode(content)).split("\n")
        if len(max(rows, key=len, default="")) > _LONGEST_LINE or len(rest) > _LONGEST_LINE:
            raise DatasetError(
                f"{source.place}: one of the lines after line {first - 1} has more than "
                f"{_LONGEST_LINE:,} characters. A row must be one beat, or one sample of each lead."
            )
        if rows:
            yield Lines(first, [_without_blanks(row) for row in rows])
            first += len(rows)
    rest += decode(b"", True)
    if rest:
        yield Lines(first, [_without_blanks(row) for row in rest.split("\n")])


def _without_blanks(row: str) -> str:
    """Take blanks off the end of a row; of one that has nothing else, tabs, too."""
    return row.rstrip(" ") if row.strip() else ""


def _make_decoder(source: Source) -> io.IncrementalNewlineDecoder:
    """Choose the encoding by the first bytes; what is no text becomes no number either."""
    start = source.stream.peek(4)[:4]
    for magic, form in _MAGICS.items():
        if start.startswith(magic):
            raise DatasetError(
                f"{source.place} is no text, but a {form} file by another name. Rename it."
            )
    encoding = "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\0" in start[:2]:  # no text of ours begins with a zero byte
        encoding = "utf-16-be" if start.startswith(b"\0") else "utf-16-le"
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    return io.IncrementalNewlineDecoder(decoder, translate=True)
