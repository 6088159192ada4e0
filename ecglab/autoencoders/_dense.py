"""The dense autoencoder, in Keras on TensorFlow."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.autoencoders._tensorflow import import_keras

__all__ = ["DenseAutoencoder"]


class DenseAutoencoder:
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
    loss : str, default "mse"
        Loss to minimise, "mse" or "mae" (any name Keras knows).
    learning_rate : float, default 0.001
        Step size of Adam.
    batch_size : int, default 32
        Beats in one gradient step.
    max_epochs : int, default 100
        Passes over the training beats at most.
    patience : int, default 10
        Training ends when the validation loss has not improved for so many epochs; the weights of
        the best epoch are kept.
    random_state : int, default 0
        Seed of the initial weights and of the order of the beats. The same seed gives the same
        weights on the same machine.

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

    def __init__(
        self,
        hidden: Sequence[int] = (64, 32, 16),
        *,
        activation: str = "relu",
        output_activation: str = "linear",
        loss: str = "mse",
        learning_rate: float = 1e-3,
        batch_size: int = 32,
        max_epochs: int = 100,
        patience: int = 10,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.output_activation = output_activation
        self.loss = loss
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.random_state = random_state

    def fit(self, signals: npt.ArrayLike, validation_signals: npt.ArrayLike) -> "DenseAutoencoder":
        """Learn to reproduce `signals`, watching `validation_signals` for when to stop.

        Parameters
        ----------
        signals : array_like of shape (n_beats, n_samples)
            Normal beats, scaled as the output activation asks.
        validation_signals : array_like of shape (n_validation_beats, n_samples)
            Other normal beats, scaled alike.

        Returns
        -------
        DenseAutoencoder
            Itself.

        Raises
        ------
        ValueError
            If a sample is NaN or infinite, there is no beat, or the lengths of the beats differ.
        """
        train = _check_signals(signals, "signals")
        validation = _check_signals(validation_signals, "validation_signals", train.shape[1])
        keras = import_keras()
        self._build(keras, n_samples=train.shape[1])
        steps = -(-len(train) // self.batch_size)
        self.model_.compile(
            optimizer=keras.optimizers.Adam(self.learning_rate),
            loss=self.loss,
            # A whole epoch without returning to Python halves the training time.
            steps_per_execution=steps,
        )
        run = self.model_.fit(
            self._shuffled_batches(train),
            steps_per_epoch=steps,
            validation_data=(validation, validation),
            epochs=self.max_epochs,
            callbacks=[
                keras.callbacks.EarlyStopping(patience=self.patience, restore_best_weights=True)
            ],
            shuffle=False,  # the batches come shuffled
            verbose=0,
        )
        self.history_ = pd.DataFrame(
            {"loss": run.history["loss"], "validation_loss": run.history["val_loss"]},
            index=pd.RangeIndex(1, len(run.epoch) + 1, name="epoch"),
        )
        return self

    def reconstruct(self, signals: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Send beats through the network.

        Parameters
        ----------
        signals : array_like of shape (n_beats, n_samples)
            Beats, scaled as in `fit`.

        Returns
        -------
        ndarray of float32, shape (n_beats, n_samples)
            What the network makes of them.
        """
        return self._run("model_", signals)

    def encode(self, signals: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return the code of each beat, the values of the narrowest layer.

        Parameters
        ----------
        signals : array_like of shape (n_beats, n_samples)
            Beats, scaled as in `fit`.

        Returns
        -------
        ndarray of float32, shape (n_beats, hidden[-1])
            One code a beat.
        """
        return self._run("encoder_", signals)

    def _build(self, keras: Any, n_samples: int) -> None:
        """Stack the layers; every layer draws its initial weights from a seed of its own."""
        seeds = iter(np.random.SeedSequence(self.random_state).generate_state(2 * len(self.hidden)))

        def dense(units: int, activation: str) -> Any:
            start = keras.initializers.GlorotUniform(seed=int(next(seeds)))
            return keras.layers.Dense(units, activation=activation, kernel_initializer=start)

        encoder = [dense(units, self.activation) for units in self.hidden]
        decoder = [dense(units, self.activation) for units in self.hidden[-2::-1]]
        beat = keras.Input((n_samples,))
        self.encoder_ = keras.Sequential([beat, *encoder])
        self.model_ = keras.Sequential(
            [beat, *encoder, *decoder, dense(n_samples, self.output_activation)]
        )

    def _shuffled_batches(self, signals: npt.NDArray[np.float32]) -> Any:
        """Feed beats in batches, input and target alike, in another order every epoch, endlessly.

        Keras would shuffle with TensorFlow's global random numbers. Drawing the order from our own
        seed and the number of the epoch keeps a training run the same whatever ran before it.
        """
        import tensorflow as tf

        beats = tf.constant(signals)

        def epoch(number: Any) -> Any:
            seed = tf.stack([tf.constant(self.random_state, tf.int64), number])
            order = tf.random.experimental.stateless_shuffle(tf.range(len(signals)), seed=seed)
            batches = tf.data.Dataset.from_tensor_slices(order).batch(self.batch_size)
            return batches.map(lambda rows: (tf.gather(beats, rows), tf.gather(beats, rows)))

        return tf.data.Dataset.counter().flat_map(epoch).prefetch(tf.data.AUTOTUNE)

    def _run(self, network: str, signals: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Apply the whole network or its first half, in pieces that fit in memory."""
        if not hasattr(self, network):
            raise RuntimeError("this DenseAutoencoder is not trained yet: call fit first.")
        model = getattr(self, network)
        beats = _check_signals(signals, "signals", model.input_shape[1])
        pieces = np.array_split(beats, -(-len(beats) // 4096))
        return np.concatenate([model(piece, training=False).numpy() for piece in pieces])


def _check_signals(
    signals: npt.ArrayLike, name: str, n_samples: int | None = None
) -> npt.NDArray[np.float32]:
    """Return beats as a float32 matrix, or say why they cannot be used."""
    beats = np.asarray(signals, dtype=np.float32)
    if beats.ndim != 2 or 0 in beats.shape:
        raise ValueError(
            f"{name} must hold beats in the shape (n_beats, n_samples), at least one, "
            f"not {beats.shape}."
        )
    if n_samples is not None and beats.shape[1] != n_samples:
        raise ValueError(
            f"{name} has {beats.shape[1]} samples a beat, but training used {n_samples}. "
            "Resample the beats to the same length."
        )
    if not np.isfinite(beats).all():
        rows = np.flatnonzero(~np.isfinite(beats).all(axis=1))
        raise ValueError(
            f"{len(rows)} of {len(beats)} beats in {name} hold NaN or infinite samples, "
            f"the first at row {rows[0]}. Drop or mend them first."
        )
    return beats
