"""`record`: how metrics come out of a notebook, as an output that a program can read.

The output has two forms: a table of text for people (which nbval compares), and JSON under a media
type of its own for the sweep. Nothing else in a notebook is ever taken for a metric.
"""

import logging
import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any

MEDIA_TYPE = "application/vnd.ecglab.record+json"

Scalar = bool | int | float | str | None

# JSON has no word for these; the spelling is JavaScript's.
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

_logger = logging.getLogger("ecglab")


def record(metrics: Mapping[str, Any] | None = None, /, **more: Any) -> None:
    """Record the figures of a run, so that a sweep finds them in the executed notebook.

    Parameters
    ----------
    metrics : mapping of str to scalar, optional
        Figures by name; any mapping does, a pandas Series too. Numbers (NumPy's as well), bool,
        str or None.
    **more
        Further figures, where the name is a Python name.

    Raises
    ------
    TypeError
        If a name is not a str, or a value is not a scalar.

    Notes
    -----
    Several calls in one notebook add up; the last value of a name counts. Outside of a notebook
    the figures go to the log.

    Examples
    --------
    >>> record({"ROC-AUC": 0.99}, n_beats=500)
    """
    figures = {**dict(metrics if metrics is not None else {}), **more}
    encoded = {name: _encode(name, value) for name, value in figures.items()}
    text = "\n".join(f"{name}: {_show(value)}" for name, value in encoded.items())
    shell = sys.modules.get("IPython")  # a notebook has loaded it; nobody else need pay for it
    if shell is not None and shell.get_ipython() is not None:
        from IPython.display import display

        display({MEDIA_TYPE: encoded, "text/plain": text}, raw=True)
    else:
        _logger.info("recorded outside of a notebook: %s", text.replace("\n", ", "))


def find_records(cells: Iterable[Mapping[str, Any]]) -> dict[str, Scalar]:
    """Collect the figures that the cells of an executed notebook have recorded, before `decode`."""
    found: dict[str, Scalar] = {}
    for cell in cells:
        for output in cell.get("outputs", []):
            found.update(output.get("data", {}).get(MEDIA_TYPE, {}))
    return found


def decode(value: Scalar) -> Scalar:
    """Turn the words for NaN and the infinities back into numbers."""
    return _NOT_FINITE.get(value, value) if isinstance(value, str) else value


def _encode(name: Any, value: Any) -> Scalar:
    """Check a figure, and bring it to what JSON can hold."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a figure must be a str, not {name!r}.")
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()  # a NumPy scalar
    if not isinstance(value, bool | int | float | str | None):
        raise TypeError(
            f"the figure {name!r} is a {type(value).__name__}: record numbers, bool, str or None, "
            "one a name."
        )
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, str):
        return value.encode(errors="replace").decode()  # half a character fits in no table
    return value


def _show(value: Scalar) -> str:
    """Write a figure with four digits after the point, more would differ between processors."""
    return f"{value:.4f}" if isinstance(value, float) else str(value)
