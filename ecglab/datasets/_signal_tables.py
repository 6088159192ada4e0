"""Reading plain columns of samples: text, or a NumPy array."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.datasets._raw import RawLead, check_length, check_rate, choose_lead, sha256_of
from ecglab.datasets._table_dialect import split_row as split_fields
from ecglab.errors import DatasetError

__all__ = ["read_table"]

WHITE_SPACE = r"\s+"
_TEXT_LIMIT = 2**30  # bytes; a day of one lead at 360 Hz has 200 million
_TIME_NAME = re.compile(
    r".*(time|seconds|sample|elapsed).*|(.*[^a-z])?date([^a-z].*)?|t|s|ms|index|#", re.IGNORECASE
)
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+", re.ASCII)
_N_FIRST = 50  # lines from which the form of a text is taken
_FEWEST_STEPS = 10  # samples; any two of them are evenly spaced

FloatArray = npt.NDArray[np.float64]

_logger = logging.getLogger(__name__)


def read_table(path: Path, lead: str | int | None, sampling_rate: float | None) -> RawLead:
    """Read one column of samples.

    Parameters
    ----------
    path : Path
        A NumPy array (``.npy``), or a text with commas, semicolons, tabs or blanks between columns.
    lead : str, int or None
        As for `choose_lead`, among the columns that do not hold the time.
    sampling_rate : float or None
        Samples a second, which a table does not say.

    Returns
    -------
    RawLead
        Without annotations.

    Raises
    ------
    DatasetError
        If there is no sampling rate, a row is no row of numbers or not as long as the others,
        names and columns do not go together, commas may be decimal ones, or the file is too large.

    Notes
    -----
    The time is left out: columns that are named so, and a first column that rises in equal steps.
    """
    if sampling_rate is None:
        raise DatasetError(
            f"{path} does not say how many samples a second it has: pass sampling_rate, in Hz."
        )
    rate = check_rate(str(path), sampling_rate)
    columns = _read_array(path) if path.suffix.lower() == ".npy" else _read_text(path)
    signals = _leave_out_time(path, columns)
    name = signals[choose_lead(str(path), signals, lead)]
    values = columns[name]
    check_length(str(path), len(values))
    return RawLead(
        place=str(path),
        values=np.where(np.isfinite(values), values, np.nan),
        rate=rate,
        lead=name,
        provenance={f"sha256 of {path.name}": sha256_of(path)},
    )


def _read_array(path: Path) -> dict[str, FloatArray]:
    """Read the columns of a NumPy array; without pickle, so that no code in it can run."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if array.ndim not in (1, 2) or array.dtype.kind not in "iuf":
            raise ValueError(f"it holds {array.dtype} in the shape {array.shape}")
        check_length(str(path), len(array))
        columns = np.asarray(array if array.ndim == 2 else array[:, None], dtype=np.float64)
    except (ValueError, EOFError, OverflowError, SyntaxError, TypeError) as error:
        raise DatasetError(
            f"{path} cannot be read: {error}. A recording is an array of numbers, one row a "
            "sample and one column a lead."
        ) from error
    return {f"column {n}": columns[:, n] for n in range(columns.shape[1])}


def _leave_out_time(path: Path, columns: dict[str, FloatArray]) -> list[str]:
    """Return the columns that do not hold the time, by their names and by what is in the first."""
    names = list(columns)
    if len(names) == 1:
        return names
    signals = [name for name in names if not _TIME_NAME.fullmatch(name)]
    if len(signals) > 1 and signals[0] == names[0] and _is_evenly_spaced(columns[names[0]]):
        _logger.info("%s: %s rises evenly, so it is taken for the time.", path, names[0])
        del signals[0]
    return signals


def _is_evenly_spaced(values: FloatArray) -> bool:
    """Say whether values rise in equal steps, but for the rounding of a time in milliseconds."""
    if len(values) < _FEWEST_STEPS or not np.isfinite(values).all():
        return False
    step = (values[-1] - values[0]) / (len(values) - 1)
    line = values[0] + step * np.arange(len(values))
    return bool((np.diff(values) > 0).all() and np.abs(values - line).max() < step)


def _read_text(path: Path) -> dict[str, FloatArray]:
    """Read the columns of a text, with or without a header."""
    if path.stat().st_size > _TEXT_LIMIT:
        raise DatasetError(
            f"{path} has more than {_TEXT_LIMIT // 2**20} MiB. Save it as .npy, or cut it in parts."
        )
    form = _settle_form(path)
    try:
        table = pd.read_csv(
            path,
            sep=form.separator,
            header=None,
            names=range(form.width),
            index_col=False,
            skiprows=form.n_skipped,
            dtype=np.float64,
            encoding="utf-8-sig",
            encoding_errors="replace",
            skipinitialspace=True,
            na_values=["-"],
        ).to_numpy()
    except (ValueError, pd.errors.ParserError, OverflowError) as error:
        raise _unreadable(path, _find_fault(path, form) or str(error).strip()) from error
    # pandas fills short rows up without a word, and a row that it filled ends in NaN.
    if np.isnan(table[:, -1]).any() and (fault := _find_fault(path, form, only_width=True)):
        raise _unreadable(path, fault)
    if len(form.names) < form.width and not np.isnan(table[:, -1]).all():
        raise _unreadable(path, "most of its rows end in a separator, and some in one more value")
    return {name: table[:, n] for n, name in enumerate(form.names)}


@dataclass(frozen=True)
class _Form:
    """How a text is written."""

    separator: str
    names: Sequence[str]  # of the columns; one fewer than fields where rows end in a separator
    width: int  # fields in a row
    n_skipped: int  # lines before the first row


def _settle_form(path: Path) -> _Form:
    """Find out how a text is written from its first lines."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        lines = [file.readline(2**16).rstrip("\r\n") for _ in range(_N_FIRST)]
    filled = [n for n, line in enumerate(lines) if line.strip()]
    if not filled:
        raise _unreadable(path, "its first lines are empty")
    first = lines[filled[0]]
    separator = next((mark for mark in "\t;," if mark in first), WHITE_SPACE)
    rows = [split_fields(lines[n], separator) for n in filled]
    named = not all(_is_number(field) for field in rows[0])
    header = rows.pop(0) if named else None
    if not rows:
        raise _unreadable(path, "it holds nothing but names")
    if header is None and separator == ",":
        _refuse_decimal_commas(path, [lines[n] for n in filled])
    names = _name_columns(path, header, rows)
    return _Form(separator, names, len(rows[0]), filled[0] + 1 if named else 0)


def _refuse_decimal_commas(path: Path, lines: Sequence[str]) -> None:
    """Refuse rows such as -145,23, which are one number or two."""
    if all(_DECIMAL_COMMA.fullmatch(line.strip()) for line in lines):
        raise DatasetError(
            f"{path}: {lines[0].strip()!r} may be one number with a decimal comma, or two columns. "
            "Export it with decimal points, or, if there are two columns, write their names in "
            "a line above them."
        )


def _name_columns(
    path: Path, header: Sequence[str] | None, rows: Sequence[Sequence[str]]
) -> list[str]:
    """Name every column, but not the emptiness after a separator that ends every row."""
    width = len(rows[0])
    ends_empty = width > 1 and all(row[-1] == "" for row in rows)
    if header is None:
        return [f"column {n}" for n in range(width - ends_empty)]
    if ends_empty and (len(header) == width - 1 or (len(header) == width and header[-1] == "")):
        header, width = header[: width - 1], width - 1
    if len(header) != width:
        raise DatasetError(
            f"{path}: the header has {len(header)} names, but the first row has {width} values. "
            "Give every column a name, or take the header away."
        )
    names = [name.strip("'") or f"column {n}" for n, name in enumerate(header)]
    if len(set(names)) != len(names):
        raise DatasetError(f"{path} has two columns of one name: {', '.join(names)}.")
    return names


def _unreadable(path: Path, fault: str) -> DatasetError:
    """Say what is wrong with a text, and what is expected of it."""
    return DatasetError(
        f"{path} cannot be read: {fault}. A recording is a table of numbers, one row a sample and "
        "one column a lead, at most one line of names above them."
    )


def _find_fault(path: Path, form: _Form, *, only_width: bool = False) -> str | None:
    """Name the first line that is no row of numbers, or has not as many fields as the first."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if number <= form.n_skipped or not line.strip():
                continue  # pandas passes over blank lines, too
            fields = split_fields(line.rstrip("\r\n"), form.separator)
            wrong = not only_width and not all(_is_number(field) for field in fields)
            if len(fields) != form.width or wrong:
                return f"line {number} is {line.strip()[:60]!r}"
    return None


def _is_number(field: str) -> bool:
    """Say whether a field of the first line is a number, or the lack of one."""
    try:
        float(field or "nan")
    except ValueError:
        return field == "-"
    return True
