"""`make_record`: a simulated recording with annotations, for where no real one is at hand."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from ecglab.datasets._raw import BeatMarks, RawLead
from ecglab.datasets._record import Record, cut_record
from ecglab.datasets._simulator import RR, RR_BREATH, RR_SLOW, SHAPES, VARIATION
from ecglab.reading import Reading

FloatArray = npt.NDArray[np.float64]

SHARES: Mapping[str, float] = {"V": 0.08, "A": 0.02}
"""Share of ectopic beats by annotation code, unless others are asked for."""
SIMULATED_RATE = 360.0
"""Samples a second, unless others are asked for: as many as MIT-BIH has."""
_CLASSES = {"N": 1, "V": 3, "A": 4, "F": 3}  # of the simulated heartbeats
# What follows an early beat: the sinus node keeps its time where a ventricular beat has not reached
# it (a full pause), and begins anew where a supraventricular one has.
_PAUSES = {"V": (2.0, -1.0), "A": (1.05, 0.0)}  # constant, and slope over the coupling interval
_FUSION_COUPLING = 0.95  # a fusion beat begins just before the normal one would
_REACH = 0.65  # seconds from an R peak to where its waves have died away
_BREATHS, _SLOW = 0.25, 0.01  # Hz
_WANDER = ((0.07, 0.08), (0.21, 0.05), (0.33, 0.03))  # Hz, mV
_WHITE_NOISE = 0.012  # mV
_CHUNK = 1024  # beats whose samples are computed at a time


def make_record(
    minutes: float = 30.0,
    *,
    shares: Mapping[str, float] = SHARES,
    sampling_rate: float = SIMULATED_RATE,
    random_state: int | np.random.Generator | None = None,
) -> Record:
    """Simulate a recording with annotated beats, and cut it as `read_record` does.

    The beats are those of `make_heartbeats`: sums of Gaussian waves [1]_ whose heights and places
    vary from beat to beat. Here they follow each other in time: the RR interval swings with
    breathing and over minutes, a ventricular beat comes early and is followed by a full pause, a
    supraventricular one by a short pause, and a fusion beat, half-way between a normal and a
    ventricular one in shape, comes nearly on time. Baseline wander and noise are added.

    Parameters
    ----------
    minutes : float, default 30
        Length of the recording, from 0.1 to 1440.
    shares : mapping of str to float, default {"V": 0.08, "A": 0.02}
        Share of ectopic beats by annotation code: "V" (ventricular), "A" (supraventricular) and
        "F" (fusion). They add up to less than 1; all other beats are normal, "N".
    sampling_rate : float, default 360
        Samples a second, from 100 to 2000.
    random_state : int or numpy.random.Generator, optional
        The same int gives the same recording. A fresh seed is drawn when left out, and noted in the
        provenance.

    Returns
    -------
    Record
        As from `read_record`; its `source` is "simulated".

    Raises
    ------
    ValueError
        If an argument lies out of its range, or a code is not known.

    References
    ----------
    .. [1] McSharry, Clifford, Tarassenko and Smith (2003). A dynamical model for generating
       synthetic electrocardiogram signals. IEEE Transactions on Biomedical Engineering 50(3),
       289-294. https://doi.org/10.1109/TBME.2003.808805

    Examples
    --------
    >>> record = make_record(2, random_state=0)
    >>> record.symbols[:4].tolist()
    ['N', 'N', 'N', 'N']
    """
    if random_state is None:
        random_state = secrets.randbits(63)
    raw = simulate_lead(minutes, shares, sampling_rate, np.random.default_rng(random_state))
    provenance = {
        "simulator": "ecglab.datasets.make_record",
        "minutes": str(minutes),
        "shares": str(dict(shares)),
        "sampling_rate": str(sampling_rate),
        "random_state": str(random_state),
    }
    record = cut_record(replace(raw, provenance=provenance), source="simulated", insist=True)
    return replace(record, read_again=partial(list, (raw,)))


def simulate_lead(
    minutes: float, shares: Mapping[str, float], rate: float, rng: np.random.Generator
) -> RawLead:
    """Simulate one lead in mV and its annotations, as for `make_record`; `rng` is advanced."""
    _check(minutes, shares, rate)
    seconds = 60 * minutes
    n_beats = int(seconds / (RR * (1 - RR_SLOW - RR_BREATH) * 0.4)) + 2  # more than can fit
    codes = rng.choice([*shares, "N"], size=n_beats, p=[*shares.values(), 1 - sum(shares.values())])
    codes[:2] = "N"
    times = _place(codes, rng)
    inside = times < seconds - 1 / rate
    times, codes = np.round(times[inside] * rate) / rate, codes[inside]
    values = _draw_noise(round(seconds * rate), rate, rng)
    _add_beats(values, times, _draw_waves(codes, times, rng), rate)
    marks = BeatMarks(times, codes.astype(np.str_), origin="simulated")
    unit = Reading().with_decision("unit", "mV", "simulated so")
    return RawLead(
        "the simulated recording", values, float(rate), "MLII", marks=marks, reading=unit
    )


def _check(minutes: float, shares: Mapping[str, float], rate: float) -> None:
    """Refuse what cannot be simulated."""
    if not 0.1 <= minutes <= 1440:
        raise ValueError(f"minutes must lie between 0.1 and 1440, not {minutes}.")
    if not 100 <= rate <= 2000:
        raise ValueError(f"sampling_rate must lie between 100 and 2000 Hz, not {rate}.")
    unknown = sorted(set(shares) - {"V", "A", "F"})
    if unknown:
        raise ValueError(f'shares knows the codes "V", "A" and "F", not {unknown}.')
    if min(shares.values(), default=0) < 0 or sum(shares.values()) >= 1:
        raise ValueError(f"shares must be at least 0 and add up to less than 1, not {shares}.")


def _rhythm(times: FloatArray) -> FloatArray:
    """Return the RR interval that the sinus node keeps at these times."""
    slow, breath = (np.sin(2 * np.pi * hertz * times) for hertz in (_SLOW, _BREATHS))
    return RR * (1 + RR_SLOW * slow + RR_BREATH * breath)


def _place(codes: npt.NDArray[np.str_], rng: np.random.Generator) -> FloatArray:
    """Return the R peak of each beat, in seconds."""
    coupling = np.ones(len(codes))
    for code in ("V", "A"):
        early = codes == code
        usual = SHAPES[_CLASSES[code]].coupling
        coupling[early] = usual * np.exp(0.05 * rng.standard_normal(early.sum()))
    coupling[codes == "F"] = _FUSION_COUPLING
    intervals = coupling.copy()
    for code, (constant, slope) in _PAUSES.items():
        after = np.flatnonzero(codes[:-1] == code)
        intervals[after + 1] *= constant + slope * coupling[after]
    # The rhythm at the average pace is near enough to the rhythm at the beat's own time.
    paced = _rhythm(RR * np.arange(len(codes), dtype=np.float64))
    return 0.5 + np.cumsum(intervals * paced)


def _draw_waves(
    codes: npt.NDArray[np.str_], times: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Draw centre, width and amplitude of P, Q, R, S and T of each beat, (n_beats, 5, 3)."""
    shapes = [SHAPES[_CLASSES[code]] for code in codes.tolist()]
    waves = np.array([shape.waves for shape in shapes], dtype=np.float64)
    fusion = codes == "F"
    waves[fusion] = (waves[fusion] + np.array(SHAPES[_CLASSES["N"]].waves)) / 2
    spread = VARIATION * np.array([shape.variation for shape in shapes])[:, None, None]
    deviations = spread * rng.standard_normal(waves.shape)
    waves[..., 0] += deviations[..., 0] * waves[..., 1]
    waves[..., 1:] *= np.exp(deviations[..., 1:])
    waves[:, 2, 0] = 0.0  # the annotation stands on the peak
    waves[:, 4, :2] *= np.sqrt(_rhythm(times) / RR)[:, None]  # Bazett
    return waves


def _add_beats(values: FloatArray, times: FloatArray, waves: FloatArray, rate: float) -> None:
    """Add the waves of every beat to the signal."""
    reach = round(_REACH * rate)
    around = np.arange(-reach, reach + 1)
    for start in range(0, len(times), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        centre, width, amplitude = waves[chunk, :, :, None].transpose(2, 0, 1, 3)
        beats = sum(
            amplitude[:, wave]
            * np.exp(-0.5 * ((around / rate - centre[:, wave]) / width[:, wave]) ** 2)
            for wave in range(waves.shape[1])
        )
        places = np.round(times[chunk] * rate).astype(np.int64)[:, None] + around
        inside = (places >= 0) & (places < len(values))
        np.add.at(values, places[inside], np.asarray(beats)[inside])


def _draw_noise(n_samples: int, rate: float, rng: np.random.Generator) -> FloatArray:
    """Draw baseline wander and white noise."""
    seconds = np.arange(n_samples) / rate
    noise = _WHITE_NOISE * rng.standard_normal(n_samples)
    for hertz, millivolts in _WANDER:
        noise += millivolts * np.sin(2 * np.pi * (hertz * seconds + rng.random()))
    return noise
