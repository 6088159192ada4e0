"""Exercises of notebook 04, weight the reconstruction error."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_curve

from ecglab.course._feedback import UNANSWERED, Feedback, as_numbers, check_number


def check_inverse_variance(answer: Any, residuals: npt.ArrayLike) -> Feedback:
    """Check weights that are inverse to the mean squared residual, with mean 1."""
    if answer is ...:
        return UNANSWERED
    variance = np.square(np.asarray(residuals, dtype=np.float64)).mean(axis=0)
    truth = (1 / variance) / (1 / variance).mean()
    given = as_numbers(answer)
    if given is None:
        return Feedback(False, f"Give an array of numbers, not a {type(answer).__name__}.")
    if given.shape != truth.shape:
        return Feedback(False, f"One weight a sample: the shape should be {truth.shape}.")
    if np.allclose(given, truth, rtol=1e-3):
        return Feedback(True, "Where normal beats are rebuilt well, a residual now weighs more.")
    if np.allclose(given, 1 / variance, rtol=1e-3):
        return Feedback(False, "Almost: divide by their mean, so that the weights have mean 1.")
    if np.allclose(given, variance / variance.mean(), rtol=1e-3):
        return Feedback(False, "The other way round: small residuals should weigh more.")
    return Feedback(False, "Square the residuals, average over the beats, and take the inverse.")


def check_label_use(answer: Any) -> Feedback:
    """Check which weightings need labelled anomalies."""
    if answer is ...:
        return UNANSWERED
    known = {"uniform", "inverse variance", "learned weights", "QRS window", "windowed maximum"}
    given = _names_in(answer)
    if given - known:
        return Feedback(False, f"Choose from these names: {sorted(known)}.")
    if given == {"learned weights"}:
        return Feedback(True, "Its figures belong in the label-tuned table.")
    if "learned weights" not in given:
        return Feedback(
            False, "One of them compares normal beats with *anomalies* to find weights."
        )
    if "QRS window" in given:
        return Feedback(
            False,
            "The window needs two sample numbers, and no label. (That they were chosen "
            "after a look at labels is another matter: it makes our *figures* label-tuned.)",
        )
    return Feedback(False, "Only what looks at labelled anomalies needs them. You named too many.")


def _names_in(answer: Any) -> set[str]:
    """Return the names that an answer gives, one by itself or several in whatever holds them."""
    try:
        several = [answer] if isinstance(answer, str) else list(answer)
    except TypeError:
        several = [answer]
    return {name if isinstance(name, str) else repr(name) for name in several}


def check_modes(first: Any, second: Any, network: Any, scaled: Any) -> Feedback:
    """Check scores of the same beats, computed twice in a network's training mode."""
    if first is ... or second is ...:
        return UNANSWERED
    import torch

    network.eval()
    with torch.no_grad():
        calm = (scaled - network(scaled)).square().mean(dim=1).numpy()
    for given in map(as_numbers, (first, second)):
        if given is None or given.shape != calm.shape:
            return Feedback(False, f"Give two arrays of scores, each of the shape {calm.shape}.")
        if np.allclose(given, calm, rtol=1e-4):
            return Feedback(False, "These are the scores of network.eval(): call network.train().")
    if np.allclose(first, second):
        return Feedback(False, "Twice the same array: send the beats through the network again.")
    if np.mean(first) > 10 * calm.mean():
        return Feedback(False, "That is no mean squared residual of these beats.")
    return Feedback(True, "Dropout draws anew in each call. No threshold holds for such scores.")


def check_youden(answer: object, scores: npt.ArrayLike, is_anomaly: npt.ArrayLike) -> Feedback:
    """Check the largest value of Youden's J."""
    false_positive_rate, recall, _ = roc_curve(is_anomaly, scores)
    truth = float((recall - false_positive_rate).max())

    def hint(value: float) -> str:
        if np.isclose(value, recall[np.argmax(recall - false_positive_rate)], atol=5e-4):
            return "That is the recall there: J is recall minus false-positive rate."
        if value > 1 or value < -1:
            return "J lies between -1 and 1. The third array holds the cuts: take the first two."
        return "roc_curve gives both rates at every cut. Where is their difference largest?"

    return check_number(answer, truth, "1 would be a perfect cut, 0 is what a coin reaches.", hint)
