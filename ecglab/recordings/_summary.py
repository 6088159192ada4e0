"""What a recording is, in a few figures: for the top of a report, and for a table of many."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecglab.datasets import Record
from ecglab.recordings._analysis import Analysis
from ecglab.recordings._kinds import VERDICTS

HOUR = 3600.0

_RATE_BEATS = 11  # over which a heart rate is taken, so that one early beat is no tachycardia
_LONGEST_INTERVAL = 2.0  # seconds that a beat that cannot be read stands for, at most
_FEW_BEATS = 50
_LOW_RATE = 128.0  # Hz; Holter recorders have had this and more for decades
_LEAST_READABLE = 0.5


@dataclass(frozen=True)
class Summary:
    """A recording in a few figures.

    Parameters
    ----------
    duration : float
        Seconds.
    readable : float
        Share of the time that is neither bad signal nor a beat that cannot be read.
    heart_rate : tuple of float
        Beats a minute: the median, the lowest and the highest, each over 11 beats; NaN if unknown.
    judged, unread : int
        Beats that were judged, and beats that could not be read.
    counts : dict of str to int
        Beats of each verdict.
    """

    duration: float
    readable: float
    heart_rate: tuple[float, float, float]
    judged: int
    unread: int
    counts: dict[str, int]

    @property
    def burden(self) -> float:
        """Share of strange beats among those judged."""
        return sum(self.counts.values()) / self.judged if self.judged else 0.0


def summarise(analysis: Analysis, start: float = 0.0, stop: float = np.inf) -> Summary:
    """Sum up a recording, or a part of it, in seconds."""
    record = analysis.record
    stop = min(stop, record.duration)
    times = np.asarray(record.times)
    inside = (times >= start) & (times < stop)
    verdicts = analysis.verdicts[inside]
    before = np.asarray(record.rr_intervals)[inside, 0]
    unread = verdicts == "U"
    lost = np.nan_to_num(np.fmin(before[unread], _LONGEST_INTERVAL)).sum()
    bad = record.bad_stretches[["start", "stop"]].to_numpy(float).clip(start, stop)
    seconds = stop - start
    rates = 60 / pd.Series(before).rolling(_RATE_BEATS, min_periods=1).median().dropna()
    rate = (rates.median(), rates.min(), rates.max())
    return Summary(
        seconds,
        max(0.0, 1 - float(np.diff(bad).sum() + lost) / seconds),
        (float(rate[0]), float(rate[1]), float(rate[2])),
        int((~unread).sum()),
        int(unread.sum()),
        {verdict: int((verdicts == verdict).sum()) for verdict in VERDICTS},
    )


def tabulate_hours(analysis: Analysis) -> list[Summary]:
    """Sum up each hour of a recording."""
    starts = np.arange(0, analysis.record.duration, HOUR)
    return [summarise(analysis, start, start + HOUR) for start in starts.tolist()]


def list_doubts(analysis: Analysis, *, paced: bool = False) -> list[str]:
    """Say what makes the result doubtful, in plain sentences; empty if nothing does.

    `paced` says whether the signal has the spikes of a pacemaker.
    """
    return [*_doubts_of(analysis.record, summarise(analysis), paced), *analysis.notes]


def _doubts_of(record: Record, summary: Summary, paced: bool) -> Iterator[str]:
    """Look for what makes a recording a bad one."""
    if summary.readable < _LEAST_READABLE:
        yield (
            f"Only {100 * summary.readable:.0f} % of the recording can be read. The figures below "
            "stand for that part alone."
        )
    if len(record) < _FEW_BEATS:
        yield (
            f"Only {len(record)} beats could be judged. What is usual cannot be told well from so "
            f"few, and neither can shares: {_FEW_BEATS} and more are a beginning, half an hour is "
            "better."
        )
    codes = set() if record.symbols is None else set(record.symbols.tolist())
    if paced or "/" in codes:
        who = "its annotations" if "/" in codes else "short spikes before most beats"
        yield (
            f"This is a paced record, by {who}. Paced beats are wide, and were taken for usual "
            "where they are many; what is called V-like or S-like means little beside them."
        )
    if record.sampling_rate < _LOW_RATE:
        yield (
            f"The signal has {record.sampling_rate:g} samples a second. Narrow waves, notches and "
            "a pacemaker's spikes are lost at that rate, and R peaks stand to "
            f"{500 / record.sampling_rate:.0f} ms."
        )
    left_out = [one.reason for one in record.reading if one.topic == "leads left out"]
    if len(record.lead_names) == 1:
        why = f" ({left_out[0]})" if left_out else ""
        yield (
            f"One lead was judged, {record.lead}{why}. What a second one would show to be noise "
            "may be called a strange beat here."
        )
    elif left_out:
        yield f"Left out: {left_out[0]}."
    for one in record.reading:
        if one.assumed:
            yield f"Assumed while reading the file: {one.topic}: {one.value} ({one.reason})."
