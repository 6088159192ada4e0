"""DeLong's variance: against published figures, against its definition, and under no difference."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, kstest, norm

from ecglab.evaluation import delong, measure, roc_auc_interval

# Albumin, total protein, K-G score and whether surgery helped (1) or not (0), of 43 patients with
# ovarian cancer: the data of DeLong et al. 1988, as SAS/STAT's documentation of PROC LOGISTIC
# prints them in its example "Comparing Receiver Operating Characteristic Curves".
PATIENTS = np.array(
    [
        *[(3.0, 5.8, 10, 0), (3.2, 6.3, 5, 1), (3.9, 6.8, 3, 1), (2.8, 4.8, 6, 0)],
        *[(3.2, 5.8, 3, 1), (0.9, 4.0, 5, 0), (2.5, 5.7, 8, 0), (1.6, 5.6, 5, 1)],
        *[(3.8, 5.7, 5, 1), (3.7, 6.7, 6, 1), (3.2, 5.4, 4, 1), (3.8, 6.6, 6, 1)],
        *[(4.1, 6.6, 5, 1), (3.6, 5.7, 5, 1), (4.3, 7.0, 4, 1), (3.6, 6.7, 4, 0)],
        *[(2.3, 4.4, 6, 1), (4.2, 7.6, 4, 0), (4.0, 6.6, 6, 0), (3.5, 5.8, 6, 1)],
        *[(3.8, 6.8, 7, 1), (3.0, 4.7, 8, 0), (4.5, 7.4, 5, 1), (3.7, 7.4, 5, 1)],
        *[(3.1, 6.6, 6, 1), (4.1, 8.2, 6, 1), (4.3, 7.0, 5, 1), (4.3, 6.5, 4, 1)],
        *[(3.2, 5.1, 5, 1), (2.6, 4.7, 6, 1), (3.3, 6.8, 6, 0), (1.7, 4.0, 7, 0)],
        *[(3.7, 6.1, 5, 1), (3.3, 6.3, 7, 1), (4.2, 7.7, 6, 1), (3.5, 6.2, 5, 1)],
        *[(2.9, 5.7, 9, 0), (2.1, 4.8, 7, 1), (2.8, 6.2, 8, 0), (4.0, 7.0, 7, 1)],
        *[(3.3, 5.7, 6, 1), (3.7, 6.9, 5, 1), (3.6, 6.6, 5, 1)],
    ]
)
NOT_HELPED = PATIENTS[:, 3] == 0
ALBUMIN, PROTEIN, KG_SCORE = -PATIENTS[:, 0], -PATIENTS[:, 1], PATIENTS[:, 2]

beats = st.lists(
    st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 5)), min_size=4, max_size=40
).filter(lambda rows: 2 <= sum(row[0] for row in rows) <= len(rows) - 2)


def columns(rows):
    is_anomaly, scores, other_scores = map(np.array, zip(*rows, strict=True))
    return is_anomaly, scores.astype(float), other_scores.astype(float)


def components(is_anomaly, scores):
    """Compute the structural components from their definition, pair by pair."""
    pairs = np.array(
        [
            [1.0 if x > y else 0.5 if x == y else 0.0 for y in scores[~is_anomaly]]
            for x in scores[is_anomaly]
        ]
    )
    return pairs.mean(axis=1), pairs.mean(axis=0)


def brute_force_error(is_anomaly, scores, other_scores):
    """Compute the standard error of the difference from the covariances, as in the paper."""
    both = [components(is_anomaly, each) for each in (scores, other_scores)]
    covariance = sum(
        np.cov(np.array(of_kind), ddof=1) / len(of_kind[0]) for of_kind in zip(*both, strict=True)
    )
    return np.sqrt(max(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1], 0))


@pytest.mark.parametrize(
    ("scores", "area", "difference", "low", "high", "p_value"),
    [
        (ALBUMIN, 0.7366, 0.0108, -0.1761, 0.1976, 0.9102),
        (PROTEIN, 0.6478, -0.0780, -0.2830, 0.1271, 0.4561),
    ],
)
def test_published_comparison_is_found_again(scores, area, difference, low, high, p_value):
    found = delong(NOT_HELPED, scores, KG_SCORE)
    assert found.value == pytest.approx(area, abs=5e-5)
    assert found.other_value == pytest.approx(0.7258, abs=5e-5)
    assert found.difference == pytest.approx(difference, abs=5e-5)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)
    assert found.p_value == pytest.approx(p_value, abs=5e-5)


def test_published_standard_error_of_one_area_is_found_again():
    """The CT images of Hanley and McNeil 1982: area 0.8932, standard error 0.0307 in Stata."""
    ratings = np.concatenate([np.repeat(range(5), [33, 6, 6, 11, 2]), [0] * 3, [1] * 2, [2] * 2])
    ratings = np.concatenate([ratings, [3] * 11, [4] * 33])
    area, low, high = roc_auc_interval(np.repeat([False, True], [58, 51]), ratings)
    assert area == pytest.approx(0.8932, abs=5e-5)
    half_width = 1.959964 * 0.0307 / (area * (1 - area))
    center = np.log(area / (1 - area))
    assert low == pytest.approx(1 / (1 + np.exp(half_width - center)), abs=2e-4)
    assert high == pytest.approx(1 / (1 + np.exp(-half_width - center)), abs=2e-4)


@given(beats)
def test_midranks_give_what_the_definition_gives(rows):
    is_anomaly, scores, other_scores = columns(rows)
    found = delong(is_anomaly, scores, other_scores)
    error = brute_force_error(is_anomaly, scores, other_scores)
    areas = [components(is_anomaly, each)[0].mean() for each in (scores, other_scores)]
    assert [found.value, found.other_value] == pytest.approx(areas)
    assert found.difference == pytest.approx(areas[0] - areas[1])
    assert (found.high - found.low) / 2 == pytest.approx(norm.ppf(0.975) * error, abs=1e-7)


@given(beats)
def test_swapping_the_detectors_turns_the_sign(rows):
    is_anomaly, scores, other_scores = columns(rows)
    one, other = (
        delong(is_anomaly, scores, other_scores),
        delong(is_anomaly, other_scores, scores),
    )
    assert one.difference == -other.difference
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert one.p_value == other.p_value


@given(beats)
def test_same_order_of_beats_is_no_difference(rows):
    is_anomaly, scores, _ = columns(rows)
    found = delong(is_anomaly, scores, np.exp(scores))
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_areas_are_those_of_the_report():
    rng = np.random.default_rng(0)
    is_anomaly = rng.random(100) < 0.3
    scores, other_scores = rng.normal(size=(2, 100)).round(1) + is_anomaly
    found = delong(is_anomaly, scores, other_scores)
    assert found.value == pytest.approx(measure(scores, is_anomaly, 0)["ROC-AUC"])
    assert found.other_value == pytest.approx(measure(other_scores, is_anomaly, 0)["ROC-AUC"])


def test_p_values_are_uniform_where_there_is_no_difference():
    rng = np.random.default_rng(1)
    is_anomaly = np.repeat([False, True], [150, 100])
    p_values = []
    for _ in range(600):
        common = rng.normal(size=250) + 1.5 * is_anomaly
        scores, other_scores = common + rng.normal(size=(2, 250))
        p_values.append(delong(is_anomaly, scores, other_scores).p_value)
    assert kstest(p_values, "uniform").pvalue > 0.01
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.025)


def test_interval_covers_the_true_area_as_often_as_it_says():
    rng = np.random.default_rng(2)
    is_anomaly = np.repeat([False, True], [80, 60])
    truth = norm.cdf(2 / np.sqrt(2))  # of two normal distributions, two deviations apart
    found = [
        roc_auc_interval(is_anomaly, rng.normal(size=140) + 2 * is_anomaly) for _ in range(600)
    ]
    covered = [interval.low <= truth <= interval.high for interval in found]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.025)


@given(beats)
def test_interval_of_an_area_stays_between_0_and_1_and_holds_it(rows):
    is_anomaly, scores, _ = columns(rows)
    area, low, high = roc_auc_interval(is_anomaly, scores)
    assert 0 <= low <= area + 1e-12
    assert area - 1e-12 <= high <= 1


def test_perfect_order_of_few_beats_is_no_certainty():
    """Three pairs without a common beat, all in order: the exact interval of 3 out of 3."""
    is_anomaly = [False] * 5 + [True] * 3
    exact = binomtest(3, 3).proportion_ci(method="exact").low
    assert roc_auc_interval(is_anomaly, range(8)) == pytest.approx((1, exact, 1))
    mirrored = roc_auc_interval(is_anomaly, range(8, 0, -1))
    assert mirrored == pytest.approx((0, 0, 1 - exact))


def test_constant_scores_against_perfect_ones_leave_no_variance():
    found = delong([False] * 3 + [True] * 3, range(6), np.zeros(6))
    assert (found.difference, found.low, found.high, found.p_value) == (0.5, 0.5, 0.5, 0)


def test_confidence_sets_the_width():
    wide, narrow = (delong(NOT_HELPED, ALBUMIN, KG_SCORE, confidence=c) for c in (0.95, 0.5))
    ratio = norm.ppf(0.975) / norm.ppf(0.75)
    assert wide.high - wide.low == pytest.approx(ratio * (narrow.high - narrow.low))
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        delong(NOT_HELPED, ALBUMIN, KG_SCORE, confidence=95)


@pytest.mark.parametrize(
    ("is_anomaly", "scores", "message"),
    [
        ([False, False, True], [0, 1, 2], "1 anomalies and 2 normal beats: at least two"),
        ([False, False, True, True], [0, 1, 2], "one entry a beat"),
        ([False, False, True, True], [0, 1, 2, np.inf], "1 of 4 scores"),
    ],
)
def test_what_has_no_variance_is_refused(is_anomaly, scores, message):
    with pytest.raises(ValueError, match=message):
        roc_auc_interval(is_anomaly, scores)
    with pytest.raises(ValueError, match=message):
        delong(is_anomaly, scores, scores)
