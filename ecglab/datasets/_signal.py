"""A recorded signal: filtered, freed of what no beat should be judged by, cut into beats.

Stretches are marked as bad for gross faults only. An ectopic beat is large, wide and rare, and so
are weaker kinds of noise: what might be a beat stays in. What is marked is cut out before any
filter could spread it: a step of 5 mV rings on for seconds.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = [
    "Stretch",
    "cut_beats",
    "cut_out",
    "fill_gaps",
    "normalise",
    "rr_intervals",
    "swings_of",
    "zero_phase",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_ROLL_OFF = 0.8  # of the Nyquist frequency of the cut beats: where the anti-aliasing filter begins
_CHUNK = 4096  # beats that are cut at a time
_NO_VOLTAGE = 1e12  # in any unit: a kilovolt in nanovolts. A damaged float may be as large
_FLAT_SECONDS = 0.5  # of exactly one value: a recorder's own noise does not allow it
_SATURATED_SECONDS = 0.04  # at the end of the range; the tip of a sharp R wave may touch it
_RAIL_SECONDS = 0.2  # near the end of the range, and far from the rest: a rail with some noise
_DITHER, _FAR = 0.02, 1.5  # of the whole range; of the typical peak-to-peak amplitude
_BLOCK_SECONDS = 1.0  # over which noise is measured: about one beat
_NOISE_FREQUENCY = 45.0  # Hz; nearly all of a QRS complex lies below
# In units of the recording's typical peak-to-peak amplitude. The four test records stay below 0.06
# and 4.2 but for five seconds of noise on the chest lead of 106.
_NOISE_LEVEL = 0.10
_LARGEST_SWING = 5.0
_MOST_CODES = 8  # values that stand for "no sample", at both ends together


def zero_phase(
    values: FloatArray,
    rate: float,
    kind: Literal["highpass", "lowpass", "bandpass"],
    hertz: float | tuple[float, float],
    order: int,
) -> FloatArray:
    """Filter forwards and backwards with a Butterworth filter, so that no wave moves in time."""
    # scipy.signal takes longer to load than all else in this package, and few need it.
    from scipy.signal import butter, sosfiltfilt

    filter_ = butter(order, hertz, kind, fs=rate, output="sos")
    return np.asarray(sosfiltfilt(filter_, values, padlen=min(len(values) - 1, round(rate))))


@dataclass(frozen=True)
class Stretch:
    """A bad stretch: samples from `start` up to, not including, `stop`."""

    start: int
    stop: int
    reason: str


def fill_gaps(values: FloatArray) -> FloatArray:
    """Join the ends of each gap by a straight line, so that filters don't spread NaN."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    if missing.all():
        return np.zeros_like(values)
    known = np.flatnonzero(~missing)
    return np.interp(np.arange(len(values)), known, values[known])


def cut_out(values: FloatArray, rate: float) -> tuple[FloatArray, list[Stretch]]:
    """Cut out missing samples, flat lines, saturation and gross noise.

    Returns the signal with NaN in these stretches, and the stretches in the order of their reasons.
    """
    values = np.where(np.abs(values) < _NO_VOLTAGE, values, np.nan)
    missing = np.isnan(values) | _codes(values)
    values[missing] = np.nan
    stretches = [Stretch(*run, "missing samples") for run in _runs(missing)]

    def cut(mask: BoolArray, reason: str) -> bool:
        mask = mask & ~np.isnan(values)
        stretches.extend(Stretch(*run, reason) for run in _runs(mask))
        values[mask] = np.nan
        return bool(mask.any())

    cut(_flat(values, rate), "flat line")
    while cut(_saturated(values, rate), "saturated"):
        pass  # one rail may hide another
    cut(_noisy(fill_gaps(values), rate), "noise")
    return values, stretches


def _runs(mask: BoolArray, shortest: int = 1) -> list[tuple[int, int]]:
    """Return where runs of True start and stop, those that are long enough."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    long = stops - starts >= shortest
    return list(zip(starts[long].tolist(), stops[long].tolist(), strict=True))


def _keep_long(mask: BoolArray, shortest: float) -> BoolArray:
    """Clear the runs that are too short."""
    kept = np.zeros_like(mask)
    for start, stop in _runs(mask, max(2, round(shortest))):
        kept[start:stop] = True
    return kept


def _codes(values: FloatArray) -> BoolArray:
    """Find values that stand for "no sample", such as -9999.

    An end value is one if nothing lies near it: the gap to the next is wider than the range of all
    the others. A signal does not jump to one and the same far value without anything between.
    """
    rest = values[~np.isnan(values)]
    codes: list[float] = []
    found = True
    while found and len(codes) < _MOST_CODES:
        found = False
        for end in (np.min, np.max):
            code = float(end(rest)) if len(rest) else 0.0
            others = rest[rest != code]
            if len(others) and np.abs(others - code).min() > np.ptp(others) > 0:
                codes.append(code)
                rest, found = others, True
    return np.isin(values, codes)


def _flat(values: FloatArray, rate: float) -> BoolArray:
    """Find samples that are equal to their neighbours for long."""
    same = np.concatenate([[False], np.diff(values) == 0])
    flat = _keep_long(same, _FLAT_SECONDS * rate)
    flat[:-1] |= flat[1:]  # the first sample of the line, too
    return flat


def _saturated(values: FloatArray, rate: float) -> BoolArray:
    """Find stretches at an end of the range, and far from the rest near an end."""
    known = values[~np.isnan(values)]
    mask = np.zeros(len(values), dtype=bool)
    if not len(known):
        return mask
    low, high, span = known.min(), known.max(), np.ptp(known)
    far = np.abs(values - np.median(known)) > _FAR * _typical(
        swings_of(fill_gaps(values), round(_BLOCK_SECONDS * rate))[0]
    )
    for end, near in (
        (values <= low, values <= low + _DITHER * span),
        (values >= high, values >= high - _DITHER * span),
    ):
        mask |= _keep_long(end, _SATURATED_SECONDS * rate)
        mask |= _keep_long(near & far, _RAIL_SECONDS * rate)
    return mask


def swings_of(values: FloatArray, size: int) -> tuple[FloatArray, int]:
    """Return the peak-to-peak amplitude of each block of a size, and the samples in one."""
    size = min(size, len(values))
    return np.ptp(values[: len(values) // size * size].reshape(-1, size), axis=1), size


def _typical(swings: FloatArray) -> float:
    """Return the median of the amplitudes that there are."""
    return float(np.median(swings[swings > 0])) if (swings > 0).any() else 0.0


def _noisy(values: FloatArray, rate: float) -> BoolArray:
    """Find blocks with strong fast noise, or with swings that no heart makes."""
    if len(values) < _BLOCK_SECONDS * rate:
        return np.zeros(len(values), dtype=bool)
    swings, size = swings_of(values, round(_BLOCK_SECONDS * rate))
    typical = _typical(swings)
    noisy = swings > _LARGEST_SWING * typical
    if rate > 2.2 * _NOISE_FREQUENCY:
        fast = np.abs(zero_phase(values, rate, "highpass", _NOISE_FREQUENCY, order=4))
        level = 1.4826 * np.median(fast[: len(swings) * size].reshape(-1, size), axis=1)
        noisy |= level > _NOISE_LEVEL * typical
    mask = np.repeat(noisy, size)
    return np.concatenate([mask, np.zeros(len(values) - len(mask), dtype=bool)])


# Beats


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
