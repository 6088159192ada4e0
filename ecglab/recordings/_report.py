"""`write_report`: one HTML file that says what was found, for people."""

import base64
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from ecglab._files import writing
from ecglab.reading import Reading
from ecglab.recordings._analysis import Analysis
from ecglab.recordings._figures import clock, draw_timeline
from ecglab.recordings._kinds import (
    OTHER,
    VERDICTS,
    Kind,
    flag_by_benjamini_hochberg,
)
from ecglab.recordings._page import PAGE
from ecglab.recordings._shape import median_beat
from ecglab.recordings._strips import (
    BEFORE,
    PAPER,
    STRIP_SECONDS,
    VERDICT_COLORS,
    Scale,
    Strips,
    draw_beats,
    draw_strip,
    read_strips,
    scale_of,
)
from ecglab.recordings._summary import (
    HOUR,
    Summary,
    list_doubts,
    summarise,
    tabulate_hours,
)

_STRETCHES_DRAWN = 3
_LISTED = 50  # rows of a table
_LONG = 2 * HOUR  # from there on, there is a table of hours
_CALM_BEATS = 11  # of the strip that shows what is usual
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
    with writing(place) as file:
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
    figures = summarise(analysis)
    verdicts = analysis.verdicts
    scale = scale_of(analysis.record)
    windows = list(_choose_windows(analysis, verdicts))
    read = read_strips(analysis.record, [window.start for window in windows], scale)
    paced = isinstance(read, Strips) and read.paced
    return PAGE.substitute(
        paper=PAPER,
        title=escape(f"Strange beats in {analysis.record.source}"),
        summary=escape(_summary(analysis, figures)),
        notes="".join(
            f'<p class="note">{escape(note)}</p>' for note in list_doubts(analysis, paced=paced)
        ),
        counts=_counts(figures),
        kinds=_kinds(analysis),
        rhythm=_rhythm(analysis.stretches),
        timeline=_image(draw_timeline(analysis), _describe_timeline(analysis)),
        hours=_hours(analysis),
        strips="".join(_strips(analysis, verdicts, windows, read, scale)),
        aside=_aside(analysis),
        reading=_reading(analysis.record.reading),
        settings=_settings(analysis),
    )


def _summary(analysis: Analysis, figures: Summary) -> str:
    """Say in a sentence or two what was found."""
    record = analysis.record
    found = (
        f"{sum(figures.counts.values()):,} of {figures.judged:,} beats look strange"
        if any(figures.counts.values())
        else "No beat looks strange"
    )
    learnt_from = "the recording itself"
    if analysis.first is not None:
        learnt_from = f"the first {analysis.first.minutes:g} minutes"
    elif analysis.online_minutes is not None:
        learnt_from = (
            "what had come of the recording by then, as it was judged online, "
            f"{analysis.online_minutes:g} min at a time"
        )
    leads = f"lead{'s' * (len(record.lead_names) > 1)} {', '.join(record.lead_names)}"
    return (
        f"{found} in this recording of {clock(record.duration)} (hours, minutes, seconds), {leads}."
        f" What is usual was learnt from {learnt_from}, without anybody having said which beats "
        "are normal."
    )


def _counts(figures: Summary) -> str:
    """List the numbers that matter most."""
    median, low, high = figures.heart_rate
    listed = {
        "readable": f"{100 * figures.readable:.1f} %",
        "beats a minute (median, range)": "unknown"
        if np.isnan(median)
        else f"{median:.0f} ({low:.0f} to {high:.0f})",
        "beats judged": f"{figures.judged:,}",
        **{VERDICTS[verdict]: f"{count:,}" for verdict, count in figures.counts.items()},
        **({"unreadable beats": f"{figures.unread:,}"} if figures.unread else {}),
        "burden (strange beats of all)": f"{100 * figures.burden:.2g} %",
    }
    return "".join(f"<li><b>{value}</b>{escape(name)}</li>" for name, value in listed.items())


def _kinds(analysis: Analysis) -> str:
    """List the kinds, those first that are many and strange."""
    if not analysis.kinds:
        return "<p>There is none.</p>"
    before = np.asarray(analysis.record.rr_intervals)[:, 0]
    rows = []
    for kind in analysis.kinds:
        low, middle, high = _quantiles(before[kind.beats], (0.1, 0.5, 0.9))
        longest = int(kind.in_a_row.max())
        rows.append(
            [
                kind.name,
                f"{len(kind.beats):,}",
                f"{100 * kind.burden:.2g} %",
                f"{np.median(kind.scores):.1f}",
                f"{middle:.2f} ({low:.2f} to {high:.2f})",
                _share(kind.in_a_row == 2),
                _share(kind.in_a_row >= 3) + (f" (up to {longest})" if longest >= 3 else ""),
                _share(kind.bigeminy),
            ]
        )
    names = ["kind", "beats", "burden", "score", "seconds since the beat before"]
    surviving = flag_by_benjamini_hochberg(analysis.p_values) & analysis.is_strange
    return (
        _table([*names, "in couplets", "in runs", "in bigeminy"], rows)
        + '<p class="small">V-like: of another shape, as ventricular beats are. S-like: early, but '
        "of the usual shape, as supraventricular beats are. Burden: share of all beats that were "
        "judged. Score: the median, as a multiple of the threshold. Intervals: the median, and "
        "where 80 % of them lie. Couplets are two beats of one verdict in a row, runs three and "
        "more, bigeminy every second beat, three times or more. Kinds are told apart by shape in "
        "all leads and by timing; “other” are those that are like no kind. At a false discovery "
        f"rate of 5 % (Benjamini-Hochberg), {surviving.sum():,} of the strange beats "
        "remain; strange.csv says which.</p>" + _against_annotations(analysis)
    )


def _quantiles(values: npt.NDArray[np.float64], shares: Sequence[float]) -> list[float]:
    known = values[np.isfinite(values)]
    return np.quantile(known, shares).tolist() if len(known) else [np.nan] * len(shares)


def _share(of: npt.NDArray[np.bool_]) -> str:
    return f"{100 * of.mean():.0f} %" if of.any() else "–"


def _rhythm(stretches: pd.DataFrame) -> str:
    """List the stretches of irregular rhythm."""
    if stretches.empty:
        return ""
    rows = [
        (clock(start), f"{stop - start:,.0f}")
        for start, stop in stretches.head(_LISTED).itertuples(index=False)
    ]
    seconds = (stretches["stop"] - stretches["start"]).sum()
    return (
        f"<p>The rhythm is irregular, as in atrial fibrillation, for {clock(seconds)} in all. No "
        "beat counts as early there. From"
        f"{' (the first of them)' if len(stretches) > _LISTED else ''}:</p>"
        + _table(["from", "seconds"], rows)
    )


def _hours(analysis: Analysis) -> str:
    """Sum up a long recording hour by hour."""
    if analysis.record.duration < _LONG:
        return ""
    rows = (
        [
            hour,
            f"{figures.judged:,}",
            "" if np.isnan(figures.heart_rate[0]) else f"{figures.heart_rate[0]:.0f}",
            *(f"{figures.counts[verdict]:,}" for verdict in VERDICTS),
            f"{100 * figures.burden:.1f}",
            f"{100 * (1 - figures.readable):.1f}",
        ]
        for hour, figures in enumerate(tabulate_hours(analysis), 1)
    )
    names = ["hour", "beats", "beats a minute", *VERDICTS.values(), "burden (%)", "unreadable (%)"]
    return "<h3>Hour by hour</h3>" + _table(names, rows)


@dataclass(frozen=True)
class _Window:
    """A strip that is to be shown: where it begins, under which heading, and what it is."""

    heading: str
    start: float
    caption: str


def _choose_windows(analysis: Analysis, verdicts: npt.NDArray[np.str_]) -> Iterator[_Window]:
    """Choose what is to be shown of the signal itself."""
    times = np.asarray(analysis.record.times)
    # How unlike the usual rhythm a beat and its neighbours are: least where all of them are usual.
    unrest = np.where(verdicts == "N", analysis.scores, analysis.scores.max() + 1)
    calmest = pd.Series(unrest).rolling(_CALM_BEATS, center=True, min_periods=1).max().argmin()
    yield _Window("usual", times[calmest] - BEFORE, "as usual")
    for kind in analysis.kinds:
        shown: list[float] = []
        for caption, place in _examples(kind):
            time = float(times[kind.beats[place]])
            if all(abs(time - other) >= STRIP_SECONDS for other in shown):
                shown.append(time)
                ratio = f"{kind.scores[place]:.1f} x threshold"
                yield _Window(kind.name, time - BEFORE, f"{caption}, {ratio}")
    stretches = analysis.stretches
    longest = (stretches["start"] - stretches["stop"]).to_numpy(float).argsort(kind="stable")
    for start in stretches["start"].to_numpy(float)[longest[:_STRETCHES_DRAWN]]:
        yield _Window("rhythm", start - BEFORE, f"irregular from {clock(start)} on")
    bad = analysis.record.bad_stretches
    if len(bad):
        start, _, reason = bad.iloc[(bad["stop"] - bad["start"]).argmax()]
        yield _Window("unreadable", start - BEFORE, f"the longest bad stretch: {reason}")


def _examples(kind: Kind) -> Iterator[tuple[str, int]]:
    """Choose beats that show a kind: its strangest, its longest run, and one like most of it."""
    yield "the strangest", int(kind.scores.argmax())
    if kind.in_a_row.max() >= 3:
        yield f"a run of {kind.in_a_row.max()}", int(kind.in_a_row.argmax())
    yield "a typical one", int(np.abs(kind.scores - np.median(kind.scores)).argmin())


def _strips(
    analysis: Analysis,
    verdicts: npt.NDArray[np.str_],
    windows: Sequence[_Window],
    read: Strips | str,
    scale: Scale,
) -> Iterator[str]:
    """Draw the usual beats, then each kind, beside the signal itself."""
    record = analysis.record
    yield (
        f'<p class="small">ECG paper: 25 mm/s, {escape(scale.words)}; a thick line each 0.2 s. '
        "▾: an R peak. V, S, ?: beats that are V-like, S-like, or strange in another way; U: one "
        "that cannot be read; |: one that was set aside. Median beats are drawn at 50 mm/s: blue "
        "the usual one, in the colour of the verdict that of the kind.</p>"
    )
    if isinstance(read, str):
        yield f'<p class="note">There are no strips. {escape(read)}</p>'
    usual = median_beat(record.amplitudes, analysis.is_learnt)
    kinds = {kind.name: kind for kind in analysis.kinds}
    headings = {"usual": "The usual beat", "rhythm": "Irregular rhythm", "unreadable": "Unreadable"}
    for heading in dict.fromkeys(window.heading for window in windows):
        kind = kinds.get(heading)
        if kind is None:
            yield f"<h3>{headings[heading]}</h3>"
        else:
            yield f"<h3>{escape(kind.name)}: {len(kind.beats):,} beats</h3>"
        if heading == "usual" or (kind is not None and kind.name != OTHER):
            median = None if kind is None else median_beat(record.amplitudes, kind.beats)
            whose = "" if kind is None else f"{kind.name}, and of "
            what = f"The median of {whose}{analysis.is_learnt.sum():,} usual beats"
            color = VERDICT_COLORS[kind.verdict if kind else "N"]
            yield _figure(draw_beats(record, usual, median, scale, color, what), what)
        if isinstance(read, Strips):
            for window, strip in zip(windows, read.strips, strict=True):
                if window.heading == heading:
                    caption = f"{clock(strip.start)}: {window.caption}"
                    yield _figure(draw_strip(strip, record, verdicts, caption), caption)


def _figure(drawing: str, caption: str) -> str:
    """Put a drawing in a box of its own that can be scrolled; it keeps its size in millimetres."""
    return f"<figure>{_scroll(drawing, caption)}<figcaption>{escape(caption)}</figcaption></figure>"


def _reading(reading: Reading) -> str:
    """List what the reader decided, so that a wrong decision is seen at once."""
    rows = "".join(
        f"<tr{' class=assumed' * decision.assumed}><th>{escape(decision.topic)}</th>"
        f"<td>{escape(decision.value)}</td>"
        f"<td>{'assumed: ' * decision.assumed}{escape(decision.reason)}</td></tr>"
        for decision in reading
    )
    return _scroll(f"<table><tbody>{rows}</tbody></table>", "How the file was read")


def _describe_timeline(analysis: Analysis) -> str:
    """Describe the figure for those who cannot see it."""
    times = np.asarray(analysis.record.times)[analysis.is_strange]
    per_tenth, _ = np.histogram(times, bins=10, range=(0, analysis.record.duration))
    return (
        "Anomaly score and RR interval of each beat over time. Strange beats in each tenth of the "
        f"recording: {', '.join(map(str, per_tenth.tolist()))}."
    )


def _against_annotations(analysis: Analysis) -> str:
    """Count what the annotations, if there are any, say of normal and strange beats."""
    symbols = analysis.record.symbols
    if symbols is None:
        return ""
    counts = pd.crosstab(symbols, analysis.verdicts)
    called = {"N": "usual", **VERDICTS, "U": "unreadable"}
    counts = counts[[verdict for verdict in called if verdict in counts]]
    rows = ((code, *values) for code, values in zip(counts.index, counts.to_numpy(), strict=True))
    return (
        "<p>The recording is annotated. The annotations took no part in the training; they say of "
        "the beats (code, and how many are called what here):</p>"
        + _table(["annotation", *(called[str(verdict)] for verdict in counts)], rows)
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
            f"<p>{len(stretches):,} bad stretch{'es' * (len(stretches) > 1)}, "
            f"{seconds:,.1f} seconds in all"
            f"{', the first of them' if len(stretches) > _LISTED else ''}:</p>"
            + _table(["from", "seconds", "what is wrong"], rows)
        )
    return "".join(parts)


def _settings(analysis: Analysis) -> str:
    """List what is needed to compute the same again."""
    record, detector, online = analysis.record, analysis.detector, analysis.online_minutes
    rows = {
        **record.provenance,
        "lead": record.lead,
        "sampling rate": f"{record.sampling_rate:g} Hz",
        "window": f"{record.window[0]:g} to {record.window[1]:g} s around the R peak",
        "samples in a beat": record.n_samples,
        **({} if online is None else {"judged online": f"{online:g} min at a time"}),
        "beats learnt from": int(analysis.is_learnt.sum()),
        "autoencoder": repr(detector.autoencoder_),
        "random state": detector.random_state,
        "epochs of training": len(detector.history_),
        "threshold": f"{analysis.threshold:.6g}",
        "version": f"ecglab {version('ecglab')}",
    }
    return _table(["setting", "value"], rows.items())


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table, every cell escaped."""
    head = "".join(f"<th>{escape(str(name))}</th>" for name in header)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    names = ", ".join(header)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return _scroll(table, f"Table: {names}")


def _scroll(content: str, label: str) -> str:
    """Put what may be wider than a phone in a box that can be scrolled, with the keyboard, too."""
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(label)}">'
        f"{content}</div>"
    )


def _image(figure: Figure, alt: str) -> str:
    """Put a figure into the page itself."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    image = f'<img alt="{escape(alt)}" src="data:image/png;base64,{data}">'
    return _scroll(image, "Figure")
