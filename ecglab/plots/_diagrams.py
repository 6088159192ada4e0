"""Drawings that explain: the waves of a heartbeat, an early beat, the cell of an LSTM."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from ecglab.plots._style import (
    AMPLITUDE_AXIS,
    CLASS_COLORS,
    NORMAL_COLOR,
    RECIPE_COLORS,
    SAMPLE_AXIS,
    AxesArray,
)

# Waves as Gaussians (McSharry et al. 2003): seconds from the R peak, width, millivolts.
_NORMAL_WAVES = (
    (-0.16, 0.022, 0.16),
    (-0.028, 0.010, -0.12),
    (0.0, 0.012, 1.1),
    (0.03, 0.011, -0.28),
    (0.27, 0.045, 0.32),
)
_THIN = {"color": "black", "shrinkA": 0, "shrinkB": 0}
_PVC_WAVES = ((0.0, 0.034, 1.5), (0.09, 0.03, -0.4), (0.32, 0.055, -0.55))

_GATES = ("forget", "write", "candidate", "show")
_STATE, _INPUT, _MEET = 4.6, 0.7, 3.3  # heights: cell state, what comes in, where products are made
_X = dict(zip(_GATES, (1.8, 3.6, 5.0, 7.0), strict=True))


def plot_waves(beat: npt.ArrayLike, waves: Mapping[str, int], *, title: str) -> AxesArray:
    """Draw two textbook beats with their waves named, and beside them a beat of a data set.

    Parameters
    ----------
    beat : array_like of shape (n_samples,)
        A normal beat.
    waves : mapping of str to int
        What to write above it, and at which sample.
    title : str
        Where the beat comes from.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (2,)
    """
    _, axes = plt.subplots(1, 2, figsize=(11, 3.8))
    left, right = axes
    seconds = np.arange(-0.35, 1.3, 0.002)
    left.plot(seconds, _strip(seconds, [(0.0, _NORMAL_WAVES), (0.8, _NORMAL_WAVES)]), color="black")
    for name, place in (("P", (-0.16, 0.22)), ("R", (0, 1.16)), ("T", (0.27, 0.38))):
        left.text(*place, name, ha="center", fontsize=12)
    left.text(-0.05, -0.27, "Q", ha="center", fontsize=12)
    left.text(0.065, -0.34, "S", ha="center", fontsize=12)
    left.axvspan(-0.06, 0.06, color=RECIPE_COLORS[2], alpha=0.25, linewidth=0)
    left.text(0.08, 0.8, "QRS complex", fontsize=11)
    left.annotate("", (0.8, 1.36), (0, 1.36), arrowprops=dict(_THIN, arrowstyle="<->"))
    left.text(0.4, 1.42, "RR interval", ha="center", fontsize=11)
    left.set(ylim=(-0.5, 1.65), xlabel="seconds", ylabel="millivolts", title="in a textbook")
    beat = np.asarray(beat)
    right.plot(beat, color=NORMAL_COLOR)
    for name, sample in waves.items():
        if beat[sample] < 0:
            right.text(sample + 5, beat[sample], name, fontsize=11)
        else:
            right.text(sample, beat[sample] + 0.3, name, fontsize=11, ha="center")
    right.margins(y=0.14)
    right.set(xlabel=SAMPLE_AXIS, ylabel=AMPLITUDE_AXIS, title=title)
    return np.asarray(axes)


def plot_r_on_t() -> Axes:
    """Draw a rhythm with one ventricular beat that begins on the T wave of the beat before it."""
    _, ax = plt.subplots(figsize=(11, 3.2))
    seconds = np.arange(-0.3, 3.7, 0.002)
    early = 1.16
    normal = [(place, _NORMAL_WAVES) for place in (0.0, 0.8, 2.4, 3.2)]
    near = (seconds > early - 0.12) & (seconds < early + 0.6)
    both = _strip(seconds, [*normal, (early, _PVC_WAVES)])
    for part, color, name in (
        (~near, NORMAL_COLOR, "normal beats"),
        (near, CLASS_COLORS[2], "R-on-T PVC"),
    ):
        ax.plot(seconds, np.where(part, both, np.nan), color=color, linewidth=2, label=name)
    for text, point, place in (
        ("T wave", (0.27, 0.36), (0.27, 1.0)),
        ("it begins on\nthis T wave", (early - 0.12, 0.3), (1.0, -0.68)),
    ):
        ax.annotate(text, point, place, ha="center", arrowprops=dict(_THIN, arrowstyle="->"))
    for start, end, name in ((0, 0.8, "RR interval"), (0.8, early, "short"), (early, 2.4, "pause")):
        ax.annotate("", (end, -0.85), (start, -0.85), arrowprops=dict(_THIN, arrowstyle="<->"))
        ax.text((start + end) / 2, -1.1, name, ha="center", fontsize=11)
    ax.set(ylim=(-1.25, 1.85), xlabel="seconds", ylabel="millivolts")
    ax.legend(loc="upper right", ncols=2)
    return ax


def plot_lstm_cell() -> Axes:
    """Draw one step of an LSTM cell: two states that travel, three gates and a candidate.

    References
    ----------
    F. A. Gers, J. Schmidhuber and F. Cummins, "Learning to forget: continual prediction with
    LSTM", Neural Computation 12 (2000): the cell with a forget gate, which is drawn here.
    """
    _, ax = plt.subplots(figsize=(10, 4.4))
    state, hidden = NORMAL_COLOR, RECIPE_COLORS[1]
    _arrow(ax, (0.2, _STATE), (9.6, _STATE), state, width=3)
    _arrow(ax, (0.2, _INPUT), (_X["show"], _INPUT), "black", head=False)
    for name, x in _X.items():
        _arrow(ax, (x, _INPUT), (x, 1.5), "black")
        bend = "tanh, -1 to 1" if name == "candidate" else "sigmoid, 0 to 1"
        _box(ax, x, 1.8, f"{name}\n{bend}", "#EEEEEE" if name == "candidate" else "#FFF3D6")
    _arrow(ax, (_X["forget"], 2.1), (_X["forget"], _STATE - 0.25), "black")
    middle = (_X["write"] + _X["candidate"]) / 2
    for name in ("write", "candidate"):
        _arrow(ax, (_X[name], 2.1), (middle, _MEET - 0.22), "black")
    _arrow(ax, (middle, _MEET + 0.2), (middle, _STATE - 0.25), "black")
    _arrow(ax, (8.3, _STATE), (8.3, _MEET + 0.25), state)
    _arrow(ax, (_X["show"], 2.1), (8.08, _MEET - 0.12), "black")
    _arrow(ax, (8.3, _MEET - 0.25), (8.3, _INPUT), hidden, head=False)
    _arrow(ax, (8.3, _INPUT), (9.6, _INPUT), hidden, width=3)
    for place, sign in (
        ((_X["forget"], _STATE), "×"),
        ((middle, _STATE), "+"),
        ((middle, _MEET), "×"),
        ((8.3, _MEET), "×"),
    ):
        _node(ax, place, sign)
    ax.text(8.42, 4.0, "tanh", fontsize=10, va="center")
    ax.text(0.2, _STATE + 0.25, "cell state before", color=state, fontsize=11)
    ax.text(9.6, _STATE + 0.25, "cell state after", color=state, fontsize=11, ha="right")
    ax.text(0.2, _INPUT + 0.2, "hidden state\nbefore, and\nthe new step", fontsize=11)
    ax.text(9.6, _INPUT + 0.2, "hidden\nstate\nafter", color=hidden, fontsize=11, ha="right")
    ax.set(xlim=(0, 9.8), ylim=(0.4, 5.2))
    ax.set_axis_off()
    return ax


def _arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    color: str,
    *,
    width: float = 1.5,
    head: bool = True,
) -> None:
    style = {"arrowstyle": "-|>" if head else "-", "color": color, "linewidth": width}
    ax.annotate("", end, start, arrowprops={**style, "shrinkA": 0, "shrinkB": 0})


def _box(ax: Axes, x: float, y: float, text: str, color: str) -> None:
    box = {"boxstyle": "round,pad=0.35", "facecolor": color, "edgecolor": "#555555"}
    ax.text(x, y, text, ha="center", va="center", fontsize=9, bbox=box)


def _node(ax: Axes, place: tuple[float, float], sign: str) -> None:
    circle = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": "#555555"}
    ax.text(*place, sign, ha="center", va="center", fontsize=12, bbox=circle)


def _strip(
    seconds: npt.NDArray[np.float64],
    beats: list[tuple[float, tuple[tuple[float, float, float], ...]]],
) -> npt.NDArray[np.float64]:
    """Add up the waves of beats, each with the second of its R peak."""
    total = np.zeros_like(seconds)
    for peak, waves in beats:
        for centre, width, height in waves:
            total += height * np.exp(-0.5 * np.square((seconds - peak - centre) / width))
    return total
