"""Drawing test beats anew, the same way for reports, comparisons and curves."""

from collections.abc import Iterator

import numpy as np

from ecglab.evaluation._metrics import Levels, Positions

__all__ = ["lower_tail", "resample"]

_CHUNK = 1_000_000  # beats drawn at a time: arrays of a few tens of megabytes


def resample(
    levels: Levels, n_resamples: int, random_state: int
) -> Iterator[tuple[Positions, Positions]]:
    """Draw normal beats and anomalies with replacement, as many of each as there are.

    The two are drawn apart, because their proportion was chosen by whoever built the data set.

    Parameters
    ----------
    levels : Levels
        The beats to draw from.
    n_resamples : int
        How many times to draw, at least once.
    random_state : int
        Seed of the drawing.

    Yields
    ------
    normal, anomalous : ndarray of int, shape (n_rows, n_normal) and (n_rows, n_anomalies)
        Positions of the beats drawn, one row a resample; `n_resamples` rows in all.

    Raises
    ------
    ValueError
        If `n_resamples` is less than one.
    """
    if n_resamples < 1:
        raise ValueError(f"n_resamples must be at least 1, not {n_resamples}. 2000 is usual.")
    rng = np.random.default_rng(random_state)
    n_normal, n_strange = len(levels.of_normal), len(levels.of_anomalies)
    most = max(1, _CHUNK // (n_normal + n_strange))
    for start in range(0, n_resamples, most):
        n_rows = min(most, n_resamples - start)
        yield (
            rng.integers(n_normal, size=(n_rows, n_normal)),
            rng.integers(n_strange, size=(n_rows, n_strange)),
        )


def lower_tail(confidence: float) -> float:
    """Return the share of the distribution below a two-sided interval of this coverage."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}. 0.95 is usual.")
    return (1 - confidence) / 2
