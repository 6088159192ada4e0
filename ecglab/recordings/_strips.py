"""The signal itself on ECG paper, as SVG: 25 mm for a second and 10 mm for a millivolt.

Beats were filtered, cut and resampled before they were judged; whoever is to believe a verdict
wants to see what the electrodes saw. A few windows are read from the file once more for that.
"""

from __future__ import annotations  # `Analysis` is for types alone

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from ecglab.datasets import Record
from ecglab.errors import DatasetError, EcglabError
from ecglab.plots import NORMAL_COLOR

if TYPE_CHECKING:
    from ecglab.recordings._analysis import Analysis

FloatArray = npt.NDArray[np.float64]

STRIP_SECONDS = 7.6
"""Length of a strip: 190 mm, which a sheet of paper holds between margins of 1 cm."""

BEFORE = 2.6
"""Seconds of a strip before what it is about, so that a phone shows that without scrolling."""

VERDICT_COLORS: Mapping[str, str] = {
    "N": NORMAL_COLOR,
    "V": "#9C2F70",
    "S": "#00704F",
    "?": "#B34E00",
    "U": "#555555",
}
"""The course's colours of ventricular, supraventricular and strange beats, darker: they must be
seen on pink paper, and letters read in them."""

PAPER = (
    '<svg class="paper" width="0" height="0" aria-hidden="true"><defs>'
    '<pattern id="fine" width="20" height="20" patternUnits="userSpaceOnUse">'
    '<path d="M20 0H0V20" fill="none" stroke="#f3c9c4" stroke-width="2"/></pattern>'
    '<pattern id="paper" width="100" height="100" patternUnits="userSpaceOnUse">'
    '<rect width="100" height="100" fill="#fffafa"/><rect width="100" height="100" '
    'fill="url(#fine)"/><path d="M100 0H0V100" fill="none" stroke="#e39b93" stroke-width="4"/>'
    "</pattern></defs></svg>"
)
"""The grid, once for all strips of a page: fine lines each 1 mm (0.04 s, 0.1 mV), thick ones each
5 mm."""

_STYLE = (
    "<style>path{fill:none;stroke-width:6;stroke-linejoin:round}path.wide{stroke-width:12}"
    "text{font:70px sans-serif}</style>"
)
_LEADS = 2
_UNITS = {"v": 1e3, "mv": 1.0, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "nv": 1e-6}  # in millivolts
_DOTS = 20  # of the drawing, in a millimetre
_STRIP_SPEED, _BEAT_SPEED = 25.0, 50.0  # mm/s
_GAIN = 10.0  # mm/mV
_TYPICAL = 15.0  # mm, of a beat whose unit is not known
_HIGHEST = 30.0  # mm from the middle; what is further out is cut off
_LEAST = 10.0  # mm from the lowest to the highest line of a lead
_QRS_BEGINS = 0.1  # seconds before the R peak
_TOP = 6.0  # mm, where the marks stand

# A pacemaker's spike lasts a millisecond or two: a few samples, with nothing beside them.
_SPIKE_SECONDS = 0.009
_SPIKE_RATE = 200.0  # Hz, below which it is lost
_SPIKE_BEFORE, _SPIKE_AFTER = 0.3, 0.03  # seconds from the R peak; the beat ends 0.3 s after it
_SPIKE_HEIGHT = 0.35  # of the beat; records of DS1, none of which is paced, reach 0.17
_SPIKED_BEATS = 200  # that are looked at


@dataclass(frozen=True)
class Scale:
    """How a signal is drawn: millimetres for one unit of the file, in each lead, and in words."""

    millimetres: tuple[float, ...]
    words: str


@dataclass(frozen=True, eq=False)
class Strip:
    """A few seconds of a recording: where they begin, and the leads in mm from their median."""

    start: float
    leads: tuple[FloatArray, ...]
    rate: float


@dataclass(frozen=True, eq=False)
class Strips:
    """What was read again: strips, and whether beats have a pacemaker's spikes before them."""

    strips: tuple[Strip, ...]
    paced: bool


def scale_of(record: Record) -> Scale:
    """Find out in which unit the leads are, and so how they are drawn."""
    units = [one.value for one in record.reading if one.topic == "unit"]
    factor = _UNITS.get(units[0].strip().casefold()) if units else None
    n_leads = min(_LEADS, len(record.lead_names))
    if factor is not None:
        return Scale((_GAIN * factor,) * n_leads, f"{_GAIN:g} mm/mV")
    swings = np.median(np.ptp(record.amplitudes, axis=1), axis=0)[:n_leads]
    millimetres = _TYPICAL / np.where(swings > 0, swings, 1.0)
    listed = ", ".join(f"{_GAIN / one:.3g}" for one in millimetres)
    unit = f"unknown unit{f' ({units[0]})' if units else ''}"
    return Scale(tuple(millimetres.tolist()), f"{unit}: 10 mm are {listed} of it")


def read_strips(record: Record, starts: Sequence[float], scale: Scale) -> Strips | str:
    """Read windows of the signal once more, or say why that cannot be done.

    Parameters
    ----------
    record : Record
        The recording.
    starts : sequence of float
        Seconds at which the windows begin.
    scale : Scale
        See `scale_of`.

    Returns
    -------
    Strips or str
        A strip for each start, with two leads at most. Or the reason why there is none.
    """
    if record.read_again is None:
        return "The signal itself was not kept."
    try:
        raw = record.read_again()[: len(scale.millimetres)]
    except (EcglabError, OSError) as error:
        return f"The signal could not be read a second time. {error}"
    rate = raw[0].rate
    paced = _has_spikes(raw[0].values, rate, np.asarray(record.times))
    strips = []
    for start in starts:
        first = max(round(start * rate), 0)
        cut = [lead.values[first : first + round(STRIP_SECONDS * rate)] for lead in raw]
        leads = [
            (values - np.nanmedian(values) if np.isfinite(values).any() else values) * millimetres
            for values, millimetres in zip(cut, scale.millimetres, strict=False)
        ]
        strips.append(Strip(first / rate, tuple(leads), rate))
    return Strips(tuple(strips), paced)


def _has_spikes(values: Any, rate: float, times: FloatArray) -> bool:
    """Tell whether most beats begin with something far too short for a heart.

    Of the signal, which may lie in a file still, a few slices are taken.
    """
    from scipy.ndimage import median_filter  # takes longer to load than all else here

    if rate < _SPIKE_RATE:
        return False
    heights = []
    for time in times[np.linspace(0, len(times) - 1, min(len(times), _SPIKED_BEATS)).astype(int)]:
        first = max(round((time - _SPIKE_BEFORE) * rate), 0)
        around = values[first : round((time + _SPIKE_BEFORE) * rate)]
        beat = around[: round((time + _SPIKE_AFTER) * rate) - first]
        smooth = median_filter(beat, size=2 * round(_SPIKE_SECONDS * rate) + 1, mode="nearest")
        whole = np.ptp(around)
        heights.append(np.abs(beat - smooth).max() / whole if whole > 0 else 0.0)
    return bool(np.median(heights) > _SPIKE_HEIGHT)


def draw_strip(strip: Strip, record: Record, verdicts: npt.NDArray[np.str_], label: str) -> str:
    """Draw a strip as SVG, true to scale: R peaks marked, strange beats coloured.

    Parameters
    ----------
    strip : Strip
        What to draw.
    record : Record
        The recording that it is from.
    verdicts : ndarray of str, shape (n_beats,)
        "N", or what each beat is called.
    label : str
        What it shows, for those who cannot see it.

    Returns
    -------
    str
        An ``svg`` element, which needs `PAPER` in the same page.
    """
    times = np.asarray(record.times)
    first, stop = np.searchsorted(times, [strip.start, strip.start + STRIP_SECONDS])
    bands, heights = zip(*(_band(values) for values in strip.leads), strict=True)
    parts, top = [], _TOP
    for name, values, band, height in zip(
        record.lead_names, strip.leads, bands, heights, strict=False
    ):
        seconds = np.arange(len(values)) / strip.rate
        parts.append(_text(1, top + 4, name, "#222", "start"))
        parts.append(_trace(seconds, values, band, top, _STRIP_SPEED, "#222"))
        for beat in range(first, stop):
            if verdicts[beat] != "N":
                around = _extent(record, beat) + times[beat] - strip.start
                own = slice(*np.searchsorted(seconds, around))
                color = VERDICT_COLORS[verdicts[beat]]
                parts.append(
                    _trace(seconds[own], values[own], band, top, _STRIP_SPEED, color, "wide")
                )
        top += height
    for beat in range(first, stop):
        mark = "▾" if verdicts[beat] == "N" else str(verdicts[beat])
        color = VERDICT_COLORS[verdicts[beat]]
        parts.append(_text(_STRIP_SPEED * (times[beat] - strip.start), 4.5, mark, color))
    aside = record.set_aside["time"].to_numpy(float)
    for time in aside[(aside >= strip.start) & (aside < strip.start + STRIP_SECONDS)]:
        parts.append(_text(_STRIP_SPEED * (time - strip.start), 4.5, "|", VERDICT_COLORS["U"]))
    return _svg(_STRIP_SPEED * STRIP_SECONDS, top, "".join(parts), label)


def render_strip(analysis: Analysis, start: float) -> str:
    """Return the signal of a recording on ECG paper, from `start` seconds on, as an SVG file.

    Parameters
    ----------
    analysis : Analysis
        What `analyse` returned.
    start : float
        Seconds from the beginning; the strip is 7.6 s long.

    Returns
    -------
    str
        The file: true to scale, R peaks marked, beats that are not usual coloured and called by
        their verdict.

    Raises
    ------
    DatasetError
        If the signal cannot be read again.
    """
    record = analysis.record
    read = read_strips(record, [start], scale_of(record))
    if isinstance(read, str):
        raise DatasetError(read)
    label = f"{STRIP_SECONDS:g} s of {record.source} from {start:.1f} s on"
    strip = draw_strip(read.strips[0], record, analysis.verdicts, label)
    body = strip.index(">") + 1
    return f'{strip[: body - 1]} xmlns="http://www.w3.org/2000/svg">{_STYLE}{PAPER}{strip[body:]}\n'


def draw_beats(
    record: Record,
    usual: npt.NDArray[np.floating[Any]],
    beats: npt.NDArray[np.floating[Any]] | None,
    scale: Scale,
    color: str,
    label: str,
) -> str:
    """Draw the median of some beats over that of the usual ones, at 50 mm/s, leads side by side.

    Parameters
    ----------
    record : Record
        The recording.
    usual, beats : ndarray of shape (n_samples, n_leads)
        Medians, as `Record.amplitudes`; of the usual ones alone if there are no others.
    scale : Scale
        See `scale_of`.
    color : str
        Of the beats.
    label : str
        What it shows, for those who cannot see it.

    Returns
    -------
    str
        An ``svg`` element, which needs `PAPER` in the same page.
    """
    n_leads = len(scale.millimetres)
    drawn = [np.asarray(usual[:, :n_leads]) * scale.millimetres]
    if beats is not None:
        drawn.append(np.asarray(beats[:, :n_leads]) * scale.millimetres)
    low, high = _band(np.concatenate(drawn))[0]
    seconds = np.linspace(*record.window, record.n_samples, endpoint=False) - record.window[0]
    width = 5 * np.ceil(_BEAT_SPEED * (record.window[1] - record.window[0]) / 5)
    parts = []
    for lead in range(n_leads):
        parts.append(_text(lead * width + 1, 4, record.lead_names[lead], "#222", "start"))
        for median, stroke in zip(drawn, (NORMAL_COLOR, color), strict=False):
            shifted = seconds + lead * width / _BEAT_SPEED
            parts.append(_trace(shifted, median[:, lead], (low, high), 0, _BEAT_SPEED, stroke))
    return _svg(n_leads * width, high - low, "".join(parts), label)


def _band(values: FloatArray) -> tuple[tuple[float, float], float]:
    """Return the lowest and the highest line, in mm, that a signal needs, and what lies between."""
    known = values[np.isfinite(values)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    low = 5 * np.floor(max(low - 1, -_HIGHEST) / 5)
    high = max(5 * np.ceil(min(high + 1, _HIGHEST) / 5), low + _LEAST)
    return (float(low), float(high)), float(high - low)


def _extent(record: Record, beat: int) -> FloatArray:
    """Return from where to where a beat is coloured, in seconds from its R peak."""
    before, after = np.nan_to_num(np.asarray(record.rr_intervals)[beat], nan=np.inf) / 2
    return np.array([max(-_QRS_BEGINS, -before), min(record.window[1], after)])


def _trace(
    seconds: FloatArray,
    values: FloatArray,
    band: tuple[float, float],
    top: float,
    speed: float,
    color: str,
    name: Literal["", "wide"] = "",
) -> str:
    """Draw a signal as a path; nothing where it has no samples."""
    low, high = band
    known = np.isfinite(values)
    if known.sum() < 2:
        return ""
    heights = top + high - np.clip(np.where(known, values, 0.0), low, high)
    points = np.round(_DOTS * np.column_stack([speed * seconds, heights])).astype(int)
    steps = np.diff(points, axis=0)
    begins = known & ~np.concatenate([[False], known[:-1]])
    words = []
    for n in np.flatnonzero(known):
        words.append(
            f"M{points[n, 0]} {points[n, 1]}l"
            if begins[n]
            else f"{steps[n - 1, 0]} {steps[n - 1, 1]} "
        )
    wide = ' class="wide"' if name else ""
    return f'<path{wide} stroke="{color}" d="{"".join(words).strip()}"/>'


def _text(
    x: float, y: float, words: str, color: str, anchor: Literal["start", "middle"] = "middle"
) -> str:
    return (
        f'<text x="{round(_DOTS * x)}" y="{round(_DOTS * y)}" fill="{color}" '
        f'text-anchor="{anchor}">{escape(words)}</text>'
    )


def _svg(width: float, height: float, parts: str, label: str) -> str:
    """Put a drawing on paper; sizes are in mm."""
    return (
        f'<svg class="ecg" role="img" aria-label="{escape(label)}" width="{width:g}mm" '
        f'height="{height:g}mm" viewBox="0 0 {_DOTS * width:g} {_DOTS * height:g}">'
        f'<rect width="100%" height="100%" fill="url(#paper)"/>{parts}</svg>'
    )
