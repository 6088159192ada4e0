"""Figures of one cut: what it gets right, and the beats that it gets wrong."""

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from ecglab.heartbeats import CLASS_SYMBOLS, Heartbeats
from ecglab.plots._style import (
    ANOMALY_COLOR,
    NORMAL_COLOR,
    SAMPLE_AXIS,
    AxesArray,
    class_color,
)


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
        ax.text(
            column,
            row,
            f"{counts[row, column]}\n{share:.1%}",
            ha="center",
            va="center",
            color="white" if share > 0.6 else "black",
        )
    ax.set_xticks([0, 1], ["passed", "flagged"])
    ax.set_yticks(
        [0, 1], [f"{n}\n{kind}" for n, kind in zip(counts.sum(axis=1), _KINDS, strict=True)]
    )
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


_KINDS = ("normal beats", "anomalies")


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
        ax.set_title(CLASS_SYMBOLS.get(label, str(label)), fontsize=10)
    for ax in panels[max(len(chosen), 1) :]:
        ax.set_axis_off()
    if not len(chosen):
        panels[0].grid(visible=False)
        panels[0].text(0.5, 0.5, "none", transform=panels[0].transAxes, ha="center", va="center")
