"""The contract that every autoencoder keeps, whatever framework it is built with."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator

FloatArray = npt.NDArray[np.float32]

_LARGEST_BATCH = 64
_STEPS_AN_EPOCH = 27  # at least, with batch_size="auto": what ECG5000's pooled split has with 64

# What an output layer of this activation can reach; of others, any value.
_RANGES = {
    "elu": (-1.0, np.inf),
    "hard_sigmoid": (0.0, 1.0),
    "relu": (0.0, np.inf),
    "relu6": (0.0, 6.0),
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "softplus": (0.0, np.inf),
    "softsign": (-1.0, 1.0),
    "tanh": (-1.0, 1.0),
}


@dataclass(kw_only=True, eq=False, repr=False)
class Autoencoder(BaseEstimator, ABC):
    """Base class of the autoencoders: `fit`, `reconstruct`, `encode`, and weights as arrays.

    Beats come as (n_beats, n_samples), or as (n_beats, n_samples, n_channels) where there are
    several leads. This class checks them and always hands (n_beats, n_samples, n_channels) on, so
    that a new architecture has to write `_build`, `_train`, `_reconstruct`, `_encode` and the two
    methods that give and take its weights, and nothing else. Its own parameters, and defaults of
    its own for these, are fields of a dataclass that is decorated as this one is.

    Parameters
    ----------
    loss : {"mse", "mae"}
        Loss to minimise.
    noise : float
        Standard deviation of the Gaussian noise added to the beats that go in during training, not
        to those that should come out (a denoising autoencoder, Vincent et al. 2008).
    learning_rate : float
        Step size of Adam.
    batch_size : int or "auto"
        Beats in one gradient step. "auto" takes 64, or fewer where there are few beats, so that an
        epoch still has enough steps for the network to learn something.
    max_epochs : int
        Passes over the training beats at most.
    patience : int
        Training ends when the validation loss has not improved for so many epochs; the weights of
        the best epoch are kept.
    random_state : int
        Seed of the initial weights, of the order of the beats, of the noise and of dropout. The
        same seed gives the same weights on the same machine.
    progress : bool
        Whether to show a progress bar over the epochs.

    Attributes
    ----------
    history_ : pandas.DataFrame
        Columns ``loss`` and ``validation_loss``, one row an epoch, index ``epoch`` from 1.
    beat_shape_ : tuple of int
        Shape of one beat at training: (n_samples,) or (n_samples, n_channels).

    References
    ----------
    P. Vincent et al., "Extracting and composing robust features with denoising autoencoders",
    ICML 2008, doi 10.1145/1390156.1390294.
    """

    loss: str = "mse"
    noise: float = 0.0
    learning_rate: float = 1e-3
    batch_size: int | str = 32
    max_epochs: int = 100
    patience: int = 10
    random_state: int = 0
    progress: bool = False

    history_: pd.DataFrame = field(init=False)
    beat_shape_: tuple[int, ...] = field(init=False)

    def fit(self, signals: npt.ArrayLike, validation_signals: npt.ArrayLike) -> Self:
        """Learn to reproduce `signals`, watching `validation_signals` for when to stop.

        Parameters
        ----------
        signals : array_like of shape (n_beats, n_samples) or (n_beats, n_samples, n_channels)
            Normal beats, scaled as the output layer asks.
        validation_signals : array_like of the same shape but for n_beats
            Other normal beats, scaled alike.

        Returns
        -------
        Autoencoder
            Itself.

        Raises
        ------
        ValueError
            If a sample is NaN or infinite, there is no beat, or the shapes of the beats differ.
        """
        train = check_signals(signals, "signals")
        validation = check_signals(validation_signals, "validation_signals", train.shape[1:])
        self._start(train.shape[1:])
        self.history_ = self._train(_with_channels(train), _with_channels(validation))
        return self

    def reconstruct(self, signals: npt.ArrayLike) -> FloatArray:
        """Send beats through the network.

        Parameters
        ----------
        signals : array_like of shape (n_beats, n_samples) or (n_beats, n_samples, n_channels)
            Beats, scaled as in `fit`.

        Returns
        -------
        ndarray of float32, of the same shape
            What the network makes of them.
        """
        beats = self._check(signals)
        return self._reconstruct(_with_channels(beats)).reshape(beats.shape)

    def encode(self, signals: npt.ArrayLike) -> FloatArray:
        """Return the code of each beat, the values of the narrowest layer.

        Parameters
        ----------
        signals : array_like of shape (n_beats, n_samples) or (n_beats, n_samples, n_channels)
            Beats, scaled as in `fit`.

        Returns
        -------
        ndarray of float32, shape (n_beats, n_code)
            One code a beat.
        """
        return self._encode(_with_channels(self._check(signals)))

    @property
    def output_range(self) -> tuple[float, float]:
        """Smallest and largest value that the output layer reaches, infinite where none is."""
        return _RANGES.get(getattr(self, "output_activation", "linear"), (-np.inf, np.inf))

    @property
    def n_code(self) -> int:
        """How many numbers the code of a beat has."""
        self._check_is_fitted()
        return int(self.encode(np.zeros((1, *self.beat_shape_))).shape[1])

    def get_weights(self) -> dict[str, npt.NDArray[Any]]:
        """Return every trained array by a name of its own; with `set_weights`, a way to save."""
        self._check_is_fitted()
        return self._get_weights()

    def set_weights(self, beat_shape: tuple[int, ...], weights: Mapping[str, Any]) -> Self:
        """Become the autoencoder that `weights` were taken from.

        Parameters
        ----------
        beat_shape : tuple of int
            Its `beat_shape_`.
        weights : mapping of str to ndarray
            What its `get_weights` returned.

        Returns
        -------
        Autoencoder
            Itself, ready to reconstruct.

        Raises
        ------
        ValueError
            If a name is missing or unknown, or a shape does not fit this architecture.
        """
        self._start(beat_shape)
        expected = {name: array.shape for name, array in self._get_weights().items()}
        given = {name: np.shape(array) for name, array in weights.items()}
        if expected != given:
            names = sorted(
                name
                for name in expected.keys() | given.keys()
                if expected.get(name) != given.get(name)
            )
            raise ValueError(
                f"the weights do not fit this {type(self).__name__}: {', '.join(names[:5])}. "
                "They were saved from another architecture, or the file is damaged."
            )
        self._set_weights(weights)
        return self

    def _start(self, beat_shape: tuple[int, ...]) -> None:
        """Build the untrained network for beats of one shape."""
        self.beat_shape_ = tuple(beat_shape)
        n_samples, n_channels = (*beat_shape, 1)[:2]
        self._build(n_samples, n_channels)

    def _check_is_fitted(self) -> None:
        if not hasattr(self, "beat_shape_"):
            raise RuntimeError(f"this {type(self).__name__} is not trained yet: call fit first.")

    def _check(self, signals: npt.ArrayLike) -> FloatArray:
        self._check_is_fitted()
        return check_signals(signals, "signals", self.beat_shape_)

    @abstractmethod
    def _build(self, n_samples: int, n_channels: int) -> None:
        """Build the network with fresh weights, drawn from `random_state` alone."""

    @abstractmethod
    def _train(self, signals: FloatArray, validation_signals: FloatArray) -> pd.DataFrame:
        """Train the network on (n_beats, n_samples, n_channels); return the history."""

    @abstractmethod
    def _reconstruct(self, signals: FloatArray) -> FloatArray:
        """Reconstruct (n_beats, n_samples, n_channels), whole, to the same number of values."""

    @abstractmethod
    def _encode(self, signals: FloatArray) -> FloatArray:
        """Encode (n_beats, n_samples, n_channels) to (n_beats, n_code)."""

    @abstractmethod
    def _get_weights(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of the network."""

    @abstractmethod
    def _set_weights(self, weights: Mapping[str, Any]) -> None:
        """Take arrays, whose names and shapes are known to fit, into the network."""


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a word that is none of `choices`."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")


def batch_size_of(wanted: int | str, n_beats: int) -> int:
    """Resolve "auto"."""
    if isinstance(wanted, str):
        check_choice("batch_size", wanted, ("auto",))
        return min(_LARGEST_BATCH, max(1, n_beats // _STEPS_AN_EPOCH))
    return wanted


def _with_channels(beats: FloatArray) -> FloatArray:
    """Give beats of one channel their third dimension."""
    return beats if beats.ndim == 3 else beats[:, :, None]


def check_signals(
    signals: npt.ArrayLike, name: str, beat_shape: tuple[int, ...] | None = None
) -> FloatArray:
    """Return beats as a float32 array, or say why they cannot be used.

    Parameters
    ----------
    signals : array_like of shape (n_beats, n_samples) or (n_beats, n_samples, n_channels)
        The beats.
    name : str
        What the caller calls them, for the messages.
    beat_shape : tuple of int, optional
        The shape that one beat must have.

    Returns
    -------
    ndarray of float32, of the same shape
        The beats.

    Raises
    ------
    ValueError
        If they are empty, of another shape, or hold NaN or infinite samples.
    """
    beats = np.asarray(signals, dtype=np.float32)
    if beats.ndim not in (2, 3) or 0 in beats.shape:
        raise ValueError(
            f"{name} must hold beats in the shape (n_beats, n_samples) or (n_beats, n_samples, "
            f"n_channels), at least one, not {beats.shape}."
        )
    if beat_shape is not None and beats.shape[1:] != tuple(beat_shape):
        wanted, got = (" x ".join(map(str, shape)) for shape in (beat_shape, beats.shape[1:]))
        raise ValueError(
            f"{name} has beats of {got} samples, but training used {wanted}. "
            "Resample the beats to the same length."
        )
    finite = np.isfinite(beats).reshape(len(beats), -1).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"{(~finite).sum()} of {len(beats)} beats in {name} hold NaN or infinite samples, "
            f"the first at row {np.flatnonzero(~finite)[0]}. Drop or mend them first."
        )
    return beats
