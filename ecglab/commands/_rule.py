"""The threshold rule that `ecglab train` is asked for, and its parameters."""

import inspect
import warnings
from collections.abc import Mapping

import numpy as np

from ecglab.commands._outcome import UsageError
from ecglab.thresholds import THRESHOLDS, choose_threshold

__all__ = ["check_rule", "complete", "named_number"]

_TRIAL = 100_000  # made-up scores, so many that no rule finds them too few


def check_rule(rule: str, params: Mapping[str, float]) -> None:
    """Find out before anything is read whether a rule takes these parameters.

    Parameters
    ----------
    rule : str
        A name from `ecglab.thresholds.THRESHOLDS`.
    params : mapping of str to float
        What the rule is to be given.

    Raises
    ------
    UsageError
        If it has no such parameter, or refuses a value.
    """
    known = _defaults(rule)
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise UsageError(
            f"the rule {rule!r} has no parameter {unknown[0]!r}; it has "
            f"{', '.join(known) or 'none'}."
        )
    scores = np.linspace(0, 1, _TRIAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            choose_threshold(rule, scores, scores > scores.mean(), **params)
    except ValueError as error:
        raise UsageError(f"--threshold {rule}: {error}") from error


def complete(rule: str, params: Mapping[str, float]) -> dict[str, float]:
    """Return all parameters of a rule: those given, and the defaults of the others."""
    return {**_defaults(rule), **params}


def named_number(text: str) -> tuple[str, float]:
    """Read NAME=VALUE."""
    name, _, value = text.partition("=")
    return name.strip(), float(value)


def _defaults(rule: str) -> dict[str, float]:
    """List the parameters of a rule; what it chooses by (scores, labels) has no default."""
    parameters = inspect.signature(THRESHOLDS[rule].function).parameters.values()
    return {it.name: it.default for it in parameters if it.default is not it.empty}
