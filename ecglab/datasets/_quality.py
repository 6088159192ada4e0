"""Stretches of a recording that no beat should be judged by.

The marks are set for gross faults only. An ectopic beat is large, wide and rare, and so are weaker
kinds of noise: what might be a beat stays in.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecglab.datasets._filters import zero_phase

__all__ = ["Stretch", "fill_gaps", "find_bad_stretches"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_FLAT_SECONDS = 0.5  # of exactly one value: a recorder's own noise does not allow it
_SATURATED_SECONDS = 0.04  # at the end of the range; the tip of a sharp R wave may touch it
_BLOCK_SECONDS = 1.0  # over which noise is measured: about one beat
_NOISE_FREQUENCY = 45.0  # Hz; nearly all of a QRS complex lies below
# In units of the recording's typical peak-to-peak amplitude. The four test records stay below 0.06
# and 4.2 but for five seconds of noise on the chest lead of 106.
_NOISE_LEVEL = 0.10
_LARGEST_SWING = 5.0


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


def find_bad_stretches(
    values: FloatArray, rate: float, limits: tuple[float, float] | None = None
) -> list[Stretch]:
    """Find missing samples, flat lines, saturation and gross noise.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        One lead; NaN where a sample is missing.
    rate : float
        Samples a second.
    limits : tuple of float, optional
        Lowest and highest value that the recorder can store. When left out, those that occur.

    Returns
    -------
    list of Stretch
        In the order of their reasons; stretches of two reasons may overlap.
    """
    missing = np.isnan(values)
    filled = fill_gaps(values)
    masks = {
        "missing samples": missing,
        "flat line": _flat(filled, rate) & ~missing,
        "saturated": _saturated(filled, rate, limits) & ~missing,
        "noise": _noisy(filled, rate) & ~missing,
    }
    return [
        Stretch(start, stop, reason)
        for reason, mask in masks.items()
        for start, stop in zip(*_runs(mask), strict=True)
    ]


def _runs(mask: BoolArray, shortest: int = 1) -> tuple[list[int], list[int]]:
    """Return where runs of True start and stop, those that are long enough."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    long = stops - starts >= shortest
    return starts[long].tolist(), stops[long].tolist()


def _keep_long(mask: BoolArray, shortest: float) -> BoolArray:
    """Clear the runs that are too short."""
    kept = np.zeros_like(mask)
    for start, stop in zip(*_runs(mask, max(2, round(shortest))), strict=True):
        kept[start:stop] = True
    return kept


def _flat(values: FloatArray, rate: float) -> BoolArray:
    """Find samples that are equal to their neighbours for long."""
    same = np.concatenate([[False], np.diff(values) == 0])
    flat = _keep_long(same, _FLAT_SECONDS * rate)
    flat[:-1] |= flat[1:]  # the first sample of the line, too
    return flat


def _saturated(values: FloatArray, rate: float, limits: tuple[float, float] | None) -> BoolArray:
    """Find stretches at an end of the range."""
    low, high = limits if limits is not None else (values.min(), values.max())
    ends = (values <= low, values >= high)
    return np.logical_or(*(_keep_long(end, _SATURATED_SECONDS * rate) for end in ends))


def _noisy(values: FloatArray, rate: float) -> BoolArray:
    """Find blocks with strong fast noise, or with swings that no heart makes."""
    size = round(_BLOCK_SECONDS * rate)
    n_blocks = len(values) // size
    if n_blocks < 1:
        return np.zeros(len(values), dtype=bool)
    blocks = values[: n_blocks * size].reshape(n_blocks, size)
    swings = np.ptp(blocks, axis=1)
    typical = np.median(swings[swings > 0]) if (swings > 0).any() else 0.0
    noisy = swings > _LARGEST_SWING * typical
    if rate > 2.2 * _NOISE_FREQUENCY:
        fast = np.abs(zero_phase(values, rate, "highpass", _NOISE_FREQUENCY, order=4))
        level = 1.4826 * np.median(fast[: n_blocks * size].reshape(n_blocks, size), axis=1)
        noisy |= level > _NOISE_LEVEL * typical
    mask = np.repeat(noisy, size)
    return np.concatenate([mask, np.zeros(len(values) - len(mask), dtype=bool)])
