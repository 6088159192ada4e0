"""From anomaly scores to a cut: a beat whose score lies **above** the threshold is an anomaly.

A *label-free* rule looks at the scores of normal beats alone; a *label-tuned* one needs anomalies
too. Either way the scores must come from validation data, never from the test part.
"""

from ecglab.thresholds._label_free import (
    extreme_value_threshold,
    false_positive_rate_threshold,
    mean_plus_sd_threshold,
    quantile_threshold,
)
from ecglab.thresholds._label_tuned import (
    cost_threshold,
    expected_cost,
    f1_threshold,
    recall_threshold,
    youden_threshold,
)
from ecglab.thresholds._registry import THRESHOLDS, ThresholdRule, choose_threshold

__all__ = [
    "THRESHOLDS",
    "ThresholdRule",
    "choose_threshold",
    "cost_threshold",
    "expected_cost",
    "extreme_value_threshold",
    "f1_threshold",
    "false_positive_rate_threshold",
    "mean_plus_sd_threshold",
    "quantile_threshold",
    "recall_threshold",
    "youden_threshold",
]
