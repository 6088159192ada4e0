"""The exercises of notebook 08."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from ecglab import sweep
from ecglab.course._feedback import UNANSWERED, Feedback, check_number, try_out
from ecglab.datasets import load_heartbeats
from ecglab.evaluation import pooled_split


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


def check_loss_grid(answer: Any) -> Feedback:
    """Check a grid over two losses, four strengths of noise and three seeds, with a code of 8."""
    if answer is ...:
        return UNANSWERED
    if not isinstance(answer, dict):
        return Feedback(False, "Give a dictionary with a notebook and axes, as grid is one.")
    try:
        runs = sweep.expand(answer)
    except (sweep.GridError, OSError) as error:
        return Feedback(False, f"It is no grid: {error}")
    networks = [run.get("autoencoder_params", {}) for run in runs]
    if {network.get("loss") for network in networks} != {"mse", "mae"}:
        return Feedback(
            False, "Each network has a loss of its own: 'mse' in one, 'mae' in another."
        )
    if {tuple(network.get("hidden", ()))[-1:] for network in networks} != {(8,)}:
        return Feedback(
            False, "The last number of hidden is the size of the code: 8 in all of them."
        )
    noises = sorted({run.get("noise", 0.0) for run in runs})
    if len(noises) != 4 or not np.allclose([noises[0], noises[-1]], [0.1, 10]):
        return Feedback(False, f"Four strengths of noise from 0.1 to 10; yours are {noises}.")
    if not np.allclose(noises, np.geomspace(0.1, 10, 4)):
        return Feedback(False, "The ends of the noise are right. In equal ratios, so 'log'.")
    if len({run.get("random_state") for run in runs}) != 3:
        return Feedback(False, "Three seeds: random_state is an axis, too.")
    return Feedback(True, f"{len(runs)} runs. The seeds will say what is chance.")


def check_simplest_code(answer: Any) -> Feedback:
    """Check a function that picks the smallest code within chance of the first."""
    table = pd.DataFrame(
        {
            "code": [32, 64, 8, 2, 4],
            "difference": [0.0, -0.001, -0.002, -0.004, -0.003],
            "low": [0.0, -0.003, -0.004, -0.006, -0.0055],
            "high": [0.0, 0.001, 0.0005, -0.002, -0.0005],
        }
    )
    code, reply = try_out(answer, table.copy())
    if reply is not None:
        return reply

    def hint(value: float) -> str:
        if value == 2:
            return "The smallest code is clearly behind: its interval ends below zero."
        if value == 32:
            return "That is the first itself. A simpler one cannot be told from it."
        if value not in set(table["code"]):
            return "It should return one of the codes of the table."
        return "An interval reaches zero if its upper end does. Of those, the smallest code."

    return check_number(code, 8, "The first by luck has no better claim than a simpler one.", hint)


def check_loud_run(answer: Any, least_noise: float = 30.0, tolerance: float = 0.03) -> Feedback:
    """Check a run with deafening noise, against the distance to the mean beat on its split."""
    if answer is ...:
        return UNANSWERED
    if not isinstance(answer, pd.DataFrame) or "noise" not in answer:
        return Feedback(False, "Hand over the table that sweep.run returns.")
    done = answer[answer["status"] == "done"]
    loud = done[done["noise"].astype(float) >= least_noise]
    if loud.empty:
        return Feedback(False, f"No run in it has a noise of {least_noise:g} or more and is done.")
    run = loud.iloc[0]
    split = pooled_split(load_heartbeats(), int(run.get("random_state", 0)))
    residuals = split.validation.signals - split.train.signals.mean(axis=0)
    baseline = roc_auc_score(split.validation.is_anomaly, np.square(residuals).mean(axis=1))
    if abs(run["validation ROC-AUC"] - baseline) > tolerance:
        return Feedback(
            False,
            f"It ran, with a ROC-AUC of {run['validation ROC-AUC']:.2f}, and the mean beat reaches "
            f"{baseline:.2f}. Has it been trained on the pooled split, with the other settings of "
            "grid?",
        )
    return Feedback(True, "It has learnt the mean beat, and detects as well as the mean beat does.")
