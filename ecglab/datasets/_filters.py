"""The one kind of filter that recordings go through."""

from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["zero_phase"]

FloatArray = npt.NDArray[np.float64]


def zero_phase(
    values: FloatArray, rate: float, kind: Literal["highpass", "lowpass"], hertz: float, order: int
) -> FloatArray:
    """Filter a signal forwards and backwards, so that no wave moves in time.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        The signal, without gaps.
    rate : float
        Samples a second.
    kind : {"highpass", "lowpass"}
        What passes.
    hertz : float
        Corner frequency of the Butterworth filter.
    order : int
        Its order; both ways together have twice that.

    Returns
    -------
    ndarray of float64, of the same shape
    """
    # scipy.signal takes longer to load than all else in this package, and few need it.
    from scipy.signal import butter, sosfiltfilt

    filter_ = butter(order, hertz, kind, fs=rate, output="sos")
    return np.asarray(sosfiltfilt(filter_, values, padlen=min(len(values) - 1, round(rate))))
