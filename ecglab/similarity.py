"""How alike beats are: near-twins on both sides of a split flatter every detector."""

import numpy as np
import numpy.typing as npt

__all__ = ["nearest_neighbours"]

_CHUNK = 1000  # rows of the correlation matrix held in memory at a time


def nearest_neighbours(
    signals: npt.ArrayLike, others: npt.ArrayLike | None = None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Find for each beat the other beat that it correlates with most.

    Parameters
    ----------
    signals : array_like of shape (n_beats, n_samples)
        The beats to find a neighbour for.
    others : array_like of shape (n_others, n_samples), optional
        Where to look for it. Among `signals` when left out, the beat itself excepted.

    Returns
    -------
    neighbours : ndarray of int, shape (n_beats,)
        Position of the nearest beat in `others` (or `signals`).
    correlations : ndarray of float, shape (n_beats,)
        Pearson's correlation with it. NaN for a beat that does not vary.

    Raises
    ------
    ValueError
        If there is no beat to compare with, or the lengths of the beats differ.

    Examples
    --------
    >>> neighbours, correlations = nearest_neighbours([[0, 1, 0], [0, 2, 0], [1, 0, 0]])
    >>> neighbours.tolist()
    [1, 0, 0]
    """
    beats = _standardise(signals)
    candidates = beats if others is None else _standardise(others)
    if beats.shape[1] != candidates.shape[1]:
        raise ValueError(
            f"the beats have {beats.shape[1]} samples and the others {candidates.shape[1]}: "
            "resample them to the same length."
        )
    if len(candidates) < (2 if others is None else 1):
        raise ValueError("there is no other beat to compare with.")
    neighbours = np.empty(len(beats), dtype=np.int64)
    correlations = np.empty(len(beats))
    for start in range(0, len(beats), _CHUNK):
        rows = slice(start, start + _CHUNK)
        block = beats[rows] @ candidates.T
        if others is None:
            within = np.arange(len(block))
            block[within, start + within] = -np.inf
        block[:, np.isnan(candidates[:, 0])] = -np.inf  # a beat that does not vary is near to none
        neighbours[rows] = block.argmax(axis=1)
        correlations[rows] = block.max(axis=1)
    correlations[np.isnan(beats[:, 0]) | np.isneginf(correlations)] = np.nan
    return neighbours, correlations


def _standardise(signals: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Centre each beat and scale it to length 1, so that a product of two is their correlation."""
    beats = np.atleast_2d(np.asarray(signals, dtype=np.float64))
    varies = np.ptp(beats, axis=1, keepdims=True) > 0
    beats = beats - beats.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(beats, axis=1, keepdims=True)
    return np.divide(beats, norms, out=np.full_like(beats, np.nan), where=varies)
