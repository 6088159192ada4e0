"""The dense autoencoder in Keras: repeatable, and the network that notebook 02 builds by hand."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
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


@pytest.mark.parametrize("activation", ["linear", "relu", "sigmoid", "tanh", "selu"])
def test_rebuilds_and_encodes_as_keras_itself_does(train, activation):
    """Whether NumPy computes the layers or, for the last of these activations, Keras does."""
    dense = DenseAutoencoder((8, 4), activation=activation, output_activation="tanh")
    dense.set_weights((140,), _drawn([140, 8, 4, 8, 140]))
    for beats in (train, train[:1]):
        for ours, network in ((dense.reconstruct, dense.model_), (dense.encode, dense.encoder_)):
            expected = network(beats, training=False).numpy()
            np.testing.assert_allclose(ours(beats), expected, atol=1e-5)


def _drawn(widths):
    """Draw weights and biases, all of them different from what a network starts with."""
    rng = np.random.default_rng(0)
    shapes = [shape for n_in, n_out in pairwise(widths) for shape in ((n_in, n_out), (n_out,))]
    arrays = [rng.normal(scale=0.3, size=shape).astype(np.float32) for shape in shapes]
    return {f"layer{number:02d}": array for number, array in enumerate(arrays)}


def test_weights_that_are_changed_in_the_model_count_at_once(train, validation):
    dense = DenseAutoencoder(**QUICK).fit(train, validation)
    before = dense.reconstruct(train[:2])
    dense.model_.layers[-1].bias.assign_add(np.ones(140, dtype=np.float32))
    np.testing.assert_allclose(dense.reconstruct(train[:2]), before + 1, atol=1e-6)


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


def test_another_keras_backend_is_refused(monkeypatch):
    monkeypatch.setattr(import_keras().backend, "backend", lambda: "torch")
    with pytest.raises(ImportError, match="already imported on the 'torch' backend"):
        import_keras()


def test_importing_is_quiet_and_gives_standard_error_back_to_threads_too():
    code = (
        "import os, threading; from ecglab.autoencoders import import_keras\n"
        "import_keras().ops.ones(3).numpy()\n"
        "before = os.fstat(2)\n"
        "loop = lambda: [import_keras() for _ in range(200)]\n"
        "threads = [threading.Thread(target=loop) for _ in range(3)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "print(os.path.samestat(before, os.fstat(2)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout == "True\n"
