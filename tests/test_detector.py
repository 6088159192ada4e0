"""`AutoencoderDetector`: scikit-learn's conventions, the right polarity, and no leak."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, RobustScaler

from ecglab import AutoencoderDetector
from ecglab.autoencoders import AUTOENCODERS, DenseTorchAutoencoder, make_autoencoder
from ecglab.datasets import make_heartbeats
from ecglab.detector import SCALERS
from ecglab.errors import FewBeatsWarning
from ecglab.scoring import SCORINGS
from ecglab.thresholds import THRESHOLDS


def small(**arguments):
    return DenseTorchAutoencoder(
        (16, 4), output_activation="linear", max_epochs=5, batch_size=64, **arguments
    )


@pytest.fixture(scope="module")
def beats():
    return make_heartbeats(1200, random_state=0)


@pytest.fixture(scope="module")
def normal(beats):
    return beats.normal.signals[:400]


@pytest.fixture(scope="module")
def detector(normal):
    return AutoencoderDetector(
        DenseTorchAutoencoder((32, 8), max_epochs=40, batch_size=32), random_state=0
    ).fit(normal)


def test_anomalies_score_higher_and_are_called_minus_one(detector, beats):
    held_out = beats[600:]
    errors = detector.reconstruction_error(held_out.signals)
    assert roc_auc_score(held_out.is_anomaly, errors) > 0.9
    called = detector.predict(held_out.signals)
    assert set(called.tolist()) == {-1, 1}
    assert (called[held_out.is_anomaly] == -1).mean() > (called[~held_out.is_anomaly] == -1).mean()


def test_the_four_ways_to_score_agree(detector, beats):
    signals = beats.signals[:200]
    errors = detector.reconstruction_error(signals)
    assert np.array_equal(detector.score_samples(signals), -errors)
    np.testing.assert_allclose(
        detector.decision_function(signals), detector.threshold_ - errors, atol=1e-12
    )
    assert np.array_equal(detector.predict(signals) == -1, errors > detector.threshold_)
    assert detector.offset_ == -detector.threshold_


def test_default_threshold_accepts_95_percent_of_held_back_normal_beats(normal):
    detector = AutoencoderDetector(small(), validation_fraction=0.5, random_state=3).fit(normal)
    flagged = (detector.predict(normal) == -1).mean()
    assert 0.01 < flagged < 0.12
    assert detector.label_free_


def test_scaler_sees_training_beats_only(beats, normal):
    """The validation beats are wildly off; had the scaler seen them, its range would tell."""
    detector = AutoencoderDetector(small(), scaler="unit", random_state=0)
    detector.fit(normal, validation_signals=normal[:50] + 1000)
    assert detector.scaler_.data_max_.max() < 100


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_by_itself_an_autoencoder_gets_beats_that_its_output_reaches(normal, name):
    autoencoder = make_autoencoder(name, max_epochs=1)
    scaler = AutoencoderDetector(autoencoder, random_state=0).fit(normal[:100]).scaler_
    reach = autoencoder.output_range
    assert scaler is None if np.isinf(reach).all() else scaler.feature_range == reach


def test_beats_that_an_output_cannot_reach_are_refused(normal):
    out_of_reach = AutoencoderDetector("dense_torch", scaler=None)
    with pytest.raises(ValueError, match=r"reaches from -1 to 1, but .* Take scaler=\"auto\""):
        out_of_reach.fit(normal)
    sigmoid = small().set_params(output_activation="sigmoid")
    with pytest.raises(ValueError, match="reaches from 0 to 1"):
        AutoencoderDetector(sigmoid, scaler="symmetric").fit(normal)
    AutoencoderDetector(sigmoid, scaler=MinMaxScaler((-1, 1))).fit(normal)  # on one's own head


def test_arguments_that_mean_nothing_to_an_autoencoder_are_refused(normal):
    with pytest.raises(ValueError, match="DenseAutoencoder knows no device and no n_jobs: leave"):
        AutoencoderDetector("dense", device="cpu", n_jobs=2).fit(normal)


def test_anomalies_in_validation_do_not_reach_the_autoencoder(beats, normal):
    validation, is_anomaly = beats.signals[600:800], beats.is_anomaly[600:800]
    tuned, free = (
        AutoencoderDetector(small(), random_state=0).fit(
            normal, validation_signals=signals, validation_is_anomaly=labels
        )
        for signals, labels in (
            (validation, is_anomaly),
            (validation[~is_anomaly], is_anomaly[~is_anomaly]),
        )
    )
    assert np.array_equal(tuned.encode(normal), free.encode(normal))
    assert tuned.threshold_ == free.threshold_


def test_recalibrating_equals_fitting_with_the_other_choice(beats, normal):
    validation = beats.signals[600:800], beats.is_anomaly[600:800]
    given = {"validation_signals": validation[0], "validation_is_anomaly": validation[1]}
    choice = {"scoring": "weighted", "threshold": "f1"}
    fitted = AutoencoderDetector(small(), random_state=0, **choice).fit(normal, **given)
    changed = AutoencoderDetector(small(), random_state=0).fit(normal, **given)
    assert changed.label_free_
    changed.recalibrate(*validation, **choice)
    assert changed.threshold_ == fitted.threshold_
    assert not changed.label_free_
    assert np.array_equal(changed.score_samples(normal), fitted.score_samples(normal))
    with pytest.raises(ValueError, match="needs labelled anomalies"):
        changed.recalibrate(validation[0])


def test_labels_given_as_y_are_ignored(normal):
    with_y = AutoencoderDetector(small(), random_state=0).fit(normal, np.arange(len(normal)))
    without = AutoencoderDetector(small(), random_state=0).fit(normal)
    assert np.array_equal(with_y.score_samples(normal), without.score_samples(normal))


@pytest.mark.parametrize("rule", sorted(THRESHOLDS))
@pytest.mark.parametrize("scoring", sorted(SCORINGS))
def test_every_scoring_goes_with_every_threshold_rule(beats, normal, rule, scoring):
    detector = AutoencoderDetector(
        DenseTorchAutoencoder((8, 3), max_epochs=1), scoring=scoring, threshold=rule, random_state=0
    )
    validation = beats[600:900]
    detector.fit(
        normal[:100],
        validation_signals=validation.signals,
        validation_is_anomaly=validation.is_anomaly,
    )
    assert np.isfinite(detector.reconstruction_error(beats.signals[:20])).all()
    assert np.isfinite(detector.threshold_)
    tuned = THRESHOLDS[rule].needs_anomalies or detector.scoring_.needs_anomalies
    assert detector.label_free_ is not tuned


@pytest.mark.parametrize("choice", [{"threshold": "f1"}, {"scoring": "learned_weights"}])
def test_label_tuned_choices_ask_for_labels(normal, choice):
    with pytest.raises(ValueError, match="needs labelled anomalies"):
        AutoencoderDetector(small(), **choice).fit(normal)


@pytest.mark.parametrize(
    ("threshold", "params", "error"),
    [
        ("quantile", {"quantile": 95}, ValueError),
        ("false_positive_rate", {"rate": 5}, ValueError),
        ("extreme_value", {"rate": 0.2, "tail": 0.1}, ValueError),
        ("extreme_value", {"quantile": 0.99}, TypeError),
        ("recall", {"recall": 99}, ValueError),
        ("cost", {"miss_cost": -1}, ValueError),
    ],
)
def test_what_a_threshold_rule_refuses_is_refused_before_training(
    beats, normal, threshold, params, error
):
    detector = AutoencoderDetector(small(), threshold=threshold, threshold_params=params)
    with pytest.raises(error):
        detector.fit(
            normal,
            validation_signals=beats.signals[600:],
            validation_is_anomaly=beats.is_anomaly[600:],
        )
    assert not hasattr(detector, "autoencoder_")


def test_too_few_validation_beats_for_a_fitted_tail_are_refused_before_training(normal):
    detector = AutoencoderDetector(small(), threshold="extreme_value")
    with pytest.raises(ValueError, match=r"2 of 20 normal beats .* at least 30 normal beats"):
        detector.fit(normal[:100])
    assert not hasattr(detector, "autoencoder_")


@pytest.mark.parametrize(
    ("threshold", "params", "message"),
    [
        ("quantile", {"quantile": 0.99}, "20 normal beats carry no 99 % quantile"),
        ("false_positive_rate", {"rate": 0.001}, "20 normal beats cannot promise 0.1 %"),
        ("extreme_value", {"tail": 0.2}, "4 of 20 normal beats"),
    ],
)
def test_few_validation_beats_are_warned_of_once(normal, threshold, params, message):
    detector = AutoencoderDetector(
        small(), threshold=threshold, threshold_params=params, random_state=0
    )
    with pytest.warns(FewBeatsWarning, match=message) as caught:
        detector.fit(normal[:100])
    assert len(caught) == 1
    assert np.isfinite(detector.threshold_)


def test_few_validation_anomalies_are_warned_of_once(normal, beats):
    detector = AutoencoderDetector(small(), random_state=0).fit(normal)
    anomalies, others = beats.anomalies.signals[:30], beats.normal.signals[400:450]
    is_anomaly = np.repeat([True, False], [30, 50])
    with pytest.warns(FewBeatsWarning, match="30 anomalies cannot tell") as caught:
        detector.recalibrate(np.r_[anomalies, others], is_anomaly, threshold="recall")
    assert len(caught) == 1
    assert (detector.predict(anomalies) == -1).all()


@pytest.mark.parametrize("scaler", [None, *SCALERS, RobustScaler(), FunctionTransformer()])
def test_reconstruction_comes_back_in_the_unit_of_the_beats(normal, scaler):
    offset = 50 + 10 * normal
    detector = AutoencoderDetector(
        DenseTorchAutoencoder((32,), output_activation="linear", max_epochs=40),
        scaler=scaler,
        random_state=0,
    ).fit(offset)
    rebuilt = detector.reconstruct(offset)
    assert rebuilt.shape == offset.shape
    if scaler is not None and not isinstance(scaler, FunctionTransformer):
        assert abs(rebuilt - offset).mean() < abs(offset - offset.mean(axis=0)).mean()


def test_random_state_decides_everything(normal):
    first, again, other = (
        AutoencoderDetector(small(), random_state=seed).fit(normal) for seed in (5, 5, 6)
    )
    assert np.array_equal(first.score_samples(normal), again.score_samples(normal))
    assert first.threshold_ == again.threshold_
    assert not np.array_equal(first.score_samples(normal), other.score_samples(normal))


def test_clone_and_nested_parameters(normal):
    detector = AutoencoderDetector(small(), scoring="mae")
    copy = clone(detector).set_params(autoencoder__max_epochs=2, threshold_params={"quantile": 0.5})
    assert detector.autoencoder.max_epochs == 5
    copy.fit(normal)
    assert len(copy.history_) == 2
    assert not hasattr(copy.autoencoder, "beat_shape_"), "fit must not train the argument itself"


def test_inside_a_pipeline(normal, beats):
    pipeline = make_pipeline(
        FunctionTransformer(lambda x: x * 2), AutoencoderDetector(small(), random_state=0)
    )
    pipeline.fit(normal)
    assert pipeline.score_samples(beats.signals[:3]).shape == (3,)
    assert set(pipeline.predict(beats.signals)) <= {-1, 1}


def test_grid_search_over_the_architecture(beats):
    search = GridSearchCV(
        AutoencoderDetector(small(), random_state=0),
        {"autoencoder__hidden": [(8, 2), (16, 4)]},
        scoring="roc_auc",
        cv=StratifiedKFold(2),
    )
    some = beats[
        np.r_[np.flatnonzero(~beats.is_anomaly)[:300], np.flatnonzero(beats.is_anomaly)[:20]]
    ]
    search.fit(some.signals, np.where(some.is_anomaly, -1, 1))
    assert search.best_params_["autoencoder__hidden"] in [(8, 2), (16, 4)]
    assert search.best_score_ > 0.5


def test_codes_come_out_as_a_named_frame(normal):
    detector = AutoencoderDetector(small(), random_state=0).set_output(transform="pandas")
    codes = detector.fit_transform(normal)
    assert isinstance(codes, pd.DataFrame)
    assert codes.columns.tolist() == [f"autoencoderdetector{n}" for n in range(4)]
    assert np.array_equal(codes.to_numpy(), detector.encode(normal))


def test_column_names_are_remembered_and_checked(normal):
    frame = pd.DataFrame(normal, columns=[f"s{n}" for n in range(140)])
    detector = AutoencoderDetector(small(), random_state=0).fit(frame)
    assert detector.feature_names_in_.tolist() == frame.columns.tolist()
    with pytest.raises(ValueError, match="feature names"):
        detector.predict(frame.rename(columns={"s0": "renamed"}))


def test_beats_of_several_channels(normal):
    two_leads = np.stack([normal, -normal], axis=2)
    detector = AutoencoderDetector(small(), scaler="standard", random_state=0).fit(two_leads)
    assert detector.reconstruct(two_leads[:3]).shape == (3, 140, 2)
    assert detector.reconstruction_error(two_leads[:3]).shape == (3,)
    with pytest.raises(ValueError, match="fitted on beats of the shape"):
        detector.predict(two_leads[:, :, :1])


def test_many_beats_score_as_few_do(detector, beats):
    many = np.tile(beats.signals, (8, 1))  # more than one chunk
    np.testing.assert_allclose(
        detector.reconstruction_error(many)[-len(beats) :],
        detector.reconstruction_error(beats.signals),
        rtol=1e-4,
    )


@pytest.mark.parametrize("as_input", [np.asarray, pd.DataFrame, list, np.asfortranarray])
def test_beats_in_any_container_score_the_same_beyond_one_chunk(
    detector, beats, as_input, monkeypatch
):
    expected = detector.reconstruction_error(beats.signals[:100])
    monkeypatch.setattr("ecglab.detector._CHUNK", 30)
    scores = detector.reconstruction_error(as_input(beats.signals[:100]))
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


@pytest.mark.parametrize("as_input", [np.asarray, pd.DataFrame])
def test_faults_beyond_the_first_chunk_are_named_by_their_row_in_the_whole(
    detector, beats, as_input, monkeypatch
):
    monkeypatch.setattr("ecglab.detector._CHUNK", 30)
    flat = beats.signals[:100].copy()
    flat[[65, 95]] = 0.5
    with pytest.raises(ValueError, match="2 of 100 beats are constant, the first at row 65"):
        detector.reconstruction_error(as_input(flat))
    flat[95, 7] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        detector.reconstruction_error(as_input(flat))


def test_scoring_takes_no_memory_that_grows_with_the_number_of_beats(detector, normal):
    """Peaks of two and of eight chunks; a copy of six chunks in double precision has 55 MB."""
    peaks = []
    for n_chunks in (2, 8):
        many = np.resize(normal, (8192 * n_chunks, 140))
        tracemalloc.start()
        detector.reconstruction_error(many)
        peaks.append(tracemalloc.get_traced_memory()[1] / 2**20)
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 10


def with_value(value):
    signals = make_heartbeats(20, random_state=0).signals.astype(float)
    signals[3, 5] = value
    return signals


def with_flat_lines():
    signals = make_heartbeats(20, random_state=0).signals.astype(float)
    signals[[4, 7]] = 0.5
    return signals


@pytest.mark.parametrize(
    ("signals", "message"),
    [
        (with_value(np.nan), "contains NaN"),
        (with_value(np.inf), "contains infinity"),
        (np.zeros((0, 140)), "0 sample"),
        (np.zeros((1, 140)), "minimum of 2 is required"),
        (np.zeros(140), "1D array"),
        (with_flat_lines(), "2 of 20 beats are constant, the first at row 4"),
        (np.array([["a", "b", "c"]] * 4), "could not convert string"),
    ],
)
def test_beats_that_cannot_be_trained_on_are_refused(signals, message):
    with pytest.raises(ValueError, match=message):
        AutoencoderDetector(small()).fit(signals)


@pytest.mark.parametrize("width", [139, 141])
def test_beats_of_another_length_are_refused(detector, width):
    with pytest.raises(ValueError, match=f"{width} features.*expecting 140"):
        detector.predict(np.eye(2, width))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int32])
def test_any_number_type_and_memory_layout_is_taken(detector, normal, dtype):
    whole = (normal[:5] * 8).round()
    odd = np.asfortranarray(whole.astype(dtype))[::-1][::-1]
    odd.flags.writeable = False
    np.testing.assert_allclose(
        detector.reconstruction_error(odd), detector.reconstruction_error(whole), rtol=1e-5
    )


def test_a_flat_line_does_not_pass_for_a_normal_beat(detector):
    with pytest.raises(ValueError, match="1 of 1 beats are constant"):
        detector.predict(np.zeros((1, 140)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"autoencoder": "dens"}, "no autoencoder 'dens'"),
        ({"scaler": "standart"}, "no scaler 'standart'"),
        ({"threshold": "quantil"}, "no threshold rule 'quantil'"),
        ({"scoring": "msq"}, "msq"),
    ],
)
def test_misspelt_names_are_answered_with_the_known_ones(normal, arguments, message):
    with pytest.raises(ValueError, match=message):
        AutoencoderDetector(**{"autoencoder": small(), **arguments}).fit(normal)


def test_validation_labels_must_fit_the_beats(normal):
    detector = AutoencoderDetector(small())
    with pytest.raises(ValueError, match="without validation_signals"):
        detector.fit(normal, validation_is_anomaly=[True])
    with pytest.raises(ValueError, match="one entry a beat"):
        detector.fit(normal, validation_signals=normal[:5], validation_is_anomaly=[True])
    with pytest.raises(ValueError, match="no normal beat"):
        detector.fit(normal, validation_signals=normal[:2], validation_is_anomaly=[True, True])


def test_a_failed_recalibration_changes_nothing(normal, beats):
    detector = AutoencoderDetector(small(), random_state=0).fit(normal)
    before = detector.predict(beats.signals)
    for choice, error in (
        ({"scoring": "mae", "threshold_params": {"quantille": 0.9}}, TypeError),
        ({"scoring": "mae", "threshold_params": {"quantile": 95}}, ValueError),
        ({"threshold": "f1"}, ValueError),
    ):
        with pytest.raises(error):
            detector.recalibrate(normal, **choice)
        assert np.array_equal(detector.predict(beats.signals), before)
        assert (detector.scoring, detector.threshold) == ("mse", "quantile")


def test_a_failed_fit_leaves_no_mixture_behind(normal):
    detector = AutoencoderDetector(small(), random_state=0).fit(normal)
    detector.set_params(scaler=RobustScaler(quantile_range=(90, 10)))
    with pytest.raises(ValueError, match="quantile range"):
        detector.fit(normal)
    with pytest.raises(NotFittedError):
        detector.predict(normal)


def test_a_fit_that_its_threshold_stops_leaves_no_mixture_behind(normal):
    detector = AutoencoderDetector(small(), random_state=0).fit(normal)
    detector.set_params(threshold="f1")
    with pytest.raises(ValueError, match="needs labelled anomalies"):
        detector.fit(normal[:, :100])
    with pytest.raises(NotFittedError):
        detector.predict(normal)


def test_a_dead_lead_does_not_pass_for_a_normal_beat(normal):
    two_leads = np.stack([normal, normal], axis=2)
    detector = AutoencoderDetector(small(), random_state=0).fit(two_leads)
    dead = two_leads[:3].copy()
    dead[..., 1] = 0
    with pytest.raises(ValueError, match="3 of 3 beats are constant"):
        detector.predict(dead)


def test_all_processors_can_be_asked_for(normal):
    detector = AutoencoderDetector(small(), n_jobs=-1, random_state=0).fit(normal[:100])
    assert detector.autoencoder_.n_threads >= 1
