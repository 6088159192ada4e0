"""Every figure of the course, one function each. They draw and return the Axes; nothing is shown.

One colour stands for one thing throughout: see `CLASS_COLORS`, `NORMAL_COLOR`, `ANOMALY_COLOR`.
"""

from ecglab.plots._beats import (
    plot_beats_by_class,
    plot_class_counts,
    plot_mean_beats,
    plot_plane,
    plot_profiles,
    plot_twins,
)
from ecglab.plots._comparison import (
    plot_bottleneck,
    plot_differences,
    plot_intervals,
    plot_leaderboard,
    plot_reports,
)
from ecglab.plots._curves import (
    plot_calibration,
    plot_cost_curves,
    plot_precision_by_prevalence,
    plot_precision_recall_bands,
    plot_precision_recall_curves,
    plot_roc_bands,
    plot_roc_curves,
)
from ecglab.plots._diagrams import plot_lstm_cell, plot_r_on_t, plot_waves
from ecglab.plots._inside import (
    plot_decoded,
    plot_maps,
    plot_residual_map,
    plot_two_sides,
    plot_weights,
)
from ecglab.plots._scores import (
    plot_confusion,
    plot_decision,
    plot_error_histograms,
    plot_histogram,
    plot_spread,
    plot_thresholds,
)
from ecglab.plots._style import ANOMALY_COLOR, CLASS_COLORS, NORMAL_COLOR, use_course_style
from ecglab.plots._sweep import plot_heat_maps, plot_parallel_coordinates
from ecglab.plots._training import plot_loss, plot_losses, plot_reconstructions

__all__ = [
    "ANOMALY_COLOR",
    "CLASS_COLORS",
    "NORMAL_COLOR",
    "plot_beats_by_class",
    "plot_bottleneck",
    "plot_calibration",
    "plot_class_counts",
    "plot_confusion",
    "plot_cost_curves",
    "plot_decision",
    "plot_decoded",
    "plot_differences",
    "plot_error_histograms",
    "plot_heat_maps",
    "plot_histogram",
    "plot_intervals",
    "plot_leaderboard",
    "plot_loss",
    "plot_losses",
    "plot_lstm_cell",
    "plot_maps",
    "plot_mean_beats",
    "plot_parallel_coordinates",
    "plot_plane",
    "plot_precision_by_prevalence",
    "plot_precision_recall_bands",
    "plot_precision_recall_curves",
    "plot_profiles",
    "plot_r_on_t",
    "plot_reconstructions",
    "plot_reports",
    "plot_residual_map",
    "plot_roc_bands",
    "plot_roc_curves",
    "plot_spread",
    "plot_thresholds",
    "plot_twins",
    "plot_two_sides",
    "plot_waves",
    "plot_weights",
    "use_course_style",
]
