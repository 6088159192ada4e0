"""Reading YAML without its surprises.

PyYAML follows YAML 1.1, in which ``1e-3`` is text, ``no`` is false, ``1:30`` is ninety and a
second ``axes:`` silently replaces the first. Here words mean what YAML 1.2's core schema says, and
a key that is given twice is an error.
"""

import re
from collections.abc import Hashable
from typing import Any

import yaml

__all__ = ["read_yaml"]


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the words of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML's own interface)

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.deep_construct = True  # PyYAML refuses a list that holds itself only then

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping, unless a key occurs twice."""
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                line = key_node.start_mark.line + 1
                raise yaml.YAMLError(f"line {line}: the key {key!r} is given twice")
            seen.add(key if isinstance(key, Hashable) else None)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return mapping


# Tried in this order; whatever matches none of them is text.
for _tag, _pattern, _first in (
    ("null", r"(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)"
        r"|[-+]?\.(?:inf|Inf|INF)"
        r"|\.(?:nan|NaN|NAN)",
        list("-+0123456789."),
    ),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first
    )


def read_yaml(text: str) -> Any:
    """Read a YAML document of plain values.

    Raises
    ------
    yaml.YAMLError
        If it is not YAML, asks for anything but plain values, gives a key twice, holds a list or
        mapping that contains itself, is nested too deeply, or has a number of too many digits.
    """
    try:
        return yaml.load(text, _Loader)
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None
    except ValueError as error:  # from Python's int, above some thousand digits; dates
        raise yaml.YAMLError(str(error)) from error
