"""The autoencoders. TensorFlow and PyTorch are loaded when one of them is asked for, not before."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecglab.autoencoders._base import Autoencoder
from ecglab.autoencoders._frameworks import import_keras, import_torch

if TYPE_CHECKING:
    from ecglab.autoencoders._attention import AttentionAutoencoder
    from ecglab.autoencoders._conv import ConvAutoencoder
    from ecglab.autoencoders._dense import DenseAutoencoder
    from ecglab.autoencoders._dense_torch import DenseEnsembleAutoencoder, DenseTorchAutoencoder
    from ecglab.autoencoders._lstm import LSTMAutoencoder
    from ecglab.autoencoders._torch import TorchAutoencoder, own_random_numbers

__all__ = [
    "AUTOENCODERS",
    "AttentionAutoencoder",
    "Autoencoder",
    "ConvAutoencoder",
    "DenseAutoencoder",
    "DenseEnsembleAutoencoder",
    "DenseTorchAutoencoder",
    "LSTMAutoencoder",
    "TorchAutoencoder",
    "import_keras",
    "import_torch",
    "make_autoencoder",
    "own_random_numbers",
]

AUTOENCODERS = {
    "dense": "ecglab.autoencoders._dense.DenseAutoencoder",
    "dense_torch": "ecglab.autoencoders._dense_torch.DenseTorchAutoencoder",
    "dense_ensemble": "ecglab.autoencoders._dense_torch.DenseEnsembleAutoencoder",
    "lstm": "ecglab.autoencoders._lstm.LSTMAutoencoder",
    "conv": "ecglab.autoencoders._conv.ConvAutoencoder",
    "attention": "ecglab.autoencoders._attention.AttentionAutoencoder",
}
"""Where each autoencoder lives, by name. A new one is a file and a line here."""

_LOADED_LATE = {
    path.rpartition(".")[2]: path
    for path in (
        "ecglab.autoencoders._torch.TorchAutoencoder",
        "ecglab.autoencoders._torch.own_random_numbers",
        *AUTOENCODERS.values(),
    )
}


def make_autoencoder(name: str, **params: Any) -> Autoencoder:
    """Build an untrained autoencoder by name.

    Parameters
    ----------
    name : str
        One of `AUTOENCODERS`.
    **params
        Arguments of its class.

    Returns
    -------
    Autoencoder
        The untrained autoencoder.

    Raises
    ------
    ValueError
        If there is no autoencoder of that name.
    ImportError
        If its framework is not installed.
    """
    if name not in AUTOENCODERS:
        raise ValueError(f"there is no autoencoder {name!r}; there are {sorted(AUTOENCODERS)}.")
    autoencoder: Autoencoder = _load(AUTOENCODERS[name])(**params)
    return autoencoder


def __getattr__(name: str) -> Any:
    """Load the class of an autoencoder, and its framework with it, when it is asked for."""
    if name not in _LOADED_LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _load(_LOADED_LATE[name])


def __dir__() -> list[str]:
    """List the public names, those not loaded yet included."""
    return sorted(__all__)


def _load(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name == "torch":
            import_torch()  # says what to install
        raise
