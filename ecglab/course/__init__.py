"""What the notebooks use to check themselves and their readers.

Each notebook's exercises have a file of their own.
"""

from ecglab.course._compare import (
    check_contender,
    check_corrected_interval,
    check_covers_zero,
    check_too_wide,
    check_vote,
    find_beats,
    level_noise,
    slow_waves,
)
from ecglab.course._dense import (
    check_linear_network,
    check_most_missed,
    check_narrow_code,
    check_quantile_cut,
    check_swapped_loss,
    check_weight_count,
)
from ecglab.course._explore import (
    check_anomaly_share,
    check_majority_accuracy,
    check_nearest,
    check_precision,
    check_template,
    check_twin_share,
)
from ecglab.course._feedback import Feedback, check_band
from ecglab.course._grade import grade
from ecglab.course._inside import check_filler, check_mended, check_surprise
from ecglab.course._lstm import (
    check_gru,
    check_step_counts,
    check_strangest_normal,
    check_train_step,
    check_unit_norm,
)
from ecglab.course._recording import (
    check_early_rule,
    check_early_share,
    check_patient,
    check_set_aside,
    check_upside_down,
)
from ecglab.course._slider import describe_threshold, threshold_slider
from ecglab.course._sweep import (
    check_loss_grid,
    check_loud_run,
    check_number_of_runs,
    check_simplest_code,
)
from ecglab.course._threshold import (
    check_beats_needed,
    check_flag_by_cost,
    check_p_values,
    check_unmoved_rules,
    check_youden_cut,
    leaky_gain,
)
from ecglab.course._trained import load_or_train, train_dense, training_fingerprint
from ecglab.course._weighted import (
    check_inverse_variance,
    check_label_use,
    check_modes,
    check_youden,
)

__all__ = [
    "Feedback",
    "check_anomaly_share",
    "check_band",
    "check_beats_needed",
    "check_contender",
    "check_corrected_interval",
    "check_covers_zero",
    "check_early_rule",
    "check_early_share",
    "check_filler",
    "check_flag_by_cost",
    "check_gru",
    "check_inverse_variance",
    "check_label_use",
    "check_linear_network",
    "check_loss_grid",
    "check_loud_run",
    "check_majority_accuracy",
    "check_mended",
    "check_modes",
    "check_most_missed",
    "check_narrow_code",
    "check_nearest",
    "check_number_of_runs",
    "check_p_values",
    "check_patient",
    "check_precision",
    "check_quantile_cut",
    "check_set_aside",
    "check_simplest_code",
    "check_step_counts",
    "check_strangest_normal",
    "check_surprise",
    "check_swapped_loss",
    "check_template",
    "check_too_wide",
    "check_train_step",
    "check_twin_share",
    "check_unit_norm",
    "check_unmoved_rules",
    "check_upside_down",
    "check_vote",
    "check_weight_count",
    "check_youden",
    "check_youden_cut",
    "describe_threshold",
    "find_beats",
    "grade",
    "leaky_gain",
    "level_noise",
    "load_or_train",
    "slow_waves",
    "threshold_slider",
    "train_dense",
    "training_fingerprint",
]
