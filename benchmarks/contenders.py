"""The detectors of the leaderboard: every recipe of the course, and what to try before them.

A contender is trained once for a split and a seed, and may come out as several detectors: the
scorings of notebook 04 share the residuals of one network, so that they are compared on the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.preprocessing import StandardScaler

from ecglab import AutoencoderDetector
from ecglab.autoencoders import (
    AttentionAutoencoder,
    ConvAutoencoder,
    DenseAutoencoder,
    DenseTorchAutoencoder,
    LSTMAutoencoder,
)
from ecglab.baselines import BASELINES, PYOD_BASELINES
from ecglab.evaluation import Split, score_split
from ecglab.scoring import Scoring, WeightedError, make_scoring

__all__ = ["BEST_DENSE", "CONTENDERS", "Contender", "ScorePair"]

ScorePair = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Anomaly scores of the validation beats and of the test beats."""

BEST_DENSE = "64-32-16, beats as they are"
QRS = (120, 140)  # the samples around the next QRS complex, see notebook 04


@dataclass(frozen=True)
class Contender:
    """What takes part.

    Parameters
    ----------
    family : str
        The kind of detector.
    detectors : tuple of str
        What it comes out as.
    label_free : tuple of bool
        For each of them, whether its scores rest on no labelled beat.
    train : callable
        Takes a split and a seed, returns a `ScorePair` for each of `detectors`, in order.
    """

    family: str
    detectors: tuple[str, ...]
    label_free: tuple[bool, ...]
    train: Callable[[Split, int], list[ScorePair]]


@dataclass(frozen=True)
class Rescoring:
    """One way to score residuals, and whether it rests on no labelled beat."""

    name: str
    scoring: Scoring
    label_free: bool = True

    def of(self, autoencoder: str) -> str:
        """Name the detector that it makes of an autoencoder."""
        return f"{autoencoder}: {self.name}" + ("" if self.label_free else " (label-tuned)")


def _train_estimator(make: Callable[[int], Any], split: Split, seed: int) -> list[ScorePair]:
    return [score_split(make(seed), split)]


def _estimator(family: str, name: str, make: Callable[[int], Any]) -> Contender:
    """Enter one scikit-learn style detector, made from a seed, whose scores are label-free."""
    return Contender(family, (name,), (True,), partial(_train_estimator, make))


def _train_and_rescore(
    make: Callable[[int], AutoencoderDetector],
    rescorings: Sequence[Rescoring],
    split: Split,
    seed: int,
) -> list[ScorePair]:
    detector = make(seed)
    detector.fit(split.train.signals, validation_signals=split.validation.normal.signals)
    validation = split.validation.signals, split.validation.is_anomaly
    pairs = []
    for rescoring in rescorings:
        detector.recalibrate(*validation, scoring=rescoring.scoring)
        on_validation = detector.reconstruction_error(split.validation.signals)
        pairs.append((on_validation, detector.reconstruction_error(split.test.signals)))
    return pairs


def _rescored(
    family: str,
    name: str,
    make: Callable[[int], AutoencoderDetector],
    rescorings: Sequence[Rescoring],
) -> Contender:
    """Enter one autoencoder with several ways to score its residuals."""
    return Contender(
        family,
        tuple(rescoring.of(name) for rescoring in rescorings),
        tuple(rescoring.label_free for rescoring in rescorings),
        partial(_train_and_rescore, make, rescorings),
    )


def _keras(scaler: Any, scoring: str, **params: Any) -> Callable[[int], AutoencoderDetector]:
    return lambda seed: AutoencoderDetector(
        DenseAutoencoder(**params), scaler=scaler, scoring=scoring, random_state=seed
    )


MSE, MAE = Rescoring("MSE", make_scoring("mse")), Rescoring("MAE", make_scoring("mae"))

CONTENDERS: tuple[Contender, ...] = (
    *(_estimator("baseline", name, make) for name, make in BASELINES.items()),
    *(_estimator("PyOD", name, make) for name, make in PYOD_BASELINES.items()),
    _estimator(
        "Keras, dense",
        "64-32-16, standardised, sigmoid",
        # An instance, because the name is refused: this output does not reach such beats.
        _keras(StandardScaler(), "mse", output_activation="sigmoid"),
    ),
    _estimator("Keras, dense", "64-32-16, standardised, linear", _keras("standard", "mse")),
    _estimator(
        "Keras, dense",
        "32-16-8, scaled to [0, 1], MAE",
        _keras("unit", "mae", hidden=(32, 16, 8), output_activation="sigmoid", loss="mae"),
    ),
    _estimator("Keras, dense", BEST_DENSE, _keras(None, "mse")),
    _rescored(
        "PyTorch, LSTM",
        "LSTM, 64",
        lambda seed: AutoencoderDetector(LSTMAutoencoder(), random_state=seed),
        [MSE, MAE],
    ),
    _rescored(
        "PyTorch, LSTM",
        "LSTM, three layers, 64, rate 0.001",
        lambda seed: AutoencoderDetector(
            LSTMAutoencoder(n_layers=3, learning_rate=0.001), random_state=seed
        ),
        [MSE, MAE],
    ),
    _rescored(
        "PyTorch, dense",
        "[140, 96, 48, 24]",
        lambda seed: AutoencoderDetector(DenseTorchAutoencoder(), random_state=seed),
        [
            MSE,
            Rescoring("inverse variance", make_scoring("weighted")),
            Rescoring("learned weights", make_scoring("learned_weights"), label_free=False),
            # The window itself needs no label, but was placed with labelled beats in view.
            Rescoring("QRS window", WeightedError("window", window=QRS), label_free=False),
            Rescoring("windowed maximum", make_scoring("windowed")),
        ],
    ),
    _rescored(
        "PyTorch, convolutional",
        "convolutional",
        lambda seed: AutoencoderDetector(ConvAutoencoder(), random_state=seed),
        [MSE],
    ),
    _rescored(
        "PyTorch, attention",
        "attention",
        lambda seed: AutoencoderDetector(AttentionAutoencoder(), random_state=seed),
        [MSE],
    ),
)
"""All of them, in the order in which tables show them."""
