"""`make_heartbeats`: a simulator of ECG5000's shape, for where the real record is not at hand."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab.heartbeats import NORMAL_LABEL, Heartbeats

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
Wave = tuple[float, float, float]

ECG5000_COUNTS: Mapping[str, Mapping[int, int]] = {
    "train": {1: 292, 2: 177, 3: 10, 4: 19, 5: 2},
    "test": {1: 2627, 2: 1590, 3: 86, 4: 175, 5: 22},
}
MIN_SAMPLES = 20  # with fewer, the QRS complex of a normal beat falls between two samples


@dataclass(frozen=True)
class BeatShape:
    """How the beats of one class look at 75 beats a minute, and how much they vary.

    A wave is a Gaussian: (centre in seconds from the peak of the QRS complex, width as a standard
    deviation in seconds, amplitude in mV).
    """

    p: Wave
    q: Wave
    r: Wave
    s: Wave
    t: Wave
    coupling: float  # interval from the beat before, as a fraction of the rhythm's RR interval
    variation: float = 1.0  # of the waves from beat to beat, in units of a normal beat's
    noise: float = 1.0  # in units of a normal beat's
    blend_with: int = NORMAL_LABEL  # the class towards which single beats shade ...
    blend: tuple[float, float] = (0.0, 0.0)  # ... from how far to how far (0 not at all, 1 fully)

    @property
    def waves(self) -> tuple[Wave, ...]:
        """The five waves, in the order of time."""
        return self.p, self.q, self.r, self.s, self.t


_NORMAL = BeatShape(
    p=(-0.160, 0.022, 0.16),
    q=(-0.028, 0.010, -0.12),
    r=(0.000, 0.012, 1.10),
    s=(0.030, 0.011, -0.28),
    t=(0.270, 0.045, 0.32),
    coupling=1.0,
)

# Standardising divides the large ventricular complexes, and their noise with them, by more than it
# does normal beats; without a higher `noise`, a noise level alone would tell the classes apart.
SHAPES: Mapping[int, BeatShape] = {
    1: _NORMAL,
    # R-on-T PVC: no P wave; a wide, tall QRS complex that begins on the T wave of the beat before;
    # ST segment and T wave point the other way (discordant).
    2: BeatShape(
        p=(-0.160, 0.022, 0.0),
        q=(-0.085, 0.020, 0.0),
        r=(0.000, 0.034, 1.50),
        s=(0.090, 0.030, -0.40),
        t=(0.320, 0.055, -0.55),
        coupling=0.50,
        variation=2.0,
        noise=1.8,
    ),
    # PVC from another focus, later: no P wave; a wide, bizarre complex, mainly negative, with a
    # small wave before (in the place of q) and a notch behind it; discordant T, here upright.
    3: BeatShape(
        p=(-0.160, 0.022, 0.0),
        q=(-0.055, 0.018, 0.25),
        r=(0.000, 0.038, -1.40),
        s=(0.085, 0.026, -0.55),
        t=(0.330, 0.055, 0.50),
        coupling=0.70,
        variation=4.0,
        noise=1.8,
    ),
    # Supraventricular premature beat: the ventricles are excited as usual, so QRS and T are nearly
    # normal; P is inverted and late. The nearer its focus lies to the sinus node, the more normal.
    4: BeatShape(
        p=(-0.120, 0.020, -0.12),
        q=(-0.028, 0.010, -0.14),
        r=(0.000, 0.012, 1.00),
        s=(0.030, 0.012, -0.40),
        t=(0.260, 0.045, 0.20),
        coupling=0.68,
        variation=1.5,
        blend_with=1,
        blend=(0.0, 0.6),
    ),
    # Unclassified: anything between a normal beat and a PVC (fusion beats), under heavy noise.
    5: replace(_NORMAL, coupling=0.90, variation=3.0, noise=2.0, blend_with=2, blend=(0.0, 0.9)),
}

RR = 0.8  # mean RR interval in seconds
CUT = (-0.4, 0.6)  # a beat reaches from here to there around its R peak, in local RR intervals
RR_SLOW, T_SLOW = 0.10, 0.30  # relative swing of RR and of the T wave over the day
RR_BREATH, QRS_BREATH = 0.03, 0.12  # relative swing of RR and of the QRS complex with breathing
# What is left is independent from beat to beat (sd): centres relative to the width of their wave,
# widths, amplitudes and coupling interval relative to themselves.
VARIATION = np.array([0.12, 0.05, 0.05], dtype=np.float32)
COUPLING_VARIATION = 0.03
# Noise: sinusoids, from slow baseline wander to the 44 Hz at which a monitor's filter cuts off
# (cycles a beat), whose amplitude falls with frequency; the electronics' white noise is added.
NOISE_FREQUENCIES = np.array([0.25, 0.5, *range(1, 36)])
NOISE_AMPLITUDE, NOISE_EXPONENT, WHITE_NOISE = 0.0145, -0.6, 0.010  # mV, -, mV
NOISE_VARIATION = 0.45  # sd of the logarithm of the noise level from beat to beat


def make_heartbeats(
    n_beats: int | None = None,
    *,
    class_counts: Mapping[str, Mapping[int, int]] | None = None,
    n_samples: int = 140,
    random_state: int | np.random.Generator | None = None,
) -> Heartbeats:
    """Simulate heartbeats of the shape of ECG5000: five classes, two parts, standardised beats.

    Each beat is a sum of Gaussian P, Q, R, S and T waves [1]_ and the T wave of the beat before.
    Heart rate and breathing vary over the simulated record: the T wave moves with the square root
    of the RR interval (Bazett), the QRS complex grows and shrinks with each breath. Normal beats
    therefore lie near a low-dimensional manifold, and many have a near-twin, as in a real record.
    Baseline wander and noise are added. A beat is cut around its R peak in units of the mean of
    the RR intervals before and after; since a pause makes up for an early beat, prematurity shows
    only where the T wave before comes into view, and some beats of class 4 pass for normal.

    The beats resemble no particular person: use them to learn and to test, not to report results.

    Parameters
    ----------
    n_beats : int, optional
        Number of beats in all, shared out in ECG5000's proportions over classes and parts.
        ECG5000's own 5000 when neither `n_beats` nor `class_counts` is given.
    class_counts : mapping of str to mapping of int to int, optional
        Instead of `n_beats`, the beats of each class in each part, as
        ``{"train": {1: 300}, "test": {1: 100, 4: 20}}``; what is left out counts 0.
    n_samples : int, default 140
        Samples in each beat, at least 20.
    random_state : int or numpy.random.Generator, optional
        The same int gives the same beats to the bit (with the same NumPy on the same kind of
        machine). A generator is used, and advanced. When left out, a fresh seed is drawn and
        noted in the provenance.

    Returns
    -------
    Heartbeats
        Float32 signals with mean 0 and sample standard deviation 1 a beat. In the order of the
        official archive: the training part sorted by class; in the test part the normal beats
        first, then the others at random.

    Raises
    ------
    ValueError
        If a number is too small, a part or class unknown, or both `n_beats` and `class_counts`
        are given.

    References
    ----------
    .. [1] McSharry, Clifford, Tarassenko and Smith (2003). A dynamical model for generating
       synthetic electrocardiogram signals. IEEE Transactions on Biomedical Engineering 50(3),
       289-294. https://doi.org/10.1109/TBME.2003.808805

    Examples
    --------
    >>> from ecglab.datasets import make_heartbeats
    >>> make_heartbeats(random_state=0)
    Heartbeats(5000 beats x 140 samples, 2081 anomalies, source='simulated')
    >>> make_heartbeats(class_counts={"test": {1: 3, 2: 1}}, random_state=0).labels.tolist()
    [1, 1, 1, 2]
    """
    counts = _choose_counts(n_beats, class_counts)
    _check_whole("n_samples", n_samples, at_least=MIN_SAMPLES)
    if random_state is None:
        random_state = secrets.randbits(63)
    provenance = {
        "simulator": "ecglab.datasets.make_heartbeats",
        "n_beats": str(n_beats),
        "class_counts": str(class_counts),
        "n_samples": str(n_samples),
        "random_state": str(random_state),
    }
    rng = np.random.default_rng(random_state)
    labels, split = _lay_out(counts, rng)
    signals = _simulate(labels, n_samples, rng)
    return Heartbeats(signals, labels, split, source="simulated", provenance=provenance)


def _check_whole(name: str, value: Any, at_least: int) -> None:
    """Raise unless `value` is a whole number that is large enough."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < at_least:
        raise ValueError(f"{name} must be a whole number, at least {at_least}, not {value!r}.")


def _choose_counts(
    n_beats: int | None, class_counts: Mapping[str, Mapping[int, int]] | None
) -> Mapping[str, Mapping[int, int]]:
    """Return the beats of each class in each part: as asked, or in ECG5000's proportions."""
    if class_counts is None:
        return ECG5000_COUNTS if n_beats is None else _share_out(n_beats)
    if n_beats is not None:
        raise ValueError(
            "n_beats and class_counts both say how many beats to make. Pass one of them."
        )
    for part, classes in class_counts.items():
        if part not in ECG5000_COUNTS:
            raise ValueError(f'class_counts has parts "train" and "test" only, not {part!r}.')
        for label, count in classes.items():
            if label not in SHAPES:
                raise ValueError(f"There is no class {label!r} to simulate; use {sorted(SHAPES)}.")
            _check_whole(f'class_counts["{part}"][{label}]', count, at_least=0)
    if sum(sum(classes.values()) for classes in class_counts.values()) == 0:
        raise ValueError("class_counts asks for no beat at all. Give one class at least 1.")
    return class_counts


def _share_out(n_beats: int) -> Mapping[str, Mapping[int, int]]:
    """Share beats out over parts and classes by largest remainder, so that they add up."""
    _check_whole("n_beats", n_beats, at_least=1)
    cells = [(part, label) for part, classes in ECG5000_COUNTS.items() for label in classes]
    weights = [ECG5000_COUNTS[part][label] for part, label in cells]
    shares, remainders = np.divmod(np.array(weights) * int(n_beats), sum(weights))
    missing = int(n_beats - shares.sum())
    shares[np.argsort(-remainders, kind="stable")[:missing]] += 1
    counts: dict[str, dict[int, int]] = {part: {} for part in ECG5000_COUNTS}
    for (part, label), share in zip(cells, shares.tolist(), strict=True):
        counts[part][label] = share
    return counts


def _lay_out(
    counts: Mapping[str, Mapping[int, int]], rng: np.random.Generator
) -> tuple[IntArray, npt.NDArray[np.str_]]:
    """Return labels and parts in the official archive's order."""
    train, test = (
        np.repeat(sorted(SHAPES), [counts.get(part, {}).get(label, 0) for label in sorted(SHAPES)])
        for part in ("train", "test")
    )
    rng.shuffle(test[np.searchsorted(test, NORMAL_LABEL, side="right") :])
    split = np.repeat(["train", "test"], [len(train), len(test)])
    return np.concatenate([train, test]), split


def _simulate(labels: IntArray, n_samples: int, rng: np.random.Generator) -> FloatArray:
    """Draw one standardised beat for each label, shape (n_beats, n_samples)."""
    # The beats kept are a sample of a long record, so each falls at any hour and any moment of a
    # breath; these two phases are the manifold that the normal beats lie on.
    slow, breath = np.sin(2 * np.pi * rng.random((2, len(labels)), dtype=np.float32))
    rr = RR * (1 + RR_SLOW * slow + RR_BREATH * breath)
    waves = _draw_waves(labels, rr, slow, breath, rng)
    time = np.linspace(*CUT, n_samples, dtype=np.float32) * rr[:, None]
    signals = _draw_noise(labels, n_samples, rng)
    for wave in range(waves.shape[1]):
        centre, width, amplitude = waves[:, wave, :, None].transpose(1, 0, 2)
        bump = (time - centre) / (width * np.float32(np.sqrt(2)))
        np.exp(-np.square(bump, out=bump), out=bump)
        bump *= amplitude
        signals += bump
    signals -= signals.mean(axis=1, keepdims=True)
    signals /= signals.std(axis=1, ddof=1, keepdims=True)
    return signals


def _look_up(name: str, labels: IntArray) -> FloatArray:
    """Return one column of the table of shapes, an entry for each beat."""
    column = np.array([getattr(SHAPES[label], name) for label in sorted(SHAPES)], dtype=np.float32)
    return column[labels - 1]  # the classes are numbered 1, 2, ... without a gap


def _draw_waves(
    labels: IntArray, rr: FloatArray, slow: FloatArray, breath: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Draw centre, width and amplitude of P, Q, R, S, T and the T before, (n_beats, 6, 3)."""
    n_beats = len(labels)
    waves, coupling = _look_up("waves", labels), _look_up("coupling", labels)
    blend_with = _look_up("blend_with", labels).astype(np.int64)
    least, most = _look_up("blend", labels).T
    blend = least + (most - least) * rng.random(n_beats, dtype=np.float32)
    waves += blend[:, None, None] * (_look_up("waves", blend_with) - waves)
    coupling += blend * (_look_up("coupling", blend_with) - coupling)

    variation = _look_up("variation", labels)
    deviations = VARIATION * variation[:, None, None]
    deviations = deviations * rng.standard_normal(waves.shape, dtype=np.float32)
    waves[..., 0] += deviations[..., 0] * waves[..., 1]
    waves[..., 1:] *= np.exp(deviations[..., 1:])
    waves[:, 1:4, 2] *= 1 + QRS_BREATH * breath[:, None]
    coupling *= 1 + COUPLING_VARIATION * variation * rng.standard_normal(n_beats, dtype=np.float32)

    # The beat before is a normal one; its T wave lies one coupling interval earlier.
    t_before = np.tile(np.array(SHAPES[NORMAL_LABEL].t, dtype=np.float32), (n_beats, 1))
    t_waves = np.stack([waves[:, 4], t_before], axis=1)
    t_waves[..., :2] *= np.sqrt(rr / RR)[:, None, None]
    t_waves[..., 2] *= 1 + T_SLOW * slow[:, None]
    t_waves[:, 1, 0] -= coupling * rr
    return np.concatenate([waves[:, :4], t_waves], axis=1)


def _draw_noise(labels: IntArray, n_samples: int, rng: np.random.Generator) -> FloatArray:
    """Draw baseline wander and measurement noise in mV, shape (n_beats, n_samples)."""
    n_beats = len(labels)
    frequencies = NOISE_FREQUENCIES[: np.searchsorted(NOISE_FREQUENCIES, n_samples / 2)]
    phases = 2 * np.pi * frequencies[:, None] * np.linspace(0, 1, n_samples)
    amplitudes = NOISE_AMPLITUDE * frequencies[:, None] ** NOISE_EXPONENT
    # Normally distributed sines and cosines add up to sinusoids of random phase.
    basis = np.concatenate([amplitudes * np.sin(phases), amplitudes * np.cos(phases)])
    weights = rng.standard_normal((n_beats, len(basis)), dtype=np.float32)
    noise: FloatArray = weights @ basis.astype(np.float32)
    noise += WHITE_NOISE * rng.standard_normal(noise.shape, dtype=np.float32)
    level = np.exp(NOISE_VARIATION * rng.standard_normal(n_beats, dtype=np.float32))
    noise *= (_look_up("noise", labels) * level)[:, None]
    return noise
