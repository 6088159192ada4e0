"""Reading EDF, EDF+ and BDF files, which edfio decodes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecglab.datasets._raw import (
    BEAT_SYMBOLS,
    BeatMarks,
    RawLead,
    check_length,
    check_rate,
    choose_lead,
    import_reader,
    sha256_of,
)
from ecglab.errors import DatasetError

__all__ = ["read_edf"]


def read_edf(path: Path, lead: str | int | None, annotations: str | None) -> RawLead:
    """Read one lead of an EDF, EDF+ or BDF file.

    Parameters
    ----------
    path : Path
        The file.
    lead : str, int or None
        As for `choose_lead`.
    annotations : str or None
        None leaves the file's own annotations aside.

    Returns
    -------
    RawLead
        In the unit that the file states.

    Raises
    ------
    DatasetError
        If the file is empty, damaged, cut off or interrupted, or the lead is missing.
    """
    if path.stat().st_size == 0:
        raise DatasetError(f"{path} is empty.")
    edf = _Edf(path)
    if not edf.is_continuous:
        raise DatasetError(
            f"{path} has interruptions (EDF+D), and beats cannot be timed across them. Save it as "
            "continuous parts."
        )
    position = choose_lead(str(path), edf.names, lead)
    values, limits = edf.read(position)
    check_length(str(path), len(values))
    return RawLead(
        place=str(path),
        values=values,
        rate=check_rate(str(path), edf.rates[position]),
        lead=edf.names[position],
        limits=limits,
        marks=_marks_of(path, edf.notes) if annotations is not None else None,
        provenance={f"sha256 of {path.name}": sha256_of(path)},
    )


class _Edf:
    """What edfio says of a file, with its errors in our words."""

    def __init__(self, path: Path) -> None:
        edfio = import_reader("edfio")
        self.path = path
        reader = edfio.read_bdf if path.suffix.lower() == ".bdf" else edfio.read_edf
        try:
            with np.errstate(all="ignore"):
                edf = reader(path)
                self.signals = list(edf.signals)
                self.names = [
                    str(signal.label).strip() or f"signal {number}"
                    for number, signal in enumerate(self.signals)
                ]
                self.rates = [float(signal.sampling_frequency) for signal in self.signals]
                self.notes = [(float(note.onset), str(note.text)) for note in edf.annotations]
                self.is_continuous = bool(edf.is_continuous)
        except Exception as error:  # the parser meets any bytes, and fails in as many ways
            raise self._damaged(error) from error

    def read(self, position: int) -> tuple[npt.NDArray[np.float64], tuple[float, float]]:
        """Return the samples of one signal, and the range that the recorder can store."""
        signal = self.signals[position]
        try:
            with np.errstate(all="ignore"):
                values = np.array(signal.data, dtype=np.float64)
                ends = float(signal.physical_min), float(signal.physical_max)
        except Exception as error:  # samples are read only now
            raise self._damaged(error) from error
        return values, (min(ends), max(ends))

    def _damaged(self, error: Exception) -> DatasetError:
        """Put an error of the parser into words."""
        return DatasetError(
            f"{self.path} cannot be read as EDF ({type(error).__name__}: {error}). It is damaged, "
            "or was cut off."
        )


def _marks_of(path: Path, notes: Sequence[tuple[float, str]]) -> BeatMarks | None:
    """Take the beats out of an EDF+ file's annotations, where a text is a beat's code."""
    beats = sorted((onset, text.strip()) for onset, text in notes if text.strip() in BEAT_SYMBOLS)
    if not beats:
        return None
    times, symbols = zip(*beats, strict=True)
    return BeatMarks(np.array(times), np.array(symbols, dtype=np.str_), origin=path.name)
