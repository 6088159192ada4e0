"""Libraries that not everybody needs: imported when used, or how to install them is said."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

_READING = ("records", "reading this recording")
_NEEDED: Mapping[str, tuple[str, str]] = {
    "edfio": _READING,
    "ipywidgets": ("notebooks", "the threshold slider"),
    "pyarrow": ("parquet", "a Parquet file"),
    "wfdb": _READING,
}
"""Which extra brings a library, and what it is for."""


def import_optional(module: str) -> Any:
    """Import a module of an optional library, without the warnings that some give meanwhile.

    `module` is its full name; what it holds is not checked. `ModuleNotFoundError` if it is not
    installed: the message says how to do that.
    """
    with naming_extra(*_NEEDED[module.partition(".")[0]]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module(module)


@contextmanager
def quiet_wfdb() -> Iterator[Any]:
    """Lend the wfdb library, without the warnings that it sets off in pandas and NumPy."""
    import numpy as np  # `ecglab doctor` reports one that cannot be loaded

    import_optional("wfdb.processing")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield import_optional("wfdb")


@contextmanager
def naming_extra(extra: str, purpose: str) -> Iterator[None]:
    """Say in the `ModuleNotFoundError` how to install what turns out to be missing.

    `extra` is the extra of ecglab that brings it, `purpose` what needs it, as the first words of a
    sentence. (A missing part of ecglab is a fault of its own, and stays one.)
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library == "ecglab":
            raise
        message = (
            f"{purpose} needs {library}, which is not installed. "
            f"Install it with: pip install 'ecglab[{extra}]'"
        )
        raise ModuleNotFoundError(message, name=library) from error
