"""Exercises of notebook 05, look inside."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab.course._feedback import UNANSWERED, Feedback, as_numbers
from ecglab.evaluation import Split

GAP = slice(60, 100)
"""The samples that exercise 2 blanks out."""


def check_surprise(answer: Any, mean: npt.ArrayLike, log_variance: npt.ArrayLike) -> Feedback:
    """Check the surprise of each code: its divergence from the standard normal distribution."""
    if answer is ...:
        return UNANSWERED
    mean, log_variance = np.asarray(mean, float), np.asarray(log_variance, float)
    parts = (mean**2 + np.exp(log_variance) - 1 - log_variance) / 2
    truth = parts.sum(axis=1)
    given = as_numbers(answer)
    if given is None:
        return Feedback(False, f"Give an array of numbers, not a {type(answer).__name__}.")
    if given.shape == parts.shape:
        return Feedback(False, "Almost: add up the numbers of each code, with sum(axis=1).")
    if given.shape != truth.shape:
        return Feedback(False, f"One number a beat: the shape should be {truth.shape}.")
    hints = {
        "Half of that: the formula divides by 2.": 2 * truth,
        "Add them up: that is their mean over the code.": parts.mean(axis=1),
        "The variance is exp(log_variance); exp(log_variance / 2) is the standard deviation.": (
            mean**2 + np.exp(log_variance / 2) - 1 - log_variance
        ).sum(axis=1)
        / 2,
        "The other way round: it is never below 0.": -truth,
    }
    if np.allclose(given, truth, rtol=1e-3, atol=1e-3):
        return Feedback(True, "It is 0 only where the mean is 0 and the variance is 1.")
    for hint, wrong in hints.items():
        if np.allclose(given, wrong, rtol=1e-3, atol=1e-3):
            return Feedback(False, hint)
    return Feedback(False, "Write the four terms of the formula one by one, then halve their sum.")


def check_filler(answer: Any, split: Split) -> Feedback:
    """Check a network that fills in the samples that were blanked out of normal beats."""
    beats = split.validation.normal.signals
    blanked = beats.copy()
    blanked[:, GAP] = 0
    filled = _apply(answer, blanked)
    if isinstance(filled, Feedback):
        return filled
    guess = np.square(beats[:, GAP] - split.train.signals[:, GAP].mean(axis=0)).mean()
    left = np.square(beats - filled)
    if np.square(filled[:, GAP]).mean() < 0.3 * np.square(beats[:, GAP]).mean():
        return Feedback(
            False,
            "It fills the gap with zeros: the loss should compare with the *whole* beat, not with "
            "the blanked one.",
        )
    if left[:, GAP].mean() > 0.8 * guess:
        return Feedback(
            False,
            "In the gap it does hardly better than the mean beat, or worse. Was it trained on "
            "blanked beats, and for as many epochs as the others?",
        )
    if left.mean() > 0.2:
        return Feedback(False, "The gap is filled, but the rest of the beat is not rebuilt.")
    return Feedback(True, "It tells the middle of a beat from its ends: no copying can do that.")


def check_mended(answer: Any, split: Split) -> Feedback:
    """Check a network whose training was broken and should be mended."""
    beats = split.validation.normal.signals
    rebuilt = _apply(answer, beats)
    if isinstance(rebuilt, Feedback):
        return rebuilt
    left = float(np.square(beats - rebuilt).mean())
    of_mean = float(np.square(beats - split.train.signals.mean(axis=0)).mean())
    if left < 0.3 * of_mean:
        return Feedback(True, "Now both halves learn.")
    if left < 0.99 * np.square(beats).mean():
        return Feedback(
            False,
            f"It learns, but leaves {left:.2f} where the mean beat would leave {of_mean:.2f}: "
            "which weights was the optimiser given?",
        )
    return Feedback(False, "It learns nothing: in which order do the gradients come and go?")


def _apply(network: Any, beats: npt.NDArray[np.float32]) -> Any:
    """Send beats through a reader's network; a Feedback where that is not possible."""
    if network is ...:
        return UNANSWERED
    import torch

    if not isinstance(network, torch.nn.Module):
        return Feedback(False, f"Give the network itself, not a {type(network).__name__}.")
    try:
        with torch.no_grad():
            rebuilt = network(torch.tensor(beats)).numpy()
    except (RuntimeError, TypeError, AttributeError) as error:
        return Feedback(False, f"The network does not take beats: {str(error).splitlines()[0]}.")
    if rebuilt.shape != beats.shape:
        return Feedback(
            False, f"It returns {rebuilt.shape} for beats of {beats.shape}: give the whole network."
        )
    return rebuilt
