"""What every scoring does alike: check what it is given, learn from the right beats."""

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

FloatArray = npt.NDArray[np.float64]

MIN_BEATS_FOR_SPREAD = 10
"""Fewest beats from which a spread is taken: a variance of fewer is mostly chance."""


class Scoring(BaseEstimator):
    """Base of all scorings: residuals (and codes) in, one anomaly score a beat out.

    A subclass sets its parameters in ``__init__`` unchanged, lists its fitted arrays in
    ``_state_names``, and writes ``_fit`` and ``_score``, which are handed checked float64 arrays.
    """

    _state_names: ClassVar[tuple[str, ...]] = ()

    @property
    def needs_anomalies(self) -> bool:
        """True for a label-tuned scoring, whose `fit` must see anomalies."""
        return False

    @property
    def needs_codes(self) -> bool:
        """True for a scoring that looks at the autoencoder's codes."""
        return False

    def fit(
        self,
        residuals: npt.ArrayLike,
        is_anomaly: npt.ArrayLike,
        codes: npt.ArrayLike | None = None,
    ) -> Self:
        """Learn from validation beats what a normal residual looks like.

        Parameters
        ----------
        residuals : array_like of shape (n_beats, n_samples) or (n_beats, n_samples, n_channels)
            Beats minus their reconstructions, of beats that the autoencoder was not trained on.
        is_anomaly : array_like of bool, shape (n_beats,)
            True for anomalies. A label-free scoring looks at none of them.
        codes : array_like of shape (n_beats, n_units), optional
            The autoencoder's codes of the same beats, where `needs_codes`.

        Returns
        -------
        Scoring
            Itself.

        Raises
        ------
        ValueError
            If a parameter makes no sense, the shapes do not fit together, a number that is looked
            at is not finite, or there are too few normal beats (or anomalies, where they are
            needed).
        """
        residuals = _as_beats(residuals, "residuals", dimensions=(2, 3))
        is_anomaly = _check_labels(is_anomaly, len(residuals))
        require_beats(int((~is_anomaly).sum()), "normal", 1, self)
        looked_at = np.full(len(residuals), True) if self.needs_anomalies else ~is_anomaly
        residuals = _check_finite(residuals[looked_at], "residuals")
        own_codes = self._check_codes(codes, len(is_anomaly), looked_at)
        self._fit(residuals, is_anomaly[looked_at], own_codes)
        return self

    def score(self, residuals: npt.ArrayLike, codes: npt.ArrayLike | None = None) -> FloatArray:
        """Reduce each beat's residual (and code) to one number.

        Parameters
        ----------
        residuals : array_like of shape (n_beats, n_samples) or (n_beats, n_samples, n_channels)
            Beats minus their reconstructions.
        codes : array_like of shape (n_beats, n_units), optional
            The codes of the same beats, where `needs_codes`.

        Returns
        -------
        ndarray of float64, shape (n_beats,)
            Anomaly scores, higher is more anomalous.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the scoring learns something in `fit` and has not yet.
        ValueError
            If the shapes are not those of `fit`, a number is not finite, or codes are missing.
        """
        self._check_fitted()
        residuals = check_beats(residuals, "residuals", dimensions=(2, 3))
        own_codes = self._check_codes(codes, len(residuals), np.full(len(residuals), True))
        return self._score(residuals, own_codes) if len(residuals) else np.zeros(0)

    def _fit(
        self, residuals: FloatArray, is_anomaly: npt.NDArray[np.bool_], codes: FloatArray
    ) -> None:
        """Learn. Without `needs_anomalies`, all beats that arrive here are normal."""

    def _score(self, residuals: FloatArray, codes: FloatArray) -> FloatArray:
        raise NotImplementedError

    def _check_fitted(self) -> None:
        if not all(hasattr(self, name) for name in self._state_names):
            raise NotFittedError(
                f"this {type(self).__name__} has learnt nothing yet: call fit with the residuals "
                "of validation beats."
            )

    def _check_codes(
        self, codes: npt.ArrayLike | None, n_beats: int, looked_at: npt.NDArray[np.bool_]
    ) -> FloatArray:
        """Return the codes of the beats that are looked at; of no unit where none are needed."""
        if not self.needs_codes:
            return np.empty((int(looked_at.sum()), 0))
        if codes is None:
            raise ValueError(
                f"{type(self).__name__} compares codes, and none were passed: pass "
                "codes=autoencoder.encode(signals) along with the residuals."
            )
        codes = _as_beats(codes, "codes", dimensions=(2,))
        if len(codes) != n_beats:
            raise ValueError(
                f"there are {len(codes)} codes but {n_beats} residuals: encode the same beats."
            )
        return _check_finite(codes[looked_at], "codes")


def require_beats(found: int, kind: str, needed: int, scoring: Scoring) -> None:
    """Raise ValueError unless there are enough beats of a kind, "normal" or "anomalous"."""
    if found < needed:
        raise ValueError(
            f"{scoring!r} needs {needed} {kind} beats or more to learn from, and there "
            f"{'is' if found == 1 else 'are'} {found or 'none'}. Pass more validation beats, "
            'or choose a scoring that needs fewer, such as "mse".'
        )


def check_beats(values: npt.ArrayLike, name: str, dimensions: tuple[int, ...]) -> FloatArray:
    """Return finite beats in double precision, or say why they cannot be used."""
    return _check_finite(_as_beats(values, name, dimensions), name)


def _as_beats(values: npt.ArrayLike, name: str, dimensions: tuple[int, ...]) -> FloatArray:
    """Return double precision, so that a score does not depend on the order of a sum."""
    beats = np.asarray(values, dtype=np.float64)
    if beats.ndim not in dimensions or 0 in beats.shape[1:]:
        shapes = {
            "residuals": "(n_beats, n_samples) or (n_beats, n_samples, n_channels)",
            "codes": "(n_beats, n_units)",
        }
        raise ValueError(f"{name} must have the shape {shapes[name]}, not {beats.shape}.")
    return beats


def _check_finite(beats: FloatArray, name: str) -> FloatArray:
    finite = np.isfinite(beats).all(axis=tuple(range(1, beats.ndim)))
    if not finite.all():
        raise ValueError(
            f"{int((~finite).sum())} of {len(beats)} beats have {name} that are NaN or infinite. "
            "A diverged training or a damaged beat does that: look at the loss curve and the data."
        )
    return beats


def _check_labels(is_anomaly: npt.ArrayLike, n_beats: int) -> npt.NDArray[np.bool_]:
    flags = np.asarray(is_anomaly)
    if flags.shape != (n_beats,):
        raise ValueError(
            f"is_anomaly has the shape {flags.shape}, but there are {n_beats} beats: one entry "
            "a beat is needed."
        )
    # Class labels would pass for booleans, and ECG5000's normal label 1 for True.
    if flags.dtype != np.bool_:
        raise ValueError(
            f"is_anomaly must be boolean, not {flags.dtype}: pass beats.is_anomaly, not labels."
        )
    return flags
