"""Figures of cuts: ROC and precision-recall curves, and precision where anomalies are rarer."""

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from ecglab.evaluation import (
    HEALTHY_PREVALENCE,
    REALISTIC_PREVALENCE,
    precision_at,
    share_interval,
)
from ecglab.plots._style import legend_beside, tell_apart, write_beside

FALSE_POSITIVE_AXIS = "false-positive rate (share of normal beats flagged)"
RECALL_AXIS = "recall (share of anomalies flagged)"
PRECISION_AXIS = "precision (share of alarms that are real)"

_Curve = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], str]
"""Where a curve runs, to the right and upwards, and the figure that sums it up."""


def plot_roc_curves(
    is_anomaly: npt.ArrayLike, scores: Mapping[str, npt.ArrayLike], *, zoom: float = 1.0
) -> Axes:
    """Draw the ROC curves of several detectors on the same beats.

    Parameters
    ----------
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies.
    scores : mapping of str to array_like of shape (n_beats,)
        Anomaly scores of each detector, by its name.
    zoom : float, default 1.0
        Largest false-positive rate shown.
    """
    _, ax = plt.subplots(figsize=(10, 4.2))

    def trace(scored: npt.ArrayLike) -> _Curve:
        false_positive_rate, recall, _ = roc_curve(is_anomaly, scored)
        return false_positive_rate, recall, f"AUC {roc_auc_score(is_anomaly, scored):.3f}"

    _draw_curves(ax, scores, trace)
    ax.plot([0, 1], [0, 1], color="grey", linestyle=":", label="a coin toss (AUC 0.500)")
    _finish_roc(ax, zoom)
    return ax


def plot_roc_bands(
    is_anomaly: npt.ArrayLike, bands: Mapping[str, pd.DataFrame], *, zoom: float = 1.0
) -> Axes:
    """Draw the ROC curves of several detectors, each with the band that chance allows it.

    Parameters
    ----------
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies; the axes say how many of either kind the bands rest on.
    bands : mapping of str to pandas.DataFrame
        By the name of the detector: columns ``false-positive rate``, ``value``, ``low`` and
        ``high``, as `ecglab.evaluation.roc_band` returns them.
    zoom : float, default 1.0
        Largest false-positive rate shown.

    Raises
    ------
    ValueError
        If a band lacks a column.
    """
    _, ax = plt.subplots(figsize=(10, 4.2))
    _draw_bands(ax, bands, "false-positive rate")
    ax.plot([0, 1], [0, 1], color="grey", linestyle=":", label="a coin toss")
    _finish_roc(ax, zoom)
    n_normal, n_anomalies = _count(is_anomaly)
    ax.set(
        xlabel=f"false-positive rate (share of {n_normal} normal beats flagged)",
        ylabel=f"recall (share of {n_anomalies} anomalies flagged)",
    )
    return ax


def plot_precision_recall_curves(
    is_anomaly: npt.ArrayLike, scores: Mapping[str, npt.ArrayLike]
) -> Axes:
    """Draw the precision-recall curves of several detectors on the same beats, as steps.

    No straight line joins two cuts: the area below the steps is the average precision that the
    legend gives, where one below straight lines would be larger than any cut can reach.

    Parameters
    ----------
    is_anomaly, scores
        As for `plot_roc_curves`.
    """
    _, ax = plt.subplots(figsize=(10, 4.2))

    def trace(scored: npt.ArrayLike) -> _Curve:
        precision, recall, _ = precision_recall_curve(is_anomaly, scored)
        figure = f"AP {average_precision_score(is_anomaly, scored):.3f}"
        return recall[::-1], precision[::-1], figure

    _draw_curves(ax, scores, trace, steps=True)
    share = float(np.mean(np.asarray(is_anomaly, dtype=bool)))
    ax.axhline(share, color="grey", linestyle=":", label=f"flag everything (AP {share:.3f})")
    _finish_precision_recall(ax, lowest=share)
    return ax


def plot_precision_recall_bands(
    is_anomaly: npt.ArrayLike, bands: Mapping[str, pd.DataFrame]
) -> Axes:
    """Draw the precision-recall curves of several detectors, each with its band of chance.

    Curves and bands are steps: precision is that of the highest cut that reaches a recall.

    Parameters
    ----------
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies; their share is what flagging everything reaches.
    bands : mapping of str to pandas.DataFrame
        By the name of the detector: columns ``recall``, ``value``, ``low`` and ``high``, as
        `ecglab.evaluation.precision_recall_band` returns them.

    Raises
    ------
    ValueError
        As for `plot_roc_bands`.
    """
    _, ax = plt.subplots(figsize=(10, 4.2))
    _draw_bands(ax, bands, "recall", steps=True)
    n_normal, n_anomalies = _count(is_anomaly)
    share = n_anomalies / (n_normal + n_anomalies)
    ax.axhline(share, color="grey", linestyle=":", label=f"flag everything ({share:.3f})")
    _finish_precision_recall(ax, lowest=share)
    ax.set_xlabel(f"recall (share of {n_anomalies} anomalies flagged)")
    return ax


def plot_precision_by_prevalence(
    points: Mapping[str, tuple[float, float]], *, share: float | None = None
) -> Axes:
    """Draw what one operating point's precision becomes where anomalies are rarer.

    Recall and false-positive rate do not depend on how common anomalies are; precision does.

    Parameters
    ----------
    points : mapping of str to (float, float)
        Recall and false-positive rate of each operating point, by its name.
    share : float, optional
        Share of anomalies in the data set, to mark beside `REALISTIC_PREVALENCE` and
        `HEALTHY_PREVALENCE`.
    """
    _, ax = plt.subplots(figsize=(10, 4.2))
    prevalence = np.geomspace(0.001, 0.5, 300)
    for name, look in tell_apart(points):
        recall, false_positive_rate = points[name]
        precision = precision_at(prevalence, recall, false_positive_rate)
        label = f"{name}\n(recall {recall:.3f}, false alarms {false_positive_rate:.3f})"
        ax.plot(prevalence, precision, **look, label=label)
    marks = {
        "few healthy adults\nhave more": HEALTHY_PREVALENCE,
        "a patient with\nfrequent extra beats": REALISTIC_PREVALENCE,
    }
    if share is not None:
        marks["this\ndata set"] = share
    for text, value in marks.items():
        ax.axvline(value, color="grey", linewidth=1)
        ax.text(value, 1.03, text, ha="center", va="bottom", fontsize=10, color="#444444")
    ax.set(
        xlabel="prevalence (share of beats that are anomalies, logarithmic)",
        ylabel=PRECISION_AXIS,
        xscale="log",
        xlim=(0.001, 0.5),
        ylim=(0, 1.02),
    )
    per_mille = (1, 2, 5, 10, 20, 50, 100, 200, 500)
    ax.set_xticks([n / 1000 for n in per_mille], [f"{n / 10:g} %" for n in per_mille], minor=False)
    ax.minorticks_off()
    legend_beside(ax)
    return ax


def plot_cost_curves(
    points: Mapping[str, tuple[float, float]],
    situations: Mapping[str, tuple[float, float]] | None = None,
) -> Axes:
    """Draw what each cut costs in every situation: one straight line a cut.

    To the right anomalies are commoner, or a missed one dearer: both count alike, in the share of
    all the weight that lies on the anomalies [1]_. The lowest line at a place is the cut to take
    there; the grey ones are those of flagging nothing and flagging everything.

    Parameters
    ----------
    points : mapping of str to (float, float)
        Recall and false-positive rate of each cut, by its name.
    situations : mapping of str to (float, float), optional
        Prevalence, and what a miss costs where a false alarm costs 1: to mark, by name.

    References
    ----------
    .. [1] C. Drummond and R. C. Holte, "Cost curves: an improved method for visualizing classifier
       performance", Machine Learning 65 (2006) 95-130, doi 10.1007/s10994-006-8199-5.
    """
    _, ax = plt.subplots(figsize=(10, 4.2))
    weight = np.linspace(0, 1, 201)
    ax.plot(weight, weight, color="grey", linestyle=":", label="flag nothing")
    ax.plot(weight, 1 - weight, color="grey", linestyle="--", label="flag everything")
    for name, look in tell_apart(points):
        recall, false_positive_rate = points[name]
        cost = (1 - recall) * weight + false_positive_rate * (1 - weight)
        ax.plot(weight, cost, **look, label=name)
    highest = max(max(1 - recall, rate) for recall, rate in points.values())
    ax.set(
        xlabel="weight of the anomalies: prevalence x cost of a miss, as a share of all weight",
        ylabel="cost, 1 being the worst",
        xlim=(0, 1),
        ylim=(0, min(1.15 * highest, 1)),
    )
    for n, (name, (prevalence, miss_cost)) in enumerate((situations or {}).items()):
        place = prevalence * miss_cost / (prevalence * miss_cost + 1 - prevalence)
        ax.axvline(place, color="grey", linewidth=1)
        ax.annotate(
            name,
            (place, 1.02 + 0.07 * (n % 2)),  # neighbours on two levels
            xycoords=("data", "axes fraction"),
            ha="left" if place < 0.1 else "center",
            va="bottom",
            fontsize=10,
            color="#444444",
        )
    legend_beside(ax)
    return ax


def plot_calibration(
    predicted: npt.ArrayLike, happened: npt.ArrayLike, *, n_bins: int = 8, what: str = "probability"
) -> Axes:
    """Draw how often something happened against how probable it was said to be.

    Parameters
    ----------
    predicted : array_like of shape (n_beats,)
        Probabilities.
    happened : array_like of bool, shape (n_beats,)
        Whether it came true.
    n_bins : int, default 8
        Groups of equal width that the predictions are divided into.
    what : str, default "probability"
        What was predicted, for the axes.

    Returns
    -------
    matplotlib.axes.Axes
        One mark a group, with Wilson's 95 % interval and the number of beats, beside the diagonal
        of perfect calibration.
    """
    predicted = np.asarray(predicted, dtype=np.float64)
    happened = np.asarray(happened, dtype=bool)
    group = np.minimum((predicted * n_bins).astype(int), n_bins - 1)
    _, ax = plt.subplots(figsize=(6.5, 4.2))
    ax.plot([0, 1], [0, 1], color="grey", linestyle=":", label="as often as predicted")
    for n in np.unique(group):
        x, came_true = predicted[group == n].mean(), happened[group == n]
        share, low, high = share_interval(int(came_true.sum()), len(came_true))
        ax.plot([x, x], [low, high], color="black", linewidth=2)
        ax.plot([x], [share], "o", color="black", markersize=7, markeredgecolor="white")
        write_beside(ax, f"{len(came_true)}", (x, low), va="bottom")
    ax.plot([], [], "o", color="black", label="observed, and how many beats")
    ax.set(xlabel=f"predicted {what}", ylabel="share that came true", xlim=(-0.03, 1.06))
    ax.set_ylim(-0.03, 1.03)
    ax.grid(visible=False)  # it would run through the numbers
    ax.legend(loc="upper left")
    return ax


def _draw_curves(
    ax: Axes,
    scores: Mapping[str, npt.ArrayLike],
    trace: Callable[[npt.ArrayLike], _Curve],
    *,
    steps: bool = False,
) -> None:
    """Draw a line for each detector, and name it with the figure that sums it up."""
    for name, look in tell_apart(scores):
        x, y, figure = trace(scores[name])
        style = "steps-pre" if steps else "default"
        ax.plot(x, y, **look, drawstyle=style, label=f"{name} ({figure})")


def _draw_bands(
    ax: Axes, bands: Mapping[str, pd.DataFrame], x: str, *, steps: bool = False
) -> None:
    """Draw a line and a shaded band for each detector."""
    for name, look in tell_apart(bands):
        band = bands[name]
        missing = {x, "value", "low", "high"} - set(band.columns)
        if missing:
            raise ValueError(
                f"the band of {name!r} has no column {', '.join(map(repr, sorted(missing)))}. "
                "Compute it with roc_band or precision_recall_band of ecglab.evaluation."
            )
        area = {"color": look["color"], "alpha": 0.2, "linewidth": 0}
        ax.fill_between(band[x], band["low"], band["high"], step="pre" if steps else None, **area)
        style = "steps-pre" if steps else "default"
        ax.plot(band[x], band["value"], **look, drawstyle=style, label=name)


def _count(is_anomaly: npt.ArrayLike) -> tuple[int, int]:
    """Count normal beats and anomalies."""
    is_anomaly = np.asarray(is_anomaly, dtype=bool)
    return int((~is_anomaly).sum()), int(is_anomaly.sum())


def _finish_roc(ax: Axes, zoom: float) -> None:
    ax.set(
        xlabel=FALSE_POSITIVE_AXIS, ylabel=RECALL_AXIS, xlim=(-0.01 * zoom, zoom), ylim=(0, 1.02)
    )
    legend_beside(ax)


def _finish_precision_recall(ax: Axes, lowest: float) -> None:
    ax.set(
        xlabel=RECALL_AXIS,
        ylabel=PRECISION_AXIS,
        xlim=(0, 1.01),
        ylim=(min(0.5, lowest) - 0.02, 1.01),
    )
    legend_beside(ax)
