"""What the baselines have in common."""

from abc import ABC, abstractmethod
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

FloatArray = npt.NDArray[np.float64]


class Baseline(OutlierMixin, BaseEstimator, ABC):
    """What the baselines have in common: all but learning from beats and scoring them.

    A subclass writes `_learn` and `_strangeness`, and lists ``contamination`` among its own
    parameters, because scikit-learn reads them off the constructor.

    Attributes
    ----------
    offset_ : float
        What `decision_function` subtracts from `score_samples`.
    n_features_in_ : int
        Samples in a beat.
    """

    contamination: float
    offset_: float

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:
        """Learn what normal beats look like.

        Parameters
        ----------
        X : array_like of shape (n_beats, n_samples)
            Normal beats, at least two.
        y : object
            Ignored; there for scikit-learn's conventions.

        Returns
        -------
        Self
            Itself.

        Raises
        ------
        ValueError
            If beats hold NaN or infinite samples or are too few, or a parameter is out of range.
        """
        if not 0 < self.contamination <= 0.5:
            raise ValueError(
                f"contamination must be a share above 0 and up to 0.5, not {self.contamination}."
            )
        beats = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        self._learn(beats)
        self.offset_ = float(np.quantile(-self._training_strangeness(beats), self.contamination))
        return self

    def score_samples(self, X: npt.ArrayLike) -> FloatArray:
        """Score beats; higher is more normal.

        Parameters
        ----------
        X : array_like of shape (n_beats, n_samples)
            Beats of the length seen in training.

        Returns
        -------
        ndarray of shape (n_beats,)
            One score a beat: minus the distance or error that the class describes.
        """
        check_is_fitted(self, "offset_")
        return -self._strangeness(validate_data(self, X, reset=False, dtype=np.float64))

    def decision_function(self, X: npt.ArrayLike) -> FloatArray:
        """Return ``score_samples(X) - offset_``: below zero is an anomaly."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return -1 (an anomaly) where `decision_function` lies below zero, else +1 (normal)."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    @abstractmethod
    def _learn(self, beats: FloatArray) -> None:
        """Learn from checked beats."""

    @abstractmethod
    def _strangeness(self, beats: FloatArray) -> FloatArray:
        """Score checked beats; higher is stranger."""

    def _training_strangeness(self, beats: FloatArray) -> FloatArray:
        """Score the beats that were learnt from; they may need to be told from new ones."""
        return self._strangeness(beats)
