"""The exercises of notebook 06."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab.course._feedback import UNANSWERED, Feedback, as_numbers, check_number, try_out
from ecglab.evaluation import measure
from ecglab.thresholds import THRESHOLDS, f1_threshold, youden_threshold


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


def check_youden_cut(answer: Any) -> Feedback:
    """Check a function that chooses the cut with the largest recall minus false-positive rate."""
    rng = np.random.default_rng(0)
    # Rounded, so that scores tie; of different numbers, so that J is not accuracy.
    scores = np.concatenate([rng.normal(0, 1, 300), rng.normal(1.5, 1, 60)]).round(1)
    is_anomaly = np.arange(len(scores)) >= 300
    cut, reply = try_out(answer, scores.copy(), is_anomaly.copy())
    if reply is not None:
        return reply
    if isinstance(cut, bool) or not isinstance(cut, int | float | np.number):
        return Feedback(False, f"It should return one number, the cut; it gave {cut!r}.")

    def rates(at: float, above: bool = True) -> tuple[float, float]:
        flagged = scores > at if above else scores >= at
        return float(flagged[is_anomaly].mean()), float(flagged[~is_anomaly].mean())

    best = youden_threshold(scores, is_anomaly)
    reached, largest = (float(np.subtract(*rates(value))) for value in (float(cut), best))
    if np.isclose(reached, largest):
        return Feedback(True, "You have written a threshold rule: no more is behind the name.")
    if np.isclose(float(cut), largest):
        return Feedback(
            False, "That is the largest J. The cut at which it is reached is asked for."
        )
    if np.isclose(np.subtract(*rates(float(cut), above=False)), largest):
        return Feedback(False, "Nearly: a beat is flagged *above* the cut, not at it.")
    accuracy = [np.mean((scores > value) == is_anomaly) for value in np.unique(scores)]
    if np.isclose(np.mean((scores > cut) == is_anomaly), max(accuracy)):
        return Feedback(
            False, "That cut has the best accuracy. J weighs both kinds of beats alike."
        )
    return Feedback(
        False, f"On a case of mine your cut has J = {reached:.3f}, and {largest:.3f} can be had."
    )


def check_p_values(answer: Any) -> Feedback:
    """Check a function that computes conformal p-values from normal scores."""
    normal = np.array([1.0, 2.0, 2.0, 3.0])
    new = np.array([0.5, 2.0, 3.0, 9.0])
    given, reply = try_out(answer, new.copy(), normal.copy())
    if reply is not None:
        return reply
    values = as_numbers(given)
    if values is None or values.shape != new.shape:
        return Feedback(False, "It should return one p-value for each new score, as an array.")
    as_high = np.array([4, 3, 1, 0])
    higher = np.array([4, 1, 0, 0])
    if np.allclose(values, (1 + as_high) / 5):
        return Feedback(True, "No p-value is zero now, and ties count against the alarm.")
    if np.allclose(values, (1 + higher) / 5):
        return Feedback(False, "One fault is left: a normal score that is *as* high counts, too.")
    if np.allclose(values, as_high / 4) or np.allclose(values, as_high / 5):
        return Feedback(
            False, "One fault is left: a new beat above all others gets a p-value of 0."
        )
    if np.allclose(values, higher / 4):
        return Feedback(False, "That is your colleague's. Count ties, and the beat itself.")
    return Feedback(
        False, "Of n normal scores k are as high or higher: (1 + k) / (n + 1), for each new score."
    )


def check_flag_by_cost(answer: Any) -> Feedback:
    """Check a function that flags a beat when that costs less than passing it."""
    probability = np.array([0.02, 0.08, 0.1, 0.4, 0.6, 0.95])
    given, reply = try_out(answer, probability.copy(), 10)
    if reply is not None:
        return reply
    flagged = as_numbers(given)
    if flagged is None or flagged.shape != probability.shape or set(flagged) - {0.0, 1.0}:
        return Feedback(False, "It should return True or False for each beat, as an array.")
    if (flagged == (probability * 10 > 1 - probability)).all():
        if (np.asarray(answer(probability, 1)) == (probability > 0.5)).all():
            return Feedback(True, "A miss ten times as dear: flag from one chance in eleven on.")
        return Feedback(False, "Right for a miss that costs 10; use miss_cost for other prices.")
    if (flagged == (probability > 0.5)).all():
        return Feedback(False, "That is right when both errors cost the same.")
    if (flagged == (probability * 10 < 1 - probability)).all():
        return Feedback(False, "The other way round: those are the beats to pass.")
    if (flagged == (probability > 0.1)).all():
        return Feedback(
            False, "Close: at 0.1 passing costs 1, and flagging 0.9. Where are they even?"
        )
    return Feedback(False, "Compare probability * miss_cost with 1 - probability.")


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
