"""What `ecglab train` says about the beats it read and the detector it trained."""

import math
from collections.abc import Mapping
from typing import Any

from ecglab.commands._held_out import HeldOut, Parts
from ecglab.commands._outcome import show_reading
from ecglab.commands._rule import complete
from ecglab.commands._shares import show
from ecglab.datasets._labels import UNLABELLED
from ecglab.detector import AutoencoderDetector
from ecglab.heartbeats import Heartbeats
from ecglab.reading import Reading

__all__ = ["describe_beats", "describe_training", "summarise"]


def describe_beats(beats: Heartbeats, n_flat: int) -> dict[str, Any]:
    """Count the beats of a file, and those that were set aside; for programs."""
    n_anomalies = int(beats.is_anomaly.sum())
    return {
        "n_beats": len(beats),
        "n_samples": beats.n_samples,
        "labelled": beats.class_names != UNLABELLED,
        "n_normal": len(beats) - n_anomalies,
        "n_anomalies": n_anomalies,
        "n_flat": n_flat,
        "n_set_aside": _count_set_aside(beats),
        "drawn": beats.provenance.get("drawn"),
    }


def _count_set_aside(beats: Heartbeats) -> int:
    """Count the rows of a table, or the beats of a recording, that could not be used."""
    aside = getattr(beats, "set_aside", None)
    return int(beats.provenance.get("rows set aside", 0)) if aside is None else len(aside)


def describe_training(detector: AutoencoderDetector, parts: Parts) -> dict[str, Any]:
    """Say how a detector was trained and its threshold chosen; for programs."""
    return {
        "epochs": len(detector.history_),
        **_count_parts(detector, parts),
        "threshold": {
            "value": detector.threshold_,
            "rule": detector.threshold,
            "params": complete(detector.threshold, detector.threshold_params or {}),
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
    return [
        f"{facts['file']}: {facts['n_beats']} beats of {facts['n_samples']} samples, "
        + _who_is_normal(facts),
        *show_reading(reading),
        *([f"drawn at random: {facts['drawn']}"] if _is_sample(facts) else []),
        *([f"set aside: {facts['n_set_aside']}"] if facts["n_set_aside"] else []),
        *([f"set aside: {facts['n_flat']} flat lines"] if facts["n_flat"] else []),
        f"trained: {facts['autoencoder']}, {facts['epochs']} epochs, on {facts['n_trained']} "
        "normal beats",
        f"threshold: {threshold['value']:.4g}, by the rule {threshold['rule']}{params}, on "
        f"{facts['n_validation_normal']} other normal beats {kind}",
        *_verdict(held_out),
        f"saved: {facts['model']} ({facts['seconds']:.1f} s)",
    ]


def _who_is_normal(facts: Mapping[str, Any]) -> str:
    if not facts["labelled"]:
        return "without labels: all are taken for normal"
    return f"{facts['n_normal']} normal and {facts['n_anomalies']} anomalies by their labels"


def _is_sample(facts: Mapping[str, Any]) -> bool:
    """Say whether a table had more beats than were drawn: "100 of 400 beats, ..."."""
    words = (facts["drawn"] or "").split()
    return bool(words) and words[0] != words[2]


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
