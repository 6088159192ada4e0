"""Anomaly detection in ECG heartbeats with autoencoders.

Importing ecglab costs next to nothing: submodules load when they are first used, and TensorFlow
and PyTorch only when an autoencoder that needs them is built.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecglab._version import __version__

if TYPE_CHECKING:
    from ecglab.detector import AutoencoderDetector, load_detector
    from ecglab.heartbeats import Heartbeats

__all__ = ["AutoencoderDetector", "Heartbeats", "__version__", "load_detector"]

_HOMES = {
    "AutoencoderDetector": "ecglab.detector",
    "Heartbeats": "ecglab.heartbeats",
    "load_detector": "ecglab.detector",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first asked for (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ecglab' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, those not loaded yet included."""
    return sorted(__all__)
