"""Judging every beat by the usual ones around it: by shape and rhythm, in all leads."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from ecglab.datasets import make_record, read_record
from ecglab.errors import DatasetError
from ecglab.recordings import analyse
from ecglab.recordings._align import find_lags
from ecglab.recordings._rhythm import find_irregular, measure_earliness
from ecglab.recordings._shape import choose_usual, find_gap, measure_excess


@pytest.fixture(scope="module")
def record():
    return make_record(10, shares={"V": 0.15, "A": 0.05}, random_state=1)


@pytest.fixture(scope="module")
def analysis(record):
    return analyse(record)


def flagged(analysis, *codes):
    return analysis.is_strange[np.isin(analysis.record.symbols, codes)].mean()


def test_ectopic_beats_are_found_by_shape_or_rhythm_and_the_reason_is_said(analysis, record):
    assert flagged(analysis, "V") > 0.98
    assert flagged(analysis, "A") > 0.8
    assert flagged(analysis, "N") < 0.02
    reasons = analysis.reasons
    by_shape = np.char.startswith(reasons.astype(str), "other shape")
    early = np.char.endswith(reasons.astype(str), "early")
    assert by_shape[record.symbols == "V"].mean() > 0.98
    assert early[record.symbols == "A"].mean() > 0.8
    assert ((reasons != "") == analysis.is_strange).all()
    assert set(analysis.strange_beats["reason"]) <= {"early", "other shape", "other shape, early"}


def test_a_beat_is_judged_in_the_letters_of_the_field(analysis, record):
    for code, verdict in (("N", "N"), ("V", "V"), ("A", "S")):
        assert (analysis.verdicts[record.symbols == code] == verdict).mean() > 0.75
    np.testing.assert_array_equal(np.isin(analysis.verdicts, ["V", "S"]), analysis.is_strange)


def test_beats_in_noise_are_unreadable_and_not_strange(record):
    noisy = record.amplitudes.copy()
    noisy[300:400] += np.random.default_rng(0).normal(0, 0.6, noisy[300:400].shape)
    analysis = analyse(replace(record, amplitudes=noisy))
    np.testing.assert_array_equal(np.flatnonzero(analysis.is_unreadable), np.arange(300, 400))
    assert not analysis.is_strange[300:400].any()
    assert (analysis.verdicts[300:400] == "U").all()
    assert any("too much noise" in note for note in analysis.notes)


def test_drift_of_the_baseline_makes_no_beat_strange(record):
    drift = np.linspace(-1, 1, 140)[:, None] * np.random.default_rng(0).normal(0, 0.3, (30, 1, 1))
    drifting = record.amplitudes.copy()
    drifting[300:330] += drift
    verdicts = analyse(replace(record, amplitudes=drifting)).verdicts[300:330]
    assert (verdicts[record.symbols[300:330] == "N"] == "N").mean() > 0.9


def test_where_on_a_complex_its_mark_stands_does_not_matter(mitdb):
    """Beats were compared at their marks once, and these were lost."""
    record = read_record(mitdb / "106")
    later = np.random.default_rng(0).integers(-4, 5, len(record))  # samples: 20 ms to either side
    moved = np.stack([np.roll(b, n, axis=0) for b, n in zip(record.amplitudes, later, strict=True)])
    still = find_lags(np.moveaxis(moved, 2, 0), record.window)
    still -= find_lags(np.moveaxis(record.amplitudes, 2, 0), record.window)
    assert (np.abs(still - later)[record.symbols == "N"] <= 1).mean() > 0.95
    verdicts = analyse(replace(record, amplitudes=moved)).verdicts
    assert (verdicts[record.symbols == "V"] == "V").mean() > 0.98
    assert (verdicts[record.symbols == "N"] == "N").mean() > 0.98


def test_annotations_are_not_looked_at(analysis, record):
    rng = np.random.default_rng(0)
    shuffled = replace(
        record, labels=rng.permutation(record.labels), symbols=rng.permutation(record.symbols)
    )
    np.testing.assert_array_equal(analyse(shuffled).scores, analysis.scores)


def test_noise_in_one_of_two_leads_hardly_makes_a_beat_strange(record):
    noisy = record.amplitudes.copy()
    burst = slice(300, 330)
    noisy[burst] += np.random.default_rng(0).normal(0, 0.5, noisy[burst].shape)
    leads = np.concatenate([record.amplitudes, noisy], axis=2)
    analysis = analyse(replace(record, amplitudes=leads, lead_names=("II", "V1")))
    normal = record.symbols[burst] == "N"
    by_shape = np.asarray(analysis.shape)[burst] > 1
    assert normal.sum() > 10
    assert by_shape[normal].mean() < 0.1
    assert by_shape[record.symbols[burst] == "V"].all()


def test_a_usual_shape_that_changes_half_way_is_usual(record):
    """As with another posture or a bundle branch block; here the lead is turned round."""
    turned = record.amplitudes.copy()
    turned[len(record) // 2 :] *= -1
    analysis = analyse(replace(record, amplitudes=turned))
    assert flagged(analysis, "N") < 0.03
    assert flagged(analysis, "V") > 0.95


def test_a_minute_of_ventricular_beats_at_the_start_is_not_learnt(record):
    ventricular = record[record.symbols == "V"][:60]
    times = np.concatenate([np.arange(60) * 0.5, 30 + record.times])
    leading = replace(
        record,
        **{
            name: np.concatenate([getattr(ventricular, name), getattr(record, name)])
            for name in ("signals", "labels", "split", "symbols", "amplitudes")
        },
        times=times,
        rr_intervals=np.stack(
            [np.diff(times, prepend=np.nan), np.diff(times, append=np.nan)], axis=1
        ),
    )
    analysis = analyse(leading)
    assert analysis.is_strange[:60].mean() > 0.95
    assert flagged(analysis, "N") < 0.02


def test_too_few_beats_are_refused_in_plain_words(record):
    with pytest.raises(DatasetError, match="holds 20 beats that can be used, and 30 are needed"):
        analyse(record[:20])


NONE_LEFT_OUT = np.zeros(1200, dtype=bool)


def sinus_rhythm(n_beats=1200, seed=0):
    return np.random.default_rng(seed).normal(0.8, 0.01, n_beats)


@given(st.floats(0.3, 2.0), st.integers(0, 2**32 - 1))
def test_what_is_early_depends_on_no_unit_and_only_short_intervals_are(scale, seed):
    intervals = sinus_rhythm(seed=seed)
    intervals[100], intervals[120] = 0.5, 1.2
    earliness = measure_earliness(intervals, NONE_LEFT_OUT)
    np.testing.assert_array_equal(np.flatnonzero(earliness > 1), [100])
    assert earliness[120] < 0
    scaled = measure_earliness(scale * intervals, NONE_LEFT_OUT)
    np.testing.assert_allclose(scaled, earliness, atol=1e-9)


@pytest.mark.parametrize("length", [1, 7, 60, 200])
def test_a_run_of_fast_beats_is_early_however_long(length):
    intervals = sinus_rhythm()
    intervals[400 : 400 + length] *= 0.6
    early = measure_earliness(intervals, NONE_LEFT_OUT) > 1
    np.testing.assert_array_equal(np.flatnonzero(early), np.arange(400, 400 + length))


def test_a_rate_that_rises_slowly_makes_no_beat_early():
    effort = np.interp(np.arange(1200), [0, 400, 600, 1200], [1, 1, 0.6, 0.6])
    assert not (measure_earliness(effort * sinus_rhythm(), NONE_LEFT_OUT) > 1).any()


def test_where_the_rhythm_is_irregular_no_beat_is_early():
    intervals = sinus_rhythm()
    fibrillating = slice(500, 800)
    intervals[fibrillating] = np.random.default_rng(0).gamma(16, 0.05, 300)
    irregular = find_irregular(intervals, NONE_LEFT_OUT)
    assert irregular[550:750].all()
    assert not irregular[np.r_[:450, 850:1200]].any()
    assert not (measure_earliness(intervals, NONE_LEFT_OUT)[550:750] > 1).any()


def test_every_second_beat_early_is_not_irregular():
    intervals = sinus_rhythm()
    intervals[500:800:2], intervals[501:800:2] = 0.5, 1.1
    assert not find_irregular(intervals, NONE_LEFT_OUT).any()


def test_an_unknown_interval_is_on_time():
    intervals = np.full(50, 0.8)
    intervals[[0, 20]] = np.nan
    assert not measure_earliness(intervals, np.zeros(50, dtype=bool)).any()


def test_shapes_that_come_early_are_not_usual_and_lie_far_from_those_that_are():
    rng = np.random.default_rng(0)
    codes, early = rng.normal(0, 0.1, (500, 3)), np.zeros(500)
    codes[::4, 0] += 2
    early[::4] = 0.3
    usual = choose_usual(codes, early)
    assert not usual[::4].any()
    assert usual[1::4].all()
    excess = measure_excess(codes, usual)
    assert excess[::4].min() > find_gap(excess) > np.quantile(excess[usual], 0.99)


# Real records, with the defaults: two that the constants were settled on, and two others


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least_auc", "most_false_alarms"),
    [("208", 0.97, 0.04), ("223", 0.99, 0.03), ("106", 0.99, 0.02), ("119", 0.99, 0.02)],
)
def test_defaults_reach_their_floors_on_real_records(mitdb, name, least_auc, most_false_alarms):
    record = read_record(mitdb / name)
    assert len(record.lead_names) == 2
    analysis = analyse(record)
    normal, ectopic = record.labels == 1, np.isin(record.labels, [3, 6])
    judged = normal | ectopic
    assert roc_auc_score(ectopic[judged], analysis.scores[judged]) >= least_auc
    assert flagged(analysis, "V") > 0.95
    assert analysis.is_strange[normal].mean() < most_false_alarms
