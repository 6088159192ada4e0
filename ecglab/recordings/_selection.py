"""Which beats of an unlabelled recording to learn "normal" from.

Nobody has said which beats are normal, and nearly half of them may not be. Three facts about hearts
are used, none of them about a particular recording: an ectopic beat comes early and a pause follows
it; the beats of one focus look alike; and the shape that most beats on time share is the patient's
own.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]

FEWEST_BEATS = 30
"""Beats on time that are needed to tell which shape is the usual one."""

_EARLY = 0.85  # RR before over RR after: 1 % of the normal beats of 106 and 208 lie below
_ALIKE = 0.2  # mean squared distance of standardised beats: a correlation of 0.9
_WIDER = 4.0  # times the core's own median distance, for leads too noisy for the line above
_STEPS = 50
_MOST_STARTS = 2000  # beats to search for the starting one: among all, time grows with the square
_PERSISTENT = 0.8  # share of a shape's beats that follow one of its own: runs of 5 on average
_LEAST_SHARE = 0.1  # of the beats on time, for a second shape to count
_MOST_SHAPES = 3


@dataclass(frozen=True, eq=False)
class Selection:
    """What was chosen among beats of which nobody knows which are normal.

    Parameters
    ----------
    early : ndarray of bool, shape (n_beats,)
        Beats that come early and are followed by a pause; never chosen, unless too few are left.
    core : ndarray of bool, shape (n_beats,)
        The beats to train on: of each normal shape, the half that are most alike.
    kept : ndarray of bool, shape (n_beats,)
        The beats to set a threshold by: the core, and what looks like it.
    n_shapes : int
        How many normal shapes there are.
    """

    early: BoolArray
    core: BoolArray
    kept: BoolArray
    n_shapes: int


def come_early(rr_intervals: npt.ArrayLike) -> BoolArray:
    """Tell which beats come early and are followed by a pause, as ectopic beats do.

    Parameters
    ----------
    rr_intervals : array_like of shape (n_beats, 2)
        Seconds to the R peak before and after; NaN where there is none.

    Returns
    -------
    ndarray of bool, shape (n_beats,)
        True where the interval before is less than 0.85 of the one after. Comparing the two
        intervals of one beat needs no typical interval, which in bigeminy there is not.
    """
    return measure_prematurity(rr_intervals) > 1


def measure_prematurity(rr_intervals: npt.ArrayLike) -> FloatArray:
    """Measure how much shorter the interval before a beat is than the one after.

    Above 1 where `come_early` says so; 0 where one of the two is not known.
    """
    before, after = np.asarray(rr_intervals, dtype=np.float64).T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(_EARLY * after / before)


def select_normal(signals: npt.ArrayLike, rr_intervals: npt.ArrayLike) -> Selection:
    """Choose the beats to learn from, without labels.

    Parameters
    ----------
    signals : array_like of shape (n_beats, n_samples)
        Standardised beats in the order of time.
    rr_intervals : array_like of shape (n_beats, 2)
        Seconds to the R peak before and after.

    Returns
    -------
    Selection
        Early beats are left out first. Of the rest, the *core* is the half that lies closest to its
        own median beat, found from the beat with the closest half around it (searched among 2,000
        beats at most) by concentration steps.
        A further shape is taken in if it has a tenth of the beats and persists over runs of beats,
        as a bundle branch block that comes and goes does and ectopic beats do not.

    Raises
    ------
    ValueError
        If there are fewer than 30 beats.

    Notes
    -----
    The core is a least trimmed squares estimate of location with a breakdown point of one half:
    the same idea as the minimum covariance determinant, of which only the centre is estimated,
    because a covariance of 140 samples is beyond a few hundred beats.

    References
    ----------
    P. J. Rousseeuw and K. Van Driessen, "A fast algorithm for the minimum covariance determinant
    estimator", Technometrics 41 (1999) 212-223, doi 10.1080/00401706.1999.10485670.
    """
    beats = np.asarray(signals, dtype=np.float64)
    early = come_early(rr_intervals)
    if len(beats) < FEWEST_BEATS:
        raise ValueError(
            f"{len(beats)} beats are too few to tell which shape is the usual one: "
            f"{FEWEST_BEATS} are needed."
        )
    usable = ~early if (~early).sum() >= FEWEST_BEATS else np.ones(len(beats), dtype=bool)
    left = np.flatnonzero(usable)
    core, kept = np.zeros((2, len(beats)), dtype=bool)
    n_shapes = 0
    while n_shapes < _MOST_SHAPES and len(left) >= max(FEWEST_BEATS, _LEAST_SHARE * usable.sum()):
        of_core, of_shape = (left[rows] for rows in _find_shape(beats[left]))
        if n_shapes and not _is_normal_too(of_shape, usable):
            break
        core[of_core] = kept[of_shape] = True
        n_shapes += 1
        left = left[~kept[left]]
    return Selection(early, core, kept, n_shapes)


def _find_shape(beats: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the rows of the core of the most common shape, and those of all beats like it."""
    size = len(beats) // 2 + 1
    core = _find_closest_half(beats, size)
    for _ in range(_STEPS):
        distances = np.square(beats - np.median(beats[core], axis=0)).mean(axis=1)
        closest = np.sort(np.argsort(distances, kind="stable")[:size])
        if np.array_equal(closest, core):
            break
        core = closest
    distances = np.square(beats - np.median(beats[core], axis=0)).mean(axis=1)
    shape = np.flatnonzero(distances < max(_ALIKE, _WIDER * float(np.median(distances[core]))))
    # Where no shape has half of the beats, the closest half holds others.
    return np.intersect1d(core, shape), shape


def _find_closest_half(beats: FloatArray, size: int) -> IntArray:
    """Return the rows of the tightest group of a size around one beat."""
    smallest, group = np.inf, np.arange(size)
    for start in _spread_starts(len(beats)):
        apart = cdist(beats[[start]], beats, "sqeuclidean")[0]  # a row at a time: memory is linear
        radius = np.partition(apart, size - 1)[size - 1]
        if radius < smallest:
            smallest, group = radius, np.argsort(apart, kind="stable")[:size]
    return np.sort(group)


def _spread_starts(n_beats: int) -> IntArray:
    """Return the rows of all beats, or of pairs of neighbours that are spread evenly."""
    if n_beats <= _MOST_STARTS:
        return np.arange(n_beats)
    # Pairs, because single beats could fall into step with a rhythm: all of them ectopic.
    first = np.linspace(0, n_beats - 2, _MOST_STARTS // 2).astype(np.intp)
    return np.union1d(first, first + 1)


def _is_normal_too(rows: IntArray, usable: BoolArray) -> bool:
    """Say whether a further shape is common, and comes in runs."""
    common = len(rows) >= max(FEWEST_BEATS, _LEAST_SHARE * usable.sum())
    persistent = np.isin(rows - 1, rows).mean() >= _PERSISTENT
    return bool(common and persistent)
