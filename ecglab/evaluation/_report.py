"""One detector on one set of beats, and how tables of results are written."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.evaluation._metrics import (
    REALISTIC_PREVALENCE,
    Levels,
    lower_tail,
    resample,
    share_interval,
)

MAIN_METRICS = (
    "ROC-AUC",
    "accuracy",
    "precision",
    "recall",
    "F1",
    f"precision at {REALISTIC_PREVALENCE:.0%} anomalies",
)
"""The metrics that the course's tables show."""


def measure(
    scores: npt.ArrayLike,
    is_anomaly: npt.ArrayLike,
    threshold: float,
    *,
    labels: npt.ArrayLike | None = None,
    class_names: Mapping[int, str] | None = None,
) -> "pd.Series[float]":
    """Measure a detector on one set of beats.

    Parameters
    ----------
    scores : array_like of shape (n_beats,)
        Anomaly scores, higher is more anomalous.
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies.
    threshold : float
        Beats with a score above it are called anomalies.
    labels : array_like of int, shape (n_beats,), optional
        The class of each beat, as in ``Heartbeats.labels``: adds the recall of each class of
        anomalies that is there.
    class_names : mapping of int to str, optional
        What each label means, such as ``CLASS_SYMBOLS``.

    Returns
    -------
    pandas.Series
        One value a metric, named as in `METRICS`; then "recall of class 2", or with `class_names`
        "recall of class 2 (R-on-T PVC)", and so on in the order of the labels.

    Raises
    ------
    ValueError
        If the lengths differ, a score is not finite, one of the two classes is missing, or a
        label stands for normal beats and anomalies alike.

    Examples
    --------
    >>> scores, labels = np.array([0.1, 0.7, 0.4, 0.9, 0.8]), np.array([1, 1, 2, 2, 5])
    >>> measured = measure(scores, labels != 1, threshold=0.5, labels=labels)
    >>> measured[["recall", "recall of class 2", "recall of class 5"]].round(2).tolist()
    [0.67, 0.5, 1.0]
    """
    metrics = Levels(scores, is_anomaly).measure(threshold).iloc[0]
    if labels is None:
        return metrics
    caught = _count_caught(scores, threshold, is_anomaly, labels, class_names)
    recalls = {name: n_caught / n_beats for name, (n_caught, n_beats) in caught.items()}
    return pd.concat([metrics, pd.Series(recalls)])


def evaluate(
    scores: npt.ArrayLike,
    is_anomaly: npt.ArrayLike,
    threshold: float,
    *,
    labels: npt.ArrayLike | None = None,
    class_names: Mapping[int, str] | None = None,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Measure a detector on one set of beats, with intervals.

    Parameters
    ----------
    scores, is_anomaly, threshold, labels, class_names
        As for `measure`.
    confidence : float, default 0.95
        Coverage of the intervals.
    n_resamples : int, default 2000
        Bootstrap resamples. Normal beats and anomalies are resampled apart, because their
        proportion was chosen by whoever built the data set.
    random_state : int, default 0
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        One row a metric, as in `measure`; columns ``value``, ``low`` and ``high``. The interval
        covers the chance in which beats were tested, not that of another training run, nor of
        another patient.

    Raises
    ------
    ValueError
        As for `measure`; or if `confidence` does not lie between 0 and 1.

    Notes
    -----
    The intervals of the metrics in `METRICS` are percentiles of the bootstrap [1]_. Those of the
    recalls of single classes are Wilson's (`share_interval`), for classes can be tiny: where both
    of two beats are caught, every resample has a recall of 1 and the bootstrap says [1, 1], as if
    two beats had settled it. Wilson's interval is then [0.34, 1].

    References
    ----------
    .. [1] B. Efron and R. J. Tibshirani, *An Introduction to the Bootstrap*, Chapman & Hall, 1993,
       chapter 13 (percentile intervals).
    """
    tail = lower_tail(confidence)
    levels = Levels(scores, is_anomaly)
    resampled = pd.concat(
        levels.measure(threshold, *drawn) for drawn in resample(levels, n_resamples, random_state)
    )
    report = pd.DataFrame(
        {
            "value": measure(scores, is_anomaly, threshold),
            "low": resampled.quantile(tail),
            "high": resampled.quantile(1 - tail),
        }
    )
    if labels is not None:
        caught = _count_caught(scores, threshold, is_anomaly, labels, class_names)
        report = pd.concat([report, _wilson_intervals(caught, confidence)])
    return report.rename_axis("metric")


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
    metrics, digits
        As for `format_reports`.

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


def _count_caught(
    scores: npt.ArrayLike,
    threshold: float,
    is_anomaly: npt.ArrayLike,
    labels: npt.ArrayLike,
    class_names: Mapping[int, str] | None,
) -> dict[str, tuple[int, int]]:
    """Count the beats caught, and all beats, of each class of anomalies."""
    flagged = np.asarray(scores, dtype=np.float64) > threshold
    is_anomaly, labels = np.asarray(is_anomaly, dtype=bool), np.asarray(labels)
    if labels.shape != is_anomaly.shape:
        raise ValueError(
            f"labels has the shape {labels.shape}, but there are {is_anomaly.size} beats: "
            "one entry a beat is needed."
        )
    classes = np.unique(labels[is_anomaly])
    mixed = np.intersect1d(classes, labels[~is_anomaly]).tolist()
    if mixed:
        raise ValueError(
            f"labels {mixed} stand for normal beats and for anomalies alike. Check that labels and "
            "is_anomaly come from the same beats, in the same order."
        )
    return {
        _name_recall(int(label), class_names or {}): (
            int(flagged[labels == label].sum()),
            int((labels == label).sum()),
        )
        for label in classes
    }


def _name_recall(label: int, class_names: Mapping[int, str]) -> str:
    """Name the row; the label stays in it, because two classes may bear the same name."""
    return f"recall of class {label}" + (f" ({class_names[label]})" if label in class_names else "")


def _wilson_intervals(caught: Mapping[str, tuple[int, int]], confidence: float) -> pd.DataFrame:
    """Return the share caught of each class, with Wilson's interval."""
    rows = {name: share_interval(*counts, confidence)._asdict() for name, counts in caught.items()}
    return pd.DataFrame.from_dict(rows, orient="index")
