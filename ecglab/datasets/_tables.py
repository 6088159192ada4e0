"""Reading a table of labelled heartbeats in the forms in which the UCR archive has been published.

The same beats circulate as four kinds of text file:

======== ========================================== ===========================================
form     header                                     one beat a row
======== ========================================== ===========================================
`.txt`   none                                       label first, separated by white space
`.tsv`   none                                       label first, separated by tabs
`.ts`    lines that begin with `@` or `#`, `@data`  samples separated by commas, `:`, label
`.arff`  lines that begin with `@` or `%`, `@data`  samples separated by commas, label last
======== ========================================== ===========================================
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecglab.datasets._rows import WHITE_SPACE, find_fault, parse_rows, split_row
from ecglab.errors import DatasetError

__all__ = ["COMMENTS", "FORMS", "end_of_header", "join_label", "read_table"]


@dataclass(frozen=True)
class _Layout:
    """How one form lays a beat out in a row."""

    separator: str
    comment: str | None = None  # what a header line may begin with besides "@"; None: no header
    label_position: int = 0


_LAYOUTS = {
    ".txt": _Layout(separator=WHITE_SPACE),
    ".tsv": _Layout(separator="\t"),
    ".ts": _Layout(separator=",", comment="#", label_position=-1),
    ".arff": _Layout(separator=",", comment="%", label_position=-1),
}

FORMS = tuple(_LAYOUTS)
"""The forms that `read_table` reads, named by their file extensions."""

COMMENTS = {form: layout.comment for form, layout in _LAYOUTS.items() if layout.comment}
"""What a header line may begin with besides "@", for the forms that have a header."""


def read_table(
    content: bytes, form: str, name: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Read the beats and their labels from the bytes of one file.

    Parameters
    ----------
    content : bytes
        The whole file.
    form : {".txt", ".tsv", ".ts", ".arff"}
        Which of the four forms it has.
    name : str
        What to call the file in an error.

    Returns
    -------
    signals : ndarray of float64, shape (n_beats, n_samples)
        One beat a row.
    labels : ndarray of int, shape (n_beats,)
        The class of each beat.

    Raises
    ------
    DatasetError
        If the file is empty, ragged, or holds anything but finite numbers and whole labels; the
        message names the file, the line and what is wrong there.
    """
    layout = _LAYOUTS[form]
    # Spaces at the end of a line mean nothing in any form; without them, blank lines are empty.
    lines = [line.rstrip() for line in _decode(content).split("\n")]
    if not any(lines):
        raise DatasetError(f"{name} is empty.")
    first = 0 if layout.comment is None else end_of_header(lines, layout.comment, name)
    rows = lines[first:]
    if not any(rows):
        raise DatasetError(f"{name} holds no data after its header (line {first}).")
    if form == ".ts":
        rows = [join_label(row, f"{name}, line {i}") for i, row in enumerate(rows, first + 1)]
    table = parse_rows(rows, layout.separator)
    if table is None:
        raise DatasetError(f"{name}{_first_fault(rows, layout.separator, first + 1)}")
    if table.shape[1] < 2:
        raise DatasetError(f"{name} holds one value a row: a label and samples are needed.")
    labels = _whole_labels(table[:, layout.label_position], name)
    return np.delete(table, layout.label_position, axis=1), labels


def _decode(content: bytes) -> str:
    """Turn bytes into text with Unix line ends; bytes that are no text become no numbers either."""
    text = content.decode("utf-8-sig", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def end_of_header(lines: Sequence[str], comment: str, name: str) -> int:
    """Return the position of the first line after ``@data``."""
    for number, line in enumerate(lines, 1):
        if line.strip().lower() == "@data":
            return number
        if line and not line.lstrip().startswith(("@", comment)):
            raise DatasetError(
                f"{name}, line {number}: {line[:20]!r} stands before the line '@data', where only "
                f"lines that begin with '@' or {comment!r} belong."
            )
    raise DatasetError(f"{name} has no line '@data': the file ends within its header.")


def join_label(row: str, place: str) -> str:
    """Turn ``v1,v2,...,v140:label`` into ``v1,v2,...,v140,label``."""
    samples, colon, label = row.partition(":")
    if row and (not colon or not samples or "," in label or ":" in label):
        raise DatasetError(f"{place}: a row must be the samples, one ':' and one label.")
    return f"{samples},{label}" if row else row


def _first_fault(rows: list[str], separator: str, first_number: int) -> str:
    """Find the first fault in rows that could not be parsed, slowly, and put it into words."""
    width = None
    for number, row in enumerate(rows, first_number):
        if not row:
            continue
        fault = find_fault(row, separator, width)
        if fault is not None:
            return f", line {number}{fault}"
        width = width or len(split_row(row, separator))
    return " is not a table of numbers."


def _whole_labels(labels: npt.NDArray[np.float64], name: str) -> npt.NDArray[np.int64]:
    """Turn labels such as 1.0 into integers, and refuse 1.5."""
    strange = labels[(np.abs(labels) > np.iinfo(np.int32).max) | (labels != np.round(labels))]
    if strange.size:
        raise DatasetError(f"{name}: the label {strange[0]:g} is not a whole number.")
    return labels.astype(np.int64)
