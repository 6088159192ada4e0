"""The dense autoencoder in Keras: repeatable, and the network that notebook 02 builds by hand."""

import subprocess
import sys

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
