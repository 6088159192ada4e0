"""Recordings to time: simulated, as long as wanted, in a file, from there to the report."""

from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from speed_rows import Row, Task, Way

from ecglab.datasets import make_record, read_record
from ecglab.recordings import analyse, write_annotations, write_report, write_strange_beats

__all__ = ["LONG_ROWS", "report_on", "write_recording"]

DAY = 24.0  # hours
ALONE = 4.0  # hours that are simulated; longer recordings repeat them
SLICE = 0.5  # hours that the usual ways are given
UNITS = 200  # of the file for one mV


def write_recording(folder: Path, hours: float) -> Path:
    """Write a simulated lead to a WFDB record; return its header."""
    read_again = make_record(60 * min(hours, ALONE), random_state=0).read_again
    assert read_again is not None  # what was simulated is kept
    lead = read_again()[0]
    samples = np.round(lead.values[:] * UNITS).astype("<i2")
    n_samples, checksum = round(hours * 3600 * lead.rate), 0
    with open(folder / "long.dat", "wb") as file:
        for start in range(0, n_samples, len(samples)):
            piece = samples[: n_samples - start]
            file.write(piece.tobytes())
            checksum += int(piece.sum(dtype=np.int64))
    header = folder / "long.hea"
    header.write_text(
        f"long 1 {lead.rate:g} {n_samples}\n"
        f"long.dat 16 {UNITS}/mV 16 0 {samples[0]} {np.int64(checksum).astype(np.int16)} 0 MLII\n",
        encoding="ascii",
    )
    return header


def report_on(header: Path) -> None:
    """Go from the file to everything that `ecglab analyse` writes."""
    with TemporaryDirectory(prefix="ecglab-speed-") as folder:
        analysis = analyse(read_record(header))
        write_report(analysis, Path(folder) / "report.html")
        write_strange_beats(analysis, Path(folder) / "strange.csv")
        write_annotations(analysis, Path(folder) / "report.ecglab")


@cache
def _folder() -> TemporaryDirectory[str]:
    """Make a folder that goes when the process ends."""
    return TemporaryDirectory(prefix="ecglab-speed-")


def _day() -> Task:
    folder, short = Path(_folder().name), Path(_folder().name) / "short"
    short.mkdir()
    header = write_recording(folder, DAY)
    report_on(write_recording(short, SLICE))
    ways = {"wfdb": (f"GQRS, beats cut, no report; {SLICE} h", wfdb_way)}
    if find_spec("neurokit2"):
        ways["NeuroKit2"] = (f"ecg_process, no report; {SLICE} h", neurokit_way)
    usual = {
        name: Way(how, partial(_on_slice, work, short), SLICE / DAY)
        for name, (how, work) in ways.items()
    }
    return Task(Way("analyse, with the report", lambda _: report_on(header)), usual)


def _on_slice(work: Callable[[Path], Any], folder: Path, number: int) -> Any:
    return work(folder)


def wfdb_way(folder: Path) -> Any:
    """Read a record, find its R peaks and cut its beats, as wfdb's documentation shows."""
    import wfdb
    from wfdb import processing

    record = wfdb.rdrecord(str(folder / "long"))
    signal, rate = record.p_signal[:, 0], record.fs
    peaks = processing.gqrs_detect(sig=signal, fs=rate)
    before, after = round(0.25 * rate), round(0.45 * rate)
    return [signal[peak - before : peak + after] for peak in peaks if peak >= before]


def neurokit_way(folder: Path) -> Any:
    """Read a record and process it with NeuroKit2: R peaks, waves, quality."""
    import wfdb

    neurokit2: Any = import_module("neurokit2")
    record = wfdb.rdrecord(str(folder / "long"))
    signals, _ = neurokit2.ecg_process(record.p_signal[:, 0], sampling_rate=round(record.fs))
    return signals


LONG_ROWS: tuple[Row, ...] = (
    Row(
        f"a recording of {DAY:g} hours, from the file to the report",
        _day,
        goals={},
        optional={"NeuroKit2": "neurokit2"},
    ),
)
"""The rows that take too long for `make bench`."""
