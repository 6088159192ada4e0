"""What looks like an ECG: both leads of every real record, however noisy; and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from records import simulate
from scipy.signal import decimate

from ecglab.datasets._leads import glance
from ecglab.datasets._wfdb import open_wfdb

SECONDS = 60


def beat_times(rng, pace, spread):
    """Return times of beats up to the end, some seconds apart."""
    steps = pace * np.exp(spread * rng.normal(size=int(3 * SECONDS / pace)))
    times = np.cumsum(steps)
    return times[times < SECONDS - 1]


def put(times, rate, wave):
    """Put the same wave at each time."""
    seconds = np.arange(int(SECONDS * rate)) / rate
    signal = np.zeros(len(seconds))
    for time in times:
        near = slice(max(0, int((time - 1) * rate)), int((time + 1.2) * rate))
        signal[near] += wave(seconds[near] - time)
    return signal


def bump(seconds, centre, width):
    return np.exp(-0.5 * ((seconds - centre) / width) ** 2)


def colour(rng, n, exponent):
    """Return noise whose power falls with frequency."""
    frequencies = np.fft.rfftfreq(n)
    frequencies[0] = frequencies[1]
    spectrum = rng.normal(size=(2, len(frequencies))) / frequencies ** (exponent / 2)
    noise = np.fft.irfft(spectrum[0] + 1j * spectrum[1], n)
    return noise / noise.std()


OTHERS = {
    "respiration": lambda t, rng, beats, rate: np.sin(2 * np.pi * rng.uniform(0.1, 0.6) * t),
    "pulse": lambda t, rng, beats, rate: put(
        beats, rate, lambda s: bump(s, 0.3, 0.09) + 0.4 * bump(s, 0.6, 0.12)
    ),
    "pressure": lambda t, rng, beats, rate: (
        80
        + 40
        * put(
            beats,
            rate,
            lambda s: np.where(
                s > 0, (1 - np.exp(-np.abs(s) / 0.05)) * np.exp(-np.abs(s) / 0.35), 0
            ),
        )
    ),
    "noise": lambda t, rng, beats, rate: colour(rng, len(t), rng.uniform(0, 2)),
    "EEG": lambda t, rng, beats, rate: (
        colour(rng, len(t), 1) + 2 * np.sin(2 * np.pi * 10 * t) * colour(rng, len(t), 2)
    ),
    "blinks": lambda t, rng, beats, rate: put(beats[::4], rate, lambda s: 8 * bump(s, 0, 0.1)),
    "muscle": lambda t, rng, beats, rate: (
        rng.normal(size=len(t)) * put(beats, rate, lambda s: bump(s, 0, 0.08))
    ),
    "trend": lambda t, rng, beats, rate: 70 + 0.002 * np.cumsum(rng.normal(size=len(t))),
    "held": lambda t, rng, beats, rate: rng.normal(70, 3, len(beats) + 1)[
        np.searchsorted(beats, t)
    ],
    "ramp": lambda t, rng, beats, rate: t,
    "saw": lambda t, rng, beats, rate: t * rng.uniform(0.5, 3) % 1,
    "sine": lambda t, rng, beats, rate: np.sin(2 * np.pi * rng.uniform(0.5, 20) * t),
    "square": lambda t, rng, beats, rate: np.sign(np.sin(2 * np.pi * rng.uniform(0.4, 2) * t)),
    "trigger": lambda t, rng, beats, rate: (
        (put(beats, rate, lambda s: abs(s) < 0.6 / rate) > 0) * 1
    ),
}


@settings(deadline=None, max_examples=60)
@given(
    kind=st.sampled_from(list(OTHERS)),
    seed=st.integers(0, 2**32 - 1),
    rate=st.sampled_from([100, 250, 500]),
    noise=st.sampled_from([0, 0.003, 0.03]),
)
def test_what_is_no_ecg_does_not_look_like_one(kind, seed, rate, noise):
    rng = np.random.default_rng(seed)
    times = np.arange(SECONDS * rate) / rate
    beats = beat_times(rng, rng.uniform(0.5, 1.2), rng.uniform(0, 0.2))
    signal = OTHERS[kind](times, rng, beats, rate).astype(float)
    swing = np.ptp(signal) if kind != "trigger" else 0  # with noise it would have a QRS's shape
    assert glance(signal + noise * swing * rng.normal(size=len(signal)), rate).fault


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    rate=st.sampled_from([100.0, 128.0, 250.0, 500.0, 1000.0]),
    share=st.sampled_from([0.0, 0.1, 0.4]),
    change=st.sampled_from(["", "inverted", "noise", "mains", "wander", "gap", "microvolts"]),
)
def test_an_ecg_does(seed, rate, share, change):
    rng = np.random.default_rng(seed)
    raw = simulate(1.0, {"V": share}, rate, rng)
    times = np.arange(len(raw.values)) / rate
    changed = {
        "": raw.values,
        "inverted": -raw.values,
        "noise": raw.values + 0.05 * rng.normal(size=len(times)),
        "mains": raw.values + 0.1 * np.sin(2 * np.pi * 49.9 * times),
        "wander": raw.values + np.sin(2 * np.pi * 0.3 * times),
        "gap": np.where((times > 20) & (times < 27), np.nan, raw.values),
        "microvolts": np.round(1000 * raw.values),
    }[change]
    assert glance(changed, rate).fault == ""


@pytest.mark.slow
def test_both_leads_of_every_real_record_look_like_an_ecg(mitdb):
    for header in sorted(mitdb.glob("*.hea")):
        signals = open_wfdb(header, None)
        for position, name in enumerate(signals.names):
            raw = signals.read(position)
            values = raw.values[:]
            assert glance(raw.values, raw.rate).fault == "", (header.stem, name)
            assert glance(-decimate(values, 3), raw.rate / 3).fault == "", (header.stem, name)
