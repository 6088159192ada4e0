"""A recorded signal: filtered, freed of what no beat should be judged by, cut into beats.

All of it is done block by block, each with so much around it that it makes no difference, and what
is measured over the whole recording is measured before it is used: a week takes no more room than
an hour, but for its beats.

Stretches are marked as bad for gross faults only. An ectopic beat is large, wide and rare, and so
are weaker kinds of noise: what might be a beat stays in. What is marked is cut out before any
filter could spread it: a step of 5 mV rings on for seconds.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ecglab._runs import find_runs
from ecglab.datasets._raw import Samples

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_BLOCK = 2**21  # samples that are held at a time: an hour and a half at 360 Hz
_SETTLED = 10.0  # periods of its frequency, after which a filter has forgotten where it began
_ROLL_OFF = 0.8  # of the Nyquist frequency of the cut beats: where the anti-aliasing filter begins
_CHUNK = 4096  # beats that are cut at a time
_NO_VOLTAGE = 1e12  # in any unit: a kilovolt in nanovolts. A damaged float may be as large
_FLAT_SECONDS = 0.5  # of exactly one value: a recorder's own noise does not allow it
_SATURATED_SECONDS = 0.04  # at the end of the range; the tip of a sharp R wave may touch it
_RAIL_SECONDS = 0.2  # near the end of the range, and far from the rest: a rail with some noise
_DITHER, _FAR = 0.02, 1.5  # of the whole range; of the typical peak-to-peak amplitude
_NOISE_SECONDS = 1.0  # over which noise is measured: about one beat
_MOST_SORTED = 2**22  # samples whose median is taken for that of all; all of three hours at 360 Hz
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


class Gapless:
    """A signal with straight lines in its gaps, read in slices.

    Parameters
    ----------
    values : Samples
        The signal.
    gaps : iterable of tuple of int
        Where each begins and ends. They do not overlap, and hold all samples that are NaN.
    """

    def __init__(self, values: Samples, gaps: Iterable[tuple[int, int]] = ()) -> None:
        self.values = values
        self.gaps = _join(sorted(gaps))
        self._starts, self._stops = np.array(self.gaps, dtype=np.intp).reshape(-1, 2).T

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, at: slice) -> FloatArray:
        return self.fill(self.known(at), at.indices(len(self))[0])

    def known(self, at: slice) -> FloatArray:
        """Return a slice with NaN in the gaps."""
        start, stop, _ = at.indices(len(self))
        values = np.array(self.values[start:stop], dtype=np.float64)
        first = np.searchsorted(self._stops, start, "right")
        last = np.searchsorted(self._starts, stop)
        edges = np.zeros(len(values) + 1, dtype=np.int8)
        edges[np.maximum(self._starts[first:last] - start, 0)] += 1
        edges[np.minimum(self._stops[first:last] - start, len(values))] -= 1
        if last > first:
            values[np.cumsum(edges[:-1]) > 0] = np.nan
        return values

    def fill(self, values: FloatArray, start: int) -> FloatArray:
        """Join the ends of each gap in a slice by a straight line: filters would spread NaN."""
        missing = np.isnan(values)
        if not missing.any():
            return values
        places, known = start + np.flatnonzero(~missing), values[~missing]
        stop = start + len(values)
        before = int(self._starts[np.searchsorted(self._starts, start, "right") - 1]) - 1
        after = int(self._stops[np.searchsorted(self._stops, stop) % len(self._stops)])
        if missing[0] and before >= 0:
            places, known = np.r_[before, places], np.r_[self.values[before : before + 1], known]
        if missing[-1] and after < len(self):
            places, known = np.r_[places, after], np.r_[known, self.values[after : after + 1]]
        at = start + np.flatnonzero(missing)
        values[missing] = np.interp(at, places, known) if len(known) else 0.0
        return values


def _blocks(n_samples: int, multiple: int, context: float = 0) -> Iterator[tuple[slice, slice]]:
    """Cut a signal into blocks: hand out each with what lies around it, and where it is in that.

    Blocks begin at multiples of a number of samples.
    """
    size, context = max(1, _BLOCK // multiple) * multiple, round(context)
    for start in range(0, n_samples, size):
        first, stop = max(0, start - context), min(start + size, n_samples)
        yield slice(first, min(stop + context, n_samples)), slice(start - first, stop - first)


def cut_out(values: Samples, rate: float) -> tuple[Gapless, list[Stretch]]:
    """Cut out missing samples, flat lines, saturation and gross noise.

    Returns the signal with gaps in these stretches, and the stretches in the order of their
    reasons.
    """
    signal, stretches = Gapless(values), list[Stretch]()

    def cut(find: Callable[[FloatArray, int], BoolArray], reason: str) -> bool:
        nonlocal signal
        runs = _find(signal, rate, find)
        stretches.extend(Stretch(*run, reason) for run in runs)
        signal = Gapless(values, [*signal.gaps, *runs])
        return bool(runs)

    codes = _codes(signal)
    cut(lambda x, _: ~(np.abs(x) < _NO_VOLTAGE) | np.isin(x, codes), "missing samples")
    cut(lambda x, _: _flat(x, rate), "flat line")
    while cut(_saturated(signal, rate), "saturated"):
        pass  # one rail may hide another
    cut(_noisy(signal, rate), "noise")
    return signal, stretches


def _find(
    signal: Gapless, rate: float, find: Callable[[FloatArray, int], BoolArray]
) -> list[tuple[int, int]]:
    """Return where runs of what is looked for start and stop.

    `find` gets a part of the signal, NaN in its gaps, and the sample that it begins with.
    """
    runs: list[tuple[int, int]] = []
    for around, own in _blocks(len(signal), 1, rate):
        found = find(signal.known(around), around.start)[own]
        start = around.start + own.start
        runs += [(start + first, start + stop) for first, stop in find_runs(found).tolist()]
    return _join(runs)


def _join(runs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join runs that touch, such as one across two blocks."""
    joined: list[tuple[int, int]] = []
    for start, stop in runs:
        touches = bool(joined) and start == joined[-1][1]
        joined.append((joined.pop()[0] if touches else start, stop))
    return joined


def _keep_long(mask: BoolArray, shortest: float) -> BoolArray:
    """Clear the runs that are too short."""
    kept = np.zeros_like(mask)
    for start, stop in find_runs(mask, max(2, round(shortest))):
        kept[start:stop] = True
    return kept


def _codes(signal: Gapless) -> list[float]:
    """Find values that stand for "no sample", such as -9999.

    An end value is one if nothing lies near it: the gap to the next is wider than the range of all
    the others. A signal does not jump to one and the same far value without anything between.
    """
    codes: list[float] = []
    while len(codes) < _MOST_CODES:
        ends = _ends(signal, codes)
        before = len(codes)
        if len(ends) > 2 and ends[1] - ends[0] > ends[-1] - ends[1]:
            codes.append(float(ends[0]))
            ends = ends[1:]
        if len(ends) > 2 and ends[-1] - ends[-2] > ends[-2] - ends[0]:
            codes.append(float(ends[-1]))
        if len(codes) == before:
            break
    return codes


def _ends(signal: Gapless, codes: Sequence[float]) -> FloatArray:
    """Return the two smallest and the two largest of the values, in ascending order."""
    found = []
    for block, _ in _blocks(len(signal), 1):
        values = signal.known(block)
        values = values[(np.abs(values) < _NO_VOLTAGE) & ~np.isin(values, codes)]
        if len(values):
            low, high = values.min(), values.max()
            found += [low, values[values > low].min(initial=high)]
            found += [values[values < high].max(initial=low), high]
    return np.unique(found)


def _flat(values: FloatArray, rate: float) -> BoolArray:
    """Find samples that are equal to their neighbours for long."""
    same = np.concatenate([[False], np.diff(values) == 0])
    flat = _keep_long(same, _FLAT_SECONDS * rate)
    flat[:-1] |= flat[1:]  # the first sample of the line, too
    return flat


def _saturated(signal: Gapless, rate: float) -> Callable[[FloatArray, int], BoolArray]:
    """Find stretches at an end of the range, and far from the rest near an end."""
    size = min(round(_NOISE_SECONDS * rate), len(signal))
    step = -(-len(signal) // _MOST_SORTED)
    low, high, some, swings = np.inf, -np.inf, [], []
    for block, _ in _blocks(len(signal), size):
        values = signal.known(block)
        low, high = np.fmin(low, np.fmin.reduce(values)), np.fmax(high, np.fmax.reduce(values))
        some.append(values[::step][~np.isnan(values[::step])])
        swings.append(np.ptp(_by_seconds(signal.fill(values, block.start), size), axis=1))
    known = np.concatenate(some)
    if not len(known):
        return lambda values, _: np.zeros(len(values), dtype=bool)
    middle = np.median(known)
    least, near = _FAR * _typical(np.concatenate(swings)), _DITHER * (high - low)

    def find(values: FloatArray, _: int) -> BoolArray:
        mask = np.zeros(len(values), dtype=bool)
        far = np.abs(values - middle) > least
        for end, close in (
            (values <= low, values <= low + near),
            (values >= high, values >= high - near),
        ):
            mask |= _keep_long(end, _SATURATED_SECONDS * rate)
            mask |= _keep_long(close & far, _RAIL_SECONDS * rate)
        return mask

    return find


def _by_seconds(values: FloatArray, size: int) -> FloatArray:
    """Lay a signal out in rows of a size, without what is left over."""
    return values[: len(values) // size * size].reshape(-1, size)


def _typical(swings: FloatArray) -> float:
    """Return the median of the amplitudes that there are."""
    return float(np.median(swings[swings > 0])) if (swings > 0).any() else 0.0


def _noisy(signal: Gapless, rate: float) -> Callable[[FloatArray, int], BoolArray]:
    """Find seconds with strong fast noise, or with swings that no heart makes."""
    size = round(_NOISE_SECONDS * rate)
    swings, levels = [], []
    for around, own in _blocks(len(signal), size, 2 * rate):
        values = signal[around]
        swings.append(np.ptp(_by_seconds(values[own], size), axis=1))
        fast = np.zeros(len(values))
        if rate > 2.2 * _NOISE_FREQUENCY and len(values) >= size:
            fast = np.abs(zero_phase(values, rate, "highpass", _NOISE_FREQUENCY, order=4))
        levels.append(1.4826 * np.median(_by_seconds(fast[own], size), axis=1))
    swing, level = np.concatenate(swings), np.concatenate(levels)
    typical = _typical(swing)
    noisy = (swing > _LARGEST_SWING * typical) | (level > _NOISE_LEVEL * typical)
    noisy = np.append(noisy, False)  # what is left over

    def find(values: FloatArray, start: int) -> BoolArray:
        if not noisy.any():
            return np.zeros(len(values), dtype=bool)
        seconds = (start + np.arange(len(values))) // size
        return noisy[np.minimum(seconds, len(noisy) - 1)] & ~np.isnan(values)

    return find


# Beats


def cut_beats(
    values: Samples,
    rate: float,
    times: FloatArray,
    window: tuple[float, float],
    n_samples: int,
    wander: float | None,
) -> npt.NDArray[np.float32]:
    """Cut a window around each R peak (seconds) and resample it, the window's end not included.

    The baseline below `wander` Hz goes first, and with it what the new sampling rate cannot hold
    (where it is lower than the old one); a cubic spline gives the values between samples. Every
    window must lie inside the recording, which has no gaps; the R peaks ascend.
    """
    from scipy.ndimage import map_coordinates, spline_filter1d

    settled = max(-window[0], window[1]) + _SETTLED / (wander or _SETTLED)
    grid = np.linspace(*window, n_samples, endpoint=False) * rate
    beats = np.empty((len(times), n_samples), dtype=np.float32)
    for around, own in _blocks(len(values), 1, settled * rate):
        edges = around.start + np.array([own.start, own.stop])
        first, last = np.searchsorted(times * rate, edges).tolist()
        if first == last:
            continue
        filtered = _filter(values[around], rate, n_samples / (window[1] - window[0]), wander)
        coefficients = spline_filter1d(filtered, order=3, mode="mirror")
        for start in range(first, last, _CHUNK):
            chunk = slice(start, min(start + _CHUNK, last))
            positions = times[chunk, None] * rate + grid - around.start
            beats[chunk] = map_coordinates(
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
    scaled = np.empty(beats.shape, dtype=np.float32)
    for start in range(0, len(beats), _CHUNK):
        chunk = np.ascontiguousarray(beats[start : start + _CHUNK])
        centred = chunk - chunk.mean(axis=1, keepdims=True, dtype=np.float64)
        scaled[start : start + _CHUNK] = centred / centred.std(axis=1, ddof=1, keepdims=True)
    return scaled


def rr_intervals(times: FloatArray) -> FloatArray:
    """Return the seconds from each R peak to the one before and to the one after, (n_beats, 2).

    NaN before the first beat and after the last.
    """
    intervals = np.concatenate([[np.nan], np.diff(times), [np.nan]])[: len(times) + 1]
    return np.stack([intervals[:-1], intervals[1:]], axis=1) if len(times) else np.empty((0, 2))
