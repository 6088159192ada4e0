"""Every figure of the course, one function each. They draw and return the Axes; nothing is shown.

One colour stands for one thing throughout: see `CLASS_COLORS`, `NORMAL_COLOR`, `ANOMALY_COLOR`.
The colours are those of Okabe and Ito (2008), which people with any kind of colour vision can
tell apart.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from ecglab.heartbeats import CLASS_SYMBOLS, NORMAL_LABEL, Heartbeats

__all__ = [
    "ANOMALY_COLOR",
    "CLASS_COLORS",
    "NORMAL_COLOR",
    "plot_beats_by_class",
    "plot_class_counts",
    "plot_error_histograms",
    "plot_histogram",
    "plot_loss",
    "plot_mean_beats",
    "plot_plane",
    "plot_precision_recall_curves",
    "plot_profiles",
    "plot_reconstructions",
    "plot_roc_curves",
    "plot_twins",
    "use_course_style",
]

CLASS_COLORS: Mapping[int, str] = {
    1: "#0072B2",
    2: "#E69F00",
    3: "#CC79A7",
    4: "#009E73",
    5: "#555555",
}
NORMAL_COLOR = CLASS_COLORS[NORMAL_LABEL]
ANOMALY_COLOR = "#D55E00"
RESIDUAL_COLOR = "#BBBBBB"
RECIPE_COLORS = ("#000000", "#D55E00", "#56B4E9", "#009E73", "#CC79A7", "#E69F00")

AxesArray = npt.NDArray[Any]
"""Several Axes; numpy keeps them as objects."""

SAMPLE_AXIS = "sample within the beat"
AMPLITUDE_AXIS = "amplitude (standardised)"


def use_course_style() -> None:
    """Set matplotlib to the course's look: white, light grid, readable on a projector."""
    sns.set_theme(
        context="notebook",
        style="whitegrid",
        rc={
            "figure.dpi": 80,
            "savefig.dpi": 80,
            "figure.constrained_layout.use": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "grid.alpha": 0.5,
            "legend.frameon": False,
        },
    )


def plot_class_counts(counts: pd.DataFrame) -> Axes:
    """Draw how many beats each class has, on a logarithmic axis so that rare ones are seen.

    Parameters
    ----------
    counts : pandas.DataFrame
        As `Heartbeats.count_classes` returns it.

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, ax = plt.subplots(figsize=(8, 3.2))
    labels = [int(label) for label in counts.index]
    symbols = [CLASS_SYMBOLS.get(label, str(label)) for label in labels]
    names = [f"{label}  {symbol}" for label, symbol in zip(labels, symbols, strict=True)]
    bars = ax.barh(names, counts["total"], color=[_color(label) for label in labels])
    ax.bar_label(bars, padding=4)
    ax.set(xscale="log", xlabel="number of beats (logarithmic)", ylabel="class")
    ax.set_xlim(1, counts["total"].max() * 2.5)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    return ax


def plot_beats_by_class(beats: Heartbeats, n_each: int = 4, random_state: int = 0) -> AxesArray:
    """Draw a few beats of each class, one class a row.

    Parameters
    ----------
    beats : Heartbeats
        Beats of any classes; classes without a beat are left out.
    n_each : int, default 4
        Beats drawn from each class, at random; fewer where a class has fewer.
    random_state : int, default 0
        Seed of the draw.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (n_classes, n_each)
    """
    rng = np.random.default_rng(random_state)
    labels = np.unique(beats.labels)
    _, axes = plt.subplots(
        len(labels),
        n_each,
        figsize=(10, 1.6 * len(labels)),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for row, label in zip(axes, labels, strict=True):
        of_class = np.flatnonzero(beats.labels == label)
        chosen = rng.permutation(of_class)[:n_each]
        for ax, beat in zip(row, chosen, strict=False):
            ax.plot(beats.signals[beat], color=_color(label), linewidth=1.5)
        for ax in row[len(chosen) :]:
            ax.set_axis_off()
        row[0].set_ylabel(f"{CLASS_SYMBOLS.get(label, label)}")
    _label_outer(axes, SAMPLE_AXIS, None)
    axes[0, 0].figure.supylabel(AMPLITUDE_AXIS, fontsize="medium")
    return axes


def plot_mean_beats(beats: Heartbeats) -> AxesArray:
    """Draw the mean beat of each class with one standard deviation on either side.

    The mean of the normal class is repeated, dashed, in the other panels, to compare with.

    Parameters
    ----------
    beats : Heartbeats
        Beats of any classes.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (n_classes,)
    """
    labels = np.unique(beats.labels)
    _, axes = plt.subplots(
        1, len(labels), figsize=(2.6 * len(labels), 3.2), sharex=True, sharey=True, squeeze=False
    )
    normal_mean = beats.normal.signals.mean(axis=0) if len(beats.normal) else None
    for ax, label in zip(axes[0], labels, strict=True):
        signals = beats.signals[beats.labels == label]
        mean, sd = signals.mean(axis=0), signals.std(axis=0)
        samples = np.arange(beats.n_samples)
        ax.fill_between(samples, mean - sd, mean + sd, color=_color(label), alpha=0.25, linewidth=0)
        ax.plot(samples, mean, color=_color(label), label="class mean ± sd")
        if normal_mean is not None and label != beats.normal_label:
            ax.plot(
                samples, normal_mean, "--", color=NORMAL_COLOR, linewidth=1, label="normal mean"
            )
        beats_word = "beat" if len(signals) == 1 else "beats"
        ax.set_title(f"{CLASS_SYMBOLS.get(label, label)}, {len(signals)} {beats_word}", fontsize=11)
    axes[0, -1].legend(fontsize=8, loc="lower left")
    _label_outer(axes, SAMPLE_AXIS, AMPLITUDE_AXIS)
    row: AxesArray = axes[0]
    return row


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


def plot_twins(
    beats: Heartbeats, pairs: Sequence[tuple[int, int]], titles: Sequence[str]
) -> AxesArray:
    """Draw pairs of beats on top of one another.

    Parameters
    ----------
    beats : Heartbeats
        Where the pairs come from.
    pairs : sequence of (int, int)
        Positions of two beats, one pair a panel.
    titles : sequence of str
        One title a panel.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (n_pairs,)
    """
    _, axes = plt.subplots(
        1, len(pairs), figsize=(3.4 * len(pairs), 3), sharex=True, sharey=True, squeeze=False
    )
    for ax, (first, second), title in zip(axes[0], pairs, titles, strict=True):
        ax.plot(beats.signals[first], color=_color(beats.labels[first]), linewidth=3, alpha=0.5)
        ax.plot(beats.signals[second], color="black", linewidth=1)
        ax.set_title(title, fontsize=11)
    _label_outer(axes, SAMPLE_AXIS, AMPLITUDE_AXIS)
    row: AxesArray = axes[0]
    return row


def plot_plane(coordinates: npt.ArrayLike, labels: npt.ArrayLike, *, axis_name: str = "PC") -> Axes:
    """Draw beats as points in a plane, coloured by class, rare classes on top.

    Parameters
    ----------
    coordinates : array_like of shape (n_beats, 2)
        Where each beat lies.
    labels : array_like of int, shape (n_beats,)
        Its class.
    axis_name : str, default "PC"
        What the axes are called, before their number.

    Returns
    -------
    matplotlib.axes.Axes
    """
    coordinates, labels = np.asarray(coordinates), np.asarray(labels)
    _, ax = plt.subplots(figsize=(7, 4.6))
    kinds, counts = np.unique(labels, return_counts=True)
    for label in kinds[np.argsort(-counts)]:
        points = coordinates[labels == label]
        ax.scatter(
            points[:, 0],
            points[:, 1],
            s=12 if len(points) > 500 else 26,
            alpha=0.35 if len(points) > 500 else 0.9,
            color=_color(label),
            linewidth=0,
            label=CLASS_SYMBOLS.get(label, str(label)),
        )
    ax.set(xlabel=f"{axis_name} 1", ylabel=f"{axis_name} 2")
    for handle in ax.legend(
        title="class", loc="center left", bbox_to_anchor=(1, 0.5)
    ).legend_handles:
        if handle is not None:
            handle.set_alpha(1)
    return ax


def plot_loss(history: pd.DataFrame, *, loss_name: str = "loss") -> Axes:
    """Draw the training and validation loss of each epoch, and mark the best epoch.

    Parameters
    ----------
    history : pandas.DataFrame
        Columns ``loss`` and ``validation_loss``, index the epoch.
    loss_name : str, default "loss"
        What the loss is, for the axis.

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, ax = plt.subplots(figsize=(7, 3.4))
    ax.plot(history["loss"], color="black", label="training")
    ax.plot(history["validation_loss"], color="#56B4E9", label="validation")
    best = int(history.index[int(history["validation_loss"].argmin())])
    ax.plot([best], [history["validation_loss"].min()], "o", color="#56B4E9", label="best epoch")
    ax.set(xlabel="epoch", ylabel=f"{loss_name} (logarithmic)", yscale="log")
    _plain_log_ticks(ax.yaxis)
    ax.legend()
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
        Anomaly scores, higher is stranger, above zero.
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
    scores, is_anomaly = np.asarray(scores), np.asarray(is_anomaly, dtype=bool)
    bins = np.geomspace(scores.min(), scores.max(), 70).tolist()
    ax.hist(scores[~is_anomaly], bins, color=NORMAL_COLOR, alpha=0.7, label="normal beats")
    ax.hist(scores[is_anomaly], bins, color=ANOMALY_COLOR, alpha=0.6, label="anomalies")
    for style, (name, value) in zip(("--", ":", "-."), (thresholds or {}).items(), strict=False):
        ax.axvline(value, color="black", linestyle=style, label=name)
    ax.set(xscale="log", xlabel=f"{xlabel} (logarithmic)", ylabel="number of beats")
    _plain_log_ticks(ax.xaxis)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def plot_reconstructions(
    beats: Heartbeats,
    reconstructions: npt.ArrayLike,
    titles: Sequence[str] | None = None,
    *,
    signals: npt.ArrayLike | None = None,
    amplitude: str = AMPLITUDE_AXIS,
) -> AxesArray:
    """Draw real against reconstructed beats, the residual shaded between them.

    Parameters
    ----------
    beats : Heartbeats
        The real beats, one panel each; at most eight are readable.
    reconstructions : array_like of shape (n_beats, n_samples)
        What the autoencoder made of them, in the same order.
    titles : sequence of str, optional
        One title a panel; the class when left out.
    signals : array_like of shape (n_beats, n_samples), optional
        The real beats as the autoencoder saw them, where that is not `beats.signals` (scaled).
    amplitude : str
        Label of the vertical axis.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (n_beats,)
    """
    real = beats.signals if signals is None else np.asarray(signals)
    n_columns = len(beats) if len(beats) <= 5 else 4
    n_rows = -(-len(beats) // n_columns)
    _, axes = plt.subplots(
        n_rows,
        n_columns,
        figsize=(min(3 * n_columns, 12.5), 2.8 * n_rows + 0.3),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    samples = np.arange(beats.n_samples)
    titles = titles or [CLASS_SYMBOLS.get(int(label), str(label)) for label in beats.labels]
    panels = axes.ravel()[: len(beats)]
    for ax, label, beat, copy, title in zip(
        panels, beats.labels, real, np.asarray(reconstructions), titles, strict=True
    ):
        ax.fill_between(samples, beat, copy, color=RESIDUAL_COLOR, linewidth=0)
        ax.plot(samples, beat, color=_color(label), label="real")
        ax.plot(samples, copy, color="black", linestyle="--", linewidth=1.2, label="reconstructed")
        ax.set_title(title, fontsize=11)
    for ax in axes.ravel()[len(beats) :]:
        ax.set_axis_off()
    panels[0].legend(fontsize=9)
    _label_outer(axes, SAMPLE_AXIS, amplitude)
    return panels


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

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, ax = plt.subplots(figsize=(10, 4.2))
    for color, (name, of_detector) in zip(RECIPE_COLORS, scores.items(), strict=False):
        false_positive_rate, recall, _ = roc_curve(is_anomaly, of_detector)
        area = roc_auc_score(is_anomaly, of_detector)
        ax.plot(false_positive_rate, recall, color=color, label=f"{name} (AUC {area:.3f})")
    ax.plot([0, 1], [0, 1], color="grey", linestyle=":", label="a coin toss (AUC 0.500)")
    ax.set(
        xlabel="false-positive rate (share of normal beats flagged)",
        ylabel="recall (share of anomalies flagged)",
        xlim=(-0.01 * zoom, zoom),
        ylim=(0, 1.02),
    )
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def plot_precision_recall_curves(
    is_anomaly: npt.ArrayLike, scores: Mapping[str, npt.ArrayLike]
) -> Axes:
    """Draw the precision-recall curves of several detectors on the same beats.

    Parameters
    ----------
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies.
    scores : mapping of str to array_like of shape (n_beats,)
        Anomaly scores of each detector, by its name.

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, ax = plt.subplots(figsize=(10, 4.2))
    for color, (name, of_detector) in zip(RECIPE_COLORS, scores.items(), strict=False):
        precision, recall, _ = precision_recall_curve(is_anomaly, of_detector)
        average = average_precision_score(is_anomaly, of_detector)
        ax.plot(recall, precision, color=color, label=f"{name} (AP {average:.3f})")
    share = np.mean(np.asarray(is_anomaly, dtype=bool))
    ax.axhline(share, color="grey", linestyle=":", label=f"flag everything (AP {share:.3f})")
    ax.set(
        xlabel="recall (share of anomalies flagged)",
        ylabel="precision (share of alarms that are real)",
        xlim=(0, 1.01),
        ylim=(min(0.5, share) - 0.02, 1.01),
    )
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def plot_profiles(
    profiles: Mapping[str, npt.ArrayLike],
    *,
    ylabel: str,
    logarithmic: bool = False,
    window: tuple[int, int] | None = None,
) -> Axes:
    """Draw values along a beat, one line each: residuals, weights, ...

    Parameters
    ----------
    profiles : mapping of str to array_like of shape (n_samples,)
        The lines, by name. "normal beats" and "anomalies" are drawn in their own colours.
    ylabel : str
        What the values are.
    logarithmic : bool, default False
        Whether the vertical axis is logarithmic.
    window : (int, int), optional
        A stretch of samples to shade.

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, ax = plt.subplots(figsize=(10, 3.4))
    known = {"normal beats": NORMAL_COLOR, "anomalies": ANOMALY_COLOR}
    others = iter(RECIPE_COLORS)
    for name, profile in profiles.items():
        color = known[name] if name in known else next(others)
        ax.plot(np.asarray(profile), color=color, label=name)
    if window is not None:
        ax.axvspan(*window, color=RESIDUAL_COLOR, alpha=0.5, linewidth=0, label="window")
    ax.set(xlabel=SAMPLE_AXIS, ylabel=ylabel + (" (logarithmic)" if logarithmic else ""))
    if logarithmic:
        ax.set_yscale("log")
        _plain_log_ticks(ax.yaxis)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def _color(label: int) -> str:
    """Return the colour of a class; classes beyond ECG5000's five share the anomaly colour."""
    return CLASS_COLORS.get(int(label), ANOMALY_COLOR)


def _label_outer(axes: AxesArray, xlabel: str, ylabel: str | None) -> None:
    """Label a grid of panels once below and once at the left."""
    figure = axes.ravel()[0].figure
    figure.supxlabel(xlabel, fontsize="medium")
    if ylabel is not None:
        figure.supylabel(ylabel, fontsize="medium")


def _plain_log_ticks(axis: Axis) -> None:
    """Label a logarithmic axis with plain numbers, fewer where it spans more than a decade."""
    low, high = axis.get_view_interval()
    subs = (1, 2, 5) if high / low > 10 else (1, 2, 3, 5, 7)
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())
