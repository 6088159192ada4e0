"""The figures of a sweep. They draw and return the Axes; nothing is shown."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from ecglab.evaluation import rank_runs
from ecglab.plots._style import AxesArray

__all__ = ["plot_heat_maps", "plot_parallel_coordinates"]

_COLORS = "cividis"  # the same order for people with any kind of colour vision
_MOST_MAPS = 6
_OF_RANKING = 5  # its last columns, which are no parameters: runs, mean, sd, low, high


def plot_heat_maps(
    results: pd.DataFrame,
    metric: str,
    *,
    parameters: Sequence[str] | None = None,
    seed: str | None = None,
) -> AxesArray:
    """Draw the mean of a metric over each pair of parameters, one heat map a pair.

    Parameters
    ----------
    results, metric, seed
        As for `ecglab.evaluation.rank_runs`. Whatever is neither of the pair is averaged over.
    parameters : sequence of str, optional
        The parameters to pair. When left out: those that vary, without the seed, of which the first
        six pairs are drawn.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (n_pairs,)

    Raises
    ------
    ValueError
        If fewer than two parameters vary.
    """
    table = rank_runs(results, metric, parameters=parameters, seed=seed)
    names = list(table.columns[:-_OF_RANKING])
    if len(names) < 2:
        raise ValueError(f"a heat map needs two parameters that vary; here are {names}.")
    pairs = list(combinations(names, 2))[:_MOST_MAPS]
    n_columns = min(len(pairs), 3)
    n_rows = -(-len(pairs) // n_columns)
    _, axes = plt.subplots(
        n_rows, n_columns, figsize=(4.2 * n_columns, 3.4 * n_rows), squeeze=False
    )
    for ax, (x, y) in zip(axes.ravel(), pairs, strict=False):
        (columns, across), (rows, up) = _levels(table[x]), _levels(table[y])
        placed = table.assign(**{x: across, y: up})  # a pivot by value would drop missing ones
        means = placed.pivot_table(index=y, columns=x, values="mean", aggfunc="mean")
        few = means.size <= 30
        sns.heatmap(
            means,
            ax=ax,
            cmap=_COLORS,
            vmin=table["mean"].min(),  # one scale for all maps
            vmax=table["mean"].max(),
            annot=few,
            annot_kws={"fontsize": 9 if means.shape[1] < 5 else 7},
            fmt=".3f",
            cbar_kws={"label": metric},
        )
        ax.set_xticklabels([_tick(value) for value in columns], rotation=30, ha="right")
        ax.set_yticklabels([_tick(value) for value in rows], rotation=0)
        ax.invert_yaxis()
    for ax in axes.ravel()[len(pairs) :]:
        ax.set_axis_off()
    return np.asarray(axes.ravel()[: len(pairs)])


def plot_parallel_coordinates(
    results: pd.DataFrame,
    metric: str,
    *,
    parameters: Sequence[str] | None = None,
    seed: str | None = None,
    ascending: bool = False,
) -> Axes:
    """Draw every setting as a line across its parameters, coloured by its mean metric.

    The best tenth of the settings is drawn on top and thicker, so that one sees what they share.

    Parameters
    ----------
    results, metric, parameters, seed, ascending
        As for `ecglab.evaluation.rank_runs`.

    Returns
    -------
    matplotlib.axes.Axes

    References
    ----------
    A. Inselberg, "The plane with parallel coordinates", The Visual Computer 1 (1985) 69-91.
    """
    table = rank_runs(results, metric, parameters=parameters, seed=seed, ascending=ascending)
    names = list(table.columns[:-_OF_RANKING])
    heights = {name: _heights(table[name]) for name in names}
    low, high = table["mean"].min(), table["mean"].max()
    colors, span = Normalize(low, high), high - low
    figure, ax = plt.subplots(figsize=(2 + 2.2 * (len(names) + 1), 4))
    n_best = max(1, len(table) // 10)
    for rank in reversed(range(len(table))):
        line = [heights[name][0][rank] for name in names]
        line.append((table["mean"].iloc[rank] - low) / span if span > 0 else 0.5)
        best = rank < n_best
        ax.plot(
            range(len(line)),
            line,
            color=plt.get_cmap(_COLORS)(colors(table["mean"].iloc[rank])),
            linewidth=2.5 if best else 0.8,
            alpha=1.0 if best else 0.5,
        )
    for position, name in enumerate(names):
        for height, label in heights[name][1]:
            box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1}
            ax.text(position, height, label, va="center", ha="center", fontsize="small", bbox=box)
    ax.set_xticks(range(len(names) + 1), [*names, metric])
    ax.set(yticks=[], ylim=(-0.05, 1.05))
    figure.colorbar(ScalarMappable(colors, _COLORS), ax=ax, label=metric)
    return ax


def _heights(values: pd.Series) -> tuple[list[float], list[tuple[float, str]]]:
    """Place values between 0 and 1, evenly and in their order, and label up to eight of them."""
    levels, places = _levels(values)
    top, step = max(len(levels) - 1, 1), -(-len(levels) // 8)
    labels = [(n / top, _tick(levels[n])) for n in range(0, len(levels), step)]
    return [place / top for place in places], labels


def _levels(values: pd.Series) -> tuple[list[Any], list[int]]:
    """List the different values in their order, a missing one first, and the place of each."""
    present = values.dropna()
    try:
        levels = sorted(present.unique())
    except TypeError:  # numbers and words in one column
        levels = list(present.unique())
    n_missing = int(values.isna().any())
    place = {level: n for n, level in enumerate(levels, start=n_missing)}
    places = [0 if missing else place[v] for v, missing in zip(values, values.isna(), strict=True)]
    return [None] * n_missing + levels, places


def _tick(value: Any) -> str:
    """Write a value of a parameter, short; its ends tell long ones apart."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "default"
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 18 else f"{text[:9]}…{text[-8:]}"
