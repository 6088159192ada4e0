"""What several commands read alike: which beats, numbers, and the files of a pattern."""

import argparse
import glob
from pathlib import Path

from ecglab.commands._exit import UsageError
from ecglab.datasets import Record, TableOptions, data_homes, read_record
from ecglab.errors import DatasetError

_RECORDINGS = (".hea", ".dat", ".atr", ".edf", ".bdf", ".npy", "")
_HEADER = {"auto": "auto", "yes": True, "no": False}


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be said about a table of beats."""
    table = parser.add_argument_group("tables of beats (one beat a row, one sample a column)")
    label = table.add_mutually_exclusive_group()
    label.add_argument(
        "--label-column",
        type=_column,
        default="auto",
        metavar="COLUMN",
        help="name or position of the label; 0 is the first column, -1 the last (default: found)",
    )
    label.add_argument("--unlabelled", action="store_true", help="there is no label")
    table.add_argument("--normal-label", metavar="LABEL", help="the label of a normal beat")
    table.add_argument(
        "--header",
        choices=tuple(_HEADER),
        default="auto",
        help="whether the first line has names of columns (default: found)",
    )
    table.add_argument(
        "--ignore-column",
        type=_column,
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column that is neither label nor sample; may be repeated",
    )
    table.add_argument(
        "--drop-bad-rows",
        action="store_true",
        help="set rows that are no beats aside instead of stopping at the first",
    )
    table.add_argument("--member", metavar="NAME", help="which table in a zip with several")


def add_record_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be said about a continuous recording."""
    record = parser.add_argument_group("recordings (WFDB, EDF, or columns with a sampling rate)")
    record.add_argument(
        "--lead", type=_column, metavar="LEAD", help="name or position (default: MLII, or an ECG)"
    )
    record.add_argument(
        "--annotations",
        default="auto",
        metavar="EXT",
        help="the annotation file that R peaks come from, such as atr; 'none' detects them "
        "(default: annotations if there are any)",
    )
    record.add_argument(
        "--sampling-rate",
        type=positive,
        metavar="HZ",
        help="of a table with one lead a column; makes FILE such a recording",
    )


def table_options(arguments: argparse.Namespace) -> TableOptions:
    """Return what was said about a table, as `ecglab.datasets.read_heartbeats` takes it."""
    if arguments.unlabelled and arguments.normal_label is not None:
        raise UsageError("--normal-label makes no sense with --unlabelled.")
    options: TableOptions = {
        "label_column": None if arguments.unlabelled else arguments.label_column,
        "normal_label": arguments.normal_label,
        "header": _HEADER[arguments.header],  # type: ignore[typeddict-item]
        "ignore_columns": arguments.ignore_column,
        "on_bad": "drop" if arguments.drop_bad_rows else "error",
        "member": arguments.member,
    }
    return options


def is_recording(arguments: argparse.Namespace) -> bool:
    """Say whether the file is a continuous recording, and not a table of beats."""
    return arguments.sampling_rate is not None or Path(arguments.file).suffix.lower() in _RECORDINGS


def read_recording(
    arguments: argparse.Namespace, n_samples: int = 140, *, all_leads: bool = False
) -> Record:
    """Read a recording, cut into beats of a certain length; `DatasetError` if that cannot be."""
    try:
        return read_record(
            arguments.file,
            lead=arguments.lead,
            all_leads=all_leads,
            annotations=None if arguments.annotations == "none" else arguments.annotations,
            sampling_rate=arguments.sampling_rate,
            n_samples=n_samples,
        )
    except ValueError as error:
        raise DatasetError(f"{arguments.file}: {error}") from error


def find_files(pattern: str) -> list[Path]:
    """Find the files of a name or a pattern here, or else in a folder of data."""
    wanted = Path(pattern).expanduser()
    for place in (wanted, *(home / wanted for home in data_homes())):
        if place.is_file():
            return [place]
        if found := sorted(glob.glob(str(place), recursive=True)):
            return [Path(file) for file in found]
    return []


def positive(text: str) -> float:
    """Read a number above zero."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def positive_int(text: str) -> int:
    """Read a whole number above zero."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return value


def named_number(text: str) -> tuple[str, float]:
    """Read NAME=VALUE."""
    name, _, value = text.partition("=")
    return name.strip(), float(value)


def seed(text: str) -> int:
    """Read a seed as NumPy takes it."""
    value = int(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0 to 2**32 - 1")
    return value


def _column(text: str) -> int | str:
    """Read a position or a name."""
    try:
        return int(text)
    except ValueError:
        return text
