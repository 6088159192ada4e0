"""The autoencoders. TensorFlow and PyTorch are loaded when one of them is trained, not before."""

from ecglab.autoencoders._dense import DenseAutoencoder
from ecglab.autoencoders._tensorflow import import_keras

__all__ = ["DenseAutoencoder", "import_keras"]
