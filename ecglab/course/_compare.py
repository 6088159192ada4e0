"""The exercises of notebook 07."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.course._feedback import UNANSWERED, Feedback, check_number
from ecglab.evaluation import compare_seeds

__all__ = ["check_covers_zero", "check_rank", "check_too_wide", "check_vote"]


def check_rank(
    answer: object, board: pd.DataFrame, detector: str, split: str = "official"
) -> Feedback:
    """Check how many detectors have a higher mean ROC-AUC than the given one on a split."""
    above = {}
    for name, runs in board.groupby("split"):
        means = runs.groupby("detector")["ROC-AUC"].mean()
        above[name] = int((means > means[detector]).sum())
    truth = above.pop(split)
    of_split = board[board["split"] == split]
    free = of_split[of_split["label_free"]].groupby("detector")["ROC-AUC"].mean()

    def hint(value: float) -> str:
        if detector in free and value == (free > free[detector]).sum():
            return "That leaves out the label-tuned ones: all of the board counts here."
        if value in above.values():
            return f"That is so on another split; the {split} one is asked for."
        if value == truth + 1:
            return "That counts the detector itself."
        return "Average over the seeds first, one mean a detector; then count the larger ones."

    return check_number(
        answer, truth, "The best of ten on one split need not be the best on another.", hint
    )


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
