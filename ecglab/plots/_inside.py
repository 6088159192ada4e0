"""Figures of what a network makes of beats inside: maps, decoded codes, residuals beat by beat."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.colors import LogNorm

from ecglab.heartbeats import Heartbeats
from ecglab.plots._style import (
    AMPLITUDE_AXIS,
    ANOMALY_COLOR,
    NORMAL_COLOR,
    RECIPE_COLORS,
    SAMPLE_AXIS,
    AxesArray,
    class_color,
    class_symbol,
    draw_grid,
    label_outer,
    legend_beside,
    shade_window,
    ticks_at,
)


def plot_decoded(
    rows: Mapping[str, npt.ArrayLike], real: Mapping[int, Heartbeats] | None = None
) -> AxesArray:
    """Draw beats that a decoder made of codes, one panel each.

    Parameters
    ----------
    rows : mapping of str to array_like of shape (n_beats, n_samples)
        A row of panels each, by its name; all with as many beats.
    real : mapping of int to Heartbeats, optional
        A real beat to draw below the decoded ones, by the column in which it belongs.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (n_rows, n_beats)
    """
    n_beats = len(np.asarray(next(iter(rows.values()))))
    axes = draw_grid(len(rows), n_beats, (min(1.7 * n_beats, 12), 1.7 * len(rows) + 0.5))
    for (name, decoded), row in zip(rows.items(), axes, strict=True):
        for ax, beat in zip(row, np.asarray(decoded), strict=True):
            ax.plot(beat, color="black", linewidth=1.5)
        row[0].set_title(name, fontsize=11, loc="left")
    for column, beat in (real or {}).items():
        label = int(beat.labels[0])
        for ax in axes[:, column]:
            ax.plot(beat.signals[0], color=class_color(label), linewidth=3, alpha=0.6, zorder=1)
            ax.set_title(f"real: {class_symbol(label)}", fontsize=11, loc="right")
    label_outer(axes, SAMPLE_AXIS, AMPLITUDE_AXIS)
    return axes


def plot_maps(maps: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike | None]]) -> AxesArray:
    """Draw several maps of points in a plane, without axes where their units mean nothing.

    Parameters
    ----------
    maps : mapping of str to (array_like of shape (n_points, 2), array_like of int or None)
        By the title of the panel: where the points lie, and the class of each; grey without one.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (n_maps,)
    """
    axes = draw_grid(1, len(maps), (3 * len(maps), 3.3), sharex=False, sharey=False)[0]
    for ax, (title, (points, labels)) in zip(axes, maps.items(), strict=True):
        points = np.asarray(points)
        kinds = np.zeros(len(points), int) if labels is None else np.asarray(labels)
        for kind in np.unique(kinds):
            color = "#888888" if labels is None else class_color(kind)
            symbol = None if labels is None else class_symbol(kind)
            ax.scatter(*points[kinds == kind].T, s=7, color=color, linewidth=0, label=symbol)
        ax.set_title(title, fontsize=11)
        ax.set(xticks=[], yticks=[])
    entries = axes[0].get_legend_handles_labels()
    axes[0].figure.legend(*entries, loc="outside lower center", ncols=5, markerscale=2.5)
    return axes


def plot_two_sides(table: pd.DataFrame, *, x: str, loss: str, line: str | None = None) -> AxesArray:
    """Draw how well normal beats are rebuilt beside how well anomalies are told from them.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns `x`, `loss` and ``ROC-AUC``; ``low`` and ``high`` for its interval, and `line`, if
        there are any.
    x : str
        What varies, drawn on a logarithmic axis with a tick for each value.
    loss : str
        The column of the left panel, whose axis begins at 0.
    line : str, optional
        The column that tells lines apart, five at most.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (2,)
    """
    axes = draw_grid(1, 2, (10, 3.4), sharey=False)[0]
    groups = [("", table)] if line is None else list(table.groupby(line, sort=False))
    for number, (name, rows) in enumerate(groups):
        color = RECIPE_COLORS[number]
        look = {"color": color, "marker": "os^Dv"[number], "label": name or None}
        axes[0].plot(rows[x], rows[loss], **look)
        beside = rows[x] * 1.08**number  # or the intervals would hide one another
        axes[1].plot(beside, rows["ROC-AUC"], **look)
        if "low" in rows:
            axes[1].vlines(beside, rows["low"], rows["high"], color=color)
    axes[0].set(xlabel=f"{x} (logarithmic)", ylabel=loss, ylim=(0, None))
    axes[1].set(xlabel=f"{x} (logarithmic)", ylabel="ROC-AUC", xscale="log")
    ticks_at(axes[0].xaxis, table[x])
    if line is not None:
        axes[0].legend(title=line)
    return axes


def plot_residual_map(
    residuals: npt.ArrayLike, labels: npt.ArrayLike, *, kinds: Sequence[int] | None = None
) -> AxesArray:
    """Draw squared residuals as a heat map, one row a beat and one panel a class.

    Parameters
    ----------
    residuals : array_like of shape (n_beats, n_samples)
        Beats minus their reconstructions.
    labels : array_like of int, shape (n_beats,)
        The class of each beat.
    kinds : sequence of int, optional
        The classes to draw, from top to bottom; all of them when left out.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (n_classes,)
        Within a class, beats are sorted by their mean. A panel is as high as its class is large,
        but never lower than an eighth of all beats would be, or rare classes would be invisible.
    """
    squares, labels = np.square(np.asarray(residuals)), np.asarray(labels)
    kinds = [int(kind) for kind in (np.unique(labels) if kinds is None else kinds)]
    heights = [max((labels == kind).sum(), len(labels) / 8) for kind in kinds]
    axes = draw_grid(len(kinds), 1, (9, 5), sharey=False, height_ratios=heights)[:, 0]
    low, high = np.quantile(squares, [0.2, 0.999])
    for ax, kind in zip(axes, kinds, strict=True):
        of_kind = squares[labels == kind]
        image = ax.imshow(
            of_kind[of_kind.mean(axis=1).argsort()],
            aspect="auto",
            interpolation="nearest",
            cmap="magma",
            norm=LogNorm(low, high),
        )
        ax.set_yticks([])
        ax.grid(visible=False)
        name = f"{class_symbol(kind)}\n({len(of_kind)})"
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
    axes[-1].set_xlabel(SAMPLE_AXIS)
    axes[0].figure.colorbar(image, ax=axes, label="squared residual (logarithmic)")
    return axes


def plot_weights(
    beats: Heartbeats,
    weights: Mapping[str, npt.ArrayLike],
    *,
    window: tuple[int, int] | None = None,
) -> AxesArray:
    """Draw weights along a beat below the mean beats that they weigh.

    Parameters
    ----------
    beats : Heartbeats
        Normal beats and anomalies.
    weights : mapping of str to array_like of shape (n_samples,)
        The weights, by name.
    window : (int, int), optional
        A stretch of samples to shade.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (2,)
    """
    axes = draw_grid(2, 1, (10, 5), sharey=False)[:, 0]
    kinds = (("normal beats", NORMAL_COLOR), ("anomalies", ANOMALY_COLOR))
    for kind, (name, color) in enumerate(kinds):
        mean_beat = beats.signals[beats.is_anomaly == bool(kind)].mean(axis=0)
        axes[0].plot(mean_beat, color=color, label=f"mean of {name}")
    for color, (name, line) in zip(("black", "#CC79A7", "#56B4E9"), weights.items(), strict=False):
        axes[1].plot(np.asarray(line), color=color, label=name)
    for ax in axes:
        shade_window(ax, window)
        legend_beside(ax)
    axes[0].set_ylabel(AMPLITUDE_AXIS)
    axes[1].set(xlabel=SAMPLE_AXIS, ylabel="weight (mean 1)", ylim=(0, None))
    return axes
