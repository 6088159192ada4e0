"""Splits and figures that follow the course's protocol.

Anomaly is the positive class of every metric, and every metric comes with an interval.
"""

from ecglab.evaluation._compare import compare, compare_seeds
from ecglab.evaluation._curves import precision_recall_band, roc_band
from ecglab.evaluation._delong import Comparison, delong, roc_auc_interval
from ecglab.evaluation._intervals import Interval, share_interval
from ecglab.evaluation._metrics import (
    HEALTHY_PREVALENCE,
    METRICS,
    REALISTIC_PREVALENCE,
    precision_at,
)
from ecglab.evaluation._ranking import parameter_effects, rank_runs
from ecglab.evaluation._report import (
    MAIN_METRICS,
    evaluate,
    format_reports,
    format_seeds,
    measure,
)
from ecglab.evaluation._seeds import DEFAULT_RULES, evaluate_seeds, score_split, threshold_rows
from ecglab.evaluation._splits import SPLITS, Split, official_split, pooled_split

__all__ = [
    "DEFAULT_RULES",
    "HEALTHY_PREVALENCE",
    "MAIN_METRICS",
    "METRICS",
    "REALISTIC_PREVALENCE",
    "SPLITS",
    "Comparison",
    "Interval",
    "Split",
    "compare",
    "compare_seeds",
    "delong",
    "evaluate",
    "evaluate_seeds",
    "format_reports",
    "format_seeds",
    "measure",
    "official_split",
    "parameter_effects",
    "pooled_split",
    "precision_at",
    "precision_recall_band",
    "rank_runs",
    "roc_auc_interval",
    "roc_band",
    "score_split",
    "share_interval",
    "threshold_rows",
]
