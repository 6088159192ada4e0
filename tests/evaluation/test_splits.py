"""Splits that cannot leak."""

import numpy as np
import pytest

from ecglab.datasets import make_heartbeats
from ecglab.evaluation import SPLITS, official_split, pooled_split
from ecglab.heartbeats import Heartbeats


@pytest.fixture(scope="module")
def numbered():
    """ECG5000's counts, each beat carrying its own number, so that it can be followed."""
    beats = make_heartbeats(random_state=0)
    signals = np.repeat(np.arange(len(beats))[:, None], 2, axis=1)
    return Heartbeats(signals=signals, labels=beats.labels, split=beats.split)


def numbers(beats):
    return set(beats.signals[:, 0].astype(int).tolist())


@pytest.mark.parametrize("split", SPLITS.values(), ids=list(SPLITS))
def test_no_beat_is_in_two_parts(numbered, split):
    parts = split(numbered, 3)
    train, validation, test = map(numbers, (parts.train, parts.validation, parts.test))
    assert not train & validation
    assert not train & test
    assert not validation & test
    assert len(train | validation | test) == len(numbered)


@pytest.mark.parametrize("split", SPLITS.values(), ids=list(SPLITS))
def test_training_sees_normal_beats_only(numbered, split):
    assert not split(numbered, 0).train.is_anomaly.any()


@pytest.mark.parametrize("split", SPLITS.values(), ids=list(SPLITS))
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


@pytest.mark.parametrize("split", SPLITS.values(), ids=list(SPLITS))
def test_seed_decides_the_split(numbered, split):
    first, again, other = split(numbered, 1), split(numbered, 1), split(numbered, 2)
    assert np.array_equal(first.train.signals, again.train.signals)
    assert np.array_equal(first.validation.signals, again.validation.signals)
    assert numbers(first.train) != numbers(other.train)


def test_a_split_bears_the_name_under_which_it_is_found(numbered):
    assert [divide(numbered, 0).name for divide in SPLITS.values()] == list(SPLITS)


def test_a_class_of_a_single_beat_is_no_obstacle():
    labels = np.repeat([1, 2, 3], [50, 20, 1])
    beats = Heartbeats(signals=np.random.default_rng(0).normal(size=(71, 5)), labels=labels)
    split = pooled_split(beats, 0)
    labels = np.concatenate([split.validation.labels, split.test.labels])
    assert (labels == 3).sum() == 1
