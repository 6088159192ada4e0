"""How a command ends: what it says to a person or a program, and its exit code.

Results go to standard output, everything else (progress, notes, errors) to standard error.
"""

import argparse
import json
import logging
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ecglab.errors import EcglabError, FewBeatsWarning
from ecglab.reading import Reading

__all__ = [
    "CANNOT",
    "DONE",
    "EXIT_CODES",
    "INTERRUPTED",
    "WRONG_USE",
    "Outcome",
    "UsageError",
    "add_output_options",
    "conclude",
    "show_reading",
]

DONE, CANNOT, WRONG_USE, INTERRUPTED = 0, 1, 2, 130

EXIT_CODES = (
    "Exit codes: 0 done, 1 the input or the model cannot be used, or the output\n"
    "not be written, 2 wrong usage or a package is missing, 130 interrupted. What is\n"
    "not complete is never left under its final name."
)


class UsageError(Exception):
    """Arguments that make no sense together, whatever the files hold."""


@dataclass(frozen=True)
class Outcome:
    """What a command has done.

    Parameters
    ----------
    facts : mapping
        For programs: what JSON can hold.
    lines : sequence of str
        For people: the same in a few lines.
    code : int, default DONE
        The exit code; another one where the work was to find something out, and that is not well.
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


def conclude(work: Callable[[], Outcome], *, as_json: bool) -> int:
    """Do the work of a command and say how it went.

    Parameters
    ----------
    work : callable
        Does it.
    as_json : bool
        Whether the outcome goes to a program.

    Returns
    -------
    int
        The exit code. An error of ecglab's own becomes a message, without a traceback; any other
        one is a fault of ecglab's, and is not hidden.
    """
    failure: tuple[object, int] | None = None
    with _noting() as notes:
        try:
            outcome = work()
        except (UsageError, ImportError) as error:  # an optional package: how to install it is said
            failure = error, WRONG_USE
        except (EcglabError, FloatingPointError) as error:  # the latter: training diverged
            failure = error, CANNOT
        except KeyboardInterrupt:
            failure = "interrupted; nothing was left half written", INTERRUPTED
    if failure is not None:
        return _complain(*failure)
    if as_json:
        text = json.dumps({**outcome.facts, "notes": notes}, allow_nan=False)
    else:
        text = "\n".join(outcome.lines)
    sys.stdout.write(f"{text}\n")
    return outcome.code


@contextmanager
def _noting() -> Iterator[list[str]]:
    """Collect what the library logs and warns of, and say it at the end, below progress bars."""
    notes: list[str] = []

    def note(text: str) -> None:
        if (text := _in_options(text)) not in notes:
            notes.append(text)

    handler = _Notebook(note)
    logger = logging.getLogger("ecglab")
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", FewBeatsWarning)
            warnings.showwarning = lambda message, *_, **__: note(str(message))
            yield notes
    finally:
        logger.removeHandler(handler)
        for text in notes:
            sys.stderr.write(f"ecglab: note: {text}\n")


class _Notebook(logging.Handler):
    """Hands warnings on."""

    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._note = note

    def emit(self, record: logging.LogRecord) -> None:
        """Note a message."""
        self._note(record.getMessage())


def _complain(error: object, code: int) -> int:
    sys.stderr.write(f"ecglab: {_in_options(str(error))}\n")
    return code


# The library advises in its own words, such as label_column=None; here they are options.
_OPTIONS = {
    r"\blabel_column=None\b": "--unlabelled",
    r"\blabel_column\b": "--label-column",
    r"\bnormal_label\b": "--normal-label",
    r"\bignore_columns\b": "--ignore-column",
    r"\bon_bad='drop'": "--drop-bad-rows",
    r"\bheader=True\b": "--header yes",
    r"\bheader=False\b": "--header no",
    r"\bmember=": "--member",
    r"\bsampling_rate\b": "--sampling-rate",
    r"\bannotations=None\b": "--annotations none",
    r"\btrain_minutes\b": "--train-minutes",
}
_COLUMNS = re.compile(r"\bignore_columns=\[([^]]*)\]")


def _in_options(message: str) -> str:
    """Say what to do in words of the command line."""
    message = _COLUMNS.sub(_ignore_each, message)
    for pattern, option in _OPTIONS.items():
        message = re.sub(pattern, option, message)
    return message


def _ignore_each(columns: re.Match[str]) -> str:
    return " ".join(f"--ignore-column {column.strip()}" for column in columns[1].split(","))
