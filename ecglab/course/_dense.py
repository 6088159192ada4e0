"""Exercises of notebook 02, train a dense autoencoder."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.autoencoders import DenseAutoencoder
from ecglab.course._feedback import UNANSWERED, Feedback, check_number
from ecglab.evaluation import Split, measure
from ecglab.heartbeats import Heartbeats
from ecglab.scoring import mean_squared_error


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
        answer, truth, "Far more weights than training beats: early stopping is not a luxury.", hint
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
