"""Importing Keras on TensorFlow without the log lines that TensorFlow prints while it starts."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

__all__ = ["import_keras"]


# One thread at a time: a second one would take the silence for the real stream, and restore that.
_LOCK = threading.Lock()


def import_keras() -> ModuleType:
    """Import Keras with TensorFlow as its backend, quietly.

    TensorFlow writes to the process's standard error, below Python's ``sys.stderr``, when it is
    imported and again when it first computes something; none of it concerns a reader of the
    course, and it would be stored in every notebook. Both happen in here, with that stream
    silenced.

    Returns
    -------
    module
        ``keras``.

    Raises
    ------
    ImportError
        If TensorFlow is not installed, or if Keras already runs on another backend.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    with _LOCK, _silent_stderr():
        try:
            import_module("tensorflow").zeros(1)
            keras = import_module("keras")
        except ModuleNotFoundError as error:
            raise ImportError(
                f"this autoencoder needs TensorFlow, and {error.name!r} is not installed. "
                "Install it with: pip install 'ecglab[tensorflow]'"
            ) from error
    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            f"Keras was already imported on the {keras.backend.backend()!r} backend, and ecglab's "
            "Keras autoencoders need TensorFlow. Restart Python and set KERAS_BACKEND=tensorflow."
        )
    return keras


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
