"""The command ``ecglab sweep report``."""

import argparse

from ecglab.commands._exit import STOPPED, complain, say
from ecglab.errors import SweepError
from ecglab.sweep import report


class Report:
    """Write report.ipynb and report.html about the results of a sweep."""

    EPILOG = None

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Say which arguments there are."""
        parser.add_argument("folder", metavar="RUNS", help="the output folder of a sweep")
        parser.add_argument("--metric", help="what to rank by (default: the first one recorded)")
        parser.add_argument("--seed", metavar="NAME", help="the parameter that is a seed")
        parser.add_argument("--ascending", action="store_true", help="less is better")

    @staticmethod
    def execute(arguments: argparse.Namespace) -> int:
        """Write the report and say where it is."""
        try:
            path = report(
                arguments.folder,
                metric=arguments.metric,
                seed=arguments.seed,
                ascending=arguments.ascending,
            )
        except SweepError as error:
            return complain(error, STOPPED)
        say(str(path))
        return 0
