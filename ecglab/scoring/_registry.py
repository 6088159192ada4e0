"""Scorings by name, and several of them as one."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from ecglab.scoring._base import MIN_BEATS_FOR_SPREAD, FloatArray, Scoring, require_beats
from ecglab.scoring._codes import LatentDistance, NeighbourDistance
from ecglab.scoring._residuals import (
    MeanAbsoluteError,
    MeanSquaredError,
    WeightedError,
    WindowedMaximum,
)

UPPER_QUANTILE = 0.95


class Combined(Scoring):
    """Mean or maximum of several scores, each put on the same scale first.

    Parameters
    ----------
    scorings : sequence of str or Scoring, default ("mse", "latent")
        The parts, two or more as a rule: names as in `SCORINGS`, or instances. Names alone can be
        written to JSON. Their scores must not be negative, so a `Combined` cannot be a part.
    how : {"mean", "max"}, default "mean"
        "mean" favours beats that score somewhat high with every part, "max" beats that score very
        high with one.

    Attributes
    ----------
    parts_ : list of Scoring
        The fitted parts. `scorings` itself is never fitted.
    typical_ : ndarray of shape (n_parts,)
        Each part's median score over the normal beats.
    reach_ : ndarray of shape (n_parts,)
        How far the 95 % quantile of the normal beats lies above the median, on the scale below.

    Notes
    -----
    A score ``s`` becomes ``(log(1 + s / typical_) - log 2) / reach_``: 0 for the median normal
    beat, 1 for the one that scores higher than 95 % of them. The parts thus agree in the region
    where thresholds are set, whatever their units. The logarithm keeps errors, which are squares
    and spread over decades, from drowning distances, which are roots. The map strictly increases
    and has no upper end, so no part's ranking is lost, as it would be with empirical quantiles,
    where all beats beyond the highest normal one are alike.

    Parameters of parts given as instances are reached as ``part0__width`` and so on.

    Examples
    --------
    >>> import numpy as np
    >>> residuals = np.random.default_rng(0).normal(size=(200, 140))
    >>> scoring = Combined(("mse", "windowed"), how="max").fit(residuals, np.zeros(200, bool))
    >>> bool(scoring.score(3 * residuals).min() > scoring.score(residuals).max())
    True
    """

    _state_names: ClassVar[tuple[str, ...]] = ("typical_", "reach_")
    parts_: list[Scoring]
    typical_: FloatArray
    reach_: FloatArray

    def __init__(
        self, scorings: Sequence[str | Scoring] = ("mse", "latent"), how: str = "mean"
    ) -> None:
        self.scorings = scorings
        self.how = how

    @property
    def needs_anomalies(self) -> bool:
        """True if a part is label-tuned."""
        return any(part.needs_anomalies for part in self._make_parts())

    @property
    def needs_codes(self) -> bool:
        """True if a part looks at the codes."""
        return any(part.needs_codes for part in self._make_parts())

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, and with `deep` those of the parts that are instances."""
        params: dict[str, Any] = super().get_params(deep=False)
        if deep and not isinstance(self.scorings, str):
            for number, part in enumerate(self.scorings):
                if isinstance(part, Scoring):
                    params[f"part{number}"] = part
                    inner = part.get_params().items()
                    params |= {f"part{number}__{name}": value for name, value in inner}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters; ``part0=scoring`` replaces a part, ``part0__width=5`` changes one."""
        if "scorings" in params:
            self.scorings = params.pop("scorings")
        replaceable = set(self.get_params()) - set(super().get_params(deep=False))
        parts = list(self.scorings)
        for name in [name for name in params if name in replaceable and "__" not in name]:
            parts[int(name.removeprefix("part"))] = params.pop(name)
            self.scorings = tuple(parts)
        super().set_params(**params)
        return self

    def _fit(
        self, residuals: FloatArray, is_anomaly: npt.NDArray[np.bool_], codes: FloatArray
    ) -> None:
        if self.how not in ("mean", "max"):
            raise ValueError(f'how must be "mean" or "max", not {self.how!r}.')
        normal = ~is_anomaly
        require_beats(int(normal.sum()), "normal", MIN_BEATS_FOR_SPREAD, self)
        parts = [part.fit(residuals, is_anomaly, codes) for part in self._make_parts()]
        scores = _score_parts(parts, residuals[normal], codes[normal])
        typical = np.median(scores, axis=1)
        typical[typical == 0] = 1.0
        reach = np.quantile(_compress(scores, typical), UPPER_QUANTILE, axis=1)
        # Where nearly all normal beats score the same there is no scale, and any will do.
        reach[reach <= 0] = 1.0
        self.parts_, self.typical_, self.reach_ = parts, typical, reach

    def _score(self, residuals: FloatArray, codes: FloatArray) -> FloatArray:
        scores = _score_parts(self.parts_, residuals, codes)
        standardised = _compress(scores, self.typical_) / self.reach_[:, None]
        return standardised.mean(axis=0) if self.how == "mean" else standardised.max(axis=0)

    def _make_parts(self) -> list[Scoring]:
        """Return fresh, unfitted parts."""
        if isinstance(self.scorings, str) or not self.scorings:
            raise ValueError(
                f'scorings must list one scoring or more, such as ("mse", "latent"), '
                f"not {self.scorings!r}."
            )
        parts = [make_scoring(part) for part in self.scorings]
        if any(isinstance(part, Combined) for part in parts):
            raise ValueError(
                "a Combined cannot be a part of another: list all parts in one, side by side."
            )
        return parts


SCORINGS: dict[str, Callable[[], Scoring]] = {
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "weighted": WeightedError,
    "learned_weights": partial(WeightedError, weights="learned"),
    "windowed": WindowedMaximum,
    "latent": LatentDistance,
    "neighbours": NeighbourDistance,
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


def _score_parts(parts: Sequence[Scoring], residuals: FloatArray, codes: FloatArray) -> FloatArray:
    """Score with every part; shape (n_parts, n_beats)."""
    scores = np.stack([part.score(residuals, codes) for part in parts])
    if np.any(scores < 0):
        negative = [part for part, own in zip(parts, scores, strict=True) if np.any(own < 0)]
        raise ValueError(
            f"{negative} gave negative scores, which have no logarithm: combine scorings whose "
            "scores are 0 for a perfect reconstruction and grow from there."
        )
    return scores


def _compress(scores: FloatArray, typical: FloatArray) -> FloatArray:
    """Take logarithms that are 0 at the typical score and defined at a score of 0."""
    return np.log1p(scores / typical[:, None]) - np.log(2)
