"""Reports: intervals that mean what they say, recalls of single classes, tables as text."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from ecglab.evaluation import (
    METRICS,
    evaluate,
    format_reports,
    format_seeds,
    measure,
    precision_at,
)


def by_scikit_learn(scores, is_anomaly, threshold):
    """Compute every metric with scikit-learn, in the order of METRICS."""
    called = scores > threshold
    recall = metrics.recall_score(is_anomaly, called)
    return [
        metrics.roc_auc_score(is_anomaly, scores),
        metrics.average_precision_score(is_anomaly, scores),
        metrics.accuracy_score(is_anomaly, called),
        metrics.precision_score(is_anomaly, called, zero_division=0),
        recall,
        metrics.f1_score(is_anomaly, called),
        precision_at(0.02, recall, called[~is_anomaly].mean()),
    ]


def test_bootstrap_equals_a_plain_loop_over_scikit_learn():
    rng = np.random.default_rng(7)
    is_anomaly = rng.random(80) < 0.4
    scores = (rng.normal(size=80) + is_anomaly).round(1)  # with ties
    report = evaluate(scores, is_anomaly, 0.5, n_resamples=40, random_state=3)
    normal, strange = np.flatnonzero(~is_anomaly), np.flatnonzero(is_anomaly)
    draws = np.random.default_rng(3)
    of_normal = normal[draws.integers(len(normal), size=(40, len(normal)))]
    of_strange = strange[draws.integers(len(strange), size=(40, len(strange)))]
    resampled = [
        by_scikit_learn(scores[beats], is_anomaly[beats], 0.5)
        for beats in np.hstack([of_normal, of_strange])
    ]
    expected = np.quantile(resampled, [0.025, 0.975], axis=0)
    assert report["low"].to_numpy() == pytest.approx(expected[0])
    assert report["high"].to_numpy() == pytest.approx(expected[1])
    assert report["value"].to_numpy() == pytest.approx(by_scikit_learn(scores, is_anomaly, 0.5))


def test_resamples_of_many_beats_are_drawn_in_pieces_and_all_count():
    """2 resamples a piece: the third would be missing if the last piece were dropped."""
    rng = np.random.default_rng(2)
    is_anomaly = np.arange(400_000) % 2 == 0
    scores = rng.normal(size=400_000) + is_anomaly
    three = evaluate(scores, is_anomaly, 0.5, n_resamples=3)
    two = evaluate(scores, is_anomaly, 0.5, n_resamples=2)
    assert not np.allclose(three["high"] - three["low"], two["high"] - two["low"], rtol=1e-6)


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


# Recalls of single classes


LABELS = np.repeat([1, 2, 3, 5], [10, 8, 4, 2])
SCORES = np.concatenate(
    [np.zeros(10), np.ones(6), np.zeros(2), np.ones(1), np.zeros(3), np.ones(2)]
)


def test_every_class_of_anomalies_has_its_recall():
    measured = measure(SCORES, LABELS != 1, 0.5, labels=LABELS)
    assert measured.index.tolist() == [
        *METRICS,
        "recall of class 2",
        "recall of class 3",
        "recall of class 5",
    ]
    assert measured.iloc[len(METRICS) :].tolist() == [6 / 8, 1 / 4, 1.0]


def test_recalls_of_classes_add_up_to_the_recall():
    measured = measure(SCORES, LABELS != 1, 0.5, labels=LABELS)
    assert measured.iloc[len(METRICS) :] @ [8, 4, 2] == pytest.approx(14 * measured["recall"])


def test_classes_go_by_their_names_where_there_are_any():
    report = evaluate(
        SCORES, LABELS != 1, 0.5, labels=LABELS, class_names={2: "PVC", 5: "PVC"}, n_resamples=5
    )
    assert report.index.tolist()[len(METRICS) :] == [
        "recall of class 2 (PVC)",
        "recall of class 3",
        "recall of class 5 (PVC)",
    ]
    assert report.index.name == "metric"


def test_two_caught_beats_of_two_do_not_settle_the_recall():
    """The bootstrap would say [1, 1]. Wilson: 2 / (2 + 1.96 squared), computed by hand."""
    row = evaluate(SCORES, LABELS != 1, 0.5, labels=LABELS).loc["recall of class 5"]
    assert row.tolist() == pytest.approx([1.0, 2 / (2 + 1.959964**2), 1.0])


def test_interval_of_a_class_follows_the_confidence():
    report = evaluate(SCORES, LABELS != 1, 0.5, labels=LABELS, confidence=0.5, n_resamples=5)
    assert report.loc["recall of class 5", "low"] == pytest.approx(2 / (2 + 0.67449**2), rel=1e-4)


def test_labels_change_nothing_else():
    with_labels = evaluate(SCORES, LABELS != 1, 0.5, labels=LABELS, n_resamples=50)
    assert with_labels.iloc[: len(METRICS)].equals(
        evaluate(SCORES, LABELS != 1, 0.5, n_resamples=50)
    )


def test_labels_that_contradict_the_anomalies_are_refused():
    shuffled = LABELS[::-1]
    with pytest.raises(ValueError, match=r"labels .* stand for normal beats and for anomalies"):
        measure(SCORES, LABELS != 1, 0.5, labels=shuffled)


def test_labels_of_other_beats_are_refused():
    with pytest.raises(ValueError, match=r"shape \(23,\), but there are 24 beats"):
        measure(SCORES, LABELS != 1, 0.5, labels=LABELS[1:])


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_confidence_must_be_a_share(confidence):
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        evaluate(SCORES, LABELS != 1, 0.5, confidence=confidence)


def test_at_least_one_resample_is_needed():
    with pytest.raises(ValueError, match="n_resamples must be at least 1, not 0"):
        evaluate(SCORES, LABELS != 1, 0.5, n_resamples=0)
