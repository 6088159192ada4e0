"""Baselines over scikit-learn: how far a beat lies from the normal ones."""

from typing import Any

import numpy as np
from sklearn import neighbors
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA

from ecglab.baselines._base import Baseline, FloatArray


class PCAReconstruction(Baseline):
    """Mean squared error with which the first principal components rebuild a beat.

    The linear autoencoder, and solved exactly.

    Parameters
    ----------
    n_components : int, default 2
        Components to rebuild from. More of them rebuild anomalies better, too, and detect worse.
    contamination : float, default 0.05
        Share of the training beats that `predict` would flag.
    random_state : int, RandomState or None, default None
        Seed of scikit-learn's randomised solver, which it takes for large tables only.

    Attributes
    ----------
    pca_ : sklearn.decomposition.PCA
        The fitted components.
    offset_ : float
        What `decision_function` subtracts from `score_samples`.

    References
    ----------
    J. E. Jackson and G. S. Mudholkar, "Control procedures for residuals associated with principal
    component analysis", Technometrics 21(3), 1979, doi 10.1080/00401706.1979.10489779.

    Examples
    --------
    >>> from ecglab.baselines import PCAReconstruction
    >>> from ecglab.datasets import make_heartbeats
    >>> beats = make_heartbeats(500, random_state=0)
    >>> detector = PCAReconstruction().fit(beats.normal.signals)
    >>> detector.predict(beats.anomalies.signals[:3]).tolist()
    [-1, -1, -1]
    """

    def __init__(
        self, n_components: int = 2, *, contamination: float = 0.05, random_state: Any = None
    ) -> None:
        self.n_components = n_components
        self.contamination = contamination
        self.random_state = random_state

    def _learn(self, beats: FloatArray) -> None:
        self.pca_ = PCA(self.n_components, random_state=self.random_state).fit(beats)

    def _strangeness(self, beats: FloatArray) -> FloatArray:
        rebuilt = self.pca_.inverse_transform(self.pca_.transform(beats))
        return np.square(beats - rebuilt).mean(axis=1)


class NearestNeighbours(Baseline):
    """Mean Euclidean distance to the nearest training beats.

    Parameters
    ----------
    n_neighbors : int, default 5
        How many of them; there must be more training beats than that.
    contamination : float, default 0.05
        Share of the training beats that would be flagged if each were new. `predict` flags fewer of
        them, because to `predict` every training beat has itself for a neighbour.

    Attributes
    ----------
    neighbours_ : sklearn.neighbors.NearestNeighbors
        The training beats, ready to be searched.
    offset_ : float
        What `decision_function` subtracts from `score_samples`.

    References
    ----------
    F. Angiulli and C. Pizzuti, "Fast outlier detection in high dimensional spaces", PKDD 2002,
    doi 10.1007/3-540-45681-3_2.
    """

    def __init__(self, n_neighbors: int = 5, *, contamination: float = 0.05) -> None:
        self.n_neighbors = n_neighbors
        self.contamination = contamination

    def _learn(self, beats: FloatArray) -> None:
        self.neighbours_ = neighbors.NearestNeighbors(n_neighbors=self.n_neighbors).fit(beats)

    def _strangeness(self, beats: FloatArray) -> FloatArray:
        return self.neighbours_.kneighbors(beats)[0].mean(axis=1)

    def _training_strangeness(self, beats: FloatArray) -> FloatArray:
        """Leave each beat out of its own neighbours, as scikit-learn does when given no beats."""
        return self.neighbours_.kneighbors()[0].mean(axis=1)


class MahalanobisDistance(Baseline):
    """Distance to the mean training beat, in standard deviations along each principal axis.

    The covariance matrix is shrunk after Ledoit and Wolf: beats that were standardised one by one
    have a singular one, and a few hundred of them do not determine 140 x 140 entries.

    Parameters
    ----------
    contamination : float, default 0.05
        Share of the training beats that `predict` would flag.

    Attributes
    ----------
    covariance_ : sklearn.covariance.LedoitWolf
        The fitted mean and covariance matrix.
    offset_ : float
        What `decision_function` subtracts from `score_samples`.

    References
    ----------
    O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional covariance matrices",
    Journal of Multivariate Analysis 88(2), 2004, doi 10.1016/S0047-259X(03)00096-4.
    """

    def __init__(self, *, contamination: float = 0.05) -> None:
        self.contamination = contamination

    def _learn(self, beats: FloatArray) -> None:
        self.covariance_ = LedoitWolf().fit(beats)

    def _strangeness(self, beats: FloatArray) -> FloatArray:
        return np.sqrt(self.covariance_.mahalanobis(beats))  # scikit-learn's are squared


class MeanBeatDistance(Baseline):
    """Euclidean distance to the mean training beat: what template matching amounts to.

    Parameters
    ----------
    contamination : float, default 0.05
        Share of the training beats that `predict` would flag.

    Attributes
    ----------
    mean_beat_ : ndarray of shape (n_samples,)
        The mean training beat.
    offset_ : float
        What `decision_function` subtracts from `score_samples`.
    """

    def __init__(self, *, contamination: float = 0.05) -> None:
        self.contamination = contamination

    def _learn(self, beats: FloatArray) -> None:
        self.mean_beat_ = beats.mean(axis=0)

    def _strangeness(self, beats: FloatArray) -> FloatArray:
        return np.linalg.norm(beats - self.mean_beat_, axis=1)
