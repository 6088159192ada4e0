"""ROC and precision-recall curves with the chance in which beats were tested."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.evaluation._metrics import Histogram, Levels, lower_tail, precision_at, resample

Curve = Callable[[Histogram, Histogram], Histogram]


def roc_band(
    is_anomaly: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    grid: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Compute a ROC curve with a bootstrap band.

    Parameters
    ----------
    is_anomaly, scores
        As for `measure`.
    grid : array_like of shape (n_points,), optional
        False-positive rates, from 0 to 1, at which to compute the curve; 0, 0.01, ..., 1 when left
        out.
    confidence, n_resamples, random_state
        As for `evaluate`, at each point of the grid. The chance that the whole curve lies within
        the band is smaller.

    Returns
    -------
    pandas.DataFrame
        One row a point of the grid; columns ``false-positive rate``, ``value`` (recall), ``low``
        and ``high``. Between two thresholds the curve is a straight line; where it rises
        vertically, `value` is its upper end.

    Raises
    ------
    ValueError
        If the lengths differ, a score is not finite, one of the two classes is missing, or a
        point of the grid lies outside of [0, 1].
    """
    points = _check_grid(np.linspace(0, 1, 101) if grid is None else grid)
    levels = Levels(scores, is_anomaly)
    band = _band(
        levels,
        lambda normal, anomalous: _recall_at(points, normal, anomalous),
        lower_tail(confidence),
        n_resamples,
        random_state,
    )
    return pd.DataFrame({"false-positive rate": points, **band})


def precision_recall_band(
    is_anomaly: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    prevalence: float | None = None,
    grid: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Compute a precision-recall curve with a bootstrap band.

    Parameters
    ----------
    is_anomaly, scores, confidence, n_resamples, random_state
        As for `roc_band`.
    prevalence : float, optional
        Share of anomalies at which to restate precision (see `precision_at`); that of the beats
        themselves when left out. ECG5000's 41.6 % flatters every detector.
    grid : array_like of shape (n_points,), optional
        Recalls, above 0 and up to 1, at which to compute the curve; 0.01, 0.02, ..., 1 when left
        out. At a recall of 0 nothing is flagged, and precision has no value.

    Returns
    -------
    pandas.DataFrame
        One row a point of the grid; columns ``recall``, ``value`` (precision), ``low`` and
        ``high``. The value is the precision at the highest threshold that reaches the recall, not
        an interpolation, which would be too good to be true [1]_.

    Raises
    ------
    ValueError
        As for `roc_band`; or if the grid holds 0, or `prevalence` lies outside of [0, 1].

    References
    ----------
    .. [1] J. Davis and M. Goadrich, "The relationship between precision-recall and ROC curves",
       ICML 2006, 233-240, doi 10.1145/1143844.1143874.
    """
    points = _check_grid(np.linspace(0.01, 1, 100) if grid is None else grid)
    if (points == 0).any():
        raise ValueError("at a recall of 0 nothing is flagged, and precision has no value there.")
    levels = Levels(scores, is_anomaly)
    n_normal, n_strange = len(levels.of_normal), len(levels.of_anomalies)
    share = n_strange / (n_normal + n_strange) if prevalence is None else prevalence
    band = _band(
        levels,
        lambda normal, anomalous: _precision_at_recall(points, share, normal, anomalous),
        lower_tail(confidence),
        n_resamples,
        random_state,
    )
    return pd.DataFrame({"recall": points, **band})


def _band(
    levels: Levels, curve: Curve, tail: float, n_resamples: int, random_state: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Return the curve of all beats, and the percentiles of the resampled ones at each point."""
    resampled = np.concatenate(
        [curve(*levels.count(*drawn)) for drawn in resample(levels, n_resamples, random_state)]
    )
    low, high = np.quantile(resampled, [tail, 1 - tail], axis=0)
    return {"value": curve(*levels.count())[0], "low": low, "high": high}


def _recall_at(
    false_positive_rates: npt.NDArray[np.float64], normal: Histogram, anomalous: Histogram
) -> Histogram:
    """Read each row's ROC curve at the given false-positive rates."""
    alarms, caught = _count_from_above(normal), _count_from_above(anomalous)
    n_normal, n_strange = alarms[0, -1], caught[0, -1]
    wanted = _whole(false_positive_rates * n_normal)
    last = _first_above(alarms, np.floor(wanted)) - 1  # the lowest threshold with so few alarms
    following = np.minimum(last + 1, alarms.shape[1] - 1)
    step = np.take_along_axis(alarms, following, 1) - np.take_along_axis(alarms, last, 1)
    beyond = wanted - np.take_along_axis(alarms, last, 1)
    rise = np.take_along_axis(caught, following, 1) - np.take_along_axis(caught, last, 1)
    line = rise * np.divide(beyond, step, out=np.zeros_like(step), where=step > 0)
    return (np.take_along_axis(caught, last, 1) + line) / n_strange


def _precision_at_recall(
    recalls: npt.NDArray[np.float64], prevalence: float, normal: Histogram, anomalous: Histogram
) -> Histogram:
    """Read each row's precision-recall curve at the given recalls."""
    alarms, caught = _count_from_above(normal), _count_from_above(anomalous)
    n_normal, n_strange = alarms[0, -1], caught[0, -1]
    first = _first_above(caught, np.ceil(_whole(recalls * n_strange)) - 1)
    reached, false = (np.take_along_axis(counts, first, 1) for counts in (caught, alarms))
    return precision_at(prevalence, reached / n_strange, false / n_normal)


def _count_from_above(counts: Histogram) -> Histogram:
    """Count the beats flagged at each threshold, from the highest, which flags none, downwards."""
    flagged = np.cumsum(counts[:, ::-1], axis=1)
    return np.concatenate([np.zeros((len(counts), 1)), flagged], axis=1)


def _whole(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Undo what rounding did to a share times a count: 0.07 * 100 is 7, not 7.000000000000001."""
    return counts.round(9)


def _first_above(counts: Histogram, bounds: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Find in each row of ascending whole numbers the first one above each bound.

    The rows are laid end to end, each lifted above the one before, so that one search serves all.
    The position is the row's length where no number lies above the bound.
    """
    n_rows, n_columns = counts.shape
    lift = np.arange(n_rows)[:, None] * (counts[0, -1] + 1)
    found = np.searchsorted((counts + lift).ravel(), bounds[None, :] + lift, side="right")
    return found - np.arange(n_rows)[:, None] * n_columns


def _check_grid(grid: npt.ArrayLike) -> npt.NDArray[np.float64]:
    points = np.asarray(grid, dtype=np.float64)
    if points.ndim != 1 or points.size == 0 or not ((points >= 0) & (points <= 1)).all():
        raise ValueError("grid must be a list of shares between 0 and 1.")
    return points
