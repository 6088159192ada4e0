"""Finding QRS complexes in all leads of a recording at once.

A QRS complex is where the power in its band of frequencies is high for a tenth of a second. How
high is told by the beats around: each lead compares its power with that of its usual complexes, and
votes between 0 and 1; a usual one gets 0.7. What rises above them says hardly more, and the vote is
an amplitude rather than a power, so that a spark in one lead does not outvote another. The more a
lead's complexes stand out from what lies between them, the more its vote weighs. Then the rhythm
has its say: a weak peak soon after a beat is its T wave, one between two beats that follow each
other as usual is noise, and a long gap is searched for a beat that is weak.

The constants were settled on one half of the DS1 records of MIT-BIH; what was changed after a first
look at the other half stands in `book/how_measured.md`.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

REFRACTORY = 0.2
"""Seconds after a beat in which there is no other."""

_ENOUGH_RATE = 100.0  # Hz; samples beyond are averaged
_BAND = (5.0, 25.0)  # Hz; T waves lie below, muscle noise above, wide ventricular beats just inside
_WIDTH = 0.14  # seconds over which power is averaged
_BLOCK, _SPAN = 1.0, 15  # seconds, and how many such blocks tell what is usual
_LEAST = 0.05  # of the usual power in a stretch that is usual in its turn: a loose electrode
_STRONG, _WEAK = 0.25, 0.15  # votes of a beat, and of one where a beat is overdue
_OVERDUE = 1.5  # usual intervals
_AWAY = 0.3  # usual intervals from its neighbours that a weak beat must lie
_MIDWAY, _LOWER = 0.2, 0.85  # two intervals sum up to a usual one, about; of the lower neighbour
_T_WAVE, _T_LOWER = 0.4, 0.6  # seconds after a beat; of that beat's votes
_RHYTHM = 11  # intervals that tell what is usual
_INTERVALS = (0.25, 2.0)  # seconds
_ROUNDS = 3


def find_qrs(leads: Sequence[FloatArray], rate: float) -> IntArray:
    """Find QRS complexes: the samples about in the middle of each, in ascending order.

    The leads have the same length, no gaps, and any unit and polarity.
    """
    from scipy.ndimage import maximum_filter1d

    step = max(1, int(rate / _ENOUGH_RATE))
    slow = rate / step
    votes = _vote([_blocks(lead, step).mean(axis=1) for lead in leads], slow)
    highest = maximum_filter1d(votes, 2 * round(REFRACTORY * slow) + 1)
    peaks = np.flatnonzero((votes == highest) & (votes > _WEAK))
    beats = _hear_rhythm(peaks / slow, votes[peaks])
    return np.asarray(peaks[beats] * step + step // 2)


def _blocks(values: FloatArray, size: int) -> FloatArray:
    return values[: len(values) // size * size].reshape(-1, size)


def _vote(leads: Sequence[FloatArray], rate: float) -> FloatArray:
    """Return how much each sample is like the middle of a QRS complex, from 0 to 1."""
    from scipy.ndimage import median_filter, uniform_filter1d
    from scipy.signal import butter, sosfiltfilt

    size = round(_BLOCK * rate)
    band = butter(2, (_BAND[0], min(_BAND[1], 0.4 * rate)), "bandpass", fs=rate, output="sos")
    votes, total = np.zeros(len(leads[0])), np.zeros(len(leads[0]))
    centres = (np.arange(len(votes) // size) + 0.5) * size
    for lead in leads:
        passed = sosfiltfilt(band, lead)
        power = np.maximum(uniform_filter1d(np.square(passed), round(_WIDTH * rate)), 0)
        blocks = _blocks(power, size)
        usual, between = (
            median_filter(of_block, _SPAN, mode="nearest")
            for of_block in (blocks.max(axis=1), np.median(blocks, axis=1))
        )
        if not usual.any():
            continue
        usual = np.maximum(usual, _LEAST * np.median(usual[usual > 0]))
        clear = usual / (between + 1e-3 * usual)
        usual, weight = (np.interp(np.arange(len(votes)), centres, x) for x in (usual, clear))
        votes += weight * np.sqrt(power / (power + usual))
        total += weight
    return votes / np.where(total > 0, total, 1)


def _hear_rhythm(times: FloatArray, votes: FloatArray) -> npt.NDArray[np.intp]:
    """Choose beats among peaks: the strong ones, less what disturbs the rhythm, and what it needs.

    Noise beside noise, and the second of two overdue beats, are seen only when the first is gone,
    or there: hence the rounds.
    """
    beats = np.flatnonzero(votes > _STRONG)
    for _ in range(_ROUNDS):
        beats = np.delete(beats, _find_disturbing(times[beats], votes[beats]))
        beats = np.union1d(beats, _find_overdue(times, votes, beats))
    return beats


def _usual_intervals(times: FloatArray) -> FloatArray:
    """Return the median of the intervals around each interval."""
    from scipy.ndimage import median_filter

    return np.asarray(median_filter(np.clip(np.diff(times), *_INTERVALS), _RHYTHM, mode="nearest"))


def _find_disturbing(times: FloatArray, votes: FloatArray) -> npt.NDArray[np.intp]:
    """Return the positions of T waves, and of weak beats that break a rhythm usual without them."""
    if len(times) < 3:
        return np.empty(0, dtype=np.intp)
    t_waves = (np.diff(times) < _T_WAVE) & (votes[1:] < _T_LOWER * votes[:-1])
    without = (times[2:] - times[:-2]) / _usual_intervals(times)[1:]
    weak = votes[1:-1] < _LOWER * np.minimum(votes[:-2], votes[2:])
    between = weak & (np.abs(without - 1) < _MIDWAY)
    return np.union1d(np.flatnonzero(t_waves), np.flatnonzero(between)) + 1


def _find_overdue(
    times: FloatArray, votes: FloatArray, beats: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Return the highest peak in each gap that is too long."""
    if len(beats) < 3:
        return np.empty(0, dtype=np.intp)
    usual = _usual_intervals(times[beats])
    peaks = np.setdiff1d(np.arange(beats[0], beats[-1]), beats)
    gap = np.searchsorted(beats, peaks) - 1
    before, after = times[peaks] - times[beats[gap]], times[beats[gap + 1]] - times[peaks]
    away = np.minimum(before, after) > np.maximum(REFRACTORY, _AWAY * usual[gap])
    fits = away & (before + after > _OVERDUE * usual[gap])
    best = pd.Series(votes[peaks], peaks)[fits].groupby(gap[fits]).idxmax()
    return best.to_numpy(dtype=np.intp)
