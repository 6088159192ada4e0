"""How far a code lies from those of normal beats."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree
from sklearn.covariance import LedoitWolf, ShrunkCovariance

from ecglab.scoring._base import MIN_BEATS_FOR_SPREAD, FloatArray, Scoring, require_beats

CONSTANT = 1e-6
"""A unit is constant when its range is below this fraction of the widest unit's."""

ROUNDING = 1e-5
"""Codes of one beat, computed together with other beats, differ by less than this fraction."""


class LatentDistance(Scoring):
    """Mahalanobis distance of a beat's code from the codes of normal validation beats.

    Finds beats that are reconstructed well from a code that no normal beat has. Label-free; the
    residuals are not looked at.

    Parameters
    ----------
    shrinkage : float or "ledoit_wolf", default "ledoit_wolf"
        How far the covariance of the standardised units is drawn towards the identity, from 0 (not
        at all: the plain Mahalanobis distance) to 1 (fully: correlations are left aside).
        "ledoit_wolf" estimates the best amount from the codes.

    Attributes
    ----------
    centre_ : ndarray of shape (n_units,)
        Mean code of the normal beats.
    whitening_ : ndarray of shape (n_units, n_units)
        Turns centred codes of normal beats into uncorrelated ones of unit variance; the score is
        the length of the result.

    Notes
    -----
    A unit that is constant over the normal beats (a ReLU that never fires, say) has no spread to
    measure by. It counts as uncorrelated, with the median spread of the other units, so that a beat
    that wakes it up is noticed, but not by a division by almost zero.

    References
    ----------
    P. C. Mahalanobis, "On the generalised distance in statistics", Proceedings of the National
    Institute of Sciences of India 2 (1936) 49-55.

    O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional covariance
    matrices", Journal of Multivariate Analysis 88 (2004) 365-411,
    doi 10.1016/S0047-259X(03)00096-4.

    Examples
    --------
    >>> import numpy as np
    >>> codes = np.random.default_rng(0).normal(size=(200, 2))
    >>> residuals = np.zeros((200, 140))
    >>> scoring = LatentDistance().fit(residuals, np.zeros(200, bool), codes)
    >>> scoring.score(residuals[:2], codes=[[0.0, 0.0], [5.0, 5.0]]).round(0)
    array([0., 7.])
    """

    needs_codes = True
    _state_names: ClassVar[tuple[str, ...]] = ("centre_", "whitening_")
    centre_: FloatArray
    whitening_: FloatArray

    def __init__(self, shrinkage: float | str = "ledoit_wolf") -> None:
        self.shrinkage = shrinkage

    def _fit(
        self, residuals: FloatArray, is_anomaly: npt.NDArray[np.bool_], codes: FloatArray
    ) -> None:
        estimator = self._make_estimator()
        require_beats(len(codes), "normal", MIN_BEATS_FOR_SPREAD, self)
        ranges = np.ptp(codes, axis=0)
        varies = (ranges > 0) & (ranges >= CONSTANT * ranges.max())
        scale = codes.std(axis=0)
        scale[~varies] = np.median(scale[varies]) if varies.any() else 1.0
        centre = codes.mean(axis=0)
        covariance = np.eye(len(scale))
        if varies.any():
            standardised = ((codes - centre) / scale)[:, varies]
            covariance[np.ix_(varies, varies)] = estimator.fit(standardised).covariance_
        self.whitening_ = self._invert_root(covariance) / scale[:, None]
        self.centre_ = centre

    def _score(self, residuals: FloatArray, codes: FloatArray) -> FloatArray:
        _check_n_units(codes, len(self.centre_))
        return np.linalg.norm((codes - self.centre_) @ self.whitening_, axis=1)

    def _make_estimator(self) -> LedoitWolf | ShrunkCovariance:
        """Return the estimator of the covariance of centred, standardised codes."""
        if self.shrinkage == "ledoit_wolf":
            return LedoitWolf(store_precision=False, assume_centered=True)
        if not isinstance(self.shrinkage, Real) or not 0 <= self.shrinkage <= 1:
            raise ValueError(
                f'shrinkage must be "ledoit_wolf" or lie between 0 and 1, not {self.shrinkage!r}.'
            )
        return ShrunkCovariance(
            store_precision=False, assume_centered=True, shrinkage=self.shrinkage
        )

    def _invert_root(self, covariance: FloatArray) -> FloatArray:
        """Return a matrix W with ``W @ W.T`` the inverse of the covariance."""
        variances, directions = np.linalg.eigh(covariance)
        if variances[0] <= len(variances) * np.finfo(float).eps * variances[-1]:
            raise ValueError(
                f"the codes of the normal beats leave a direction of their {len(variances)} "
                "dimensions empty, so distances along it cannot be measured. Use "
                f'shrinkage="ledoit_wolf" or more than {self.shrinkage}, or pass more beats.'
            )
        return directions / np.sqrt(variances)


class NeighbourDistance(Scoring):
    """Mean distance of a beat's code to the nearest codes of normal validation beats.

    As `LatentDistance`, but for normal beats that come in several kinds, or along a curve: no one
    centre and covariance describes those. Label-free; the residuals are not looked at.

    Parameters
    ----------
    n_neighbors : int, default 5
        How many codes; there must be more normal validation beats than that.

    Attributes
    ----------
    codes_ : ndarray of shape (n_beats, n_units)
        The codes of the normal validation beats.

    Notes
    -----
    A normal validation beat is no neighbour of its own, so that the scores of those beats, from
    which thresholds are taken, are what they would be for new ones: each is put aside when it is
    met with a code that is its own to rounding.

    References
    ----------
    F. Angiulli and C. Pizzuti, "Fast outlier detection in high dimensional spaces", PKDD 2002,
    doi 10.1007/3-540-45681-3_2.

    Examples
    --------
    >>> import numpy as np
    >>> codes = np.arange(10.0)[:, None]
    >>> residuals = np.zeros((10, 140))
    >>> scoring = NeighbourDistance(2).fit(residuals, np.zeros(10, bool), codes)
    >>> scoring.score(residuals[:2], codes=[[4.0], [19.5]])
    array([ 1., 11.])
    """

    needs_codes = True
    _state_names: ClassVar[tuple[str, ...]] = ("codes_",)
    codes_: FloatArray

    def __init__(self, n_neighbors: int = 5) -> None:
        self.n_neighbors = n_neighbors

    def _fit(
        self, residuals: FloatArray, is_anomaly: npt.NDArray[np.bool_], codes: FloatArray
    ) -> None:
        if not isinstance(self.n_neighbors, Integral) or self.n_neighbors < 1:
            raise ValueError(
                f"n_neighbors must be a whole number, 1 or more, not {self.n_neighbors!r}."
            )
        needed = max(MIN_BEATS_FOR_SPREAD, self.n_neighbors + 1)
        require_beats(len(codes), "normal", needed, self)
        self.codes_ = codes

    def _score(self, residuals: FloatArray, codes: FloatArray) -> FloatArray:
        _check_n_units(codes, self.codes_.shape[1])
        distances, _ = KDTree(self.codes_).query(codes, self.n_neighbors + 1)
        is_its_own = distances[:, :1] <= ROUNDING * np.abs(codes).max(axis=1, keepdims=True)
        return np.where(is_its_own, distances[:, 1:], distances[:, :-1]).mean(axis=1)


def _check_n_units(codes: FloatArray, n_units: int) -> None:
    """Refuse codes of another length than those of `fit`."""
    if codes.shape[1] != n_units:
        raise ValueError(
            f"each code has {codes.shape[1]} units, but {n_units} when fitted: "
            "encode with the same autoencoder, or fit anew."
        )
