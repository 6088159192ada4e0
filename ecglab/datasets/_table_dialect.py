"""How a table of text is written: separator, decimal sign, names, units, where its rows begin.

One answer for tables of beats and of recordings. All of it is settled on the first lines, once; a
row further down that is written differently is a fault, and not a new guess.
"""

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from ecglab.datasets._sources import library_faults
from ecglab.errors import DatasetError

COMMENTS = ("#", "%")
"""What a line begins with that is no row: above the table, in it or below."""

MISSING = frozenset({"", "?", "na", "n/a", "nan", "null", "none", "-"})
"""What stands, in small letters, where a value is missing: neither a number nor a word."""

Header = bool | Literal["auto"]

_BLANKS = r"\s+"  # as pandas spells any number of blanks
_SEPARATORS = ("\t", ";", ",", "|", _BLANKS)
_SAMPLE = 400  # lines, of which the later half is taken to be rows
_TAIL = 100  # of these rows are looked at
_CLEARLY = 0.02  # share of fields by which one separator is better than those before it
_SHORTEST_COUNT = 5  # 1, 2, 3, 4, 5 are names of columns; 1, 2, 3 may be anything
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
_POINT_NUMBER = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?", re.ASCII)
_ONE_OR_TWO = re.compile(r"-?\d+,\d+", re.ASCII)  # 145,23 is one number, or two
_UNIT = re.compile(
    r"m?s|sec(ond)?s?|min|[mµμun]?v(olts?)?|hz|bpm|adu|counts?|a\.?u\.?|nd|%|-|deg|°c|g|ohms?|mmhg|"
    r"l/min|samples?|date|datetime|(hh|mm|yyyy|dd)[:/.-].*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Lines:
    """Consecutive lines, blank ones included, without blanks at their ends."""

    first: int  # number of the first, from 1
    rows: list[str]


@dataclass(frozen=True)
class Dialect:
    """How the rows of one file are written."""

    separator: str  # one character, or what pandas calls any number of blanks
    width: int  # number of columns
    decimal: str = "."
    names: Sequence[str] | None = None  # of all columns, where the file has them
    units: Sequence[str] | None = None
    texts: Sequence[int] = ()  # positions of the columns that hold words
    mixed: Sequence[int] = ()  # of the columns of numbers that hold some words, too
    empty: Sequence[int] = ()  # of the columns in which every value is missing, so far
    first: int = 1  # number of the first line that may be a row
    ends_empty: bool = False  # whether rows end in a separator, after which nothing comes
    known_label: int | None = None  # position of the label, where the form itself says so
    colon: bool = False  # whether a colon separates the label from the samples
    notes: tuple[str, ...] = ()  # what was passed over

    @property
    def n_fields(self) -> int:
        """Number of fields in a row."""
        return self.width + self.ends_empty

    @property
    def numeric(self) -> list[int]:
        """Positions of the columns of numbers."""
        return sorted({*range(self.width)} - {*self.texts, *self.empty})

    def __str__(self) -> str:
        """Say it in a few words."""
        called = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
        between = called.get(self.separator, "blanks")
        words = "one column" if self.width == 1 else f"columns separated by {between}"
        return words + (", decimal commas" if self.decimal == "," else "")


def is_number(field: str) -> bool:
    """Say whether a field is one finite number, written in the plain way."""
    return bool(_NUMBER.fullmatch(field)) and math.isfinite(float(field))


def split_row(row: str, separator: str) -> list[str]:
    """Cut a row into its fields, without the blanks and quotation marks around them."""
    if separator == _BLANKS:
        return [field.strip('"') for field in row.split()]
    if '"' in row:
        try:
            fields = next(csv.reader([row], delimiter=separator, skipinitialspace=True))
            return [field.strip(" ") for field in fields]
        except (csv.Error, StopIteration):  # one quotation mark without the other
            pass
    return [field.strip(" ") for field in row.split(separator)]


def settle_dialect(place: str, head: Lines, header: Header = "auto") -> Dialect:
    """Find out how a file is written.

    A preamble, names and units stand at the beginning, so what the later half of the lines has are
    the columns. The table begins with the first line that looks like these; names and units are in
    the lines right above it.
    """
    filled = [(n, row) for n, row in enumerate(head.rows, head.first) if row][:_SAMPLE]
    plain = [(n, row) for n, row in filled if not row.startswith(COMMENTS)]
    if not plain:
        raise DatasetError(f"{place} holds no data, only comments.")
    dialect = _look_at(place, [row for _, row in plain])
    table = [split_row(row, dialect.separator) for _, row in plain]
    start = 0 if header is False else _find_start(table, dialect)
    above: list[tuple[int, list[str]]] = []
    if header is not False and start is not None:
        above = _names_above(place, [line for line in filled if line[0] < plain[start][0]], dialect)
        if not above and (header is True or _begins_with_count(table[start:], dialect)):
            above = [(plain[start][0], table[start])]
            start += 1
    if start is None or start == len(plain):
        raise DatasetError(f"{place} holds no data, only a header.")
    names, units = _name_columns(place, above, dialect)
    if names is None:
        _refuse_decimal_commas(place, [row for _, row in plain[start:]], dialect.separator)
    elif dialect.ends_empty and any(names[dialect.width :]):  # a column, though one without a value
        empty = [*dialect.empty, dialect.width]
        dialect = replace(dialect, width=dialect.n_fields, ends_empty=False, empty=empty)
    used = {number for number, _ in above}
    passed = [str(number) for number, _ in plain[:start] if number not in used]
    notes = [f"lines above the table passed over: {', '.join(passed)}"] if passed else []
    return replace(
        dialect,
        names=names and names[: dialect.width],
        units=units and units[: dialect.width],
        mixed=_find_words(table[start:], dialect),
        first=plain[start][0],
        notes=(*notes, *(["rows end in a separator"] if dialect.ends_empty else [])),
    )


def _look_at(place: str, lines: Sequence[str]) -> Dialect:
    """Say what rows look like, by the later half of some lines: rows, if any are."""
    tail = lines[len(lines) // 2 :][-_TAIL:]
    separator = _find_separator(tail, lines)
    table = [split_row(row, separator) for row in tail]
    table = [fields for fields in table if any(map(_like_number, fields))] or table
    n_fields = max(Counter(map(len, table)).items(), key=lambda item: item[::-1])[0]
    columns = list(zip(*(fields for fields in table if len(fields) == n_fields), strict=True))
    decimal = _find_decimal(place, columns)
    filled = [[f for f in column if f.casefold() not in MISSING] for column in columns]
    words = [sum(not _reads(f, decimal) for f in column) for column in filled]
    ends_empty = n_fields > 1 and not any(columns[-1])
    width = n_fields - ends_empty
    return Dialect(
        separator,
        width,
        decimal,
        texts=[p for p in range(width) if 2 * words[p] > len(filled[p])],
        empty=[p for p in range(width) if not filled[p]],
        ends_empty=ends_empty,
    )


def _find_start(table: Sequence[Sequence[str]], dialect: Dialect) -> int | None:
    """Return the position of the first row; None if there is none."""
    return next((i for i, fields in enumerate(table) if _fits(fields, dialect)), None)


def _fits(fields: Sequence[str], dialect: Dialect) -> bool:
    """Say whether a line is a row, though perhaps one with a fault in it."""
    reads = [_reads(f, dialect.decimal) for f in fields]
    if not any(reads):
        return False
    if len(fields) != dialect.n_fields:
        return 2 * sum(reads) > len(fields) > dialect.n_fields / 2
    numeric = dialect.numeric
    good = sum(reads[p] or fields[p].casefold() in MISSING for p in numeric)
    return 2 * good > len(numeric)


def _find_words(table: Sequence[Sequence[str]], dialect: Dialect) -> list[int]:
    """Return the positions of the columns of numbers that hold some words, too."""
    rows = [fields for fields in table if len(fields) == dialect.n_fields]

    def is_word(field: str) -> bool:
        return field.casefold() not in MISSING and not _reads(field, dialect.decimal)

    return [p for p in dialect.numeric if any(is_word(fields[p]) for fields in rows)]


def _begins_with_count(table: Sequence[Sequence[str]], dialect: Dialect) -> bool:
    """Say whether the first row has names such as 0, 1, 2: pandas' for columns without any."""
    first, *rest = table
    numbers = [f for f in first if _reads(f, dialect.decimal)]
    if not numbers or not _counts(numbers):
        return False
    if len(numbers) >= _SHORTEST_COUNT or (first[0] == "" and numbers[0] == "0"):
        return True
    words = [p for p, f in enumerate(first) if f.casefold() not in MISSING | set(numbers)]
    if words:
        return any(p in dialect.numeric for p in words)
    return numbers[0] == "0" and len(numbers) == len(first) and _differ(rest, dialect.decimal)


def _differ(rest: Sequence[Sequence[str]], decimal: str) -> bool:
    """Say whether rows cannot be taken for the next ones after 0, 1: fractions, or far away."""
    fields = [f for row in rest for f in row if _reads(f, decimal)]
    if not any(f.lstrip("+-").isdecimal() for f in fields):
        return bool(fields)
    values = [float(f.replace(decimal, ".")) for f in fields]
    return min(map(abs, values)) > max(values) - min(values)


def _reads(field: str, decimal: str) -> bool:
    """Say whether a field is a number with this decimal sign."""
    return is_number(field if decimal == "." else field.replace(".", "x").replace(",", "."))


def _like_number(field: str) -> bool:
    """Say whether a field is a number with one decimal sign or the other."""
    return is_number(field) or bool(_COMMA_NUMBER.fullmatch(field))


def _counts(numbers: Sequence[str]) -> bool:
    """Say whether numbers are consecutive, such as 0, 1, 2."""
    if not all(number.isdecimal() and len(number) < 10 for number in numbers):
        return False
    return all(int(b) - int(a) == 1 for a, b in pairwise(numbers))


def _find_separator(tail: Sequence[str], lines: Sequence[str]) -> str:
    """Find the sign that cuts most rows into numbers, those first that cannot be part of one."""
    best, best_share = _SEPARATORS[1], -1.0
    for separator in _SEPARATORS:
        table = [split_row(row, separator) for row in tail]
        if Counter(map(len, table)).most_common(1)[0][0] < 2:
            continue
        fields = [f for row in table for f in row]
        share = sum(_like_number(f) or f.casefold() in MISSING for f in fields) / len(fields)
        if share > best_share + _CLEARLY:
            best, best_share = separator, share
    one_name = any("," not in row and not is_number(row.strip()) for row in lines)
    if best == "," and one_name and _may_be_one_number(tail):
        return _SEPARATORS[1]  # one name above numbers with a decimal comma
    return best


def _may_be_one_number(rows: Sequence[str]) -> bool:
    plain = [row.strip() for row in rows if not row[:1].isalpha()]
    return bool(plain) and all(map(_ONE_OR_TWO.fullmatch, plain))


def _refuse_decimal_commas(place: str, rows: Sequence[str], separator: str) -> None:
    """Refuse rows such as -145,23 which are one number or two, unless their first parts count."""
    if separator != "," or not _may_be_one_number(rows):
        return
    firsts = [int(row.partition(",")[0]) for row in rows if _ONE_OR_TWO.fullmatch(row.strip())]
    steps = {b - a for a, b in pairwise(firsts)}
    if len(firsts) > 2 and len(steps) == 1 and steps != {0}:
        return
    raise DatasetError(
        f"{place}: {rows[0].strip()!r} may be one number with a decimal comma, or two columns. "
        "Export it with decimal points, or write the names of the columns in a line above them."
    )


def _find_decimal(place: str, columns: Sequence[Sequence[str]]) -> str:
    """Find out the decimal sign of columns of numbers."""
    fields = [field for column in columns for field in column]
    commas = sum(bool(_COMMA_NUMBER.fullmatch(field)) for field in fields)
    points = sum(bool(_POINT_NUMBER.fullmatch(field)) for field in fields)
    if commas and points:
        raise DatasetError(
            f"{place} has numbers with decimal commas and numbers with decimal points. Export it "
            "with points, and without signs between thousands."
        )
    return "," if commas else "."


# Names


def _names_above(
    place: str, lines: Sequence[tuple[int, str]], dialect: Dialect
) -> list[tuple[int, list[str]]]:
    """Find the line of names right above the rows, and a line of units below it; lowest first."""
    found: list[tuple[int, list[str]]] = []
    for number, row in reversed(lines):
        is_comment = row.startswith(COMMENTS)
        fields = _as_names(row, dialect, is_comment)
        if fields is not None:
            found.append((number, fields))
        elif not is_comment:
            _refuse_wrong_header(place, row, dialect, found)
            break
        if len(found) == 2:
            break
    return found


def _as_names(row: str, dialect: Dialect, is_comment: bool) -> list[str] | None:
    """Cut a line into names, one for each column; None if it has none."""
    text = row.lstrip("#% \t") if is_comment else row
    for separator in (dialect.separator, *(_SEPARATORS if is_comment else ())):
        fields = [field.strip("'\"") for field in split_row(text, separator)]
        words = [f for f in fields if f.casefold() not in MISSING and not is_number(f)]
        numbers = [f for f in fields if is_number(f)]
        if '"' in row and separator == _BLANKS and len(fields) == dialect.n_fields - 1:
            fields.insert(0, "")  # R gives no name to the numbers of its rows
        widths = {dialect.width}
        widths |= {dialect.n_fields} if separator == dialect.separator else set()
        counts = not numbers or (_counts(numbers) and int(numbers[0]) < 2)
        if len(fields) in widths and words and counts:
            # A remark above a single column is no name.
            return None if is_comment and dialect.n_fields == 1 and " " in text else fields
    return None


def _refuse_wrong_header(
    place: str, row: str, dialect: Dialect, found: Sequence[tuple[int, list[str]]]
) -> None:
    """Refuse a line of words right above the rows that has not one for each column."""
    fields = split_row(row, dialect.separator)
    if found or dialect.separator == _BLANKS or len(fields) < 2 or any(map(_like_number, fields)):
        return
    raise _header_mismatch(place, len(fields), dialect.n_fields)


def _header_mismatch(place: str, n_names: int, width: int) -> DatasetError:
    return DatasetError(
        f"{place}: the header has {n_names} names, but the rows have {width} values.",
        "Give every column a name, or pass {} and take the first line away.",
        ("header", False),
    )


def _name_columns(
    place: str, above: Sequence[tuple[int, list[str]]], dialect: Dialect
) -> tuple[list[str] | None, list[str] | None]:
    """Return names and units of the columns, where there are any."""
    if not above:
        return None, None
    lines = [fields for _, fields in above]
    has_units = len(lines) == 2 and all(not f or _is_unit(f) for f in lines[0])
    names, units = (lines[1], lines[0]) if has_units else (lines[0], None)
    if len(names) not in (dialect.n_fields, dialect.width):
        raise _header_mismatch(place, len(names), dialect.n_fields)
    return names, units and [unit.strip("'\"()[]") for unit in units]


def _is_unit(field: str) -> bool:
    return bool(_UNIT.fullmatch(field.strip("'\"()[]")))


# The header of a .ts or .arff file


def settle_headed(place: str, form: str, head: Lines) -> Dialect:
    """Find out how a .ts or .arff file is written, whose header says so; see `settle_dialect`."""
    end = _end_of_header(place, form, head.rows)
    first = next((row for row in head.rows[end:] if row), "")
    if not first:
        raise DatasetError(f"{place} holds no data after its header (line {head.first + end - 1}).")
    if form == ".ts":
        return _settle_ts(head.rows[:end], first, head.first + end)
    names, kinds = _read_attributes(place, head.rows[: end - 1])
    if not names:  # bare headers circulate, and their rows can still be read
        fields = split_row(first, ",")
        texts = [p for p, f in enumerate(fields) if f and not is_number(f)]
        return Dialect(",", len(fields), texts=texts, first=head.first + end)
    words = [p for p, kind in enumerate(kinds) if kind is None or not all(map(is_number, kind))]
    classes = [p for p, kind in enumerate(kinds) if kind is None or kind]
    return Dialect(
        ",",
        len(names),
        names=names,
        texts=words,
        first=head.first + end,
        known_label=classes[0] if len(classes) == 1 else None,
    )


def _end_of_header(place: str, form: str, lines: Sequence[str]) -> int:
    """Return the position of the first line after ``@data``."""
    comment = {".ts": "#", ".arff": "%"}[form]
    for number, line in enumerate(lines, 1):
        if line.strip().lower() == "@data":
            return number
        if line and not line.lstrip().startswith(("@", comment)):
            raise DatasetError(
                f"{place}, line {number}: {line[:20]!r} stands before the line '@data', where only "
                f"lines that begin with '@' or {comment!r} belong."
            )
    raise DatasetError(f"{place} has no line '@data': the file ends within its header.")


def _settle_ts(header: Sequence[str], first_row: str, first: int) -> Dialect:
    labelled = not any(re.match(r"@classlabel\s+false", row.strip(), re.I) for row in header)
    last = first_row.count(",") + first_row.count(":")
    worded = labelled and not is_number(first_row.rpartition(":")[2].strip())
    return Dialect(
        ",",
        last + 1,
        texts=[last] if worded else [],
        first=first,
        known_label=last if labelled else None,
        colon=labelled,
    )


def _read_attributes(
    place: str, header: Sequence[str]
) -> tuple[list[str], list[Sequence[str] | None]]:
    """Return the names of an .arff file's columns, and their classes: () for numbers."""
    from scipy.io import arff

    with library_faults(place):
        _, meta = arff.loadarff(io.StringIO("\n".join([*header, "@data", ""])))
        names = list(meta.names())
        kinds = [meta[name] for name in names]
    return names, [None if kind == "date" else classes or () for kind, classes in kinds]
