"""Figures that set detectors beside one another: over many seeds, by interval, by size of code."""

from collections.abc import Collection, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ecglab.plots._style import (
    NORMAL_COLOR,
    RECIPE_COLORS,
    AxesArray,
    draw_grid,
    draw_interval,
    legend_beside,
    name_rows,
    ticks_at,
    write_beside,
)

# Eight families can be told apart: the recipes' colours, and two more.
FAMILY_COLORS = (*RECIPE_COLORS, "#0072B2", "#999999")
ROW_HEIGHT = 0.3


def plot_leaderboard(
    runs: pd.DataFrame,
    metric: str = "ROC-AUC",
    reference: str | None = None,
    limits: tuple[float, float] | None = None,
    panels: str = "split",
) -> AxesArray:
    """Draw every detector's figures over the seeds, best on top, one panel a split.

    Parameters
    ----------
    runs : pandas.DataFrame
        One row a run: columns ``detector``, ``seed``, ``family``, `panels` and the metric. Rows
        that repeat one another (one a threshold, where the metric needs none) are counted once.
    metric : str, default "ROC-AUC"
        What to draw.
    reference : str, optional
        A detector whose mean is drawn as a vertical line.
    limits : (float, float), optional
        The range of the metric to show. A detector whose mean lies below it is marked at the edge
        with its mean.
    panels : str, default "split"
        The column that a panel stands for; "threshold" sets threshold rules side by side.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (n_panels,)
        Panels in the order in which they occur in `runs`; detectors by their mean in the first.

    Raises
    ------
    ValueError
        If a column is missing, a run has two values, a detector is of two families, there are too
        many families, or the reference is not there.
    """
    values = _one_value_a_run(runs, ["family", "detector", panels, "seed"], metric)
    shown = list(dict.fromkeys(values[panels]))
    means = values.pivot_table(metric, "detector", panels, sort=False)[shown]
    if reference is not None and reference not in means.index:
        raise ValueError(f"the reference {reference!r} is none of {list(means.index)}.")
    order = list(means.sort_values(shown, ascending=False, kind="stable").index)
    colors = _family_colors(values)
    axes = draw_grid(1, len(shown), (10, ROW_HEIGHT * len(order) + 1.5))[0]
    for ax, panel in zip(axes, shown, strict=True):
        of_panel = values[values[panels] == panel].set_index("detector")
        for row, name in enumerate(order):
            if name in of_panel.index:
                of_detector = of_panel.loc[[name]]
                color = colors[of_detector["family"].iloc[0]]
                _draw_seeds(ax, row, of_detector[metric].to_numpy(), color, limits)
        if reference is not None:
            ax.axvline(means.loc[reference, panel], color="#444444", linewidth=1, zorder=0)
        ax.set_title(f"{panel} split" if panels == "split" else str(panel), fontsize=12)
        ax.set(xlim=limits)
        ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    name_rows(axes[0], order, emphasised=reference)
    axes[0].set_ylabel("detector")
    counts = values.groupby([panels, "detector"]).size()
    n_seeds = f"{counts.min()}" + (f" to {counts.max()}" if counts.min() < counts.max() else "")
    figure = axes[0].figure
    figure.supxlabel(f"{metric}: mean ± sd over {n_seeds} seeds, and each seed", fontsize="medium")
    _add_family_legend(figure, colors, reference)
    return axes


def plot_bottleneck(runs: pd.DataFrame, x: str = "components", metric: str = "ROC-AUC") -> Axes:
    """Draw a metric against the size of the code, mean ± sd over the seeds.

    Parameters
    ----------
    runs : pandas.DataFrame
        One row a run: columns `x`, ``family``, ``split``, ``seed`` and the metric.
    x : str, default "components"
        Column with the number of components, drawn on a scale of powers of two.
    metric : str, default "ROC-AUC"
        What to draw.

    Returns
    -------
    matplotlib.axes.Axes
        One line for each family (its colour) and split (its dashes).

    Raises
    ------
    ValueError
        If a column is missing, a run has two values, or there are too many families.
    """
    values = _one_value_a_run(runs, ["family", "split", x, "seed"], metric)
    colors = _family_colors(values)
    dashes = dict(zip(dict.fromkeys(values["split"]), ("-", "--", ":", "-."), strict=False))
    _, ax = plt.subplots(figsize=(10, 4))
    for family, split in values[["family", "split"]].drop_duplicates().itertuples(index=False):
        of_line = values[(values["family"] == family) & (values["split"] == split)]
        groups = of_line.groupby(x)[metric]
        mean, sd = groups.mean(), groups.std(ddof=1).fillna(0)
        color = colors[family]
        ax.fill_between(mean.index, mean - sd, mean + sd, color=color, alpha=0.15, linewidth=0)
        ax.plot(mean, dashes[split], color=color, marker="o", label=f"{family}, {split} split")
    ax.set_xscale("log", base=2)
    ticks_at(ax.xaxis, values[x])
    ax.set(xlabel=f"{x} (logarithmic)", ylabel=f"{metric} (mean ± sd)")
    legend_beside(ax)
    return ax


def plot_differences(
    differences: pd.DataFrame, *, xlabel: str = "difference to the reference"
) -> AxesArray:
    """Draw paired differences to a reference with their intervals, and the line of no difference.

    Parameters
    ----------
    differences : pandas.DataFrame
        Columns ``difference``, ``low`` and ``high``; ``detector``, and ``split`` where there are
        several, as columns or in the index.
    xlabel : str, default "difference to the reference"
        What was subtracted.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (n_splits,)
        Detectors by their difference in the first split. Intervals that hold zero are grey.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    named = [name for name in differences.index.names if name is not None]
    table = differences.reset_index(level=named) if named else differences
    if "split" not in table:
        table = table.assign(split="")
    _check_columns(table, ["detector", "difference", "low", "high"])
    splits = list(dict.fromkeys(table["split"]))
    by_split = table.pivot(index="detector", columns="split", values="difference")[splits]
    order = list(by_split.sort_values(splits, ascending=False, kind="stable").index)
    width = 10 if len(splits) > 1 else 8
    axes = draw_grid(1, len(splits), (width, ROW_HEIGHT * len(order) + 1.3))[0]
    for ax, split in zip(axes, splits, strict=True):
        of_split = table[table["split"] == split].set_index("detector")
        for row, name in enumerate(order):
            if name in of_split.index:
                difference, low, high = of_split.loc[name, ["difference", "low", "high"]]
                color = "#888888" if low <= 0 <= high else "black"
                draw_interval(ax, row, (difference, low, high), color)
        ax.axvline(0, color="black", linewidth=1)
        ax.set_title(f"{split} split" if split else "", fontsize=12)
    axes[0].xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    name_rows(axes[0], order)
    axes[0].set_ylabel("detector")
    axes[0].figure.supxlabel(f"{xlabel} (right of zero: better)", fontsize="medium")
    return axes


def plot_reports(
    reports: Mapping[str, pd.DataFrame],
    metrics: Sequence[str],
    *,
    hollow: Collection[str] = (),
    hollow_label: str = "label-tuned",
    rows: str = "detector",
) -> AxesArray:
    """Draw figures with their intervals as dots, one row a report and one panel a figure.

    Parameters
    ----------
    reports : mapping of str to pandas.DataFrame
        By the name to show, the first one on top: a row for each figure, with columns ``value``,
        ``low`` and ``high``, as `ecglab.evaluation.evaluate` returns them.
    metrics : sequence of str
        Which figures to draw.
    hollow : collection of str, optional
        Names whose dots are hollow, such as those of label-tuned rules.
    hollow_label : str, default "label-tuned"
        What a hollow dot means.
    rows : str, default "detector"
        What the rows are.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (n_metrics,)

    Raises
    ------
    ValueError
        If a report lacks a figure or a column.
    """
    for name, report in reports.items():
        missing = [metric for metric in metrics if metric not in report.index]
        if missing:
            raise ValueError(f"the report of {name!r} has no {missing[0]!r}.")
        _check_columns(report, ["value", "low", "high"])
    size = (2.8 + 3.6 * max(len(metrics), 1.4), 0.36 * len(reports) + 1.2)
    axes = draw_grid(1, len(metrics), size, sharex=False)[0]
    for ax, metric in zip(axes, metrics, strict=True):
        for row, (name, report) in enumerate(reports.items()):
            look = {"markerfacecolor": "white" if name in hollow else "black"}
            interval = report.loc[metric, ["value", "low", "high"]].to_numpy()
            draw_interval(ax, row, interval, markeredgecolor="black", **look)
        ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        ax.set_xlabel(metric)
    name_rows(axes[0], list(reports))
    axes[0].set_ylabel(rows)
    if hollow:
        handles = [
            Line2D([], [], color="black", marker="o", markerfacecolor=face, linewidth=1.5)
            for face in ("black", "white")
        ]
        labels = [f"not {hollow_label}", hollow_label]
        if hollow_label == "label-tuned":
            labels[0] = "label-free"
        axes[0].figure.legend(handles, labels, loc="outside upper center", ncols=2, fontsize=10)
    return axes


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
    """
    _, ax = plt.subplots(figsize=(9, 0.45 * len(intervals) + 1.1))
    if reference is not None:
        ax.axvline(float(intervals["value"][reference]), color="#444444", linewidth=1, zorder=0)
    for row, interval in enumerate(intervals[["value", "low", "high"]].to_numpy()):
        draw_interval(ax, row, interval, NORMAL_COLOR, markersize=8)
    name_rows(ax, [str(name) for name in intervals.index])
    ax.set_xlabel(xlabel)
    ax.grid(axis="y", visible=False)
    return ax


def _draw_seeds(
    ax: Axes,
    row: int,
    values: npt.NDArray[np.float64],
    color: str,
    limits: tuple[float, float] | None,
) -> None:
    """Draw one detector: its seeds, and mean ± sd; or an arrow where that is off the scale."""
    mean = float(values.mean())
    if limits is not None and mean < limits[0]:
        ax.plot([limits[0]], [row], "<", color=color, clip_on=False)
        write_beside(ax, f"{mean:.3f}", (limits[0], row), fontsize=9)
        return
    sd = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    # The seeds stand a little below the line, which would hide them.
    ax.plot(values, np.full(len(values), row + 0.3), "o", color=color, ms=3, alpha=0.5, mew=0)
    draw_interval(ax, row, (mean, mean - sd, mean + sd), color)


def _add_family_legend(figure: Figure, colors: Mapping[str, str], reference: str | None) -> None:
    """Put the families and the reference above the panels."""
    handles = [
        Line2D([], [], color=color, marker="o", linewidth=2, label=family)
        for family, color in colors.items()
    ]
    if reference is not None:
        handles.append(Line2D([], [], color="#444444", linewidth=1, label=f"mean of {reference}"))
    figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=10)


def _family_colors(values: pd.DataFrame) -> dict[str, str]:
    """Give each family a colour, in the order in which they occur."""
    families = list(dict.fromkeys(values["family"]))
    if len(families) > len(FAMILY_COLORS):
        raise ValueError(
            f"{len(families)} families cannot be told apart by colour; "
            f"join some, so that at most {len(FAMILY_COLORS)} are left."
        )
    return dict(zip(families, FAMILY_COLORS, strict=False))


def _one_value_a_run(runs: pd.DataFrame, keys: list[str], metric: str) -> pd.DataFrame:
    """Keep what the figure needs, each run once, or say which run has two values."""
    _check_columns(runs, [*keys, metric])
    values = runs[[*keys, metric]].drop_duplicates()
    twice = values[values.duplicated(keys)]
    if len(twice):
        run = ", ".join(f"{key} {twice.iloc[0][key]!r}" for key in keys)
        raise ValueError(
            f"there are several values of {metric!r} for {run}. "
            "Choose one threshold rule's rows before drawing."
        )
    return values


def _check_columns(table: pd.DataFrame, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in table]
    if missing:
        raise ValueError(f"the table has no column {', '.join(map(repr, missing))}.")
