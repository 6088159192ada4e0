"""Parameter values: how they are written down, and which ones fit a notebook's default."""

import json
import sys
from collections.abc import Mapping
from typing import Any


def canonical(value: Any) -> str:
    """Write a plain value as JSON, always in the same way."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def describe(value: Any) -> str:
    """Write a value as YAML would have it, cut short."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 60 else f"{text[:57]}..."


def find_misfit(value: Any, default: Any) -> str | None:
    """Say why a value cannot stand in for a notebook's default, or None if it can.

    A default of None tells nothing about the type, so anything fits it. An int fits a float.
    """
    if not _is_plain(value):
        return "is not a plain value (number, text, true, false, null, list, mapping)"
    if default is None or type(value) is type(default):
        return None
    if type(default) is float and type(value) is int:
        return None if abs(value) <= sys.float_info.max else "is too large for a decimal number"
    if isinstance(default, list | tuple) and isinstance(value, list):
        return None
    hint = ""
    if type(default) is int and type(value) is float:
        hint = "; give the notebook's default a decimal point if it may be a fraction"
    elif value is None:
        hint = "; let the notebook's default be None if it may be left out"
    elif type(default) is str:
        hint = "; put it in quotes if it is meant as text"
    return (
        f"is a {_kind(value)}, but the notebook's default {describe(default)} is a "
        f"{_kind(default)}{hint}"
    )


def normalise(value: Any, default: Any) -> Any:
    """Bring a fitting value to the type of the default, so that 1 and 1.0 are one run."""
    return float(value) if type(default) is float and type(value) is int else value


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    if isinstance(value, float):
        return value - value == 0  # neither infinite nor NaN, which JSON cannot hold
    return value is None or isinstance(value, bool | int | str)


def _kind(value: Any) -> str:
    kinds = {bool: "truth value", int: "whole number", float: "decimal number", str: "text"}
    kinds |= {list: "list", tuple: "list", dict: "mapping", type(None): "null"}
    return kinds.get(type(value), type(value).__name__)
