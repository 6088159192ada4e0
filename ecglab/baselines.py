"""The detectors that everybody should try before an autoencoder.

Each is a few lines over scikit-learn or PyOD. `BASELINES` and `PYOD_BASELINES` list them by name,
local outlier factor, one-class SVM and isolation forest in scikit-learn's own classes among them.
All follow scikit-learn's polarity: higher `score_samples` is more normal, `predict` gives +1 / -1.
"""

import os
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from sklearn import neighbors
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ecglab.autoencoders._torch import find_device, import_torch, own_random_numbers

__all__ = [
    "BASELINES",
    "PYOD_BASELINES",
    "MahalanobisDistance",
    "MeanBeatDistance",
    "NearestNeighbours",
    "PCAReconstruction",
    "PyODDetector",
]

FloatArray = npt.NDArray[np.float64]


class _Baseline(OutlierMixin, BaseEstimator, ABC):
    """What the baselines have in common: all but learning from beats and scoring them.

    A subclass writes `_learn` and `_strangeness`, and lists ``contamination`` among its own
    parameters, because scikit-learn reads them off the constructor.

    Attributes
    ----------
    offset_ : float
        What `decision_function` subtracts from `score_samples`.
    n_features_in_ : int
        Samples in a beat.
    """

    contamination: float
    offset_: float

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:
        """Learn what normal beats look like.

        Parameters
        ----------
        X : array_like of shape (n_beats, n_samples)
            Normal beats, at least two.
        y : object
            Ignored; there for scikit-learn's conventions.

        Returns
        -------
        Self
            Itself.

        Raises
        ------
        ValueError
            If beats hold NaN or infinite samples or are too few, or a parameter is out of range.
        """
        if not 0 < self.contamination <= 0.5:
            raise ValueError(
                f"contamination must be a share above 0 and up to 0.5, not {self.contamination}."
            )
        beats = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        self._learn(beats)
        self.offset_ = float(np.quantile(-self._training_strangeness(beats), self.contamination))
        return self

    def score_samples(self, X: npt.ArrayLike) -> FloatArray:
        """Score beats; higher is more normal.

        Parameters
        ----------
        X : array_like of shape (n_beats, n_samples)
            Beats of the length seen in training.

        Returns
        -------
        ndarray of shape (n_beats,)
            One score a beat: minus the distance or error that the class describes.
        """
        check_is_fitted(self, "offset_")
        return -self._strangeness(validate_data(self, X, reset=False, dtype=np.float64))

    def decision_function(self, X: npt.ArrayLike) -> FloatArray:
        """Score beats with the threshold at zero; below zero is an anomaly.

        Parameters
        ----------
        X : array_like of shape (n_beats, n_samples)
            Beats of the length seen in training.

        Returns
        -------
        ndarray of shape (n_beats,)
            ``score_samples(X) - offset_``.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Call each beat normal (+1) or an anomaly (-1).

        Parameters
        ----------
        X : array_like of shape (n_beats, n_samples)
            Beats of the length seen in training.

        Returns
        -------
        ndarray of int, shape (n_beats,)
            -1 where `decision_function` lies below zero, else +1.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    @abstractmethod
    def _learn(self, beats: FloatArray) -> None:
        """Learn from checked beats."""

    @abstractmethod
    def _strangeness(self, beats: FloatArray) -> FloatArray:
        """Score checked beats; higher is stranger."""

    def _training_strangeness(self, beats: FloatArray) -> FloatArray:
        """Score the beats that were learnt from; they may need to be told from new ones."""
        return self._strangeness(beats)


class PCAReconstruction(_Baseline):
    """Mean squared error with which the first principal components rebuild a beat.

    The linear autoencoder, and solved exactly.

    Parameters
    ----------
    n_components : int, default 2
        Components to rebuild from. More of them rebuild anomalies better, too, and detect worse.
    contamination : float, default 0.05
        Share of the training beats that `predict` would flag.
    random_state : int, RandomState or None, default None
        Seed of scikit-learn's randomised solver, which it takes for large tables only.

    Attributes
    ----------
    pca_ : sklearn.decomposition.PCA
        The fitted components.
    offset_ : float
        What `decision_function` subtracts from `score_samples`.

    References
    ----------
    J. E. Jackson and G. S. Mudholkar, "Control procedures for residuals associated with principal
    component analysis", Technometrics 21(3), 1979, doi 10.1080/00401706.1979.10489779.

    Examples
    --------
    >>> from ecglab.baselines import PCAReconstruction
    >>> from ecglab.datasets import make_heartbeats
    >>> beats = make_heartbeats(500, random_state=0)
    >>> detector = PCAReconstruction().fit(beats.normal.signals)
    >>> detector.predict(beats.anomalies.signals[:3]).tolist()
    [-1, -1, -1]
    """

    def __init__(
        self, n_components: int = 2, *, contamination: float = 0.05, random_state: Any = None
    ) -> None:
        self.n_components = n_components
        self.contamination = contamination
        self.random_state = random_state

    def _learn(self, beats: FloatArray) -> None:
        self.pca_ = PCA(self.n_components, random_state=self.random_state).fit(beats)

    def _strangeness(self, beats: FloatArray) -> FloatArray:
        rebuilt = self.pca_.inverse_transform(self.pca_.transform(beats))
        return np.square(beats - rebuilt).mean(axis=1)


class NearestNeighbours(_Baseline):
    """Mean Euclidean distance to the nearest training beats.

    Parameters
    ----------
    n_neighbors : int, default 5
        How many of them; there must be more training beats than that.
    contamination : float, default 0.05
        Share of the training beats that would be flagged if each were new. `predict` flags fewer of
        them, because to `predict` every training beat has itself for a neighbour.

    Attributes
    ----------
    neighbours_ : sklearn.neighbors.NearestNeighbors
        The training beats, ready to be searched.
    offset_ : float
        What `decision_function` subtracts from `score_samples`.

    References
    ----------
    F. Angiulli and C. Pizzuti, "Fast outlier detection in high dimensional spaces", PKDD 2002,
    doi 10.1007/3-540-45681-3_2.
    """

    def __init__(self, n_neighbors: int = 5, *, contamination: float = 0.05) -> None:
        self.n_neighbors = n_neighbors
        self.contamination = contamination

    def _learn(self, beats: FloatArray) -> None:
        self.neighbours_ = neighbors.NearestNeighbors(n_neighbors=self.n_neighbors).fit(beats)

    def _strangeness(self, beats: FloatArray) -> FloatArray:
        return self.neighbours_.kneighbors(beats)[0].mean(axis=1)

    def _training_strangeness(self, beats: FloatArray) -> FloatArray:
        """Leave each beat out of its own neighbours, as scikit-learn does when given no beats."""
        return self.neighbours_.kneighbors()[0].mean(axis=1)


class MahalanobisDistance(_Baseline):
    """Distance to the mean training beat, in standard deviations along each principal axis.

    The covariance matrix is shrunk after Ledoit and Wolf: beats that were standardised one by one
    have a singular one, and a few hundred of them do not determine 140 x 140 entries.

    Parameters
    ----------
    contamination : float, default 0.05
        Share of the training beats that `predict` would flag.

    Attributes
    ----------
    covariance_ : sklearn.covariance.LedoitWolf
        The fitted mean and covariance matrix.
    offset_ : float
        What `decision_function` subtracts from `score_samples`.

    References
    ----------
    O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional covariance matrices",
    Journal of Multivariate Analysis 88(2), 2004, doi 10.1016/S0047-259X(03)00096-4.
    """

    def __init__(self, *, contamination: float = 0.05) -> None:
        self.contamination = contamination

    def _learn(self, beats: FloatArray) -> None:
        self.covariance_ = LedoitWolf().fit(beats)

    def _strangeness(self, beats: FloatArray) -> FloatArray:
        return np.sqrt(self.covariance_.mahalanobis(beats))  # scikit-learn's are squared


class MeanBeatDistance(_Baseline):
    """Euclidean distance to the mean training beat: what template matching amounts to.

    Parameters
    ----------
    contamination : float, default 0.05
        Share of the training beats that `predict` would flag.

    Attributes
    ----------
    mean_beat_ : ndarray of shape (n_samples,)
        The mean training beat.
    offset_ : float
        What `decision_function` subtracts from `score_samples`.
    """

    def __init__(self, *, contamination: float = 0.05) -> None:
        self.contamination = contamination

    def _learn(self, beats: FloatArray) -> None:
        self.mean_beat_ = beats.mean(axis=0)

    def _strangeness(self, beats: FloatArray) -> FloatArray:
        return np.linalg.norm(beats - self.mean_beat_, axis=1)


class _PyODModel(NamedTuple):
    """Where one of PyOD's detectors lives, and what it must be told to run at all, and quietly."""

    path: str
    uses_torch: bool
    settings: Callable[[int, int], dict[str, Any]]  # from the numbers of beats and of samples


_PYOD_MODELS: Mapping[str, _PyODModel] = {
    "autoencoder": _PyODModel(
        "pyod.models.auto_encoder.AutoEncoder",
        uses_torch=True,
        # It drops the last, incomplete batch; fewer beats than PyOD's batch size would be no batch.
        settings=lambda n_beats, n_samples: {"batch_size": min(32, n_beats), "verbose": 0},
    ),
    "inne": _PyODModel(
        "pyod.models.inne.INNE", uses_torch=False, settings=lambda n_beats, n_samples: {}
    ),
    "lunar": _PyODModel(
        "pyod.models.lunar.LUNAR", uses_torch=True, settings=lambda n_beats, n_samples: {}
    ),
    "deep_svdd": _PyODModel(
        "pyod.models.deep_svdd.DeepSVDD",
        uses_torch=True,
        settings=lambda n_beats, n_samples: {"n_features": n_samples, "verbose": 0},
    ),
}


class PyODDetector(_Baseline):
    """A detector of PyOD, with PyOD's own settings and scikit-learn's polarity.

    PyOD is imported when the detector is fitted. Its scores are higher for stranger beats; they are
    negated here. Its neural detectors seed the random numbers of the whole process; the caller's
    are put back.

    Parameters
    ----------
    algorithm : {"autoencoder", "inne", "lunar", "deep_svdd"}, default "autoencoder"
        Dense autoencoder, isolation by nearest-neighbour ensembles, LUNAR (a graph network over
        the distances to neighbours), or Deep SVDD.
    params : mapping, optional
        Arguments of PyOD's class; its defaults when left out.
    contamination : float, default 0.05
        Share of the training beats that `predict` would flag.
    random_state : int, RandomState or None, default None
        Seed of everything that PyOD draws. The same int gives the same scores on the same machine.

    Attributes
    ----------
    model_ : object
        PyOD's fitted detector.
    offset_ : float
        What `decision_function` subtracts from `score_samples`.

    Raises
    ------
    ImportError
        When fitted, if PyOD, or PyTorch where it is needed, is not installed.
    ValueError
        When fitted, if there is no algorithm of the given name.

    References
    ----------
    Y. Zhao et al., "PyOD: a Python toolbox for scalable outlier detection", JMLR 20(96), 2019.
    T. R. Bandaragoda et al., "Isolation-based anomaly detection using nearest-neighbor ensembles",
    Computational Intelligence 34(4), 2018, doi 10.1111/coin.12156.
    A. Goodge et al., "LUNAR: unifying local outlier detection methods via graph neural networks",
    AAAI 2022, doi 10.1609/aaai.v36i6.20629.
    L. Ruff et al., "Deep one-class classification", ICML 2018.
    """

    def __init__(
        self,
        algorithm: str = "autoencoder",
        *,
        params: Mapping[str, Any] | None = None,
        contamination: float = 0.05,
        random_state: Any = None,
    ) -> None:
        self.algorithm = algorithm
        self.params = params
        self.contamination = contamination
        self.random_state = random_state

    def _learn(self, beats: FloatArray) -> None:
        if self.algorithm not in _PYOD_MODELS:
            raise ValueError(
                f"there is no algorithm {self.algorithm!r}; there are {sorted(_PYOD_MODELS)}."
            )
        make_model = _import_pyod(self.algorithm)
        settings = _PYOD_MODELS[self.algorithm].settings(*beats.shape) | dict(self.params or {})
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        with _isolated(self.algorithm, seed):
            self.model_ = make_model(random_state=seed, **settings).fit(beats)

    def _strangeness(self, beats: FloatArray) -> FloatArray:
        # Nothing is left to chance here, but PyTorch's loaders draw a seed whenever they start.
        with _isolated(self.algorithm, seed=0):
            return np.asarray(self.model_.decision_function(beats), dtype=np.float64)


def _import_pyod(algorithm: str) -> Callable[..., Any]:
    """Import one of PyOD's classes."""
    model = _PYOD_MODELS[algorithm]
    module, _, class_name = model.path.rpartition(".")
    try:
        if model.uses_torch:
            import_module("torch")  # first, because PyOD prints when it is missing
        make_model: Callable[..., Any] = getattr(import_module(module), class_name)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"PyOD's detector {algorithm!r} needs {error.name!r}, which is not installed. "
            "Install it with: pip install 'ecglab[pyod]'"
        ) from error
    return make_model


@contextmanager
def _isolated(algorithm: str, seed: int) -> Iterator[None]:
    """Let PyOD compute on one thread from random numbers of its own, and leave no trace of it.

    With another number of threads sums are rounded differently, which is enough for LUNAR to
    settle on another epoch. One is also the faster on networks as small as these.
    """
    if not _PYOD_MODELS[algorithm].uses_torch:
        yield
        return
    torch = import_torch()
    n_threads = torch.get_num_threads()
    # "auto", because torch.manual_seed, which PyOD calls, reseeds accelerators as well.
    with _kept_random_numbers(), own_random_numbers(seed, find_device("auto")):
        try:
            torch.set_num_threads(1)
            np.random.seed(seed)  # noqa: NPY002  (Deep SVDD shuffles with it, and never seeds it)
            yield
        finally:
            torch.set_num_threads(n_threads)


@contextmanager
def _kept_random_numbers() -> Iterator[None]:
    """Give Python's and NumPy's global random numbers back as they were; PyOD seeds both."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    hash_seed = os.environ.get("PYTHONHASHSEED")  # PyOD sets it, and child processes would see it
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        os.environ.pop("PYTHONHASHSEED", None)
        if hash_seed is not None:
            os.environ["PYTHONHASHSEED"] = hash_seed


BASELINES: Mapping[str, Callable[[int], Any]] = {
    "PCA, 2 components": lambda seed: PCAReconstruction(2, random_state=seed),
    "PCA, 8 components": lambda seed: PCAReconstruction(8, random_state=seed),
    "PCA, 32 components": lambda seed: PCAReconstruction(32, random_state=seed),
    "PCA, 64 components": lambda seed: PCAReconstruction(64, random_state=seed),
    "5 nearest neighbours": lambda seed: NearestNeighbours(5),
    "local outlier factor": lambda seed: LocalOutlierFactor(n_neighbors=20, novelty=True),
    "one-class SVM": lambda seed: OneClassSVM(nu=0.02),
    "isolation forest": lambda seed: IsolationForest(n_estimators=200, random_state=seed),
    "Mahalanobis distance": lambda seed: MahalanobisDistance(),
    "distance to the mean beat": lambda seed: MeanBeatDistance(),
}
"""Untrained detectors by name: what makes one, from its seed, which some have no use for."""

PYOD_BASELINES: Mapping[str, Callable[[int], Any]] = {
    "PyOD autoencoder": lambda seed: PyODDetector("autoencoder", random_state=seed),
    "PyOD INNE": lambda seed: PyODDetector("inne", random_state=seed),
    "PyOD LUNAR": lambda seed: PyODDetector("lunar", random_state=seed),
    "PyOD Deep SVDD": lambda seed: PyODDetector("deep_svdd", random_state=seed),
}
"""The same for PyOD's detectors, which need ``pip install 'ecglab[pyod]'`` when fitted."""
