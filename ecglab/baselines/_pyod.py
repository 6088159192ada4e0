"""PyOD's detectors, repeatable, quiet, and with scikit-learn's polarity."""

import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from ecglab._optional import naming_extra
from ecglab.autoencoders import import_torch
from ecglab.baselines._base import Baseline, FloatArray


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


class PyODDetector(Baseline):
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
    .. [1] Y. Zhao et al., "PyOD: a Python toolbox for scalable outlier detection", JMLR 20(96),
       2019.
    .. [2] T. R. Bandaragoda et al., "Isolation-based anomaly detection using nearest-neighbor
       ensembles", Computational Intelligence 34(4), 2018, doi 10.1111/coin.12156.
    .. [3] A. Goodge et al., "LUNAR: unifying local outlier detection methods via graph neural
       networks", AAAI 2022, doi 10.1609/aaai.v36i6.20629.
    .. [4] L. Ruff et al., "Deep one-class classification", ICML 2018.
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
    with naming_extra("pyod", f"PyOD's detector {algorithm!r}"):
        if model.uses_torch:
            import_module("torch")  # first, because PyOD prints when it is missing
        make_model: Callable[..., Any] = getattr(import_module(module), class_name)
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
    from ecglab.autoencoders import own_random_numbers

    n_threads = torch.get_num_threads()
    # An accelerator's too, because torch.manual_seed, which PyOD calls, reseeds it as well.
    with _kept_random_numbers(), own_random_numbers(seed):
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
