"""Thresholds, held against brute force. A score *above* the threshold is an anomaly."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from ecglab.thresholds import (
    THRESHOLDS,
    choose_threshold,
    f1_threshold,
    mean_plus_sd_threshold,
    quantile_threshold,
    youden_threshold,
)

# Few distinct values, so that ties are the rule.
scores_and_labels = st.lists(
    st.tuples(st.integers(0, 6).map(float), st.booleans()), min_size=2, max_size=40
)


LABEL_TUNED = [f1_threshold, youden_threshold]


def f1(is_anomaly, flagged):
    return f1_score(is_anomaly, flagged, zero_division=0)


def youden_j(is_anomaly, flagged):
    return flagged[is_anomaly].mean() - flagged[~is_anomaly].mean()


@pytest.mark.parametrize(("rule", "quality"), [(f1_threshold, f1), (youden_threshold, youden_j)])
@given(pairs=scores_and_labels)
def test_no_cut_is_better_on_the_same_scores_and_no_equal_one_is_higher(rule, quality, pairs):
    scores, is_anomaly = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    assume(is_anomaly.any() and not is_anomaly.all())
    cut = rule(scores, is_anomaly)
    chosen = quality(is_anomaly, scores > cut)
    # Each cut flags a beat at least.
    every_cut = np.concatenate([[-1.0], np.unique(scores)[:-1]])
    qualities = np.array([quality(is_anomaly, scores > other) for other in every_cut])
    assert chosen == pytest.approx(qualities.max())
    assert not np.any(np.isclose(qualities[every_cut > cut], chosen, atol=1e-12))


@pytest.mark.parametrize("rule", LABEL_TUNED)
def test_label_tuned_cuts_lie_half_way_between_the_beats_they_separate(rule):
    assert rule([1.0, 2.0, 6.0, 8.0], [False, False, True, True]) == 4.0


@pytest.mark.parametrize("rule", LABEL_TUNED)
def test_label_tuned_cuts_separate_neighbouring_floats(rule):
    low = 1.0
    high = float(np.nextafter(low, 2.0))
    cut = rule([low, high], [False, True])
    assert low <= cut < high


@pytest.mark.parametrize("rule", LABEL_TUNED)
def test_polarity_turned_around_is_not_mended_silently(rule):
    """Where anomalies score *lower*, the best cut is to flag everything."""
    scores, is_anomaly = np.array([5.0, 6.0, 1.0, 2.0]), np.array([False, False, True, True])
    assert (scores > rule(scores, is_anomaly)).all()


def test_of_equally_good_cuts_the_highest_is_taken_though_rounding_tells_them_apart():
    """J is 1 - 2/3 where five of six beats are flagged and 1/3 where one is; F1 is 2/3 twice."""
    scores = np.arange(6.0)
    assert youden_threshold(scores, np.array([0, 1, 1, 0, 0, 1], bool)) == 4.5
    assert f1_threshold(scores, np.array([1, 0, 0, 1, 1, 0], bool)) == 2.5


@given(scores_and_labels, st.integers(2, 5))
def test_the_youden_cut_does_not_depend_on_the_share_of_anomalies(pairs, times):
    scores, is_anomaly = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    assume(is_anomaly.any() and not is_anomaly.all())
    copies = np.where(is_anomaly, times, 1)
    more = np.repeat(scores, copies), np.repeat(is_anomaly, copies)
    assert youden_threshold(*more) == youden_threshold(scores, is_anomaly)


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


@pytest.mark.parametrize("rule", LABEL_TUNED)
def test_label_tuned_rules_need_both_classes_and_matching_lengths(rule):
    with pytest.raises(ValueError, match="all normal"):
        rule([1.0, 2.0], [False, False])
    with pytest.raises(ValueError, match="all anomalies"):
        rule([1.0, 2.0], [True, True])
    with pytest.raises(ValueError, match="one a beat"):
        rule([1.0, 2.0], [True])
    with pytest.raises(ValueError, match="1 of 2 scores are NaN"):
        rule([1.0, np.nan], [False, True])


# Rules by name


@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_rule_by_name_is_the_function_and_a_label_free_one_sees_no_anomaly(name):
    scores, is_anomaly = np.arange(10.0), np.arange(10) >= 6
    rule = THRESHOLDS[name]
    seen = (scores, is_anomaly) if rule.needs_anomalies else (scores[:6],)
    assert choose_threshold(name, scores, is_anomaly) == rule.function(*seen)
    changed = np.where(is_anomaly, scores + 100, scores)
    same = choose_threshold(name, changed, is_anomaly) == choose_threshold(name, scores, is_anomaly)
    assert same == (not rule.needs_anomalies)
    assert rule.needs_anomalies == (name in ("f1", "youden"))


def test_a_label_free_rule_by_name_works_without_any_anomaly():
    assert choose_threshold("quantile", [1.0, 2.0, 3.0], [False] * 3, quantile=0.5) == 2.0
    assert choose_threshold("mean_plus_sd", [1.0, 3.0], [False] * 2, k=2.0) == 4.0


def test_rules_and_parameters_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="choose one of quantile, mean_plus_sd, f1, youden"):
        choose_threshold("median", [1.0, 2.0], [False, True])
    with pytest.raises(TypeError, match="quantil"):
        choose_threshold("quantile", [1.0, 2.0], [False, True], quantil=0.9)
    with pytest.raises(ValueError, match="looks at normal beats, and none of these 2"):
        choose_threshold("quantile", [1.0, 2.0], [True, True])
    with pytest.raises(ValueError, match="one a beat"):
        choose_threshold("quantile", [1.0, 2.0], [False])
