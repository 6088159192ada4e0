"""Choosing a lead because it is an ECG: by what it is called, and by what it looks like."""

import logging
import re
from dataclasses import replace

import numpy as np

from ecglab.datasets._looks import glance
from ecglab.datasets._raw import RawLead, Signals
from ecglab.errors import DatasetError

__all__ = ["is_ecg_name", "is_other_name", "list_faults", "read_lead_of", "read_other_leads"]

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
