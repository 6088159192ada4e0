"""The command ``ecglab analyse``."""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from ecglab.autoencoders import AUTOENCODERS
from ecglab.batch import N_STRANGEST
from ecglab.commands._exit import (
    EXIT_CODES,
    Outcome,
    add_output_options,
    concluded,
    show_reading,
)
from ecglab.commands._options import add_record_options, positive, read_recording, seed
from ecglab.commands._show import Share, describe, list_beats, share, show, show_beats
from ecglab.recordings import Analysis, analyse, write_results

__all__ = ["Analyse"]


class Analyse:
    """Find the strange beats of a recording, by what is usual in it."""

    EPILOG = f"""examples:
  ecglab analyse folder/106.hea --out report106
  ecglab analyse holter.edf --lead II --train-minutes 10 --out report

The folder gets report.html (for people), strange.csv (the strange beats, the
strangest first) and an annotation file (106.ecglab) that ECG viewers open.
Annotations of the recording give the R peaks, if there are any; which beats
they call normal is not looked at while learning.

{EXIT_CODES}"""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Say which arguments there are."""
        add_output_options(parser)
        parser.add_argument("file", metavar="RECORD", help="a recording of one person")
        parser.add_argument(
            "--out", required=True, type=Path, metavar="FOLDER", help="where the results go"
        )
        parser.add_argument(
            "--train-minutes",
            type=positive,
            metavar="MINUTES",
            help="learn from so many minutes at the beginning, and from the first lead, alone "
            "(default: from all of the recording and all leads)",
        )
        parser.add_argument(
            "--autoencoder", choices=sorted(AUTOENCODERS), help="default: a small dense one"
        )
        parser.add_argument(
            "--random-state", type=seed, default=0, metavar="SEED", help="default: 0"
        )
        add_record_options(parser)

    @staticmethod
    @concluded
    def execute(arguments: argparse.Namespace) -> Outcome:
        """Analyse the recording and write the results."""
        started = time.perf_counter()
        analysis = analyse(
            read_recording(arguments),
            train_minutes=arguments.train_minutes,
            autoencoder=arguments.autoencoder,
            random_state=arguments.random_state,
            progress=not arguments.quiet,
        )
        files = write_results(analysis, arguments.out)
        facts = {
            "command": "analyse",
            "file": arguments.file,
            **_describe(analysis),
            "files": {name: str(file) for name, file in files.items()},
            "seconds": time.perf_counter() - started,
        }
        return Outcome(facts, _lines(facts, analysis))


def _describe(analysis: Analysis) -> dict[str, Any]:
    record = analysis.record
    reasons = record.set_aside["reason"].value_counts()
    recall, false_alarms = _judge(analysis)
    return {
        "reading": record.reading.as_records(),
        "lead": record.lead,
        "duration": record.duration,
        "n_beats": len(record),
        "n_strange": int(analysis.is_strange.sum()),
        "n_set_aside": len(record.set_aside),
        "set_aside": {str(reason): int(count) for reason, count in reasons.items()},
        "train_minutes": analysis.train_minutes,
        "n_training": int(analysis.is_training.sum()),
        "n_learnt": int(analysis.selection.core.sum()),
        "threshold": analysis.threshold,
        "recall": describe(recall),
        "false_alarms": describe(false_alarms),
        "strangest": list_beats(analysis.strange_beats.head(N_STRANGEST).reset_index()),
    }


def _judge(analysis: Analysis) -> tuple[Share | None, Share | None]:
    """Compare the beats after the first minutes with their annotations, where there are any."""
    if analysis.record.symbols is None:
        return None, None
    rest = ~analysis.is_training
    is_anomaly = analysis.record.is_anomaly[rest]
    found, flagged = np.bincount(is_anomaly, analysis.is_strange[rest], minlength=2)[::-1]
    n_anomalies = int(is_anomaly.sum())
    return share(int(found), n_anomalies), share(int(flagged), len(is_anomaly) - n_anomalies)


def _lines(facts: dict[str, Any], analysis: Analysis) -> list[str]:
    """Write the summary for people."""
    strangest = analysis.strange_beats.head(N_STRANGEST).reset_index()
    return [
        f"{facts['file']}: {facts['n_beats']} beats in {facts['duration'] / 60:.1f} minutes, lead "
        f"{facts['lead']}",
        *show_reading(analysis.record.reading),
        *(f"set aside: {count}, {reason}" for reason, count in facts["set_aside"].items()),
        _say_what_was_learnt(facts),
        f"strange: {facts['n_strange']} ({facts['n_strange'] / facts['n_beats']:.1%})",
        *_by_annotations(analysis),
        *show_beats(strangest),
        *(f"{name.replace('_', ' ')}: {path}" for name, path in facts["files"].items()),
        f"done in {facts['seconds']:.1f} s; this is not a medical device",
    ]


def _say_what_was_learnt(facts: dict[str, Any]) -> str:
    if facts["train_minutes"] is None:
        return f"learnt from {facts['n_learnt']} of {facts['n_beats']} beats, in all leads"
    return (
        f"learnt from {facts['n_learnt']} of the {facts['n_training']} beats in the first "
        f"{facts['train_minutes']:g} minutes"
    )


def _by_annotations(analysis: Analysis) -> list[str]:
    if analysis.record.symbols is None or analysis.is_training.all():
        return []
    recall, false_alarms = _judge(analysis)
    return [
        "by the annotations"
        + (":" if analysis.train_minutes is None else ", after these minutes:"),
        f"  recall        {show(recall)}",
        f"  false alarms  {show(false_alarms)}",
    ]
