"""What happens to the samples: bad stretches, R peaks, cutting, and the simulated recording."""

import tracemalloc
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from records import simulate

from ecglab.datasets import _rpeaks, _signal, _wfdb, make_record, read_record
from ecglab.datasets._raw import Stored
from ecglab.datasets._record import cut_record
from ecglab.datasets._rpeaks import find_r_peaks
from ecglab.datasets._signal import Gapless, cut_out, normalise, rr_intervals
from ecglab.errors import DatasetError
from ecglab.evaluation import match_beats

RATE = 250.0


@pytest.fixture(scope="module")
def raw():
    return simulate(1.0, {"V": 0.1}, RATE, 2)


def spoil(raw, change, start=20.0, stop=22.0):
    """Change the samples from one second to another."""
    values = raw.values.copy()
    part = slice(int(start * raw.rate), int(stop * raw.rate))
    values[part] = change(values[part])
    return replace(raw, values=values)


FAULTS = {
    "missing samples": lambda x: np.full_like(x, np.nan),
    "flat line": lambda x: np.full_like(x, 0.3),
    "saturated": lambda x: 3 + np.random.default_rng(0).normal(0, 0.01, x.shape),
    "noise": lambda x: x + np.random.default_rng(0).normal(0, 1, x.shape),
}


def test_a_clean_recording_has_no_bad_stretch(raw):
    signal, stretches = cut_out(raw.values, RATE)
    assert stretches == []
    np.testing.assert_array_equal(signal[:], raw.values)


@pytest.mark.parametrize("reason", FAULTS)
def test_faults_are_marked_and_their_beats_set_aside(raw, reason):
    bad = spoil(raw, FAULTS[reason])
    record = cut_record(bad, source="")
    marked = record.bad_stretches[record.bad_stretches["reason"] == reason]
    assert marked["start"].min() <= 20.01
    assert marked["stop"].max() >= 21.99
    aside = record.set_aside[record.set_aside["time"].between(19, 23)]
    assert len(aside) >= 2
    touching = (raw.marks.times > 19.6) & (raw.marks.times < 22.2)
    assert np.isin(raw.marks.times[touching], aside["time"]).all()
    assert not ((record.times > 19.6) & (record.times < 22.2)).any()
    # No beat is lost on the way: judged and set aside are all there are.
    assert len(record) + len(record.set_aside) == len(raw.marks.times)


@pytest.mark.parametrize("reason", FAULTS)
def test_a_fault_does_not_reach_beats_far_from_it(raw, reason):
    bad, good = (cut_record(r, source="") for r in (spoil(raw, FAULTS[reason]), raw))
    early_bad, early_good = (r.signals[r.times < 15] for r in (bad, good))
    assert np.abs(early_bad - early_good).max() < 0.05


def test_rare_large_beats_are_not_taken_for_noise():
    raw = simulate(1.0, {"V": 0.3}, RATE, 3)
    assert len(cut_record(raw, source="").bad_stretches) == 0


UNREADABLE = st.sampled_from(
    [-9999.0, -32768.0, 32767.0, 5.0, -5.0, 1e30, np.inf, 0.0, 6.0, 999.0, 2147483647.0]
)


def lie_apart(spans):
    """What another span leaves of a flat line may be too short to be one."""
    ends = sorted((start, start + length) for start, length, _ in spans)
    return all(stop <= start for (_, stop), (start, _) in pairwise(ends))


SPANS = st.lists(
    st.tuples(st.integers(500, 14_000), st.integers(150, 900), UNREADABLE), min_size=1, max_size=4
).filter(lie_apart)


@settings(deadline=None, max_examples=15)
@given(spans=SPANS)
def test_an_unreadable_stretch_touches_no_beat_elsewhere(raw, spans):
    """Whatever stands for "no sample", and however many do: as if these samples were missing."""
    values, missing = raw.values.copy(), raw.values.copy()
    for start, length, code in spans:
        values[start : start + length], missing[start : start + length] = code, np.nan
    found, expected = (cut_record(replace(raw, values=v), source="") for v in (values, missing))
    np.testing.assert_array_equal(found.times, expected.times)
    np.testing.assert_array_equal(found.signals, expected.signals)


def test_a_rail_with_some_noise_on_it_is_cut_out_too(raw):
    values = raw.values.copy()
    values[5000:5400] = 5 + np.random.default_rng(0).normal(0, 0.01, 400)
    signal, stretches = cut_out(values, RATE)
    assert signal.gaps == [(5000, 5400)]
    assert {stretch.reason for stretch in stretches} == {"saturated"}


def test_single_samples_that_stand_for_none_are_cut_out(raw):
    values = raw.values.copy()
    values[::997] = -9999
    signal, stretches = cut_out(values, RATE)
    assert signal.gaps == [(place, place + 1) for place in range(0, len(values), 997)]
    assert {stretch.reason for stretch in stretches} == {"missing samples"}


@given(
    st.lists(st.one_of(st.just(np.nan), st.floats(-5, 5)), min_size=1, max_size=40),
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted),
)
def test_a_slice_is_what_it_is_of_the_whole_with_gaps_filled_between_their_neighbours(values, part):
    values = np.array(values)
    places = np.flatnonzero(np.isnan(values))
    signal = Gapless(values, [(place, place + 1) for place in places.tolist()])
    filled = signal[:]
    known = np.flatnonzero(~np.isnan(values))
    lines = np.interp(np.arange(len(values)), known, values[known]) if len(known) else 0.0
    np.testing.assert_array_equal(filled, lines * np.ones(len(values)))
    np.testing.assert_array_equal(signal[slice(*part)], filled[slice(*part)])


@pytest.mark.parametrize("reason", FAULTS)
def test_a_fault_that_two_blocks_share_is_found_as_in_one(raw, reason, monkeypatch):
    bad = spoil(raw, FAULTS[reason])
    whole, expected = cut_out(bad.values, RATE)
    monkeypatch.setattr(_signal, "_BLOCK", int(21 * RATE))
    signal, stretches = cut_out(bad.values, RATE)
    assert stretches == expected
    np.testing.assert_array_equal(signal[:], whole[:])


@pytest.mark.parametrize("name", ["106", "203"])
def test_a_recording_that_is_read_in_blocks_gives_the_same_beats(mitdb, name, monkeypatch):
    """Though the first of the borders, and some of the others, fall on a beat."""
    whole = read_record(mitdb / name, annotations=None)
    monkeypatch.setattr(_signal, "_BLOCK", round(whole.times[30] * whole.sampling_rate))
    monkeypatch.setattr(_wfdb, "_BLOCK", 10_007)
    blocks = read_record(mitdb / name, annotations=None)
    np.testing.assert_array_equal(blocks.times, whole.times)
    for table in ("set_aside", "bad_stretches"):
        assert getattr(blocks, table).equals(getattr(whole, table))
    # In mV; the smallest step of the recorder is 0.005.
    np.testing.assert_allclose(blocks.amplitudes, whole.amplitudes, rtol=0, atol=1e-6)


def test_a_long_recording_takes_little_more_memory_than_its_beats(raw, monkeypatch):
    cut_record(replace(raw, marks=None), source="")  # what it imports is not counted
    raw = simulate(40.0, {"V": 0.1}, RATE, 2)
    values = raw.values.astype(np.float32)

    def read(start, stop):
        return values[start:stop].astype(np.float64)

    stored = replace(raw, values=Stored(len(values), read), marks=None)
    for name, size in {"_BLOCK": 2**14, "_MOST_SORTED": 2**14, "_CHUNK": 2**8}.items():
        monkeypatch.setattr(_signal, name, size)  # as if it were a long one
    monkeypatch.setattr(_rpeaks, "_PIECE", 60.0)
    tracemalloc.start()
    try:
        record = cut_record(stored, source="")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    beats = record.signals.nbytes + record.amplitudes.nbytes
    assert peak < 2 * beats


@given(st.lists(st.floats(0, 1e6), max_size=20).map(sorted))
def test_rr_intervals_mirror_each_other(times):
    intervals = rr_intervals(np.array(times))
    assert intervals.shape == (len(times), 2)
    np.testing.assert_array_equal(intervals[1:, 0], intervals[:-1, 1])
    if times:
        assert np.isnan(intervals[0, 0])
        assert np.isnan(intervals[-1, 1])


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.floats(-100, 100))
def test_normalised_beats_do_not_depend_on_unit_or_offset(seed, scale, offset):
    beats = np.random.default_rng(seed).normal(size=(3, 30))
    np.testing.assert_allclose(normalise(beats), normalise(scale * beats + offset), atol=1e-4)


# R peaks


def count_errors(raw, *leads):
    """Count the beats without an R peak near them, and the R peaks without a beat."""
    found = find_r_peaks(leads, raw.rate) / raw.rate
    paired, _ = match_beats(raw.marks.times, found)
    return len(raw.marks.times) - len(paired), len(found) - len(paired)


@pytest.mark.parametrize("factor", [-1.0, 0.001, 1000.0])
def test_r_peaks_do_not_depend_on_unit_or_polarity(raw, factor):
    """A lead that was put on upside down, or is in volts, has its peaks at the same places."""
    found, expected = (find_r_peaks([x], RATE) for x in (factor * raw.values, raw.values))
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("rate", [60.0, 100.0, 128.0, 360.0, 1000.0])
def test_r_peaks_are_found_at_any_rate(rate):
    step = 2 if rate < 120 else 1  # the simulator has a lowest rate
    raw = simulate(2.0, {"V": 0.1, "A": 0.05}, step * rate, 1)
    raw = replace(raw, values=raw.values[::step], rate=rate)
    assert max(count_errors(raw, raw.values)) <= 1


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("other", ["noise", "flat", "upside down", "sparks"])
def test_another_lead_does_no_harm(raw, other, first):
    noise = np.random.default_rng(0).normal(size=len(raw.values))
    other = {
        "noise": noise,
        "flat": np.zeros_like(noise),
        "upside down": -raw.values,
        "sparks": raw.values + 20 * (np.abs(noise) > 3.3),
    }[other]
    assert max(count_errors(raw, *((raw.values, other) if first else (other, raw.values)))) <= 2


@pytest.mark.parametrize("interval", [0.4, 1.0, 2.2])
def test_a_t_wave_as_high_as_the_r_wave_is_no_beat(interval):
    seconds, beats = np.arange(0, 60, 1 / RATE), np.arange(1, 59, interval)
    values = np.random.default_rng(0).normal(0, 0.02, len(seconds))
    for beat in beats:
        late = 0.3 * min(1, interval**0.5)
        values += np.exp(-0.5 * ((seconds - beat) / 0.012) ** 2)
        values += np.exp(-0.5 * ((seconds - beat - late) / late * 6) ** 2)
    assert len(find_r_peaks([values], RATE)) == len(beats)


def test_looking_piece_by_piece_finds_the_same(raw, monkeypatch):
    whole = find_r_peaks([raw.values], RATE)
    monkeypatch.setattr(_rpeaks, "_PIECE", 7.0)
    assert find_r_peaks([raw.values], RATE).tolist() == whole.tolist()


@pytest.mark.parametrize("values", [np.zeros(5000), np.zeros(10), np.ones(0)])
def test_where_there_is_no_signal_there_is_no_r_peak(values):
    assert len(find_r_peaks([values, values], RATE)) == 0


def test_a_recording_without_a_beat_is_an_error_in_plain_words(raw):
    silent = replace(raw, values=np.zeros(5000), marks=None)
    with pytest.raises(DatasetError, match="no heartbeat was found in lead MLII"):
        cut_record(silent, source="")
    flat = replace(raw, values=np.zeros(len(raw.values)))
    with pytest.raises(DatasetError, match=r"none of the \d+ heartbeats .* flat line"):
        cut_record(flat, source="")


def test_a_heart_rate_that_no_heart_has_reveals_a_wrong_sampling_rate(raw):
    slow = replace(raw, rate=RATE / 8, marks=replace(raw.marks, times=raw.marks.times * 8))
    with pytest.raises(DatasetError, match=r"sampling rate, 31\.25 Hz, is probably wrong"):
        cut_record(slow, source="", insist=True)


# The simulated recording


def test_the_same_seed_gives_the_same_recording():
    one, two, other = (make_record(0.5, random_state=seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(one.signals, two.signals)
    assert one.symbols.tolist() == two.symbols.tolist()
    assert not np.array_equal(one.times, other.times)


def test_shares_of_ectopic_beats_are_as_asked():
    record = make_record(20, shares={"V": 0.2, "A": 0.1, "F": 0.05}, random_state=0)
    shares = {code: (record.symbols == code).mean() for code in "NVAF"}
    assert shares == pytest.approx({"N": 0.65, "V": 0.2, "A": 0.1, "F": 0.05}, abs=0.04)
    assert record.duration == pytest.approx(1200)
    assert (make_record(1, shares={}, random_state=0).symbols == "N").all()


def test_ventricular_beats_come_early_and_are_wide():
    record = make_record(10, shares={"V": 0.1}, random_state=0)
    ventricular = record.symbols == "V"
    before, after = record.rr_intervals.T
    assert np.nanmedian(before[ventricular] / after[ventricular]) < 0.7
    assert np.nanmedian(before[~ventricular] / after[~ventricular]) == pytest.approx(1, abs=0.1)
    width = (np.abs(record.signals) > 1).mean(axis=1)
    assert np.median(width[ventricular]) > 1.5 * np.median(width[~ventricular])


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": 0},
        {"sampling_rate": 10},
        {"shares": {"V": 1.0}},
        {"shares": {"V": -0.1}},
        {"shares": {"X": 0.1}},
    ],
)
def test_what_cannot_be_simulated_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        make_record(**{"minutes": 1.0, **wrong})
