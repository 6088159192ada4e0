"""How a table of text is written: separator, decimal sign, header, and which columns are words.

All of it is settled on the first rows, once; a row further down that is written differently is a
fault, and not a new guess.
"""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ecglab.datasets._columns import Choices
from ecglab.datasets._rows import WHITE_SPACE, is_number, split_row
from ecglab.datasets._tables import COMMENTS, end_of_header
from ecglab.errors import DatasetError

__all__ = ["MISSING", "Dialect", "Lines", "settle_dialect", "split_fields"]

MISSING = frozenset({"", "?", "na", "n/a", "nan", "null", "none", "-"})
"""What stands, in small letters, where a value is missing: neither a number nor a label."""

_SAMPLE = 50  # rows from which the dialect is taken
_SHORTEST_COUNT = 5  # 1, 2, 3, 4, 5 are names of columns; 1, 2, 3 may be anything
_COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
_POINT_NUMBER = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?", re.ASCII)
_ATTRIBUTE = re.compile(r"""@attribute\s+('[^']*'|"[^"]*"|\S+)\s+(.*)""", re.IGNORECASE)


@dataclass(frozen=True)
class Lines:
    """Consecutive lines, blank ones included, without blanks at their ends."""

    first: int  # number of the first, from 1
    rows: list[str]


@dataclass(frozen=True)
class Dialect:
    """How the rows of one file are written."""

    separator: str
    decimal: str = "."
    names: Sequence[str] | None = None
    texts: Sequence[int] = ()  # positions of columns that hold text
    width: int = 0
    known_label: int | None = None  # position, where the form itself says so
    colon_before_label: bool = False


def settle_dialect(place: str, form: str, head: Lines, choices: Choices) -> tuple[Dialect, Lines]:
    """Find out how a file is written.

    Parameters
    ----------
    place : str
        What an error calls the file.
    form : str
        Its extension.
    head : Lines
        Its first lines.
    choices : Choices
        What the caller says about it.

    Returns
    -------
    dialect : Dialect
        How it is written.
    rows : Lines
        What is left of the first lines after the header.

    Raises
    ------
    DatasetError
        If there is nothing but a header, or how the rows are written cannot be told.
    """
    if form in COMMENTS:
        dialect, rows = _headed(place, form, head)
    else:
        dialect, rows = _plain(place, head, choices)
    if not any(rows.rows):
        raise DatasetError(f"{place} holds no data after its header.")
    return dialect, rows


def split_fields(row: str, separator: str) -> list[str]:
    """Cut a row into fields, and take quotation marks off."""
    if '"' in row and separator != WHITE_SPACE:
        try:
            return [field.strip() for field in next(csv.reader([row], delimiter=separator))]
        except (csv.Error, StopIteration):
            return row.split(separator)
    return [field.strip('"') for field in split_row(row, separator)]


# How csv, tsv and txt are written


def _plain(place: str, head: Lines, choices: Choices) -> tuple[Dialect, Lines]:
    """Settle the dialect of a file on its first rows; return it and what comes after a header."""
    skipped = next(
        (i for i, row in enumerate(head.rows) if row and not row.startswith("#")), len(head.rows)
    )
    head = Lines(head.first + skipped, head.rows[skipped:])
    sample = [row for row in head.rows[: 10 * _SAMPLE] if row][: _SAMPLE + 1]
    if not sample:
        raise DatasetError(f"{place} holds no data, only comments.")
    separator, decimal = _sniff(place, sample[1:] or sample)
    fields = [split_fields(row, separator) for row in sample]
    has_header = choices.header if choices.header != "auto" else _is_header(fields, decimal)
    names = fields.pop(0) if has_header else None
    if not fields:
        raise DatasetError(f"{place} holds no data, only a header.")
    if has_header:
        head = Lines(head.first + 1, head.rows[1:])
    width = Counter(map(len, fields)).most_common(1)[0][0]
    columns = list(zip(*(row for row in fields if len(row) == width), strict=True))
    _refuse_final_separators(place, columns, names, choices)
    if names is not None and len(names) != width:
        raise DatasetError(
            f"{place}: the header has {len(names)} names, but the rows have {width} values. "
            "Give every column a name, or pass header=False and take the first line away."
        )
    texts = [p for p, column in enumerate(columns) if _is_text(column, decimal)]
    texts += _labels_with_letters(columns, names, choices, decimal, texts)
    return Dialect(separator, decimal, names, sorted(texts), width), head


def _refuse_final_separators(
    place: str,
    columns: Sequence[Sequence[str]],
    names: Sequence[str] | None,
    choices: Choices,
) -> None:
    """Refuse rows that end in a separator, unless the caller leaves out what comes after it."""
    last = len(columns) - 1
    named = names is not None and len(names) > last and names[last] != ""
    if named or any(columns[last]) or not {last, -1}.isdisjoint(choices.ignore_columns):
        return
    raise DatasetError(
        f"{place}: the rows end in a separator, so that column {last} is empty. Leave it out with "
        f"ignore_columns=[{last}], or export the table without these separators."
    )


def _sniff(place: str, rows: list[str]) -> tuple[str, str]:
    """Find out the separator and the decimal sign of rows of numbers."""
    separator = _sniff_separator(place, rows)
    if separator == ",":
        return separator, "."
    fields = [field for row in rows for field in split_fields(row, separator)]
    commas = sum(bool(_COMMA_NUMBER.fullmatch(field)) for field in fields)
    points = sum(bool(_POINT_NUMBER.fullmatch(field)) for field in fields)
    if commas and points:
        raise DatasetError(
            f"{place} has numbers with decimal commas and numbers with decimal points. Export it "
            "with points, and without signs between thousands."
        )
    return separator, "," if commas else "."


def _sniff_separator(place: str, rows: list[str]) -> str:
    """Find a sign that most rows hold, those first that cannot be part of a number."""

    def in_most(holds: Sequence[bool]) -> bool:
        return 2 * sum(holds) > len(holds)

    for separator in (";", "\t"):
        if in_most([separator in row for row in rows]):
            return separator
    words = [word for row in rows for word in row.split()]
    comma_words = sum(bool(_COMMA_NUMBER.fullmatch(word)) for word in words)
    if in_most([len(row.split()) > 1 for row in rows]) and 2 * comma_words > len(words):
        return WHITE_SPACE  # 0,5 1,25: the commas are decimal ones
    if in_most(["," in row for row in rows]):
        return ","
    if in_most([len(row.split()) > 1 for row in rows]):
        return WHITE_SPACE
    raise DatasetError(
        f"{place} has one value in a row, or separates them by something else than commas, "
        "semicolons, tabs or blanks. A row must be one beat: export the table as .csv."
    )


def _is_header(fields: list[list[str]], decimal: str) -> bool:
    """Say whether the first row holds names.

    It does if its words stand above numbers, and if what numbers it has just count the columns,
    as pandas numbers those that have no name. A first beat with a fault in it does neither.
    """
    first, *rest = fields
    numbers = [field for field in first if _reads(field, decimal)]
    words = [
        p
        for p, field in enumerate(first)
        if field.casefold() not in MISSING and not _reads(field, decimal)
    ]
    counting = _counts(numbers)
    if not words:
        return counting and len(numbers) >= _SHORTEST_COUNT
    if numbers and not counting:
        return False
    if not rest:
        return not numbers
    return any(not _is_text([row[p] for row in rest if p < len(row)], decimal) for p in words)


def _counts(numbers: list[str]) -> bool:
    """Say whether numbers are consecutive, such as 0, 1, 2."""
    if not all(number.isdecimal() and len(number) < 10 for number in numbers):
        return False
    return all(int(b) - int(a) == 1 for a, b in pairwise(numbers))


def _is_text(column: Sequence[str], decimal: str) -> bool:
    """Say whether most of a column's values are words; a few are faults in a column of numbers."""
    words = sum(f.casefold() not in MISSING and not _reads(f, decimal) for f in column)
    return 2 * words > len(column)


def _labels_with_letters(
    columns: Sequence[Sequence[str]],
    names: Sequence[str] | None,
    choices: Choices,
    decimal: str,
    texts: Sequence[int],
) -> list[int]:
    """Return the label that the caller names, if it has but a few words among its numbers."""
    label = choices.label_column
    if label is None or label == "auto":
        return []
    if isinstance(label, str):
        position = list(names).index(label) if names and label in names else None
    else:
        position = label % len(columns) if -len(columns) <= label < len(columns) else None
    if position is None or position in texts:
        return []
    has_words = any(
        field.casefold() not in MISSING and not _reads(field, decimal)
        for field in columns[position]
    )
    return [position] if has_words else []


def _reads(field: str, decimal: str) -> bool:
    return is_number(field.replace(decimal, "."))


# How ts and arff are written


def _headed(place: str, form: str, head: Lines) -> tuple[Dialect, Lines]:
    """Read the header of a .ts or .arff file; return what it says, and what comes after it."""
    end = end_of_header(head.rows, COMMENTS[form], place)
    header, rows = head.rows[:end], head.rows[end:]
    rest = Lines(head.first + end, rows)
    first = next((row for row in rows if row), "")
    if form == ".ts":
        labelled = not any(re.match(r"@classlabel\s+false", row.strip(), re.I) for row in header)
        last = first.count(",") + first.count(":")
        worded = labelled and not is_number(first.rpartition(":")[2].strip())
        return Dialect(
            ",",
            texts=[last] if worded else [],
            width=last + 1,
            known_label=last if labelled else None,
            colon_before_label=labelled,
        ), rest
    attributes = [match for row in header if (match := _ATTRIBUTE.match(row.strip()))]
    if not attributes:  # bare headers circulate, and their rows can still be read
        texts = [p for p, f in enumerate(split_fields(first, ",")) if f and not is_number(f)]
        return Dialect(",", texts=texts, width=len(first.split(","))), rest
    names = [match[1].strip("'\"") for match in attributes]
    return Dialect(
        ",",
        names=names,
        texts=[p for p, match in enumerate(attributes) if _is_nominal(match[2])],
        width=len(names),
    ), rest


def _is_nominal(kind: str) -> bool:
    """Say whether an attribute is a class or a text, and no number."""
    return not kind.strip().casefold().startswith(("numeric", "real", "integer"))
