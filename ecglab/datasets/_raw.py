"""What the readers of recordings hand on: the signals of a file, and one lead of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ecglab.errors import DatasetError
from ecglab.reading import Reading

BEAT_SYMBOLS = frozenset("NLRBejAaJSVrFEnfQ/?")
"""PhysioNet's codes for beats. All others mark something else: a change of rhythm ("+") or of
signal quality ("~"), an artefact ("|"), a note."""

_RATES = (50.0, 100_000.0)  # Hz; below, a QRS complex falls between the samples
_MOST_SAMPLES = 2**28  # of one lead: eight days at 360 Hz

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BeatMarks:
    """Where the beats of a recording are: seconds of the R peaks, in ascending order.

    `symbols` are their annotation codes, None where a detector found them; `origin` is the file or
    the detector that says so.
    """

    times: FloatArray
    symbols: npt.NDArray[np.str_] | None
    origin: str


class Samples(Protocol):
    """A signal that is asked for in slices: an array, or what works them out."""

    def __len__(self) -> int:
        """Return the number of samples."""

    def __getitem__(self, at: slice, /) -> FloatArray:
        """Return consecutive samples."""


@dataclass(frozen=True, eq=False)
class Stored:
    """A signal that is kept as its file has it: `read` returns samples from one up to another."""

    n_samples: int
    read: Callable[[int, int], FloatArray]

    def __len__(self) -> int:
        return self.n_samples

    def __getitem__(self, at: slice, /) -> FloatArray:
        start, stop, _ = at.indices(self.n_samples)
        return self.read(start, max(start, stop))


@dataclass(frozen=True, eq=False)
class RawLead:
    """One lead of a recording as it was in its file: NaN where the file has no sample."""

    place: str
    values: Samples
    rate: float
    lead: str
    marks: BeatMarks | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.values) / self.rate


@dataclass(frozen=True)
class Signals:
    """The signals of a file by name, each read when asked for, and the marks of its beats."""

    place: str
    names: tuple[str, ...]
    read: Callable[[int], RawLead]
    marks: Callable[[], BeatMarks | None] = lambda: None


def check_rate(place: str, rate: object) -> float:
    """Return a sampling rate that is possible, or say why it is not."""
    low, high = _RATES
    possible = isinstance(rate, int | float | np.number) and low <= float(rate) <= high
    if not possible:
        raise DatasetError(
            f"{place} has a sampling rate of {rate} Hz. Beats can be cut from {low:g} to "
            f"{high:,.0f} Hz; check the rate that the file states, or that you passed."
        )
    return float(rate)  # type: ignore[arg-type]


def check_length(place: str, n_samples: int) -> None:
    """Refuse a recording without a sample, and one that is too long."""
    if n_samples < 1:
        raise DatasetError(f"{place} holds no sample.")
    if n_samples > _MOST_SAMPLES:
        raise DatasetError(
            f"{place} has {n_samples:,} samples a lead, and {_MOST_SAMPLES:,} can be read at "
            "once. Cut the recording into parts, or find out whether its header is damaged."
        )
