"""The kinds of strange beats in a recording: by verdict, shape and timing.

A list of hundreds of strange beats says little; that there are two shapes of them, one in bigeminy
for hours, says a lot.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
from sklearn.cluster import AgglomerativeClustering

from ecglab._runs import find_runs
from ecglab.datasets import Record
from ecglab.recordings._rhythm import local_median
from ecglab.recordings._shape import chunks_of

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]

VERDICTS: Mapping[str, str] = {
    "V": "V-like",
    "S": "S-like",
    "?": "unknown",
}
"""What strange beats are called; see `Analysis.verdicts`."""

OTHER = "other"
"""The name of the strange beats that are like no kind."""

_MOST_KINDS = 6
_FEWEST_BEATS = 3  # that make a kind
_MOST_COMPARED = 800  # beats, each with each; all others are given to the nearest kind
# Distances between shapes of length 1 in all leads: 1 is a correlation of a half.
_APART = 1.0
_AROUND_R = (-0.1, 0.12)  # seconds: where a QRS complex is
_BEFORE, _LENGTH = 0.1, 0.35  # seconds; a neighbour hardly ever reaches there
_TIMING = 1.5  # what a beat that comes at 1/e of the usual interval is apart from one on time
_MOST_EARLY = 0.7  # a pause, or an early beat, counts for no more
_RHYTHM_BEATS = 50  # on either side, whose median interval is the usual one
_FALSE_DISCOVERIES = 0.05
_PAUSE = 3  # places that stand for a beat that is not there; no pattern reaches across


@dataclass(frozen=True, eq=False)
class Kind:
    """Strange beats that are alike.

    Parameters
    ----------
    name : str
        Verdict and rank, such as ``"V-like A"``, or ``"other"`` for those unlike the rest.
    verdict : str
        "V" (of another shape, as ventricular beats are), "S" (early, of the usual shape, as
        supraventricular ones are) or "?" (strange in another way); empty if they have several.
    beats : ndarray of int
        Their positions in the record, in the order of time.
    scores : ndarray of float64
        Their scores, as multiples of the threshold.
    burden : float
        Share of them among the beats that were judged.
    in_a_row : ndarray of int
        How many beats of this verdict follow each other where each of them stands.
    bigeminy : ndarray of bool
        Whether each is one of three or more of this verdict that come every second beat.
    """

    name: str
    verdict: str
    beats: IntArray
    scores: FloatArray
    burden: float
    in_a_row: IntArray
    bigeminy: BoolArray

    @property
    def weight(self) -> float:
        """Number of beats times their median score, by which kinds are ranked."""
        return float(len(self.beats) * np.median(self.scores))


def find_kinds(
    record: Record, verdicts: npt.NDArray[np.str_], ratios: FloatArray
) -> tuple[Kind, ...]:
    """Group the strange beats of a recording by verdict, shape in all leads, and timing.

    Parameters
    ----------
    record : Record
        The recording.
    verdicts : ndarray of str, shape (n_beats,)
        What each beat looks like; see `Analysis.verdicts`.
    ratios : ndarray of float64, shape (n_beats,)
        The score of each, as a multiple of the threshold.

    Returns
    -------
    tuple of Kind
        Six at most, those first that are many and strange, and "other" in the end, if there are
        beats unlike the rest. Each strange beat is in one of them.

    Notes
    -----
    Some hundred beats of each verdict are compared with each other and joined by average linkage;
    each beat is then given to the nearest group, if it is near, so that the time needed grows with
    the number of beats and not with its square.
    """
    judged = int((verdicts != "U").sum())
    shapes_of = partial(_shapes_of, record, _sizes(record))
    in_a_row, bigeminy = _patterns_of(record, verdicts)

    def kind(name: str, verdict: str, beats: IntArray) -> Kind:
        burden = len(beats) / judged
        return Kind(name, verdict, beats, ratios[beats], burden, in_a_row[beats], bigeminy[beats])

    found = [
        kind("", verdict, beats)
        for verdict in VERDICTS
        for beats in _group(shapes_of, np.flatnonzero(verdicts == verdict))
    ]
    kinds = []
    letters = {verdict: iter("ABCDEFGH") for verdict in VERDICTS}
    for one in sorted(found, key=lambda one: -one.weight)[:_MOST_KINDS]:
        name = f"{VERDICTS[one.verdict]} {next(letters[one.verdict])}"
        kinds.append(replace(one, name=name))
    rest = np.isin(verdicts, list(VERDICTS))
    for one in kinds:
        rest[one.beats] = False
    if rest.any():
        others = set(verdicts[rest].tolist())
        kinds.append(kind(OTHER, others.pop() if len(others) == 1 else "", np.flatnonzero(rest)))
    return tuple(kinds)


def _sizes(record: Record) -> FloatArray:
    """Return by what the beats of each lead are divided."""
    powers = np.empty((len(record), record.amplitudes.shape[2]), dtype=np.float32)
    for part in chunks_of(len(record)):
        powers[part] = np.square(_align(record.amplitudes[part], record.window)).mean(axis=1)
    # A lead counts by the root of its size: a small one would else be all noise, or be nothing.
    sizes = np.sqrt(np.median(powers, axis=0))
    return np.sqrt(np.where(sizes > 0, sizes, 1.0))


def _shapes_of(record: Record, sizes: FloatArray, beats: IntArray) -> FloatArray:
    """Return the shape of beats in all leads, of length 1, and how early each comes."""
    shapes = (_align(record.amplitudes[beats], record.window) / sizes).reshape(len(beats), -1)
    lengths = np.linalg.norm(shapes, axis=1, keepdims=True)
    intervals = np.log(np.asarray(record.rr_intervals, dtype=np.float64)[:, 0])
    early = np.nan_to_num(local_median(intervals, _RHYTHM_BEATS) - intervals)[beats]
    timing = _TIMING * np.clip(early, -_MOST_EARLY, _MOST_EARLY)
    return np.column_stack([shapes / np.where(lengths > 0, lengths, 1.0), timing])


def _align(beats: npt.NDArray[np.float32], window: tuple[float, float]) -> npt.NDArray[np.float32]:
    """Cut the QRS complex and the beginning of the T wave from where the signal changes most.

    Each lead of each beat has mean 0. The R peaks of wide beats are marked now here and now there.
    """
    n_samples = beats.shape[1]
    rate = n_samples / (window[1] - window[0])
    first, stop = (max(round((seconds - window[0]) * rate), 0) for seconds in _AROUND_R)
    slopes = np.square(np.diff(beats[:, first : stop + 1], axis=1)).sum(axis=2)
    totals = slopes.sum(axis=1)
    middles = (slopes @ (first + np.arange(slopes.shape[1]))) / np.where(totals > 0, totals, 1.0)
    starts = np.clip(np.round(middles - _BEFORE * rate), 0, None).astype(np.intp)
    length = min(round(_LENGTH * rate), n_samples)
    places = np.minimum(starts[:, None], n_samples - length) + np.arange(length)
    aligned = np.take_along_axis(beats, places[:, :, None], axis=1)
    return aligned - aligned.mean(axis=1, keepdims=True)


def _group(shapes_of: Callable[[IntArray], FloatArray], beats: IntArray) -> Iterator[IntArray]:
    """Hand out groups of beats that are alike; what is like no other beat is in none."""
    if len(beats) < _FEWEST_BEATS:
        return
    places = np.linspace(0, len(beats) - 1, min(len(beats), _MOST_COMPARED)).astype(np.intp)
    shapes = shapes_of(beats)
    compared = shapes[places]
    labels = AgglomerativeClustering(
        n_clusters=None, distance_threshold=_APART, linkage="average"
    ).fit_predict(compared)
    large = np.flatnonzero(np.bincount(labels) >= _FEWEST_BEATS)
    if not len(large):
        return
    centres = np.stack([compared[labels == label].mean(axis=0) for label in large])
    distances = np.stack([np.linalg.norm(shapes - centre, axis=1) for centre in centres])
    nearest = np.where(distances.min(axis=0) < _APART, distances.argmin(axis=0), -1)
    groups = (beats[nearest == label] for label in range(len(large)))
    yield from (group for group in groups if len(group) >= _FEWEST_BEATS)


def _patterns_of(record: Record, verdicts: npt.NDArray[np.str_]) -> tuple[IntArray, BoolArray]:
    """Look for patterns among the beats of each verdict."""
    times, after = np.asarray(record.times), np.asarray(record.rr_intervals)[:, 1]
    follows = np.abs(np.diff(times) - after[:-1]) < 1e-3  # False if a beat between is set aside
    found = [find_patterns(verdicts == verdict, follows) for verdict in VERDICTS]
    in_a_row, bigeminy = zip(*found, strict=True)
    return np.sum(in_a_row, axis=0), np.any(bigeminy, axis=0)


def find_patterns(is_ectopic: BoolArray, follows: BoolArray) -> tuple[IntArray, BoolArray]:
    """Find beats that follow each other, and bigeminy.

    Parameters
    ----------
    is_ectopic : ndarray of bool, shape (n_beats,)
        The beats whose patterns are looked for.
    follows : ndarray of bool, shape (n_beats - 1,)
        Whether the next beat is the next one in the recording, too.

    Returns
    -------
    in_a_row : ndarray of int, shape (n_beats,)
        How many ectopic beats stand in a row there: 2 is a couplet, 3 or more a run; 0 for others.
    bigeminy : ndarray of bool, shape (n_beats,)
        Single ectopic beats that come every second beat, three times or more.
    """
    places = np.arange(len(is_ectopic)) + _PAUSE * np.concatenate([[0], np.cumsum(~follows)])
    row = np.zeros(places[-1] + 5, dtype=bool)
    row[places] = is_ectopic
    lengths = np.diff(find_runs(row), axis=1)[:, 0]
    in_a_row = np.zeros(len(row), dtype=np.intp)
    in_a_row[row] = np.repeat(lengths, lengths)
    single = in_a_row == 1
    thrice = single[:-4] & single[2:-2] & single[4:]
    bigeminy = np.zeros(len(row), dtype=bool)
    for offset in (0, 2, 4):
        bigeminy[offset : len(row) - 4 + offset] |= thrice
    return in_a_row[places], bigeminy[places]


def flag_by_benjamini_hochberg(p_values: FloatArray) -> BoolArray:
    """Tell which p-values belong to discoveries of which 5 % at most are expected to be false.

    References
    ----------
    Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", Journal of the Royal
    Statistical Society B 57(1) (1995) 289-300.
    """
    from scipy.stats import false_discovery_control  # takes longer to load than all else here

    return np.asarray(false_discovery_control(p_values) <= _FALSE_DISCOVERIES)
