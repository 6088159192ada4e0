"""Splits and figures that follow the course's protocol.

Anomaly is the positive class of every metric, and every metric comes with an interval.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import train_test_split

from ecglab.heartbeats import Heartbeats

__all__ = [
    "MAIN_METRICS",
    "METRICS",
    "REALISTIC_PREVALENCE",
    "Split",
    "evaluate",
    "format_reports",
    "format_seeds",
    "measure",
    "official_split",
    "pooled_split",
]

REALISTIC_PREVALENCE = 0.02
"""Share of anomalies at which `evaluate` restates precision: a few per cent is what an unselected
recording holds, where ECG5000 has 41.6 %."""

MAIN_METRICS = (
    "ROC-AUC",
    "accuracy",
    "precision",
    "recall",
    "F1",
    f"precision at {REALISTIC_PREVALENCE:.0%} anomalies",
)
"""The metrics that the course's tables show."""

Levels = npt.NDArray[np.intp]
Histogram = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Split:
    """Beats divided so that no step sees what it must not see.

    Parameters
    ----------
    train : Heartbeats
        Normal beats only: scalers and autoencoders are fitted here.
    validation : Heartbeats
        For early stopping and thresholds: ``validation.normal`` for label-free ones, all of it for
        label-tuned ones.
    test : Heartbeats
        Looked at once, when everything is frozen.
    name : str
        ``"pooled"`` or ``"official"``.
    """

    train: Heartbeats
    validation: Heartbeats
    test: Heartbeats
    name: str

    def summarise(self) -> pd.DataFrame:
        """Count normal beats and anomalies in each part."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return pd.DataFrame(
            {
                "normal": {name: int((~part.is_anomaly).sum()) for name, part in parts.items()},
                "anomalies": {name: int(part.is_anomaly.sum()) for name, part in parts.items()},
            }
        )


def pooled_split(beats: Heartbeats, random_state: int) -> Split:
    """Divide all beats at random, whatever their official part.

    Normal beats go 60 / 20 / 20 % into train / validation / test, anomalies 0 / 20 / 80 %, each
    class in proportion.

    Parameters
    ----------
    beats : Heartbeats
        Normal beats and anomalies.
    random_state : int
        Seed of the division.

    Returns
    -------
    Split
        The three parts, each in random order.

    Notes
    -----
    Half of ECG5000's beats have a near-twin, so a random split puts twins on both sides: it tells
    how well a detector knows *this* patient in *this* recording.
    """
    normal, anomalies = np.flatnonzero(~beats.is_anomaly), np.flatnonzero(beats.is_anomaly)
    train, rest = train_test_split(normal, test_size=0.4, random_state=random_state)
    validation, test = train_test_split(rest, test_size=0.5, random_state=random_state)
    strange_validation, strange_test = train_test_split(
        anomalies, test_size=0.8, random_state=random_state, stratify=beats.labels[anomalies]
    )
    rng = np.random.default_rng(random_state)
    return Split(
        train=beats[train],
        validation=beats[rng.permutation(np.concatenate([validation, strange_validation]))],
        test=beats[rng.permutation(np.concatenate([test, strange_test]))],
        name="pooled",
    )


def official_split(beats: Heartbeats, random_state: int) -> Split:
    """Keep the published division: learn from the TRAIN part, test on the TEST part.

    Parameters
    ----------
    beats : Heartbeats
        Beats of both official parts.
    random_state : int
        Seed of the division of TRAIN's normal beats, 80 / 20 % into train and validation. TRAIN's
        anomalies all go into validation.

    Returns
    -------
    Split
        The three parts; the test part in its published order.
    """
    in_train = beats.split == "train"
    normal = np.flatnonzero(in_train & ~beats.is_anomaly)
    anomalies = np.flatnonzero(in_train & beats.is_anomaly)
    train, validation = train_test_split(normal, test_size=0.2, random_state=random_state)
    return Split(
        train=beats[train],
        validation=beats[np.concatenate([validation, anomalies])],
        test=beats.part("test"),
        name="official",
    )


def measure(scores: npt.ArrayLike, is_anomaly: npt.ArrayLike, threshold: float) -> pd.Series:
    """Measure a detector on one set of beats.

    Parameters
    ----------
    scores : array_like of shape (n_beats,)
        Anomaly scores, higher is stranger.
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies.
    threshold : float
        Beats with a score above it are called anomalies.

    Returns
    -------
    pandas.Series
        One value a metric, named as in `METRICS`.

    Raises
    ------
    ValueError
        If the lengths differ, a score is not finite, or one of the two classes is missing.
    """
    levels = _Levels(scores, is_anomaly, threshold)
    return levels.measure(levels.of_normal[None, :], levels.of_strange[None, :]).iloc[0]


def evaluate(
    scores: npt.ArrayLike,
    is_anomaly: npt.ArrayLike,
    threshold: float,
    *,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Measure a detector on one set of beats, with bootstrap intervals.

    Parameters
    ----------
    scores, is_anomaly, threshold
        As for `measure`.
    confidence : float, default 0.95
        Coverage of the percentile intervals.
    n_resamples : int, default 2000
        Bootstrap resamples. Normal beats and anomalies are resampled apart, because their
        proportion was chosen by whoever built the data set.
    random_state : int, default 0
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        One row a metric, columns ``value``, ``low`` and ``high``. The interval covers the chance
        in which beats were tested, not that of another training run, nor of another patient.

    Raises
    ------
    ValueError
        As for `measure`.

    References
    ----------
    B. Efron and R. J. Tibshirani, *An Introduction to the Bootstrap*, Chapman & Hall, 1993,
    chapter 13 (percentile intervals).
    """
    levels = _Levels(scores, is_anomaly, threshold)
    rng = np.random.default_rng(random_state)
    resampled = pd.concat(
        levels.measure(
            _resample(levels.of_normal, size, rng), _resample(levels.of_strange, size, rng)
        )
        for size in _chunks(n_resamples, len(levels.of_normal) + len(levels.of_strange))
    )
    tail = (1 - confidence) / 2
    return pd.DataFrame(
        {
            "value": measure(scores, is_anomaly, threshold),
            "low": resampled.quantile(tail),
            "high": resampled.quantile(1 - tail),
        }
    ).rename_axis("metric")


def format_reports(
    reports: Mapping[str, pd.DataFrame], metrics: Sequence[str] = MAIN_METRICS, digits: int = 3
) -> pd.DataFrame:
    """Set the results of several calls of `evaluate` below one another, as text.

    Parameters
    ----------
    reports : mapping of str to pandas.DataFrame
        What `evaluate` returned, by the name of the detector or of the threshold rule.
    metrics : sequence of str
        The metrics to show.
    digits : int, default 3
        Digits after the point.

    Returns
    -------
    pandas.DataFrame
        One row a report, one column a metric, each cell ``value [low, high]``.
    """

    def as_text(row: "pd.Series[float]") -> str:
        return f"{row.value:.{digits}f} [{row.low:.{digits}f}, {row.high:.{digits}f}]"

    rows = {
        name: report.loc[list(metrics)].apply(as_text, axis=1) for name, report in reports.items()
    }
    return pd.DataFrame(rows).T.rename_axis(columns=None)


def format_seeds(
    runs: pd.DataFrame, metrics: Sequence[str] = MAIN_METRICS, digits: int = 3
) -> pd.DataFrame:
    """Sum up runs over several seeds, as text.

    Parameters
    ----------
    runs : pandas.DataFrame
        One row a run: columns ``split``, ``detector``, and one a metric.
    metrics : sequence of str
        The metrics to show.
    digits : int, default 3
        Digits after the point.

    Returns
    -------
    pandas.DataFrame
        One row for each split (pooled first) and detector (in the order of `runs`), one column a
        metric, each cell ``mean ± standard deviation``.
    """
    groups = runs.groupby(["split", "detector"], sort=False)[list(metrics)]
    shape = f"{{:.{digits}f}}".format
    table = groups.mean().map(shape) + " ± " + groups.std(ddof=1).map(shape)
    return table.sort_index(level="split", ascending=False, sort_remaining=False, kind="stable")


class _Levels:
    """Scores as positions among their distinct values, in ascending order.

    Every metric needs only how often each value occurs among normal beats and among anomalies.
    Counting makes ties exact, and turns all resamples into one array operation.
    """

    def __init__(self, scores: npt.ArrayLike, is_anomaly: npt.ArrayLike, threshold: float) -> None:
        scores = np.asarray(scores, dtype=np.float64)
        is_anomaly = np.asarray(is_anomaly, dtype=bool)
        _check_scores_and_labels(scores, is_anomaly)
        values, level = np.unique(scores, return_inverse=True)
        self.n_levels = len(values)
        self.n_passed = int(np.searchsorted(values, threshold, side="right"))
        self.of_normal, self.of_strange = level[~is_anomaly], level[is_anomaly]

    def measure(self, normal: Levels, strange: Levels) -> pd.DataFrame:
        """Compute every metric for every row of levels."""
        counts = self._count(normal), self._count(strange)
        return pd.DataFrame(
            {name: metric(*counts, self.n_passed) for name, metric in METRICS.items()}
        )

    def _count(self, levels: Levels) -> Histogram:
        """Count how often each level occurs in each row."""
        n_rows = len(levels)
        offsets = np.arange(n_rows)[:, None] * self.n_levels
        counts = np.bincount((levels + offsets).ravel(), minlength=n_rows * self.n_levels)
        return counts.reshape(n_rows, self.n_levels).astype(np.float64)


def _check_scores_and_labels(
    scores: npt.NDArray[np.float64], is_anomaly: npt.NDArray[np.bool_]
) -> None:
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


def _resample(levels: Levels, n_resamples: int, rng: np.random.Generator) -> Levels:
    """Draw rows of the same length as `levels` from it, with replacement."""
    return levels[rng.integers(len(levels), size=(n_resamples, len(levels)))]


def _chunks(n_resamples: int, n_beats: int) -> list[int]:
    """Divide the resamples so that one chunk's arrays stay at a few tens of megabytes."""
    size = max(1, 1_000_000 // n_beats)
    full, rest = divmod(n_resamples, size)
    return [size] * full + ([rest] if rest else [])


# The metrics. Each takes how many normal beats and how many anomalies lie at each score level, in
# ascending order, one row a resample, and the number of levels at or below the threshold.


def _roc_auc(normal: Histogram, strange: Histogram, n_passed: int) -> Histogram:
    """Probability that an anomaly scores above a normal beat, ties counting one half."""
    normal_below = np.cumsum(normal, axis=1) - normal / 2
    pairs = normal.sum(axis=1) * strange.sum(axis=1)
    return (strange * normal_below).sum(axis=1) / pairs


def _average_precision(normal: Histogram, strange: Histogram, n_passed: int) -> Histogram:
    """Precision at each level, averaged over the anomalies found there."""
    caught = np.cumsum(strange[:, ::-1], axis=1)[:, ::-1]
    flagged = caught + np.cumsum(normal[:, ::-1], axis=1)[:, ::-1]
    precision = np.divide(caught, flagged, out=np.zeros_like(caught), where=flagged > 0)
    return (strange * precision).sum(axis=1) / strange.sum(axis=1)


def _accuracy(normal: Histogram, strange: Histogram, n_passed: int) -> Histogram:
    right = normal[:, :n_passed].sum(axis=1) + strange[:, n_passed:].sum(axis=1)
    return right / (normal.sum(axis=1) + strange.sum(axis=1))


def _precision(normal: Histogram, strange: Histogram, n_passed: int) -> Histogram:
    """Share of the beats called anomalies that are; 0 where none is called one."""
    caught = strange[:, n_passed:].sum(axis=1)
    flagged = caught + normal[:, n_passed:].sum(axis=1)
    return np.divide(caught, flagged, out=np.zeros_like(caught), where=flagged > 0)


def _recall(normal: Histogram, strange: Histogram, n_passed: int) -> Histogram:
    return strange[:, n_passed:].sum(axis=1) / strange.sum(axis=1)


def _f1(normal: Histogram, strange: Histogram, n_passed: int) -> Histogram:
    caught = strange[:, n_passed:].sum(axis=1)
    wrong = normal[:, n_passed:].sum(axis=1) + strange[:, :n_passed].sum(axis=1)
    return 2 * caught / (2 * caught + wrong)


def _realistic_precision(normal: Histogram, strange: Histogram, n_passed: int) -> Histogram:
    """Precision if anomalies were as rare as `REALISTIC_PREVALENCE`, after Bayes' rule."""
    caught = _recall(normal, strange, n_passed) * REALISTIC_PREVALENCE
    false_alarm_rate = normal[:, n_passed:].sum(axis=1) / normal.sum(axis=1)
    flagged = caught + false_alarm_rate * (1 - REALISTIC_PREVALENCE)
    return np.divide(caught, flagged, out=np.zeros_like(caught), where=flagged > 0)


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
