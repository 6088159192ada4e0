"""Figures of one figure of merit and its intervals."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from ecglab.plots._style import NORMAL_COLOR


def plot_intervals(intervals: pd.DataFrame, *, xlabel: str, reference: str | None = None) -> Axes:
    """Draw one value with its interval for each of several things, one below the other.

    Parameters
    ----------
    intervals : pandas.DataFrame
        Columns ``value``, ``low`` and ``high``; the index says what each row is.
    xlabel : str
        What the value is, and what the interval.
    reference : str, optional
        A row whose value is drawn as a vertical line.

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, ax = plt.subplots(figsize=(9, 0.45 * len(intervals) + 1.1))
    rows = range(len(intervals))
    if reference is not None:
        values = intervals["value"].to_numpy(dtype=float)
        ax.axvline(
            values[list(intervals.index).index(reference)], color="#444444", linewidth=1, zorder=0
        )
    ax.hlines(rows, intervals["low"], intervals["high"], color=NORMAL_COLOR, linewidth=2)
    ax.plot(intervals["value"], rows, "o", color=NORMAL_COLOR, ms=8, markeredgecolor="white")
    ax.set_yticks(rows, [str(name) for name in intervals.index], fontsize=11)
    ax.set_ylim(len(intervals) - 0.4, -0.6)
    ax.set_xlabel(xlabel)
    ax.grid(axis="y", visible=False)
    return ax
