"""Splits and figures that follow the course's protocol.

Anomaly is the positive class of every metric, and every metric comes with an interval. Recordings
are judged as the field does it, beat by beat and by AAMI's classes (`pair_beats`).
"""

from ecglab.evaluation._beat_by_beat import (
    AAMI_CLASSES,
    BEAT_FIGURES,
    LEARNING_SECONDS,
    MATCH_WINDOW,
    NO_BEAT,
    aami_classes,
    beat_figures,
    count_pairs,
    is_paced,
    match_beats,
    pair_beats,
    summarise_records,
)
from ecglab.evaluation._compare import (
    Comparison,
    compare,
    compare_seeds,
    delong,
    roc_auc_interval,
)
from ecglab.evaluation._curves import precision_recall_band, roc_band
from ecglab.evaluation._metrics import (
    HEALTHY_PREVALENCE,
    METRICS,
    REALISTIC_PREVALENCE,
    Interval,
    precision_at,
    share_interval,
)
from ecglab.evaluation._protocol import (
    DEFAULT_RULES,
    SPLITS,
    Split,
    evaluate_seeds,
    official_split,
    pooled_split,
    score_split,
    threshold_rows,
)
from ecglab.evaluation._ranking import parameter_effects, rank_runs
from ecglab.evaluation._report import (
    MAIN_METRICS,
    evaluate,
    format_reports,
    format_seeds,
    measure,
)

__all__ = [
    "AAMI_CLASSES",
    "BEAT_FIGURES",
    "DEFAULT_RULES",
    "HEALTHY_PREVALENCE",
    "LEARNING_SECONDS",
    "MAIN_METRICS",
    "MATCH_WINDOW",
    "METRICS",
    "NO_BEAT",
    "REALISTIC_PREVALENCE",
    "SPLITS",
    "Comparison",
    "Interval",
    "Split",
    "aami_classes",
    "beat_figures",
    "compare",
    "compare_seeds",
    "count_pairs",
    "delong",
    "evaluate",
    "evaluate_seeds",
    "format_reports",
    "format_seeds",
    "is_paced",
    "match_beats",
    "measure",
    "official_split",
    "pair_beats",
    "parameter_effects",
    "pooled_split",
    "precision_at",
    "precision_recall_band",
    "rank_runs",
    "roc_auc_interval",
    "roc_band",
    "score_split",
    "share_interval",
    "summarise_records",
    "threshold_rows",
]
