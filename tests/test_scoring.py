"""Scores: higher is stranger, and each is the mean its name says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ecglab.scoring import mean_absolute_error, mean_squared_error

beats = arrays(np.float32, (5, 7), elements=st.floats(-100, 100, width=32))


@pytest.mark.parametrize("score", [mean_absolute_error, mean_squared_error])
@given(signals=beats, factor=st.floats(1.01, 10))
def test_a_larger_residual_scores_higher_and_none_scores_zero(score, signals, factor):
    assert np.all(score(signals, signals) == 0)
    near, far = score(signals, np.zeros_like(signals)), score(signals * factor, signals * 0)
    assert np.all(far >= near)


@given(beats, beats)
def test_scores_agree_with_scikit_learn(signals, reconstructions):
    from sklearn import metrics

    for ours, theirs in (
        (mean_absolute_error, metrics.mean_absolute_error),
        (mean_squared_error, metrics.mean_squared_error),
    ):
        expected = [
            theirs(a.astype(float), b.astype(float))
            for a, b in zip(signals, reconstructions, strict=True)
        ]
        np.testing.assert_allclose(ours(signals, reconstructions), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("score", [mean_absolute_error, mean_squared_error])
def test_shapes_that_would_broadcast_are_refused(score):
    with pytest.raises(ValueError, match="same shape"):
        score(np.zeros((4, 3)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="same shape"):
        score(np.zeros(3), np.zeros(3))
