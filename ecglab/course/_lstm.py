"""Exercises of notebook 03, train an LSTM autoencoder."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab.course._feedback import UNANSWERED, Feedback, as_numbers


def check_step_counts(answer: Any, n_samples: int, patches: Sequence[int]) -> Feedback:
    """Check how many steps a recurrent network takes for a beat, for several patch sizes."""
    if answer is ...:
        return UNANSWERED
    truth = [-(-n_samples // patch) for patch in patches]
    given = list(np.ravel(np.asarray(answer, dtype=object)))
    if len(given) != len(truth):
        return Feedback(False, f"Give {len(truth)} numbers, one for each patch size.")
    if given == truth:
        return Feedback(True, "Each of them waits for the one before.")
    if given == [n_samples // patch for patch in patches]:
        return Feedback(False, "The last patch need not be full: round up, not down.")
    return Feedback(False, "How many patches are needed to cover all samples of a beat?")


def check_unit_norm(answer: Any, signals: npt.ArrayLike) -> Feedback:
    """Check beats that were brought to an L2 norm of 1."""
    if answer is ...:
        return UNANSWERED
    signals, given = np.asarray(signals, dtype=np.float64), as_numbers(answer)
    if given is None:
        return Feedback(False, f"Give an array of numbers, not a {type(answer).__name__}.")
    if given.shape != signals.shape:
        return Feedback(False, f"The shape should be {signals.shape}, and yours is {given.shape}.")
    norms = np.linalg.norm(signals, axis=1, keepdims=True)
    if np.allclose(given, signals / norms, atol=1e-6):
        return Feedback(
            True,
            "Now look at the norms. Where beats were standardised one by one, as on ECG5000, they "
            "are all the same, and only the unit has changed.",
        )
    if np.allclose(given, signals / np.linalg.norm(signals)):
        return Feedback(False, "You divided by the norm of *all* beats together: use axis=1.")
    return Feedback(False, "Divide each row by the square root of the sum of its squares.")


def check_strangest_normal(
    answer: Any, scores: npt.ArrayLike, is_anomaly: npt.ArrayLike
) -> Feedback:
    """Check the position of the normal beat with the highest score."""
    if answer is ...:
        return UNANSWERED
    scores, is_anomaly = np.asarray(scores), np.asarray(is_anomaly, dtype=bool)
    if not isinstance(answer, int | np.integer) or isinstance(answer, bool):
        return Feedback(
            False, "The answer should be one whole number, the position of a beat in split.test."
        )
    if answer == np.where(is_anomaly, -np.inf, scores).argmax():
        return Feedback(True, "Plot it. Would you call it normal?")
    if answer == scores[~is_anomaly].argmax():
        return Feedback(
            False, "That counts the normal beats alone; the position in split.test is asked for."
        )
    if answer == scores.argmax():
        return Feedback(False, "That is the strangest of all beats, and it is an anomaly.")
    return Feedback(False, "Look for the largest score among the beats that are not anomalies.")
