"""Reading EDF, EDF+ and BDF files, which edfio decodes."""

from pathlib import Path
from typing import Any

import numpy as np

from ecglab.datasets._raw import (
    BEAT_SYMBOLS,
    BeatMarks,
    RawLead,
    Signals,
    check_length,
    check_rate,
    import_reader,
    library_call,
    sha256_of,
)
from ecglab.errors import DatasetError
from ecglab.reading import Reading

__all__ = ["open_edf"]


def open_edf(path: Path) -> Signals:
    """Open an EDF, EDF+ or BDF file; `DatasetError` if it is empty, damaged or interrupted."""
    if path.stat().st_size == 0:
        raise DatasetError(f"{path} is empty.")
    edfio = import_reader("edfio")
    with library_call(path, "EDF"):
        edf = (edfio.read_bdf if path.suffix.lower() == ".bdf" else edfio.read_edf)(path)
        signals = list(edf.signals)
        names = [str(signal.label).strip() for signal in signals]
        notes = [(float(note.onset), str(note.text).strip()) for note in edf.annotations]
        is_continuous = bool(edf.is_continuous)
    if not is_continuous:
        raise DatasetError(
            f"{path} has interruptions (EDF+D), and beats cannot be timed across them. Save it as "
            "continuous parts."
        )
    return Signals(
        str(path),
        tuple(name or f"signal {number}" for number, name in enumerate(names)),
        lambda position: _read_signal(path, signals[position], names[position]),
        lambda: _marks_of(path, notes),
    )


def _read_signal(path: Path, signal: Any, name: str) -> RawLead:
    """Decode one signal; its samples are read only now."""
    with library_call(path, "EDF"):
        values = np.array(signal.data, dtype=np.float64)
        rate, unit = float(signal.sampling_frequency), str(signal.physical_dimension).strip()
    check_length(str(path), len(values))
    reading = Reading().with_decision("format", path.suffix[1:].upper(), "by its extension")
    reading = reading.with_decision("unit", unit or "unknown", "stated by the file")
    return RawLead(
        place=str(path),
        values=values,
        rate=check_rate(str(path), rate),
        lead=name,
        provenance={f"sha256 of {path.name}": sha256_of(path)},
        reading=reading.with_decision("sampling rate", f"{rate:g} Hz", "stated by the file"),
    )


def _marks_of(path: Path, notes: list[tuple[float, str]]) -> BeatMarks | None:
    """Take the beats out of an EDF+ file's annotations, where a text is a beat's code."""
    beats = sorted((onset, text) for onset, text in notes if text in BEAT_SYMBOLS)
    if not beats:
        return None
    times, symbols = zip(*beats, strict=True)
    return BeatMarks(np.array(times), np.array(symbols, dtype=np.str_), origin=path.name)
