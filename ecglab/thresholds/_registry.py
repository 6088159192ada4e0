"""The rules by name, for whoever is handed one as a parameter."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab.thresholds._checks import check_labels
from ecglab.thresholds._label_free import (
    extreme_value_threshold,
    false_positive_rate_threshold,
    mean_plus_sd_threshold,
    quantile_threshold,
)
from ecglab.thresholds._label_tuned import (
    cost_threshold,
    f1_threshold,
    recall_threshold,
    youden_threshold,
)

__all__ = ["THRESHOLDS", "ThresholdRule", "choose_threshold"]


@dataclass(frozen=True)
class ThresholdRule:
    """A way to choose a threshold, and what it must see.

    Parameters
    ----------
    function : callable
        Takes the scores of normal beats; with `needs_anomalies`, the scores of all beats and
        whether each is an anomaly. Returns the threshold.
    needs_anomalies : bool
        True for a label-tuned rule.
    """

    function: Callable[..., float]
    needs_anomalies: bool


THRESHOLDS: dict[str, ThresholdRule] = {
    "quantile": ThresholdRule(quantile_threshold, needs_anomalies=False),
    "mean_plus_sd": ThresholdRule(mean_plus_sd_threshold, needs_anomalies=False),
    "false_positive_rate": ThresholdRule(false_positive_rate_threshold, needs_anomalies=False),
    "extreme_value": ThresholdRule(extreme_value_threshold, needs_anomalies=False),
    "f1": ThresholdRule(f1_threshold, needs_anomalies=True),
    "youden": ThresholdRule(youden_threshold, needs_anomalies=True),
    "recall": ThresholdRule(recall_threshold, needs_anomalies=True),
    "cost": ThresholdRule(cost_threshold, needs_anomalies=True),
}
"""The rules, by name."""


def choose_threshold(
    rule: str, scores: npt.ArrayLike, is_anomaly: npt.ArrayLike, **params: Any
) -> float:
    """Choose a threshold by the name of a rule; a label-free rule is handed no anomaly.

    Parameters
    ----------
    rule : str
        A name as in `THRESHOLDS`.
    scores : array_like of shape (n_beats,)
        Anomaly scores of validation beats.
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies.
    **params
        Parameters of the rule, such as ``quantile=0.99``.

    Returns
    -------
    float
        The threshold.

    Raises
    ------
    ValueError
        If there is no such rule, the lengths differ, or the rule cannot use the scores.
    TypeError
        If the rule has no such parameter.

    Examples
    --------
    >>> scores, is_anomaly = [1.0, 2.0, 3.0, 9.0], [False, False, False, True]
    >>> choose_threshold("quantile", scores, is_anomaly, quantile=0.5)
    2.0
    >>> choose_threshold("f1", scores, is_anomaly)
    6.0
    """
    if rule not in THRESHOLDS:
        raise ValueError(
            f"there is no threshold rule {rule!r}: choose one of {', '.join(THRESHOLDS)}."
        )
    chosen = THRESHOLDS[rule]
    if chosen.needs_anomalies:
        return chosen.function(scores, is_anomaly, **params)
    scores = np.asarray(scores, dtype=np.float64)
    is_anomaly = check_labels(scores, is_anomaly)
    if is_anomaly.all():
        raise ValueError(
            f"the rule {rule!r} looks at normal beats, and none of these {scores.size} is one. "
            "Check that is_anomaly is True for anomalies."
        )
    return chosen.function(scores[~is_anomaly], **params)
