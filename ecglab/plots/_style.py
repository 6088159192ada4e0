"""The look of the course: one colour for one thing, and what every figure shares.

The colours are those of Okabe and Ito (2008), which people with any kind of colour vision can
tell apart.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import matplotlib.pyplot as plt
import numpy.typing as npt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator, StrMethodFormatter

from ecglab.heartbeats import CLASS_SYMBOLS, NORMAL_LABEL

CLASS_COLORS: Mapping[int, str] = {
    1: "#0072B2",
    2: "#E69F00",
    3: "#CC79A7",
    4: "#009E73",
    5: "#555555",
}
"""The colour of each class of ECG5000, by label: Okabe and Ito's, which readers with any kind of
colour vision can tell apart, and grey."""
NORMAL_COLOR = CLASS_COLORS[NORMAL_LABEL]
"""The colour of normal beats, whatever their source: blue."""
ANOMALY_COLOR = "#D55E00"
"""The colour of anomalies where their classes are not told apart: vermilion."""
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
            "figure.dpi": 150,  # sharp on screens of today, where 80 was blurred
            "savefig.dpi": 150,
            "figure.constrained_layout.use": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "grid.alpha": 0.5,
            "legend.frameon": False,
        },
    )


def class_color(label: int) -> str:
    """Return the colour of a class; classes beyond ECG5000's five share the anomaly colour."""
    return CLASS_COLORS.get(int(label), ANOMALY_COLOR)


def class_symbol(label: int) -> str:
    """Return the symbol of a class of ECG5000, and the label itself of any other."""
    return CLASS_SYMBOLS.get(int(label), str(label))


def draw_grid(
    n_rows: int, n_columns: int, figsize: tuple[float, float], **params: Any
) -> AxesArray:
    """Make panels of the same axes, unless told otherwise; shape (n_rows, n_columns)."""
    params = {"sharex": True, "sharey": True, "figsize": figsize, **params}
    axes: AxesArray = plt.subplots(n_rows, n_columns, squeeze=False, **params)[1]
    return axes


def draw_panels(n: int, n_columns: int, width: float, row_height: float) -> AxesArray:
    """Make so many panels, row by row, in a figure so many inches wide; shape (n,)."""
    n_rows = -(-n // n_columns)
    axes = draw_grid(n_rows, n_columns, (width, row_height * n_rows + 0.35)).ravel()
    for ax in axes[n:]:
        ax.set_axis_off()
    return axes[:n]


def tell_apart(names: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each line a look of its own: first the colours, then the dashes.

    Parameters
    ----------
    names : iterable of str
        What the lines are called; up to eighteen.

    Yields
    ------
    (str, dict)
        The name and its ``color`` and ``linestyle``.

    Raises
    ------
    ValueError
        If there are more lines than looks.
    """
    names = list(names)
    looks = [(color, dashes) for dashes, color in product(("-", "--", ":"), RECIPE_COLORS)]
    if len(names) > len(looks):
        raise ValueError(
            f"{len(names)} lines cannot be told apart in one figure; draw at most {len(looks)}."
        )
    for name, (color, dashes) in zip(names, looks, strict=False):
        yield name, {"color": color, "linestyle": dashes}


def legend_beside(
    ax: Axes, *entries: Sequence[Any], title: str | None = None, alpha: float | None = None
) -> None:
    """Put the legend at the right of the panel, where it hides nothing."""
    legend = ax.legend(*entries, loc="center left", bbox_to_anchor=(1, 0.5), title=title)
    for handle in legend.legend_handles if alpha else ():
        if handle is not None:
            handle.set_alpha(alpha)


def name_rows(ax: Axes, names: Sequence[str], emphasised: str | None = None) -> None:
    """Name the rows, the first one on top."""
    ax.set_yticks(range(len(names)), names, fontsize=10)
    ax.set_ylim(len(names) - 0.4, -0.6)
    for label in ax.get_yticklabels():
        if label.get_text() == emphasised:
            label.set_fontweight("bold")


def draw_interval(
    ax: Axes, row: int, interval: Iterable[float], color: str = "black", **mark: Any
) -> None:
    """Draw a value as a dot on the line of its interval: `value`, `low`, `high`."""
    value, low, high = interval
    ax.plot([low, high], [row, row], color=color, linewidth=2, zorder=1)
    look = {"markersize": 7, "markeredgecolor": "white", **mark}
    ax.plot([value], [row], "o", color=color, **look)


def write_beside(ax: Axes, text: str, point: tuple[float, float], **params: Any) -> None:
    """Write at the right of a point."""
    look = {"va": "center", "fontsize": 10, **params}
    ax.annotate(text, point, xytext=(8, 0), textcoords="offset points", **look)


def shade_window(ax: Axes, window: tuple[int, int] | None) -> None:
    """Shade a stretch of samples, if there is one."""
    if window is not None:
        ax.axvspan(*window, color=RESIDUAL_COLOR, alpha=0.5, linewidth=0, label="window")


def ticks_at(axis: Axis, values: Iterable[float]) -> None:
    """Put ticks at these values, whatever the scale of the axis."""
    axis.set_major_locator(FixedLocator(sorted(set(values))))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())


def label_outer(axes: AxesArray, xlabel: str, ylabel: str) -> None:
    """Label a grid of panels once below and once at the left."""
    figure = axes.ravel()[0].figure
    figure.supxlabel(xlabel, fontsize="medium")
    figure.supylabel(ylabel, fontsize="medium")


def plain_log_ticks(axis: Axis) -> None:
    """Label a logarithmic axis with plain numbers, the fewer the more decades it spans."""
    low, high = axis.get_view_interval()
    subs: tuple[int, ...] = (1, 2, 3, 5, 7) if high / low <= 10 else (1, 2, 5)
    subs = subs if high / low <= 1000 else (1,)
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())
