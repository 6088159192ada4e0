"""Reading plain columns of samples: text, or a NumPy array."""

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.datasets._raw import RawLead, check_length, check_rate, choose_lead, sha256_of
from ecglab.errors import DatasetError

__all__ = ["read_table"]

_TEXT_LIMIT = 2**30  # bytes; a day of one lead at 360 Hz has 200 million
_TIME_NAME = re.compile(r".*(time|seconds|sample).*|t|s|index|#", re.IGNORECASE)


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
        If there is no sampling rate, a row is no row of numbers, or the file is too large.
    """
    if sampling_rate is None:
        raise DatasetError(
            f"{path} does not say how many samples a second it has: pass sampling_rate, in Hz."
        )
    rate = check_rate(str(path), sampling_rate)
    columns = _read_array(path) if path.suffix.lower() == ".npy" else _read_text(path)
    signals = [name for name in columns if not (len(columns) > 1 and _TIME_NAME.fullmatch(name))]
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


def _read_array(path: Path) -> dict[str, npt.NDArray[np.float64]]:
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


def _read_text(path: Path) -> dict[str, npt.NDArray[np.float64]]:
    """Read the columns of a text, with or without a header."""
    if path.stat().st_size > _TEXT_LIMIT:
        raise DatasetError(
            f"{path} has more than {_TEXT_LIMIT // 2**20} MiB. Save it as .npy, or cut it in parts."
        )
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = file.readline(2**16).strip()
    separator = next((mark for mark in "\t;," if mark in first), r"\s+")
    try:
        fields = re.split(separator, first)
        named = not all(_is_number(field) for field in fields)
        table = pd.read_csv(
            path,
            sep=separator,
            header=0 if named else None,
            dtype=np.float64,
            encoding="utf-8-sig",
            encoding_errors="replace",
            skipinitialspace=True,
            na_values=["-"],
        )
    except (ValueError, pd.errors.ParserError, OverflowError) as error:
        raise DatasetError(
            f"{path} cannot be read: {_find_fault(path, separator) or str(error).strip()}. A "
            "recording is a table of numbers, one row a sample and one column a lead, at most one "
            "line of names above them."
        ) from error
    names = [
        str(name).strip().strip("'\"") if named else f"column {n}" for n, name in enumerate(table)
    ]
    if len(set(names)) != len(names):
        raise DatasetError(f"{path} has two columns of one name: {', '.join(names)}.")
    return {name: table.iloc[:, n].to_numpy() for n, name in enumerate(names)}


def _find_fault(path: Path, separator: str) -> str | None:
    """Name the first line that is no row of numbers, or has not as many as the first."""
    width = None
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            fields = re.split(separator, line.strip())
            if width is None:
                width = len(fields)
            elif len(fields) != width or not all(_is_number(field) for field in fields):
                return f"line {number} is {line.strip()[:60]!r}"
    return None


def _is_number(field: str) -> bool:
    """Say whether a field of the first line is a number, or the lack of one."""
    try:
        float(field or "nan")
    except ValueError:
        return field == "-"
    return True
