"""Repeated seeds: nothing leaks, the polarity is right, and the same seed gives the same bits."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline

from ecglab import AutoencoderDetector
from ecglab.autoencoders import DenseTorchAutoencoder
from ecglab.datasets import make_heartbeats
from ecglab.evaluation import (
    DEFAULT_RULES,
    METRICS,
    SPLITS,
    Split,
    compare_seeds,
    evaluate_seeds,
    format_seeds,
    measure,
    official_split,
    pooled_split,
    score_split,
    threshold_rows,
)
from ecglab.heartbeats import Heartbeats
from ecglab.thresholds import quantile_threshold, youden_threshold


@pytest.fixture(scope="module")
def beats():
    return make_heartbeats(2500, random_state=0)


@pytest.fixture(scope="module")
def numbered(beats):
    """The same beats, each carrying its own number, so that it can be followed."""
    signals = np.repeat(np.arange(len(beats))[:, None], 2, axis=1)
    return Heartbeats(signals=signals, labels=beats.labels, split=beats.split)


class MeanDistance(BaseEstimator):
    """Score beats by their distance from the mean beat, in scikit-learn's polarity."""

    def fit(self, X, y=None):
        self.mean_ = X.mean(axis=0)
        return self

    def score_samples(self, X):
        return -np.linalg.norm(X - self.mean_, axis=1)


class Spy(MeanDistance):
    """Remember what `fit` was given."""

    def fit(self, X, y=None):
        assert y is None
        self.seen_ = X
        return super().fit(X)


class ValidatingSpy(Spy):
    """Remember the validation beats too."""

    def fit(self, X, y=None, *, validation_signals=None, validation_is_anomaly=None):
        self.validation_ = validation_signals, validation_is_anomaly
        return super().fit(X)


class DetectorSpy(AutoencoderDetector):
    """Remember what an autoencoder detector was validated on."""

    def fit(self, X, y=None, *, validation_signals=None, validation_is_anomaly=None):
        self.validation_ = validation_signals, validation_is_anomaly
        return super().fit(
            X,
            validation_signals=validation_signals,
            validation_is_anomaly=validation_is_anomaly,
        )


def numbers(signals):
    return set(signals[:, 0].astype(int).tolist())


def small(**arguments):
    network = DenseTorchAutoencoder((16, 4), output_activation="linear", max_epochs=2)
    return AutoencoderDetector(network, **arguments)


@pytest.mark.parametrize("divide", SPLITS.values(), ids=list(SPLITS))
def test_fit_sees_the_training_beats_and_no_other(numbered, divide):
    split, spy = divide(numbered, 0), Spy()
    score_split(spy, split)
    assert np.array_equal(spy.seen_, split.train.signals)
    assert not numbers(spy.seen_) & (
        numbers(split.validation.signals) | numbers(split.test.signals)
    )


def test_detectors_that_validate_get_the_normal_validation_beats(numbered):
    split, spy = pooled_split(numbered, 0), ValidatingSpy()
    score_split(spy, split)
    signals, is_anomaly = spy.validation_
    assert np.array_equal(signals, split.validation.normal.signals)
    assert is_anomaly is None
    assert np.array_equal(spy.seen_, split.train.signals)


@pytest.mark.parametrize(
    ("params", "labelled"),
    [({}, False), ({"scoring": "learned_weights"}, True), ({"threshold": "f1"}, True)],
    ids=["label-free", "label-tuned scoring", "label-tuned threshold"],
)
def test_only_detectors_that_ask_for_anomalies_get_them(beats, params, labelled):
    split = pooled_split(beats, 0)
    network = DenseTorchAutoencoder((16, 4), max_epochs=1)
    spy = DetectorSpy(network, random_state=0, **params)
    score_split(spy, split)
    signals, is_anomaly = spy.validation_
    expected = split.validation if labelled else split.validation.normal
    assert np.array_equal(signals, expected.signals)
    assert (is_anomaly is not None) == labelled
    if labelled:
        assert np.array_equal(is_anomaly, split.validation.is_anomaly)


def test_scores_are_higher_for_stranger_beats(beats):
    split = pooled_split(beats, 0)
    on_validation, on_test = score_split(MeanDistance(), split)
    center = split.train.signals.mean(axis=0)
    assert on_validation == pytest.approx(np.linalg.norm(split.validation.signals - center, axis=1))
    assert on_test == pytest.approx(np.linalg.norm(split.test.signals - center, axis=1))
    assert on_test[split.test.is_anomaly].mean() > on_test[~split.test.is_anomaly].mean()


@pytest.mark.parametrize("detector", [object(), LocalOutlierFactor()])
def test_what_is_no_detector_is_refused(beats, detector):
    with pytest.raises(TypeError, match="needs fit and score_samples"):
        score_split(detector, pooled_split(beats, 0))


# Rows


def test_thresholds_come_from_validation_beats_alone(beats):
    split = official_split(beats, 1)
    scores = score_split(MeanDistance(), split)
    rules = {"cut": ("quantile", {"quantile": 0.8}), "best": ("youden", {})}
    rows = threshold_rows("mean", split, 1, *scores, rules)
    normal = scores[0][~split.validation.is_anomaly]
    cuts = quantile_threshold(normal, 0.8), youden_threshold(scores[0], split.validation.is_anomaly)
    for row, cut in zip(rows, cuts, strict=True):
        measured = measure(scores[1], split.test.is_anomaly, cut, labels=split.test.labels)
        assert {name: row[name] for name in measured.index} == measured.to_dict()


def test_a_row_says_what_it_is_and_carries_every_metric(beats):
    split = pooled_split(beats, 4)
    rows = threshold_rows("mean", split, 4, *score_split(MeanDistance(), split))
    classes = sorted(set(split.test.labels.tolist()) - {1})
    assert list(rows[0]) == [
        *["detector", "split", "seed", "threshold", "label_free", "n_train", "n_test"],
        *METRICS,
        *[f"recall of class {label}" for label in classes],
    ]
    assert [row["threshold"] for row in rows] == list(DEFAULT_RULES)
    assert {(row["detector"], row["split"], row["seed"]) for row in rows} == {("mean", "pooled", 4)}
    assert rows[0]["n_train"] == len(split.train)
    assert rows[0]["n_test"] == len(split.test)


def test_default_rules_say_truly_whether_they_need_labels(beats):
    split = pooled_split(beats, 0)
    for row in threshold_rows("mean", split, 0, *score_split(MeanDistance(), split)):
        assert row["label_free"] == ("label-free" in row["threshold"])
        assert row["label_free"] != ("label-tuned" in row["threshold"])


def test_no_rule_makes_label_tuned_scores_label_free(beats):
    split = pooled_split(beats, 0)
    scores = score_split(MeanDistance(), split)
    rows = threshold_rows("mean", split, 0, *scores, label_free_scores=False)
    assert not any(row["label_free"] for row in rows)


def test_unknown_rule_is_refused(beats):
    split = pooled_split(beats, 0)
    with pytest.raises(ValueError, match="no threshold rule 'guess'"):
        threshold_rows("m", split, 0, *score_split(Spy(), split), rules={"x": ("guess", {})})


# Many seeds


def test_rows_come_by_detector_then_seed_then_rule(beats):
    rules = {"b": ("quantile", {"quantile": 0.9}), "a": ("f1", {})}
    detectors = {
        "z": MeanDistance(),
        "y": lambda seed: IsolationForest(n_estimators=10, random_state=seed),
    }
    runs = evaluate_seeds(detectors, beats, seeds=iter([3, 1]), rules=rules)
    expected = [(d, s, r) for d in ("z", "y") for s in (3, 1) for r in ("b", "a")]
    assert list(runs[["detector", "seed", "threshold"]].itertuples(index=False)) == expected
    assert runs["label_free"].tolist() == [True, False] * 4


def test_the_same_seeds_give_the_same_bits(beats):
    detectors = {
        "forest": IsolationForest(n_estimators=10),
        "autoencoder": lambda seed: small(random_state=seed),
    }
    first, again = (evaluate_seeds(detectors, beats, seeds=[0, 1]) for _ in range(2))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    by_seed = first.groupby(["detector", "seed"])["ROC-AUC"].first().unstack()
    assert (by_seed[0] != by_seed[1]).all()


def test_a_bare_estimator_is_cloned_and_every_random_state_in_it_set(beats):
    pattern = make_pipeline(PCA(5, svd_solver="randomized"), IsolationForest(n_estimators=10))
    seeded = make_pipeline(
        PCA(5, svd_solver="randomized", random_state=7),
        IsolationForest(n_estimators=10, random_state=7),
    )
    bare = evaluate_seeds({"x": pattern}, beats, seeds=[7])
    made = evaluate_seeds({"x": lambda seed: seeded}, beats, seeds=[7])
    pd.testing.assert_frame_equal(bare, made, check_exact=True)
    assert pattern["isolationforest"].random_state is None
    assert not hasattr(pattern["pca"], "components_")


def test_label_tuned_scoring_is_called_so(beats):
    rules = {"quantile": ("quantile", {})}
    detectors = {
        "tuned": lambda seed: small(scoring="learned_weights", random_state=seed),
        "tuned threshold only": lambda seed: small(threshold="f1", random_state=seed),
    }
    runs = evaluate_seeds(detectors, beats, seeds=[0], rules=rules)
    # The detector's own threshold plays no part: the rules choose theirs.
    assert runs["label_free"].tolist() == [False, True]


@pytest.mark.parametrize("split", ["pooled", "official", official_split])
def test_every_detector_meets_the_split_asked_for(beats, split):
    runs = evaluate_seeds({"mean": MeanDistance()}, beats, split=split, seeds=[2])
    divide = SPLITS.get(split, split) if isinstance(split, str) else split
    parts = divide(beats, 2)
    assert runs["split"].unique().tolist() == [parts.name]
    expected = threshold_rows("mean", parts, 2, *score_split(MeanDistance(), parts))
    pd.testing.assert_frame_equal(runs, pd.DataFrame(expected), check_exact=True)


def test_a_split_of_one_s_own_may_be_handed_over(beats):
    def halves(all_beats, seed):
        parts = pooled_split(all_beats, seed)
        return Split(parts.train, parts.validation, parts.test, name="mine")

    runs = evaluate_seeds({"mean": MeanDistance()}, beats, split=halves, seeds=[0])
    assert runs["split"].unique().tolist() == ["mine"]


def test_unknown_split_is_refused(beats):
    with pytest.raises(ValueError, match="no split 'random': choose one of pooled, official"):
        evaluate_seeds({"mean": MeanDistance()}, beats, split="random")


def test_runs_can_be_summed_up_and_compared(beats):
    detectors = {"mean": MeanDistance(), "forest": IsolationForest(n_estimators=10)}
    runs = evaluate_seeds(detectors, beats, seeds=range(3))
    rule = runs[runs["threshold"] == "95 % quantile (label-free)"]
    assert format_seeds(rule).index.tolist() == [("pooled", "mean"), ("pooled", "forest")]
    table = compare_seeds(runs, "mean")
    assert table.index.tolist() == [("pooled", "forest")]
    means = runs.groupby("detector")["ROC-AUC"].mean()
    assert table["difference"].iloc[0] == pytest.approx(means["forest"] - means["mean"])


def test_progress_is_shown_only_when_asked_for(beats, capfd):
    evaluate_seeds({"mean": MeanDistance()}, beats, seeds=[0])
    assert capfd.readouterr() == ("", "")
    evaluate_seeds({"mean": MeanDistance()}, beats, seeds=[0], progress=True)
    assert "1/1" in capfd.readouterr().err
