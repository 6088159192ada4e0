"""The two plain reconstruction errors, as functions of beats and their reconstructions."""

import numpy as np
import numpy.typing as npt

__all__ = ["mean_absolute_error", "mean_squared_error"]


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
