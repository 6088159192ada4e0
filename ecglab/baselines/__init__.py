"""The detectors that everybody should try before an autoencoder.

Each is a few lines over scikit-learn or PyOD. `BASELINES` and `PYOD_BASELINES` list them by name,
local outlier factor, one-class SVM and isolation forest in scikit-learn's own classes among them.
All follow scikit-learn's polarity: higher `score_samples` is more normal, `predict` gives +1 / -1.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from ecglab.baselines._classical import (
    MahalanobisDistance,
    MeanBeatDistance,
    NearestNeighbours,
    PCAReconstruction,
)
from ecglab.baselines._pyod import PyODDetector

__all__ = [
    "BASELINES",
    "PYOD_BASELINES",
    "MahalanobisDistance",
    "MeanBeatDistance",
    "NearestNeighbours",
    "PCAReconstruction",
    "PyODDetector",
]

BASELINES: Mapping[str, Callable[[int], Any]] = {
    "PCA, 2 components": lambda seed: PCAReconstruction(2, random_state=seed),
    "PCA, 8 components": lambda seed: PCAReconstruction(8, random_state=seed),
    "PCA, 32 components": lambda seed: PCAReconstruction(32, random_state=seed),
    "PCA, 64 components": lambda seed: PCAReconstruction(64, random_state=seed),
    "5 nearest neighbours": lambda seed: NearestNeighbours(5),
    "local outlier factor": lambda seed: LocalOutlierFactor(n_neighbors=20, novelty=True),
    "one-class SVM": lambda seed: OneClassSVM(nu=0.02),
    "isolation forest": lambda seed: IsolationForest(n_estimators=200, random_state=seed),
    "Mahalanobis distance": lambda seed: MahalanobisDistance(),
    "distance to the mean beat": lambda seed: MeanBeatDistance(),
}
"""Untrained detectors by name: what makes one, from its seed, which some have no use for."""

PYOD_BASELINES: Mapping[str, Callable[[int], Any]] = {
    "PyOD autoencoder": lambda seed: PyODDetector("autoencoder", random_state=seed),
    "PyOD INNE": lambda seed: PyODDetector("inne", random_state=seed),
    "PyOD LUNAR": lambda seed: PyODDetector("lunar", random_state=seed),
    "PyOD Deep SVDD": lambda seed: PyODDetector("deep_svdd", random_state=seed),
}
"""The same for PyOD's detectors, which need ``pip install 'ecglab[pyod]'`` when fitted."""
