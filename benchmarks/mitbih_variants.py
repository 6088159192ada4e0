"""Measure `analyse`, as it is called by default, on recordings of DS1 that were changed.

Each record is changed in one way at a time, written to a folder of its own and read again, as
recordings of somebody else's device would be. The judge is that of `mitbih.py`; no label reaches
the detector. Writes to `benchmarks/results`

    mitbih_variants.csv  a row for each half and change: the areas are means over records, all
                         else is gross

and a file of the same name in JSON, which says what it was computed from. Five minutes on two
cores:

    python benchmarks/mitbih_variants.py
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pandas as pd
from mitbih import areas, count, describe, ds1, measure_each
from protocol import save_table
from scipy.signal import resample_poly

from ecglab._optional import quiet_wfdb
from ecglab.datasets import read_record
from ecglab.recordings import analyse

MINUTES = 12
JITTER = 0.020  # seconds, to either side
NOISE = 20.0  # dB below the signal, whose wander counts as signal
WANDER = (0.5, 0.3)  # mV to either side, Hz


@dataclass(frozen=True, eq=False)
class Contents:
    """What the files of a record hold.

    Parameters
    ----------
    values : ndarray of float64, shape (n_samples, n_leads)
        The signal in mV.
    leads : tuple of str
        Their names.
    rate : float
        Samples a second.
    marks : ndarray of int64, shape (n_marks,)
        The samples at which something is annotated, in ascending order.
    symbols : ndarray of str, shape (n_marks,)
        What.
    """

    values: npt.NDArray[np.float64]
    leads: tuple[str, ...]
    rate: float
    marks: npt.NDArray[np.int64]
    symbols: npt.NDArray[np.str_]


Change = Callable[[Contents, np.random.Generator], Contents]


def read_contents(header: Path) -> Contents:
    """Read a record and its annotations."""
    with quiet_wfdb() as wfdb:
        signal = wfdb.rdrecord(str(header.with_suffix("")))
        notes = wfdb.rdann(str(header.with_suffix("")), "atr")
    return Contents(
        signal.p_signal,
        tuple(signal.sig_name),
        signal.fs,
        np.asarray(notes.sample),
        np.array(notes.symbol),
    )


def write_contents(contents: Contents, header: Path) -> Path:
    """Write a record and its annotations."""
    with quiet_wfdb() as wfdb:
        wfdb.wrsamp(
            header.stem,
            fs=contents.rate,
            units=["mV"] * len(contents.leads),
            sig_name=list(contents.leads),
            p_signal=contents.values,
            fmt=["16"] * len(contents.leads),
            write_dir=str(header.parent),
        )
        wfdb.wrann(
            header.stem,
            "atr",
            contents.marks,
            contents.symbols.tolist(),
            fs=contents.rate,
            write_dir=str(header.parent),
        )
    return header


def unchanged(contents: Contents, _: np.random.Generator) -> Contents:
    """Leave all as it is."""
    return contents


def one_lead(contents: Contents, _: np.random.Generator, *, number: int) -> Contents:
    """Keep one lead, by its place in the file."""
    kept = slice(number, number + 1)
    return replace(contents, values=contents.values[:, kept], leads=contents.leads[kept])


def times(contents: Contents, _: np.random.Generator, *, factor: float) -> Contents:
    """Multiply the amplitudes."""
    return replace(contents, values=factor * contents.values)


def resampled(contents: Contents, _: np.random.Generator, *, rate: int) -> Contents:
    """Sample at another rate."""
    ratio = Fraction(rate, int(contents.rate))
    values = resample_poly(
        contents.values, ratio.numerator, ratio.denominator, axis=0, padtype="line"
    )
    marks = np.round(contents.marks * float(ratio)).astype(np.int64).clip(max=len(values) - 1)
    return replace(contents, values=values, rate=rate, marks=marks)


def shortened(contents: Contents, _: np.random.Generator) -> Contents:
    """Keep the first minutes."""
    stop = round(60 * MINUTES * contents.rate)
    within = contents.marks < stop
    return replace(
        contents,
        values=contents.values[:stop],
        marks=contents.marks[within],
        symbols=contents.symbols[within],
    )


def jittered(contents: Contents, rng: np.random.Generator) -> Contents:
    """Move every mark by a little."""
    most = int(JITTER * contents.rate)
    marks = contents.marks + rng.integers(-most, most + 1, len(contents.marks))
    marks = marks.clip(0, len(contents.values) - 1)
    order = np.argsort(marks, kind="stable")
    return replace(contents, marks=marks[order], symbols=contents.symbols[order])


def noisy(contents: Contents, rng: np.random.Generator) -> Contents:
    """Add white noise."""
    sd = contents.values.std(axis=0) * 10 ** (-NOISE / 20)
    return replace(contents, values=contents.values + sd * rng.normal(size=contents.values.shape))


def wandering(contents: Contents, _: np.random.Generator) -> Contents:
    """Add a slow swing to every lead, as breathing does."""
    height, frequency = WANDER
    seconds = np.arange(len(contents.values)) / contents.rate
    swing = height * np.sin(2 * np.pi * frequency * seconds)
    return replace(contents, values=contents.values + swing[:, None])


UNCHANGED = "unchanged"
SHORT = f"the first {MINUTES} minutes alone"
SAME_MINUTES = f"unchanged, judged on the first {MINUTES} minutes"
VARIANTS: dict[str, Change] = {
    UNCHANGED: unchanged,
    "first lead alone": partial(one_lead, number=0),
    "second lead alone": partial(one_lead, number=1),
    "upside down": partial(times, factor=-1.0),
    "amplitudes times 1000": partial(times, factor=1000.0),
    "at 128 Hz": partial(resampled, rate=128),
    "at 250 Hz": partial(resampled, rate=250),
    "at 500 Hz": partial(resampled, rate=500),
    f"marks moved by up to {1000 * JITTER:.0f} ms": jittered,
    f"white noise, {NOISE:.0f} dB": noisy,
    f"wander of {WANDER[0]} mV at {WANDER[1]} Hz": wandering,
    SHORT: shortened,
}


def measure_variants(header: Path) -> dict[str, tuple[dict[str, float], pd.DataFrame]]:
    """Change a record in every way, and judge it by default each time."""
    contents = read_contents(header)
    found = {}
    for name, change in VARIANTS.items():
        rng = np.random.default_rng(int(header.stem))
        with TemporaryDirectory() as folder:
            place = write_contents(change(contents, rng), Path(folder) / header.name)
            record = read_record(place, annotations="atr")
            analysis = analyse(record)
            found[name] = areas(record, analysis.scores), count(place, record, analysis.verdicts)
            if name == UNCHANGED:
                whole = analysis
            if name == SHORT:  # other minutes hold other beats: what the rest of them is worth
                early = np.asarray(whole.record.times) < 60 * MINUTES
                aside = whole.record.set_aside
                part = replace(whole.record[early], set_aside=aside[aside["time"] < 60 * MINUTES])
                found[SAME_MINUTES] = (
                    areas(part, whole.scores[early]),
                    count(place, part, whole.verdicts[early]),
                )
    return found


def main() -> int:
    """Measure DS1."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    table = measure_each(measure_variants, ds1()).rename(columns={"detector": "variant"})
    save_table("mitbih_variants", table, describe(script="mitbih_variants"), float_format="%.4g")
    print(table.round(4).to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
