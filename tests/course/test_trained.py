"""The detector that notebooks 05 and 06 study: loaded where it fits, trained where it does not."""

from pathlib import Path

import pytest

from ecglab import course
from ecglab.datasets import make_heartbeats
from ecglab.evaluation import measure, pooled_split

COMMITTED = Path(__file__).parents[2] / "notebooks" / "models" / "dense"


@pytest.fixture(scope="module")
def real_split(ecg5000):
    return pooled_split(ecg5000, 0)


def roc_auc(detector, split):
    scores = detector.reconstruction_error(split.test.signals)
    return measure(scores, split.test.is_anomaly, detector.threshold_)["ROC-AUC"]


def test_committed_detector_was_trained_on_the_split_that_the_notebooks_use(real_split, tmp_path):
    loaded = course.load_or_train(COMMITTED, real_split, 0)
    loaded.save(tmp_path / "copy")
    weights = "weights.safetensors"
    assert (tmp_path / "copy" / weights).read_bytes() == (COMMITTED / weights).read_bytes()


@pytest.mark.slow
def test_trained_again_it_is_as_good_as_the_committed_one(real_split):
    committed = course.load_or_train(COMMITTED, real_split, 0)
    again = course.train_dense(real_split, 0)
    assert roc_auc(again, real_split) == pytest.approx(roc_auc(committed, real_split), abs=0.005)
    assert again.threshold_ == pytest.approx(committed.threshold_, rel=0.15)


def test_another_seed_or_other_beats_are_not_mistaken_for_it(real_split, ecg5000):
    known = course.training_fingerprint(real_split, 0)
    others = [
        course.training_fingerprint(real_split, 1),
        course.training_fingerprint(pooled_split(ecg5000, 1), 0),
        course.training_fingerprint(pooled_split(make_heartbeats(300, random_state=0), 0), 0),
    ]
    assert len({known, *others}) == 4


def test_where_it_does_not_fit_one_is_trained():
    split = pooled_split(make_heartbeats(300, random_state=0), 0)
    detector = course.load_or_train(COMMITTED, split, 3)
    assert detector.random_state == 3
    assert roc_auc(detector, split) > 0.9
