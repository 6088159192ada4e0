"""The autoencoders. TensorFlow and PyTorch are loaded when one of them is trained, not before."""

from importlib import import_module
from typing import Any

from ecglab.autoencoders._base import Autoencoder
from ecglab.autoencoders._dense import DenseAutoencoder
from ecglab.autoencoders._tensorflow import import_keras

__all__ = ["AUTOENCODERS", "Autoencoder", "DenseAutoencoder", "import_keras", "make_autoencoder"]

AUTOENCODERS = {
    "dense": "ecglab.autoencoders._dense.DenseAutoencoder",
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
