"""Scores that learn nothing: the plain errors, and the largest local one."""

from numbers import Integral

import numpy as np
import numpy.typing as npt

from ecglab.scoring._base import FloatArray, Scoring


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
        The beats as they went into the autoencoder, and as they came out of it.

    Returns
    -------
    ndarray of shape (n_beats,)
        One error a beat, in the unit of `signals`.

    Raises
    ------
    ValueError
        If the two shapes differ.

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

    def _score(self, residuals: FloatArray, codes: FloatArray | None) -> FloatArray:
        flat = residuals.reshape(len(residuals), -1)
        return mean_squared_error(flat, np.zeros_like(flat))


class MeanAbsoluteError(Scoring):
    """Mean of the absolute residual over samples and channels.

    Label-free; `fit` learns nothing and may be left out. Weighs one large deviation less than
    `MeanSquaredError` does.

    Examples
    --------
    >>> MeanAbsoluteError().score([[0.0, 0.0], [0.0, 2.0]])
    array([0., 1.])
    """

    def _score(self, residuals: FloatArray, codes: FloatArray | None) -> FloatArray:
        flat = residuals.reshape(len(residuals), -1)
        return mean_absolute_error(flat, np.zeros_like(flat))


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
        self, residuals: FloatArray, is_anomaly: npt.NDArray[np.bool_], codes: FloatArray | None
    ) -> None:
        self._check_width(residuals.shape[1])

    def _score(self, residuals: FloatArray, codes: FloatArray | None) -> FloatArray:
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
