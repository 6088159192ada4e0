"""Scores of residuals: the plain errors, the largest local one, and weighted ones."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ecglab.scoring._base import MIN_BEATS_FOR_SPREAD, FloatArray, Scoring, require_beats

LOWEST_SPREAD = 0.1
"""Spreads below this fraction of the median over time points count as this fraction."""

STANDARD_ERRORS = 2
"""A difference between anomalies and normal beats counts as far as it exceeds this many."""

KINDS = ("uniform", "inverse_variance", "learned", "window")


def mean_squared_error(
    signals: npt.ArrayLike, reconstructions: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Mean of the squared residual over each beat.

    Parameters
    ----------
    signals, reconstructions : array_like of shape (n_beats, n_samples)
        The beats as they went into the autoencoder, and as they came out of it.

    Returns
    -------
    ndarray of shape (n_beats,)
        One error a beat, in the squared unit of `signals`.

    Raises
    ------
    ValueError
        If the two shapes differ.

    Examples
    --------
    >>> mean_squared_error([[0.0, 0.0], [1.0, 3.0]], [[0.0, 0.0], [1.0, 1.0]])
    array([0., 2.])
    """
    return np.square(_residuals(signals, reconstructions)).mean(axis=1)


def mean_absolute_error(
    signals: npt.ArrayLike, reconstructions: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Mean of the absolute residual over each beat.

    Weighs one large deviation less than `mean_squared_error` does.

    Parameters
    ----------
    signals, reconstructions : array_like of shape (n_beats, n_samples)
        As for `mean_squared_error`.

    Returns
    -------
    ndarray of shape (n_beats,)
        One error a beat, in the unit of `signals`.

    Examples
    --------
    >>> mean_absolute_error([[0.0, 0.0], [1.0, 3.0]], [[0.0, 0.0], [1.0, 1.0]])
    array([0., 1.])
    """
    return np.abs(_residuals(signals, reconstructions)).mean(axis=1)


def _residuals(signals: npt.ArrayLike, reconstructions: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Subtract in double precision, so that a score does not depend on the order of the sum."""
    signals = np.asarray(signals, dtype=np.float64)
    reconstructions = np.asarray(reconstructions, dtype=np.float64)
    if signals.shape != reconstructions.shape or signals.ndim != 2:
        raise ValueError(
            "signals and reconstructions must have the same shape (n_beats, n_samples), "
            f"not {signals.shape} and {reconstructions.shape}."
        )
    return signals - reconstructions


class MeanSquaredError(Scoring):
    """Mean of the squared residual over samples and channels.

    Label-free; `fit` learns nothing and may be left out.

    Examples
    --------
    >>> MeanSquaredError().score([[0.0, 0.0], [0.0, 2.0]])
    array([0., 2.])
    """

    def _score(self, residuals: FloatArray, codes: FloatArray) -> FloatArray:
        return np.square(residuals).reshape(len(residuals), -1).mean(axis=1)


class MeanAbsoluteError(Scoring):
    """Mean of the absolute residual over samples and channels.

    Label-free; `fit` learns nothing and may be left out. Weighs one large deviation less than
    `MeanSquaredError` does.

    Examples
    --------
    >>> MeanAbsoluteError().score([[0.0, 0.0], [0.0, 2.0]])
    array([0., 1.])
    """

    def _score(self, residuals: FloatArray, codes: FloatArray) -> FloatArray:
        return np.abs(residuals).reshape(len(residuals), -1).mean(axis=1)


class WindowedMaximum(Scoring):
    """Largest mean squared residual in any stretch of `width` samples.

    A mean over the whole beat hides a short deviation among well-reconstructed samples; this score
    finds it. Channels are averaged first. Label-free; `fit` learns nothing and may be left out.

    Parameters
    ----------
    width : int, default 10
        Length of the stretch in samples. With 1, the score is the largest squared residual; with
        the length of the beat, it is the mean squared error.

    Examples
    --------
    >>> WindowedMaximum(width=2).score([[0.0, 2.0, 2.0, 0.0], [2.0, 0.0, 0.0, 2.0]])
    array([4., 2.])
    """

    def __init__(self, width: int = 10) -> None:
        self.width = width

    def _fit(
        self, residuals: FloatArray, is_anomaly: npt.NDArray[np.bool_], codes: FloatArray
    ) -> None:
        self._check_width(residuals.shape[1])

    def _score(self, residuals: FloatArray, codes: FloatArray) -> FloatArray:
        self._check_width(residuals.shape[1])
        squares = np.square(residuals).reshape(*residuals.shape[:2], -1).mean(axis=2)
        # The sum of a stretch is the difference of two running sums. Rounding cannot matter to the
        # largest of them, which holds a good share of the running sum itself.
        sums = np.cumsum(np.pad(squares, ((0, 0), (1, 0))), axis=1)
        return (sums[:, self.width :] - sums[:, : -self.width]).max(axis=1) / self.width

    def _check_width(self, n_samples: int) -> None:
        if not isinstance(self.width, Integral) or not 1 <= self.width <= n_samples:
            raise ValueError(
                f"width must be a whole number of samples from 1 to the length of the beat, "
                f"{n_samples}, not {self.width!r}."
            )


class WeightedError(Scoring):
    """Weighted mean of ``|residual| ** power`` over samples and channels.

    Parameters
    ----------
    weights : {"inverse_variance", "learned", "uniform", "window"}, default "inverse_variance"
        Where the weight of each time point (of each channel) comes from:

        - "inverse_variance": one over the mean of ``|residual| ** power`` of normal beats, so that
          a deviation counts against what is usual there. Label-free.
        - "learned": the diagonal Fisher discriminant of ``|residual| ** power``: how far the
          anomalies' mean lies above the normal beats', less two standard errors, over the sum of
          the two variances; 0 where nothing is left. Label-tuned.
        - "uniform": all alike, the plain error. Label-free.
        - "window": 1 inside `window` and 0 outside. Label-free.
    power : float, default 2
        2 for squared residuals, 1 for absolute ones.
    window : tuple of (int, int), optional
        First sample inside and first sample behind; needed by "window" and refused by the others.
    smoothing : int, default 0
        Replaces each learnt weight by the mean over this many samples on either side, which
        steadies weights learnt from few beats. Of no effect on "uniform" and "window".

    Attributes
    ----------
    weights_ : ndarray of shape (n_samples,) or (n_samples, n_channels)
        Non-negative. Their mean is 1, except for "window".

    Notes
    -----
    With "inverse_variance", the score is, up to constants, the negative log-likelihood of
    independent residuals with a scale of their own at each point: normal ones for a power of 2,
    Laplace-distributed ones for 1. Points that a model reconstructs almost perfectly would take all
    the weight, so a spread counts as a tenth of the median spread at least.

    The learnt weights leave the correlation between neighbouring points aside. The full
    discriminant would need a covariance matrix of 140 x 140 from a few hundred beats. Two standard
    errors are taken off, as with shrunken centroids, because a difference by chance at a point of
    small variance would weigh more than a real one where both variances are large.

    References
    ----------
    R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7
    (1936) 179-188, doi 10.1111/j.1469-1809.1936.tb02137.x.

    S. Dudoit, J. Fridlyand and T. P. Speed, "Comparison of discrimination methods for the
    classification of tumors using gene expression data", Journal of the American Statistical
    Association 97 (2002) 77-87, doi 10.1198/016214502753479248 (discriminants with a diagonal
    covariance).

    R. Tibshirani, T. Hastie, B. Narasimhan and G. Chu, "Diagnosis of multiple cancer types by
    shrunken centroids of gene expression", Proceedings of the National Academy of Sciences 99
    (2002) 6567-6572, doi 10.1073/pnas.082099299.

    Examples
    --------
    >>> import numpy as np
    >>> residuals = np.tile([[1.0, 2.0]], (10, 1))
    >>> scoring = WeightedError().fit(residuals, is_anomaly=np.zeros(10, bool))
    >>> scoring.weights_
    array([1.6, 0.4])
    """

    _state_names: ClassVar[tuple[str, ...]] = ("weights_",)
    weights_: FloatArray

    def __init__(
        self,
        weights: str = "inverse_variance",
        power: float = 2,
        window: Sequence[int] | None = None,
        smoothing: int = 0,
    ) -> None:
        self.weights = weights
        self.power = power
        self.window = window
        self.smoothing = smoothing

    @property
    def needs_anomalies(self) -> bool:
        """True for learnt weights."""
        return self.weights == "learned"

    def _fit(
        self, residuals: FloatArray, is_anomaly: npt.NDArray[np.bool_], codes: FloatArray
    ) -> None:
        self._check_parameters()
        if self.weights == "uniform":
            self.weights_ = np.ones(residuals.shape[1:])
        elif self.weights == "window":
            self.weights_ = self._weigh_window(residuals.shape[1:])
        else:
            errors = np.abs(residuals) ** self.power
            normal, anomalous = errors[~is_anomaly], errors[is_anomaly]
            require_beats(len(normal), "normal", MIN_BEATS_FOR_SPREAD, self)
            if self.weights == "inverse_variance":
                weights = 1 / _spread_with_floor(normal.mean(axis=0))
            else:
                require_beats(len(anomalous), "anomalous", MIN_BEATS_FOR_SPREAD, self)
                weights = _fisher_weights(normal, anomalous)
            weights = _smooth(weights, self.smoothing)
            self.weights_ = weights / weights.mean()

    def _score(self, residuals: FloatArray, codes: FloatArray) -> FloatArray:
        if residuals.shape[1:] != self.weights_.shape:
            raise ValueError(
                f"each beat has residuals of shape {residuals.shape[1:]}, but the weights were "
                f"made for {self.weights_.shape}: pass beats of that length, or fit anew."
            )
        errors = self.weights_ * np.abs(residuals) ** self.power
        return errors.reshape(len(errors), -1).mean(axis=1) / self.weights_.mean()

    def _check_parameters(self) -> None:
        if self.weights not in KINDS:
            raise ValueError(f"weights must be one of {', '.join(KINDS)}, not {self.weights!r}.")
        if not isinstance(self.power, Real) or not 0 < self.power < np.inf:
            raise ValueError(
                f"power must be a positive number, 1 or 2 as a rule, not {self.power}."
            )
        if not isinstance(self.smoothing, Integral) or self.smoothing < 0:
            raise ValueError(
                f"smoothing must be a whole number of samples, 0 or more, not {self.smoothing!r}."
            )
        if (self.window is None) == (self.weights == "window"):
            raise ValueError(
                f'weights="window" and window=(start, stop) go together; these are '
                f"weights={self.weights!r} and window={self.window!r}."
            )

    def _weigh_window(self, shape: tuple[int, ...]) -> FloatArray:
        """Weigh samples inside the window 1 and those outside 0."""
        window = list(self.window or ())
        if len(window) != 2 or not all(isinstance(edge, Integral) for edge in window):
            raise ValueError(f"window must be two whole numbers, (start, stop), not {window}.")
        if not 0 <= window[0] < window[1] <= shape[0]:
            raise ValueError(
                f"window {tuple(window)} must hold a sample or more and lie within the "
                f"{shape[0]} samples of a beat, 0 <= start < stop <= {shape[0]}."
            )
        weights = np.zeros(shape)
        weights[window[0] : window[1]] = 1
        return weights


def _spread_with_floor(spread: FloatArray) -> FloatArray:
    """Divide a spread by its median, and keep it away from 0."""
    some = spread[spread > 0]
    return (
        np.maximum(spread / np.median(some), LOWEST_SPREAD) if some.size else np.ones(spread.shape)
    )


def _fisher_weights(normal: FloatArray, anomalous: FloatArray) -> FloatArray:
    """Weigh each point by how well its error alone tells anomalies from normal beats."""
    variances = normal.var(axis=0), anomalous.var(axis=0)
    standard_error = np.sqrt(variances[0] / len(normal) + variances[1] / len(anomalous))
    difference = anomalous.mean(axis=0) - normal.mean(axis=0)
    separation = np.maximum(difference - STANDARD_ERRORS * standard_error, 0)
    if not separation.any():
        raise ValueError(
            "at no time point are the anomalies clearly reconstructed worse than the normal beats, "
            "so there is nothing to weigh by. Check that is_anomaly is True for anomalies, and "
            "that the autoencoder was trained on normal beats with a narrow enough code."
        )
    return separation / _spread_with_floor(variances[0] + variances[1])


def _smooth(weights: FloatArray, reach: int) -> FloatArray:
    """Average each weight with `reach` neighbours in time on either side, fewer at the ends."""
    sums = np.cumsum(np.pad(weights, [(1, 0)] + [(0, 0)] * (weights.ndim - 1)), axis=0)
    time = np.arange(len(weights))
    start, stop = np.maximum(time - reach, 0), np.minimum(time + reach + 1, len(weights))
    n_averaged = (stop - start).reshape(-1, *[1] * (weights.ndim - 1))
    return (sums[stop] - sums[start]) / n_averaged if reach else weights
