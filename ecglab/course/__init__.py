"""What the notebooks use to check themselves and their readers.

Each notebook's exercises have a file of their own.
"""

from ecglab.course._compare import (
    check_covers_zero,
    check_rank,
    check_too_wide,
    check_vote,
)
from ecglab.course._dense import (
    check_most_missed,
    check_narrow_code,
    check_quantile_cut,
    check_weight_count,
)
from ecglab.course._explore import check_anomaly_share, check_majority_accuracy, check_twin_share
from ecglab.course._feedback import Feedback, check_band
from ecglab.course._lstm import check_step_counts, check_strangest_normal, check_unit_norm
from ecglab.course._recording import (
    check_early_share,
    check_patient,
    check_set_aside,
    judge,
    judge_across,
)
from ecglab.course._slider import describe_threshold, threshold_slider
from ecglab.course._sweep import check_log_axis, check_number_of_runs, check_worst_code
from ecglab.course._threshold import (
    check_beats_needed,
    check_flag_by_cost,
    check_p_values,
    check_unmoved_rules,
    check_youden_cut,
    leaky_gain,
)
from ecglab.course._trained import load_or_train, train_dense, training_fingerprint
from ecglab.course._weighted import check_inverse_variance, check_label_use, check_youden

__all__ = [
    "Feedback",
    "check_anomaly_share",
    "check_band",
    "check_beats_needed",
    "check_covers_zero",
    "check_early_share",
    "check_flag_by_cost",
    "check_inverse_variance",
    "check_label_use",
    "check_log_axis",
    "check_majority_accuracy",
    "check_most_missed",
    "check_narrow_code",
    "check_number_of_runs",
    "check_p_values",
    "check_patient",
    "check_quantile_cut",
    "check_rank",
    "check_set_aside",
    "check_step_counts",
    "check_strangest_normal",
    "check_too_wide",
    "check_twin_share",
    "check_unit_norm",
    "check_unmoved_rules",
    "check_vote",
    "check_weight_count",
    "check_worst_code",
    "check_youden",
    "check_youden_cut",
    "describe_threshold",
    "judge",
    "judge_across",
    "leaky_gain",
    "load_or_train",
    "threshold_slider",
    "train_dense",
    "training_fingerprint",
]
