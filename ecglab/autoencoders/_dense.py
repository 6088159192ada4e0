"""The dense autoencoder, in Keras on TensorFlow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from threadpoolctl import ThreadpoolController

from ecglab.autoencoders._base import Autoencoder, FloatArray, batch_size_of
from ecglab.autoencoders._frameworks import import_keras
from ecglab.autoencoders._progress import EpochBar

_CHUNK = 4096  # beats that go through the network at once

# What NumPy computes in the place of Keras, into an array that is there; None leaves it as it is.
_ACTIVATIONS: Mapping[str, Any] = {
    "linear": None,
    "relu": partial(np.maximum, 0),
    "sigmoid": expit,
    "tanh": np.tanh,
}


@dataclass(kw_only=True, eq=False, repr=False)
class DenseAutoencoder(Autoencoder):
    """Fully connected autoencoder that narrows to a code and widens again, mirror-fashion.

    ``hidden=(64, 32, 16)`` builds 64-32-16-32-64 between the input and the output layer.

    Parameters
    ----------
    hidden : sequence of int, default (64, 32, 16)
        Units of the encoder's layers; the last one is the code.
    activation : str, default "relu"
        Activation of every layer but the last (any name Keras knows).
    output_activation : str, default "linear"
        Activation of the output layer. It limits what can be reconstructed: "sigmoid" reaches
        values between 0 and 1 only, "tanh" between -1 and 1.
    loss, noise, learning_rate, batch_size, max_epochs, patience, random_state, progress
        As in `Autoencoder`; `loss` may be any that Keras knows by name.

    Attributes
    ----------
    model_ : keras.Model
        The whole network.
    encoder_ : keras.Model
        Its first half, from beat to code.
    history_ : pandas.DataFrame
        Columns ``loss`` and ``validation_loss``, one row an epoch, index ``epoch`` from 1.

    References
    ----------
    G. E. Hinton and R. R. Salakhutdinov, "Reducing the dimensionality of data with neural
    networks", Science 313 (2006) 504-507, doi 10.1126/science.1127647.
    """

    hidden: Sequence[int] = field(default=(64, 32, 16), kw_only=False)
    activation: str = "relu"
    output_activation: str = "linear"

    def _build(self, n_samples: int, n_channels: int) -> None:
        """Stack the layers; every layer draws its initial weights from a seed of its own."""
        keras = import_keras()
        seeds = iter(np.random.SeedSequence(self.random_state).generate_state(2 * len(self.hidden)))

        def dense(units: int, activation: str) -> Any:
            start = keras.initializers.GlorotUniform(seed=int(next(seeds)))
            return keras.layers.Dense(units, activation=activation, kernel_initializer=start)

        n_values = n_samples * n_channels
        encoder = [dense(units, self.activation) for units in self.hidden]
        decoder = [dense(units, self.activation) for units in self.hidden[-2::-1]]
        beat = keras.Input((n_values,))
        self.encoder_ = keras.Sequential([beat, *encoder])
        self.model_ = keras.Sequential(
            [beat, *encoder, *decoder, dense(n_values, self.output_activation)]
        )

    def _train(self, signals: FloatArray, validation_signals: FloatArray) -> pd.DataFrame:
        keras = import_keras()
        train, validation = _flatten(signals), _flatten(validation_signals)
        batch_size = batch_size_of(self.batch_size, len(train))
        steps = -(-len(train) // batch_size)
        self.model_.compile(
            optimizer=keras.optimizers.Adam(self.learning_rate),
            loss=self.loss,
            # A whole epoch without returning to Python halves the training time.
            steps_per_execution=steps,
        )
        callbacks = [
            keras.callbacks.EarlyStopping(patience=self.patience, restore_best_weights=True)
        ]
        if self.progress:
            callbacks.append(_progress_bar(keras, self.max_epochs))
        run = self.model_.fit(
            self._shuffled_batches(train, batch_size),
            steps_per_epoch=steps,
            validation_data=(validation, validation),
            epochs=self.max_epochs,
            callbacks=callbacks,
            shuffle=False,  # the batches come shuffled
            verbose=0,
        )
        return pd.DataFrame(
            {"loss": run.history["loss"], "validation_loss": run.history["val_loss"]},
            index=pd.RangeIndex(1, len(run.epoch) + 1, name="epoch"),
        )

    def _shuffled_batches(self, signals: FloatArray, batch_size: int) -> Any:
        """Feed beats in batches, input and target alike, in another order every epoch, endlessly.

        Keras would shuffle with TensorFlow's global random numbers. Drawing order and noise from
        our own seed and the number of the epoch keeps a run the same whatever ran before it.
        """
        import tensorflow as tf

        beats = tf.constant(signals)

        def epoch(number: Any) -> Any:
            seed = tf.stack([tf.constant(self.random_state, tf.int64), number])
            order = tf.random.experimental.stateless_shuffle(tf.range(len(signals)), seed=seed)
            noise = tf.random.stateless_normal(beats.shape, seed=seed, stddev=self.noise)
            noisy = beats + noise if self.noise else beats
            batches = tf.data.Dataset.from_tensor_slices(order).batch(batch_size)
            return batches.map(lambda rows: (tf.gather(noisy, rows), tf.gather(beats, rows)))

        return tf.data.Dataset.counter().flat_map(epoch).prefetch(tf.data.AUTOTUNE)

    def _reconstruct(self, signals: FloatArray) -> FloatArray:
        return _run(self.model_, _flatten(signals))

    def _encode(self, signals: FloatArray) -> FloatArray:
        return _run(self.encoder_, _flatten(signals))

    def _get_weights(self) -> dict[str, npt.NDArray[Any]]:
        return {f"layer{n:02d}": array for n, array in enumerate(self.model_.get_weights())}

    def _set_weights(self, weights: Mapping[str, Any]) -> None:
        self.model_.set_weights([weights[name] for name in sorted(weights)])


def _flatten(signals: FloatArray) -> FloatArray:
    """Lay samples and channels of each beat end to end."""
    return signals.reshape(len(signals), -1)


def _run(network: Any, beats: FloatArray) -> FloatArray:
    """Apply a network in pieces that fit in memory.

    On its way to layers as small as these Keras takes longer than in them, so NumPy computes them,
    from the weights as they are now, where it has their activations.
    """
    pieces = [beats[start : start + _CHUNK] for start in range(0, len(beats), _CHUNK)]
    names = [layer.activation.__name__ for layer in network.layers]
    if not _ACTIVATIONS.keys() >= set(names):
        return np.concatenate([network(piece, training=False).numpy() for piece in pieces])
    weights = _weights_of(network)
    layers = list(zip(weights[::2], weights[1::2], map(_ACTIVATIONS.get, names), strict=True))
    # A second thread gains little here, and on a busy machine makes a product many times slower.
    with _blas().limit(limits=1, user_api="blas"):
        return np.concatenate([_forward(layers, piece) for piece in pieces])


def _weights_of(network: Any) -> list[FloatArray]:
    """Return weights and bias of each layer, in a third of the time that `get_weights` takes."""
    import tensorflow as tf

    handles = [variable.value.handle for variable in network.weights]
    return [tf.raw_ops.ReadVariableOp(resource=h, dtype=tf.float32).numpy() for h in handles]


def _forward(layers: Sequence[tuple[Any, ...]], beats: FloatArray) -> FloatArray:
    """Send beats through layers, each of its weights, bias and activation."""
    for weights, bias, activate in layers:
        beats = beats @ weights
        beats += bias
        if activate is not None:
            activate(beats, out=beats)
    return beats


@cache
def _blas() -> ThreadpoolController:
    """Find the libraries that have threads of their own, which takes a while, once."""
    return ThreadpoolController()


def _progress_bar(keras: Any, max_epochs: int) -> Any:
    """Make a callback that shows a bar over the epochs."""

    class ProgressBar(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            self.bar = EpochBar(max_epochs)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.bar.advance(logs["val_loss"])

        def on_train_end(self, logs: Any = None) -> None:
            self.bar.close()

    return ProgressBar()
