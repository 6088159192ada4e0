"""Filtering a recording, and cutting beats out of it, all to one length, normalised one by one."""

from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["cut_beats", "normalise", "rr_intervals", "zero_phase"]

FloatArray = npt.NDArray[np.float64]

_ROLL_OFF = 0.8  # of the Nyquist frequency of the cut beats: where the anti-aliasing filter begins
_CHUNK = 4096  # beats that are cut at a time


def zero_phase(
    values: FloatArray, rate: float, kind: Literal["highpass", "lowpass"], hertz: float, order: int
) -> FloatArray:
    """Filter forwards and backwards with a Butterworth filter, so that no wave moves in time."""
    # scipy.signal takes longer to load than all else in this package, and few need it.
    from scipy.signal import butter, sosfiltfilt

    filter_ = butter(order, hertz, kind, fs=rate, output="sos")
    return np.asarray(sosfiltfilt(filter_, values, padlen=min(len(values) - 1, round(rate))))


def cut_beats(
    values: FloatArray,
    rate: float,
    times: FloatArray,
    window: tuple[float, float],
    n_samples: int,
    wander: float | None,
) -> npt.NDArray[np.float32]:
    """Cut a window around each R peak (seconds) and resample it, the window's end not included.

    The baseline below `wander` Hz goes first, and with it what the new sampling rate cannot hold
    (where it is lower than the old one); a cubic spline gives the values between samples. Every
    window must lie inside the recording, which has no gaps.
    """
    from scipy.ndimage import map_coordinates, spline_filter1d

    filtered = _filter(values, rate, n_samples / (window[1] - window[0]), wander)
    coefficients = spline_filter1d(filtered, order=3, mode="mirror")
    grid = np.linspace(*window, n_samples, endpoint=False) * rate
    beats = np.empty((len(times), n_samples), dtype=np.float32)
    for start in range(0, len(times), _CHUNK):
        positions = times[start : start + _CHUNK, None] * rate + grid
        beats[start : start + _CHUNK] = map_coordinates(
            coefficients, positions[None], order=3, mode="mirror", prefilter=False
        )
    return beats


def _filter(values: FloatArray, rate: float, new_rate: float, wander: float | None) -> FloatArray:
    """Remove the baseline and what lies above the new Nyquist frequency."""
    if wander is not None:
        values = zero_phase(values, rate, "highpass", wander, order=2)
    if new_rate < rate:
        values = zero_phase(values, rate, "lowpass", _ROLL_OFF * new_rate / 2, order=4)
    return values


def normalise(beats: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Give every beat mean 0 and sample standard deviation 1, as ECG5000's; none is constant."""
    centred = beats - beats.mean(axis=1, keepdims=True, dtype=np.float64)
    scaled = centred / centred.std(axis=1, ddof=1, keepdims=True)
    return scaled.astype(np.float32)


def rr_intervals(times: FloatArray) -> FloatArray:
    """Return the seconds from each R peak to the one before and to the one after, (n_beats, 2).

    NaN before the first beat and after the last.
    """
    intervals = np.concatenate([[np.nan], np.diff(times), [np.nan]])[: len(times) + 1]
    return np.stack([intervals[:-1], intervals[1:]], axis=1) if len(times) else np.empty((0, 2))
