"""The autoencoders. TensorFlow and PyTorch are loaded when one of them is trained, not before."""

from importlib import import_module
from typing import Any

from ecglab.autoencoders._base import Autoencoder
from ecglab.autoencoders._conv import ConvAutoencoder
from ecglab.autoencoders._dense import DenseAutoencoder
from ecglab.autoencoders._dense_torch import DenseTorchAutoencoder
from ecglab.autoencoders._frameworks import import_keras, import_torch
from ecglab.autoencoders._lstm import LSTMAutoencoder
from ecglab.autoencoders._torch import TorchAutoencoder

__all__ = [
    "AUTOENCODERS",
    "Autoencoder",
    "ConvAutoencoder",
    "DenseAutoencoder",
    "DenseTorchAutoencoder",
    "LSTMAutoencoder",
    "TorchAutoencoder",
    "import_keras",
    "import_torch",
    "make_autoencoder",
]

AUTOENCODERS = {
    "dense": "ecglab.autoencoders._dense.DenseAutoencoder",
    "dense_torch": "ecglab.autoencoders._dense_torch.DenseTorchAutoencoder",
    "lstm": "ecglab.autoencoders._lstm.LSTMAutoencoder",
    "conv": "ecglab.autoencoders._conv.ConvAutoencoder",
}
"""Where each autoencoder lives, by name. A new one is a file and a line here."""


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
    """
    if name not in AUTOENCODERS:
        raise ValueError(f"there is no autoencoder {name!r}; there are {sorted(AUTOENCODERS)}.")
    module, _, class_name = AUTOENCODERS[name].rpartition(".")
    autoencoder: Autoencoder = getattr(import_module(module), class_name)(**params)
    return autoencoder
