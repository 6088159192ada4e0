"""Exercises of notebook 02, train a dense autoencoder."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.decomposition import PCA

from ecglab.autoencoders import DenseAutoencoder, import_keras
from ecglab.course._feedback import UNANSWERED, Feedback, check_number
from ecglab.evaluation import Split, measure
from ecglab.heartbeats import Heartbeats
from ecglab.scoring import mean_absolute_error, mean_squared_error


def check_weight_count(answer: object, n_samples: int, hidden: Sequence[int]) -> Feedback:
    """Check the number of weights of a dense autoencoder, biases included."""
    units = [n_samples, *hidden, *hidden[-2::-1], n_samples]
    products = [a * b for a, b in pairwise(units)]
    truth = sum(products) + sum(units[1:])
    to_code = sum(products[: len(hidden)]) + sum(units[1 : len(hidden) + 1])

    def hint(value: float) -> str:
        if value == sum(products):
            return "The biases are missing: one for each unit that a layer puts out."
        if value == to_code:
            return "That is the encoder alone. The decoder mirrors it."
        return "Write down the units of every layer, input and output included, and go pairwise."

    return check_number(
        answer,
        truth,
        "Set that against the values to be rebuilt, beats times samples, not against the beats.",
        hint,
    )


def check_quantile_cut(answer: object, normal_scores: npt.ArrayLike) -> Feedback:
    """Check the threshold that accepts 99 % of the normal validation beats."""
    normal_scores = np.asarray(normal_scores)
    truth = float(np.quantile(normal_scores, 0.99))

    def hint(value: float) -> str:
        if np.isclose(value, np.quantile(normal_scores, 0.01)):
            return "That lies below 99 % of the normal beats: errors *above* the cut are anomalies."
        if np.isclose(value, np.quantile(normal_scores, 0.95)):
            return "That accepts 95 %: one false alarm in twenty."
        return "Use quantile_threshold on the scores of the *normal validation* beats."

    return check_number(
        answer,
        truth,
        "Only a handful of validation beats lie above it, so another split may move it a lot.",
        hint,
        tolerance=1e-6 * truth,
    )


def check_most_missed(answer: Any, test: Heartbeats, flagged: npt.ArrayLike) -> Feedback:
    """Check which anomaly class is missed most often, as a share of the class."""
    if answer is ...:
        return UNANSWERED
    missed = pd.DataFrame({"label": test.labels, "missed": ~np.asarray(flagged, dtype=bool)})
    by_class = missed[test.is_anomaly].groupby("label")["missed"]
    share, count = by_class.mean(), by_class.sum()
    if np.array_equal(answer, test.normal_label):
        return Feedback(False, "A normal beat cannot be a missed anomaly.")
    if not isinstance(answer, int | np.integer) or answer not in share.index:
        return Feedback(False, f"The answer should be one of the classes {list(share.index)}.")
    if share[answer] == share.max():
        return Feedback(True, "Look at such beats before you trust the detector with them.")
    if count[answer] == count.max():
        return Feedback(
            False, "That class has the most missed beats. The question is about their *share*."
        )
    return Feedback(False, "Group flagged by split.test.labels and look for the lowest mean.")


def check_narrow_code(answer: Any, split: Split) -> Feedback:
    """Check a trained dense autoencoder whose code has two numbers."""
    if answer is ...:
        return UNANSWERED
    if not isinstance(answer, DenseAutoencoder):
        return Feedback(False, "Hand over the DenseAutoencoder itself, not what it returns.")
    if answer.hidden[-1] != 2:
        return Feedback(False, f"Its code has {answer.hidden[-1]} numbers: end `hidden` with 2.")
    if not hasattr(answer, "model_"):
        return Feedback(False, "It is not trained yet: call fit with train and validation_normal.")
    test = split.test
    errors = mean_squared_error(test.signals, answer.reconstruct(test.signals))
    roc_auc = measure(errors, test.is_anomaly, 0)["ROC-AUC"]
    if roc_auc < 0.9:
        return Feedback(
            False,
            f"Its ROC-AUC on the test beats is only {roc_auc:.2f}. Was it trained on the beats as "
            "they are, normal ones only, and with a linear output?",
        )
    return Feedback(True, "Two numbers a beat are enough to order the beats well.")


def check_swapped_loss(answer: Any, split: Split) -> Feedback:
    """Check a trained Keras network whose loss is the mean absolute error."""
    if (refusal := _refuse_network(answer, split)) is not None:
        return refusal
    if getattr(answer, "loss", None) not in ("mae", "mean_absolute_error"):
        return Feedback(
            False, f"It was compiled with the loss {getattr(answer, 'loss', None)!r}, not 'mae'."
        )
    signals, test = split.validation.normal.signals, split.test
    if np.abs(signals - _rebuild(answer, signals)).mean() > 0.8 * np.abs(signals).mean():
        return Feedback(False, "It hardly rebuilds a normal beat. Was it trained, beats as are?")
    errors = mean_absolute_error(test.signals, _rebuild(answer, test.signals))
    if measure(errors, test.is_anomaly, 0)["ROC-AUC"] < 0.9:
        return Feedback(False, "Its ROC-AUC is below 0.9. Was it trained on normal beats only?")
    return Feedback(True, "A few large residuals weigh less now; the order of the beats bears it.")


def check_linear_network(answer: Any, split: Split) -> Feedback:
    """Check a trained Keras autoencoder without activations: it should rebuild as PCA does."""
    if (refusal := _refuse_network(answer, split)) is not None:
        return refusal
    layers = [layer for layer in answer.layers if hasattr(layer, "units")]
    bends = {layer.activation.__name__ for layer in layers} - {"linear"}
    if bends:
        return Feedback(False, f"It still bends its sums, with {', '.join(sorted(bends))}.")
    narrowest = min(layer.units for layer in layers)
    if narrowest != 2:
        return Feedback(False, f"Its code has {narrowest} numbers, those of the baseline 2.")
    signals = split.validation.normal.signals
    pca = PCA(n_components=2, random_state=0).fit(split.train.signals)
    best = np.square(signals - pca.inverse_transform(pca.transform(signals))).mean()
    if np.square(signals - _rebuild(answer, signals)).mean() > 1.2 * best:
        return Feedback(
            False,
            "It does not rebuild as well as PCA yet: train on, with the mean squared error and "
            "larger steps (a learning rate of 0.01).",
        )
    return Feedback(True, "It has found PCA's plane: the baseline was an autoencoder all along.")


def _refuse_network(answer: Any, split: Split) -> Feedback | None:
    """Say what is no Keras network for these beats."""
    if answer is ...:
        return UNANSWERED
    if not isinstance(answer, import_keras().Model):
        return Feedback(False, "Hand over the network itself, a Keras model.")
    if answer.output_shape[1:] != (split.train.n_samples,):
        return Feedback(False, f"It returns {answer.output_shape[1:]}, not a beat.")
    return None


def _rebuild(network: Any, signals: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(network(signals))
