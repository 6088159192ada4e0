"""Stretches of a recording that no beat should be judged by, and that touch no beat elsewhere.

The marks are set for gross faults only. An ectopic beat is large, wide and rare, and so are weaker
kinds of noise: what might be a beat stays in. What is marked is cut out before any filter could
spread it: a step of 5 mV rings on for seconds.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecglab.datasets._cut import zero_phase

__all__ = ["Stretch", "cut_out", "fill_gaps"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

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
    far = np.abs(values - np.median(known)) > _FAR * _typical(_swings(fill_gaps(values), rate)[0])
    for end, near in (
        (values <= low, values <= low + _DITHER * span),
        (values >= high, values >= high - _DITHER * span),
    ):
        mask |= _keep_long(end, _SATURATED_SECONDS * rate)
        mask |= _keep_long(near & far, _RAIL_SECONDS * rate)
    return mask


def _swings(values: FloatArray, rate: float) -> tuple[FloatArray, int]:
    """Return the peak-to-peak amplitude of each block, and the samples in one."""
    size = min(round(_BLOCK_SECONDS * rate), len(values))
    return np.ptp(values[: len(values) // size * size].reshape(-1, size), axis=1), size


def _typical(swings: FloatArray) -> float:
    """Return the median of the amplitudes that there are."""
    return float(np.median(swings[swings > 0])) if (swings > 0).any() else 0.0


def _noisy(values: FloatArray, rate: float) -> BoolArray:
    """Find blocks with strong fast noise, or with swings that no heart makes."""
    if len(values) < _BLOCK_SECONDS * rate:
        return np.zeros(len(values), dtype=bool)
    swings, size = _swings(values, rate)
    typical = _typical(swings)
    noisy = swings > _LARGEST_SWING * typical
    if rate > 2.2 * _NOISE_FREQUENCY:
        fast = np.abs(zero_phase(values, rate, "highpass", _NOISE_FREQUENCY, order=4))
        level = 1.4826 * np.median(fast[: len(swings) * size].reshape(-1, size), axis=1)
        noisy |= level > _NOISE_LEVEL * typical
    mask = np.repeat(noisy, size)
    return np.concatenate([mask, np.zeros(len(values) - len(mask), dtype=bool)])
