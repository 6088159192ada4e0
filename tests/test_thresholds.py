"""Thresholds, held against brute force. A score *above* the threshold is an anomaly."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from ecglab.thresholds import f1_threshold, mean_plus_sd_threshold, quantile_threshold

# Few distinct values, so that ties are the rule.
scores_and_labels = st.lists(
    st.tuples(st.integers(0, 6).map(float), st.booleans()), min_size=2, max_size=40
)


@given(scores_and_labels)
def test_no_cut_has_a_better_f1_on_the_same_scores(pairs):
    scores, is_anomaly = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    assume(is_anomaly.any() and not is_anomaly.all())
    chosen = f1_score(is_anomaly, scores > f1_threshold(scores, is_anomaly))
    every_cut = np.concatenate([[-1.0], np.unique(scores)])
    best = max(f1_score(is_anomaly, scores > cut, zero_division=0) for cut in every_cut)
    assert chosen == pytest.approx(best)


def test_f1_cut_lies_half_way_between_the_beats_it_separates():
    assert f1_threshold([1.0, 2.0, 6.0, 8.0], [False, False, True, True]) == 4.0


def test_f1_cut_separates_neighbouring_floats():
    low = 1.0
    high = float(np.nextafter(low, 2.0))
    cut = f1_threshold([low, high], [False, True])
    assert low <= cut < high


def test_polarity_turned_around_is_not_mended_silently():
    """Where anomalies score *lower*, the best cut is to flag everything."""
    scores, is_anomaly = np.array([5.0, 6.0, 1.0, 2.0]), np.array([False, False, True, True])
    assert (scores > f1_threshold(scores, is_anomaly)).all()


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.floats(0.01, 0.98))
def test_quantile_cut_rises_with_the_quantile_and_accepts_that_share(scores, quantile):
    cut = quantile_threshold(scores, quantile)
    assert quantile_threshold(scores, quantile + 0.01) >= cut
    accepted = np.mean(np.array(scores) <= cut * (1 + 1e-12))
    assert accepted >= quantile - 1 / len(scores)


def test_mean_plus_sd_is_what_it_says():
    assert mean_plus_sd_threshold([1.0, 3.0], k=2.0) == 4.0
    assert mean_plus_sd_threshold([1.0, 3.0], k=0.0) == 2.0


@pytest.mark.parametrize("rule", [quantile_threshold, mean_plus_sd_threshold])
@pytest.mark.parametrize(
    ("scores", "message"),
    [([], "one a beat"), ([[1.0]], "one a beat"), ([1.0, np.nan], "1 of 2"), ([np.inf], "1 of 1")],
)
def test_unusable_scores_are_refused(rule, scores, message):
    with pytest.raises(ValueError, match=message):
        rule(scores)


@pytest.mark.parametrize("quantile", [0, 1, -0.5, 95])
def test_a_percentage_is_not_taken_for_a_quantile(quantile):
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile_threshold([1.0, 2.0], quantile)


def test_f1_needs_both_classes_and_matching_lengths():
    with pytest.raises(ValueError, match="all normal"):
        f1_threshold([1.0, 2.0], [False, False])
    with pytest.raises(ValueError, match="all anomalies"):
        f1_threshold([1.0, 2.0], [True, True])
    with pytest.raises(ValueError, match="one a beat"):
        f1_threshold([1.0, 2.0], [True])
