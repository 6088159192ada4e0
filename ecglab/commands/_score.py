"""The command ``ecglab score``."""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.batch import ScoreSummary, TableWriter, check_out, find_strangest, score_file
from ecglab.commands._exit import EXIT_CODES, Outcome, add_output_options, concluded, show_reading
from ecglab.commands._options import (
    add_record_options,
    add_table_options,
    is_recording,
    read_recording,
    table_options,
)
from ecglab.commands._show import count_reasons, describe, list_rows, share, show_beats, show_found
from ecglab.datasets import Record
from ecglab.detector import AutoencoderDetector, load_detector
from ecglab.errors import DetectorFileError

_MANY_FLAGGED = (
    "  more than half: the model may not fit these beats (another patient, cut or scaled otherwise)"
)


class Score:
    """Score every beat of a table or a recording with a trained detector."""

    EPILOG = f"""examples:
  ecglab score model beats.csv --out strange.csv
  ecglab score model folder/106.hea --out strange.parquet
  ecglab score model beats.csv --out strange.csv --json

The scores have one row a beat: its position (beat), score (higher is
stranger), is_anomaly (whether the score lies above the threshold) and, if
there are labels, label; of a recording also time (of the R peak, in seconds),
rr_before and rr_after (seconds) and, if annotated, symbol. Tables of any size
are read in pieces. A recording is cut into beats of as many samples as the
model takes, from 0.25 s before to 0.45 s after the R peak: a model of beats
that were cut otherwise will find most of them strange.

{EXIT_CODES}"""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Say which arguments there are."""
        add_output_options(parser)
        parser.add_argument("model", metavar="MODEL", help="a folder that 'ecglab train' saved")
        parser.add_argument("file", metavar="FILE", help="a table of beats, or a recording")
        parser.add_argument(
            "--out", required=True, type=_table, metavar="SCORES", help="a .csv or .parquet file"
        )
        parser.add_argument(
            "--threshold", type=_finite, metavar="VALUE", help="instead of the model's own"
        )
        add_table_options(parser)
        add_record_options(parser)

    @staticmethod
    @concluded
    def execute(arguments: argparse.Namespace) -> Outcome:
        """Score and sum up."""
        options = table_options(arguments)
        detector = load_detector(Path(arguments.model).expanduser())
        if detector.beat_shape_ != (detector.n_features_in_,):
            raise DetectorFileError(
                f"{arguments.model} was trained on beats of several channels, and files are read "
                "as beats of one. Score them with reconstruction_error, from Python."
            )
        if arguments.threshold is not None:
            detector.threshold_ = arguments.threshold
        reasons: dict[str, int] = {}
        if is_recording(arguments):
            summary, reasons = _score_recording(arguments, detector)
        else:
            summary = score_file(
                detector,
                arguments.file,
                arguments.out,
                progress=not arguments.quiet,
                **options,
            )
        return _sum_up(arguments, summary, reasons)


# A recording


def _score_recording(
    arguments: argparse.Namespace, detector: AutoencoderDetector
) -> tuple[ScoreSummary, dict[str, int]]:
    """Score a recording, which fits in memory; say also why how many beats were set aside."""
    path, out = Path(arguments.file).expanduser(), arguments.out.expanduser()
    started = time.perf_counter()
    check_out(path, out)
    with TableWriter(out) as writer:
        record = read_recording(arguments, detector.n_features_in_)
        scores = detector.reconstruction_error(record.signals)
        flagged = scores > detector.threshold_
        table = _tabulate(record, scores, flagged)
        writer.write(table)
    labelled = record.symbols is not None
    summary = ScoreSummary(
        path=path,
        out=out,
        n_beats=len(record),
        n_anomalies=int(flagged.sum()),
        n_unscored=0,
        n_set_aside=len(record.set_aside),
        threshold=float(detector.threshold_),
        seconds=time.perf_counter() - started,
        n_labelled_anomalies=int(record.is_anomaly.sum()) if labelled else None,
        n_detected=int((record.is_anomaly & flagged).sum()) if labelled else None,
        reading=record.reading,
        strangest=find_strangest(table),
    )
    return summary, count_reasons(record)


def _tabulate(
    record: Record, scores: npt.NDArray[np.float64], flagged: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    """Put the scores beside what is known of each beat."""
    intervals = np.asarray(record.rr_intervals)
    table = pd.DataFrame(
        {
            "beat": np.arange(len(record)),
            "score": scores,
            "is_anomaly": flagged,
            "time": record.times,
            "rr_before": intervals[:, 0],
            "rr_after": intervals[:, 1],
        }
    )
    if record.symbols is not None:
        table["symbol"] = record.symbols.astype(object)
        table["label"] = record.labels
    return table


# What is said about it


def _sum_up(
    arguments: argparse.Namespace, summary: ScoreSummary, reasons: dict[str, int]
) -> Outcome:
    n_beats, n_strange, n_aside = summary.n_beats, summary.n_anomalies, summary.n_set_aside
    recall = false_alarms = None
    by_labels: list[str] = []
    if summary.n_detected is not None and summary.n_labelled_anomalies is not None:
        n_normal = n_beats - summary.n_unscored - summary.n_labelled_anomalies
        recall = share(summary.n_detected, summary.n_labelled_anomalies)
        false_alarms = share(n_strange - summary.n_detected, n_normal)
        by_labels = [
            "by the labels (flattering, if the model was trained on beats of this file):",
            *show_found(recall, false_alarms),
        ]
    facts = {
        "command": "score",
        "model": arguments.model,
        "file": arguments.file,
        "out": str(summary.out),
        "n_beats": n_beats,
        "n_strange": n_strange,
        "n_unscored": summary.n_unscored,
        "n_set_aside": n_aside,
        "set_aside": reasons,
        "threshold": summary.threshold,
        "reading": summary.reading.as_records(),
        "recall": describe(recall),
        "false_alarms": describe(false_alarms),
        "strangest": list_rows(summary.strangest),
        "seconds": summary.seconds,
        "beats_per_second": summary.beats_per_second,
    }
    why = ", ".join(f"{reason} ({count})" for reason, count in reasons.items())
    lines = [
        f"{summary.path}: {n_beats} beats in {summary.seconds:.1f} s "
        f"({summary.beats_per_second:,.0f} a second)",
        *show_reading(summary.reading),
        f"strange: {n_strange} ({n_strange / n_beats:.1%}), with scores above the threshold "
        f"{summary.threshold:.4g}",
        *([_MANY_FLAGGED] if n_strange > n_beats / 2 else []),
        *([f"set aside: {n_aside}, {why or 'rows that are no beats'}"] if n_aside else []),
        *([f"without a score: {summary.n_unscored} flat lines"] if summary.n_unscored else []),
        *by_labels,
        *show_beats(summary.strangest),
        f"scores: {summary.out}",
    ]
    return Outcome(facts, lines)


def _table(text: str) -> Path:
    """Read the name of a table to write."""
    path = Path(text)
    if path.suffix not in (".csv", ".parquet"):
        raise argparse.ArgumentTypeError(f"{text} does not end in .csv or .parquet")
    return path


def _finite(text: str) -> float:
    """Read any number but the endless ones."""
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number")
    return value
