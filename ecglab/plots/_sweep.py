"""The figures of a sweep. They draw and return the Axes; nothing is shown."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ecglab.evaluation import rank_runs
from ecglab.plots._style import ANOMALY_COLOR, AxesArray, draw_grid

_COLORS = "cividis"  # the same order for people with any kind of colour vision
_MOST_MAPS = 6
_MOST_LABELS = 8  # on one axis of parallel coordinates
_LABEL_WIDTH = 0.18  # half of it, in units of the distance between two axes
_BEST_LINE: dict[str, Any] = {"color": ANOMALY_COLOR, "linewidth": 2.2}
_OTHER_LINE: dict[str, Any] = {"color": "#999999", "linewidth": 0.8}


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
    names = table.attrs["parameters"]
    if len(names) < 2:
        raise ValueError(f"a heat map needs two parameters that vary; here are {names}.")
    pairs = list(combinations(names, 2))[:_MOST_MAPS]
    n_columns = min(len(pairs), 3)
    n_rows = -(-len(pairs) // n_columns)
    size = (1.6 + 3.6 * n_columns, 0.4 + 3 * n_rows)
    axes = draw_grid(n_rows, n_columns, size, sharex=False, sharey=False).ravel()
    colors = Normalize(table["mean"].min(), table["mean"].max())  # one scale for all maps
    for ax, (x, y) in zip(axes, pairs, strict=False):
        (columns, across), (rows, up) = _levels(table[x]), _levels(table[y])
        placed = table.assign(**{x: across, y: up})  # a pivot by value would drop missing ones
        means = placed.pivot_table(index=y, columns=x, values="mean", aggfunc="mean")
        sns.heatmap(
            means,
            ax=ax,
            cmap=_COLORS,
            norm=colors,
            annot=means.size <= 30,
            annot_kws={"fontsize": 11 if means.shape[1] < 5 else 9},
            fmt=".3f",
            linewidths=1.5,
            cbar=False,
        )
        _label_levels(ax.xaxis, columns)
        _label_levels(ax.yaxis, rows)
        ax.invert_yaxis()
    for ax in axes[len(pairs) :]:
        ax.remove()
    drawn = axes[: len(pairs)]
    mappable = ScalarMappable(colors, _COLORS)
    axes[0].figure.colorbar(mappable, ax=list(drawn), label=metric, pad=0.02)
    return drawn


def plot_parallel_coordinates(
    results: pd.DataFrame,
    metric: str,
    *,
    parameters: Sequence[str] | None = None,
    seed: str | None = None,
    ascending: bool = False,
) -> Axes:
    """Draw every setting as a line across its parameters, to the mean of its metric.

    The best tenth of the settings stands out, so that one sees what they share.

    Parameters
    ----------
    results, metric, parameters, seed, ascending
        As for `ecglab.evaluation.rank_runs`.

    References
    ----------
    A. Inselberg, "The plane with parallel coordinates", The Visual Computer 1 (1985) 69-91.
    """
    table = rank_runs(results, metric, parameters=parameters, seed=seed, ascending=ascending)
    names = table.attrs["parameters"]
    _, ax = plt.subplots(figsize=(2 + 2.6 * len(names), 0.4 + 0.36 * _MOST_LABELS))
    heights = np.array([_heights(table[name], len(table)) for name in names])
    low, high = table["mean"].min(), table["mean"].max()
    scale = Normalize(low, high) if high > low else Normalize(low - 1, high + 1)
    reached = scale(table["mean"].to_numpy())
    n_best = max(1, len(table) // 10)
    # A line stops before the labels of an axis and goes on behind them.
    stops = np.array([[n + _LABEL_WIDTH, n + 1 - _LABEL_WIDTH, np.nan] for n in range(len(names))])
    stops[-1:, 1] = len(names)
    for rank in reversed(range(len(table))):
        line = np.array([*heights[:, rank], reached[rank]])
        ends = np.column_stack([line[:-1], line[1:], np.full(len(names), np.nan)])
        look = _BEST_LINE if rank < n_best else _OTHER_LINE
        ax.plot(stops.ravel()[:-1], ends.ravel()[:-1], **look)
    for position, name in enumerate(names):
        for height, label in _labels(table[name]):
            ax.text(position, height, label, va="center", ha="center", fontsize=11)
    ax.set_xticks(range(len(names)), names, fontsize=11)
    ax.set(xlim=(-_LABEL_WIDTH, len(names)), ylim=(-0.1, 1.1))
    ax.spines["left"].set_visible(False)
    ax.spines["right"].set_visible(True)
    ax.grid(visible=False)
    ax.yaxis.tick_right()
    ax.yaxis.set_label_position("right")
    shown = [value for value in MaxNLocator(5).tick_values(low, high) if low <= value <= high]
    ax.set_yticks(scale(shown), [f"{value:g}" for value in shown])
    ax.set_ylabel(metric)
    handles = [Line2D([], [], **look) for look in (_BEST_LINE, _OTHER_LINE)]
    names_of_lines = ["the best tenth" if n_best > 1 else "the best setting", "the others"]
    ax.legend(handles, names_of_lines, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    return ax


def _heights(values: pd.Series, n_lines: int) -> npt.NDArray[np.float64]:
    """Place values between 0 and 1, evenly and in their order, and fan out the lines of each.

    The rows come best first, so at each value the better settings pass on top.
    """
    levels, places = _levels(values)
    top = max(len(levels) - 1, 1)
    fan = 0.3 / len(levels) * np.linspace(0.5, -0.5, n_lines)
    middle = np.array(places) / top if len(levels) > 1 else np.full(n_lines, 0.5)
    heights: npt.NDArray[np.float64] = middle + fan
    return heights


def _labels(values: pd.Series) -> list[tuple[float, str]]:
    """Say what to write where along an axis: up to `_MOST_LABELS` of the values."""
    levels, _ = _levels(values)
    if len(levels) == 1:
        return [(0.5, _tick(levels[0]))]
    step = -(-len(levels) // _MOST_LABELS)
    return [(n / (len(levels) - 1), _tick(levels[n])) for n in range(0, len(levels), step)]


def _label_levels(axis: Axis, levels: list[Any]) -> None:
    """Name the cells of a heat map, upright as long as the names are short."""
    texts = [_tick(level) for level in levels]
    axis.set_ticks(np.arange(len(levels)) + 0.5, texts)
    if axis.axis_name == "x" and max(map(len, texts)) > 8:  # type: ignore[attr-defined]
        axis.set_tick_params(labelrotation=30)
    if axis.axis_name == "y":  # type: ignore[attr-defined]
        axis.set_tick_params(labelrotation=0)


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
