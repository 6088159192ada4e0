"""What programs read of an analysis: a table, and an annotation file for ECG viewers."""

import os
import re
from pathlib import Path

import numpy as np

from ecglab._files import writing
from ecglab._optional import quiet_wfdb
from ecglab.recordings._analysis import Analysis
from ecglab.recordings._kinds import flag_by_benjamini_hochberg

_UNKNOWN, _SET_ASIDE = "Q", "|"
_KNOWN = ("N", "V", "S")
_RECORD_NAME = re.compile(r"[A-Za-z0-9_-]+")
_EXTENSION = re.compile(r"\.[A-Za-z]+")
_LONGEST_NOTE = 99.9


def write_strange_beats(analysis: Analysis, path: str | os.PathLike[str]) -> Path:
    """Write the table of strange beats as CSV, the strangest first.

    Parameters
    ----------
    analysis : Analysis
        What `analyse` returned.
    path : path-like
        The file to write, such as ``"strange.csv"``.

    Returns
    -------
    Path
        The file. Its columns are those of `Analysis.strange_beats`, and three more: ``kind``, see
        `Analysis.kinds`; ``p_value``, the share of the beats taken for usual that score as high
        (conformal); and ``bh``, whether the beat remains when 5 % of what remains may be false
        (Benjamini-Hochberg, over all beats).

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    place = Path(path).expanduser()
    with writing(place) as file:
        put_strange_beats(analysis, file)
    return place


def put_strange_beats(analysis: Analysis, file: Path) -> None:
    """Write the table to a file that is not to have its final name yet."""
    table, p_values = analysis.strange_beats, analysis.p_values
    kinds = np.full(len(p_values), "", dtype=object)
    for kind in analysis.kinds:
        kinds[kind.beats] = kind.name
    beats = table.index.to_numpy()
    table = table.assign(
        kind=kinds[beats],
        p_value=p_values[beats],
        bh=flag_by_benjamini_hochberg(p_values)[beats],
    )
    table.to_csv(file, float_format="%.6g", lineterminator="\n")


def write_annotations(analysis: Analysis, path: str | os.PathLike[str]) -> Path:
    """Write the beats as a WFDB annotation file, which ECG viewers lay over the recording.

    Parameters
    ----------
    analysis : Analysis
        What `analyse` returned.
    path : path-like
        The file to write: the name of the record, then an extension of letters, such as
        ``"106.ecglab"``. Viewers look for it beside the header (``wave -r 106 -a ecglab``).

    Returns
    -------
    Path
        The file. Beats are marked "N", "V" or "S", see `Analysis.verdicts`, so that any program can
        hold them against an expert's (``ecglab compare``); "Q" (unclassifiable) if they cannot be
        read or are strange without a kind; strange ones with a note such as "2.4 x threshold".
        Beats that were set aside are marked "|" with the reason.

    Raises
    ------
    ValueError
        If the name is none that the format allows.
    OutputError
        If it cannot be written.
    """
    place = Path(path).expanduser()
    with writing(place) as file:
        put_annotations(analysis, file)
    return place


def put_annotations(analysis: Analysis, file: Path) -> None:
    """Write the annotations to a file of their name, elsewhere than it is to be in the end."""
    if not (_RECORD_NAME.fullmatch(file.stem) and _EXTENSION.fullmatch(file.suffix)):
        raise ValueError(
            f"{file.name!r} cannot be the name of an annotation file: it must be the record's "
            "name (letters, digits, - and _), a point, and an extension of letters."
        )
    samples, symbols, notes = _marks(analysis)
    with quiet_wfdb() as wfdb:
        wfdb.wrann(
            file.stem,
            file.suffix[1:],
            samples,
            symbol=symbols,
            aux_note=notes,
            fs=analysis.record.sampling_rate,
            write_dir=str(file.parent),
        )


def _marks(analysis: Analysis) -> tuple[np.ndarray, list[str], list[str]]:
    """Return sample, symbol and note of every beat, in the order of time."""
    record = analysis.record
    ratios = np.minimum(analysis.scores / analysis.threshold, _LONGEST_NOTE)
    judged = [
        (
            time,
            verdict if verdict in _KNOWN else _UNKNOWN,
            f"{ratio:.1f} x threshold" if strange else "",
        )
        for time, verdict, ratio, strange in zip(
            np.asarray(record.times).tolist(),
            analysis.verdicts.tolist(),
            ratios.tolist(),
            analysis.is_strange.tolist(),
            strict=True,
        )
    ]
    aside = [
        (float(time), _SET_ASIDE, str(reason))
        for time, reason in zip(record.set_aside["time"], record.set_aside["reason"], strict=True)
        if 0 <= time <= record.duration
    ]
    marks = sorted([*judged, *aside])
    times = np.array([time for time, _, _ in marks])
    samples = np.round(times * record.sampling_rate).astype(np.int64)
    return samples, [symbol for _, symbol, _ in marks], [note for _, _, note in marks]
