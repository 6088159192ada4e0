"""The figures of the report. Each function returns a Figure of its own; none is shown."""

from collections.abc import Callable
from functools import wraps

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ecglab.plots import ANOMALY_COLOR, NORMAL_COLOR, use_course_style
from ecglab.recordings._analysis import Analysis
from ecglab.recordings._kinds import VERDICTS
from ecglab.recordings._strips import VERDICT_COLORS

_MASK_COLOR = "#777777"
_COLUMNS = 4


def _in_course_style(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw in the course's style, and leave matplotlib as it was."""

    @wraps(draw)
    def styled(*args: object) -> Figure:
        with mpl.rc_context():
            use_course_style()
            return draw(*args)

    return styled


@_in_course_style
def draw_timeline(analysis: Analysis) -> Figure:
    """Draw the score of each beat over time, and below it the RR interval that ends with it.

    Parameters
    ----------
    analysis : Analysis
        What `analyse` returned.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels with one time axis. The part learnt from is shaded blue, bad stretches grey.
    """
    figure = Figure(figsize=(11, 5.2))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    minutes = np.asarray(analysis.record.times) / 60
    intervals = np.asarray(analysis.record.rr_intervals)[:, 0]
    verdicts = analysis.verdicts
    for ax, values in ((above, analysis.scores), (below, intervals)):
        for verdict, called in {"N": "usual", **VERDICTS, "U": "unreadable"}.items():
            chosen = verdicts == verdict
            ax.scatter(
                minutes[chosen],
                values[chosen],
                s=9 if verdict in VERDICTS else 4,
                color=VERDICT_COLORS[verdict],
                linewidths=0,
                label=called if chosen.any() else None,
            )
        _shade(ax, analysis)
    above.axhline(analysis.threshold, color="black", linewidth=1, linestyle="--", label="threshold")
    above.set(ylabel="anomaly score")
    if analysis.first is None:
        above.set_ylim(bottom=-1)  # how very usual a beat is does not matter
    else:
        above.set_yscale("log")
    above.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=6, markerscale=3)
    below.set(xlabel="minutes", ylabel="RR interval (s)", ylim=(0, _top(intervals)))
    below.set_xlim(0, analysis.record.duration / 60)
    return figure


def _shade(ax: Axes, analysis: Analysis) -> None:
    """Shade the part that was learnt from, and the stretches that were set aside."""
    if analysis.first is not None:
        ax.axvspan(0, analysis.first.minutes, color=NORMAL_COLOR, alpha=0.08, linewidth=0)
    starts, stops = analysis.record.bad_stretches[["start", "stop"]].to_numpy(float).T / 60
    ax.broken_barh(  # one artist for all: a long recording can have thousands of stretches
        list(zip(starts, stops - starts, strict=True)),
        (0, 1),
        transform=ax.get_xaxis_transform(),
        color=_MASK_COLOR,
        alpha=0.3,
        linewidth=0,
    )


def _top(intervals: np.ndarray) -> float:
    """Return where the axis of RR intervals ends: a pause of minutes should not flatten it."""
    known = intervals[np.isfinite(intervals)]
    return 1.1 * float(min(known.max(), 4 * np.median(known))) if len(known) else 1.0


@_in_course_style
def draw_strange_beats(analysis: Analysis, n_beats: int) -> Figure:
    """Draw the strangest beats against their reconstructions.

    Parameters
    ----------
    analysis : Analysis
        What `analyse` returned; at least one beat is strange.
    n_beats : int
        How many to draw, at most.

    Returns
    -------
    matplotlib.figure.Figure
        One panel a beat, the strangest first.
    """
    table = analysis.strange_beats.head(n_beats)
    n_rows = -(-len(table) // _COLUMNS)
    figure = Figure(figsize=(11, 2.3 * n_rows + 0.5))
    axes = figure.subplots(n_rows, _COLUMNS, sharex=True, sharey=True, squeeze=False)
    seconds = _seconds(analysis)
    times, ratios = table["time"].to_numpy(float), table["times_threshold"].to_numpy(float)
    for rank, (ax, beat) in enumerate(zip(axes.flat, table.index.to_numpy(), strict=False)):
        ax.plot(seconds, analysis.record.signals[beat], color=ANOMALY_COLOR, label="beat")
        ax.plot(
            seconds,
            analysis.reconstructions[beat],
            color=NORMAL_COLOR,
            linestyle="--",
            label="as a usual beat",
        )
        ax.set_title(f"{rank + 1}. at {clock(times[rank])}, {ratios[rank]:.1f} x", fontsize=10)
    for ax in axes.flat[len(table) :]:
        ax.set_axis_off()
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    figure.supxlabel("seconds from the R peak", fontsize=11)
    figure.supylabel("standardised", fontsize=11)
    return figure


def _seconds(analysis: Analysis) -> np.ndarray:
    """Return the time of each sample of a beat."""
    record = analysis.record
    return np.linspace(*record.window, record.n_samples, endpoint=False)


def clock(seconds: float) -> str:
    """Write a time of the recording as hours, minutes and seconds."""
    minutes, rest = divmod(round(float(seconds), 1), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}"
