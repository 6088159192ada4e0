"""The command ``ecglab score``."""

import argparse
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.batch import ScoreSummary, TableWriter, check_out, score_file
from ecglab.commands._options import (
    add_record_options,
    add_table_options,
    is_recording,
    read_recording,
    table_options,
)
from ecglab.commands._outcome import (
    EXIT_CODES,
    Outcome,
    add_output_options,
    conclude,
    show_reading,
)
from ecglab.commands._shares import Share, describe, share, show
from ecglab.commands._strangest import find_strangest, list_beats, show_beats
from ecglab.datasets import Record
from ecglab.detector import AutoencoderDetector, load_detector
from ecglab.errors import DetectorFileError

__all__ = ["Score"]

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
    def execute(arguments: argparse.Namespace) -> int:
        """Score and sum up."""
        return conclude(lambda: _score(arguments), as_json=arguments.json)


@dataclass(frozen=True)
class _Scored:
    """What was found in a file, and why how many beats of a recording were set aside."""

    summary: ScoreSummary
    reasons: dict[str, int] = field(default_factory=dict)


def _score(arguments: argparse.Namespace) -> Outcome:
    options = table_options(arguments)
    detector = load_detector(Path(arguments.model).expanduser())
    if detector.beat_shape_ != (detector.n_features_in_,):
        raise DetectorFileError(
            f"{arguments.model} was trained on beats of several channels, and files are read as "
            "beats of one. Score them with reconstruction_error, from Python."
        )
    if arguments.threshold is not None:
        detector.threshold_ = arguments.threshold
    if is_recording(arguments):
        scored = _score_recording(arguments, detector)
    else:
        scored = _Scored(
            score_file(
                detector,
                arguments.file,
                arguments.out,
                progress=not arguments.quiet,
                **options,
            )
        )
    strangest = find_strangest(scored.summary.out)
    return Outcome(_facts(arguments, scored, strangest), _lines(scored, strangest))


# A recording


def _score_recording(arguments: argparse.Namespace, detector: AutoencoderDetector) -> _Scored:
    """Score the beats of a recording, which fits in memory."""
    path, out = Path(arguments.file).expanduser(), arguments.out.expanduser()
    started = time.perf_counter()
    check_out(path, out)
    with TableWriter(out) as writer:
        record = read_recording(arguments, detector.n_features_in_)
        scores = detector.reconstruction_error(record.signals)
        flagged = scores > detector.threshold_
        writer.write(_tabulate(record, scores, flagged))
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
    )
    reasons = record.set_aside["reason"].value_counts()
    return _Scored(summary, {str(reason): int(count) for reason, count in reasons.items()})


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


def _facts(
    arguments: argparse.Namespace, scored: _Scored, strangest: pd.DataFrame
) -> dict[str, Any]:
    summary = scored.summary
    return {
        "command": "score",
        "model": arguments.model,
        "file": arguments.file,
        "out": str(summary.out),
        "n_beats": summary.n_beats,
        "n_strange": summary.n_anomalies,
        "n_unscored": summary.n_unscored,
        "n_set_aside": summary.n_set_aside,
        "set_aside": scored.reasons,
        "threshold": summary.threshold,
        "reading": summary.reading.as_records(),
        "recall": describe(_recall(summary)),
        "false_alarms": describe(_false_alarms(summary)),
        "strangest": list_beats(strangest),
        "seconds": summary.seconds,
        "beats_per_second": summary.beats_per_second,
    }


def _lines(scored: _Scored, strangest: pd.DataFrame) -> list[str]:
    """Write the summary for people."""
    summary = scored.summary
    return [
        f"{summary.path}: {summary.n_beats} beats in {summary.seconds:.1f} s "
        f"({summary.beats_per_second:,.0f} a second)",
        *show_reading(summary.reading),
        f"strange: {summary.n_anomalies} ({summary.n_anomalies / summary.n_beats:.1%}), with "
        f"scores above the threshold {summary.threshold:.4g}",
        *([_MANY_FLAGGED] if summary.n_anomalies > summary.n_beats / 2 else []),
        *_set_aside(scored),
        *_by_labels(summary),
        *show_beats(strangest),
        f"scores: {summary.out}",
    ]


def _set_aside(scored: _Scored) -> list[str]:
    """Say what has no score, and why."""
    lines = []
    if scored.summary.n_set_aside:
        reasons = ", ".join(f"{reason} ({count})" for reason, count in scored.reasons.items())
        lines.append(
            f"set aside: {scored.summary.n_set_aside}, {reasons or 'rows that are no beats'}"
        )
    if scored.summary.n_unscored:
        lines.append(f"without a score: {scored.summary.n_unscored} flat lines")
    return lines


def _by_labels(summary: ScoreSummary) -> list[str]:
    if summary.n_detected is None:
        return []
    return [
        "by the labels (flattering, if the model was trained on beats of this file):",
        f"  recall        {show(_recall(summary))}",
        f"  false alarms  {show(_false_alarms(summary))}",
    ]


def _recall(summary: ScoreSummary) -> Share | None:
    """Return the share of the anomalies that was found; None without labels."""
    if summary.n_detected is None or summary.n_labelled_anomalies is None:
        return None
    return share(summary.n_detected, summary.n_labelled_anomalies)


def _false_alarms(summary: ScoreSummary) -> Share | None:
    """Return the share of the normal beats that was flagged; None without labels."""
    if summary.n_false_alarms is None or summary.n_labelled_anomalies is None:
        return None
    n_scored = summary.n_beats - summary.n_unscored
    return share(summary.n_false_alarms, n_scored - summary.n_labelled_anomalies)


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
