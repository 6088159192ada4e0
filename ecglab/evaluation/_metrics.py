"""The metrics, counted for many resamples of the same beats at once, and their intervals."""

from collections.abc import Callable, Iterator
from operator import index
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binomtest

REALISTIC_PREVALENCE = 0.02
"""Share of anomalies at which `evaluate` restates precision, where ECG5000 has 41.6 %: that of a
patient with many extra beats. Of 6529 patients who were given a Holter recorder, 9 % had over 5 %
of ventricular extra beats (J. Torrado et al., *J. Cardiovascular Electrophysiology*, 2024)."""

HEALTHY_PREVALENCE = 0.002
"""Share of anomalies that few healthy adults exceed, 200 in a day of 100,000 beats: 5 % of 260 of
them had more ventricular extra beats than that, and as many more atrial ones (P. Bjerregaard,
*European Heart Journal* 3 (1982) 493-503)."""

Positions = npt.NDArray[np.intp]
Histogram = npt.NDArray[np.float64]


class Levels:
    """Scores as positions among their distinct values, in ascending order.

    Every metric needs only how often each value occurs among normal beats and among anomalies.
    Counting makes ties exact, and turns all resamples into one array operation.

    Parameters
    ----------
    scores : array_like of shape (n_beats,)
        Anomaly scores, higher is more anomalous.
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies.

    Raises
    ------
    ValueError
        If the lengths differ, a score is not finite, or one of the two classes is missing.
    """

    def __init__(self, scores: npt.ArrayLike, is_anomaly: npt.ArrayLike) -> None:
        scores, is_anomaly = check_scores_and_labels(scores, is_anomaly)
        self.values, level = np.unique(scores, return_inverse=True)
        self.of_normal, self.of_anomalies = level[~is_anomaly], level[is_anomaly]

    def measure(
        self, threshold: float, normal: Positions | None = None, anomalous: Positions | None = None
    ) -> pd.DataFrame:
        """Compute every metric, for all beats or for each row of resampled ones."""
        n_passed = int(np.searchsorted(self.values, threshold, side="right"))
        figures = []
        for piece in self._pieces(normal, anomalous):
            counts = self.count(*piece)
            figures.append([metric(*counts, n_passed) for metric in METRICS.values()])
        return pd.DataFrame(np.concatenate(figures, axis=1).T, columns=list(METRICS))

    def _pieces(
        self, normal: Positions | None, anomalous: Positions | None
    ) -> Iterator[tuple[Positions | None, Positions | None]]:
        """Cut resamples into pieces whose counts fit the processor's cache."""
        if normal is None or anomalous is None:
            yield normal, anomalous
            return
        n_rows = max(1, _IN_CACHE // len(self.values))
        for start in range(0, len(normal), n_rows):
            yield normal[start : start + n_rows], anomalous[start : start + n_rows]

    def count(
        self, normal: Positions | None = None, anomalous: Positions | None = None
    ) -> tuple[Histogram, Histogram]:
        """Count how often each level occurs among normal beats and among anomalies.

        Parameters
        ----------
        normal, anomalous : ndarray of int, shape (n_resamples, n_drawn), optional
            Positions of the beats drawn, among the normal ones and among the anomalies. All of
            them once when left out.

        Returns
        -------
        normal, anomalous : ndarray of shape (n_resamples, n_levels)
            The counts.
        """
        return self._count(self.of_normal, normal), self._count(self.of_anomalies, anomalous)

    def _count(self, levels: Positions, drawn: Positions | None) -> Histogram:
        rows = levels[None, :] if drawn is None else levels[drawn]
        n_rows, n_levels = len(rows), len(self.values)
        offsets = np.arange(n_rows)[:, None] * n_levels
        counts = np.bincount((rows + offsets).ravel(), minlength=n_rows * n_levels)
        return counts.reshape(n_rows, n_levels).astype(np.float64)


def check_scores_and_labels(
    scores: npt.ArrayLike, is_anomaly: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return scores and labels as arrays, or say why they cannot be measured."""
    scores = np.asarray(scores, dtype=np.float64)
    is_anomaly = np.asarray(is_anomaly, dtype=bool)
    if scores.ndim != 1 or scores.shape != is_anomaly.shape:
        raise ValueError(
            "scores and is_anomaly must be lists with one entry a beat, "
            f"not shapes {scores.shape} and {is_anomaly.shape}."
        )
    if not np.isfinite(scores).all():
        raise ValueError(
            f"{int((~np.isfinite(scores)).sum())} of {scores.size} scores are NaN or infinite. "
            "A diverged training or a damaged beat does that: look at the loss curve and the data."
        )
    if is_anomaly.all() or not is_anomaly.any():
        raise ValueError("normal beats and anomalies are both needed to measure a detector.")
    return scores, is_anomaly


def precision_at(
    prevalence: npt.ArrayLike, recall: npt.ArrayLike, false_positive_rate: npt.ArrayLike
) -> Any:
    """Restate precision where anomalies are more or less common than in the test data.

    Recall and false-positive rate are properties of a detector and its threshold; precision also
    depends on how common anomalies are. This is Bayes' rule.

    Parameters
    ----------
    prevalence : array_like
        Share of anomalies among all beats, from 0 to 1.
    recall : array_like
        Share of the anomalies that are flagged, from 0 to 1.
    false_positive_rate : array_like
        Share of the normal beats that are flagged, from 0 to 1.

    Returns
    -------
    float or ndarray
        Share of the flagged beats that are anomalies, in the shape to which the three broadcast;
        0 where nothing is flagged.

    Raises
    ------
    ValueError
        If a value lies outside of [0, 1].

    Examples
    --------
    Nine anomalies in ten caught, one false alarm in ten normal beats:

    >>> precision_at([0.5, 0.02], recall=0.9, false_positive_rate=0.1).round(3).tolist()
    [0.9, 0.155]
    """
    shares = {
        "prevalence": np.asarray(prevalence, dtype=np.float64),
        "recall": np.asarray(recall, dtype=np.float64),
        "false_positive_rate": np.asarray(false_positive_rate, dtype=np.float64),
    }
    for name, values in shares.items():
        if not ((values >= 0) & (values <= 1)).all():
            raise ValueError(f"{name} must lie between 0 and 1: it is a share, not per cent.")
    rare, caught, alarms = shares.values()
    return _share_of(rare * caught, (1 - rare) * alarms)


def _share_of(part: npt.NDArray[np.float64], rest: npt.NDArray[np.float64]) -> Any:
    """Divide a part by the whole; 0 where there is nothing."""
    whole = part + rest
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)[()]


# The metrics. Each takes how many normal beats and how many anomalies lie at each score level, in
# ascending order, one row a resample, and the number of levels at or below the threshold.


def _roc_auc(normal: Histogram, anomalous: Histogram, n_passed: int) -> Histogram:
    """Probability that an anomaly scores above a normal beat, ties counting one half."""
    normal_below = np.cumsum(normal, axis=1) - normal / 2
    pairs = normal.sum(axis=1) * anomalous.sum(axis=1)
    return (anomalous * normal_below).sum(axis=1) / pairs


def _average_precision(normal: Histogram, anomalous: Histogram, n_passed: int) -> Histogram:
    """Precision at each level, averaged over the anomalies found there."""
    caught = np.cumsum(anomalous[:, ::-1], axis=1)[:, ::-1]
    alarms = np.cumsum(normal[:, ::-1], axis=1)[:, ::-1]
    return (anomalous * _share_of(caught, alarms)).sum(axis=1) / anomalous.sum(axis=1)


def _accuracy(normal: Histogram, anomalous: Histogram, n_passed: int) -> Histogram:
    right = normal[:, :n_passed].sum(axis=1) + anomalous[:, n_passed:].sum(axis=1)
    return right / (normal.sum(axis=1) + anomalous.sum(axis=1))


def _precision(normal: Histogram, anomalous: Histogram, n_passed: int) -> Histogram:
    """Share of the beats called anomalies that are; 0 where none is called one."""
    return _share_of(anomalous[:, n_passed:].sum(axis=1), normal[:, n_passed:].sum(axis=1))


def _recall(normal: Histogram, anomalous: Histogram, n_passed: int) -> Histogram:
    return anomalous[:, n_passed:].sum(axis=1) / anomalous.sum(axis=1)


def _f1(normal: Histogram, anomalous: Histogram, n_passed: int) -> Histogram:
    caught = anomalous[:, n_passed:].sum(axis=1)
    wrong = normal[:, n_passed:].sum(axis=1) + anomalous[:, :n_passed].sum(axis=1)
    return 2 * caught / (2 * caught + wrong)


def _realistic_precision(normal: Histogram, anomalous: Histogram, n_passed: int) -> Histogram:
    """Precision if anomalies were as rare as `REALISTIC_PREVALENCE`."""
    false_positive_rate = normal[:, n_passed:].sum(axis=1) / normal.sum(axis=1)
    recall = _recall(normal, anomalous, n_passed)
    return precision_at(REALISTIC_PREVALENCE, recall, false_positive_rate)


METRICS: dict[str, Callable[[Histogram, Histogram, int], Histogram]] = {
    "ROC-AUC": _roc_auc,
    "average precision": _average_precision,
    "accuracy": _accuracy,
    "precision": _precision,
    "recall": _recall,
    "F1": _f1,
    f"precision at {REALISTIC_PREVALENCE:.0%} anomalies": _realistic_precision,
}
"""The metrics of `evaluate`, by name."""


_CHUNK = 1_000_000  # beats drawn at a time: arrays of a few tens of megabytes
_IN_CACHE = 100_000  # counts at a time: arrays of 0.8 MB


def resample(
    levels: Levels, n_resamples: int, random_state: int
) -> Iterator[tuple[Positions, Positions]]:
    """Draw normal beats and anomalies with replacement, as many of each as there are.

    The two are drawn apart, because their proportion was chosen by whoever built the data set.

    Parameters
    ----------
    levels : Levels
        The beats to draw from.
    n_resamples : int
        How many times to draw, at least once.
    random_state : int
        Seed of the drawing.

    Yields
    ------
    normal, anomalous : ndarray of int, shape (n_rows, n_normal) and (n_rows, n_anomalies)
        Positions of the beats drawn, one row a resample; `n_resamples` rows in all.

    Raises
    ------
    ValueError
        If `n_resamples` is less than one.
    """
    if n_resamples < 1:
        raise ValueError(f"n_resamples must be at least 1, not {n_resamples}. 2000 is usual.")
    rng = np.random.default_rng(random_state)
    n_normal, n_strange = len(levels.of_normal), len(levels.of_anomalies)
    most = max(1, _CHUNK // (n_normal + n_strange))
    for start in range(0, n_resamples, most):
        n_rows = min(most, n_resamples - start)
        yield (
            rng.integers(n_normal, size=(n_rows, n_normal)),
            rng.integers(n_strange, size=(n_rows, n_strange)),
        )


def lower_tail(confidence: float) -> float:
    """Return the share of the distribution below a two-sided interval of this coverage."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}. 0.95 is usual.")
    return (1 - confidence) / 2


class Interval(NamedTuple):
    """A figure, and the bounds of its confidence interval."""

    value: float
    low: float
    high: float


def share_interval(count: int, of: int, confidence: float = 0.95) -> Interval:
    """Give a share, such as a recall, Wilson's interval [1]_.

    Parameters
    ----------
    count : int
        How many, such as the anomalies that were flagged.
    of : int
        Of how many, such as all anomalies; at least one.
    confidence : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    Interval
        ``count / of``, and bounds within [0, 1]. They have a width even where all are counted or
        none, for however few cannot settle it.

    Raises
    ------
    ValueError
        If `of` is less than one, `count` does not lie between 0 and `of`, or `confidence` does not
        lie between 0 and 1.
    TypeError
        If `count` or `of` is not a whole number.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
       Journal of the American Statistical Association 22 (1927) 209-212,
       doi 10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> [round(bound, 2) for bound in share_interval(2, 2)]
    [1.0, 0.34, 1.0]
    """
    lower_tail(confidence)  # refuses what is no coverage, in the words of the other intervals
    count, of = index(count), index(of)  # of any kind of integer, the figures are plain floats
    if not (of >= 1 and 0 <= count <= of):
        raise ValueError(
            f"{count} of {of} is no share. There must be at least one to count, and the count must "
            "lie between 0 and how many there are."
        )
    bounds = binomtest(count, of).proportion_ci(confidence, method="wilson")
    return Interval(count / of, float(bounds.low), float(bounds.high))
