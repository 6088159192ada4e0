"""What a signal looks like at a glance: whether it is an ECG, and where its QRS complexes lie.

QRS complexes are narrow, stand apart from each other, return to where they began, and share a
shape. Each of these tells an ECG from something else that beats: a pulse wave is wide, a sine or
an EEG never rests, a step does not return, bursts of muscle noise are never the same twice.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecglab.datasets._quality import cut_out, fill_gaps

__all__ = ["Glance", "glance"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_PIECE, _PIECES = 20.0, 12  # seconds that are looked at, so many times, evenly spread
_LEAST_READABLE = 0.5  # of a piece
_FEWEST_PEAKS, _FEWEST_VALUES = 4, 8  # in a piece; a marker or a trigger has two or three values
_QRS_BAND, _WIDE_BAND = (8.0, 25.0), (0.7, 40.0)  # Hz
_REFRACTORY = 0.2  # seconds
_LOW = 0.4  # of a high peak; T waves and noise lie below
_NOTHING = "it has no peaks that stand out"
_UNREADABLE = "it is flat or cannot be read, nearly everywhere"
# Settled on half of the DS1 records of MIT-BIH, both leads, and on simulated signals of other kinds
# (`tests/datasets/test_looks.py`). An ECG may be noisy for long: these passed in a third of their
# pieces or more, and the others in none.
_LEAST_GOOD = 0.25
_MOST_BUSY = 0.45  # of the time, half as high as a peak: ECG 0.1-0.4, noise and sines 0.6-1
_MOST_BESIDE = 0.37  # of a peak's height, at the quietest moment before and after: ECG 0.02-0.33
_LEAST_SHARP = 0.3  # of the swing is in the QRS band: ECG 0.35-0.8, pulse and pressure to 0.26
_MOST_STEP = 0.3  # of the swing remains after a peak: ECG 0-0.19, steps and saw teeth 0.35-1
_LEAST_ALIKE = 0.3  # of the others look like a peak, for half of the peaks
_ALIKE = 0.8  # correlation


@dataclass(frozen=True)
class Glance:
    """What a few pieces of a signal show: their spans and the peaks in them, in seconds.

    `fault` says why it does not look like an ECG; empty if it does.
    """

    spans: tuple[tuple[float, float], ...]
    peaks: FloatArray
    fault: str


def glance(values: FloatArray, rate: float) -> Glance:
    """Look at a few pieces of a signal, which may have gaps."""
    size = min(len(values), round(_PIECE * rate))
    n_pieces = min(_PIECES, len(values) // size)  # which do not overlap
    starts = np.linspace(0, len(values) - size, n_pieces).astype(int)
    spans, peaks, faults = [], [], []
    for start in starts.tolist():
        piece, _ = cut_out(values[start : start + size], rate)
        if np.isnan(piece).mean() > 1 - _LEAST_READABLE:
            continue
        if len(np.unique(piece)) < _FEWEST_VALUES or len(piece) < rate:
            continue
        places, features = _look(fill_gaps(piece), rate)
        spans.append((start / rate, (start + size) / rate))
        peaks.append((start + places) / rate)
        faults.append(_judge(features) if len(places) >= _FEWEST_PEAKS else _NOTHING)
    usual = max(faults, key=faults.count, default=_UNREADABLE)
    enough = max(1.0, _LEAST_GOOD * len(faults), min(2, len(faults) - 1))
    fault = "" if faults.count("") >= enough else usual or _NOTHING
    return Glance(tuple(spans), np.concatenate([*peaks, []]), fault)


def _judge(features: FloatArray) -> str:
    """Say why a piece of a signal is no ECG."""
    busy, beside, sharp, step, alike = features.tolist()
    if busy > _MOST_BUSY or beside > _MOST_BESIDE:
        return "it never rests between its peaks"
    if sharp < _LEAST_SHARP:
        return "its peaks are wider than QRS complexes"
    if step > _MOST_STEP:
        return "it moves in steps"
    if alike < _LEAST_ALIKE:
        return "its peaks do not share a shape"
    return ""


def _look(values: FloatArray, rate: float) -> tuple[IntArray, FloatArray]:
    """Find what may be QRS complexes in a piece, and say how busy, sharp, stepped, alike."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    band, wide = (_band_pass(values, rate, *hertz) for hertz in (_QRS_BAND, _WIDE_BAND))
    power = uniform_filter1d(np.square(band), max(1, round(0.08 * rate)))
    height = np.sqrt(np.maximum(power, 0))
    highest = maximum_filter1d(height, 2 * round(_REFRACTORY * rate) + 1)
    summits = (height == highest) & (height > _LOW / 2 * np.quantile(height, 0.98))
    edge = round(0.3 * rate)
    peaks = np.flatnonzero(summits[edge:-edge]) + edge
    if len(peaks):
        peaks = peaks[height[peaks] > _LOW * np.quantile(height[peaks], 0.75)]
    if len(peaks) < _FEWEST_PEAKS:
        return peaks, np.zeros(5)
    narrow = np.ptp(band[_around(peaks, -0.1, 0.1, rate)], axis=1)
    broad = np.ptp(wide[_around(peaks, -0.25, 0.25, rate)], axis=1)
    before, after = (
        np.median(values[_around(peaks, *span, rate)], axis=1)
        for span in ((-0.14, -0.08), (0.08, 0.14))
    )
    swing = np.ptp(values[_around(peaks, -0.12, 0.12, rate)], axis=1)
    left, right = (
        height[_around(peaks, *span, rate)].min(axis=1) for span in ((-0.25, -0.1), (0.1, 0.25))
    )
    beside = np.median(np.maximum(left, right) / height[peaks])
    busy = float((height > np.median(height[peaks]) / 2).mean())
    with np.errstate(divide="ignore", invalid="ignore"):
        sharp = np.median(np.nan_to_num(narrow / broad))
        step = np.median(np.nan_to_num(np.abs(before - after) / swing, nan=1.0, posinf=1.0))
    return peaks, np.array([busy, beside, sharp, step, _share_alike(wide, peaks, rate)])


def _share_alike(values: FloatArray, peaks: IntArray, rate: float) -> float:
    """Return which share of the other peaks looks like a peak, for the median peak."""
    fixed = _unit(values[_around(peaks, -0.12, 0.12, rate)])
    best = np.full((len(peaks), len(peaks)), -1.0)
    for shift in np.linspace(-0.04, 0.04, 17):  # the summits are not on the very same wave
        moved = _unit(values[_around(peaks, shift - 0.12, shift + 0.12, rate)])
        best = np.maximum(best, fixed @ moved[:, : fixed.shape[1]].T)
    np.fill_diagonal(best, 0)
    return float(np.median((np.maximum(best, best.T) > _ALIKE).sum(axis=1) / (len(peaks) - 1)))


def _around(peaks: IntArray, start: float, stop: float, rate: float) -> IntArray:
    """Return the samples from `start` to `stop` seconds around each peak, (n_peaks, n_samples)."""
    first = round(start * rate)
    return np.asarray(peaks[:, None] + first + np.arange(round((stop - start) * rate) + 1))


def _unit(rows: FloatArray) -> FloatArray:
    """Give every row mean 0 and length 1."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-300))


def _band_pass(values: FloatArray, rate: float, low: float, high: float) -> FloatArray:
    """Let a band of frequencies pass."""
    from scipy.signal import butter, sosfiltfilt

    filter_ = butter(2, [low, min(high, 0.45 * rate)], "bandpass", fs=rate, output="sos")
    return np.asarray(sosfiltfilt(filter_, values, padlen=min(len(values) - 1, round(rate))))
