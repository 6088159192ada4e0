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
from ecglab.recordings._rhythm import measure_earliness
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


@given(st.floats(0.3, 2.0), st.integers(0, 2**32 - 1))
def test_what_is_early_depends_on_no_unit_and_only_short_intervals_are(scale, seed):
    rng = np.random.default_rng(seed)
    intervals = rng.normal(0.8, 0.01, 200)
    intervals[100], intervals[120] = 0.5, 1.2
    earliness, least = measure_earliness(intervals)
    assert earliness[100] > least[100]
    assert earliness[120] < 0
    assert (earliness > least).sum() == 1
    np.testing.assert_allclose(measure_earliness(scale * intervals)[0], earliness, atol=1e-9)


def test_in_an_irregular_rhythm_hardly_an_interval_is_early():
    intervals = np.random.default_rng(0).gamma(16, 0.05, 500)  # atrial fibrillation, roughly
    earliness, least = measure_earliness(intervals)
    assert (earliness > least).mean() < 0.02


def test_an_unknown_interval_is_on_time():
    intervals = np.full(50, 0.8)
    intervals[[0, 20]] = np.nan
    earliness, least = measure_earliness(intervals)
    assert not earliness.any()
    assert np.isfinite(least).all()


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
