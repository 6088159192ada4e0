"""Figures of scores: one value a beat, and where to cut."""

from collections.abc import Collection, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import ConnectionPatch

from ecglab.plots._style import (
    ANOMALY_COLOR,
    NORMAL_COLOR,
    AxesArray,
    legend_beside,
    plain_log_ticks,
)

# How the two kinds of threshold are drawn: what looks at no anomaly is solid and filled.
LABEL_FREE: dict[str, Any] = {"linestyle": "-", "markerfacecolor": "black"}
LABEL_TUNED: dict[str, Any] = {"linestyle": "--", "markerfacecolor": "white"}


def plot_histogram(
    values: npt.ArrayLike,
    *,
    xlabel: str,
    limits: tuple[float, float] | None = None,
    mark: float | None = None,
    mark_label: str = "",
) -> Axes:
    """Draw a histogram of one value a beat, with an optional marked value.

    Parameters
    ----------
    values : array_like of shape (n_beats,)
        What to count.
    xlabel : str
        What the values are.
    limits : (float, float), optional
        The range to show; all of it when left out.
    mark : float, optional
        Where to draw a vertical line.
    mark_label : str, optional
        What the line means.

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, ax = plt.subplots(figsize=(8, 3.2))
    ax.hist(np.asarray(values), bins=60, range=limits, color=NORMAL_COLOR)
    if mark is not None:
        ax.axvline(mark, color="black", linestyle="--", label=mark_label)
    if mark_label:
        ax.legend()
    ax.set(xlabel=xlabel, ylabel="number of beats")
    return ax


def plot_error_histograms(
    scores: npt.ArrayLike,
    is_anomaly: npt.ArrayLike,
    thresholds: Mapping[str, float] | None = None,
    *,
    xlabel: str = "reconstruction error",
    ax: Axes | None = None,
) -> Axes:
    """Draw the anomaly scores of normal beats and anomalies, and thresholds upon them.

    Parameters
    ----------
    scores : array_like of shape (n_beats,)
        Anomaly scores, higher is more anomalous, above zero.
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies.
    thresholds : mapping of str to float, optional
        Vertical lines to draw, by name.
    xlabel : str, default "reconstruction error"
        What the score is.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when left out.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(10, 3.2))
    _draw_score_histograms(ax, scores, is_anomaly)
    for style, (name, value) in zip(("--", ":", "-."), (thresholds or {}).items(), strict=False):
        ax.axvline(value, color="black", linestyle=style, label=name)
    _label_score_axis(ax, xlabel)
    legend_beside(ax)
    return ax


def plot_thresholds(
    scores: npt.ArrayLike,
    is_anomaly: npt.ArrayLike,
    thresholds: Mapping[str, float],
    label_tuned: Collection[str],
    *,
    xlabel: str = "reconstruction error",
) -> AxesArray:
    """Draw where each of several rules cuts the scores of normal beats and anomalies.

    Above the histograms stands one row a threshold, lowest first, each with its name and value at
    the line that it means.

    Parameters
    ----------
    scores : array_like of shape (n_beats,)
        Anomaly scores of validation beats, higher is more anomalous, above zero.
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies.
    thresholds : mapping of str to float
        The thresholds, above zero, by the name of their rule; about nine are readable.
    label_tuned : collection of str
        Names of the rules that looked at anomalies: dashed, with a hollow mark.
    xlabel : str, default "reconstruction error"
        What the score is.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (2,)
        The rows of names, and the histograms below them.

    Raises
    ------
    ValueError
        If `label_tuned` names a rule that is not in `thresholds`.
    """
    unknown = set(label_tuned) - set(thresholds)
    if unknown:
        raise ValueError(
            f"label_tuned names {sorted(unknown)}, but thresholds has only {list(thresholds)}."
        )
    figure, axes = plt.subplots(
        2,
        1,
        figsize=(10, 2.9 + 0.26 * len(thresholds)),
        sharex=True,
        height_ratios=[0.26 * len(thresholds), 2.6],
    )
    rows, below = axes
    _draw_score_histograms(below, scores, is_anomaly)
    for row, name in enumerate(sorted(thresholds, key=thresholds.__getitem__)):
        value = thresholds[name]
        look = LABEL_TUNED if name in label_tuned else LABEL_FREE
        rows.plot([value], [row], color="black", marker="o", markersize=6, **look)
        _drop_line(figure, rows, (value, row), below, look["linestyle"])
        rows.annotate(
            f"{name}  ({value:.3g})",
            (value, row),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
        )
    # Lowest threshold on top: a line then runs down at the left of every name below it.
    rows.set(ylim=(len(thresholds) - 0.3, -0.7))
    rows.set_axis_off()
    _label_score_axis(below, xlabel)
    handles, names = below.get_legend_handles_labels()
    for name, look in (("label-free rule", LABEL_FREE), ("label-tuned rule", LABEL_TUNED)):
        handles.append(Line2D([], [], color="black", marker="o", linewidth=1, **look))
        names.append(name)
    below.legend(handles, names, loc="center left", bbox_to_anchor=(1, 0.5))
    return axes


def _drop_line(
    figure: Figure, above: Axes, point: tuple[float, float], below: Axes, linestyle: str
) -> None:
    """Draw a line from a point of the upper panel to the floor of the lower one."""
    line = ConnectionPatch(
        point,
        (point[0], 0),
        coordsA=above.transData,
        coordsB=below.get_xaxis_transform(),
        linestyle=linestyle,
        color="black",
        shrinkA=3,  # points: up to the edge of the mark
    )
    # The layout must not make room for what lies between two panels.
    line.set_in_layout(False)
    figure.add_artist(line)


def _draw_score_histograms(ax: Axes, scores: npt.ArrayLike, is_anomaly: npt.ArrayLike) -> None:
    """Draw the scores of normal beats and of anomalies in bins of equal ratio."""
    scores, is_anomaly = np.asarray(scores), np.asarray(is_anomaly, dtype=bool)
    bins = np.geomspace(scores.min(), scores.max(), 70).tolist()
    ax.hist(scores[~is_anomaly], bins, color=NORMAL_COLOR, alpha=0.7, label="normal beats")
    ax.hist(scores[is_anomaly], bins, color=ANOMALY_COLOR, alpha=0.6, label="anomalies")


def _label_score_axis(ax: Axes, xlabel: str) -> None:
    ax.set(xscale="log", xlabel=f"{xlabel} (logarithmic)", ylabel="number of beats")
    plain_log_ticks(ax.xaxis)


def plot_spread(
    values: Mapping[Any, npt.ArrayLike],
    *,
    xlabel: str,
    ylabel: str,
    mark: float | None = None,
    mark_label: str = "",
) -> Axes:
    """Draw how widely a figure scatters: a dot a repeat, side by side for each setting.

    Parameters
    ----------
    values : mapping of setting to array_like of shape (n_repeats,)
        The figure, over the repeats, by setting. The vertical line holds 95 % of them, the bar is
        their median, the triangle their mean.
    xlabel, ylabel : str
        What the setting and the figure are.
    mark : float, optional
        Where to draw a horizontal line.
    mark_label : str, optional
        What the line means.

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, ax = plt.subplots(figsize=(8, 3.8))
    rng = np.random.default_rng(0)  # dots that fall on one another are spread sideways
    for place, repeats in enumerate(np.asarray(of) for of in values.values()):
        aside = place + rng.uniform(-0.3, 0.3, len(repeats))
        look: dict[str, Any] = {"color": NORMAL_COLOR, "mew": 0, "rasterized": True}
        ax.plot(aside, repeats, ".", markersize=5, alpha=0.25, zorder=1, **look)
        ax.plot([place, place], np.quantile(repeats, [0.025, 0.975]), color="black", linewidth=1.5)
        ax.plot([place - 0.3, place + 0.3], [np.median(repeats)] * 2, color="black", linewidth=2.5)
        ax.plot(
            [place],
            [repeats.mean()],
            "^",
            color="white",
            markeredgecolor="black",
            markersize=8,
            zorder=3,
        )
    ax.set_xticks(range(len(values)), [str(setting) for setting in values])
    if mark is not None:
        ax.axhline(mark, color=ANOMALY_COLOR, linestyle="--", label=mark_label)
    if mark_label:
        ax.legend()
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(axis="x", visible=False)
    return ax
