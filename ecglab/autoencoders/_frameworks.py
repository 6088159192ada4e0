"""Loading TensorFlow and PyTorch: when they are used, quietly, and both in one process."""

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from ecglab._optional import naming_extra

# One thread at a time: a second one would take the silence for the real stream, and restore that.
_LOCK = threading.Lock()

_logger = logging.getLogger(__name__)


def import_keras() -> ModuleType:
    """Import Keras with TensorFlow as its backend, quietly.

    TensorFlow writes to the process's standard error, below Python's ``sys.stderr``, when it is
    imported and again when it first computes something; none of it concerns a reader of the
    course, and it would be stored in every notebook. Both happen in here, with that stream
    silenced.

    `ImportError` if TensorFlow is not installed, or if Keras already runs on another backend.

    TensorFlow from 2.20 on shows its own copy of LLVM to every library that is loaded after it
    (https://github.com/tensorflow/tensorflow/issues/124205). That of Triton, which comes with
    PyTorch's default build for Linux and is loaded by its first optimiser, then ends the process
    with a segmentation fault. Loaded first, Triton keeps its own copy.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    with _LOCK, _silent_stderr(), naming_extra("tensorflow", "this autoencoder"):
        if "tensorflow" not in sys.modules and find_spec("tensorflow"):
            _load_triton()
        import_module("tensorflow").zeros(1)
        keras = import_module("keras")
    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            f"Keras was already imported on the {keras.backend.backend()!r} backend, and ecglab's "
            "Keras autoencoders need TensorFlow. Restart Python and set KERAS_BACKEND=tensorflow."
        )
    return keras


def import_torch() -> Any:
    """Import PyTorch; `ModuleNotFoundError` if it is not installed.

    Where TensorFlow came first without `import_keras`, Triton can no longer be loaded (see there),
    and PyTorch is made to do without. It needs Triton for ``torch.compile`` on a GPU alone.
    """
    if "tensorflow" in sys.modules and "triton" not in sys.modules and find_spec("triton"):
        sys.modules["triton"] = None  # type: ignore[assignment]  # an import of it now fails
        _logger.info(
            "TensorFlow was loaded first, and loading Triton after it would crash Python: PyTorch "
            "goes without it. For torch.compile on a GPU, import triton before tensorflow."
        )
    with naming_extra("torch", "this autoencoder"):
        return import_module("torch")


def _load_triton() -> None:
    """Load Triton, where there is one; what is wrong with it is not Keras's concern."""
    try:
        import_module("triton")
    except Exception as error:  # a library that cannot be loaded fails in many ways
        _logger.debug("Triton was not loaded: %r", error)


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Send what C code writes to file descriptor 2 nowhere for the duration."""
    if sys.stderr is not None:  # as in programs without a console
        sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
