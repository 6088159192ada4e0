"""The command ``ecglab train``."""

import argparse
import inspect
import math
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecglab.autoencoders import AUTOENCODERS, make_autoencoder
from ecglab.batch import sample_heartbeats
from ecglab.commands._exit import (
    EXIT_CODES,
    Outcome,
    UsageError,
    add_output_options,
    concluded,
    show_reading,
)
from ecglab.commands._held_out import HeldOut, Parts, divide, judge
from ecglab.commands._options import (
    add_record_options,
    add_table_options,
    is_recording,
    named_number,
    positive_int,
    read_recording,
    seed,
    table_options,
)
from ecglab.commands._show import show, show_found
from ecglab.datasets import UNLABELLED, Record
from ecglab.detector import SCALERS, AutoencoderDetector
from ecglab.errors import DatasetError
from ecglab.heartbeats import Heartbeats
from ecglab.persistence import check_folder
from ecglab.reading import Reading
from ecglab.scoring import SCORINGS
from ecglab.thresholds import THRESHOLDS, choose_threshold

_TRIAL = 100_000  # made-up scores, so many that no threshold rule finds them too few


class Train:
    """Train a detector on the normal beats of a table or a recording."""

    EPILOG = f"""examples:
  ecglab train beats.csv --out model
  ecglab train beats.csv --autoencoder dense_torch \\
      --threshold false_positive_rate --threshold-param rate=0.01 --out model
  ecglab train folder/106.hea --lead MLII --out model106

Anomalies are never trained on. With five labelled ones or more, the file is
divided at random: normal beats 60 / 20 / 20 % into training, validation and
test, anomalies 0 / 20 / 80 %; the test part is looked at once, for the
figures in the summary. With fewer, or without labels, there is nothing to
judge the detector by, and all normal beats are for training. Without labels,
all beats are taken for normal.

{EXIT_CODES}"""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Say which arguments there are."""
        add_output_options(parser)
        parser.add_argument("file", metavar="FILE", help="a table of beats, or a recording")
        parser.add_argument(
            "--out", required=True, type=Path, metavar="MODEL", help="the folder to save to"
        )
        parser.add_argument(
            "--autoencoder", choices=sorted(AUTOENCODERS), default="dense", help="default: dense"
        )
        parser.add_argument(
            "--max-epochs", type=positive_int, metavar="N", help="stop training then, or earlier"
        )
        parser.add_argument(
            "--scaler", choices=("auto", "none", *SCALERS), default="auto", help="default: auto"
        )
        parser.add_argument(
            "--scoring",
            choices=sorted(SCORINGS),
            default="mse",
            metavar="NAME",
            help="%(choices)s (default: mse)",
        )
        parser.add_argument(
            "--threshold",
            choices=tuple(THRESHOLDS),
            default="quantile",
            metavar="RULE",
            help="%(choices)s (default: quantile)",
        )
        parser.add_argument(
            "--threshold-param",
            type=named_number,
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a parameter of the rule, such as quantile=0.99; may be repeated",
        )
        parser.add_argument(
            "--random-state", type=seed, default=0, metavar="SEED", help="default: 0"
        )
        parser.add_argument(
            "--max-beats",
            type=positive_int,
            default=100_000,
            metavar="N",
            help="draw so many at random from a larger table (default: 100000)",
        )
        add_table_options(parser)
        add_record_options(parser)

    @staticmethod
    @concluded
    def execute(arguments: argparse.Namespace) -> Outcome:
        """Train, judge and save."""
        params = _check_rule(arguments.threshold, dict(arguments.threshold_param))
        folder = arguments.out.expanduser()
        check_folder(folder)
        started = time.perf_counter()
        beats, n_flat = _without_flat_lines(_read(arguments))
        parts = divide(beats, arguments.random_state)
        detector = _fit(arguments, parts)
        held_out = None if parts.test is None else judge(detector, parts.test)
        detector.save(folder)
        facts = {
            "command": "train",
            "file": arguments.file,
            **_describe_beats(beats, n_flat),
            "reading": beats.reading.as_records(),
            **_describe_training(detector, params, parts),
            "autoencoder": arguments.autoencoder,
            "scaler": arguments.scaler,
            "scoring": arguments.scoring,
            "held_out": None if held_out is None else held_out.facts(),
            "model": str(folder),
            "seconds": time.perf_counter() - started,
        }
        return Outcome(facts, _summarise(facts, beats.reading, held_out))


# Before an hour of training, and not after it


def _check_rule(rule: str, params: dict[str, float]) -> dict[str, float]:
    """Return all parameters of a threshold rule; refuse those that it does not have or take."""
    parameters = inspect.signature(THRESHOLDS[rule].function).parameters.values()
    # What it chooses by (scores, labels) has no default.
    known = {it.name: it.default for it in parameters if it.default is not it.empty}
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise UsageError(
            f"the rule {rule!r} has no parameter {unknown[0]!r}; it has "
            f"{', '.join(known) or 'none'}."
        )
    scores = np.linspace(0, 1, _TRIAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            choose_threshold(rule, scores, scores > scores.mean(), **params)
    except ValueError as error:
        raise UsageError(f"--threshold {rule}: {error}") from error
    return known | params


# Training


def _read(arguments: argparse.Namespace) -> Heartbeats:
    if is_recording(arguments):
        return read_recording(arguments)
    return sample_heartbeats(
        arguments.file,
        arguments.max_beats,
        random_state=arguments.random_state,
        **table_options(arguments),
    )


def _without_flat_lines(beats: Heartbeats) -> tuple[Heartbeats, int]:
    """Set beats aside whose samples are all the same: a lead was off."""
    flat = np.ptp(beats.signals, axis=1) == 0
    return (beats[~flat] if flat.any() else beats), int(flat.sum())


def _fit(arguments: argparse.Namespace, parts: Parts) -> AutoencoderDetector:
    limits = {} if arguments.max_epochs is None else {"max_epochs": arguments.max_epochs}
    detector = AutoencoderDetector(
        make_autoencoder(arguments.autoencoder, **limits),
        scaler=None if arguments.scaler == "none" else arguments.scaler,
        scoring=arguments.scoring,
        threshold=arguments.threshold,
        threshold_params=dict(arguments.threshold_param) or None,
        random_state=arguments.random_state,
        progress=not arguments.quiet,
    )
    labelled: dict[str, Any] = {}
    if parts.validation is not None:
        labelled = {
            "validation_signals": parts.validation.signals,
            "validation_is_anomaly": parts.validation.is_anomaly,
        }
    try:
        return detector.fit(parts.train.signals, **labelled)
    except ValueError as error:
        if not labelled and detector.needs_anomalies:
            raise DatasetError(
                f"{arguments.file} has too few labelled anomalies for --scoring "
                f"{arguments.scoring} with --threshold {arguments.threshold}, which must see some. "
                "Choose others, such as mse and quantile."
            ) from error
        raise DatasetError(f"{arguments.file} cannot be trained on: {error}") from error


# What is said about it


def _describe_beats(beats: Heartbeats, n_flat: int) -> dict[str, Any]:
    """Count the beats of a file, and those that were set aside; for programs."""
    n_anomalies = int(beats.is_anomaly.sum())
    if isinstance(beats, Record):
        n_set_aside = len(beats.set_aside)
    else:
        n_set_aside = int(beats.provenance.get("rows set aside", 0))
    return {
        "n_beats": len(beats),
        "n_samples": beats.n_samples,
        "labelled": beats.class_names != UNLABELLED,
        "n_normal": len(beats) - n_anomalies,
        "n_anomalies": n_anomalies,
        "n_flat": n_flat,
        "n_set_aside": n_set_aside,
        "drawn": beats.provenance.get("drawn"),
    }


def _describe_training(
    detector: AutoencoderDetector, params: Mapping[str, float], parts: Parts
) -> dict[str, Any]:
    """Say how a detector was trained and its threshold chosen; for programs."""
    return {
        "epochs": len(detector.history_),
        **_count_parts(detector, parts),
        "threshold": {
            "value": detector.threshold_,
            "rule": detector.threshold,
            "params": dict(params),
            "label_free": detector.label_free_,
        },
    }


def _count_parts(detector: AutoencoderDetector, parts: Parts) -> dict[str, int]:
    """Count the beats trained on and those held back, by this command or by the detector."""
    if parts.validation is None:
        n_held_back = math.ceil(detector.validation_fraction * len(parts.train))
        return {
            "n_trained": len(parts.train) - n_held_back,
            "n_validation_normal": n_held_back,
            "n_validation_anomalies": 0,
        }
    n_anomalies = int(parts.validation.is_anomaly.sum())
    return {
        "n_trained": len(parts.train),
        "n_validation_normal": len(parts.validation) - n_anomalies,
        "n_validation_anomalies": n_anomalies,
    }


def _summarise(facts: Mapping[str, Any], reading: Reading, held_out: HeldOut | None) -> list[str]:
    """Write the summary for people."""
    threshold = facts["threshold"]
    params = "".join(f", {name}={value:g}" for name, value in threshold["params"].items())
    kind = (
        "(label-free)"
        if threshold["label_free"]
        else f"and {facts['n_validation_anomalies']} anomalies (label-tuned)"
    )
    who_is_normal = (
        f"{facts['n_normal']} normal and {facts['n_anomalies']} anomalies by their labels"
        if facts["labelled"]
        else "without labels: all are taken for normal"
    )
    return [
        f"{facts['file']}: {facts['n_beats']} beats of {facts['n_samples']} samples, "
        + who_is_normal,
        *show_reading(reading),
        *([f"set aside: {facts['n_set_aside']}"] if facts["n_set_aside"] else []),
        *([f"set aside: {facts['n_flat']} flat lines"] if facts["n_flat"] else []),
        f"trained: {facts['autoencoder']}, {facts['epochs']} epochs, on {facts['n_trained']} "
        "normal beats",
        f"threshold: {threshold['value']:.4g}, by the rule {threshold['rule']}{params}, on "
        f"{facts['n_validation_normal']} other normal beats {kind}",
        *_verdict(held_out),
        f"saved: {facts['model']} ({facts['seconds']:.1f} s)",
    ]


def _verdict(held_out: HeldOut | None) -> list[str]:
    """Say how the detector does on the test part, or that nobody knows."""
    if held_out is None:
        return ["not evaluated: that takes at least five labelled anomalies"]
    assert held_out.recall is not None
    assert held_out.false_alarms is not None
    return [
        f"on {held_out.false_alarms.of} normal beats and {held_out.recall.of} anomalies held "
        "out at random, used for nothing else:",
        f"  ROC-AUC       {show(held_out.roc_auc)}",
        *show_found(held_out.recall, held_out.false_alarms),
        "  (95 % intervals; beats of another patient or another day are harder)",
    ]
