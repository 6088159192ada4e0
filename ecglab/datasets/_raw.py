"""What the readers of recordings hand on: one lead, with the beats that came annotated."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab.errors import DatasetError

__all__ = [
    "BEAT_SYMBOLS",
    "BeatMarks",
    "RawLead",
    "check_length",
    "check_rate",
    "choose_lead",
    "import_reader",
    "sha256_of",
]

BEAT_SYMBOLS = frozenset("NLRBejAaJSVrFEnfQ/?")
"""PhysioNet's codes for beats. All others mark something else: a change of rhythm ("+") or of
signal quality ("~"), an artefact ("|"), a note."""

_RATES = (50.0, 100_000.0)  # Hz; below, a QRS complex falls between the samples
_MOST_SAMPLES = 2**28  # of one lead: 2 GiB as float64, eight days at 360 Hz
_PREFERRED = "MLII"
_PREFIX = re.compile(r"^(ecg|ekg)[\s:_-]+", re.IGNORECASE)
_ECG_NAME = re.compile(
    r"(ml?|mod\.?\s*)?(i{1,3}|av[rlf]|v[1-9]r?|v)([+-].*)?|mcl\s?\d|c[mcsb]\d|d[1-4]|[exyz]s?|"
    r".*\b(ecg|ekg)\d*\b.*",
    re.IGNORECASE,
)
_OTHER_NAME = re.compile(
    r".*(resp|pleth|ppg|abp|art|bp|cvp|pap|icp|eeg|eog|emg|eda|gsr|spo2|sao2|co2|temp|flow|"
    r"acc|gyro|pulse|status|event|annotation).*",
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False)
class BeatMarks:
    """Where the beats of a recording are.

    Parameters
    ----------
    times : ndarray of float64, shape (n_marks,)
        Seconds of the R peaks, in ascending order.
    symbols : ndarray of str, shape (n_marks,), or None
        The annotation code of each; None where a detector found them.
    origin : str
        Who says so: a file, or the detector.
    """

    times: npt.NDArray[np.float64]
    symbols: npt.NDArray[np.str_] | None
    origin: str


@dataclass(frozen=True, eq=False)
class RawLead:
    """One lead of a recording as it was in its file.

    Parameters
    ----------
    place : str
        What an error calls the file.
    values : ndarray of float64, shape (n_samples,)
        The signal; NaN where the file has no sample.
    rate : float
        Samples a second.
    lead : str
        Name of the lead.
    limits : tuple of float, optional
        Lowest and highest value that the recorder can store, where that is known.
    marks : BeatMarks, optional
        The annotated beats, where there are any.
    provenance : mapping of str to str
        Files and checksums.
    """

    place: str
    values: npt.NDArray[np.float64]
    rate: float
    lead: str
    limits: tuple[float, float] | None = None
    marks: BeatMarks | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.values) / self.rate


def choose_lead(place: str, names: Sequence[str], lead: str | int | None) -> int:
    """Find a lead by its name or position, or choose one.

    Parameters
    ----------
    place : str
        What an error calls the file.
    names : sequence of str
        The signals in the file.
    lead : str, int or None
        A name (case does not matter, nor does "ECG" before it) or a position from 0. None takes
        MLII, or else the first signal that is an ECG by its name, or else the first whose name
        says nothing.

    Returns
    -------
    int
        Position of the lead.

    Raises
    ------
    DatasetError
        If there is no such lead, or none that can be an ECG. The message lists the signals.
    """
    listed = ", ".join(names) if names else "none at all"
    bare = [_PREFIX.sub("", name.strip()).casefold() for name in names]
    if isinstance(lead, int | np.integer) and not isinstance(lead, bool):
        if not 0 <= lead < len(names):
            raise DatasetError(f"{place} has no lead number {lead}. Its signals are: {listed}.")
        return int(lead)
    if lead is not None:
        wanted = _PREFIX.sub("", str(lead).strip()).casefold()
        if wanted not in bare:
            raise DatasetError(f"{place} has no lead {lead!r}. Its signals are: {listed}.")
        return bare.index(wanted)
    if _PREFERRED.casefold() in bare:
        return bare.index(_PREFERRED.casefold())
    for fits in (_ECG_NAME.fullmatch, lambda name: not _OTHER_NAME.fullmatch(name)):
        for position, name in enumerate(names):
            if fits(name.strip()):
                return position
    raise DatasetError(
        f"{place} has no lead that is an ECG by its name. Its signals are: {listed}. "
        "Pass the name of the one to read as lead."
    )


def check_rate(place: str, rate: float) -> float:
    """Return a sampling rate that is possible, or say why it is not.

    Parameters
    ----------
    place : str
        What an error calls the file.
    rate : float
        Samples a second.

    Returns
    -------
    float
        The same.

    Raises
    ------
    DatasetError
        If it is not a number from 50 to 100,000.
    """
    low, high = _RATES
    if not (isinstance(rate, int | float | np.number) and low <= float(rate) <= high):
        raise DatasetError(
            f"{place} has a sampling rate of {rate} Hz. Beats can be cut from {low:g} to "
            f"{high:,.0f} Hz; check the rate that the file states, or that you passed."
        )
    return float(rate)


def check_length(place: str, n_samples: int) -> None:
    """Refuse a recording without a sample, and one that cannot be held in memory.

    Parameters
    ----------
    place : str
        What an error calls the file.
    n_samples : int
        Samples of one lead.

    Raises
    ------
    DatasetError
        If there is none, or there are more than 2**28.
    """
    if n_samples < 1:
        raise DatasetError(f"{place} holds no sample.")
    if n_samples > _MOST_SAMPLES:
        raise DatasetError(
            f"{place} has {n_samples:,} samples a lead, and {_MOST_SAMPLES:,} can be read at "
            "once. Cut the recording into parts, or find out whether its header is damaged."
        )


def import_reader(name: str) -> Any:
    """Import a library that only those need who read recordings.

    Parameters
    ----------
    name : str
        The module.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If it is not installed. The message says how to install it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"reading recordings needs {error.name!r}, which is not installed. "
            "Install it with: pip install 'ecglab[records]'"
        ) from error


def sha256_of(path: Path) -> str:
    """Return the checksum of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
