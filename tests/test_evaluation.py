"""Splits that cannot leak, and metrics that agree with scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics

from ecglab.datasets import make_heartbeats
from ecglab.evaluation import (
    METRICS,
    evaluate,
    format_reports,
    format_seeds,
    measure,
    official_split,
    pooled_split,
)
from ecglab.heartbeats import Heartbeats

SPLITS = [pooled_split, official_split]


@pytest.fixture(scope="module")
def numbered():
    """ECG5000's counts, each beat carrying its own number, so that it can be followed."""
    beats = make_heartbeats(random_state=0)
    signals = np.repeat(np.arange(len(beats))[:, None], 2, axis=1)
    return Heartbeats(signals=signals, labels=beats.labels, split=beats.split)


def numbers(beats):
    return set(beats.signals[:, 0].astype(int).tolist())


@pytest.mark.parametrize("split", SPLITS)
def test_no_beat_is_in_two_parts(numbered, split):
    parts = split(numbered, 3)
    train, validation, test = map(numbers, (parts.train, parts.validation, parts.test))
    assert not train & validation
    assert not train & test
    assert not validation & test
    assert len(train | validation | test) == len(numbered)


@pytest.mark.parametrize("split", SPLITS)
def test_training_sees_normal_beats_only(numbered, split):
    assert not split(numbered, 0).train.is_anomaly.any()


@pytest.mark.parametrize("split", SPLITS)
def test_labels_stay_with_their_beats(numbered, split):
    parts = split(numbered, 5)
    for part in (parts.train, parts.validation, parts.test):
        rows = part.signals[:, 0].astype(int)
        assert np.array_equal(part.labels, numbered.labels[rows])


def test_pooled_split_has_the_protocols_proportions(numbered):
    table = pooled_split(numbered, 0).summarise()
    assert table["normal"].tolist() == [1751, 584, 584]
    assert table["anomalies"].tolist() == [0, 416, 1665]


def test_pooled_split_divides_every_class_in_proportion(numbered):
    parts = pooled_split(numbered, 0)
    for label, count in ((2, 1767), (3, 96), (4, 194), (5, 24)):
        assert (parts.test.labels == label).sum() == pytest.approx(0.8 * count, abs=1)


def test_official_split_tests_on_the_published_test_part(numbered):
    parts = official_split(numbered, 0)
    assert np.array_equal(parts.test.signals, numbered.part("test").signals)
    assert parts.summarise()["normal"].tolist() == [233, 59, 2627]
    assert parts.summarise()["anomalies"].tolist() == [0, 208, 1873]


@pytest.mark.parametrize("split", SPLITS)
def test_seed_decides_the_split(numbered, split):
    first, again, other = split(numbered, 1), split(numbered, 1), split(numbered, 2)
    assert np.array_equal(first.train.signals, again.train.signals)
    assert np.array_equal(first.validation.signals, again.validation.signals)
    assert numbers(first.train) != numbers(other.train)


@given(
    st.lists(st.tuples(st.integers(0, 8).map(float), st.booleans()), min_size=2, max_size=60),
    st.integers(-1, 8),
)
def test_metrics_agree_with_scikit_learn_ties_included(pairs, threshold):
    scores, is_anomaly = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    assume(is_anomaly.any() and not is_anomaly.all())
    called = scores > threshold
    expected = {
        "ROC-AUC": metrics.roc_auc_score(is_anomaly, scores),
        "average precision": metrics.average_precision_score(is_anomaly, scores),
        "accuracy": metrics.accuracy_score(is_anomaly, called),
        "precision": metrics.precision_score(is_anomaly, called, zero_division=0),
        "recall": metrics.recall_score(is_anomaly, called),
        "F1": metrics.f1_score(is_anomaly, called),
    }
    measured = measure(scores, is_anomaly, threshold)
    for name, value in expected.items():
        assert measured[name] == pytest.approx(value), name


def test_anomaly_is_the_positive_class():
    scores, is_anomaly = np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True])
    assert measure(scores, is_anomaly, 0.5)["ROC-AUC"] == 1
    assert measure(-scores, is_anomaly, -0.5)["ROC-AUC"] == 0


def test_precision_is_restated_at_a_realistic_prevalence():
    """90 % recall at 10 % false alarms: of 1000 beats, 18 of 20 anomalies and 98 false alarms."""
    scores = np.repeat([0.0, 1.0, 0.0, 1.0], [90, 10, 10, 90])
    is_anomaly = np.repeat([False, True], 100)
    measured = measure(scores, is_anomaly, 0.5)
    assert measured["precision"] == pytest.approx(0.9)
    assert measured["precision at 2% anomalies"] == pytest.approx(18 / (18 + 98))


def test_interval_holds_the_value_and_narrows_with_more_beats():
    rng = np.random.default_rng(0)
    few_labels = rng.random(200) < 0.4
    few_scores = rng.normal(size=200) + 2 * few_labels
    few = evaluate(few_scores, few_labels, 1.0)
    many = evaluate(np.tile(few_scores, 16), np.tile(few_labels, 16), 1.0)
    assert (few["low"] <= few["value"]).all()
    assert (few["value"] <= few["high"]).all()
    ratio = (few["high"] - few["low"]) / (many["high"] - many["low"])
    assert ratio.between(3, 5.3).all()  # the square root of 16, give or take


def test_bootstrap_spread_is_the_binomial_one_for_recall():
    """Recall's bootstrap distribution is known exactly: n_anomalies draws of a coin."""
    scores, is_anomaly = np.repeat([0.0, 1.0, 0.0], [100, 160, 40]), np.repeat([0, 1], [100, 200])
    report = evaluate(scores, is_anomaly, 0.5, n_resamples=4000)
    half_width = 1.96 * np.sqrt(0.8 * 0.2 / 200)
    assert report.loc["recall", "low"] == pytest.approx(0.8 - half_width, abs=0.01)
    assert report.loc["recall", "high"] == pytest.approx(0.8 + half_width, abs=0.01)


def test_resampling_repeats_with_its_seed_and_has_every_metric():
    rng = np.random.default_rng(1)
    labels = rng.random(100) < 0.5
    scores = rng.normal(size=100) + labels
    first, again = (evaluate(scores, labels, 0.5, random_state=3) for _ in range(2))
    assert first.equals(again)
    assert list(first.index) == list(METRICS)


def test_reports_are_written_as_values_with_intervals():
    report = evaluate([0.0, 1.0], [False, True], 0.5, n_resamples=10)
    table = format_reports({"one": report, "two": report}, metrics=["F1", "recall"])
    assert table.index.tolist() == ["one", "two"]
    assert table.columns.tolist() == ["F1", "recall"]
    assert table.loc["two", "F1"] == "1.000 [1.000, 1.000]"


def test_seeds_are_summed_up_as_mean_and_sample_deviation_pooled_split_first():
    runs = pd.DataFrame(
        {
            "split": ["official", "official", "pooled", "pooled", "pooled", "pooled"],
            "detector": ["b", "b", "b", "b", "a", "a"],
            "F1": [0.5, 0.5, 0.2, 0.4, 0.0, 1.0],
        }
    )
    table = format_seeds(runs, ["F1"], digits=2)
    assert table.index.tolist() == [("pooled", "b"), ("pooled", "a"), ("official", "b")]
    assert table["F1"].tolist() == ["0.30 ± 0.14", "0.50 ± 0.71", "0.50 ± 0.00"]


@pytest.mark.parametrize(
    ("scores", "is_anomaly", "message"),
    [
        ([0.0, 1.0], [True], "one entry a beat"),
        ([0.0, np.nan], [False, True], "1 of 2 scores"),
        ([0.0, 1.0], [True, True], "both needed"),
        ([0.0, 1.0], [False, False], "both needed"),
    ],
)
def test_what_cannot_be_measured_is_refused(scores, is_anomaly, message):
    with pytest.raises(ValueError, match=message):
        measure(scores, is_anomaly, 0.5)
