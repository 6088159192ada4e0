"""What every rule asks of its arguments, and how it counts the beats in a share."""

import math
import warnings

import numpy as np
import numpy.typing as npt

from ecglab.errors import FewBeatsWarning

__all__ = [
    "check_labels",
    "check_scores",
    "check_share",
    "fewest_beats",
    "smallest_share",
    "warn_few_beats",
    "whole_beats",
]

# Beats are counted after rounding to so many digits: 10 * (1 - 0.9) is a hair below one beat.
_DIGITS = 9


def check_scores(scores: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the scores as a one-dimensional float array, or say why they cannot be used."""
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 1 or scores.size == 0:
        raise ValueError(f"scores must be a list of numbers, one a beat, not shape {scores.shape}.")
    if not np.isfinite(scores).all():
        raise ValueError(
            f"{int((~np.isfinite(scores)).sum())} of {scores.size} scores are NaN or infinite. "
            "A diverged training or a damaged beat does that: look at the loss curve and the data."
        )
    return scores


def check_labels(
    scores: npt.NDArray[np.float64], is_anomaly: npt.ArrayLike
) -> npt.NDArray[np.bool_]:
    """Return the labels as booleans, one a score."""
    is_anomaly = np.asarray(is_anomaly, dtype=bool)
    if is_anomaly.shape != scores.shape:
        raise ValueError(
            f"there are {scores.shape} scores but {is_anomaly.shape} labels: one a beat is needed."
        )
    return is_anomaly


def check_share(name: str, share: float, usual: float) -> None:
    """Refuse a share that does not lie strictly between 0 and 1, as a percentage does not."""
    if not 0 < share < 1:
        raise ValueError(f"{name} must lie between 0 and 1, not {share}. {usual} is usual.")


def whole_beats(number: float) -> int:
    """Round a number of beats down to whole ones."""
    return math.floor(round(number, _DIGITS))


def fewest_beats(share: float, wanted: int = 1) -> int:
    """Return how many beats it takes for a share of them to hold the `wanted` number."""
    return math.ceil(round(wanted / share, _DIGITS))


def smallest_share(n_beats: int) -> float:
    """Return the smallest share, in thousandths, that holds one of the beats."""
    return math.ceil(1000 / n_beats) / 1000


def warn_few_beats(problem: str, needed: str, alternative: tuple[str, float] | None = None) -> None:
    """Warn the caller of a rule that its beats cannot carry what is asked of them.

    `alternative` names a parameter and the value that they could carry; it is left out where no
    such value lies between 0 and 1.
    """
    name, value = alternative or ("", 0.0)
    instead = f", or {name}={value:.3g}" if 0 < value < 1 else ""
    # One level up is the rule, two levels up is whoever called it.
    warnings.warn(f"{problem} Use at least {needed}{instead}.", FewBeatsWarning, stacklevel=3)
