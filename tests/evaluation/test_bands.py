"""Curves that agree with scikit-learn's, in bands that come from the same resamples."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics

from ecglab.evaluation import measure, precision_at, precision_recall_band, roc_band

BANDS = [roc_band, precision_recall_band]
pairs = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40)


@pytest.fixture(scope="module")
def scored():
    rng = np.random.default_rng(0)
    is_anomaly = rng.random(300) < 0.4
    return is_anomaly, (rng.normal(size=300) + 1.5 * is_anomaly).round(1)


def columns(rows):
    scores, is_anomaly = map(np.array, zip(*rows, strict=True))
    assume(is_anomaly.any() and not is_anomaly.all())
    return is_anomaly, scores.astype(float)


@given(pairs)
def test_roc_curve_passes_through_scikit_learn_s_points(rows):
    is_anomaly, scores = columns(rows)
    rates, recalls, _ = metrics.roc_curve(is_anomaly, scores, drop_intermediate=False)
    highest = [recalls[rates == rate].max() for rate in rates]
    band = roc_band(is_anomaly, scores, grid=rates, n_resamples=1)
    assert band["value"].to_numpy() == pytest.approx(highest)


@given(pairs, st.floats(0, 1))
def test_roc_curve_is_straight_between_two_thresholds(rows, rate):
    is_anomaly, scores = columns(rows)
    rates, recalls, _ = metrics.roc_curve(is_anomaly, scores)
    assume(np.abs(rates - rate).min() > 1e-6)
    band = roc_band(is_anomaly, scores, grid=[rate], n_resamples=1)
    assert band["value"][0] == pytest.approx(np.interp(rate, rates, recalls), abs=1e-8)


def test_area_under_the_roc_curve_is_the_metric(scored):
    is_anomaly, scores = scored
    rates = metrics.roc_curve(is_anomaly, scores, drop_intermediate=False)[0]
    # Right and left of each vertical piece, so that the trapezoids see both of its ends.
    grid = np.clip(np.sort(np.concatenate([rates - 1e-7, rates])), 0, 1)
    band = roc_band(is_anomaly, scores, grid=grid, n_resamples=1)
    area = np.trapezoid(band["value"], band["false-positive rate"])
    assert area == pytest.approx(measure(scores, is_anomaly, 0)["ROC-AUC"], abs=1e-5)


@given(pairs, st.floats(0.001, 1))
def test_precision_is_that_of_the_highest_threshold_with_the_recall(rows, wanted):
    is_anomaly, scores = columns(rows)
    precisions, recalls, thresholds = metrics.precision_recall_curve(is_anomaly, scores)
    # scikit-learn's last point, of a recall of 0, belongs to no threshold.
    reached = recalls[:-1] >= wanted - 1e-12
    expected = precisions[:-1][reached][np.argmax(thresholds[reached])]
    band = precision_recall_band(is_anomaly, scores, grid=[wanted], n_resamples=1)
    assert band["value"][0] == pytest.approx(expected)


def test_shares_that_rounding_has_lifted_are_whole_counts_still():
    """0.07 x 100 anomalies is 7.000000000000001: the eighth must not be asked for."""
    is_anomaly = np.repeat([True, False, True], [7, 50, 93])
    scores = np.arange(150, 0, -1)
    assert 0.07 * 100 > 7
    assert precision_recall_band(is_anomaly, scores, grid=[0.07], n_resamples=1)["value"][0] == 1


def test_precision_is_restated_at_another_prevalence(scored):
    is_anomaly, scores = scored
    threshold = 1.0
    called = scores > threshold
    recall, rate = called[is_anomaly].mean(), called[~is_anomaly].mean()
    band = precision_recall_band(is_anomaly, scores, prevalence=0.02, grid=[recall], n_resamples=1)
    assert band["value"][0] == pytest.approx(precision_at(0.02, recall, rate))


def plain_curve(band, is_anomaly, scores, grid):
    return band(is_anomaly, scores, grid=grid, n_resamples=1)["value"].to_numpy()


@pytest.mark.parametrize("band", BANDS)
def test_band_equals_a_plain_loop(band, scored):
    is_anomaly, scores = scored
    grid = [0.01, 0.2, 0.5, 1.0]
    found = band(is_anomaly, scores, grid=grid, n_resamples=30, random_state=4, confidence=0.9)
    normal, strange = scores[~is_anomaly], scores[is_anomaly]
    draws = np.random.default_rng(4)
    of_normal = normal[draws.integers(len(normal), size=(30, len(normal)))]
    of_strange = strange[draws.integers(len(strange), size=(30, len(strange)))]
    labels = np.repeat([False, True], [len(normal), len(strange)])
    curves = [plain_curve(band, labels, s, grid) for s in np.hstack([of_normal, of_strange])]
    low, high = np.quantile(curves, [0.05, 0.95], axis=0)
    assert found["low"].to_numpy() == pytest.approx(low)
    assert found["high"].to_numpy() == pytest.approx(high)


@pytest.mark.parametrize("band", BANDS)
def test_band_contains_the_curve_repeats_with_its_seed_and_stays_between_0_and_1(band, scored):
    table = band(*scored, n_resamples=500)
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    assert table.iloc[:, 1:].stack().between(0, 1).all()
    assert table.equals(band(*scored, n_resamples=500, random_state=0))
    assert not table.equals(band(*scored, n_resamples=500, random_state=1))


@pytest.mark.parametrize(
    ("band", "first_column", "first"),
    [(roc_band, "false-positive rate", 0.0), (precision_recall_band, "recall", 0.01)],
)
def test_columns_and_default_grid(band, first_column, first, scored):
    table = band(*scored, n_resamples=2)
    assert table.columns.tolist() == [first_column, "value", "low", "high"]
    assert table[first_column].iloc[[0, -1]].tolist() == [first, 1.0]
    assert np.diff(table[first_column]) == pytest.approx(0.01)


def test_false_alarms_at_every_beat_catch_every_anomaly(scored):
    assert roc_band(*scored, grid=[1.0], n_resamples=5).iloc[0].tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("grid", [[], [1.1], [-0.1], [np.nan], [[0.5]]])
def test_grid_must_hold_shares(band, grid, scored):
    with pytest.raises(ValueError, match="grid must be a list of shares"):
        band(*scored, grid=grid)


def test_precision_has_no_value_where_nothing_is_flagged(scored):
    with pytest.raises(ValueError, match="recall of 0 nothing is flagged"):
        precision_recall_band(*scored, grid=[0.0, 0.5])


def test_prevalence_must_be_a_share(scored):
    with pytest.raises(ValueError, match="prevalence must lie between 0 and 1"):
        precision_recall_band(*scored, prevalence=2)
