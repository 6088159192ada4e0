"""From anomaly scores to a cut: a beat whose score lies **above** the threshold is an anomaly.

A *label-free* rule looks at the scores of normal beats alone; a *label-tuned* one needs anomalies
too. Either way the scores must come from validation data, never from the test part.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "THRESHOLDS",
    "ThresholdRule",
    "choose_threshold",
    "f1_threshold",
    "mean_plus_sd_threshold",
    "quantile_threshold",
    "youden_threshold",
]

Counts = npt.NDArray[np.int64]


def quantile_threshold(normal_scores: npt.ArrayLike, quantile: float = 0.95) -> float:
    """Cut where a given share of the normal beats lies below. Label-free.

    Parameters
    ----------
    normal_scores : array_like of shape (n_beats,)
        Anomaly scores of held-out normal beats.
    quantile : float, default 0.95
        The share of normal beats to accept; ``1 - quantile`` is the false-alarm rate to expect.

    Returns
    -------
    float
        The threshold.

    Raises
    ------
    ValueError
        If a score is not finite, there is none, or `quantile` lies outside (0, 1).
    """
    if not 0 < quantile < 1:
        raise ValueError(f"quantile must lie between 0 and 1, not {quantile}. 0.95 is usual.")
    return float(np.quantile(_check_scores(normal_scores), quantile))


def mean_plus_sd_threshold(normal_scores: npt.ArrayLike, k: float = 1.0) -> float:
    """Cut `k` standard deviations above the mean of the normal scores. Label-free.

    Parameters
    ----------
    normal_scores : array_like of shape (n_beats,)
        Anomaly scores of normal beats.
    k : float, default 1.0
        How many (population) standard deviations above the mean to cut. What false-alarm rate
        that gives depends on the shape of the distribution, which for errors is skewed.

    Returns
    -------
    float
        The threshold.

    Raises
    ------
    ValueError
        If a score is not finite or there is none.
    """
    scores = _check_scores(normal_scores)
    return float(scores.mean() + k * scores.std())


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


@dataclass(frozen=True)
class ThresholdRule:
    """A way to choose a threshold, and what it must see.

    Parameters
    ----------
    function : callable
        Takes the scores of normal beats; with `needs_anomalies`, the scores of all beats and
        whether each is an anomaly. Returns the threshold.
    needs_anomalies : bool
        True for a label-tuned rule.
    """

    function: Callable[..., float]
    needs_anomalies: bool


THRESHOLDS: dict[str, ThresholdRule] = {
    "quantile": ThresholdRule(quantile_threshold, needs_anomalies=False),
    "mean_plus_sd": ThresholdRule(mean_plus_sd_threshold, needs_anomalies=False),
    "f1": ThresholdRule(f1_threshold, needs_anomalies=True),
    "youden": ThresholdRule(youden_threshold, needs_anomalies=True),
}
"""The rules, by name."""


def choose_threshold(
    rule: str, scores: npt.ArrayLike, is_anomaly: npt.ArrayLike, **params: Any
) -> float:
    """Choose a threshold by the name of a rule; a label-free rule is handed no anomaly.

    Parameters
    ----------
    rule : str
        A name as in `THRESHOLDS`.
    scores : array_like of shape (n_beats,)
        Anomaly scores of validation beats.
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies.
    **params
        Parameters of the rule, such as ``quantile=0.99``.

    Returns
    -------
    float
        The threshold.

    Raises
    ------
    ValueError
        If there is no such rule, the lengths differ, or the rule cannot use the scores.
    TypeError
        If the rule has no such parameter.

    Examples
    --------
    >>> scores, is_anomaly = [1.0, 2.0, 3.0, 9.0], [False, False, False, True]
    >>> choose_threshold("quantile", scores, is_anomaly, quantile=0.5)
    2.0
    >>> choose_threshold("f1", scores, is_anomaly)
    6.0
    """
    if rule not in THRESHOLDS:
        raise ValueError(
            f"there is no threshold rule {rule!r}: choose one of {', '.join(THRESHOLDS)}."
        )
    chosen = THRESHOLDS[rule]
    if chosen.needs_anomalies:
        return chosen.function(scores, is_anomaly, **params)
    scores = np.asarray(scores, dtype=np.float64)
    is_anomaly = _check_lengths(scores, is_anomaly)
    if is_anomaly.all():
        raise ValueError(
            f"the rule {rule!r} looks at normal beats, and none of these {scores.size} is one. "
            "Check that is_anomaly is True for anomalies."
        )
    return chosen.function(scores[~is_anomaly], **params)


def _best_cut(
    scores: npt.ArrayLike,
    is_anomaly: npt.ArrayLike,
    quality: Callable[[Counts, Counts], npt.NDArray[Any]],
) -> float:
    """Try each distinct score as the lowest one flagged; of equally good cuts, take the highest.

    `quality` is handed, for every cut in ascending order, how many anomalies and how many normal
    beats are flagged. The first cut flags all of them.
    """
    scores = _check_scores(scores)
    is_anomaly = _check_lengths(scores, is_anomaly)
    if is_anomaly.all() or not is_anomaly.any():
        raise ValueError(
            "this rule needs normal beats and anomalies, and these are all "
            f"{'anomalies' if is_anomaly.any() else 'normal'}. "
            "With normal beats alone, use quantile_threshold."
        )
    cuts, level = np.unique(scores, return_inverse=True)
    caught, alarms = (_count_from_above(level[of], len(cuts)) for of in (is_anomaly, ~is_anomaly))
    # Reversed, argmax finds the highest of equals.
    best = len(cuts) - 1 - int(np.argmax(quality(caught, alarms)[::-1]))
    highest_passed = cuts[best - 1] if best else np.nextafter(cuts[0], -np.inf)
    return _between(float(highest_passed), float(cuts[best]))


def _count_from_above(levels: npt.NDArray[np.intp], n_levels: int) -> Counts:
    """Count the beats at each level or above."""
    return np.cumsum(np.bincount(levels, minlength=n_levels)[::-1])[::-1]


def _between(low: float, high: float) -> float:
    """Half-way from `low` to `high`, and below `high` even when they are neighbouring floats."""
    middle = low + (high - low) / 2
    return middle if middle < high else low


def _check_lengths(
    scores: npt.NDArray[np.float64], is_anomaly: npt.ArrayLike
) -> npt.NDArray[np.bool_]:
    """Return the labels as booleans, one a score."""
    is_anomaly = np.asarray(is_anomaly, dtype=bool)
    if is_anomaly.shape != scores.shape:
        raise ValueError(
            f"there are {scores.shape} scores but {is_anomaly.shape} labels: one a beat is needed."
        )
    return is_anomaly


def _check_scores(scores: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the scores as a one-dimensional float array, or say why they cannot be used."""
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 1 or scores.size == 0:
        raise ValueError(f"scores must be a list of numbers, one a beat, not shape {scores.shape}.")
    if not np.isfinite(scores).all():
        raise ValueError(
            f"{int((~np.isfinite(scores)).sum())} of {scores.size} scores are NaN or infinite. "
            "A diverged training or a damaged beat does that: look at the loss curve and the data."
        )
    return scores
