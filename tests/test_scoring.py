"""Scores: higher is stranger, and each is what its name says."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import mahalanobis
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import NearestNeighbors

from ecglab.scoring import (
    SCORINGS,
    Combined,
    LatentDistance,
    MeanAbsoluteError,
    MeanSquaredError,
    NeighbourDistance,
    Scoring,
    WeightedError,
    WindowedMaximum,
    make_scoring,
    mean_absolute_error,
    mean_squared_error,
)

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


# Scorings: what all of them have in common

N_NORMAL, N_STRANGE, N_SAMPLES, N_UNITS = 60, 30, 20, 4

EVERY_SCORING = {
    **{name: make() for name, make in SCORINGS.items()},
    "uniform": WeightedError("uniform"),
    "absolute": WeightedError(power=1, smoothing=2),
    "window": WeightedError("window", window=(5, 12)),
    "combined_max": Combined((WindowedMaximum(3), "learned_weights", "latent"), how="max"),
}
every_scoring = pytest.mark.parametrize("scoring", EVERY_SCORING.values(), ids=list(EVERY_SCORING))


@pytest.fixture
def validation():
    """Residuals that grow along the beat; anomalies stand out in samples 5 to 11, and in codes."""
    return make_validation()


def make_validation(n_channels=None):
    rng = np.random.default_rng(0)
    is_anomaly = rng.permutation(np.repeat([False, True], [N_NORMAL, N_STRANGE]))
    shape = (len(is_anomaly), N_SAMPLES, n_channels or 1)
    residuals = rng.normal(size=shape) * np.linspace(0.5, 2, N_SAMPLES)[:, None]
    residuals[is_anomaly, 5:12] *= 4
    codes = rng.normal(size=(len(is_anomaly), N_UNITS)) @ rng.normal(size=(N_UNITS, N_UNITS))
    codes[is_anomaly] += 5
    return {
        "residuals": residuals if n_channels else residuals[..., 0],
        "is_anomaly": is_anomaly,
        "codes": codes,
    }


def score_all(scoring, validation):
    return scoring.score(validation["residuals"], validation["codes"])


@every_scoring
@pytest.mark.parametrize("n_channels", [None, 1, 3])
def test_every_scoring_gives_anomalies_higher_scores(scoring, n_channels):
    validation = make_validation(n_channels)
    scores = score_all(clone(scoring).fit(**validation), validation)
    assert scores.shape == (N_NORMAL + N_STRANGE,)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    strange = validation["is_anomaly"]
    assert np.mean(scores[strange][:, None] > scores[~strange]) > 0.9


@every_scoring
def test_a_score_depends_on_no_other_beat(scoring, validation):
    fitted = clone(scoring).fit(**validation)
    one = fitted.score(validation["residuals"][7:8], validation["codes"][7:8])
    np.testing.assert_allclose(one, score_all(fitted, validation)[7:8], rtol=1e-12)
    assert fitted.score(np.zeros((0, N_SAMPLES)), np.zeros((0, N_UNITS))).shape == (0,)


@every_scoring
@pytest.mark.parametrize("value", [1e6, np.nan])
def test_a_label_free_scoring_looks_at_no_anomaly(scoring, validation, value):
    changed = {name: array.copy() for name, array in validation.items()}
    changed["residuals"][validation["is_anomaly"]] = value
    changed["codes"][validation["is_anomaly"]] = value
    if scoring.needs_anomalies and np.isnan(value):
        with pytest.raises(ValueError, match="30 of 90 beats have residuals that are NaN"):
            clone(scoring).fit(**changed)
        return
    one = score_all(clone(scoring).fit(**validation), validation)
    other = score_all(clone(scoring).fit(**changed), validation)
    assert np.array_equal(one, other) == (not scoring.needs_anomalies)


def test_label_tuned_scorings_and_those_that_need_codes_say_so():
    tuned = {name for name, scoring in EVERY_SCORING.items() if scoring.needs_anomalies}
    coded = {name for name, scoring in EVERY_SCORING.items() if scoring.needs_codes}
    assert tuned == {"learned_weights", "combined_max"}
    assert coded == {"latent", "neighbours", "combined", "combined_max"}


@every_scoring
def test_a_clone_has_the_same_parameters_and_nothing_learnt(scoring, validation):
    fitted = clone(scoring).fit(**validation)
    copied = make_scoring(fitted)
    assert repr(copied) == repr(fitted) == repr(scoring)
    assert copied is not fitted
    if not isinstance(scoring, MeanSquaredError | MeanAbsoluteError | WindowedMaximum):
        with pytest.raises(NotFittedError, match="call fit"):
            score_all(copied, validation)


@pytest.mark.parametrize("name", SCORINGS)
def test_a_scoring_by_name_is_fresh_and_its_parameters_survive_json(name, validation):
    scoring = make_scoring(name)
    assert scoring is not make_scoring(name)
    params = json.loads(json.dumps(scoring.get_params(deep=False)))
    again = type(scoring)(**params).fit(**validation)
    np.testing.assert_array_equal(
        score_all(again, validation), score_all(scoring.fit(**validation), validation)
    )


@pytest.mark.parametrize("name", ["rmse", None, MeanSquaredError])
def test_an_unknown_name_is_answered_with_the_known_ones(name):
    with pytest.raises(ValueError, match="choose one of mse, mae, weighted, learned_weights"):
        make_scoring(name)


@every_scoring
def test_unusable_input_is_refused(scoring, validation):
    residuals, is_anomaly, codes = validation.values()
    fitted, scoring = clone(scoring).fit(**validation), clone(scoring)
    damaged = residuals.copy()
    damaged[3, 2] = np.inf
    with pytest.raises(ValueError, match="1 of 90 beats have residuals that are NaN or infinite"):
        fitted.score(damaged, codes)
    with pytest.raises(ValueError, match=r"must have the shape \(n_beats, n_samples\) or"):
        fitted.score(residuals[0], codes)
    with pytest.raises(ValueError, match="one entry a beat"):
        scoring.fit(residuals, is_anomaly[1:], codes)
    with pytest.raises(ValueError, match=r"pass beats\.is_anomaly, not labels"):
        scoring.fit(residuals, np.where(is_anomaly, 2, 1), codes)
    with pytest.raises(ValueError, match="normal beats or more to learn from, and there are none"):
        scoring.fit(residuals, np.ones_like(is_anomaly), codes)


@pytest.mark.parametrize(
    "name", ["weighted", "learned_weights", "latent", "neighbours", "combined"]
)
def test_a_spread_is_not_taken_from_a_handful_of_beats(name, validation):
    few = np.flatnonzero(~validation["is_anomaly"])[:9]
    few = np.concatenate([few, np.flatnonzero(validation["is_anomaly"])])
    with pytest.raises(ValueError, match=r"needs 10 normal beats or more .* there are 9"):
        make_scoring(name).fit(**{key: values[few] for key, values in validation.items()})


@pytest.mark.parametrize("scoring", [MeanSquaredError(), MeanAbsoluteError(), WindowedMaximum()])
def test_scorings_that_learn_nothing_need_no_fit(scoring):
    assert scoring.score(np.ones((2, 20))) == pytest.approx([1, 1])


# Weighted errors

scales = st.floats(0.01, 100)
residual_arrays = arrays(
    np.float64,
    st.tuples(st.just(12), st.integers(1, 15))
    | st.tuples(st.just(12), st.integers(1, 8), st.just(2)),
    elements=st.floats(-1e3, 1e3).map(lambda value: round(value, 3)),
)
ALL_NORMAL = np.zeros(12, bool)


@given(residual_arrays)
def test_weights_of_one_give_the_plain_error(residuals):
    for power, plain in ((2, MeanSquaredError()), (1, MeanAbsoluteError())):
        fitted = WeightedError("uniform", power=power).fit(residuals, ALL_NORMAL)
        np.testing.assert_array_equal(fitted.weights_, np.ones(residuals.shape[1:]))
        np.testing.assert_array_equal(fitted.score(residuals), plain.score(residuals))


@given(residual_arrays, scales)
@settings(max_examples=40)
@pytest.mark.parametrize(
    ("scoring", "power"),
    [
        (MeanSquaredError(), 2),
        (MeanAbsoluteError(), 1),
        (WindowedMaximum(1), 2),
        (WeightedError(), 2),
        (WeightedError(power=1), 1),
        (WeightedError(smoothing=3), 2),
    ],
)
def test_residuals_times_c_score_c_to_the_power_times_as_high(scoring, power, residuals, scale):
    fitted = clone(scoring).fit(residuals, ALL_NORMAL)
    np.testing.assert_allclose(
        fitted.score(scale * residuals), scale**power * fitted.score(residuals), rtol=1e-9
    )


@given(residual_arrays, scales)
def test_label_free_weights_are_positive_average_one_and_have_no_unit(residuals, scale):
    weights = WeightedError().fit(residuals, ALL_NORMAL).weights_
    assert weights.shape == residuals.shape[1:]
    assert np.all(weights > 0)
    assert weights.mean() == pytest.approx(1)
    rescaled = WeightedError().fit(scale * residuals, ALL_NORMAL).weights_
    np.testing.assert_allclose(rescaled, weights, rtol=1e-9)


def test_weights_are_one_over_the_usual_error_but_no_point_takes_them_all():
    spread = np.array([1.0, 2.0, 4.0, 1e-9, 0.0, 2.0])
    residuals = spread * np.where(np.arange(20) % 2, 1, -1)[:, None]
    for power in (1, 2):
        weights = WeightedError(power=power).fit(residuals, np.zeros(20, bool)).weights_
        assert weights[0] / weights[2] == pytest.approx(4**power)
        assert weights[3] == weights[4] == weights.max()
        assert weights[4] / weights[1] == pytest.approx(10)


def test_a_model_without_any_error_gets_uniform_weights():
    weights = WeightedError().fit(np.zeros((10, 3)), np.zeros(10, bool)).weights_
    np.testing.assert_array_equal(weights, np.ones(3))


def test_learnt_weights_lie_where_anomalies_stand_out(validation):
    weights = WeightedError("learned").fit(**validation).weights_
    assert np.all(weights >= 0)
    assert weights.mean() == pytest.approx(1)
    assert weights[5:12].sum() > 0.9 * weights.sum()


def test_learnt_weights_are_the_diagonal_fisher_discriminant(validation):
    squares, strange = validation["residuals"] ** 2, validation["is_anomaly"]
    top = squares[strange].mean(axis=0) - squares[~strange].mean(axis=0)
    error = np.hypot(
        squares[strange].std(axis=0) / N_STRANGE**0.5, squares[~strange].std(axis=0) / N_NORMAL**0.5
    )
    bottom = squares[strange].var(axis=0) + squares[~strange].var(axis=0)
    bottom = np.maximum(bottom, 0.1 * np.median(bottom))
    expected = np.maximum(top - 2 * error, 0) / bottom
    weights = WeightedError("learned").fit(**validation).weights_
    np.testing.assert_allclose(weights, expected / expected.mean())


def test_learnt_weights_refuse_a_label_turned_around_and_too_few_anomalies(validation):
    residuals = np.where(validation["is_anomaly"][:, None], 0.1, 1.0) * np.ones(N_SAMPLES)
    with pytest.raises(ValueError, match="Check that is_anomaly is True for anomalies"):
        WeightedError("learned").fit(residuals, validation["is_anomaly"])
    with pytest.raises(ValueError, match=r"needs 10 anomalous beats or more .* there are none"):
        WeightedError("learned").fit(residuals, np.zeros(len(residuals), bool))


@given(arrays(np.float64, (12, 9), elements=st.floats(0.1, 10)), st.integers(0, 12))
def test_smoothing_averages_neighbours(residuals, reach):
    rough = WeightedError().fit(residuals, ALL_NORMAL).weights_
    smooth = WeightedError(smoothing=reach).fit(residuals, ALL_NORMAL).weights_
    expected = np.array([rough[max(i - reach, 0) : i + reach + 1].mean() for i in range(9)])
    np.testing.assert_allclose(smooth, expected / expected.mean(), rtol=1e-9)


@given(residual_arrays, st.data())
def test_a_window_scores_as_if_the_rest_were_cut_off(residuals, data):
    start = data.draw(st.integers(0, residuals.shape[1] - 1))
    stop = data.draw(st.integers(start + 1, residuals.shape[1]))
    fitted = WeightedError("window", window=[start, stop]).fit(residuals, ALL_NORMAL)
    assert set(fitted.weights_.ravel()) <= {0.0, 1.0}
    np.testing.assert_allclose(
        fitted.score(residuals), MeanSquaredError().score(residuals[:, start:stop]), atol=1e-12
    )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"weights": "best"}, "one of uniform, inverse_variance, learned, window, not 'best'"),
        ({"power": 0}, "positive number"),
        ({"power": "two"}, "positive number"),
        ({"smoothing": -1}, "0 or more"),
        ({"smoothing": 0.5}, "whole number"),
        ({"weights": "window"}, "go together"),
        ({"window": (3, 5)}, "go together"),
        ({"weights": "window", "window": (5, 5)}, "0 <= start < stop <= 20"),
        ({"weights": "window", "window": (-3, 5)}, "0 <= start < stop <= 20"),
        ({"weights": "window", "window": (0, 21)}, "0 <= start < stop <= 20"),
        ({"weights": "window", "window": (1, 2, 3)}, "two whole numbers"),
        ({"weights": "window", "window": (0.1, 0.4)}, "two whole numbers"),
    ],
)
def test_weights_that_make_no_sense_are_refused(params, message, validation):
    with pytest.raises(ValueError, match=message):
        WeightedError(**params).fit(**validation)


@pytest.mark.parametrize("kind", ["uniform", "inverse_variance", "learned"])
def test_beats_of_another_length_are_refused(kind, validation):
    fitted = WeightedError(kind).fit(**validation)
    with pytest.raises(ValueError, match=r"shape \(19,\), but the weights were made for \(20,\)"):
        fitted.score(validation["residuals"][:, 1:])
    with pytest.raises(ValueError, match=r"shape \(20, 1\)"):
        fitted.score(validation["residuals"][..., None])


# The largest local error


@given(residual_arrays, st.data())
def test_the_windowed_maximum_agrees_with_brute_force(residuals, data):
    n_samples = residuals.shape[1]
    width = data.draw(st.integers(1, n_samples))
    squares = (residuals**2).reshape(12, n_samples, -1).mean(axis=2)
    means = [squares[:, i : i + width].mean(axis=1) for i in range(n_samples - width + 1)]
    found = WindowedMaximum(width).score(residuals)
    np.testing.assert_allclose(found, np.max(means, axis=0), rtol=1e-9)


@pytest.mark.parametrize("width", [0, -1, 21, 2.5, None])
def test_a_width_that_does_not_fit_the_beat_is_refused(width, validation):
    for use in (
        lambda: WindowedMaximum(width).fit(**validation),
        lambda: WindowedMaximum(width).score(validation["residuals"]),
    ):
        with pytest.raises(ValueError, match="from 1 to the length of the beat, 20"):
            use()


# Distances between codes


def test_a_validation_beat_is_no_neighbour_of_its_own(validation):
    normal = validation["codes"][~validation["is_anomaly"]]
    fitted = NeighbourDistance(3).fit(**validation)
    left_out = NearestNeighbors(n_neighbors=3).fit(normal).kneighbors()[0].mean(axis=1)
    of_new = NearestNeighbors(n_neighbors=3).fit(normal).kneighbors(normal + 0.1)[0].mean(axis=1)
    # Together with other beats a network computes the same code to some seven digits.
    for codes, expected in ((normal * (1 + 1e-7), left_out), (normal + 0.1, of_new)):
        scores = fitted.score(np.zeros((N_NORMAL, 1)), codes)
        np.testing.assert_allclose(scores, expected, rtol=1e-4)


@pytest.mark.parametrize("n_neighbors", [0, 2.5, "all"])
def test_a_number_of_neighbours_that_makes_no_sense_is_refused(n_neighbors, validation):
    with pytest.raises(ValueError, match="n_neighbors must be a whole number, 1 or more"):
        NeighbourDistance(n_neighbors).fit(**validation)


def test_more_neighbours_need_more_beats(validation):
    with pytest.raises(ValueError, match=r"needs 61 normal beats or more .* there are 60"):
        NeighbourDistance(N_NORMAL).fit(**validation)
    NeighbourDistance(N_NORMAL - 1).fit(**validation)


@pytest.mark.parametrize("scoring", [LatentDistance(), NeighbourDistance()])
def test_codes_of_another_length_are_refused(scoring, validation):
    fitted = clone(scoring).fit(**validation)
    with pytest.raises(ValueError, match="each code has 3 units, but 4 when fitted"):
        fitted.score(validation["residuals"], validation["codes"][:, :3])


def test_without_shrinkage_the_distance_is_that_of_mahalanobis(validation):
    fitted = LatentDistance(shrinkage=0.0).fit(**validation)
    codes = validation["codes"]
    normal = codes[~validation["is_anomaly"]]
    precision = np.linalg.inv(np.cov(normal, rowvar=False, ddof=0))
    expected = [mahalanobis(code, normal.mean(axis=0), precision) for code in codes]
    np.testing.assert_allclose(score_all(fitted, validation), expected, rtol=1e-9)


def test_with_full_shrinkage_correlations_are_left_aside(validation):
    fitted = LatentDistance(shrinkage=1.0).fit(**validation)
    normal = validation["codes"][~validation["is_anomaly"]]
    z = (validation["codes"] - normal.mean(axis=0)) / normal.std(axis=0)
    np.testing.assert_allclose(score_all(fitted, validation), np.linalg.norm(z, axis=1), rtol=1e-9)


@given(arrays(np.float64, 4, elements=scales), arrays(np.float64, 4, elements=st.floats(-9, 9)))
@settings(max_examples=30)
def test_the_unit_of_a_code_does_not_matter(scale, shift):
    validation = make_validation()
    moved = {**validation, "codes": validation["codes"] * scale + shift}
    np.testing.assert_allclose(
        score_all(LatentDistance().fit(**moved), moved),
        score_all(LatentDistance().fit(**validation), validation),
        rtol=1e-6,
    )


def test_a_constant_unit_changes_nothing_until_it_wakes_up(validation):
    asleep = {**validation, "codes": np.pad(validation["codes"], ((0, 0), (0, 2)))}
    without, fitted = LatentDistance().fit(**validation), LatentDistance().fit(**asleep)
    np.testing.assert_allclose(score_all(fitted, asleep), score_all(without, validation))
    awake = np.zeros((2, N_UNITS + 2)) + np.pad(fitted.centre_[:N_UNITS], (0, 2))
    awake[1, -1] = 3 * np.median(validation["codes"][~validation["is_anomaly"]].std(axis=0))
    np.testing.assert_allclose(fitted.score(np.zeros((2, 1)), awake), [0, 3], atol=1e-9)


@pytest.mark.parametrize("shrinkage", ["ledoit_wolf", 0.0])
def test_codes_that_are_all_alike_are_measured_as_they_are(shrinkage, validation):
    same = np.full_like(validation["codes"], 0.1)
    fitted = LatentDistance(shrinkage).fit(**{**validation, "codes": same})
    assert fitted.score(
        np.zeros((1, 1)), same[:1] + np.array([3.0, 4.0, 0.0, 0.0])
    ) == pytest.approx([5])


def test_two_units_that_say_the_same_need_shrinkage(validation):
    doubled = {**validation, "codes": np.repeat(validation["codes"], 2, axis=1)}
    assert np.isfinite(score_all(LatentDistance().fit(**doubled), doubled)).all()
    with pytest.raises(ValueError, match='Use shrinkage="ledoit_wolf"'):
        LatentDistance(shrinkage=0.0).fit(**doubled)


def test_fewer_beats_than_units_are_enough_with_shrinkage():
    rng = np.random.default_rng(0)
    codes, residuals, labels = rng.normal(size=(12, 40)), np.zeros((12, 5)), np.zeros(12, bool)
    scores = LatentDistance().fit(residuals, labels, codes).score(residuals, codes)
    assert np.isfinite(scores).all()
    with pytest.raises(ValueError, match="pass more beats"):
        LatentDistance(0.0).fit(residuals, labels, codes)


@pytest.mark.parametrize("shrinkage", [-0.1, 1.1, "oas", None])
def test_a_shrinkage_that_is_no_share_is_refused(shrinkage, validation):
    with pytest.raises(ValueError, match='"ledoit_wolf" or lie between 0 and 1'):
        LatentDistance(shrinkage).fit(**validation)


@pytest.mark.parametrize("scoring", [LatentDistance(), Combined()])
def test_missing_and_unfitting_codes_are_refused(scoring, validation):
    residuals, is_anomaly, codes = validation.values()
    fitted = clone(scoring).fit(residuals, is_anomaly, codes)
    for use in (lambda: clone(scoring).fit(residuals, is_anomaly), lambda: fitted.score(residuals)):
        with pytest.raises(ValueError, match="compares codes, and none were passed"):
            use()
    with pytest.raises(ValueError, match="89 codes but 90 residuals"):
        fitted.score(residuals, codes[1:])
    with pytest.raises(ValueError, match=r"codes must have the shape \(n_beats, n_units\)"):
        fitted.score(residuals, codes[..., None])
    with pytest.raises(ValueError, match="90 of 90 beats have codes that are NaN"):
        fitted.score(residuals, codes * np.nan)


# Combinations


@pytest.mark.parametrize(
    "parts", [("mse", "latent"), ["mae", "windowed", "weighted"], (WindowedMaximum(3), "latent")]
)
def test_every_part_is_zero_at_the_median_normal_beat_and_one_at_the_95_percent(parts, validation):
    normal = ~validation["is_anomaly"]
    for part in parts:
        alone = Combined([part]).fit(**validation)
        assert np.median(score_all(alone, validation)[normal]) == pytest.approx(0, abs=0.05)
        assert np.quantile(score_all(alone, validation)[normal], 0.95) == pytest.approx(1)
    each = [score_all(Combined([part]).fit(**validation), validation) for part in parts]
    for how, join in (("mean", np.mean), ("max", np.max)):
        together = score_all(Combined(parts, how=how).fit(**validation), validation)
        np.testing.assert_allclose(together, join(each, axis=0), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["mse", "windowed", "latent"])
def test_a_part_keeps_its_ranking_however_strange_the_beat(name, validation):
    part = score_all(make_scoring(name).fit(**validation), validation)
    alone = score_all(Combined([name]).fit(**validation), validation)
    np.testing.assert_array_equal(np.argsort(part), np.argsort(alone))


def test_the_unit_of_the_signals_does_not_matter(validation):
    volts = {**validation, "residuals": validation["residuals"] / 1000}
    np.testing.assert_allclose(
        score_all(Combined().fit(**volts), volts),
        score_all(Combined().fit(**validation), validation),
        rtol=1e-9,
    )


def test_a_model_without_any_error_can_be_combined(validation):
    perfect = {**validation, "residuals": np.zeros_like(validation["residuals"])}
    fitted = Combined(("mse", "windowed")).fit(**perfect)
    np.testing.assert_allclose(np.ptp(score_all(fitted, perfect)), 0)
    assert fitted.score(np.ones((1, N_SAMPLES))) > score_all(fitted, perfect)[0]


def test_parameters_of_parts_can_be_read_and_set():
    combined = Combined((WindowedMaximum(5), "latent", WeightedError()))
    params = combined.get_params()
    assert params["part0__width"] == 5
    assert "part1" not in params
    assert set(combined.get_params(deep=False)) == {"scorings", "how"}
    combined.set_params(part0__width=7, part2=LatentDistance(0.5), how="max")
    assert repr(combined.scorings) == repr((WindowedMaximum(7), "latent", LatentDistance(0.5)))
    assert combined.how == "max"
    combined.set_params(scorings=("mse", WindowedMaximum()), part1__width=3)
    assert combined.scorings[1].width == 3
    with pytest.raises(ValueError, match="Invalid parameter 'part0'"):
        combined.set_params(part0__width=1)


def test_fitting_leaves_the_instances_in_the_parameters_alone(validation):
    part = WeightedError()
    Combined([part, "mse"]).fit(**validation)
    assert not hasattr(part, "weights_")


def test_combinations_that_make_no_sense_are_refused(validation):
    class Signed(Scoring):
        def _score(self, residuals, codes):
            return residuals.mean(axis=1)

    for parts, message in (
        ((), "one scoring or more"),
        ("mse", "one scoring or more"),
        (("mse", "mode"), "there is no scoring 'mode'"),
        (("mse", "combined"), "cannot be a part of another"),
        (("mse", Signed()), "gave negative scores"),
    ):
        with pytest.raises(ValueError, match=message):
            Combined(parts).fit(**validation)
    with pytest.raises(ValueError, match='how must be "mean" or "max"'):
        Combined(how="median").fit(**validation)
