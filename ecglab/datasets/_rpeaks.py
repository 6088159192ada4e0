"""Finding R peaks where nobody has annotated them.

The detector is GQRS, from the wfdb library. Of those that were tried on records 100, 106, 119 and
208 of MIT-BIH it is the one without further dependencies that finds 99 % of the beats of each
(`benchmarks/record_detection.py`).
"""

import numpy as np
import numpy.typing as npt

from ecglab.datasets._filters import zero_phase
from ecglab.datasets._wfdb import quiet_wfdb

__all__ = ["find_r_peaks"]

FloatArray = npt.NDArray[np.float64]

_WANDER = 0.5  # Hz; the baseline moves below
_USUAL_SWING = 2.0  # mV peak to peak, which GQRS's thresholds are made for
_REACH = (-0.05, 0.12)  # seconds around the detector's mark, in which the peak is looked for
_NO_SWING = 1e-12  # in any unit; below, there is only rounding
_SHORTEST = 2.0  # seconds; the detector needs a few beats to learn from
_TYPICAL_BLOCK = 2.0  # seconds; at least one beat


def find_r_peaks(values: FloatArray, rate: float) -> npt.NDArray[np.int64]:
    """Detect QRS complexes, and put each mark on the peak.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        One lead, without gaps, in any unit.
    rate : float
        Samples a second.

    Returns
    -------
    ndarray of int, shape (n_beats,)
        Samples of the R peaks, in ascending order; empty if none is found.

    Notes
    -----
    GQRS marks the beginning of a complex. The peak is the largest deflection near it, upwards or
    downwards, whichever way most complexes of the recording point: so a beat is not cut at its R
    wave once and at its S wave the next time.
    """
    if len(values) < _SHORTEST * rate or np.ptp(values) < _NO_SWING:
        return np.empty(0, dtype=np.int64)
    filtered = zero_phase(values, rate, "highpass", _WANDER, order=2)
    millivolts = filtered * (_USUAL_SWING / _typical_swing(filtered, rate))
    try:
        with quiet_wfdb() as wfdb:
            marks = np.unique(wfdb.processing.gqrs_detect(sig=millivolts, fs=rate)).astype(np.int64)
    except (ArithmeticError, IndexError, ValueError):  # its way to say that there is no complex
        return np.empty(0, dtype=np.int64)
    return _to_peaks(filtered, marks, rate)


def _typical_swing(values: FloatArray, rate: float) -> float:
    """Return the typical peak-to-peak amplitude, the only scale that is sure to be there."""
    size = min(len(values), round(_TYPICAL_BLOCK * rate))
    blocks = values[: len(values) // size * size].reshape(-1, size)
    swings = np.ptp(blocks, axis=1)
    typical = float(np.median(swings))
    return typical if typical > _NO_SWING else float(swings.max())


def _to_peaks(
    values: FloatArray, marks: npt.NDArray[np.int64], rate: float
) -> npt.NDArray[np.int64]:
    """Move each mark to the largest deflection near it, in the prevailing direction."""
    if len(marks) == 0:
        return marks
    first, last = (round(seconds * rate) for seconds in _REACH)
    near = np.clip(marks[:, None] + np.arange(first, last + 1), 0, len(values) - 1)
    around = values[near]
    upright = np.median(around.max(axis=1)) >= np.median(-around.min(axis=1))
    peaks = (around if upright else -around).argmax(axis=1)
    return np.unique(near[np.arange(len(near)), peaks])
