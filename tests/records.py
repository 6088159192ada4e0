"""Simulated recordings, written and read by the library that other programs use."""

import numpy as np

from ecglab._optional import quiet_wfdb
from ecglab.datasets import make_record


def simulate(minutes, shares, rate, seed=0):
    """Return one simulated lead as it would be in a file: values in mV, rate, name, marks."""
    record = make_record(minutes, shares=shares, sampling_rate=rate, random_state=seed)
    return record.read_again()[0]


def write_wfdb(folder, leads, rate, *, name="sim", unit="mV", fmt="16"):
    """Write leads, by name, as a WFDB record without annotations."""
    with quiet_wfdb() as wfdb:
        wfdb.wrsamp(
            name,
            fs=rate,
            units=[unit] * len(leads),
            sig_name=list(leads),
            p_signal=np.column_stack(list(leads.values())),
            fmt=[fmt] * len(leads),
            write_dir=str(folder),
        )
    return folder / f"{name}.hea"


def write_marks(place, samples, symbols, **more):
    """Write a WFDB annotation file."""
    with quiet_wfdb() as wfdb:
        name, extension = place.stem, place.suffix[1:]
        symbols = list(symbols)
        wfdb.wrann(
            name, extension, np.asarray(samples), symbols, write_dir=str(place.parent), **more
        )
    return place


def read_marks(place):
    """Read a WFDB annotation file."""
    with quiet_wfdb() as wfdb:
        return wfdb.rdann(str(place.with_suffix("")), place.suffix[1:])
