"""The ``ecglab`` command.

A command is a name of one or two words and a class called after the last one, in a file of its own,
with ``add_arguments(parser)``, ``execute(arguments) -> exit code``, an ``EPILOG`` and a docstring
for its help. It is registered by one line in `COMMANDS`; its file is imported only when it is used.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from ecglab._optional import naming_extra
from ecglab._version import __version__

__all__ = ["COMMANDS", "main"]

WRONG_USE = 2


class Command(NamedTuple):
    """Which extra a command needs, and what it does in a few words."""

    extra: str
    summary: str


COMMANDS: Mapping[str, Command] = {
    "doctor": Command("course", "check that everything is here and works"),
    "fetch": Command("course", "get ECG5000 and verify it"),
    "train": Command("course", "train a detector on a table or a recording"),
    "score": Command("course", "list the strange beats of a table or a recording"),
    "analyse": Command("course", "report on a recording of one person"),
    "compare": Command("records", "judge annotations beat by beat (EC57)"),
    "course grade": Command("sweep", "run what learners handed in, and mark it"),
    "sweep": Command("sweep", "run a notebook over a grid of parameters"),
    "sweep report": Command("sweep", "figures and a ranking of a sweep's results"),
}
"""The commands: which extra each needs, and what it does in a few words."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process when left out.

    Returns
    -------
    int
        The exit code: 0 if all went well, 2 for wrong usage, others as the command says.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    name = _find(words)
    if name is None:
        return _top_level(words)
    try:
        with naming_extra(COMMANDS[name].extra, f"ecglab {name}"):
            command = _load(name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("ecglab"):
            raise
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    parser = argparse.ArgumentParser(
        prog=f"ecglab {name}", description=command.__doc__, epilog=command.EPILOG
    )
    command.add_arguments(parser)
    return int(command.execute(parser.parse_args(words[len(name.split()) :])))


def _find(words: Sequence[str]) -> str | None:
    """Find the longest command with which the arguments begin."""
    for length in (2, 1):
        if (name := " ".join(words[:length])) in COMMANDS:
            return name
    return None


def _load(name: str) -> Any:
    """Import the class of a command."""
    module = import_module(f"ecglab.commands._{name.replace(' ', '_')}")
    return getattr(module, name.split()[-1].title())


def _top_level(words: Sequence[str]) -> int:
    """Answer ``--help``, ``--version``, nothing, and unknown commands."""
    width = max(map(len, COMMANDS)) + 2
    listing = "\n".join(f"  {name:<{width}}{it.summary}" for name, it in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="ecglab",
        description="Anomaly detection in ECG heartbeats with autoencoders.",
        epilog=f"commands:\n{listing}\n\n'ecglab COMMAND --help' says more about one of them.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ecglab {__version__}")
    parser.add_argument("command", metavar="COMMAND", choices=tuple(COMMANDS), help="see below")
    parser.parse_args(list(words[:1]))
    return WRONG_USE


if __name__ == "__main__":
    sys.exit(main())
