"""Two detectors on the same beats, or over the same seeds."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm, rankdata
from scipy.stats import t as student

from ecglab.evaluation._metrics import (
    Interval,
    Levels,
    check_scores_and_labels,
    lower_tail,
    resample,
)

FloatArray = npt.NDArray[np.float64]

_COLUMNS = ["value", "other value", "difference", "low", "high", "p_value"]
_ROUNDING = 12  # digits: differences beyond them are those of the order in which sums were taken


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
    is_anomaly, scores, other_scores, confidence
        As for `compare`.

    Returns
    -------
    Comparison
        Both areas, and their difference with DeLong's interval and p-value. Two detectors that
        put the beats in the same order have the difference 0 and the p-value 1.

    Raises
    ------
    ValueError
        As for `compare`.

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
    is_anomaly, scores, confidence
        As for `compare`.

    Returns
    -------
    Interval
        ``value``, ``low`` and ``high``: DeLong's variance [1]_ on the scale of logits [2]_, which
        keeps the interval within [0, 1].

    Raises
    ------
    ValueError
        As for `compare`.

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


def compare(
    is_anomaly: npt.ArrayLike,
    scores: npt.ArrayLike,
    other_scores: npt.ArrayLike,
    threshold: float,
    other_threshold: float,
    *,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Compare two detectors on the same beats, by every metric.

    Two intervals that overlap may still belong to detectors that differ: both were measured on the
    same beats, so most of the chance is common to them and drops out of the difference.

    Parameters
    ----------
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies; at least two of either kind.
    scores, other_scores : array_like of shape (n_beats,)
        Anomaly scores of the two detectors, higher is more anomalous. Their units need not agree.
    threshold, other_threshold : float
        The threshold of each.
    confidence, n_resamples, random_state
        As for `evaluate`; the same beats are drawn for both detectors.

    Returns
    -------
    pandas.DataFrame
        One row a metric; columns ``value``, ``other value``, ``difference`` (the former less the
        latter) with ``low`` and ``high``, ``p_value`` (two-sided), and ``method``: DeLong's test
        for ROC-AUC, the paired bootstrap for the rest.

    Raises
    ------
    ValueError
        If the lengths differ, a score is not finite, there are fewer than two beats of either
        kind, or `confidence` does not lie between 0 and 1.

    Notes
    -----
    The bootstrap's p-value is the smallest level at which its percentile interval leaves out zero
    [1]_. It is never below ``2 / (n_resamples + 1)``: so few resamples cannot tell more. The
    p-values are not corrected for looking at several metrics, and say nothing about another
    training run (`compare_seeds`) or another patient.

    References
    ----------
    .. [1] A. C. Davison and D. V. Hinkley, *Bootstrap Methods and their Application*, Cambridge
       University Press, 1997, section 4.4 (p-values with one added to both counts) and
       section 5.3 (percentile intervals).
    """
    tail = lower_tail(confidence)
    levels, other_levels = Levels(scores, is_anomaly), Levels(other_scores, is_anomaly)
    values, other_values = levels.measure(threshold), other_levels.measure(other_threshold)
    resampled = pd.concat(
        levels.measure(threshold, *drawn) - other_levels.measure(other_threshold, *drawn)
        for drawn in resample(levels, n_resamples, random_state)
    ).round(_ROUNDING)
    table = pd.DataFrame(
        {
            "value": values.iloc[0],
            "other value": other_values.iloc[0],
            "difference": (values - other_values).iloc[0],
            "low": resampled.quantile(tail),
            "high": resampled.quantile(1 - tail),
            "p_value": _bootstrap_p_values(resampled),
            "method": "paired bootstrap",
        }
    )
    by_delong = delong(is_anomaly, scores, other_scores, confidence=confidence)
    table.loc["ROC-AUC", _COLUMNS] = _as_row(by_delong)
    table.loc["ROC-AUC", "method"] = "DeLong"
    return table.rename_axis("metric")


def compare_seeds(
    runs: pd.DataFrame, reference: str, metric: str = "ROC-AUC", *, confidence: float = 0.95
) -> pd.DataFrame:
    """Compare detectors with a reference over the seeds that they share.

    Parameters
    ----------
    runs : pandas.DataFrame
        One row a run, as from `evaluate_seeds`: columns ``split``, ``detector``, ``seed``,
        ``n_train``, ``n_test`` and the metric. For a metric that depends on the threshold, the
        rows of one rule only: ``runs[runs["threshold"] == rule]``.
    reference : str
        The detector that the others are compared with.
    metric : str, default "ROC-AUC"
        A column of `runs`.
    confidence : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    pandas.DataFrame
        One row for each split and detector but the reference, in the order of `runs`; columns
        ``value`` and ``other value`` (means over the seeds, the latter of the reference),
        ``difference`` with ``low`` and ``high``, ``p_value`` (two-sided) and ``n_seeds``.

    Raises
    ------
    ValueError
        If a column or the reference is missing, a detector and the reference were not run with
        the same seeds, there are fewer than two, a value is NaN, or there are several values for
        one seed.

    Notes
    -----
    The parts of different seeds overlap, so their results are no independent draws, and a plain
    paired t-test finds differences that are not there. The corrected resampled t-test [1]_ takes
    ``1 / n_seeds + n_test / n_train`` in the place of ``1 / n_seeds`` in the variance of the mean.

    It assumes that each seed draws its test part anew, at random, and trains on all the rest; that
    the results of two seeds correlate as much as their test parts overlap; and that differences
    are about normally distributed. Our splits are not quite like that. In the pooled one, a fifth
    of the normal beats but four fifths of the anomalies are tested, and the validation part is
    neither trained on nor tested: the ratio (1.3 on ECG5000) stands for an overlap of 56 %, between
    those of the two kinds. In the official one, all seeds share **one test part**: they cannot say
    how the detectors would compare on other beats. The ratio (19 on ECG5000) then gives an interval
    about fourteen times as wide as the plain t-test of ten seeds, which is meant as a warning;
    compare single runs with `compare` instead.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52
       (2003) 239-281, doi 10.1023/A:1024068626366.
    """
    tail = lower_tail(confidence)
    _check_runs(runs, reference, metric)
    rows = {}
    for split, of_split in runs.groupby("split", sort=False):
        by_detector = {
            str(name): _by_seed(group, metric)
            for name, group in of_split.groupby("detector", sort=False)
        }
        if reference not in by_detector:
            raise ValueError(f"the reference {reference!r} has no run on the {split} split.")
        base = by_detector.pop(reference)
        ratio = float((of_split["n_test"] / of_split["n_train"]).max())
        for name, values in by_detector.items():
            _check_seeds(values, base, f"{name!r} and the reference {reference!r} ({split} split)")
            compared = _corrected_t_test(values, base.loc[values.index], ratio, tail)
            rows[split, name] = [*_as_row(compared), len(values)]
    return pd.DataFrame.from_dict(rows, orient="index", columns=[*_COLUMNS, "n_seeds"]).set_index(
        pd.MultiIndex.from_tuples(rows, names=["split", "detector"])
    )


def _as_row(comparison: Comparison) -> list[float]:
    """List a comparison in the order of `_COLUMNS`."""
    return list(vars(comparison).values())


def _bootstrap_p_values(differences: pd.DataFrame) -> "pd.Series[float]":
    """Count how often each difference lies on either side of zero, and take the rarer side."""
    sides = pd.concat([(differences <= 0).sum(), (differences >= 0).sum()], axis=1)
    return (2 * (sides.min(axis=1) + 1) / (len(differences) + 1)).clip(upper=1.0)


def _corrected_t_test(
    values: "pd.Series[float]", base: "pd.Series[float]", ratio: float, tail: float
) -> Comparison:
    """Compare two detectors over the same seeds, `ratio` being ``n_test / n_train``."""
    differences = values - base
    n_seeds, mean = len(differences), float(differences.mean())
    error = float(np.sqrt((1 / n_seeds + ratio) * differences.var(ddof=1)))
    half_width = float(student.isf(tail, n_seeds - 1)) * error
    return Comparison(
        value=float(values.mean()),
        other_value=float(base.mean()),
        difference=mean,
        low=mean - half_width,
        high=mean + half_width,
        p_value=float(2 * student.sf(abs(mean) / error, n_seeds - 1)) if error else float(not mean),
    )


def _check_runs(runs: pd.DataFrame, reference: str, metric: str) -> None:
    needed = ["split", "detector", "seed", "n_train", "n_test", metric]
    missing = [column for column in needed if column not in runs]
    if missing:
        raise ValueError(
            f"runs has no column {', '.join(map(repr, missing))}; it has {list(runs.columns)}."
        )
    detectors = runs["detector"].unique().tolist()
    if reference not in detectors:
        raise ValueError(f"there is no detector {reference!r} among the runs: {detectors}.")
    if runs[metric].isna().any():
        raise ValueError(f"{int(runs[metric].isna().sum())} of {len(runs)} values are NaN.")


def _by_seed(runs: pd.DataFrame, metric: str) -> "pd.Series[float]":
    """Return the metric of one detector on one split, by seed."""
    values = runs[["seed", metric]].drop_duplicates().set_index("seed")[metric]
    if not values.index.is_unique:
        raise ValueError(
            f"{runs['detector'].iloc[0]!r} has several values of {metric} for one seed. If they "
            "belong to several thresholds, choose the rows of one: "
            'runs[runs["threshold"] == rule].'
        )
    return values


def _check_seeds(values: "pd.Series[float]", base: "pd.Series[float]", who: str) -> None:
    unshared = values.index.symmetric_difference(base.index).tolist()
    if unshared:
        raise ValueError(
            f"{who} were not run with the same seeds: {unshared} are there for one of them only. "
            "Run the missing ones, or drop those seeds from the runs."
        )
    if len(values) < 2:
        raise ValueError(f"{who} share one seed: two are the least from which a spread is seen.")
