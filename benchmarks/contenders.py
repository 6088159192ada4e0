"""The detectors of the leaderboard: every recipe of the course, and what to try before them.

A contender is trained once for a split and a seed, and may come out as several detectors: the
scorings of notebook 04 share the residuals of one network, so that they are compared on the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab import AutoencoderDetector
from ecglab.autoencoders import (
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
    train : callable
        Takes a split and a seed, returns a `ScorePair` for each of `detectors`, in order.
    """

    family: str
    detectors: tuple[str, ...]
    train: Callable[[Split, int], list[ScorePair]]


def _train_estimator(make: Callable[[int], Any], split: Split, seed: int) -> list[ScorePair]:
    return [score_split(make(seed), split)]


def _estimator(family: str, name: str, make: Callable[[int], Any]) -> Contender:
    """Enter one scikit-learn style detector, made from a seed."""
    return Contender(family, (name,), partial(_train_estimator, make))


def _train_and_rescore(
    make: Callable[[int], AutoencoderDetector],
    scorings: Mapping[str, Scoring],
    split: Split,
    seed: int,
) -> list[ScorePair]:
    detector = make(seed)
    detector.fit(split.train.signals, validation_signals=split.validation.normal.signals)
    validation = split.validation.signals, split.validation.is_anomaly
    pairs = []
    for scoring in scorings.values():
        detector.recalibrate(*validation, scoring=scoring)
        on_validation = detector.reconstruction_error(split.validation.signals)
        pairs.append((on_validation, detector.reconstruction_error(split.test.signals)))
    return pairs


def _rescored(
    family: str,
    name: str,
    make: Callable[[int], AutoencoderDetector],
    scorings: Mapping[str, Scoring],
) -> Contender:
    """Enter one autoencoder with several ways to score its residuals."""
    names = tuple(f"{name}: {scoring}" for scoring in scorings)
    return Contender(family, names, partial(_train_and_rescore, make, scorings))


def _keras(scaler: str | None, scoring: str, **params: Any) -> Callable[[int], AutoencoderDetector]:
    return lambda seed: AutoencoderDetector(
        DenseAutoencoder(**params), scaler=scaler, scoring=scoring, random_state=seed
    )


MSE, MAE = make_scoring("mse"), make_scoring("mae")

CONTENDERS: tuple[Contender, ...] = (
    *(_estimator("baseline", name, make) for name, make in BASELINES.items()),
    *(_estimator("PyOD", name, make) for name, make in PYOD_BASELINES.items()),
    _estimator(
        "Keras, dense",
        "64-32-16, standardised, sigmoid",
        _keras("standard", "mse", output_activation="sigmoid"),
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
        {"MSE": MSE, "MAE": MAE},
    ),
    _rescored(
        "PyTorch, dense",
        "[140, 96, 48, 24]",
        lambda seed: AutoencoderDetector(
            DenseTorchAutoencoder(), scaler="symmetric", random_state=seed
        ),
        {
            "MSE": MSE,
            "inverse variance": make_scoring("weighted"),
            "learned weights (label-tuned)": make_scoring("learned_weights"),
            # The window itself needs no label, but was placed with labelled beats in view.
            "QRS window (label-tuned)": WeightedError("window", window=QRS),
            "windowed maximum": make_scoring("windowed"),
        },
    ),
    _rescored(
        "PyTorch, convolutional",
        "convolutional",
        lambda seed: AutoencoderDetector(ConvAutoencoder(), random_state=seed),
        {"MSE": MSE},
    ),
)
"""All of them, in the order in which tables show them."""
