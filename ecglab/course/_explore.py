"""Exercises of notebook 01, explore heartbeats."""

import numpy as np

from ecglab.course._feedback import Feedback, check_number
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
