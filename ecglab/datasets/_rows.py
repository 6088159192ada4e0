"""Rows of text to numbers: fast where they are right, with the place of the fault where not."""

import csv
import io
import math
import re

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["WHITE_SPACE", "find_fault", "is_number", "parse_rows", "split_row"]

WHITE_SPACE = r"\s+"
"""The separator, as pandas and `re` spell it, of columns with any number of blanks in between."""

_WORD = re.compile(r"[^ \t]+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def is_number(field: str) -> bool:
    """Say whether a field is one finite number, written in the plain way."""
    return bool(_NUMBER.fullmatch(field)) and math.isfinite(float(field))


def split_row(row: str, separator: str) -> list[str]:
    """Cut a row into its fields, without the blanks around them."""
    if separator == WHITE_SPACE:
        return _WORD.findall(row)
    return [field.strip(" ") for field in row.split(separator)]


def parse_rows(rows: list[str], separator: str) -> npt.NDArray[np.float64] | None:
    """Read rows of finite numbers, fast; None if there is any fault in them.

    Parameters
    ----------
    rows : list of str
        Without blanks at their ends; empty ones are passed over.
    separator : str
        One character, or `WHITE_SPACE`.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), or None
        The numbers.
    """
    content = "\n".join(rows).encode(errors="replace")
    blanks = " \t" if separator == WHITE_SPACE else separator
    # pandas would read "True" as 1 and a vertical tab as a space: let through only what numbers
    # are written with, so that nothing wrong is read silently.
    if content.translate(None, f"0123456789+-.eE\n{blanks}".encode()):
        return None
    try:
        table = pd.read_csv(
            io.BytesIO(content),
            sep=separator,
            header=None,
            dtype=np.float64,
            na_filter=False,  # no word stands for NaN here, and not looking for any is faster
            quoting=csv.QUOTE_NONE,
        ).to_numpy()
    except ValueError:  # pandas' ParserError is one, too
        return None
    return table if np.isfinite(table).all() else None


def find_fault(row: str, separator: str, width: int | None) -> str | None:
    """Find the first fault in one row, slowly, and put it into words; None if there is none.

    Parameters
    ----------
    row : str
        The row.
    separator : str
        One character, or `WHITE_SPACE`.
    width : int or None
        How many values a row must have, where that is known.

    Returns
    -------
    str or None
        What an error says after the place of the row.
    """
    fields = split_row(row, separator)
    for position, field in enumerate(fields, 1):
        if not is_number(field):
            return f", value {position}: {field[:20]!r} is not a finite number."
    if width is not None and len(fields) != width:
        return f": {len(fields)} values, but {width} in the rows before it."
    return None
