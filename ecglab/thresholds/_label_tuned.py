"""Rules that look at anomalies too."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab.thresholds._checks import (
    check_labels,
    check_scores,
    check_share,
    fewest_beats,
    smallest_share,
    warn_few_beats,
    whole_beats,
)

__all__ = [
    "cost_threshold",
    "expected_cost",
    "f1_threshold",
    "recall_threshold",
    "youden_threshold",
]

Counts = npt.NDArray[np.int64]

# Qualities that differ by less are equal: sums of products round differently in the last digits.
_EQUAL = 1e-9


def f1_threshold(scores: npt.ArrayLike, is_anomaly: npt.ArrayLike) -> float:
    """Cut where F1 is largest, anomaly being the positive class. Label-tuned.

    Parameters
    ----------
    scores : array_like of shape (n_beats,)
        Anomaly scores of normal beats and anomalies.
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies.

    Returns
    -------
    float
        The threshold: half-way between the lowest score that is called an anomaly and the highest
        one that is not. Where several cuts reach the same F1, the highest of them.

    Raises
    ------
    ValueError
        If the lengths differ, a score is not finite, or one of the two classes is missing.
    """
    return _best_cut(
        scores,
        is_anomaly,
        # Twice the anomalies caught, over those that exist and the beats that are flagged.
        lambda caught, alarms: 2 * caught / (caught + alarms + caught.max()),
    )


def youden_threshold(scores: npt.ArrayLike, is_anomaly: npt.ArrayLike) -> float:
    """Cut where recall minus false-alarm rate, Youden's J, is largest. Label-tuned.

    Unlike F1, J does not depend on the share of anomalies, so that a cut chosen where they are
    common stays the best one, in this sense, where they are rare. It weighs one percentage point of
    missed anomalies as much as one of false alarms.

    Parameters
    ----------
    scores : array_like of shape (n_beats,)
        Anomaly scores of normal beats and anomalies.
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies.

    Returns
    -------
    float
        The threshold: half-way between the lowest score that is called an anomaly and the highest
        one that is not. Where several cuts reach the same J, the highest of them.

    Raises
    ------
    ValueError
        If the lengths differ, a score is not finite, or one of the two classes is missing.

    References
    ----------
    W. J. Youden, "Index for rating diagnostic tests", Cancer 3 (1950) 32-35,
    doi 10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3.

    Examples
    --------
    >>> youden_threshold([1.0, 2.0, 6.0, 8.0], [False, False, True, True])
    4.0
    """
    return _best_cut(
        scores,
        is_anomaly,
        # J times both class sizes: whole numbers, in which ties are exact.
        lambda caught, alarms: caught * alarms.max() - alarms * caught.max(),
    )


def recall_threshold(
    scores: npt.ArrayLike, is_anomaly: npt.ArrayLike, recall: float = 0.99
) -> float:
    """Cut as high as still flags a given share of the anomalies. Label-tuned.

    Parameters
    ----------
    scores : array_like of shape (n_beats,)
        Anomaly scores of normal beats and anomalies.
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies.
    recall : float, default 0.99
        The least share of these anomalies to flag; 1 asks for all of them.

    Returns
    -------
    float
        The threshold: half-way between the lowest score that is called an anomaly and the highest
        one that is not.

    Raises
    ------
    ValueError
        If `recall` lies outside (0, 1], the lengths differ, a score is not finite, or one of the
        two classes is missing.

    Warns
    -----
    FewBeatsWarning
        If `recall` is below 1 and yet can only be met by flagging all of these anomalies.

    Examples
    --------
    >>> recall_threshold([1.0, 3.0, 4.0, 6.0], [False, True, False, True], recall=0.5)
    5.0
    """
    if recall != 1:
        check_share("recall", recall, usual=0.99)
    n_anomalies = int(np.count_nonzero(is_anomaly))
    may_be_missed = whole_beats(n_anomalies * (1 - recall))
    cut = _best_cut(
        scores, is_anomaly, lambda caught, alarms: caught >= n_anomalies - may_be_missed
    )
    if recall < 1 and may_be_missed == 0:
        warn_few_beats(
            f"{n_anomalies} anomalies cannot tell a recall of {100 * recall:g} % from one of "
            "100 %: all of them must be flagged, so the lowest score alone decides.",
            f"{fewest_beats(1 - recall)} anomalies",
            ("recall", 1 - smallest_share(n_anomalies)),
        )
    return cut


def cost_threshold(
    scores: npt.ArrayLike,
    is_anomaly: npt.ArrayLike,
    *,
    prevalence: float = 0.02,
    miss_cost: float = 10.0,
    false_alarm_cost: float = 1.0,
) -> float:
    """Cut where the expected cost of a beat is lowest. Label-tuned.

    Parameters
    ----------
    scores : array_like of shape (n_beats,)
        Anomaly scores of normal beats and anomalies.
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies. Their share here does not matter.
    prevalence : float, default 0.02
        The share of anomalies where the threshold is to be used.
    miss_cost, false_alarm_cost : float, default 10.0 and 1.0
        What an anomaly that is not flagged costs, and what a normal beat that is; in any one unit.

    Returns
    -------
    float
        The threshold: half-way between the lowest score that is called an anomaly and the highest
        one that is not. Where it is cheapest to flag none of these beats, the highest score; where
        it is cheapest to flag all, just below the lowest. Of equally cheap cuts, the highest.

    Raises
    ------
    ValueError
        If `prevalence` lies outside (0, 1), a cost is not positive and finite, the lengths differ,
        a score is not finite, or one of the two classes is missing.

    See Also
    --------
    expected_cost : What is made as small as possible.

    Examples
    --------
    >>> scores, is_anomaly = [1.0, 2.0, 3.0, 4.0], [False, True, False, True]
    >>> cost_threshold(scores, is_anomaly, prevalence=0.5)
    1.5
    >>> cost_threshold(scores, is_anomaly, prevalence=0.02)
    3.5
    """
    return _best_cut(
        scores,
        is_anomaly,
        lambda caught, alarms: (
            -expected_cost(
                caught / caught.max(),
                alarms / alarms.max(),
                prevalence=prevalence,
                miss_cost=miss_cost,
                false_alarm_cost=false_alarm_cost,
            )
        ),
        may_flag_nothing=True,
    )


def expected_cost(
    recall: npt.ArrayLike,
    false_positive_rate: npt.ArrayLike,
    *,
    prevalence: float = 0.02,
    miss_cost: float = 10.0,
    false_alarm_cost: float = 1.0,
) -> npt.NDArray[np.float64]:
    """Return what a detector's mistakes cost per beat, where a given share of beats are anomalies.

    Parameters
    ----------
    recall : array_like
        Shares of the anomalies that are flagged.
    false_positive_rate : array_like of a shape that goes with it
        Shares of the normal beats that are flagged.
    prevalence : float, default 0.02
        The share of anomalies among the beats.
    miss_cost, false_alarm_cost : float, default 10.0 and 1.0
        What an anomaly that is not flagged costs, and what a normal beat that is; in any one unit.

    Returns
    -------
    ndarray
        ``prevalence * miss_cost * (1 - recall)
        + (1 - prevalence) * false_alarm_cost * false_positive_rate``, in the unit of the costs.

    Raises
    ------
    ValueError
        If a share lies outside [0, 1], `prevalence` outside (0, 1), or a cost is not positive and
        finite.

    References
    ----------
    C. Drummond and R. C. Holte, "Cost curves: an improved method for visualizing classifier
    performance", Machine Learning 65 (2006) 95-130, doi 10.1007/s10994-006-8199-5.

    Examples
    --------
    >>> float(expected_cost(0.5, 0.25, prevalence=0.2, miss_cost=10.0, false_alarm_cost=1.0))
    1.2
    """
    check_share("prevalence", prevalence, usual=0.02)
    for name, cost in (("miss_cost", miss_cost), ("false_alarm_cost", false_alarm_cost)):
        if not 0 < cost < np.inf:
            raise ValueError(f"{name} must be a positive, finite number, not {cost}.")
    recall, false_positive_rate = np.asarray(recall, float), np.asarray(false_positive_rate, float)
    for name, rates in (("recall", recall), ("false_positive_rate", false_positive_rate)):
        if not np.all((rates >= 0) & (rates <= 1)):
            raise ValueError(f"{name} must lie between 0 and 1: it is a share, not a percentage.")
    misses = prevalence * miss_cost * (1 - recall)
    return misses + (1 - prevalence) * false_alarm_cost * false_positive_rate


def _best_cut(
    scores: npt.ArrayLike,
    is_anomaly: npt.ArrayLike,
    quality: Callable[[Counts, Counts], npt.NDArray[Any]],
    *,
    may_flag_nothing: bool = False,
) -> float:
    """Try each distinct score as the lowest one flagged; of equally good cuts, take the highest.

    `quality` is handed, for every cut in ascending order, how many anomalies and how many normal
    beats are flagged. The first cut flags all of them; with `may_flag_nothing`, the last one none.
    """
    scores = check_scores(scores)
    is_anomaly = check_labels(scores, is_anomaly)
    if is_anomaly.all() or not is_anomaly.any():
        raise ValueError(
            "this rule needs normal beats and anomalies, and these are all "
            f"{'anomalies' if is_anomaly.any() else 'normal'}. "
            "With normal beats alone, use quantile_threshold."
        )
    levels, level = np.unique(scores, return_inverse=True)
    n_cuts = len(levels) + may_flag_nothing
    caught, alarms = (_count_from_above(level[of], n_cuts) for of in (is_anomaly, ~is_anomaly))
    qualities = quality(caught, alarms)
    best = np.flatnonzero(np.isclose(qualities, qualities.max(), rtol=_EQUAL, atol=0))[-1]
    if best == len(levels):
        return float(levels[-1])
    highest_passed = levels[best - 1] if best else np.nextafter(levels[0], -np.inf)
    return _between(float(highest_passed), float(levels[best]))


def _count_from_above(levels: npt.NDArray[np.intp], n_levels: int) -> Counts:
    """Count the beats at each level or above."""
    return np.cumsum(np.bincount(levels, minlength=n_levels)[::-1])[::-1]


def _between(low: float, high: float) -> float:
    """Half-way from `low` to `high`, and below `high` even when they are neighbouring floats."""
    middle = low + (high - low) / 2
    return middle if middle < high else low
