"""Figures of heartbeats themselves: classes, means, twins, planes, values along a beat."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from ecglab.heartbeats import CLASS_SYMBOLS, Heartbeats
from ecglab.plots._style import (
    AMPLITUDE_AXIS,
    ANOMALY_COLOR,
    CLASS_COLORS,
    NORMAL_COLOR,
    RECIPE_COLORS,
    SAMPLE_AXIS,
    AxesArray,
    class_color,
    class_symbol,
    draw_grid,
    draw_panels,
    label_outer,
    legend_beside,
    plain_log_ticks,
    shade_window,
)


def plot_class_counts(counts: pd.DataFrame) -> Axes:
    """Draw how many beats each class has, on a logarithmic axis so that rare ones are seen.

    Parameters
    ----------
    counts : pandas.DataFrame
        As `Heartbeats.count_classes` returns it.
    """
    _, ax = plt.subplots(figsize=(8, 3.2))
    labels = [int(label) for label in counts.index]
    names = [f"{label}  {class_symbol(label)}" for label in labels]
    bars = ax.barh(names, counts["total"], color=[class_color(label) for label in labels])
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
    axes = draw_grid(len(labels), n_each, (10, 1.6 * len(labels)))
    for row, label in zip(axes, labels, strict=True):
        of_class = np.flatnonzero(beats.labels == label)
        chosen = rng.permutation(of_class)[:n_each]
        for ax, beat in zip(row, chosen, strict=False):
            ax.plot(beats.signals[beat], color=class_color(label), linewidth=1.5)
        for ax in row[len(chosen) :]:
            ax.set_axis_off()
        row[0].set_ylabel(class_symbol(label))
    label_outer(axes, SAMPLE_AXIS, AMPLITUDE_AXIS)
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
    axes = draw_grid(1, len(labels), (2.6 * len(labels), 3.2))[0]
    normal_mean = beats.normal.signals.mean(axis=0) if len(beats.normal) else None
    for ax, label in zip(axes, labels, strict=True):
        signals, color = beats.signals[beats.labels == label], class_color(label)
        mean, sd = signals.mean(axis=0), signals.std(axis=0)
        samples = np.arange(beats.n_samples)
        ax.fill_between(samples, mean - sd, mean + sd, color=color, alpha=0.25, linewidth=0)
        ax.plot(samples, mean, color=color, label="class mean ± sd")
        if normal_mean is not None and label != beats.normal_label:
            ax.plot(normal_mean, "--", color=NORMAL_COLOR, linewidth=1, label="normal mean")
        beats_word = "beat" if len(signals) == 1 else "beats"
        ax.set_title(f"{class_symbol(label)}, {len(signals)} {beats_word}", fontsize=11)
    axes[-1].legend(fontsize=8, loc="lower left")
    label_outer(axes, SAMPLE_AXIS, AMPLITUDE_AXIS)
    return axes


def plot_twins(
    beats: Heartbeats, pairs: Sequence[tuple[int, int]], titles: Sequence[str]
) -> AxesArray:
    """Draw pairs of beats on top of one another, four pairs a row.

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
    n_columns = min(len(pairs), 4)
    axes = draw_panels(len(pairs), n_columns, 3.4 * n_columns, 2.6)
    for ax, (first, second), title in zip(axes, pairs, titles, strict=True):
        color = class_color(beats.labels[first])
        ax.plot(beats.signals[first], color=color, linewidth=3, alpha=0.5)
        ax.plot(beats.signals[second], color="black", linewidth=1)
        ax.set_title(title, fontsize=11)
    label_outer(axes, SAMPLE_AXIS, AMPLITUDE_AXIS)
    return axes


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
    """
    coordinates, labels = np.asarray(coordinates), np.asarray(labels)
    _, ax = plt.subplots(figsize=(7, 4.6))
    kinds, counts = np.unique(labels, return_counts=True)
    for label in kinds[np.argsort(-counts)]:
        points = coordinates[labels == label]
        size, alpha = (12, 0.35) if len(points) > 500 else (26, 0.9)
        look: dict[str, Any] = {"s": size, "color": class_color(label), "linewidth": 0}
        ax.scatter(points[:, 0], points[:, 1], alpha=alpha, label=class_symbol(label), **look)
    ax.set(xlabel=f"{axis_name} 1", ylabel=f"{axis_name} 2")
    legend_beside(ax, title="class", alpha=1)
    return ax


def plot_profiles(
    profiles: Mapping[str, npt.ArrayLike],
    *,
    ylabel: str,
    logarithmic: bool = False,
    window: tuple[int, int] | None = None,
    xlabel: str = SAMPLE_AXIS,
) -> Axes:
    """Draw values along a beat, one line each: residuals, weights, ...

    Parameters
    ----------
    profiles : mapping of str to array_like of shape (n_samples,)
        The lines, by name. "normal beats", "anomalies" and the classes, by the symbols in
        `CLASS_SYMBOLS`, are drawn in their own colours.
    ylabel : str
        What the values are.
    logarithmic : bool, default False
        Whether the vertical axis is logarithmic.
    window : (int, int), optional
        A stretch of samples to shade.
    xlabel : str, optional
        What runs along the beat, where it is not its samples.
    """
    _, ax = plt.subplots(figsize=(10, 3.4))
    known = {CLASS_SYMBOLS[label]: color for label, color in CLASS_COLORS.items()}
    known |= {"normal beats": NORMAL_COLOR, "anomalies": ANOMALY_COLOR}
    others = iter(RECIPE_COLORS)
    for name, profile in profiles.items():
        color = known[name] if name in known else next(others)
        ax.plot(np.asarray(profile), color=color, label=name)
    shade_window(ax, window)
    ax.set(xlabel=xlabel, ylabel=ylabel + (" (logarithmic)" if logarithmic else ""))
    if logarithmic:
        ax.set_yscale("log")
        plain_log_ticks(ax.yaxis)
    legend_beside(ax)
    return ax
