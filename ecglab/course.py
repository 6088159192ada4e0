"""What the notebooks use to check themselves and their readers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import roc_curve

from ecglab.autoencoders import DenseAutoencoder
from ecglab.evaluation import Split, measure
from ecglab.heartbeats import Heartbeats
from ecglab.scoring import mean_squared_error
from ecglab.similarity import nearest_neighbours

__all__ = [
    "Feedback",
    "check_anomaly_share",
    "check_band",
    "check_inverse_variance",
    "check_label_use",
    "check_majority_accuracy",
    "check_most_missed",
    "check_narrow_code",
    "check_quantile_cut",
    "check_step_counts",
    "check_strangest_normal",
    "check_twin_share",
    "check_unit_norm",
    "check_weight_count",
    "check_youden",
]


def check_band(name: str, value: float, low: float, high: float) -> str:
    """Check a figure that training produced: it must lie in a band, wherever it was computed.

    Trained figures differ in their last digits from one processor to the next, so notebooks do
    not compare them digit by digit; they check them with this, whose sentence is the same
    everywhere.

    Parameters
    ----------
    name : str
        What the figure is.
    value : float
        The figure.
    low, high : float
        The band, ends included.

    Returns
    -------
    str
        A sentence that does not hold the figure itself.

    Raises
    ------
    AssertionError
        If the figure lies outside, or is NaN.
    """
    if not low <= value <= high:
        raise AssertionError(
            f"{name} is {value:.4f}, but should lie between {low:g} and {high:g}. If you changed "
            "a parameter or the data, that may be what you wanted to see; if you changed nothing, "
            "please report it."
        )
    return f"{name} lies between {low:g} and {high:g}, as it should."


@dataclass(frozen=True)
class Feedback:
    """The reply to an exercise's answer.

    Parameters
    ----------
    passed : bool
        Whether the answer is right.
    message : str
        What to tell the reader.
    """

    passed: bool
    message: str

    def __bool__(self) -> bool:
        """Return whether the answer is right."""
        return self.passed

    def __repr__(self) -> str:
        """Show as one line under a notebook cell."""
        return f"{'Right.' if self.passed else 'Not yet.'} {self.message}"


UNANSWERED = Feedback(False, "Replace the ... with your answer, and run both cells again.")


def _check_number(
    answer: object, truth: float, right: str, hints: Callable[[float], str], tolerance: float = 5e-4
) -> Feedback:
    """Compare a number with the truth; `hints` turns a wrong one into what may have gone wrong."""
    if answer is ...:
        return UNANSWERED
    if isinstance(answer, bool) or not isinstance(answer, int | float | np.number):
        return Feedback(False, f"The answer should be one number, not a {type(answer).__name__}.")
    if abs(float(answer) - truth) <= tolerance:
        return Feedback(True, right)
    return Feedback(False, hints(float(answer)))


# 01 explore heartbeats


def check_anomaly_share(answer: object, beats: Heartbeats) -> Feedback:
    """Check the share of anomalies among all beats."""
    truth = float(beats.is_anomaly.mean())

    def hint(value: float) -> str:
        if np.isclose(value, 100 * truth, rtol=1e-2):
            return "That is a percentage: give the share, between 0 and 1."
        if np.isclose(value, 1 - truth, atol=5e-4):
            return "That is the share of normal beats. Anomaly is the positive class here."
        return "beats.is_anomaly is True for each anomaly. What is the mean of True and False?"

    return _check_number(
        answer, truth, "And it is far above what any unselected recording holds.", hint
    )


def check_majority_accuracy(answer: object, beats: Heartbeats) -> Feedback:
    """Check the accuracy, on the test part, of calling every beat normal."""
    test = beats.part("test")
    truth = float((~test.is_anomaly).mean())

    def hint(value: float) -> str:
        if np.isclose(value, 1 - truth, atol=5e-4):
            return "That is how often this rule is wrong."
        if np.isclose(value, (~beats.is_anomaly).mean(), atol=5e-4):
            return "Close, but that is over all beats: the question is about the test part."
        return "Calling every beat normal is right for each normal beat and wrong for each anomaly."

    return _check_number(
        answer,
        truth,
        "A detector that knows nothing reaches this: accuracy alone says little.",
        hint,
    )


def check_twin_share(answer: object, beats: Heartbeats, twin: float = 0.99) -> Feedback:
    """Check the share of PVCs (classes 2 and 3) whose nearest neighbour is a near-twin."""
    pvc = np.isin(beats.labels, [2, 3])
    has_twin = nearest_neighbours(beats.signals)[1] > twin
    truth = float(has_twin[pvc].mean())

    def hint(value: float) -> str:
        if np.isclose(value, has_twin.mean(), atol=5e-4):
            return "That is the share among all beats. Select the PVCs: classes 2 and 3."
        return "Select classes 2 and 3 with np.isin(beats.labels, [2, 3]), then average."

    return _check_number(
        answer, truth, "Ectopic beats are varied, yet many of them have a twin too.", hint
    )


# 02 train a dense autoencoder


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

    return _check_number(
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

    return _check_number(
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
    if answer == test.normal_label:
        return Feedback(False, "A normal beat cannot be a missed anomaly.")
    if answer not in share.index:
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


# 03 train an LSTM autoencoder


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
    signals, given = np.asarray(signals, dtype=np.float64), np.asarray(answer, dtype=np.float64)
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
    if answer == np.where(is_anomaly, -np.inf, scores).argmax():
        return Feedback(True, "Plot it. Would you call it normal?")
    if answer == scores[~is_anomaly].argmax():
        return Feedback(
            False, "That counts the normal beats alone; the position in split.test is asked for."
        )
    if answer == scores.argmax():
        return Feedback(False, "That is the strangest of all beats, and it is an anomaly.")
    return Feedback(False, "Look for the largest score among the beats that are not anomalies.")


# 04 weight the reconstruction error


def check_inverse_variance(answer: Any, residuals: npt.ArrayLike) -> Feedback:
    """Check weights that are inverse to the mean squared residual, with mean 1."""
    if answer is ...:
        return UNANSWERED
    variance = np.square(np.asarray(residuals, dtype=np.float64)).mean(axis=0)
    truth = (1 / variance) / (1 / variance).mean()
    given = np.asarray(answer, dtype=np.float64)
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
    given = {answer} if isinstance(answer, str) else set(answer)
    if given - known:
        return Feedback(False, f"Choose from these names: {sorted(known)}.")
    if given == {"learned weights"}:
        return Feedback(True, "Its figures belong in the label-tuned table.")
    if "learned weights" not in given:
        return Feedback(
            False, "One of them compares normal beats with *anomalies* to find weights."
        )
    return Feedback(False, "Only what looks at labelled anomalies needs them. You named too many.")


def check_youden(answer: object, scores: npt.ArrayLike, is_anomaly: npt.ArrayLike) -> Feedback:
    """Check the largest value of Youden's J."""
    false_positive_rate, recall, _ = roc_curve(is_anomaly, scores)
    truth = float((recall - false_positive_rate).max())

    def hint(value: float) -> str:
        if np.isclose(value, recall[np.argmax(recall - false_positive_rate)], atol=5e-4):
            return "That is the recall there: J is recall minus false-positive rate."
        return "roc_curve gives both rates at every cut. Where is their difference largest?"

    return _check_number(answer, truth, "1 would be a perfect cut, 0 is what a coin reaches.", hint)
