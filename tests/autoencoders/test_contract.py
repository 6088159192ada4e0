"""What every registered autoencoder must do, whatever framework it is built with."""

import random

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from ecglab.autoencoders import AUTOENCODERS, import_keras, make_autoencoder

TINY = {
    "dense": {"hidden": (8, 3)},
    "dense_torch": {"hidden": (8, 3)},
    "dense_ensemble": {"hidden": (8, 3), "n_members": 2},
    "lstm": {"embedding": 3},
    "conv": {"channels": (2, 3), "kernel": 3, "code": 3},
    "attention": {"code": 3, "width": 4, "n_heads": 2, "patch": 6},
}
SIZES = {"n_one": (1,), "n_two": (2,), "odd": (7,), "one short": (139,), "ECG5000's": (140,)}
SIZES |= {"one channel": (20, 1), "three channels": (7, 3), "one sample of three": (1, 3)}
ERRORS = {"mse": np.square, "mae": np.abs}


def tiny(name, **params):
    settings = {"max_epochs": 2, "batch_size": 16, "learning_rate": 0.01, **TINY.get(name, {})}
    return make_autoencoder(name, **settings | params)


def waves(n_beats, n_samples=20, seed=0):
    """Sines of any phase, from -0.8 to 0.8: something to learn that fits every output layer."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, (n_beats, 1))
    wave = 0.8 * np.sin(np.linspace(0, 2 * np.pi, n_samples) + phase)
    return wave.astype(np.float32)


TRAIN, VALIDATION = waves(64), waves(32, seed=1)


@pytest.fixture(params=AUTOENCODERS, scope="module")
def name(request):
    return request.param


@pytest.fixture(scope="module")
def trained(name):
    return tiny(name).fit(TRAIN, VALIDATION)


def assert_same_weights(one, other):
    theirs = other.get_weights()
    for key, array in one.get_weights().items():
        np.testing.assert_array_equal(array, theirs[key], err_msg=key, strict=True)


@pytest.mark.usefixtures("eager_tensorflow")
@pytest.mark.parametrize("shape", SIZES.values(), ids=SIZES)
def test_beats_of_any_size_come_back_in_their_shape(name, shape):
    beats = np.random.default_rng(0).uniform(-1, 1, (5, *shape)).astype(np.float32)
    autoencoder = tiny(name, max_epochs=1).fit(beats, beats[:2])
    assert autoencoder.beat_shape_ == shape
    reconstructed = autoencoder.reconstruct(beats)
    assert reconstructed.shape == beats.shape
    assert reconstructed.dtype == np.float32
    assert np.isfinite(reconstructed).all()
    assert autoencoder.encode(beats).shape == (5, autoencoder.n_code)


@pytest.mark.usefixtures("eager_tensorflow")
@pytest.mark.parametrize("n_beats", [1, 2, 17])
def test_few_beats_or_a_last_batch_of_one_are_enough(name, n_beats):
    autoencoder = tiny(name).fit(TRAIN[:n_beats], VALIDATION[:1])
    assert np.isfinite(autoencoder.history_).all(axis=None)
    assert np.isfinite(autoencoder.reconstruct(TRAIN)).all()


def test_history_has_a_row_an_epoch(trained):
    assert list(trained.history_.columns) == ["loss", "validation_loss"]
    assert trained.history_.index.equals(pd.RangeIndex(1, 3, name="epoch"))


def test_loss_falls(name):
    settings = {"max_epochs": 30, "learning_rate": 0.03}
    history = tiny(name, **settings).fit(TRAIN, VALIDATION).history_
    assert history["loss"].iloc[-1] < 0.9 * history["loss"].iloc[0]
    assert history["validation_loss"].min() < 0.9 * history["validation_loss"].iloc[0]


def test_same_seed_gives_the_same_weights_whatever_ran_before(name, trained):
    import_keras().utils.set_random_seed(9)  # Python's, NumPy's and TensorFlow's
    torch.manual_seed(9)
    again = tiny(name).fit(TRAIN, VALIDATION)
    assert_same_weights(trained, again)
    pd.testing.assert_frame_equal(trained.history_, again.history_, check_exact=True)


@pytest.mark.usefixtures("eager_tensorflow")
def test_another_seed_gives_other_weights(name, trained):
    other = tiny(name, random_state=1).fit(TRAIN, VALIDATION)
    assert not np.allclose(trained.reconstruct(TRAIN), other.reconstruct(TRAIN))


@pytest.mark.usefixtures("eager_tensorflow")
def test_fitting_again_starts_afresh(name, trained):
    twice = tiny(name).fit(VALIDATION[:, :7], VALIDATION[:, :7]).fit(TRAIN, VALIDATION)
    assert_same_weights(trained, twice)


@pytest.mark.usefixtures("eager_tensorflow")
def test_the_callers_random_numbers_are_left_alone(name):
    def draw():
        return random.random(), np.random.random(), torch.rand(1).item()  # noqa: NPY002

    def seed():
        random.seed(5)
        np.random.seed(5)  # noqa: NPY002
        torch.manual_seed(5)

    seed()
    expected = draw()
    seed()
    tiny(name, max_epochs=1, noise=0.1).fit(TRAIN, VALIDATION).reconstruct(TRAIN)
    assert draw() == expected


@pytest.mark.usefixtures("eager_tensorflow")
def test_validation_beats_are_never_learnt_from(name):
    """With one epoch, the weights depend on the training beats alone."""
    one, other = (
        tiny(name, max_epochs=1).fit(TRAIN, beats) for beats in (VALIDATION, VALIDATION[:5] / 2)
    )
    assert_same_weights(one, other)


def test_early_stopping_keeps_the_best_epoch(name):
    autoencoder = tiny(name, max_epochs=200, patience=2, learning_rate=0.1)
    history = autoencoder.fit(TRAIN, VALIDATION).history_
    assert history["validation_loss"].idxmin() == len(history) - 2 < 198
    residuals = VALIDATION - autoencoder.reconstruct(VALIDATION)
    error = ERRORS[autoencoder.loss](residuals).mean()
    assert error == pytest.approx(history["validation_loss"].min(), rel=1e-4)


@pytest.mark.usefixtures("eager_tensorflow")
def test_noise_is_for_training_only(name, trained):
    denoising = tiny(name, noise=0.5).fit(TRAIN, VALIDATION)
    assert not np.allclose(trained.reconstruct(TRAIN), denoising.reconstruct(TRAIN))
    assert np.array_equal(denoising.reconstruct(TRAIN), denoising.reconstruct(TRAIN))
    again = tiny(name, noise=0.5).fit(TRAIN, VALIDATION)
    assert_same_weights(denoising, again)


@pytest.mark.usefixtures("eager_tensorflow")
@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_history_is_in_the_unit_of_the_loss(name, loss):
    autoencoder = tiny(name, loss=loss, max_epochs=1).fit(TRAIN, VALIDATION)
    error = ERRORS[loss](VALIDATION - autoencoder.reconstruct(VALIDATION)).mean()
    assert autoencoder.history_["validation_loss"].item() == pytest.approx(error, rel=1e-4)


def test_many_beats_are_reconstructed_and_encoded_as_each_is_alone(trained):
    many = waves(4100)  # more than go through a network at once
    few = [0, 511, 512, 4095, 4096, 4099]
    for method in (trained.reconstruct, trained.encode):
        alone = np.concatenate([method(many[[row]]) for row in few])
        np.testing.assert_allclose(method(many)[few], alone, rtol=1e-5, atol=1e-5)


def test_weights_carry_over_to_a_fresh_one(name, trained):
    weights = trained.get_weights()
    fresh = tiny(name, random_state=3).set_weights(trained.beat_shape_, weights)
    assert np.array_equal(fresh.reconstruct(TRAIN), trained.reconstruct(TRAIN))
    assert np.array_equal(fresh.encode(TRAIN), trained.encode(TRAIN))
    assert_same_weights(fresh, trained)


def test_weights_are_copies(trained):
    before = trained.reconstruct(TRAIN)
    for array in trained.get_weights().values():
        array[...] = 0
    assert np.array_equal(trained.reconstruct(TRAIN), before)


@pytest.mark.parametrize("damage", ["missing", "unknown", "misshapen", "another length of beat"])
def test_weights_that_do_not_fit_are_refused(name, trained, damage):
    weights, shape = trained.get_weights(), trained.beat_shape_
    first = min(weights)
    if damage == "missing":
        del weights[first]
    elif damage == "unknown":
        weights["other"] = weights[first]
    elif damage == "misshapen":
        weights[first] = weights[first][..., :-1]
    else:
        shape = (3, 7)
    with pytest.raises(ValueError, match="weights do not fit"):
        tiny(name).set_weights(shape, weights)


def test_clone_and_parameters(name, trained):
    copy = clone(trained)
    assert copy.get_params() == trained.get_params()
    assert not hasattr(copy, "history_")
    assert copy.set_params(max_epochs=7).max_epochs == 7


def awkward(beats, dtype):
    """Beats as whole numbers of another type, read-only, and backwards in memory."""
    beats = (beats * 2).round().astype(dtype)[:, ::-1].copy()[:, ::-1]
    beats.flags.writeable = False
    return beats


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int64])
def test_any_real_number_type_and_memory_layout_is_taken(trained, dtype):
    beats = awkward(TRAIN, dtype)
    expected = trained.reconstruct(np.array(beats, dtype=np.float32))
    assert np.array_equal(trained.reconstruct(beats), expected)


@pytest.mark.usefixtures("eager_tensorflow")
def test_training_takes_them_too(name):
    one, other = (
        tiny(name, max_epochs=1).fit(beats, beats)
        for beats in (awkward(TRAIN, np.float16), (TRAIN * 2).round())
    )
    assert_same_weights(one, other)


@pytest.mark.usefixtures("eager_tensorflow")
def test_beats_are_not_written_to(name):
    train, validation = TRAIN.copy(), VALIDATION.copy()
    tiny(name, max_epochs=1, noise=0.5).fit(train, validation).reconstruct(train)
    assert np.array_equal(train, TRAIN)
    assert np.array_equal(validation, VALIDATION)


def broken(value):
    beats = TRAIN[:3].copy()
    beats[1, 7] = value
    return beats


@pytest.mark.parametrize(
    ("beats", "message"),
    [
        (broken(np.nan), "1 of 3 beats in signals hold NaN or infinite samples, .* row 1"),
        (broken(np.inf), "NaN or infinite"),
        (TRAIN[:, :19], "beats of 19 samples, but training used 20"),
        (TRAIN[0], r"shape \(n_beats, n_samples\)"),
        (TRAIN[:0], "at least one"),
    ],
    ids=["NaN", "infinite", "short", "one beat alone", "empty"],
)
def test_beats_that_cannot_be_used_are_refused_with_a_reason(trained, beats, message):
    for method in (trained.reconstruct, trained.encode):
        with pytest.raises(ValueError, match=message):
            method(beats)


def test_training_refuses_such_beats_too(name):
    for beats in (broken(np.nan), TRAIN[:0], TRAIN[0]):
        with pytest.raises(ValueError, match=r"signals (must hold|hold NaN)|in signals hold NaN"):
            tiny(name).fit(beats, VALIDATION)
    with pytest.raises(ValueError, match="validation_signals has beats of 19 samples"):
        tiny(name).fit(TRAIN, VALIDATION[:, :19])


def test_an_untrained_one_says_so(name):
    untrained = tiny(name)
    for method in (untrained.reconstruct, untrained.encode):
        with pytest.raises(RuntimeError, match="call fit first"):
            method(TRAIN)
    with pytest.raises(RuntimeError, match="call fit first"):
        untrained.get_weights()


@pytest.mark.usefixtures("eager_tensorflow")
def test_progress_bar_is_shown_on_request_only(name, capsys):
    tiny(name, max_epochs=1).fit(TRAIN, VALIDATION)
    assert capsys.readouterr() == ("", "")
    tiny(name, max_epochs=1, progress=True).fit(TRAIN, VALIDATION)
    assert "validation_loss" in capsys.readouterr().err
