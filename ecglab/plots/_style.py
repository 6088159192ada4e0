"""The look of the course: one colour for one thing, and what every figure shares.

The colours are those of Okabe and Ito (2008), which people with any kind of colour vision can
tell apart.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

import numpy.typing as npt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from ecglab.heartbeats import NORMAL_LABEL

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
            "svg.hashsalt": "ecglab",  # the same names in an SVG every time it is drawn
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


def legend_beside(ax: Axes) -> None:
    """Put the legend at the right of the panel, where it hides nothing."""
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def label_outer(axes: AxesArray, xlabel: str, ylabel: str | None) -> None:
    """Label a grid of panels once below and once at the left."""
    figure = axes.ravel()[0].figure
    figure.supxlabel(xlabel, fontsize="medium")
    if ylabel is not None:
        figure.supylabel(ylabel, fontsize="medium")


def plain_log_ticks(axis: Axis) -> None:
    """Label a logarithmic axis with plain numbers, the fewer the more decades it spans."""
    low, high = axis.get_view_interval()
    subs: tuple[int, ...] = (1, 2, 3, 5, 7) if high / low <= 10 else (1, 2, 5)
    subs = subs if high / low <= 1000 else (1,)
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())
