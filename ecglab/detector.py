"""`AutoencoderDetector`: an autoencoder, a scaler, a scoring and a threshold as one estimator."""

import math
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import effective_n_jobs
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    OutlierMixin,
    TransformerMixin,
    clone,
)
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ecglab.autoencoders import AUTOENCODERS, Autoencoder, make_autoencoder
from ecglab.errors import DetectorFileError, FewBeatsWarning
from ecglab.persistence import path_of, read_estimator, save_estimator
from ecglab.scoring import SCORINGS, Scoring, make_scoring
from ecglab.thresholds import THRESHOLDS, choose_threshold

__all__ = ["SCALERS", "AutoencoderDetector", "load_detector"]

FloatArray = npt.NDArray[np.float64]

SCALERS: Mapping[str, Any] = {
    "standard": StandardScaler(),
    "unit": MinMaxScaler((0, 1)),
    "symmetric": MinMaxScaler((-1, 1)),
}
"""The scalers that have a name: mean 0 and sd 1, [0, 1], and [-1, 1] at each sample position."""

# Those whose fitted state is numbers and arrays, and so needs no pickle.
_SAVABLE_SCALERS = (MaxAbsScaler, MinMaxScaler, Normalizer, RobustScaler, StandardScaler)
_SHORTEST_BEAT = 10  # samples
_CHUNK = 8192  # beats whose residuals are held in memory at a time


class AutoencoderDetector(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, OutlierMixin, BaseEstimator
):
    """Outlier detector that flags the beats which an autoencoder of normal beats rebuilds badly.

    `fit` holds a part of the normal beats back: the scoring and the threshold are fitted on those,
    and they decide when training stops. No anomaly is needed, unless a scoring or a threshold rule
    that uses them is chosen; then hand labelled validation beats to `fit`.

    Parameters
    ----------
    autoencoder : str or Autoencoder, default "dense"
        A name from `ecglab.autoencoders.AUTOENCODERS`, or an untrained autoencoder.
    scaler : str or transformer or None, default "auto"
        "auto" brings the beats to what the autoencoder's output reaches, and leaves them as they
        are where it reaches everything. Or a name from `SCALERS`, or any scikit-learn transformer
        that keeps the number of columns. It is fitted on training beats only. None leaves the
        beats as they are.
    loss : str, optional
        Loss to train with, "mse" or "mae"; the autoencoder's own when left out.
    scoring : str or Scoring, default "mse"
        How residuals become a score: a name from `ecglab.scoring.SCORINGS`, or a scoring.
    threshold : str, default "quantile"
        How scores become a cut: a name from `ecglab.thresholds.THRESHOLDS`.
    threshold_params : mapping, optional
        Arguments of the threshold rule, such as ``{"quantile": 0.99}``. The quantile is 0.95 when
        left out.
    validation_fraction : float, default 0.2
        Share of the training beats to hold back.
    random_state : int, RandomState or None, default None
        Seed of the division, the initial weights and the order of the beats. The same int gives the
        same detector, to the bit, on the same machine.
    device : str, optional
        Where a PyTorch autoencoder runs: "auto" (CUDA or Apple's MPS where there is one), "cpu",
        "cuda", ...; the autoencoder's own setting when left out.
    n_jobs : int, optional
        Threads that a PyTorch autoencoder may use, -1 for all processors; its own setting when left
        out. Two detectors must not be trained at once in threads of one process (joblib's backend
        "threading"): PyTorch's random numbers belong to the whole process. Processes are fine.
    progress : bool, default False
        Whether to show a progress bar over the epochs.

    Attributes
    ----------
    autoencoder_ : Autoencoder
        The trained autoencoder.
    scaler_ : transformer or None
        The fitted scaler.
    scoring_ : Scoring
        The fitted scoring.
    threshold_ : float
        Reconstruction errors above it are anomalies.
    offset_ : float
        ``-threshold_``: what `decision_function` subtracts from `score_samples`.
    history_ : pandas.DataFrame
        Training and validation loss of each epoch.
    label_free_ : bool
        Whether no anomaly was used, for the threshold or otherwise.
    n_features_in_ : int
        Samples in a beat.

    See Also
    --------
    load_detector : Read a detector that `save` wrote.

    Notes
    -----
    Higher `score_samples` is more normal, as everywhere in scikit-learn; higher
    `reconstruction_error` is more anomalous. `X` is in every method what it is in that one.

    Examples
    --------
    >>> from ecglab import AutoencoderDetector
    >>> from ecglab.datasets import make_heartbeats
    >>> beats = make_heartbeats(500, random_state=0)
    >>> detector = AutoencoderDetector("dense", random_state=0).fit(beats.normal.signals)
    >>> detector.predict(beats.anomalies.signals[:3]).tolist()
    [-1, -1, -1]
    """

    def __init__(
        self,
        autoencoder: str | Autoencoder = "dense",
        *,
        scaler: Any = "auto",
        loss: str | None = None,
        scoring: str | Scoring = "mse",
        threshold: str = "quantile",
        threshold_params: Mapping[str, Any] | None = None,
        validation_fraction: float = 0.2,
        random_state: Any = None,
        device: str | None = None,
        n_jobs: int | None = None,
        progress: bool = False,
    ) -> None:
        self.autoencoder = autoencoder
        self.scaler = scaler
        self.loss = loss
        self.scoring = scoring
        self.threshold = threshold
        self.threshold_params = threshold_params
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(
        self,
        X: npt.ArrayLike,
        y: object = None,
        *,
        validation_signals: npt.ArrayLike | None = None,
        validation_is_anomaly: npt.ArrayLike | None = None,
    ) -> Self:
        """Train on normal beats.

        Parameters
        ----------
        X : array_like of shape (n_beats, n_samples) or (n_beats, n_samples, n_channels)
            Normal beats, at least two. A few unnoticed anomalies among them do little harm.
        y : object
            Ignored; there for scikit-learn's conventions.
        validation_signals : array_like of shape (n_validation_beats, n_samples, ...), optional
            Beats to validate on, instead of a part of `X`.
        validation_is_anomaly : array_like of bool, shape (n_validation_beats,), optional
            Which of them are anomalies; none when left out. They never reach the autoencoder.

        Returns
        -------
        AutoencoderDetector
            Itself.

        Raises
        ------
        ValueError
            If beats are constant, hold NaN or infinite samples, are too few or of another length;
            if there is no scoring, threshold rule, scaler or autoencoder of the given name; if the
            output of the autoencoder cannot reach the scaled beats (a transformer of your own is
            trusted); if an argument means nothing to the autoencoder; or if a choice needs
            labelled anomalies and there is none.

        Warns
        -----
        FewBeatsWarning
            If the validation beats are too few for what the threshold rule is asked for.
        """
        beats = self._check_beats(X, reset=True)
        self._forget()
        rng = check_random_state(self.random_state)
        train, validation, is_anomaly = self._divide(
            beats, validation_signals, validation_is_anomaly, rng
        )
        self._check_label_needs(is_anomaly)
        self.autoencoder_ = self._make_autoencoder(rng)
        self.scaler_ = self._make_scaler()
        if self.scaler_ is not None:
            self.scaler_.fit(_flatten(train))
        scaled = self._scale(train)
        self._check_reach(scaled)
        self.autoencoder_.fit(scaled, self._scale(validation[~is_anomaly]))
        self.history_ = self.autoencoder_.history_
        return self._calibrate(validation, is_anomaly)

    def recalibrate(
        self,
        validation_signals: npt.ArrayLike,
        validation_is_anomaly: npt.ArrayLike | None = None,
        *,
        scoring: str | Scoring | None = None,
        threshold: str | None = None,
        threshold_params: Mapping[str, Any] | None = None,
    ) -> Self:
        """Choose another scoring or threshold for the trained autoencoder, without training again.

        Parameters
        ----------
        validation_signals : array_like of shape (n_validation_beats, n_samples, ...)
            Beats that were not trained on.
        validation_is_anomaly : array_like of bool, shape (n_validation_beats,), optional
            Which of them are anomalies; none when left out.
        scoring, threshold, threshold_params : optional
            As for the class. What is left out stays, except that another threshold rule starts
            without the arguments of the one before.

        Returns
        -------
        AutoencoderDetector
            Itself.

        Raises
        ------
        ValueError
            As for `fit`.

        Warns
        -----
        FewBeatsWarning
            As for `fit`.
        """
        self._check_is_fitted()
        before = self.scoring, self.threshold, self.threshold_params
        if scoring is not None:
            self.scoring = scoring
        if threshold is not None or threshold_params is not None:
            self.threshold_params = threshold_params
        if threshold is not None:
            self.threshold = threshold
        try:
            validation, is_anomaly = self._check_validation(
                validation_signals, validation_is_anomaly
            )
            self._check_label_needs(is_anomaly)
            return self._calibrate(validation, is_anomaly)
        except BaseException:
            # What did not come to pass must not be what the detector says of itself.
            self.scoring, self.threshold, self.threshold_params = before
            raise

    def _calibrate(self, validation: FloatArray, is_anomaly: npt.NDArray[np.bool_]) -> Self:
        """Fit scoring and threshold on validation beats."""
        scoring = make_scoring(self.scoring)
        residuals, codes = self._residuals(validation, scoring)
        scoring.fit(residuals, is_anomaly, codes)
        threshold = choose_threshold(
            self.threshold,
            scoring.score(residuals, codes),
            is_anomaly,
            **(self.threshold_params or {}),
        )
        # Both or neither: scores of one scoring against the threshold of another mean nothing.
        self.scoring_, self.threshold_ = scoring, threshold
        self.label_free_ = not self.needs_anomalies
        return self

    @property
    def needs_anomalies(self) -> bool:
        """True if the scoring or the threshold rule must see labelled anomalies in `fit`."""
        if self.threshold not in THRESHOLDS:
            raise ValueError(
                f"there is no threshold rule {self.threshold!r}; there are {sorted(THRESHOLDS)}."
            )
        of_scoring = make_scoring(self.scoring).needs_anomalies
        return of_scoring or THRESHOLDS[self.threshold].needs_anomalies

    @property
    def offset_(self) -> float:
        """What `decision_function` subtracts from `score_samples`."""
        return -self.threshold_

    def reconstruction_error(self, X: npt.ArrayLike) -> FloatArray:
        """Score beats; higher is more anomalous.

        Parameters
        ----------
        X : array_like of shape (n_beats, n_samples) or (n_beats, n_samples, n_channels)
            Beats of the length seen in training.

        Returns
        -------
        ndarray of shape (n_beats,)
            One anomaly score a beat, as `scoring` defines it, in the scaled unit.
        """
        self._check_is_fitted()
        if not (isinstance(X, np.ndarray | pd.DataFrame) and X.ndim > 1):
            X = self._check_beats(X)
        try:
            return np.concatenate([self._score(piece) for piece in _chunks(X)])
        except ValueError:
            self._check_beats(X)  # says the same of the whole, in its row numbers
            raise

    def _score(self, X: npt.ArrayLike) -> FloatArray:
        """Score beats that are few enough to be held in double precision."""
        return self.scoring_.score(*self._residuals(self._check_beats(X), self.scoring_))

    def score_samples(self, X: npt.ArrayLike) -> FloatArray:
        """Return ``-reconstruction_error(X)``: scikit-learn's way, higher is more normal."""
        return -self.reconstruction_error(X)

    def decision_function(self, X: npt.ArrayLike) -> FloatArray:
        """Return ``score_samples(X) - offset_``: below zero is an anomaly."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return -1 (an anomaly) where the error lies above `threshold_`, else +1 (normal)."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def reconstruct(self, X: npt.ArrayLike) -> FloatArray:
        """Rebuild beats, in the unit they came in.

        Returns
        -------
        ndarray of the same shape
            What the autoencoder makes of them.

        Raises
        ------
        AttributeError
            If the scaler cannot be undone (it has no ``inverse_transform``).
        """
        self._check_is_fitted()
        beats = self._check_beats(X)
        rebuilt = self.autoencoder_.reconstruct(self._scale(beats))
        if self.scaler_ is None:
            return rebuilt.astype(np.float64)
        return np.asarray(self.scaler_.inverse_transform(_flatten(rebuilt))).reshape(beats.shape)

    def encode(self, X: npt.ArrayLike) -> FloatArray:
        """Return the code of each beat.

        Returns
        -------
        ndarray of shape (n_beats, n_code)
            The values of the autoencoder's narrowest layer.
        """
        self._check_is_fitted()
        return self.autoencoder_.encode(self._scale(self._check_beats(X))).astype(np.float64)

    def transform(self, X: npt.ArrayLike) -> FloatArray:
        """Return the code of each beat, as `encode` does, so that a pipeline can go on from it."""
        return self.encode(X)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the trained detector to a folder, without pickle.

        Parameters
        ----------
        folder : path-like
            Where to write; made if it is not there. A detector in it is replaced, whole or not
            at all.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        DetectorFileError
            If the detector is not trained, the folder holds something else or cannot be written, or
            a part is of a kind that only pickle could save.
        """
        if not hasattr(self, "threshold_"):
            raise DetectorFileError("this detector is not trained yet: call fit before save.")
        if not np.isfinite(self.threshold_):
            raise DetectorFileError(
                f"the threshold is {self.threshold_}, which accepts or flags every beat. "
                "Recalibrate first."
            )
        return save_estimator(self, folder, _savable_classes())

    @property
    def _n_features_out(self) -> int:
        """How many columns `transform` returns; scikit-learn names them by it."""
        return self.autoencoder_.n_code

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what this estimator can do."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # codes come as float64 whatever goes in
        return tags

    def _check_beats(self, X: npt.ArrayLike, *, reset: bool = False) -> FloatArray:
        """Check beats as scikit-learn does: numbers, finite, as many samples as in training."""
        beats: FloatArray = validate_data(
            self,
            X,
            reset=reset,
            dtype=np.float64,
            allow_nd=True,
            ensure_min_samples=2 if reset else 1,
        )
        if reset:
            self.beat_shape_ = beats.shape[1:]
        elif beats.shape[1:] != self.beat_shape_:
            raise ValueError(
                f"X has beats of the shape {beats.shape[1:]}, but this detector was fitted on "
                f"beats of the shape {self.beat_shape_}."
            )
        _refuse_constant(beats)
        return beats

    def _check_is_fitted(self) -> None:
        """Say so if `fit` was not called, or did not come to its end."""
        check_is_fitted(self, "threshold_")

    def _forget(self) -> None:
        """Drop what an earlier `fit` has learnt, so that a failing one leaves no mixture behind."""
        for name in ("scaler_", "autoencoder_", "scoring_", "threshold_", "label_free_"):
            self.__dict__.pop(name, None)

    def _check_label_needs(self, is_anomaly: npt.NDArray[np.bool_]) -> None:
        """Find out before an hour of training, and not after it, that a choice cannot work."""
        if self.needs_anomalies and not is_anomaly.any():
            raise ValueError(
                f"scoring={self.scoring!r} with threshold={self.threshold!r} needs labelled "
                "anomalies. Pass validation_signals and validation_is_anomaly, or choose a "
                'label-free pair such as "mse" and "quantile".'
            )
        # As many scores as there will be: what the rule refuses of these, it would refuse of those.
        trial = np.arange(is_anomaly.size, dtype=np.float64)
        with warnings.catch_warnings():
            # Of few beats the rule warns once, when it chooses the threshold.
            warnings.simplefilter("ignore", FewBeatsWarning)
            choose_threshold(self.threshold, trial, is_anomaly, **(self.threshold_params or {}))

    def _divide(
        self,
        beats: FloatArray,
        validation_signals: npt.ArrayLike | None,
        validation_is_anomaly: npt.ArrayLike | None,
        rng: np.random.RandomState,
    ) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
        """Return training beats, validation beats and which of these are anomalies."""
        if validation_signals is not None:
            return beats, *self._check_validation(validation_signals, validation_is_anomaly)
        if validation_is_anomaly is not None:
            raise ValueError("validation_is_anomaly came without validation_signals.")
        train, validation = train_test_split(
            beats, test_size=self.validation_fraction, random_state=rng
        )
        return train, validation, np.zeros(len(validation), dtype=bool)

    def _check_validation(
        self, signals: npt.ArrayLike, is_anomaly: npt.ArrayLike | None
    ) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """Check validation beats and their labels."""
        validation = self._check_beats(signals)
        if is_anomaly is None:
            return validation, np.zeros(len(validation), dtype=bool)
        labels = np.asarray(is_anomaly, dtype=bool)
        if labels.shape != (len(validation),):
            raise ValueError(
                f"validation_is_anomaly has the shape {labels.shape}, but there are "
                f"{len(validation)} validation beats: one entry a beat is needed."
            )
        if labels.all():
            raise ValueError("validation_signals holds no normal beat, and some are needed.")
        return validation, labels

    def _make_scaler(self) -> Any:
        """Return a fresh scaler, or None."""
        if not isinstance(self.scaler, str):
            return None if self.scaler is None else clone(self.scaler)
        if self.scaler == "auto":
            low, high = self.autoencoder_.output_range
            unlimited = np.isinf(low) and np.isinf(high)
            return None if unlimited else MinMaxScaler((max(low, -1), min(high, 1)))
        if self.scaler not in SCALERS:
            raise ValueError(
                f"there is no scaler {self.scaler!r}; there are {['auto', *sorted(SCALERS)]}."
            )
        return clone(SCALERS[self.scaler])

    def _check_reach(self, scaled: FloatArray) -> None:
        """Refuse to train an output layer on values that it cannot reach."""
        low, high = self.autoencoder_.output_range
        slack = 1e-6  # of rounding
        fits = low - slack <= scaled.min() and scaled.max() <= high + slack
        if fits or not isinstance(self.scaler, str | None):
            return
        raise ValueError(
            f"the output of this {type(self.autoencoder_).__name__} reaches from {low:g} to "
            f"{high:g}, but with scaler={self.scaler!r} the beats reach from {scaled.min():.3g} to "
            f'{scaled.max():.3g}: it could never rebuild them. Take scaler="auto", or '
            'output_activation="linear", which reaches everything.'
        )

    def _make_autoencoder(self, rng: np.random.RandomState) -> Autoencoder:
        """Return a fresh autoencoder, with what this detector says about it."""
        named = isinstance(self.autoencoder, str)
        autoencoder = make_autoencoder(self.autoencoder) if named else clone(self.autoencoder)
        n_threads = None if self.n_jobs is None else effective_n_jobs(self.n_jobs)
        settings = {"loss": self.loss, "device": self.device, "n_threads": n_threads}
        if self.progress:
            settings["progress"] = True
        if named or self.random_state is not None:
            settings["random_state"] = int(rng.randint(2**31 - 1))
        given = {key: value for key, value in settings.items() if value is not None}
        unknown = given.keys() - autoencoder.get_params(deep=False).keys()
        if unknown:
            names = sorted({"n_threads": "n_jobs"}.get(key, key) for key in unknown)
            raise ValueError(
                f"{type(autoencoder).__name__} knows no {' and no '.join(names)}: leave "
                f"{'it' if len(names) == 1 else 'them'} out, or choose an autoencoder that does."
            )
        return autoencoder.set_params(**given)

    def _scale(self, beats: FloatArray) -> FloatArray:
        """Apply the scaler, if there is one, to beats of any number of channels."""
        if self.scaler_ is None:
            return beats
        return np.asarray(self.scaler_.transform(_flatten(beats))).reshape(beats.shape)

    def _residuals(
        self, beats: FloatArray, scoring: Scoring
    ) -> tuple[FloatArray, npt.NDArray[np.float32] | None]:
        """Return what is left over of each beat, and the codes if they are needed."""
        scaled = self._scale(beats)
        residuals = scaled - self.autoencoder_.reconstruct(scaled)
        return residuals, self.autoencoder_.encode(scaled) if scoring.needs_codes else None


def load_detector(folder: str | os.PathLike[str]) -> AutoencoderDetector:
    """Read a detector that `AutoencoderDetector.save` wrote. Never runs code from the folder.

    Parameters
    ----------
    folder : path-like
        The folder.

    Returns
    -------
    AutoencoderDetector
        A detector that scores as the saved one did.

    Raises
    ------
    DetectorFileError
        If the folder is no saved detector, or it is damaged or of a version that is not understood.
    """
    detector: AutoencoderDetector = read_estimator(folder, _savable_classes(), _check_loaded)
    detector.autoencoder_.history_ = detector.history_
    return detector


def _savable_classes() -> dict[str, str]:
    """List what a saved detector may consist of, by the names that stand in its folder."""
    scorings = (type(make_scoring(name)) for name in SCORINGS)
    kinds = (AutoencoderDetector, *_SAVABLE_SCALERS, *scorings)
    return {kind.__name__: path_of(kind) for kind in kinds} | AUTOENCODERS


def _check_loaded(detector: AutoencoderDetector) -> None:
    """Raise an error unless a loaded detector works: let it score a beat."""
    if "feature_names_in_" in vars(detector):
        detector.feature_names_in_ = np.array(detector.feature_names_in_, dtype=object)
    shape = detector.beat_shape_
    beat = np.linspace(-1, 1, math.prod(shape)).reshape(1, *shape)
    score = detector.scoring_.score(*detector._residuals(beat, detector.scoring_))
    if not np.isfinite([*score, detector.threshold_, *detector.history_["loss"]]).all():
        raise ValueError("it has no finite scores or no finite threshold")


def _refuse_constant(beats: FloatArray) -> None:
    """Refuse flat lines: a lead was off, or a file was misread.

    An autoencoder rebuilds a flat line well and would call it normal, so its score must not pass
    for one. Rows of a few values, as no heartbeat has, may be constant by chance.
    """
    if beats.shape[1] < _SHORTEST_BEAT:
        return
    constant = (np.ptp(beats, axis=1) == 0).reshape(len(beats), -1).any(axis=1)  # in any channel
    if constant.any():
        raise ValueError(
            f"{constant.sum()} of {len(beats)} beats are constant, the first at row "
            f"{np.flatnonzero(constant)[0]}. A flat line is no heartbeat: drop such rows."
        )


def _flatten(beats: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Lay samples and channels of each beat end to end, as scikit-learn's scalers want it."""
    return beats.reshape(len(beats), -1)


def _chunks(
    beats: npt.NDArray[Any] | pd.DataFrame,
) -> Iterator[npt.NDArray[Any] | pd.DataFrame]:
    """Cut many beats into pieces; none at all are one piece, for the check to refuse."""
    rows = beats.iloc if isinstance(beats, pd.DataFrame) else beats
    for start in range(0, max(len(beats), 1), _CHUNK):
        yield rows[start : start + _CHUNK]
