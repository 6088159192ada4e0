"""What `ecglab train` says about the beats it read and the detector it trained."""

import math
from collections.abc import Mapping
from typing import Any

from ecglab.commands._exit import show_reading
from ecglab.commands._held_out import HeldOut, Parts
from ecglab.commands._show import show
from ecglab.datasets import Record
from ecglab.datasets._labels import UNLABELLED
from ecglab.detector import AutoencoderDetector
from ecglab.heartbeats import Heartbeats
from ecglab.reading import Reading

__all__ = ["describe_beats", "describe_training", "summarise"]


def describe_beats(beats: Heartbeats, n_flat: int) -> dict[str, Any]:
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


def describe_training(
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


def summarise(facts: Mapping[str, Any], reading: Reading, held_out: HeldOut | None) -> list[str]:
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
        f"  recall        {show(held_out.recall)}",
        f"  false alarms  {show(held_out.false_alarms)}",
        "  (95 % intervals; beats of another patient or another day are harder)",
    ]
