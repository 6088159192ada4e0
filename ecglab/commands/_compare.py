"""The command ``ecglab compare``."""

import argparse
import glob
import logging
import math
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import pandas as pd

from ecglab._files import writing
from ecglab.commands._exit import EXIT_CODES, Outcome, UsageError, add_output_options, concluded
from ecglab.commands._options import find_files, positive
from ecglab.commands._show import list_rows
from ecglab.datasets import read_annotations
from ecglab.errors import DatasetError
from ecglab.evaluation import (
    LEARNING_SECONDS,
    beat_figures,
    count_pairs,
    is_paced,
    pair_beats,
    summarise_records,
)

_logger = logging.getLogger("ecglab.commands")


class Compare:
    """Judge annotations of beats by a reference, as ANSI/AAMI EC57 does."""

    EPILOG = f"""examples:
  ecglab compare mitdb/106.atr report106/106.ecglab
  ecglab compare 'mitdb/*.atr' 'reports/*/*.ecglab' --json

REFERENCE and TEST are WFDB annotation files, or patterns in quotation marks
that find many; the files of one record have its name. They are looked for here,
then in $ECGLAB_DATA_HOME. A beat and a mark within 150 ms are a pair, one to
one. The first five minutes do not count; records with paced beats are left out.

Se is sensitivity, +P positive predictivity, FPR false-positive rate; "flagged"
is whatever the test calls anything but normal. The summary's intervals are a
95 % bootstrap over records.

{EXIT_CODES}"""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Say which arguments there are."""
        add_output_options(parser)
        parser.add_argument("reference", metavar="REFERENCE", help="what is right, such as x.atr")
        parser.add_argument("test", metavar="TEST", help="what is to be judged, such as x.qrs")
        parser.add_argument(
            "--from-minute",
            type=_from_zero,
            default=LEARNING_SECONDS / 60,
            metavar="MINUTE",
            help="where the comparison begins (default: 5, as the standard says)",
        )
        parser.add_argument(
            "--escapes",
            choices=("S", "N"),
            default="S",
            help="the class of supraventricular escape beats: S as in the standard (default), N as "
            "in de Chazal et al. 2004",
        )
        parser.add_argument(
            "--include-paced", action="store_true", help="count records with paced beats, too"
        )
        parser.add_argument(
            "--sampling-rate",
            type=positive,
            metavar="HZ",
            help="of annotation files that state none and have no header beside them",
        )
        parser.add_argument(
            "--differences",
            type=Path,
            metavar="FILE",
            help="write a table of all beats that the two disagree about (CSV)",
        )

    @staticmethod
    @concluded
    def execute(arguments: argparse.Namespace) -> Outcome:
        """Compare, and print the figures."""
        compared = {
            record: _compare_record(*files, arguments) for record, files in _find(arguments).items()
        }
        counted = {
            name: it for name, it in compared.items() if arguments.include_paced or not it.paced
        }
        if not counted:
            raise DatasetError(
                "Every record holds paced beats, and the standard leaves these out. With "
                "--include-paced they count."
            )
        if arguments.differences is not None:
            _write_differences(counted, arguments.differences.expanduser())
        left_out = [record for record in compared if record not in counted]
        summary = summarise_records({record: it.counts for record, it in counted.items()})
        facts = {
            "command": "compare",
            "from_minute": arguments.from_minute,
            "escapes": arguments.escapes,
            "records": [it.describe(record) for record, it in compared.items()],
            "left_out": left_out,
            "summary": _plain(summary),
        }
        return Outcome(facts, _lines(counted, left_out, summary))


@dataclass(frozen=True)
class _Compared:
    """One record: its files, its pairs, and what they come to."""

    reference: Path
    test: Path
    paced: bool
    pairs: pd.DataFrame
    counts: pd.DataFrame

    def describe(self, record: str) -> dict[str, Any]:
        """Say the same to a program."""
        return {
            "record": record,
            "reference": str(self.reference),
            "test": str(self.test),
            "paced": self.paced,
            "counts": self.counts.to_dict("index"),
            "figures": _plain(beat_figures(self.counts)),
        }


def _find(arguments: argparse.Namespace) -> dict[str, tuple[Path, Path]]:
    """Return the two files of each record."""
    references, tests = _look_for(arguments.reference), _look_for(arguments.test)
    if not (glob.has_magic(arguments.reference) or glob.has_magic(arguments.test)):
        return {references[0].stem: (references[0], tests[0])}  # whatever they are called
    by_record: list[dict[str, Path]] = []
    for files in (references, tests):
        by_record.append({file.stem: file for file in files})
        if len(by_record[-1]) < len(files):
            raise UsageError("A pattern finds two files of one record: make it narrower.")
    if strangers := sorted(set(by_record[1]) - set(by_record[0])):
        raise DatasetError(f"There is no reference for {', '.join(strangers)}.")
    if lacking := sorted(set(by_record[0]) - set(by_record[1])):
        _logger.warning("not compared, for there is nothing to judge: %s", ", ".join(lacking))
    return {name: (by_record[0][name], by_record[1][name]) for name in sorted(by_record[1])}


def _look_for(pattern: str) -> list[Path]:
    """Find the files of a pattern, at least one."""
    if found := find_files(pattern):
        return found
    raise DatasetError(f"There is no annotation file {pattern!r}, nor any of that pattern.")


def _compare_record(reference: Path, test: Path, arguments: argparse.Namespace) -> _Compared:
    """Pair the beats of one record."""
    right = read_annotations(reference, arguments.sampling_rate)
    # A test file often lies far from the header, and then says nothing about its rate.
    judged = read_annotations(test, right.rate)
    pairs = pair_beats(
        right.times,
        right.symbols,
        judged.times,
        judged.symbols,
        start=60 * arguments.from_minute,
        escapes=arguments.escapes,
    )
    return _Compared(reference, test, is_paced(right.symbols), pairs, count_pairs(pairs))


def _write_differences(compared: dict[str, _Compared], place: Path) -> None:
    """Write the pairs whose two classes differ, record by record."""
    unlike = {name: it.pairs.query("reference != test") for name, it in compared.items()}
    table = pd.concat(unlike, names=["record", None])
    with writing(place) as file:
        table.droplevel(1).to_csv(file, float_format="%.3f", lineterminator="\n")


def _plain(table: pd.DataFrame) -> dict[Any, Any]:
    """Turn a table of figures into what JSON can hold, by the names of its rows."""
    return dict(zip(table.index, list_rows(table), strict=True))


def _lines(counted: dict[str, _Compared], left_out: list[str], summary: pd.DataFrame) -> list[str]:
    """Write tables for people, in per cent."""
    total = reduce(pd.DataFrame.add, (it.counts for it in counted.values()))
    figures = beat_figures(total)
    rows = [
        f"{name:<11}{_percent(gross):>8}  {_range(low, high)}{_percent(average):>9}"
        f"{figures.loc[name, 'count']:>9} of {figures.loc[name, 'of']}"
        for name, gross, low, high, average in summary.iloc[:, :4].itertuples()
    ]
    empty = [str(name) for name in figures.index[figures["of"] == 0]]
    return [
        *_table_of_records(counted),
        "beats, reference down and test across (O: none)",
        *total.to_string(index_names=False).splitlines(),
        "",
        f"{'in per cent':<11}{'gross':>8}  {'95 % over records':<19}{'average':>7}",
        *rows,
        *([f"-: there is nothing to count for {', '.join(empty)}"] if empty else []),
        *([f"left out, with paced beats: {', '.join(left_out)}"] if left_out else []),
    ]


def _table_of_records(counted: dict[str, _Compared]) -> list[str]:
    """Write a line for each record, where there are several."""
    if len(counted) == 1:
        return []
    figures = {record: beat_figures(it.counts)["value"] for record, it in counted.items()}
    cells = pd.DataFrame(figures).T.map(_percent)
    return [*cells.to_string(index_names=False).splitlines(), ""]


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.2f}"


def _range(low: float, high: float) -> str:
    return " " * 17 if math.isnan(low) else f"[{_percent(low):>6}, {_percent(high):>6}] "


def _from_zero(text: str) -> float:
    """Read a number that is not below zero."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number of minutes, 0 or more")
    return value
