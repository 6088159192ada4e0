"""Scorings by name."""

from collections.abc import Callable
from functools import partial

from sklearn.base import clone

from ecglab.scoring._base import Scoring
from ecglab.scoring._combined import Combined
from ecglab.scoring._latent import LatentDistance
from ecglab.scoring._plain import MeanAbsoluteError, MeanSquaredError, WindowedMaximum
from ecglab.scoring._weighted import WeightedError

__all__ = ["SCORINGS", "make_scoring"]

SCORINGS: dict[str, Callable[[], Scoring]] = {
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "weighted": WeightedError,
    "learned_weights": partial(WeightedError, weights="learned"),
    "windowed": WindowedMaximum,
    "latent": LatentDistance,
    "combined": Combined,
}
"""What makes each scoring, by name."""


def make_scoring(scoring: str | Scoring) -> Scoring:
    """Make a fresh scoring from a name, or from one that serves as the pattern.

    Parameters
    ----------
    scoring : str or Scoring
        A name as in `SCORINGS`, or an instance.

    Returns
    -------
    Scoring
        Unfitted; with the parameters of the instance, which stays as it is.

    Raises
    ------
    ValueError
        If there is no scoring of that name.

    Examples
    --------
    >>> make_scoring("learned_weights")
    WeightedError(weights='learned')
    """
    if isinstance(scoring, Scoring):
        return clone(scoring)
    if not isinstance(scoring, str) or scoring not in SCORINGS:
        raise ValueError(
            f"there is no scoring {scoring!r}: choose one of {', '.join(SCORINGS)}, or pass an "
            "instance of a Scoring."
        )
    return SCORINGS[scoring]()
