"""Figures of scores: one value a beat, where to cut, and what a cut gets right and wrong."""

from collections.abc import Collection, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import ConnectionPatch

from ecglab.heartbeats import Heartbeats
from ecglab.plots._style import (
    ANOMALY_COLOR,
    NORMAL_COLOR,
    SAMPLE_AXIS,
    AxesArray,
    class_color,
    class_symbol,
    legend_beside,
    plain_log_ticks,
    write_beside,
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
        write_beside(rows, f"{name}  ({value:.3g})", (value, row))
    # Lowest threshold on top: a line then runs down at the left of every name below it.
    rows.set(ylim=(len(thresholds) - 0.3, -0.7))
    rows.set_axis_off()
    _label_score_axis(below, xlabel)
    handles, names = below.get_legend_handles_labels()
    for name, look in (("label-free rule", LABEL_FREE), ("label-tuned rule", LABEL_TUNED)):
        handles.append(Line2D([], [], color="black", marker="o", linewidth=1, **look))
        names.append(name)
    legend_beside(below, handles, names)
    return axes


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
    """
    _, ax = plt.subplots(figsize=(8, 3.8))
    rng = np.random.default_rng(0)  # dots that fall on one another are spread sideways
    for place, repeats in enumerate(np.asarray(of) for of in values.values()):
        aside = place + rng.uniform(-0.3, 0.3, len(repeats))
        look: dict[str, Any] = {"color": NORMAL_COLOR, "mew": 0, "rasterized": True}
        ax.plot(aside, repeats, ".", markersize=5, alpha=0.25, zorder=1, **look)
        ax.plot([place, place], np.quantile(repeats, [0.025, 0.975]), color="black", linewidth=1.5)
        ax.plot([place - 0.3, place + 0.3], [np.median(repeats)] * 2, color="black", linewidth=2.5)
        triangle: dict[str, Any] = {"color": "white", "mec": "black", "ms": 8, "zorder": 3}
        ax.plot([place], [repeats.mean()], "^", **triangle)
    ax.set_xticks(range(len(values)), [str(setting) for setting in values])
    if mark is not None:
        ax.axhline(mark, color=ANOMALY_COLOR, linestyle="--", label=mark_label)
    if mark_label:
        ax.legend()
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(axis="x", visible=False)
    return ax


def plot_confusion(
    is_anomaly: npt.ArrayLike, flagged: npt.ArrayLike, *, ax: Axes | None = None
) -> Axes:
    """Draw how many normal beats and anomalies were passed and flagged.

    Parameters
    ----------
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies: one row each for normal beats and anomalies.
    flagged : array_like of bool, shape (n_beats,)
        True for beats that the detector calls anomalies: one column each for passed and flagged.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when left out.

    Returns
    -------
    matplotlib.axes.Axes
        Each cell holds a count and its share of the row; the darker, the larger the share.

    Raises
    ------
    ValueError
        If the lengths differ, or a class is missing.
    """
    is_anomaly, flagged = np.asarray(is_anomaly, dtype=bool), np.asarray(flagged, dtype=bool)
    if is_anomaly.shape != flagged.shape or is_anomaly.ndim != 1:
        raise ValueError(
            "is_anomaly and flagged must be lists with one entry a beat, "
            f"not shapes {is_anomaly.shape} and {flagged.shape}."
        )
    if is_anomaly.all() or not is_anomaly.any():
        raise ValueError("normal beats and anomalies are both needed to draw a confusion matrix.")
    if ax is None:
        _, ax = plt.subplots(figsize=(4.2, 3.2))
    counts = np.array(
        [[(~flagged & of).sum(), (flagged & of).sum()] for of in (~is_anomaly, is_anomaly)]
    )
    shares = counts / counts.sum(axis=1, keepdims=True)
    ax.imshow(_shades(shares), aspect="auto")
    for row, column in np.ndindex(2, 2):
        share = shares[row, column]
        color = "white" if share > 0.6 else "black"
        text = f"{counts[row, column]}\n{share:.1%}"
        ax.text(column, row, text, ha="center", va="center", color=color)
    ax.set_xticks([0, 1], ["passed", "flagged"])
    of_normal, of_anomalies = counts.sum(axis=1)
    ax.set_yticks([0, 1], [f"{of_normal}\nnormal beats", f"{of_anomalies}\nanomalies"])
    ax.set(xlabel="what the detector says", ylabel="what the beat is")
    ax.grid(visible=False)
    return ax


def plot_decision(
    scores: npt.ArrayLike, beats: Heartbeats, threshold: float, *, n_each: int = 4
) -> AxesArray:
    """Draw what a threshold does: the confusion matrix, and the worst of its mistakes.

    Parameters
    ----------
    scores : array_like of shape (n_beats,)
        Anomaly scores of `beats`; those above the threshold are flagged.
    beats : Heartbeats
        Normal beats and anomalies.
    threshold : float
        Where to cut.
    n_each : int, default 4
        How many false alarms (highest scores) and missed anomalies (lowest scores) to show.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (1 + 2 * n_each,)
        The matrix, the false alarms, the missed anomalies. Panels without a beat are not drawn.

    Raises
    ------
    ValueError
        If there is not one score a beat, or a class is missing.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.shape != (len(beats),):
        raise ValueError(f"one score a beat is needed: {scores.shape} scores, {len(beats)} beats.")
    flagged = scores > threshold
    figure = plt.figure(figsize=(10, 3.9), layout="constrained")
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=[1.25, 2.1])[0]
    matrix = plot_confusion(beats.is_anomaly, flagged, ax=left.subplots())
    panels = right.subplots(2, n_each, sharex=True, sharey=True, squeeze=False)
    false_alarms = np.flatnonzero(flagged & ~beats.is_anomaly)
    missed = np.flatnonzero(~flagged & beats.is_anomaly)
    _draw_beats(panels[0], beats, false_alarms[np.argsort(-scores[false_alarms], kind="stable")])
    _draw_beats(panels[1], beats, missed[np.argsort(scores[missed], kind="stable")])
    panels[0, 0].set_ylabel("false alarms,\nstrangest first", fontsize=11)
    panels[1, 0].set_ylabel("missed anomalies,\nlowest score first", fontsize=11)
    right.supxlabel(SAMPLE_AXIS, fontsize="medium")
    # The amplitudes of all panels agree; the numbers would only take room.
    panels[0, 0].tick_params(labelleft=False)
    panels[1, 0].tick_params(labelleft=False)
    return np.array([matrix, *panels.ravel()])


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


def _shades(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Turn the shares of each row into shades of the row's colour."""
    full = np.array([to_rgb(NORMAL_COLOR), to_rgb(ANOMALY_COLOR)])[:, None, :]
    depth = shares[:, :, None]
    return 1 - depth * (1 - full)


def _draw_beats(panels: AxesArray, beats: Heartbeats, chosen: npt.NDArray[np.intp]) -> None:
    """Draw one beat a panel, as many as there are panels, with the class as its title."""
    for ax, beat in zip(panels, chosen, strict=False):
        label = int(beats.labels[beat])
        ax.plot(beats.signals[beat], color=class_color(label), linewidth=1.5)
        ax.set_title(class_symbol(label), fontsize=10)
    for ax in panels[max(len(chosen), 1) :]:
        ax.set_axis_off()
    if not len(chosen):
        panels[0].grid(visible=False)
        panels[0].text(0.5, 0.5, "none", transform=panels[0].transAxes, ha="center", va="center")
