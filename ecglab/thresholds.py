"""From anomaly scores to a cut: a beat whose score lies **above** the threshold is an anomaly.

A *label-free* rule looks at the scores of normal beats alone; a *label-tuned* one needs anomalies
too. Either way the scores must come from validation data, never from the test part.
"""

import numpy as np
import numpy.typing as npt
from sklearn.metrics import precision_recall_curve

__all__ = ["f1_threshold", "mean_plus_sd_threshold", "quantile_threshold"]


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
    scores = _check_scores(scores)
    is_anomaly = np.asarray(is_anomaly, dtype=bool)
    if is_anomaly.shape != scores.shape:
        raise ValueError(
            f"there are {scores.shape} scores but {is_anomaly.shape} labels: one a beat is needed."
        )
    if is_anomaly.all() or not is_anomaly.any():
        raise ValueError(
            "F1 needs normal beats and anomalies, and these are all "
            f"{'anomalies' if is_anomaly.any() else 'normal'}. "
            "With normal beats alone, use quantile_threshold."
        )
    precision, recall, cuts = precision_recall_curve(is_anomaly, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny)
    # The curve's last point (recall 0) has no cut; reversed, argmax finds the highest of equals.
    best = len(cuts) - 1 - int(np.argmax(f1[:-1][::-1]))
    lowest_flagged = cuts[best]
    below = scores[scores < lowest_flagged]
    highest_passed = below.max() if below.size else np.nextafter(lowest_flagged, -np.inf)
    return _between(float(highest_passed), float(lowest_flagged))


def _between(low: float, high: float) -> float:
    """Half-way from `low` to `high`, and below `high` even when they are neighbouring floats."""
    middle = low + (high - low) / 2
    return middle if middle < high else low


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
