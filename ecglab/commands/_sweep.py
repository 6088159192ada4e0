"""The command ``ecglab sweep``."""

import argparse

import joblib

from ecglab.commands._exit import INTERRUPTED, STOPPED, WRONG_USE, complain, say
from ecglab.commands._options import positive, positive_int
from ecglab.errors import GridError, SweepError
from ecglab.sweep import plan, run

_MOST_ROWS = 1000  # of a dry run; the middle of a longer one is left out
_SOME_FAILED = 1


class Sweep:
    """Run a notebook with every combination of a grid of parameters; go on where it stopped."""

    EPILOG = (
        "Exit codes: 0 all runs are done, 1 some have failed, 2 the grid is wrong, 3 the sweep "
        "could not go on (disk full, scheduler lost), 130 interrupted. Whatever happened, the same "
        "command goes on from there."
    )

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Say which arguments there are."""
        parser.add_argument("grid", metavar="GRID.yaml", help="the notebook and its parameters")
        parser.add_argument(
            "--out",
            required=True,
            metavar="RUNS",
            help="a folder, or an address such as s3://bucket/runs",
        )
        parser.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="a running Dask cluster")
        parser.add_argument(
            "--workers",
            type=positive_int,
            metavar="N",
            help="workers to start here (default: cores)",
        )
        parser.add_argument(
            "--timeout", type=positive, metavar="S", help="seconds that one run may take"
        )
        parser.add_argument(
            "--memory", type=positive, metavar="MIB", help="memory that one run may use, in MiB"
        )
        parser.add_argument("--retry-failed", action="store_true", help="repeat failed runs")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="list the runs and the expected time, run nothing",
        )
        parser.add_argument("--quiet", action="store_true", help="no progress bar")

    @staticmethod
    def execute(arguments: argparse.Namespace) -> int:
        """Run the sweep, or list its runs."""
        try:
            return _dry_run(arguments) if arguments.dry_run else _run(arguments)
        except SweepError as error:
            return complain(error, WRONG_USE if isinstance(error, GridError) else STOPPED)
        except KeyboardInterrupt:
            return complain("interrupted; the same command goes on from here", INTERRUPTED)


def _run(arguments: argparse.Namespace) -> int:
    table = run(
        arguments.grid,
        arguments.out,
        scheduler=arguments.scheduler,
        n_workers=arguments.workers,
        timeout=arguments.timeout,
        memory_limit=arguments.memory,
        retry_failed=arguments.retry_failed,
        progress=not arguments.quiet,
    )
    n_failed = int((table["status"] == "failed").sum())
    say(f"{len(table) - n_failed} runs done, {n_failed} failed: {arguments.out}")
    if n_failed:
        say("--retry-failed repeats the failed ones; their notebooks hold the tracebacks")
    return _SOME_FAILED if n_failed else 0


def _dry_run(arguments: argparse.Namespace) -> int:
    table = plan(arguments.grid, arguments.out, retry_failed=arguments.retry_failed)
    to_do = table[table["status"] == "to do"]
    say(table.to_string(max_rows=_MOST_ROWS))
    say(f"{len(table)} runs, {len(to_do)} to do")
    if to_do["seconds"].notna().all():
        n_workers = arguments.workers or joblib.cpu_count()
        total = to_do["seconds"].sum()
        say(f"expected: {total:.0f} s, {total / n_workers:.0f} s on {n_workers} workers")
    else:
        say("expected: unknown until one is done")
    return 0
