"""The exercises of notebook 05."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab.course._feedback import UNANSWERED, Feedback, check_number
from ecglab.evaluation import REALISTIC_PREVALENCE, measure, precision_at
from ecglab.thresholds import THRESHOLDS, f1_threshold, recall_threshold

__all__ = [
    "check_beats_needed",
    "check_rare_precision",
    "check_recall_price",
    "check_unmoved_rules",
    "leaky_gain",
]


def leaky_gain(scores: npt.ArrayLike, is_anomaly: npt.ArrayLike, honest_threshold: float) -> float:
    """Return how much higher F1 comes out with the best cut for these very beats.

    Parameters
    ----------
    scores : array_like of shape (n_beats,)
        Anomaly scores of test beats.
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies.
    honest_threshold : float
        A threshold that was chosen on other beats.

    Returns
    -------
    float
        F1 of the leaky way minus F1 of the honest one; never negative.
    """
    leaky = f1_threshold(scores, is_anomaly)
    leaky_f1, honest_f1 = (
        measure(scores, is_anomaly, cut)["F1"] for cut in (leaky, honest_threshold)
    )
    return float(leaky_f1 - honest_f1)


def check_recall_price(
    answer: object, scores: npt.ArrayLike, is_anomaly: npt.ArrayLike, recall: float = 1.0
) -> Feedback:
    """Check the share of normal beats that a cut with a given recall flags."""
    scores, is_anomaly = np.asarray(scores), np.asarray(is_anomaly, dtype=bool)
    cut = recall_threshold(scores, is_anomaly, recall)
    flagged = scores > cut
    truth = float(flagged[~is_anomaly].mean())

    def hint(value: float) -> str:
        if np.isclose(value, flagged.mean(), atol=5e-4):
            return "That is the share of *all* beats that are flagged. Look at the normal ones."
        if np.isclose(value, 1 - truth, atol=5e-4):
            return "That is the share of normal beats that pass."
        if np.isclose(value, cut, rtol=1e-2):
            return "That is the cut itself. Which share of normal_scores lies above it?"
        return "choose_threshold gives the cut; which share of normal_scores lies above it?"

    return check_number(answer, truth, "The last anomalies are the dear ones.", hint)


def check_rare_precision(
    answer: object, recall: float, false_positive_rate: float, prevalence: float = 0.001
) -> Feedback:
    """Check the precision at a low prevalence."""
    truth = float(precision_at(prevalence, recall, false_positive_rate))

    def hint(value: float) -> str:
        swapped = float(precision_at(prevalence, false_positive_rate, recall))
        if np.isclose(value, swapped, rtol=1e-2):
            return "Recall and false-positive rate are swapped: points holds recall first."
        at_two_per_cent = float(precision_at(REALISTIC_PREVALENCE, recall, false_positive_rate))
        if np.isclose(value, at_two_per_cent, rtol=1e-2):
            return f"That is where {REALISTIC_PREVALENCE:.0%} of the beats are anomalies."
        if np.isclose(value, prevalence * recall, rtol=1e-2):
            return "Those are the true alarms, as a share of all beats. Divide by all alarms."
        return "True alarms: prevalence times recall. False ones: the rest times the other rate."

    return check_number(
        answer, truth, "Nearly every alarm would be false.", hint, tolerance=0.02 * truth
    )


def check_beats_needed(answer: object, rate: float) -> Feedback:
    """Check how many normal beats a promised false-positive rate needs."""
    truth = math.ceil(round(1 / rate, 9)) - 1

    def hint(value: float) -> str:
        if value == truth + 1:
            return "Close. With one beat fewer, is k still at most n?"
        if value > truth:
            return "Fewer will do. What is the smallest n for which k is at most n?"
        return "With so few, k is larger than n: there is no such score to cut at."

    return check_number(
        answer, truth, "Rare false alarms must be paid for with many normal beats.", hint
    )


def check_unmoved_rules(
    answer: Any, rules: Mapping[str, tuple[str, Mapping[str, Any]]]
) -> Feedback:
    """Check which rules do not look at anomalies."""
    if answer is ...:
        return UNANSWERED
    names = (
        list(answer) if isinstance(answer, Iterable) and not isinstance(answer, str) else [answer]
    )
    if not all(isinstance(name, str) for name in names):
        return Feedback(False, "Give a list of names, as they stand in rules.")
    given = set(names)
    if given - set(rules):
        return Feedback(False, f"Choose from these names: {sorted(rules)}.")
    label_free = {
        label for label, (rule, _) in rules.items() if not THRESHOLDS[rule].needs_anomalies
    }
    if given == label_free:
        return Feedback(True, "That is what label-free means.")
    if given - label_free:
        wrong = sorted(given - label_free)[0]
        return Feedback(False, f"{wrong!r} looks at labelled anomalies, so it moves with them.")
    return Feedback(False, f"So far right, but {len(label_free - given)} more do not look at any.")
