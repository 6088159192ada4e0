"""Reading EDF, EDF+ and BDF files, which edfio decodes."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab._optional import import_optional
from ecglab.datasets._raw import (
    BEAT_SYMBOLS,
    BeatMarks,
    RawLead,
    Signals,
    Stored,
    check_length,
    check_rate,
)
from ecglab.datasets._sources import library_faults, sha256_of
from ecglab.errors import DatasetError
from ecglab.reading import Reading

_logger = logging.getLogger(__name__)


def open_edf(path: Path) -> Signals:
    """Open an EDF, EDF+ or BDF file; `DatasetError` if it is empty, damaged or interrupted."""
    if path.stat().st_size == 0:
        raise DatasetError(f"{path} is empty.")
    edfio = import_optional("edfio")
    with library_faults(path, "read as EDF"):
        edf = (edfio.read_bdf if path.suffix.lower() == ".bdf" else edfio.read_edf)(path)
        signals, n_blocks = list(edf.signals), int(edf.num_data_records)
        labels = [str(signal.label).strip() for signal in signals]
    if not _is_continuous(path, edf):
        raise DatasetError(
            f"{path} has interruptions (EDF+D), and beats cannot be timed across them. Save it as "
            "continuous parts."
        )
    _compare_length(path, n_blocks)
    names = tuple(label or f"signal {number}" for number, label in enumerate(labels))
    return Signals(
        str(path),
        names,
        lambda position: _read_signal(path, signals[position], names[position], n_blocks),
        lambda: _read_marks(path, edf),
    )


def _is_continuous(path: Path, edf: Any) -> bool:
    """Say whether the data records follow each other, as far as the file can tell."""
    try:
        with library_faults(path, "read as EDF+ with times"):
            return bool(edf.is_continuous)
    except DatasetError:  # the samples can be read without them, and the marks will be refused
        return True


def _compare_length(path: Path, n_blocks: int) -> None:
    """Say so if the file ends before its header says."""
    with path.open("rb") as file:
        stated = file.read(244)[236:].strip()
    if stated.isdigit() and n_blocks < int(stated):
        _logger.warning(
            "%s holds %d of the %d data records that its header promises: it was cut off.",
            path,
            n_blocks,
            int(stated),
        )


def _read_signal(path: Path, signal: Any, name: str, n_blocks: int) -> RawLead:
    """Describe one signal; what is asked for of its samples is read then."""
    with library_faults(path, "read as EDF"):
        rate, unit = float(signal.sampling_frequency), str(signal.physical_dimension).strip()
        n_samples = n_blocks * int(signal.samples_per_data_record)

    def read(start: int, stop: int) -> npt.NDArray[np.float64]:
        with library_faults(path, "read as EDF"):
            return np.array(signal.get_data_slice(start / rate, stop / rate), dtype=np.float64)

    check_length(str(path), n_samples)
    reading = Reading().with_decision("format", path.suffix[1:].upper(), "by its extension")
    reading = reading.with_decision("unit", unit or "unknown", "stated by the file")
    return RawLead(
        place=str(path),
        values=Stored(n_samples, read),
        rate=check_rate(str(path), rate),
        lead=name,
        provenance={f"sha256 of {path.name}": sha256_of(path)},
        reading=reading.with_decision("sampling rate", f"{rate:g} Hz", "stated by the file"),
    )


def _read_marks(path: Path, edf: Any) -> BeatMarks | None:
    """Take the beats out of an EDF+ file's annotations, where a text is a beat's code."""
    try:
        with library_faults(path, "read as EDF+ with annotations"):
            notes = [(float(note.onset), str(note.text).strip()) for note in edf.annotations]
    except DatasetError as error:  # the signals can be read without them
        _logger.warning("%s R peaks are detected instead.", error)
        return None
    beats = sorted((onset, text) for onset, text in notes if text in BEAT_SYMBOLS)
    if not beats:
        return None
    times, symbols = zip(*beats, strict=True)
    return BeatMarks(np.array(times), np.array(symbols, dtype=np.str_), origin=path.name)
