"""How early each beat comes, by the rhythm around it."""

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["EARLY", "local_median", "measure_earliness"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

EARLY = 0.1
"""How much shorter than usual, as a logarithm, the RR interval before an early beat is at least:
a tenth, where the rhythm is regular."""

_BEATS = 50  # on either side, whose rhythm is the usual one: a run of early beats is shorter
_SPREADS = 4.0  # times the usual deviation: where the rhythm is irregular, as in atrial
# fibrillation, no single interval is early that is not far out


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


def measure_earliness(
    intervals: FloatArray, left_out: BoolArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Compare the interval before each beat with those around it.

    Parameters
    ----------
    intervals : ndarray of shape (n_beats,)
        Seconds since the beat before; NaN where that is not known.
    left_out : ndarray of bool, shape (n_beats,), optional
        Beats that say nothing about the usual rhythm, and neither do the intervals that end or
        begin with them: ectopic ones, as far as they are known.

    Returns
    -------
    earliness : ndarray of shape (n_beats,)
        Logarithm of the usual interval over this one: 0.1 is a tenth early, 0 on time, negative
        late; 0 where it is not known.
    least : ndarray of shape (n_beats,)
        From which earliness on a beat is early: `EARLY`, and four times the median deviation of
        the intervals around it.
    """
    logarithms = np.log(intervals)
    usual = logarithms.copy()
    if left_out is not None:
        usual[left_out | np.concatenate([[False], left_out[:-1]])] = np.nan
    medians = local_median(usual, _BEATS)
    deviations = local_median(np.abs(usual - medians), _BEATS)
    earliness = np.nan_to_num(medians - logarithms)
    return earliness, np.maximum(EARLY, _SPREADS * np.nan_to_num(deviations))
