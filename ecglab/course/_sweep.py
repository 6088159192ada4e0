"""The exercises of notebook 08."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ecglab.course._feedback import UNANSWERED, Feedback, check_number

__all__ = ["check_log_axis", "check_number_of_runs", "check_worst_code"]


def check_number_of_runs(answer: object, sizes: Sequence[int]) -> Feedback:
    """Check how many runs a full grid has, given how many values each axis has."""

    def hint(value: float) -> str:
        if value == sum(sizes):
            return "That adds the axes up. Every value of one meets every value of the others."
        if value == math.prod(sizes[:-1]):
            return "The seeds are an axis like any other."
        return "Multiply the numbers of values of all axes."

    return check_number(
        answer, math.prod(sizes), "Grids grow fast: that is why one may sample them.", hint
    )


def check_worst_code(answer: object, results: pd.DataFrame, metric: str) -> Feedback:
    """Check which code size has the lowest mean of a metric."""
    means = results.groupby("code")[metric].mean().sort_values()
    codes = [int(code) for code in means.index.to_numpy()]

    def hint(value: float) -> str:
        if value == codes[-1]:
            return "That is the best."
        if value not in codes:
            return f"The answer should be one of {sorted(codes)}."
        return "Average over everything but the code, and look for the lowest mean."

    return check_number(
        answer,
        codes[0],
        "Whether it or the next comes last may be luck. That both lie behind the best is not, if "
        "they do so with every seed.",
        hint,
    )


def check_log_axis(answer: Any) -> Feedback:
    """Check an axis of five learning rates from 1e-4 to 1e-2, logarithmically spaced."""
    if answer is ...:
        return UNANSWERED
    if not isinstance(answer, dict) or len(answer) != 1:
        return Feedback(False, "Give a dictionary with one key, such as {'linear': [0, 1, 3]}.")
    ((kind, values),) = answer.items()
    if isinstance(values, dict):
        return Feedback(False, f"{kind!r} names the parameter. Give only what stands behind it.")
    if kind != "log":
        return Feedback(False, f"The spacing should be 'log', and yours is {kind!r}.")
    if not isinstance(values, list | tuple) or len(values) != 3:
        return Feedback(False, "Its value is a list of three: lowest, highest, how many.")
    if not np.allclose(values[:2], [1e-4, 1e-2], rtol=1e-9):
        return Feedback(False, "The ends should be 0.0001 and 0.01, the lower one first.")
    if values[2] != 5:
        return Feedback(False, "Five values are asked for, both ends included.")
    return Feedback(True, "Each is about three times the one before.")
