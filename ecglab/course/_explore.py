"""Exercises of notebook 01, explore heartbeats."""

from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from ecglab.course._feedback import UNANSWERED, Feedback, as_numbers, check_number
from ecglab.evaluation import Split
from ecglab.heartbeats import Heartbeats
from ecglab.similarity import nearest_neighbours


def check_anomaly_share(answer: object, beats: Heartbeats) -> Feedback:
    """Check the share of anomalies among all beats."""
    truth = float(beats.is_anomaly.mean())

    def hint(value: float) -> str:
        if value == beats.is_anomaly.sum():
            return "That is their number. Divide by the number of beats."
        if np.isclose(value, 1 - truth, atol=5e-4):
            return "That is the share of normal beats. Anomaly is the positive class here."
        return "beats.is_anomaly is True for each anomaly. What is the mean of True and False?"

    return check_number(answer, truth, "And it is far above what most recordings hold.", hint)


def check_majority_accuracy(answer: object, beats: Heartbeats) -> Feedback:
    """Check the accuracy, on the test part, of calling every beat normal."""
    test = beats.part("test")
    truth = float((~test.is_anomaly).mean())

    def hint(value: float) -> str:
        if np.isclose(value, 1 - truth, atol=5e-4):
            return "That is how often this rule is wrong."
        if np.isclose(value, (~beats.is_anomaly).mean(), rtol=0, atol=1e-6):
            return "Close, but that is over all beats: the question is about the test part."
        return "Calling every beat normal is right for each normal beat and wrong for each anomaly."

    return check_number(
        answer,
        truth,
        "A detector that knows nothing reaches this: accuracy alone says little.",
        hint,
        tolerance=1e-6,  # on ECG5000, the share of normal beats in both parts is nearly the same
    )


def check_twin_share(answer: object, beats: Heartbeats, twin: float = 0.99) -> Feedback:
    """Check the share of PVCs (classes 2 and 3) whose nearest neighbour is a near-twin."""
    pvc = np.isin(beats.labels, [2, 3])
    has_twin = nearest_neighbours(beats.signals)[1] > twin
    truth = float(has_twin[pvc].mean())

    def hint(value: float) -> str:
        if np.isclose(value, has_twin.mean(), atol=5e-4):
            return "That is the share among all beats. Select the PVCs: classes 2 and 3."
        if np.isclose(value, has_twin[beats.is_anomaly].mean(), atol=5e-4):
            return "That is the share among all anomalies. Select the PVCs: classes 2 and 3."
        if np.isclose(value, 1 - truth, atol=5e-4):
            return "That is the share without a near-twin."
        return "Select classes 2 and 3 with np.isin(beats.labels, [2, 3]), then average."

    return check_number(
        answer, truth, "Ectopic beats are varied, yet many of them have a twin too.", hint
    )


def check_precision(answer: Any) -> Feedback:
    """Check a function of recall, false-positive rate and prevalence that returns the precision."""
    if answer is ...:
        return UNANSWERED
    if not callable(answer):
        return Feedback(False, f"Give the function itself, not a {type(answer).__name__}.")
    cases = [(0.95, 0.05, 0.02), (0.9, 0.2, 0.5), (1.0, 0.01, 0.002)]
    try:
        given = [answer(*case) for case in cases]
    except Exception as error:
        return Feedback(False, f"It stopped with {type(error).__name__}: {error}")
    if given == [None] * len(cases):
        return UNANSWERED
    caught = np.array([recall * share for recall, _, share in cases])
    false = np.array([rate * (1 - share) for _, rate, share in cases])
    numbers = as_numbers(given)
    if numbers is None or numbers.shape != caught.shape:
        return Feedback(False, "It should return one number, a share between 0 and 1.")
    if np.allclose(numbers, caught / (caught + false), atol=1e-6):
        return Feedback(True, "Keep it at hand for the next table of detectors that you read.")
    if np.allclose(numbers, caught):
        return Feedback(False, "That is the share of true alarms among all *beats*, not *alarms*.")
    rates = np.array([rate for _, rate, _ in cases])
    if np.allclose(numbers, caught / (caught + rates)):
        return Feedback(False, "Only the normal beats raise false alarms: they are 1 - prevalence.")
    return Feedback(False, "Out of one beat: how much is a true alarm, how much a false one?")


def check_template(answer: Any, split: Split) -> Feedback:
    """Check scores of the test beats: the mean squared difference to the mean training beat."""
    if answer is ...:
        return UNANSWERED
    test, given = split.test.signals, as_numbers(answer)
    if given is None or given.shape != (len(test),):
        return Feedback(False, f"Give one number a test beat: {len(test)} of them.")
    squares = np.square(test - split.train.signals.mean(axis=0), dtype=np.float64)
    if np.allclose(given, squares.mean(axis=1), rtol=1e-3):
        return Feedback(True, "Your first detector. Notebook 2 asks what a network adds to it.")
    if np.allclose(given, np.square(test - test.mean(axis=0)).mean(axis=1), rtol=1e-3):
        return Feedback(False, "That is the mean of the *test* beats: learn from training beats.")
    if np.allclose(given, squares.sum(axis=1), rtol=1e-3):
        return Feedback(False, "That is the sum; take the mean along each beat.")
    return Feedback(
        False, "Subtract the mean training beat from each test beat, square, average over axis 1."
    )


def check_nearest(answer: Any, split: Split) -> Feedback:
    """Check scores of the test beats: the mean squared difference to the nearest training beat."""
    if answer is ...:
        return UNANSWERED
    test, train, given = split.test.signals, split.train.signals, as_numbers(answer)
    if given is None or given.shape != (len(test),):
        return Feedback(False, f"Give one number a test beat: {len(test)} of them.")
    squares = cdist(test, train, "sqeuclidean") / test.shape[1]
    if np.allclose(given, squares.min(axis=1), rtol=1e-3, atol=1e-6):
        return Feedback(True, "Nearest neighbours: notebook 7 shows how hard they are to beat.")
    if np.allclose(given, squares.max(axis=1), rtol=1e-3):
        return Feedback(False, "That is the training beat that is *least* alike: take the nearest.")
    if np.allclose(given, squares.mean(axis=1), rtol=1e-3):
        return Feedback(False, "That is the mean over all training beats: take the nearest alone.")
    if np.allclose(given, squares.min(axis=1) * test.shape[1], rtol=1e-3):
        return Feedback(False, "That is the sum; take the mean along each beat.")
    return Feedback(
        False,
        "For one test beat: subtract it from all training beats, square, average over axis 1, and "
        "take the smallest. Then do so for each.",
    )
