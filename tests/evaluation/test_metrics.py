"""Metrics that agree with scikit-learn, ties included, and precision where anomalies are rare."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics

from ecglab.evaluation import _metrics, evaluate, measure, precision_at

shares = st.floats(0, 1)


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


@given(st.integers(1, 50), st.integers(1, 50), shares, shares)
def test_at_the_data_s_own_prevalence_precision_is_the_usual_one(
    n_anomalies, n_normal, recall, false_positive_rate
):
    caught, alarms = recall * n_anomalies, false_positive_rate * n_normal
    assume(caught + alarms > 1e-6)
    prevalence = n_anomalies / (n_anomalies + n_normal)
    restated = precision_at(prevalence, recall, false_positive_rate)
    assert restated == pytest.approx(caught / (caught + alarms))


@given(shares, shares, shares, shares)
def test_precision_falls_as_anomalies_become_rarer(one, other, recall, false_positive_rate):
    rare, common = precision_at(sorted([one, other]), recall, false_positive_rate)
    assert rare <= common + 1e-12


def test_precision_at_takes_arrays_and_is_zero_where_nothing_is_flagged():
    table = precision_at([[0.5], [0.02]], recall=[0.9, 0.0], false_positive_rate=[0.1, 0.0])
    assert table == pytest.approx(np.array([[0.9, 0.0], [18 / 116, 0.0]]))
    assert precision_at(0.5, 1.0, 0.0) == 1.0


@pytest.mark.parametrize("wrong", ["prevalence", "recall", "false_positive_rate"])
@pytest.mark.parametrize("value", [-0.1, 2.0, np.nan])
def test_precision_at_refuses_what_is_no_share(wrong, value):
    arguments = {"prevalence": 0.5, "recall": 0.5, "false_positive_rate": 0.5, wrong: value}
    with pytest.raises(ValueError, match=f"{wrong} must lie between 0 and 1"):
        precision_at(**arguments)


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


def test_resamples_are_measured_alike_all_at_once_and_one_by_one(monkeypatch):
    rng = np.random.default_rng(0)
    is_anomaly = rng.random(200) < 0.4
    scores = np.round(rng.normal(size=200) + is_anomaly, 1)
    frames = []
    for counts_at_a_time in (1, 10**9):
        monkeypatch.setattr(_metrics, "_IN_CACHE", counts_at_a_time)
        frames.append(evaluate(scores, is_anomaly, 0.7, n_resamples=50))
    pd.testing.assert_frame_equal(*frames, check_exact=True)
