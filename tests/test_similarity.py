"""Nearest neighbours, held against the whole correlation matrix."""

import numpy as np
import pytest

from ecglab import similarity
from ecglab.similarity import nearest_neighbours


@pytest.fixture
def signals():
    return np.random.default_rng(0).normal(size=(30, 8))


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_agrees_with_the_whole_correlation_matrix(signals, monkeypatch, chunk):
    monkeypatch.setattr(similarity, "_CHUNK", chunk)
    matrix = np.corrcoef(signals)
    np.fill_diagonal(matrix, -2)
    neighbours, correlations = nearest_neighbours(signals)
    assert np.array_equal(neighbours, matrix.argmax(axis=1))
    np.testing.assert_allclose(correlations, matrix.max(axis=1))


def test_a_beat_is_not_its_own_neighbour_but_its_copy_is(signals):
    neighbours, correlations = nearest_neighbours(np.concatenate([signals, signals * 3 + 1]))
    assert neighbours.tolist() == [*range(30, 60), *range(30)]
    np.testing.assert_allclose(correlations, 1)


def test_looks_among_others_when_given(signals):
    neighbours, correlations = nearest_neighbours(signals[:5], signals)
    assert neighbours.tolist() == list(range(5))
    np.testing.assert_allclose(correlations, 1)


def test_a_beat_that_does_not_vary_has_no_correlation(signals):
    signals[3] = 4.0
    _, correlations = nearest_neighbours(signals[3:4], signals[:3])
    assert np.isnan(correlations).all()


def test_one_beat_that_does_not_vary_leaves_the_others_alone(signals):
    expected = nearest_neighbours(signals)
    neighbours, correlations = nearest_neighbours(np.vstack([signals, np.full(8, 0.1)]))
    assert np.array_equal(neighbours[:-1], expected[0])
    np.testing.assert_allclose(correlations[:-1], expected[1])
    assert np.isnan(correlations[-1])


def test_nothing_to_compare_with_is_refused(signals):
    with pytest.raises(ValueError, match="no other beat"):
        nearest_neighbours(signals[:1])
    with pytest.raises(ValueError, match="no other beat"):
        nearest_neighbours(signals, signals[:0])
    with pytest.raises(ValueError, match="8 samples and the others 5"):
        nearest_neighbours(signals, signals[:, :5])
