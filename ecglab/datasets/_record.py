"""`read_record`: a continuous recording, cut into beats."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.datasets._edf import open_edf
from ecglab.datasets._fetch import EDF, find_recording
from ecglab.datasets._labels import UNLABELLED
from ecglab.datasets._leads import list_faults, read_lead_of, read_other_leads
from ecglab.datasets._raw import BeatMarks, RawLead
from ecglab.datasets._rpeaks import find_r_peaks, question_marks
from ecglab.datasets._signal import (
    Stretch,
    cut_beats,
    cut_out,
    normalise,
    rr_intervals,
)
from ecglab.datasets._signal_tables import open_table
from ecglab.datasets._wfdb import open_wfdb
from ecglab.errors import DatasetError
from ecglab.heartbeats import Heartbeats, read_only
from ecglab.reading import Reading

WINDOW = (-0.25, 0.45)
"""Seconds before and after the R peak: P wave, QRS complex and T wave at usual heart rates."""

RECORD_CLASSES: Mapping[int, str] = {
    1: "Normal, or conducted with a bundle branch block",
    3: "Ventricular ectopic beat",
    4: "Supraventricular ectopic beat",
    5: "Paced or unclassifiable beat",
    6: "Fusion of a ventricular and a normal beat",
}
"""The classes of ANSI/AAMI EC57, numbered like those of ECG5000 where these have the same."""

_SYMBOLS_OF_CLASSES = {1: "NLRBej", 3: "VEr", 4: "AaJSn", 5: "/fQ?", 6: "F"}
_LABELS = {symbol: label for label, symbols in _SYMBOLS_OF_CLASSES.items() for symbol in symbols}
_HIDES_A_BEAT = 0.1  # seconds
_OUTSIDE = "window reaches beyond the recording"
_RR_RANGE = (0.2, 4.0)  # seconds: 300 to 15 beats a minute, as a median over the recording
_FEWEST_FOR_RATE = 10  # beats, below which a median says nothing

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Record(Heartbeats):
    """The beats of one lead of one recording, with what was set aside of it.

    Parameters
    ----------
    set_aside : pandas.DataFrame
        The beats that are in the recording but not among `signals`: columns ``time`` (seconds of
        the R peak), ``symbol`` (annotation code, empty if there is none) and ``reason``.
    bad_stretches : pandas.DataFrame
        Stretches of the signal that no beat should be judged by: columns ``start``, ``stop``
        (seconds) and ``reason``.
    lead : str
        Name of the lead.
    sampling_rate : float
        Samples a second in the file.
    duration : float
        Length of the recording in seconds.
    window : tuple of float
        Where a beat begins and ends, in seconds from its R peak.
    amplitudes : ndarray of float32, shape (n_beats, n_samples, n_leads), optional
        The same beats in all leads that are an ECG, this one first, in the unit of the file and
        not standardised; `signals` alone, where they are left out.
    lead_names : tuple of str
        The names of these leads.
    read_again : callable, optional
        Reads these leads once more, as they are in the file, for those who want to see the signal
        itself. None if there is nothing to read from.

    See Also
    --------
    Heartbeats : Everything else.
    """

    _columns: ClassVar[tuple[str, ...]] = (*Heartbeats._columns, "amplitudes")

    set_aside: pd.DataFrame
    bad_stretches: pd.DataFrame
    lead: str
    sampling_rate: float
    duration: float
    window: tuple[float, float]
    amplitudes: npt.NDArray[np.float32] = None  # type: ignore[assignment]  # never None once built
    lead_names: tuple[str, ...] = ()
    read_again: Callable[[], Sequence[RawLead]] | None = None

    def __post_init__(self) -> None:
        """Check the arrays; what is left out of them is taken from the others."""
        super().__post_init__()
        given = self.signals[:, :, None] if self.amplitudes is None else self.amplitudes
        amplitudes = read_only(given, np.float32)
        if amplitudes.shape[:2] != self.signals.shape:
            raise ValueError(
                f"amplitudes has the shape {amplitudes.shape}, but the beats have "
                f"{self.signals.shape}: one more axis, of the leads, is needed."
            )
        object.__setattr__(self, "amplitudes", amplitudes)
        object.__setattr__(self, "lead_names", self.lead_names or (self.lead,))


def read_record(
    path: str | os.PathLike[str],
    *,
    lead: str | int | None = None,
    all_leads: bool = True,
    annotations: str | None = "auto",
    window: tuple[float, float] = WINDOW,
    n_samples: int = 140,
    sampling_rate: float | None = None,
    wander: float | None = 0.5,
    download_if_missing: bool = True,
) -> Record:
    """Read one lead of a continuous recording and cut it into beats.

    Parameters
    ----------
    path : path-like
        A WFDB record (``"folder/106"`` or ``"folder/106.hea"``), an EDF, EDF+ or BDF file, or a
        table of samples with one column a lead (``.csv``, ``.tsv``, ``.txt``, ``.npy``). A name
        such as ``"mitdb/106"`` is looked for in ``$ECGLAB_DATA_HOME`` and the user's cache, and
        then fetched from PhysioNet.
    lead : str or int, optional
        Name of the lead, or its position from 0. When left out: MLII, or else the first that is an
        ECG by its name, or else the only one of unknown name; it must also look like an ECG, with
        QRS complexes that are narrow and alike. A lead that is named is read in any case.
    all_leads : bool, default True
        Whether to cut the beats out of the other leads that are an ECG, too, for
        `Record.amplitudes`: `ecglab.recordings.analyse` looks at all there are. One that is named
        stays alone.
    annotations : str, optional
        Where the R peaks come from. "auto" takes the beat annotations if there are any (WFDB:
        ``.atr``, ``.ecg``, ``.qrs``; EDF+: texts that are PhysioNet's codes), and detects R peaks
        if there are none, or too few to be all beats. The extension of a WFDB annotation file takes
        that one. None always detects. A ``.qrs`` file says where beats are, not what they are.
    window : tuple of float, default (-0.25, 0.45)
        Where a beat begins and ends, in seconds from its R peak.
    n_samples : int, default 140
        Samples to resample each beat to, at least 20.
    sampling_rate : float, optional
        Samples a second. Needed for tables without a column of time; where a file says it, the two
        must agree.
    wander : float, optional
        Frequency in Hz below which the baseline is removed before beats are cut; None leaves the
        baseline as it is.
    download_if_missing : bool, default True
        Whether to fetch a PhysioNet name that is not on disk.

    Returns
    -------
    Record
        `Heartbeats` with `times`, `rr_intervals` and, if annotated, `symbols`; every beat with mean
        0 and sample standard deviation 1, as ECG5000's. RR intervals are those of the recording:
        a beat that was set aside counts. Labels are AAMI's classes, or "unlabelled" where R peaks
        were detected; `class_names` says what they mean, and `reading` what was decided, and why.

    Raises
    ------
    DatasetUnavailableError
        If a PhysioNet name is neither on disk nor can it be downloaded.
    DatasetError
        If the file is missing, damaged, shorter than its header says, or reaches for other files;
        if the lead is missing, or none is surely an ECG; if the sampling rate is impossible, or
        contradicts a column of time; if the annotations do not fit the signal; if there is no beat.
    ValueError
        If `window`, `n_samples` or `wander` makes no sense.

    Notes
    -----
    Stretches with missing samples, a flat line, saturation or gross noise are cut out before any
    filter, and beats that touch one are set aside with the reason, as are beats whose window
    reaches beyond the ends of the recording. Both are tables of the result. A column of a table
    that rises throughout is its time; where it leaps, samples are missing.

    R peaks are detected in all leads that are read. On the half of MIT-BIH's DS1 that the detector
    was not settled on, it finds 99.9 % of the beats, and 99.8 % of what it finds are beats; five
    detectors from other libraries make more errors (`benchmarks/record_detection.py`).

    References
    ----------
    G. B. Moody and R. G. Mark, "The impact of the MIT-BIH Arrhythmia Database", IEEE Engineering in
    Medicine and Biology Magazine 20(3) (2001) 45-50, doi 10.1109/51.932724.

    ANSI/AAMI EC57:2012, "Testing and reporting performance results of cardiac rhythm and ST segment
    measurement algorithms".

    Examples
    --------
    >>> record = read_record("mitdb/106")  # doctest: +SKIP
    >>> record.symbols[:3].tolist(), record.rr_intervals[1].round(2).tolist()  # doctest: +SKIP
    (['N', 'N', 'N'], [0.96, 1.11])
    """
    _check_cut(window, n_samples, wander)
    found = find_recording(path, download_if_missing=download_if_missing)
    raw, others = _read_leads(found, lead, annotations, sampling_rate, all_leads)
    provenance = {
        "reader": "ecglab.datasets.read_record",
        "file": found.name,
        "wander": str(wander),
        **raw.provenance,
    }
    # A PhysioNet name says more than a file name: it names the database, too.
    source = found.stem if found.suffix == ".hea" else found.name
    if found.suffix == ".hea" and found.parent.name:
        source = f"{found.parent.name}/{source}"
    insist = annotations not in ("auto", None)
    raw = replace(raw, provenance=provenance)
    record = cut_record(raw, window, n_samples, wander, source=source, insist=insist, others=others)
    again = partial(_read_again, found, lead, sampling_rate, all_leads)
    return replace(record, read_again=again)


def _read_again(
    path: Path, lead: str | int | None, sampling_rate: float | None, all_leads: bool
) -> list[RawLead]:
    """Read the leads of a record as they are in its file."""
    raw, others = _read_leads(path, lead, None, sampling_rate, all_leads)
    return [raw, *others]


def _read_leads(
    path: Path,
    lead: str | int | None,
    annotations: str | None,
    sampling_rate: float | None,
    all_leads: bool,
) -> tuple[RawLead, list[RawLead]]:
    """Read one lead of a recording and its marks, whatever kind of file it is, and the others."""
    try:
        if path.suffix == ".hea":
            signals = open_wfdb(path, annotations)
        elif path.suffix.lower() in EDF:
            signals = open_edf(path)
        else:
            signals = open_table(path, sampling_rate)
        raw = read_lead_of(signals, lead)
        beside = all_leads and lead is None
        others, faults = read_other_leads(signals, raw) if beside else ([], {})
        marks = signals.marks() if annotations is not None else None
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}.") from error
    stated = path.suffix == ".hea" or path.suffix.lower() in EDF  # of a table, see open_table
    if stated and sampling_rate is not None and sampling_rate != raw.rate:
        raise DatasetError(
            f"{path} states a sampling rate of {raw.rate:g} Hz, but {sampling_rate} was passed.",
            "Leave {} out, or correct the file.",
            "sampling_rate",
        )
    if faults:
        reading = raw.reading.with_decision(
            "leads left out", ", ".join(faults), list_faults(faults)
        )
        raw = replace(raw, reading=reading)
    return replace(raw, marks=marks), others


def cut_record(
    raw: RawLead,
    window: tuple[float, float] = WINDOW,
    n_samples: int = 140,
    wander: float | None = 0.5,
    *,
    source: str,
    insist: bool = False,
    others: Sequence[RawLead] = (),
) -> Record:
    """Cut a lead into beats, and `others` at the same places: what `read_record` does in the end.

    R peaks are detected where the lead has no marks, or too few and the caller does not `insist` on
    them. `DatasetError` if there is no beat, if the marks belong to another recording, or if there
    are so few in so long a time that the sampling rate must be wrong.
    """
    signal, stretches = cut_out(raw.values, raw.rate)
    marks, doubt = question_marks(raw, insist=insist)
    leads = [signal, *(cut_out(other.values, other.rate)[0] for other in others)]
    if marks is None:
        peaks = find_r_peaks(leads, raw.rate)
        names = " and ".join([raw.lead, *(other.lead for other in others)])
        marks = BeatMarks(peaks / raw.rate, None, origin=f"detected in {names}")
    _check_heart_rate(raw, marks)
    reasons = _reasons_to_set_aside(raw, marks.times, window, stretches)
    kept = np.flatnonzero(reasons == "")
    amplitudes = np.empty((len(kept), n_samples, len(leads)), dtype=np.float32)
    for n, lead in enumerate(leads):
        amplitudes[:, :, n] = cut_beats(
            lead, raw.rate, marks.times[kept], window, n_samples, wander
        )
    constant = ~(amplitudes[:, :, 0].std(axis=1) > 0)
    if constant.any():
        reasons[kept[constant]] = "flat line"
        kept, amplitudes = kept[~constant], amplitudes[~constant]
    if not len(kept):
        raise DatasetError(_no_beat(raw, marks, reasons))
    signals = normalise(amplitudes[:, :, 0])
    signals.flags.writeable = amplitudes.flags.writeable = False  # so that they need not be copied
    symbols = marks.symbols
    labels = [0] * len(kept) if symbols is None else [_LABELS[s] for s in symbols[kept].tolist()]
    record = Record(
        signals,
        np.array(labels),
        source=source,
        class_names=dict(UNLABELLED if symbols is None else RECORD_CLASSES),
        normal_label=0 if symbols is None else 1,
        provenance={**raw.provenance, "R peaks": marks.origin},
        times=marks.times[kept],
        symbols=None if symbols is None else symbols[kept],
        rr_intervals=_intervals(raw, marks, stretches)[kept],
        set_aside=_table_of(marks, reasons),
        bad_stretches=_table_of_stretches(stretches, raw.rate),
        lead=raw.lead,
        sampling_rate=raw.rate,
        duration=raw.duration,
        window=(float(window[0]), float(window[1])),
        amplitudes=amplitudes,
        lead_names=(raw.lead, *(other.lead for other in others)),
    )
    _log(raw, record)
    return replace(record, reading=_report(raw.reading, record, marks, doubt))


def _intervals(
    raw: RawLead, marks: BeatMarks, stretches: Sequence[Stretch]
) -> npt.NDArray[np.float64]:
    """Return the RR intervals; none across a stretch in which a beat may have gone undetected."""
    intervals = rr_intervals(marks.times)
    if marks is raw.marks:  # those of somebody who saw more than the signal
        return intervals
    for stretch in stretches:
        if stretch.stop - stretch.start > _HIDES_A_BEAT * raw.rate:
            after = int(np.searchsorted(marks.times, stretch.start / raw.rate))
            intervals[after : after + 1, 0] = intervals[max(after - 1, 0) : after, 1] = np.nan
    return intervals


def _report(reading: Reading, record: Record, marks: BeatMarks, doubt: str) -> Reading:
    """Add to what was decided about the file what was decided about its beats."""
    seconds = record.bad_stretches.assign(seconds=lambda x: x["stop"] - x["start"])
    bad = seconds.groupby("reason")["seconds"].sum().items()
    what, who = "none", "a detector says where a beat is, not what"
    if marks.symbols is not None:
        codes = pd.Series(marks.symbols).value_counts().items()
        what, who = ", ".join(f"{code} {count}" for code, count in codes), marks.origin
    return (
        reading.with_decision(
            "beats",
            f"{len(record)}, and {len(record.set_aside)} set aside",
            "; ".join(filter(None, [f"R peaks: {marks.origin}", doubt])),
        )
        .with_decision("label", what, who)
        .with_decision(
            "cut out",
            ", ".join(f"{why} {total:.3g} s" for why, total in bad) or "nothing",
            "before any filter",
        )
        .with_decision(
            "window",
            f"{record.window[0]:g} to {record.window[1]:g} s around the R peak",
            f"{record.n_samples} samples in each beat",
        )
    )


def _check_cut(window: tuple[float, float], n_samples: int, wander: float | None) -> None:
    """Refuse a window that holds no heartbeat, and a length that holds no QRS complex."""
    start, stop = window
    if not (-2 <= start < 0 < stop <= 2):
        raise ValueError(
            f"window must reach from before the R peak to after it, by at most 2 seconds each, as "
            f"{WINDOW}; not {window}."
        )
    if isinstance(n_samples, bool) or not isinstance(n_samples, int | np.integer):
        raise ValueError(f"n_samples must be a whole number, not {n_samples!r}.")
    if not 20 <= n_samples <= 10_000:
        raise ValueError(f"n_samples must lie between 20 and 10,000, not {n_samples}.")
    if wander is not None and not 0 < wander <= 5:
        raise ValueError(f"wander must be a frequency up to 5 Hz, or None, not {wander}.")


def _check_heart_rate(raw: RawLead, marks: BeatMarks) -> None:
    """Refuse a heart rate that no heart has: the sampling rate is not what the file says."""
    low, high = _RR_RANGE
    if len(marks.times) < _FEWEST_FOR_RATE:
        return
    median = float(np.median(np.diff(marks.times)))
    if not low <= median <= high:
        raise DatasetError(
            f"{raw.place}: the R peaks ({marks.origin}) lie {median:.3g} s apart, which is "
            f"{60 / max(median, 1e-9):.3g} beats a minute. The sampling rate, {raw.rate:g} Hz, is "
            "probably wrong, or the annotations belong to another recording."
        )


def _reasons_to_set_aside(
    raw: RawLead,
    times: npt.NDArray[np.float64],
    window: tuple[float, float],
    stretches: Sequence[Stretch],
) -> npt.NDArray[np.object_]:
    """Return for each beat why it cannot be used, or an empty string."""
    reasons = np.full(len(times), "", dtype=object)
    starts, stops = ((times + seconds) * raw.rate for seconds in window)
    for reason in dict.fromkeys(stretch.reason for stretch in stretches):
        bad = sorted((one.start, one.stop) for one in stretches if one.reason == reason)
        begins, ends = np.array([*bad, (np.inf, np.inf)]).T
        # A beat touches one if it touches the first that ends after the beat has begun.
        first = np.searchsorted(ends[:-1], starts, "right")
        touched = begins[first] < stops
        reasons[touched & (reasons == "")] = reason
    inside = (starts >= 0) & (stops <= len(raw.values) - 1)  # False for a time that is NaN
    reasons[~inside] = _OUTSIDE
    return reasons


def _no_beat(raw: RawLead, marks: BeatMarks, reasons: npt.NDArray[np.object_]) -> str:
    """Say why there is nothing to return."""
    if not len(marks.times):
        return (
            f"{raw.place}: no heartbeat was found in lead {raw.lead} ({marks.origin}). It may be "
            "another kind of signal: pass the name of another lead, or check the sampling rate."
        )
    return (
        f"{raw.place}: none of the {len(marks.times)} heartbeats in lead {raw.lead} can be used: "
        f"{_count(pd.Series(reasons))}. Try another lead."
    )


def _count(reasons: "pd.Series[str]") -> str:
    return ", ".join(f"{reason} ({count})" for reason, count in reasons.value_counts().items())


def _table_of(marks: BeatMarks, reasons: npt.NDArray[np.object_]) -> pd.DataFrame:
    """List the beats that are not used."""
    symbols = np.full(len(reasons), "") if marks.symbols is None else marks.symbols
    beats = {"time": marks.times, "symbol": symbols.astype(object), "reason": reasons}
    return pd.DataFrame(beats)[reasons != ""].reset_index(drop=True)


def _table_of_stretches(stretches: Sequence[Stretch], rate: float) -> pd.DataFrame:
    """List the bad stretches in the order of time."""
    rows = sorted((s.start / rate, s.stop / rate, s.reason) for s in stretches)
    return pd.DataFrame(rows, columns=["start", "stop", "reason"])


def _log(raw: RawLead, record: Record) -> None:
    """Say what was read, and what was set aside."""
    told = raw.place, raw.lead, raw.duration, raw.rate, len(record), record.provenance["R peaks"]
    _logger.info("%s: lead %s, %.0f s at %g Hz, %d beats (%s)", *told)
    aside = record.set_aside["reason"]
    if len(aside):
        # Nearly every recording begins or ends within a beat: that is nothing to warn of.
        level = logging.INFO if set(aside) == {_OUTSIDE} else logging.WARNING
        counts = raw.place, len(aside), len(record) + len(aside), _count(aside)
        _logger.log(level, "%s: %d of %d beats were set aside: %s.", *counts)
