"""Areas under ROC curves of one set of beats: how sure they are, and how sure their difference."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit
from scipy.stats import norm, rankdata

from ecglab.evaluation._bootstrap import lower_tail
from ecglab.evaluation._intervals import Interval
from ecglab.evaluation._metrics import check_scores_and_labels

__all__ = ["Comparison", "delong", "roc_auc_interval"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Two detectors, by one figure, on the same beats.

    Parameters
    ----------
    value, other_value : float
        The figure of either detector.
    difference : float
        ``value - other_value``.
    low, high : float
        Confidence interval of the difference.
    p_value : float
        Two-sided: how often chance alone would make the difference as large, were there none.
    """

    value: float
    other_value: float
    difference: float
    low: float
    high: float
    p_value: float


def delong(
    is_anomaly: npt.ArrayLike,
    scores: npt.ArrayLike,
    other_scores: npt.ArrayLike,
    *,
    confidence: float = 0.95,
) -> Comparison:
    """Compare the areas under the ROC curves of two detectors on the same beats.

    Parameters
    ----------
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies; at least two of either kind.
    scores, other_scores : array_like of shape (n_beats,)
        Anomaly scores of the two detectors, higher is more anomalous. Their units need not agree.
    confidence : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    Comparison
        Both areas, and their difference with DeLong's interval and p-value. Two detectors that
        put the beats in the same order have the difference 0 and the p-value 1.

    Raises
    ------
    ValueError
        If the lengths differ, a score is not finite, there are fewer than two beats of either
        kind, or `confidence` does not lie between 0 and 1.

    Notes
    -----
    The test holds for beats drawn independently, and for many of them. It says nothing about
    another training run or another patient, and beats of one recording resemble each other, so
    that the true uncertainty is larger. The mid-ranks of Sun and Xu [2]_ give DeLong's variance
    [1]_ in the time that sorting takes.

    Should the variance be zero although the areas differ (one detector is always right, say, and
    the other one constant), the interval has no width and the p-value is 0: the normal
    approximation has nothing to say then, however few the beats.

    References
    ----------
    .. [1] E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, "Comparing the areas under two or
       more correlated receiver operating characteristic curves: a nonparametric approach",
       Biometrics 44 (1988) 837-845, doi 10.2307/2531595.
    .. [2] X. Sun and W. Xu, "Fast implementation of DeLong's algorithm for comparing the areas
       under correlated receiver operating characteristic curves", IEEE Signal Processing Letters
       21 (2014) 1389-1393, doi 10.1109/LSP.2014.2337313.

    Examples
    --------
    >>> is_anomaly = [False, False, False, True, True, True]
    >>> result = delong(is_anomaly, [1, 2, 3, 4, 5, 6], [1, 2, 5, 4, 3, 6])
    >>> round(result.difference, 3), round(result.p_value, 3)
    (0.222, 0.371)
    """
    quantile = norm.isf(lower_tail(confidence))
    of_anomalies, of_normal = _placements(is_anomaly, scores)
    other_of_anomalies, other_of_normal = _placements(is_anomaly, other_scores)
    value, other_value = float(of_anomalies.mean()), float(other_of_anomalies.mean())
    difference = value - other_value
    error = _standard_error(of_anomalies - other_of_anomalies, of_normal - other_of_normal)
    return Comparison(
        value=value,
        other_value=other_value,
        difference=difference,
        low=float(difference - quantile * error),
        high=float(difference + quantile * error),
        p_value=float(2 * norm.sf(abs(difference) / error)) if error else float(difference == 0),
    )


def roc_auc_interval(
    is_anomaly: npt.ArrayLike, scores: npt.ArrayLike, confidence: float = 0.95
) -> Interval:
    """Give the area under a ROC curve an interval without resampling.

    Parameters
    ----------
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies; at least two of either kind.
    scores : array_like of shape (n_beats,)
        Anomaly scores, higher is more anomalous.
    confidence : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    Interval
        ``value``, ``low`` and ``high``: DeLong's variance [1]_ on the scale of logits [2]_, which
        keeps the interval within [0, 1].

    Raises
    ------
    ValueError
        As for `delong`.

    Notes
    -----
    Where every anomaly scores above every normal beat, the variance is zero and the logit
    infinite. The interval is then the exact one for k successes in k trials, k being the size of
    the smaller class: so many pairs of a normal beat and an anomaly have no beat in common, and
    all of them are in the right order. It is wide, for it uses those pairs alone. The same,
    mirrored, where the area is 0.

    References
    ----------
    .. [1] E. R. DeLong et al., Biometrics 44 (1988) 837-845, doi 10.2307/2531595.
    .. [2] M. S. Pepe, *The Statistical Evaluation of Medical Tests for Classification and
       Prediction*, Oxford University Press, 2003, section 5.2.

    Examples
    --------
    >>> interval = roc_auc_interval([False, False, False, True, True, True], [1, 2, 5, 4, 3, 6])
    >>> [round(bound, 2) for bound in interval]
    [0.78, 0.17, 0.98]
    """
    tail = lower_tail(confidence)
    of_anomalies, of_normal = _placements(is_anomaly, scores)
    area, error = float(of_anomalies.mean()), _standard_error(of_anomalies, of_normal)
    if area in (0, 1):
        furthest = tail ** (1 / min(len(of_anomalies), len(of_normal)))
        return Interval(1.0, furthest, 1.0) if area == 1 else Interval(0.0, 0.0, 1 - furthest)
    half_width = norm.isf(tail) * error / (area * (1 - area))
    low, high = expit(logit(area) + np.array([-half_width, half_width]))
    return Interval(area, float(low), float(high))


def _placements(is_anomaly: npt.ArrayLike, scores: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Say for each beat how well it stands against the beats of the other kind.

    Returns
    -------
    of_anomalies : ndarray of shape (n_anomalies,)
        The share of normal beats that score below each anomaly, ties counting one half.
    of_normal : ndarray of shape (n_normal,)
        The share of anomalies that score above each normal beat.
    """
    scores, is_anomaly = check_scores_and_labels(scores, is_anomaly)
    anomalous, normal = scores[is_anomaly], scores[~is_anomaly]
    if min(len(anomalous), len(normal)) < 2:
        raise ValueError(
            f"there are {len(anomalous)} anomalies and {len(normal)} normal beats: at least two of "
            "each are needed to see how much they vary."
        )
    # A mid-rank among all beats less the one among its own kind counts the other kind below.
    ranks = rankdata(scores)
    of_anomalies = (ranks[is_anomaly] - rankdata(anomalous)) / len(normal)
    of_normal = 1 - (ranks[~is_anomaly] - rankdata(normal)) / len(anomalous)
    return of_anomalies, of_normal


def _standard_error(of_anomalies: FloatArray, of_normal: FloatArray) -> float:
    """Return the standard error of the mean placement, or of a mean difference of placements."""
    variance = of_anomalies.var(ddof=1) / len(of_anomalies) + of_normal.var(ddof=1) / len(of_normal)
    return float(np.sqrt(variance))
