"""How early each beat comes, by the rhythm around it, and where there is none to be early in."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab._runs import find_runs

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

EARLY = 0.1
"""How much shorter than usual, as a logarithm, the RR interval before an early beat is at least:
a tenth, where the rhythm is regular."""

_BEATS = 50  # on either side, whose rhythm is the usual one for a single beat
_RUN_BEATS = 500  # and for a run, which must not become its own measure: a quarter of an hour
_SPREADS = 4.0  # times the usual deviation
_BEFORE = 5  # usual intervals, than which the next must be shorter: a rate that rises slowly, with
# effort or with each breath, makes no beat early
_LONG_RUN = 5  # beats

_IRREGULAR = 0.09  # typical change, as a logarithm, from one interval to another: 0.07 at most in
# sinus rhythm, 0.12 at least in atrial fibrillation
_COMPARED = 30  # beats on either side
_PERIODS = (1, 2, 3)  # beats: every second or third beat early is a rhythm, too


def local_median(values: FloatArray, n_beats: int) -> FloatArray:
    """Return the median of so many beats on either side of each; NaN does not count.

    Where none of them is known, it is the median of all.
    """
    window = pd.Series(values).rolling(2 * n_beats + 1, center=True, min_periods=3)
    medians = window.median().to_numpy(dtype=np.float64, copy=True)
    unknown = np.isnan(medians)
    if unknown.any():
        medians[unknown] = np.nanmedian(values) if not np.isnan(values).all() else np.nan
    return medians


def compare_intervals(
    intervals: FloatArray, usual: FloatArray | None = None, n_beats: int = _BEATS
) -> tuple[FloatArray, FloatArray]:
    """Compare the interval before each beat with those around it.

    Parameters
    ----------
    intervals : ndarray of shape (n_beats,)
        Seconds since the beat before; NaN where that is not known.
    usual : ndarray of shape (n_beats,), optional
        The same, NaN where an interval says nothing about the usual rhythm.
    n_beats : int, default 50
        How many on either side to compare with.

    Returns
    -------
    shorter : ndarray of shape (n_beats,)
        Logarithm of the usual interval over this one: 0.1 is a tenth early, 0 on time, negative
        late; 0 where it is not known.
    least : ndarray of shape (n_beats,)
        From where on a beat is early: `EARLY`, and four times the median deviation of the
        intervals around it.
    """
    known = np.log(intervals if usual is None else usual)
    medians = local_median(known, n_beats)
    deviations = local_median(np.abs(known - medians), n_beats)
    least = np.maximum(EARLY, _SPREADS * np.nan_to_num(deviations))
    return np.nan_to_num(medians - np.log(intervals)), least


def measure_earliness(intervals: FloatArray, left_out: BoolArray) -> FloatArray:
    """Measure how early each beat comes, as a multiple of what makes a beat early there.

    Parameters
    ----------
    intervals : ndarray of shape (n_beats,)
        Seconds since the beat before; NaN where that is not known.
    left_out : ndarray of bool, shape (n_beats,)
        Beats that say nothing about the usual rhythm, and neither do the intervals that end or
        begin with them: those of another shape.

    Returns
    -------
    ndarray of shape (n_beats,)
        Above 1 for a single beat that comes early by the 101 intervals around it and by the five
        before it, and for each beat of a run of five and more that begins so and is fast by the
        1,001 intervals around it. Never above 0 where the rhythm is irregular.
    """
    usual = _usual_intervals(intervals, left_out)
    single, least = compare_intervals(intervals, usual)
    before = np.log(pd.Series(usual).rolling(_BEFORE, min_periods=1).median().shift(1).to_numpy())
    at_once = np.where(np.isnan(before), single, before - np.log(intervals))
    single, at_once = single / least, np.nan_to_num(at_once) / EARLY
    earliness = np.where(single > 1, np.clip(at_once, 0, single), single)
    shorter, least = compare_intervals(intervals, usual, _RUN_BEATS)
    in_run = np.maximum(shorter / least, single)
    for start, stop in find_runs(shorter > least, _LONG_RUN):
        if at_once[start] > 1:
            earliness[start:stop] = np.maximum(earliness[start:stop], in_run[start:stop])
    return np.where(find_irregular(intervals, left_out), np.minimum(earliness, 0.0), earliness)


def find_irregular(intervals: FloatArray, left_out: BoolArray) -> BoolArray:
    """Tell where the rhythm is irregular, as in atrial fibrillation; see `measure_earliness`.

    Intervals that repeat every second or third beat, as with bigeminy, are regular.
    """
    known = pd.Series(np.log(_usual_intervals(intervals, left_out)))
    window = 2 * _COMPARED + 1
    changes = [
        known.diff(period).abs().rolling(window, center=True, min_periods=_COMPARED // 3).median()
        for period in _PERIODS
    ]
    return np.asarray(np.min(changes, axis=0) > _IRREGULAR)


def _usual_intervals(intervals: FloatArray, left_out: BoolArray) -> FloatArray:
    """Forget the intervals that end or begin with a beat that is left out."""
    return np.where(left_out | np.concatenate([[False], left_out[:-1]]), np.nan, intervals)
