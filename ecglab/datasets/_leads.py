"""Choosing a lead because it is an ECG: by what it is called, and by what it looks like.

QRS complexes are narrow, stand apart from each other, return to where they began, and share a
shape. Each of these tells an ECG from something else that beats: a pulse wave is wide, a sine or
an EEG never rests, a step does not return, bursts of muscle noise are never the same twice.
"""

import logging
import re
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ecglab.datasets._raw import RawLead, Samples, Signals
from ecglab.datasets._signal import cut_out, zero_phase
from ecglab.errors import DatasetError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_PREFERRED = "mlii"
_PREFIX = re.compile(r"^(ecg|ekg)[\s:_-]+")
_ECG = re.compile(r"ecg|ekg|electrocardiogra|elektrokardiogra")
_LEAD = re.compile(r"m?l?(i{1,3}|av[rlf]|v[1-9]r?)|v|mcl\d|m[lv]\d|c[mcsb]\d")
_BESIDE = {"lead", "leads", "mod", "raw", "clean", "filtered", "filt", "mv", "uv", "signal"}
# What is computed from an ECG is none, though it may say ECG: ECG_Rate, ECG_R_Peaks, ECG quality.
_DERIVED = re.compile(
    r"(r?peak|quality|phase|onset|offset|interval|status|impedance|label|event|marker|trigger|annot|"
    r"resp|temp|flag|derived|time|index|class|beat|heart).*|"
    r"rates?|hr|hrv|rr|rri|bpm|sqi|off|loff|id|edr|st"
)
_OTHER = re.compile(
    r"(resp|rsp|pleth|ppg|pcg|abp|nibp|ibp|cvp|pap|icp|eeg|eog|emg|eda|gsr|scr|scl|spo|sao|co2|etco|"
    r"temp|flow|acc|gyr|magn|pulse|status|event|marker|trigger|annot|label|target|class|glu|"
    r"press|fp[12z]|seismo|ballisto|phono|thorax|thor|abdo|snore|airflow|noise|quality|batt|"
    r"time|valid|flag).*|rates?|"
    r"art|bp|hr|hrv|rr|rri|bpm|ap|nn|bcg|scg|icg|mic|age|sex|id|sqi|counter|"
    r"(af|f|ft|fc|t|tp|c|cp|p|po|o)(z|\d{1,2})|[am][12]|imu|steps?"
)

_TOO_SHORT = 5.0  # seconds; a slow heart beats four times in it

_PIECE, _PIECES = 20.0, 12  # seconds that are looked at, so many times, evenly spread
_LEAST_READABLE = 0.5  # of a piece
_FEWEST_PEAKS, _FEWEST_VALUES = 4, 8  # in a piece; a marker or a trigger has two or three values
_QRS_BAND, _WIDE_BAND = (8.0, 25.0), (0.7, 40.0)  # Hz
_REFRACTORY = 0.2  # seconds
_LOW = 0.4  # of a high peak; T waves and noise lie below
_NOTHING = "it has no peaks that stand out"
_UNREADABLE = "it is flat or cannot be read, nearly everywhere"
# Settled on half of the DS1 records of MIT-BIH, both leads, and on simulated signals of other kinds
# (`tests/datasets/test_looks.py`). An ECG may be noisy for long: these passed in a third of their
# pieces or more, and the others in none.
_LEAST_GOOD = 0.25
_MOST_BUSY = 0.45  # of the time, half as high as a peak: ECG 0.1-0.4, noise and sines 0.6-1
_MOST_BESIDE = 0.37  # of a peak's height, at the quietest moment before and after: ECG 0.02-0.33
_LEAST_SHARP = 0.3  # of the swing is in the QRS band: ECG 0.35-0.8, pulse and pressure to 0.26
_MOST_STEP = 0.3  # of the swing remains after a peak: ECG 0-0.19, steps and saw teeth 0.35-1
_LEAST_ALIKE = 0.3  # of the others look like a peak, for half of the peaks
_ALIKE = 0.8  # correlation

_logger = logging.getLogger(__name__)


def is_ecg_name(name: str) -> bool:
    """Say whether a name is that of an ECG lead, wherever in it this stands."""
    words = _words(name)
    if any(_DERIVED.fullmatch(word) for word in words):
        return False
    rest = [word for word in words if word not in _BESIDE]
    return bool(_ECG.search(name.casefold())) or bool(rest and _LEAD.fullmatch(rest[0]))


def is_other_name(name: str) -> bool:
    """Say whether a name is that of something else than an ECG."""
    if is_ecg_name(name):
        return False
    says_ecg = bool(_ECG.search(name.casefold()))  # and more: it was derived from one
    return says_ecg or any(_OTHER.fullmatch(word) for word in _words(name))


def _words(name: str) -> list[str]:
    """Split a name into words, each with the digits that follow it."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", name).casefold()
    return re.findall(r"[^\W\d_]+\d*|\d+", apart)


def read_lead_of(signals: Signals, lead: str | int | None) -> RawLead:
    """Read the lead that the caller names, or the one that is an ECG.

    That is MLII, or else the first that is an ECG by its name and looks like one, or else the only
    one whose name says nothing and that looks like one. `DatasetError` if there is no such lead;
    the message lists those there are.
    """
    if lead is not None:
        return _named(signals, lead)
    names = signals.names
    by_name = [n for n, name in enumerate(names) if is_ecg_name(name)]
    by_name.sort(key=lambda n: _bare(names[n]) != _PREFERRED)
    faults: dict[str, str] = {}
    for position in by_name:
        raw = signals.read(position)
        fault = glance(raw.values, raw.rate).fault
        if fault and raw.duration < _TOO_SHORT:
            return _decided(raw, f"an ECG by its name; too short to tell by its looks ({fault})")
        if not fault:
            for name, why in faults.items():
                _logger.warning("%s: %s is passed over: %s.", signals.place, name, why)
            instead = f"; passed over: {list_faults(faults)}" if faults else ""
            return _decided(raw, f"an ECG by its name, and looks like one{instead}")
        faults[names[position]] = fault
    if by_name:
        raise _refuse(signals, f"{list_faults(faults)}, by its name only")
    return _by_looks(signals)


def read_other_leads(signals: Signals, chosen: RawLead) -> tuple[list[RawLead], dict[str, str]]:
    """Read the leads beside the one that was chosen: ECGs by their names, and by their looks.

    Returns them, and for each lead that is left out what is wrong with it.
    """
    others, faults = [], {}
    for position, name in enumerate(signals.names):
        if name == chosen.lead or not is_ecg_name(name):
            continue
        raw = signals.read(position)
        if (raw.rate, len(raw.values)) != (chosen.rate, len(chosen.values)):
            faults[name] = "it has another sampling rate or length"
        elif fault := glance(raw.values, raw.rate).fault:
            faults[name] = fault
        else:
            others.append(raw)
    return others, faults


def _by_looks(signals: Signals) -> RawLead:
    """Take the only lead that looks like an ECG, of those whose names do not say what they are."""
    unknown = [n for n, name in enumerate(signals.names) if not is_other_name(name)]
    alike: list[RawLead] = []
    faults: dict[str, str] = {}
    for position in unknown:
        raw = signals.read(position)
        if fault := glance(raw.values, raw.rate).fault:
            faults[signals.names[position]] = fault
        else:
            alike.append(raw)
    if len(alike) > 1:
        raise _refuse(signals, "several look like one")
    if not alike:
        raise _refuse(signals, list_faults(faults) if faults else "none can be one")
    return _decided(alike[0], "the only one that looks like an ECG", assumed=len(signals.names) > 1)


def _named(signals: Signals, lead: str | int) -> RawLead:
    """Read the lead that the caller names; he may know better what it is."""
    raw = signals.read(_find(signals, lead))
    fault = glance(raw.values, raw.rate).fault
    if fault:
        _logger.warning("%s: %s does not look like an ECG: %s.", signals.place, raw.lead, fault)
    looks = f", though it does not look like an ECG: {fault}" if fault else ""
    return _decided(raw, f"named by the caller{looks}")


def _find(signals: Signals, lead: str | int) -> int:
    """Find a lead by its name (case does not matter, nor does "ECG" before it) or position."""
    listed = ", ".join(signals.names)
    if isinstance(lead, int | np.integer) and not isinstance(lead, bool):
        if not 0 <= lead < len(signals.names):
            raise DatasetError(
                f"{signals.place} has no lead number {lead}. Its signals are: {listed}."
            )
        return int(lead)
    bare = [_bare(name) for name in signals.names]
    if _bare(str(lead)) not in bare:
        raise DatasetError(f"{signals.place} has no lead {lead!r}. Its signals are: {listed}.")
    return bare.index(_bare(str(lead)))


def _bare(name: str) -> str:
    return _PREFIX.sub("", name.strip().casefold())


def _decided(raw: RawLead, why: str, *, assumed: bool = False) -> RawLead:
    return replace(raw, reading=raw.reading.with_decision("lead", raw.lead, why, assumed=assumed))


def list_faults(faults: dict[str, str]) -> str:
    """Name leads with what is wrong with each."""
    return "; ".join(f"{name}: {fault}" for name, fault in faults.items())


def _refuse(signals: Signals, why: str) -> DatasetError:
    return DatasetError(
        f"{signals.place}: no lead is surely an ECG ({why}). Its signals are: "
        f"{', '.join(signals.names) or 'none at all'}. Pass the name of the one to read as lead, "
        "or check the sampling rate."
    )


# Looks


@dataclass(frozen=True)
class Glance:
    """What a few pieces of a signal show: their spans and the peaks in them, in seconds.

    `fault` says why it does not look like an ECG; empty if it does.
    """

    spans: tuple[tuple[float, float], ...]
    peaks: FloatArray
    fault: str


def glance(values: Samples, rate: float) -> Glance:
    """Look at a few pieces of a signal, which may have gaps."""
    size = min(len(values), round(_PIECE * rate))
    n_pieces = min(_PIECES, len(values) // size)  # which do not overlap
    starts = np.linspace(0, len(values) - size, n_pieces).astype(int)
    spans, peaks, faults = [], [], []
    for start in starts.tolist():
        signal, _ = cut_out(values[start : start + size], rate)
        piece = signal.known(slice(None))
        if np.isnan(piece).mean() > 1 - _LEAST_READABLE:
            continue
        if len(np.unique(piece)) < _FEWEST_VALUES or len(piece) < rate:
            continue
        places, features = _look(signal[:], rate)
        spans.append((start / rate, (start + size) / rate))
        peaks.append((start + places) / rate)
        faults.append(_judge(features) if len(places) >= _FEWEST_PEAKS else _NOTHING)
    usual = max(faults, key=faults.count, default=_UNREADABLE)
    enough = max(1.0, _LEAST_GOOD * len(faults), min(2, len(faults) - 1))
    fault = "" if faults.count("") >= enough else usual or _NOTHING
    return Glance(tuple(spans), np.concatenate([*peaks, []]), fault)


def _judge(features: FloatArray) -> str:
    """Say why a piece of a signal is no ECG."""
    busy, beside, sharp, step, alike = features.tolist()
    if busy > _MOST_BUSY or beside > _MOST_BESIDE:
        return "it never rests between its peaks"
    if sharp < _LEAST_SHARP:
        return "its peaks are wider than QRS complexes"
    if step > _MOST_STEP:
        return "it moves in steps"
    if alike < _LEAST_ALIKE:
        return "its peaks do not share a shape"
    return ""


def _look(values: FloatArray, rate: float) -> tuple[IntArray, FloatArray]:
    """Find what may be QRS complexes in a piece, and say how busy, sharp, stepped, alike."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    band, wide = (
        zero_phase(values, rate, "bandpass", (low, min(high, 0.45 * rate)), order=2)
        for low, high in (_QRS_BAND, _WIDE_BAND)
    )
    power = uniform_filter1d(np.square(band), max(1, round(0.08 * rate)))
    height = np.sqrt(np.maximum(power, 0))
    highest = maximum_filter1d(height, 2 * round(_REFRACTORY * rate) + 1)
    summits = (height == highest) & (height > _LOW / 2 * np.quantile(height, 0.98))
    edge = round(0.3 * rate)
    peaks = np.flatnonzero(summits[edge:-edge]) + edge
    if len(peaks):
        peaks = peaks[height[peaks] > _LOW * np.quantile(height[peaks], 0.75)]
    if len(peaks) < _FEWEST_PEAKS:
        return peaks, np.zeros(5)
    narrow = np.ptp(band[_around(peaks, -0.1, 0.1, rate)], axis=1)
    broad = np.ptp(wide[_around(peaks, -0.25, 0.25, rate)], axis=1)
    before, after = (
        np.median(values[_around(peaks, *span, rate)], axis=1)
        for span in ((-0.14, -0.08), (0.08, 0.14))
    )
    swing = np.ptp(values[_around(peaks, -0.12, 0.12, rate)], axis=1)
    left, right = (
        height[_around(peaks, *span, rate)].min(axis=1) for span in ((-0.25, -0.1), (0.1, 0.25))
    )
    beside = np.median(np.maximum(left, right) / height[peaks])
    busy = float((height > np.median(height[peaks]) / 2).mean())
    with np.errstate(divide="ignore", invalid="ignore"):
        sharp = np.median(np.nan_to_num(narrow / broad))
        step = np.median(np.nan_to_num(np.abs(before - after) / swing, nan=1.0, posinf=1.0))
    return peaks, np.array([busy, beside, sharp, step, _share_alike(wide, peaks, rate)])


def _share_alike(values: FloatArray, peaks: IntArray, rate: float) -> float:
    """Return which share of the other peaks looks like a peak, for the median peak."""
    fixed = _unit(values[_around(peaks, -0.12, 0.12, rate)])
    best = np.full((len(peaks), len(peaks)), -1.0)
    for shift in np.linspace(-0.04, 0.04, 17):  # the summits are not on the very same wave
        moved = _unit(values[_around(peaks, shift - 0.12, shift + 0.12, rate)])
        best = np.maximum(best, fixed @ moved[:, : fixed.shape[1]].T)
    np.fill_diagonal(best, 0)
    return float(np.median((np.maximum(best, best.T) > _ALIKE).sum(axis=1) / (len(peaks) - 1)))


def _around(peaks: IntArray, start: float, stop: float, rate: float) -> IntArray:
    """Return the samples from `start` to `stop` seconds around each peak, (n_peaks, n_samples)."""
    first = round(start * rate)
    return np.asarray(peaks[:, None] + first + np.arange(round((stop - start) * rate) + 1))


def _unit(rows: FloatArray) -> FloatArray:
    """Give every row mean 0 and length 1."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-300))
