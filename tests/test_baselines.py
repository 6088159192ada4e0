"""The baselines: the formulae they stand for, the right polarity, repeatable, and quiet."""

import os
import random
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.covariance import ledoit_wolf
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from ecglab.baselines import (
    BASELINES,
    PYOD_BASELINES,
    MahalanobisDistance,
    MeanBeatDistance,
    NearestNeighbours,
    PCAReconstruction,
    PyODDetector,
)
from ecglab.datasets import make_heartbeats

needs_pyod = pytest.mark.skipif(find_spec("pyod") is None, reason="PyOD is not installed")
OURS = [PCAReconstruction(), NearestNeighbours(), MahalanobisDistance(), MeanBeatDistance()]
# Short trainings: these tests are about what surrounds PyOD, not about how good it is.
SHORT = {
    "autoencoder": {"epoch_num": 2},
    "inne": {"n_estimators": 20},
    "lunar": {"n_epochs": 3},
    "deep_svdd": {"epochs": 2},
}
NEURAL = sorted(SHORT.keys() - {"inne"})
ALL = {**BASELINES, **PYOD_BASELINES}


def short(algorithm, random_state=0):
    return PyODDetector(algorithm, params=SHORT[algorithm], random_state=random_state)


def strangeness(detector, train, signals):
    return -detector.fit(train).score_samples(signals)


@pytest.fixture(scope="module")
def normal():
    """Normal beats to learn from."""
    return make_heartbeats(400, random_state=0).normal.signals


@pytest.fixture(scope="module")
def unseen():
    """Beats of all classes that nothing was learnt from."""
    return make_heartbeats(400, random_state=1)


# What each baseline computes


@pytest.mark.parametrize("n_components", [1, 2, 8])
def test_pca_rebuilds_from_the_first_singular_vectors(normal, unseen, n_components):
    mean = normal.mean(axis=0, dtype=float)
    axes = np.linalg.svd(normal - mean, full_matrices=False)[2][:n_components]
    centred = unseen.signals - mean
    expected = np.square(centred - centred @ axes.T @ axes).mean(axis=1)
    scores = strangeness(PCAReconstruction(n_components), normal, unseen.signals)
    np.testing.assert_allclose(scores, expected, rtol=1e-4)


def test_nearest_neighbours_average_the_smallest_distances(normal, unseen):
    distances = np.linalg.norm(unseen.signals[:, None].astype(float) - normal[None], axis=2)
    expected = np.sort(distances, axis=1)[:, :3].mean(axis=1)
    scores = strangeness(NearestNeighbours(3), normal, unseen.signals)
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_mahalanobis_distance_uses_the_shrunk_covariance(normal, unseen):
    covariance, shrinkage = ledoit_wolf(normal.astype(float))
    assert 0 < shrinkage < 1
    centred = unseen.signals - normal.mean(axis=0, dtype=float)
    expected = np.sqrt(np.sum(centred @ np.linalg.inv(covariance) * centred, axis=1))
    scores = strangeness(MahalanobisDistance(), normal, unseen.signals)
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_mean_beat_distance_is_euclidean():
    scores = strangeness(MeanBeatDistance(), [[0, 0], [2, 0]], [[1, 0], [4, 4], [1, -2]])
    assert scores.tolist() == [0, 5, 2]


@pytest.mark.parametrize("detector", OURS, ids=lambda detector: type(detector).__name__)
@given(seed=st.integers(0, 2**31 - 1))
@settings(max_examples=20)
def test_neither_the_order_nor_the_level_of_the_beats_matters(detector, seed):
    rng = np.random.default_rng(seed)
    train, signals = rng.normal(size=(12, 4)), rng.normal(size=(6, 4))
    level = rng.normal(size=4)
    scores = strangeness(clone(detector), train, signals)
    moved = strangeness(clone(detector), rng.permutation(train) + level, signals + level)
    np.testing.assert_allclose(moved, scores, rtol=1e-6, atol=1e-12)


@given(seed=st.integers(0, 2**31 - 1))
@settings(max_examples=20)
def test_another_component_never_rebuilds_a_beat_worse(seed):
    rng = np.random.default_rng(seed)
    train, signals = rng.normal(size=(12, 5)), rng.normal(size=(6, 5))
    errors = [strangeness(PCAReconstruction(k), train, signals) for k in range(1, 6)]
    assert (np.diff(errors, axis=0) <= 1e-12).all()
    np.testing.assert_allclose(errors[-1], 0, atol=1e-12)  # as many components as samples


# The threshold


@pytest.mark.parametrize(
    "detector",
    [PCAReconstruction(), MahalanobisDistance(), MeanBeatDistance()],
    ids=lambda detector: type(detector).__name__,
)
@pytest.mark.parametrize("contamination", [0.05, 0.2])
def test_contamination_is_the_share_of_flagged_training_beats(normal, detector, contamination):
    train = normal[:200]
    called = clone(detector).set_params(contamination=contamination).fit(train).predict(train)
    assert (called == -1).sum() == 200 * contamination


def test_no_beat_is_its_own_neighbour_when_the_threshold_is_set():
    """Distances to the nearest other beat are 1, 1, 2 and 4; half of the beats exceed 1.5."""
    detector = NearestNeighbours(1, contamination=0.5).fit([[0], [1], [3], [7]])
    assert detector.offset_ == -1.5
    assert detector.predict([[-1], [-2]]).tolist() == [1, -1]


def test_a_beat_at_the_threshold_is_normal_and_one_above_it_is_not():
    """Three beats lie at distance 0, 2 and 2 from their mean, so the threshold is 2."""
    detector = MeanBeatDistance(contamination=0.5).fit([[-2.0], [0.0], [2.0]])
    assert detector.offset_ == -2
    assert detector.predict([[2.0], [-2.0], [2.0 + 1e-9]]).tolist() == [1, 1, -1]


@pytest.mark.parametrize("detector", OURS, ids=lambda detector: type(detector).__name__)
def test_the_ways_to_score_agree(normal, unseen, detector):
    detector = clone(detector).fit(normal)
    decision = detector.decision_function(unseen.signals)
    assert np.array_equal(decision, detector.score_samples(unseen.signals) - detector.offset_)
    assert np.array_equal(detector.predict(unseen.signals) == -1, decision < 0)
    assert len(np.unique(detector.predict(unseen.signals))) == 2


@pytest.mark.parametrize("contamination", [0, -0.1, 0.6, float("nan")])
def test_a_contamination_that_is_no_share_is_refused(normal, contamination):
    with pytest.raises(ValueError, match="contamination must be a share above 0 and up to"):
        MeanBeatDistance(contamination=contamination).fit(normal)


@pytest.mark.parametrize(
    "detector", [*OURS, PyODDetector()], ids=lambda detector: type(detector).__name__
)
def test_scoring_before_fitting_is_refused(unseen, detector):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        clone(detector).score_samples(unseen.signals)


# The registries


def test_the_baselines_have_readable_names():
    assert list(BASELINES) == [
        "PCA, 2 components",
        "PCA, 8 components",
        "PCA, 32 components",
        "PCA, 64 components",
        "5 nearest neighbours",
        "local outlier factor",
        "one-class SVM",
        "isolation forest",
        "Mahalanobis distance",
        "distance to the mean beat",
    ]
    assert list(PYOD_BASELINES) == [
        "PyOD autoencoder",
        "PyOD INNE",
        "PyOD LUNAR",
        "PyOD Deep SVDD",
    ]


@pytest.mark.parametrize("name", ALL)
def test_a_factory_makes_a_new_detector_with_the_seed(name):
    make = ALL[name]
    assert make(3) is not make(3)
    assert make(3).get_params().get("random_state", 3) == 3
    with pytest.raises(NotFittedError):
        make(3).score_samples(np.zeros((1, 140)))


@pytest.mark.parametrize(
    "name",
    [
        *BASELINES,
        *(pytest.param(name, marks=[needs_pyod, pytest.mark.slow]) for name in PYOD_BASELINES),
    ],
)
def test_simulated_anomalies_score_as_stranger(name, normal, unseen):
    detector = ALL[name](0).fit(normal)
    assert roc_auc_score(unseen.is_anomaly, -detector.score_samples(unseen.signals)) > 0.9
    flagged = detector.predict(unseen.signals) == -1
    assert flagged[unseen.is_anomaly].mean() > flagged[~unseen.is_anomaly].mean() + 0.1


@pytest.mark.parametrize("name", list(BASELINES))
def test_the_same_seed_gives_the_same_scores(name, normal, unseen):
    first, second = (
        strangeness(BASELINES[name](7), normal, unseen.signals).tolist() for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(
    ("name", "roc_auc"),
    [
        ("PCA, 2 components", 0.993),
        ("PCA, 64 components", 0.935),
        ("5 nearest neighbours", 0.992),
        ("local outlier factor", 0.992),
        ("one-class SVM", 0.990),
        ("Mahalanobis distance", 0.971),
        ("distance to the mean beat", 0.978),
    ],
)
def test_the_known_figures_of_ecg5000_come_out(ecg5000, name, roc_auc):
    """Learnt from all 292 normal beats of the official training part, so nothing is random."""
    test = ecg5000.part("test")
    scores = strangeness(BASELINES[name](0), ecg5000.part("train").normal.signals, test.signals)
    assert roc_auc_score(test.is_anomaly, scores) == pytest.approx(roc_auc, abs=1e-3)


# PyOD


@needs_pyod
@pytest.mark.parametrize("algorithm", SHORT)
def test_scores_are_pyods_own_negated(algorithm, normal, unseen):
    detector = short(algorithm).fit(normal)
    expected = -detector.model_.decision_function(unseen.signals.astype(float))
    assert np.array_equal(detector.score_samples(unseen.signals), expected.astype(float))


@needs_pyod
@pytest.mark.parametrize("algorithm", SHORT)
def test_a_seed_fixes_pyods_scores_whatever_the_caller_drew_before(algorithm, normal, unseen):
    import torch

    first = short(algorithm).fit(normal).score_samples(unseen.signals)
    random.random(), np.random.rand(), torch.rand(1)  # noqa: NPY002
    again = short(algorithm).fit(normal).score_samples(unseen.signals)
    other = short(algorithm, random_state=1).fit(normal).score_samples(unseen.signals)
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def process_state():
    """Everything outside of itself that PyOD is known to change."""
    import torch

    return (
        random.getstate(),
        [np.asarray(part).tolist() for part in np.random.get_state()],  # noqa: NPY002
        torch.get_rng_state().tolist(),
        torch.get_num_threads(),
        os.environ.get("PYTHONHASHSEED"),
    )


@needs_pyod
@pytest.mark.parametrize("algorithm", SHORT)
@pytest.mark.parametrize("hash_seed", [None, "5"])
def test_the_callers_random_numbers_are_left_alone(
    algorithm, hash_seed, normal, unseen, monkeypatch
):
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    if hash_seed is not None:
        monkeypatch.setenv("PYTHONHASHSEED", hash_seed)
    before = process_state()
    detector = short(algorithm).fit(normal)
    assert process_state() == before
    detector.predict(unseen.signals)
    assert process_state() == before


@needs_pyod
@pytest.mark.parametrize("algorithm", NEURAL)
def test_the_callers_random_numbers_survive_a_failing_fit(algorithm, normal):
    before = process_state()
    with pytest.raises(TypeError, match="no_such_setting"):
        PyODDetector(algorithm, params={"no_such_setting": 1}, random_state=0).fit(normal)
    assert process_state() == before


@needs_pyod
@pytest.mark.parametrize("n_beats", [2, 31, 33])
def test_the_autoencoder_learns_from_fewer_beats_than_pyods_batch(n_beats, normal, unseen):
    scores = short("autoencoder").fit(normal[:n_beats]).score_samples(unseen.signals)
    assert np.isfinite(scores).all()


@needs_pyod
def test_params_go_to_pyod(normal):
    assert PyODDetector("inne", params={"n_estimators": 3}).fit(normal).model_.n_estimators == 3


def test_an_unknown_algorithm_is_named_beside_the_known_ones(normal):
    with pytest.raises(ValueError, match=r"no algorithm 'knn'; there are \['autoencoder', 'deep_"):
        PyODDetector("knn").fit(normal)


def hide(monkeypatch, package):
    """Make a package look as if it were not installed."""
    for name in list(sys.modules):
        if name.partition(".")[0] == package:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)


@pytest.mark.parametrize("algorithm", SHORT)
def test_a_missing_pyod_is_named_with_the_way_to_install_it(algorithm, normal, monkeypatch):
    hide(monkeypatch, "pyod")
    with pytest.raises(ImportError, match=r"needs 'pyod.*pip install 'ecglab\[pyod\]'"):
        PyODDetector(algorithm).fit(normal)


@pytest.mark.parametrize("algorithm", NEURAL)
def test_a_missing_pytorch_is_named_and_nothing_is_printed(algorithm, normal, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"needs 'torch', .*pip install 'ecglab\[pyod\]'"):
        PyODDetector(algorithm).fit(normal)
    assert capfd.readouterr() == ("", "")


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ).stdout.decode()


@pytest.mark.slow
@needs_pyod
def test_pyod_prints_nothing_and_warns_of_nothing():
    """In a process of its own, which imports PyOD for the first time."""
    assert not run(
        "from ecglab.baselines import PyODDetector; "
        "from ecglab.datasets import make_heartbeats; "
        "beats = make_heartbeats(100, random_state=0).signals; "
        f"short = {SHORT}; "
        "[PyODDetector(name, params=params, random_state=0).fit(beats).predict(beats) "
        "for name, params in short.items()]"
    )


# scikit-learn's conventions

ITSELF = (
    "the check counts the training beats that predict flags; to predict, each of them has itself "
    "for a neighbour, which the threshold rightly leaves out"
)
ROUNDING = (
    "networks compute in float32, whose products are rounded differently in the last digit when a "
    "batch is put together differently; the check asks for agreement to 1e-7"
)


def expected_failures(detector):
    if isinstance(detector, NearestNeighbours):
        return {"check_outliers_train": ITSELF, "check_outliers_fit_predict": ITSELF}
    if isinstance(detector, PyODDetector) and detector.algorithm in NEURAL:
        return {
            "check_methods_subset_invariance": ROUNDING,
            "check_methods_sample_order_invariance": ROUNDING,
        }
    return {}


# One component, because some of the checks have one column.
@parametrize_with_checks(
    [PCAReconstruction(1), *OURS[1:]], expected_failed_checks=expected_failures
)
def test_keeps_scikit_learns_conventions(estimator, check):
    check(estimator)


@needs_pyod
@pytest.mark.slow
@parametrize_with_checks(
    [short(algorithm) for algorithm in SHORT], expected_failed_checks=expected_failures
)
def test_pyod_keeps_scikit_learns_conventions(estimator, check):
    check(estimator)
