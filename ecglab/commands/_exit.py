"""How a command ends: what it says to a person or a program, and its exit code.

Results go to standard output, everything else (progress, notes, errors) to standard error.
"""

import argparse
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

from ecglab.errors import Argument, EcglabError, FewBeatsWarning, Message
from ecglab.reading import Reading

DONE, CANNOT, WRONG_USE, STOPPED, INTERRUPTED = 0, 1, 2, 3, 130

EXIT_CODES = (
    "Exit codes: 0 done, 1 the input or the model cannot be used, or the output\n"
    "not be written, 2 wrong usage or a package is missing, 130 interrupted. What is\n"
    "not complete is never left under its final name."
)


class UsageError(Exception):
    """Arguments that make no sense together, whatever the files hold."""


@dataclass(frozen=True)
class Outcome:
    """What a command has done: for programs, what JSON can hold; for people, a few lines.

    The exit code is another one than `DONE` where the work was to find something out, and that is
    not well.
    """

    facts: Mapping[str, Any]
    lines: Sequence[str]
    code: int = DONE


def show_reading(reading: Reading) -> list[str]:
    """Say how a file was read, a line for each decision, so that a wrong one is seen."""
    return [f"  {decision}" for decision in reading]


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add what every command offers, and let it lay out its own examples."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def concluded(
    work: Callable[[argparse.Namespace], Outcome],
) -> Callable[[argparse.Namespace], int]:
    """Make of the work of a command one that says how it went, and returns the exit code.

    An error of ecglab's own becomes a message, without a traceback; any other one is a fault of
    ecglab's, and is not hidden.
    """

    @wraps(work)
    def execute(arguments: argparse.Namespace) -> int:
        try:
            with _noting() as notes:
                outcome = work(arguments)
        except (UsageError, ImportError) as error:  # an optional package: how to install it is said
            return complain(error, WRONG_USE)
        except (EcglabError, FloatingPointError) as error:  # the latter: training diverged
            return complain(error, CANNOT)
        except KeyboardInterrupt:
            return complain("interrupted; nothing was left half written", INTERRUPTED)
        if arguments.json:
            text = json.dumps({**outcome.facts, "notes": notes}, allow_nan=False)
        else:
            text = "\n".join(outcome.lines)
        say(text)
        return outcome.code

    return execute


def say(text: str) -> None:
    """Speak to the person at the terminal; the library itself never prints."""
    sys.stdout.write(f"{text}\n")


def complain(said: object, code: int) -> int:
    """Say what went wrong, and return the exit code."""
    sys.stderr.write(f"ecglab: {_in_options(said)}\n")
    return code


@contextmanager
def _noting() -> Iterator[list[str]]:
    """Collect what the library logs and warns of, and say it at the end, below progress bars."""
    notes: list[str] = []

    def note(said: object) -> None:
        if (text := _in_options(said)) not in notes:
            notes.append(text)

    logger, handler = logging.getLogger("ecglab"), _Notebook(note)
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", FewBeatsWarning)
            warnings.showwarning = lambda message, *_, **__: note(message)
            yield notes
    finally:
        logger.removeHandler(handler)
        for text in notes:
            sys.stderr.write(f"ecglab: note: {text}\n")


class _Notebook(logging.Handler):
    """Hands warnings on: texts, or a `Message` as it is."""

    def __init__(self, note: Callable[[object], None]) -> None:
        super().__init__(logging.WARNING)
        self._note = note

    def emit(self, record: logging.LogRecord) -> None:
        """Note a message."""
        self._note(record.msg if isinstance(record.msg, Message) else record.getMessage())


# The library advises on its own arguments; here they are options.
OPTIONS: Mapping[Argument, str] = {
    "label_column": "--label-column",
    ("label_column", None): "--unlabelled",
    "normal_label": "--normal-label",
    "ignore_columns": "--ignore-column",
    ("on_bad", "drop"): "--drop-bad-rows",
    ("header", True): "--header yes",
    ("header", False): "--header no",
    "member": "--member",
    "sampling_rate": "--sampling-rate",
    ("annotations", None): "--annotations none",
    "train_minutes": "--train-minutes",
}
"""The option for each argument, or argument with a value, on which an error advises."""


def _in_options(said: object) -> str:
    """Say something in words of the command line."""
    message = getattr(said, "message", said)  # that of an error
    return message.phrase(_option) if isinstance(message, Message) else str(said)


def _option(argument: Argument) -> str:
    if isinstance(argument, tuple) and isinstance(argument[1], list):
        return " ".join(f"{OPTIONS[argument[0]]} {value}" for value in argument[1])
    return OPTIONS[argument]
