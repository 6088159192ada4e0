"""The dense autoencoder in Keras: repeatable, and the network that notebook 02 builds by hand."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ecglab.autoencoders import DenseAutoencoder, import_keras
from ecglab.datasets import make_heartbeats
from ecglab.evaluation import measure, pooled_split
from ecglab.scoring import mean_squared_error

QUICK = {"max_epochs": 3, "batch_size": 64}


@pytest.fixture(scope="module")
def split():
    return pooled_split(make_heartbeats(random_state=0), 0)


@pytest.fixture(scope="module")
def train(split):
    return split.train.signals[:256]


@pytest.fixture(scope="module")
def validation(split):
    return split.validation.normal.signals[:64]


@pytest.fixture(scope="module")
def trained(train, validation):
    return DenseAutoencoder(**QUICK).fit(train, validation)


def test_layers_narrow_to_the_code_and_widen_again(trained):
    units = [layer.units for layer in trained.model_.layers]
    assert units == [64, 32, 16, 32, 64, 140]
    assert trained.encode(np.zeros((3, 140))).shape == (3, 16)


def test_code_is_the_narrowest_layer_of_the_same_network(trained, train):
    decoded = trained.encode(train)
    for layer in trained.model_.layers[3:]:
        decoded = layer(decoded)
    np.testing.assert_allclose(decoded, trained.reconstruct(train), rtol=1e-5, atol=1e-6)


def test_same_seed_gives_the_same_weights_whatever_ran_before(trained, train, validation):
    np.random.seed(99)  # noqa: NPY002 - the global state is just what must not matter
    import_keras().utils.set_random_seed(123)
    again = DenseAutoencoder(**QUICK).fit(train, validation)
    for ours, theirs in zip(trained.model_.weights, again.model_.weights, strict=True):
        assert np.array_equal(ours.numpy(), theirs.numpy())
    pd.testing.assert_frame_equal(trained.history_, again.history_)


def test_another_seed_gives_other_weights(trained, train, validation):
    other = DenseAutoencoder(**QUICK, random_state=1).fit(train, validation)
    assert not np.array_equal(trained.reconstruct(train), other.reconstruct(train))


def test_training_leaves_the_callers_random_numbers_alone(train, validation):
    np.random.seed(5)  # noqa: NPY002
    expected = np.random.random(3)  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    DenseAutoencoder(max_epochs=1).fit(train[:32], validation)
    assert np.array_equal(np.random.random(3), expected)  # noqa: NPY002


def test_early_stopping_keeps_the_best_epoch(train, validation):
    autoencoder = DenseAutoencoder(
        max_epochs=60, patience=2, learning_rate=0.05, batch_size=16
    ).fit(train, validation)
    history = autoencoder.history_
    assert len(history) < 60
    assert history["validation_loss"].idxmin() == len(history) - 2
    error = mean_squared_error(validation, autoencoder.reconstruct(validation)).mean()
    assert error == pytest.approx(history["validation_loss"].min(), rel=1e-3)


def test_validation_beats_are_never_learnt_from(train, validation):
    """With one epoch, the weights depend on the training beats alone."""
    one, other = (
        DenseAutoencoder(max_epochs=1).fit(train, beats) for beats in (validation, validation * 5)
    )
    assert np.array_equal(one.reconstruct(train), other.reconstruct(train))


def test_sigmoid_output_stays_between_zero_and_one(train, validation):
    bounded = DenseAutoencoder(output_activation="sigmoid", max_epochs=1).fit(train, validation)
    reconstructed = bounded.reconstruct(train)
    assert reconstructed.min() >= 0
    assert reconstructed.max() <= 1


def test_equals_the_network_that_notebook_02_builds_by_hand(trained, train):
    """Layer by layer, as the notebook writes it, with the weights carried over."""
    keras = import_keras()
    layers = [keras.layers.Dense(units, activation="relu") for units in (64, 32, 16, 32, 64)]
    by_hand = keras.Sequential([keras.Input((140,)), *layers, keras.layers.Dense(140)])
    by_hand.set_weights(trained.model_.get_weights())
    np.testing.assert_allclose(
        by_hand.predict(train, verbose=0), trained.reconstruct(train), rtol=1e-5, atol=1e-6
    )


def test_learns_to_tell_simulated_anomalies_from_normal_beats(split):
    autoencoder = DenseAutoencoder(max_epochs=40, batch_size=64)
    autoencoder.fit(split.train.signals, split.validation.normal.signals)
    scores = mean_squared_error(split.test.signals, autoencoder.reconstruct(split.test.signals))
    assert measure(scores, split.test.is_anomaly, 0)["ROC-AUC"] > 0.95


def test_many_beats_are_reconstructed_as_few_are(trained, split):
    beats = np.concatenate([split.test.signals] * 2)
    some = trained.reconstruct(beats[-5:])
    np.testing.assert_allclose(trained.reconstruct(beats)[-5:], some, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int64])
def test_any_real_number_type_and_memory_layout_is_taken(trained, train, dtype):
    beats = (train[:4] * 2).round().astype(dtype)
    backwards = beats[:, ::-1][:, ::-1]
    backwards.flags.writeable = False
    expected = trained.reconstruct(beats.astype(np.float32))
    assert np.array_equal(trained.reconstruct(backwards), expected)


def broken(value):
    beats = np.zeros((3, 140))
    beats[1, 7] = value
    return beats


@pytest.mark.parametrize(
    ("beats", "message"),
    [
        (
            broken(np.nan),
            "1 of 3 beats in signals hold NaN or infinite samples, the first at row 1",
        ),
        (broken(np.inf), "NaN or infinite"),
        (np.zeros((3, 139)), "beats of 139 samples, but training used 140"),
        (np.zeros(140), r"shape \(n_beats, n_samples\)"),
        (np.zeros((0, 140)), "at least one"),
    ],
)
def test_beats_that_cannot_be_used_are_refused_with_a_reason(trained, beats, message):
    with pytest.raises(ValueError, match=message):
        trained.reconstruct(beats)


def test_training_and_validation_beats_must_be_of_one_length(train):
    with pytest.raises(ValueError, match="validation_signals has beats of 100 samples"):
        DenseAutoencoder().fit(train, train[:, :100])


def test_an_untrained_autoencoder_says_so():
    with pytest.raises(RuntimeError, match="call fit first"):
        DenseAutoencoder().reconstruct(np.zeros((1, 140)))


def test_importing_tensorflow_is_quiet():
    code = "from ecglab.autoencoders import import_keras; import_keras().ops.ones(3).numpy()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout == ""


def test_another_keras_backend_is_refused():
    code = (
        "import os; os.environ['KERAS_BACKEND'] = 'torch'; import keras\n"
        "from ecglab.autoencoders import import_keras\n"
        "try:\n    import_keras()\nexcept ImportError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "already imported on the 'torch' backend" in done.stdout


def test_importing_in_threads_gives_standard_error_back():
    code = (
        "import os, threading; from ecglab.autoencoders import import_keras; import_keras()\n"
        "before = os.fstat(2)\n"
        "loop = lambda: [import_keras() for _ in range(200)]\n"
        "threads = [threading.Thread(target=loop) for _ in range(3)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "print(os.path.samestat(before, os.fstat(2)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
