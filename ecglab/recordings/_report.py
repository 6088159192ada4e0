"""`write_report`: one HTML file that says what was found, for people."""

import base64
import io
import os
from collections.abc import Iterable, Sequence
from html import escape
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ecglab._files import disk_faults_named, replacing
from ecglab.reading import Reading
from ecglab.recordings._analysis import Analysis
from ecglab.recordings._figures import (
    clock,
    draw_normal_beat,
    draw_strange_beats,
    draw_timeline,
)
from ecglab.recordings._page import PAGE

__all__ = ["put_report", "render_report", "write_report"]

_DRAWN = 12  # strange beats
_LISTED = 50  # rows of a table; the CSV file has all of them
_DOTS_PER_INCH = 110


def write_report(analysis: Analysis, path: str | os.PathLike[str]) -> Path:
    """Write a report on a recording as one HTML file, which needs nothing beside it.

    Parameters
    ----------
    analysis : Analysis
        What `analyse` returned.
    path : path-like
        The file to write, such as ``"106.html"``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    place = Path(path).expanduser()
    with disk_faults_named(place), replacing(place) as file:
        put_report(analysis, file)
    return place


def put_report(analysis: Analysis, file: Path) -> None:
    """Write a report to a file that is not to have its final name yet."""
    file.write_text(render_report(analysis), encoding="utf-8")


def render_report(analysis: Analysis) -> str:
    """Return the report as a string.

    Parameters
    ----------
    analysis : Analysis
        What `analyse` returned.

    Returns
    -------
    str
        A whole HTML page. It holds no script, and loads nothing; all that comes from the recording
        (names, annotations) is escaped.
    """
    record = analysis.record
    return PAGE.substitute(
        title=escape(f"Strange beats in {record.source}"),
        summary=escape(_summary(analysis)),
        notes="".join(f'<p class="note">{escape(note)}</p>' for note in analysis.notes),
        counts=_counts(analysis),
        reading=_reading(analysis.record.reading),
        timeline=_image(draw_timeline(analysis), _describe_timeline(analysis)),
        normal=_image(
            draw_normal_beat(analysis),
            "The median of the beats that were learnt from, and the band that holds 90 % of them.",
        ),
        learnt=escape(_say_what_was_learnt(analysis)),
        strange=_strange(analysis),
        aside=_aside(analysis),
        settings=_settings(analysis),
    )


def _summary(analysis: Analysis) -> str:
    """Say in a sentence or two what was found."""
    record = analysis.record
    n_strange = int(analysis.is_strange.sum())
    found = (
        f"{n_strange:,} of {len(record):,} beats look strange"
        if n_strange
        else "No beat looks strange"
    )
    return (
        f"{found} in lead {record.lead} of this recording of {clock(record.duration)} (hours, "
        f"minutes, seconds). What is usual was learnt from {_learnt_from(analysis)}, without "
        "anybody having said which beats are normal."
    )


def _learnt_from(analysis: Analysis) -> str:
    if analysis.train_minutes is None:
        return "the recording itself"
    return f"the first {analysis.train_minutes:g} minutes"


def _counts(analysis: Analysis) -> str:
    """List the numbers that matter most."""
    record = analysis.record
    hours = record.duration / 3600
    median = float(np.nanmedian(np.asarray(record.rr_intervals))) if len(record) > 1 else np.nan
    figures = {
        "beats judged": f"{len(record):,}",
        "strange beats": f"{int(analysis.is_strange.sum()):,}",
        "strange beats an hour": f"{analysis.is_strange.sum() / hours:,.0f}",
        "early beats": f"{int(analysis.is_early.sum()):,}",
        "early, of the usual shape": f"{int((analysis.reasons == 'early').sum()):,}",
        "beats set aside": f"{len(record.set_aside):,}",
        "beats a minute (median)": "unknown" if np.isnan(median) else f"{60 / median:.0f}",
    }
    return "".join(f"<li><b>{value}</b>{escape(name)}</li>" for name, value in figures.items())


def _reading(reading: Reading) -> str:
    """List what the reader decided, so that a wrong decision is seen at once."""
    rows = "".join(
        f"<tr{' class=assumed' * decision.assumed}><th>{escape(decision.topic)}</th>"
        f"<td>{escape(decision.value)}</td>"
        f"<td>{'assumed: ' * decision.assumed}{escape(decision.reason)}</td></tr>"
        for decision in reading
    )
    return f"<table><tbody>{rows}</tbody></table>"


def _describe_timeline(analysis: Analysis) -> str:
    """Describe the figure for those who cannot see it."""
    times = np.asarray(analysis.record.times)[analysis.is_strange]
    per_tenth, _ = np.histogram(times, bins=10, range=(0, analysis.record.duration))
    return (
        "Anomaly score and RR interval of each beat over time. Strange beats in each tenth of the "
        f"recording: {', '.join(map(str, per_tenth.tolist()))}."
    )


def _say_what_was_learnt(analysis: Analysis) -> str:
    """Say which beats the detector was trained on."""
    chosen = analysis.selection
    if analysis.train_minutes is None:
        return (
            f"{int(chosen.core.sum()):,} of {len(chosen.core):,} beats have a shape that does not "
            "belong to early beats. Each beat was compared with the 600 of these around it, in "
            f"{len(analysis.record.lead_names)} lead(s): {', '.join(analysis.record.lead_names)}. "
            "Line: their median. Band: 90 % of them."
        )
    return (
        f"The first {analysis.train_minutes:g} minutes hold {len(chosen.core):,} beats. "
        f"{int(chosen.early.sum()):,} of them come early and were left out. The detector learnt "
        f"from the {int(chosen.core.sum()):,} that are most alike, and its threshold was set by "
        f"{int(chosen.kept.sum()):,} that look like those. Line: their median. Band: 90 % of them."
    )


def _strange(analysis: Analysis) -> str:
    """Draw and list the strange beats."""
    table = analysis.strange_beats
    if table.empty:
        return "<p>There is none.</p>"
    drawn = min(_DRAWN, len(table))
    alt = f"The {drawn} strangest beats, each beside a usual one: {_listing(table[:drawn])}."
    shown = table.head(_LISTED)
    columns = {
        "rank": range(1, len(shown) + 1),
        "at": [clock(time) for time in shown["time"]],
        "score / threshold": [f"{ratio:.2f}" for ratio in shown["times_threshold"]],
        "RR before (s)": [_seconds(value) for value in shown["rr_before"]],
        "RR after (s)": [_seconds(value) for value in shown["rr_after"]],
        "why": list(shown["reason"]),
    }
    if "symbol" in shown:
        columns["annotated as"] = list(shown["symbol"])
    left_out = len(table) - len(shown)
    more = f'<p class="small">{left_out:,} more are not listed here.</p>' if left_out else ""
    return (
        _image(draw_strange_beats(analysis, drawn), alt)
        + '<p class="small">Solid: the beat. Dashed: what it would look like if it were a usual '
        "one. The number is the score, as a multiple of the threshold.</p>"
        + _table(columns, zip(*columns.values(), strict=True))
        + more
        + _against_annotations(analysis)
    )


def _listing(table: pd.DataFrame) -> str:
    """Name beats by their time."""
    return ", ".join(f"at {clock(time)}" for time in table["time"])


def _against_annotations(analysis: Analysis) -> str:
    """Count what the annotations, if there are any, say of normal and strange beats."""
    symbols = analysis.record.symbols
    if symbols is None:
        return ""
    counts = pd.crosstab(symbols, np.where(analysis.is_strange, "strange", "normal"))
    counts = counts.reindex(columns=["normal", "strange"], fill_value=0)
    rows = ((code, *values) for code, values in zip(counts.index, counts.to_numpy(), strict=True))
    return (
        "<p>The recording is annotated. The annotations took no part in the training; they say of "
        "the beats (code, called normal here, called strange here):</p>"
        + _table(["annotation", "normal here", "strange here"], rows)
    )


def _aside(analysis: Analysis) -> str:
    """List what could not be judged."""
    record = analysis.record
    if record.set_aside.empty and record.bad_stretches.empty:
        return "<p>Nothing: all beats were judged.</p>"
    counts = record.set_aside["reason"].value_counts()
    parts = [_table(["reason", "beats"], counts.items())] if len(counts) else []
    stretches = record.bad_stretches
    if len(stretches):
        rows = (
            (clock(start), f"{stop - start:.1f}", reason)
            for start, stop, reason in stretches.head(_LISTED).itertuples(index=False)
        )
        seconds = (stretches["stop"] - stretches["start"]).sum()
        parts.append(
            f"<p>{len(stretches):,} bad stretches, {seconds:,.1f} seconds in all"
            f"{', the first of them' if len(stretches) > _LISTED else ''}:</p>"
            + _table(["from", "seconds", "what is wrong"], rows)
        )
    return "".join(parts)


def _settings(analysis: Analysis) -> str:
    """List what is needed to compute the same again."""
    record, detector = analysis.record, analysis.detector
    rows = {
        **record.provenance,
        "lead": record.lead,
        "sampling rate": f"{record.sampling_rate:g} Hz",
        "window": f"{record.window[0]:g} to {record.window[1]:g} s around the R peak",
        "samples in a beat": record.n_samples,
        "autoencoder": repr(detector.autoencoder_),
        "random state": detector.random_state,
        "epochs of training": len(detector.history_),
        "threshold": f"{analysis.threshold:.6g}",
        "version": f"ecglab {version('ecglab')}",
    }
    return _table(["setting", "value"], rows.items())


def _table(header: Iterable[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table, every cell escaped."""
    head = "".join(f"<th>{escape(str(name))}</th>" for name in header)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _seconds(value: float) -> str:
    """Write an interval, or nothing where there is none."""
    return "" if np.isnan(value) else f"{value:.2f}"


def _image(figure: Figure, alt: str) -> str:
    """Put a figure into the page itself."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<img alt="{escape(alt)}" src="data:image/png;base64,{data}">'
