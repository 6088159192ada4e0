"""From residuals to one anomaly score a beat. Higher is more anomalous.

The two functions are for reading and teaching. The scorings are small scikit-learn style estimators
over residuals (and codes) of validation beats, for detectors that are configured, cloned and saved:
a *label-free* one learns from normal beats alone, a *label-tuned* one from anomalies too.
"""

from ecglab.scoring._base import Scoring
from ecglab.scoring._codes import LatentDistance, NeighbourDistance
from ecglab.scoring._registry import SCORINGS, Combined, make_scoring
from ecglab.scoring._residuals import (
    MeanAbsoluteError,
    MeanSquaredError,
    WeightedError,
    WindowedMaximum,
    mean_absolute_error,
    mean_squared_error,
)

__all__ = [
    "SCORINGS",
    "Combined",
    "LatentDistance",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "NeighbourDistance",
    "Scoring",
    "WeightedError",
    "WindowedMaximum",
    "make_scoring",
    "mean_absolute_error",
    "mean_squared_error",
]
