"""The exercises of notebook 07, and what its experiment takes out of the beats."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_auc_score

from ecglab.course._feedback import UNANSWERED, Feedback, as_numbers, check_number, try_out
from ecglab.evaluation import Split, compare_seeds
from ecglab.heartbeats import Heartbeats

NOISE_BAND = slice(30, 50)
"""Waves in a beat that are noise in ECG5000: faster than those of the heart, and slower than what
stretching a premature beat to 140 samples takes away."""


def level_noise(signals: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Divide each beat by the strength of its own noise.

    Parameters
    ----------
    signals : array_like of shape (n_beats, n_samples)
        Beats.

    Returns
    -------
    ndarray of shape (n_beats, n_samples)
        The same beats, all with noise of the same strength; their amplitudes differ instead.
    """
    signals = np.asarray(signals, dtype=np.float64)
    waves = np.abs(np.fft.rfft(signals * np.hanning(signals.shape[1]))) ** 2
    noise = np.sqrt(waves[:, NOISE_BAND].mean(axis=1, keepdims=True))
    return signals / noise


def slow_waves(signals: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Take out of each beat the waves that are faster than the noise of `level_noise`.

    Parameters
    ----------
    signals : array_like of shape (n_beats, n_samples)
        Beats.

    Returns
    -------
    ndarray of shape (n_beats, n_samples)
        The slow part of each.
    """
    signals = np.asarray(signals, dtype=np.float64)
    waves = np.fft.rfft(signals)
    waves[:, NOISE_BAND.stop :] = 0
    return np.fft.irfft(waves, signals.shape[1])


def find_beats(part: Heartbeats, beats: Heartbeats) -> npt.NDArray[np.intp]:
    """Find where the beats of a part stand among all beats.

    Parameters
    ----------
    part : Heartbeats
        Some of `beats`, in any order.
    beats : Heartbeats
        All of them, no two alike.

    Returns
    -------
    ndarray of int, shape (n_beats_of_the_part,)
        ``beats.signals[found]`` are the part's signals.

    Raises
    ------
    KeyError
        If a beat of the part is not there.
    """
    place = {signal.tobytes(): n for n, signal in enumerate(beats.signals)}
    return np.array([place[signal.tobytes()] for signal in part.signals], dtype=np.intp)


def check_corrected_interval(answer: Any) -> Feedback:
    """Check a function that computes the interval of the corrected resampled t-test."""
    differences = np.array([0.004, -0.002, 0.006, 0.001, 0.003])
    given, reply = try_out(answer, differences.copy(), 0.5)
    if reply is not None:
        return reply
    ends = as_numbers(given)
    if ends is None or ends.shape != (2,):
        return Feedback(False, "It should return two numbers, the lower end first.")
    n, mean, sd = len(differences), differences.mean(), differences.std(ddof=1)
    quantile = stats.t.ppf(0.975, n - 1)

    def is_half(half: float) -> bool:
        return bool(np.allclose(ends, [mean - half, mean + half], rtol=1e-6, atol=1e-9))

    if is_half(quantile * sd * np.sqrt(1 / n + 0.5)):
        return Feedback(True, "This is what stands behind every interval of the figure above.")
    if np.allclose(ends[::-1], mean + quantile * sd * np.sqrt(1 / n + 0.5) * np.array([-1, 1])):
        return Feedback(False, "The lower end comes first.")
    if is_half(quantile * sd / np.sqrt(n)):
        return Feedback(False, "That is the plain t-test's, which takes the splits as independent.")
    if is_half(quantile * differences.std() * np.sqrt(1 / n + 0.5)):
        return Feedback(False, "Nearly: the standard deviation needs ddof=1.")
    if is_half(quantile * sd * (1 / n + 0.5)):
        return Feedback(False, "A square root is missing.")
    if is_half(stats.norm.ppf(0.975) * sd * np.sqrt(1 / n + 0.5)):
        return Feedback(False, "That is the normal distribution's quantile; take Student's.")
    return Feedback(
        False, "mean ± quantile * sd * sqrt(1 / n + test_to_train): compare term by term."
    )


def check_contender(answer: Any, split: Split, least: float = 0.9) -> Feedback:
    """Check a detector class: it learns normal beats and scores others, higher more normal."""
    detector, reply = try_out(answer)
    if reply is not None:
        return reply
    for method in ("fit", "score_samples"):
        if not hasattr(detector, method):
            return Feedback(False, f"The class has no method {method}.")
    fitted, reply = try_out(detector.fit, split.train.signals.copy())
    if reply is not None:
        return reply
    if fitted is not detector:
        return Feedback(False, "fit should return the object itself: return self.")
    validation = split.validation
    given, reply = try_out(detector.score_samples, validation.signals.copy())
    if reply is not None:
        return reply
    scores = as_numbers(given)
    if scores is None or scores.shape != (len(validation),) or not np.isfinite(scores).all():
        return Feedback(False, "score_samples should return one number for each beat.")
    alone = as_numbers(detector.score_samples(validation.signals[:5].copy()))
    if alone is None or not np.allclose(alone, scores[:5], rtol=1e-3):
        return Feedback(False, "A beat's score changes with the beats that are scored beside it.")
    area = float(roc_auc_score(validation.is_anomaly, -scores))
    if 1 - area >= least:
        return Feedback(False, "The other way round: a higher score means a more normal beat.")
    if area < least:
        return Feedback(
            False, f"It runs. Its ROC-AUC on validation beats is {area:.2f}: try again."
        )
    return Feedback(True, "It is in the race. Measure it with ten seeds before you believe in it.")


def check_fusion(answer: Any) -> Feedback:
    """Check a function that joins two scores: the mean of their standardised logarithms."""
    rng = np.random.default_rng(0)
    normal = np.arange(60) % 3 > 0
    first, second = np.exp(rng.normal(size=(2, 60)) + 3 * ~normal) * [[1], [100]]
    given, reply = try_out(answer, first.copy(), second.copy(), normal.copy())
    if reply is not None:
        return reply
    fused = as_numbers(given)
    if fused is None or fused.shape != normal.shape:
        return Feedback(False, "It should return one number for each beat.")

    def is_mean_of(scores: tuple[Any, ...], own: npt.NDArray[np.bool_], centre: Any) -> bool:
        parts = []
        for score in scores:
            middle = centre(score[own])
            parts.append((score - middle) / (np.quantile(score[own], 0.95) - middle))
        return bool(np.allclose(fused, np.mean(parts, axis=0), rtol=1e-6, atol=1e-9))

    logarithms = np.log(first), np.log(second)
    if is_mean_of(logarithms, normal, np.median):
        return Feedback(True, "Two scores on one scale, and no anomaly has been asked.")
    wrong = {
        "All beats set the scale, anomalies too. Take the normal ones alone.": is_mean_of(
            logarithms, np.full(len(normal), True), np.median
        ),
        "The logarithm is missing: one large error would drown all else.": is_mean_of(
            (first, second), normal, np.median
        ),
        "Subtract the median of the normal beats, not their mean.": is_mean_of(
            logarithms, normal, np.mean
        ),
        "That is the plain mean of the logarithms. Put them on one scale first.": np.allclose(
            fused, np.mean(logarithms, axis=0)
        ),
    }
    otherwise = (
        "Of each logarithm: minus the median, over the 95 % quantile minus the median, both of the "
        "normal beats; then the mean of the two."
    )
    return Feedback(False, next((hint for hint, fits in wrong.items() if fits), otherwise))


def check_covers_zero(
    answer: object, board: pd.DataFrame, detector: str, reference: str, split: str = "pooled"
) -> Feedback:
    """Check whether the interval of a paired difference covers zero."""
    if answer is ...:
        return UNANSWERED
    if not isinstance(answer, bool | np.bool_):
        return Feedback(False, "Answer True or False.")
    paired = compare_seeds(board[board["split"] == split], reference).loc[[(split, detector)]]
    truth = bool(((paired["low"] <= 0) & (paired["high"] >= 0)).item())
    if bool(answer) != truth:
        return Feedback(
            False, f"compare_seeds(board, {reference!r}) gives low and high: where is zero?"
        )
    if truth:
        return Feedback(True, "These ten seeds cannot tell the two apart.")
    return Feedback(True, "Small as it is, the difference shows on nearly every seed.")


def check_too_wide(answer: object, sweep: pd.DataFrame, split: str = "pooled") -> Feedback:
    """Check from which number of components on the mean ROC-AUC is lower than with the fewest."""
    means = sweep[sweep["split"] == split].groupby("components")["ROC-AUC"].mean().sort_index()
    sizes, values = means.index.to_numpy(), means.to_numpy()
    truth = float(sizes[values < values[0]][0])

    def hint(value: float) -> str:
        if value not in sizes:
            return f"The answer should be one of {sizes.tolist()}."
        if value == sizes[values.argmax()]:
            return "That is where it is highest. Where does it fall below the first value?"
        if value > truth:
            return "It is lower there, but it is already so with fewer components."
        return f"Average over the seeds of the {split} split, and compare with the first mean."

    return check_number(answer, truth, "One number describes a beat better than so many.", hint)


def check_vote(answer: object, wrong: npt.ArrayLike, n_detectors: int) -> Feedback:
    """Check the accuracy of a majority vote, given how many detectors are wrong on each beat."""
    wrong = np.asarray(wrong)
    truth = float((wrong <= n_detectors // 2).mean())

    def hint(value: float) -> str:
        if np.isclose(value, 1 - truth, atol=5e-4):
            return "That is how often the vote is wrong."
        if value == (wrong <= n_detectors // 2).sum():
            return "That is how many beats the vote gets right. Which share of all is it?"
        if np.isclose(value, (wrong == 0).mean(), atol=5e-4):
            return "That is how often *all* of them are right."
        return "The vote is right where fewer than half of the detectors are wrong."

    return check_number(
        answer,
        truth,
        "Detectors that err on the same beats gain little from voting.",
        hint,
    )
