"""Write what the book's playground needs of a trained detector: a script that is nothing but data.

The file has the network's weights, the threshold, the scores of the validation beats, some of these
beats from each class, and where all of that comes from. Needs ECG5000.

    python tools/export_playground.py
    python tools/export_playground.py --detector my_model --random-state 1
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab import AutoencoderDetector, load_detector
from ecglab.course import training_fingerprint
from ecglab.datasets import fetch_ecg5000
from ecglab.errors import EcglabError
from ecglab.evaluation import REALISTIC_PREVALENCE, pooled_split
from ecglab.heartbeats import CLASS_SYMBOLS, Heartbeats

ROOT = Path(__file__).parents[1]
COURSE_DETECTOR = ROOT / "notebooks" / "models" / "dense"
SCRIPT = ROOT / "book" / "_extra" / "playground" / "detector.js"

HEADER = """\
// Written by tools/export_playground.py; do not edit. The right-hand side is plain JSON. It is
// assigned because a page that is opened from a folder on disk may run a script beside it, but may
// not fetch a .json file.
"""
# The activations that book/_extra/playground/autoencoder.js can compute.
ACTIVATIONS = ("relu", "linear")
# Which beats of a class are shown: those at these places in the order of their scores. The extremes
# are among them, so that a false alarm and a missed anomaly are there where the detector has any.
SAMPLE_RANKS = {
    "median score": 0.5,
    "lower quartile of the scores": 0.25,
    "upper quartile of the scores": 0.75,
    "lowest score": 0.0,
    "highest score": 1.0,
}
SIGNAL_DECIMALS = 4  # a tenth of a thousandth of a standard deviation
SCORE_DECIMALS = 9  # beyond these, scores depend on the processor


def main() -> int:
    """Write the script."""
    parser = argparse.ArgumentParser(description="Write the data of the book's playground.")
    parser.add_argument("--detector", type=Path, default=COURSE_DETECTOR, help="a saved detector")
    parser.add_argument(
        "--random-state", type=int, default=0, help="the seed it was split and trained with"
    )
    parser.add_argument("--out", type=Path, default=SCRIPT, help="the script to write")
    arguments = parser.parse_args()
    try:
        data = export(arguments.detector, arguments.random_state)
    except (EcglabError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    arguments.out.write_text(as_script(data), encoding="utf-8")
    return 0


def export(folder: Path, random_state: int) -> dict[str, Any]:
    """Gather the playground's data for a detector that was trained on a pooled split of ECG5000.

    Parameters
    ----------
    folder : Path
        The saved detector; ``FOLDER.json`` beside it says what it was trained on, as
        ``benchmarks/course_detector.py`` writes it.
    random_state : int
        The seed of the split and of the training.

    Returns
    -------
    dict
        What `playground_data` returns.

    Raises
    ------
    ValueError
        If the detector was trained on other beats, so that the validation beats of this split may
        be ones that it has learnt; or if the playground cannot compute its score.
    """
    split = pooled_split(fetch_ecg5000(), random_state)
    card = json.loads(folder.with_suffix(".json").read_text(encoding="utf-8"))
    if card["trained_on"] != training_fingerprint(split, random_state):
        raise ValueError(
            f"{folder} was not trained on the pooled split of ECG5000 with seed {random_state}. "
            "That split's validation beats might be beats that it has learnt, and their scores "
            "would flatter it. Name the seed that it was trained with: --random-state."
        )
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    provenance = {
        "data": card["source"],
        "licence": card["data"]["licence"],
        "citation": card["data"]["citation"],
        "split": card["split"],
        "random_state": random_state,
        "trained_on": card["trained_on"],
        "sha256 of the weights": config["sha256"],
        "versions": card["versions"],
        "command": "python tools/export_playground.py",
    }
    return playground_data(load_detector(folder), split.validation, provenance)


def playground_data(
    detector: AutoencoderDetector, validation: Heartbeats, provenance: Mapping[str, Any]
) -> dict[str, Any]:
    """Gather the playground's data for any dense detector and its validation beats.

    Parameters
    ----------
    detector : AutoencoderDetector
        A trained dense autoencoder in Keras (``"dense"``) that is scored by its mean squared error
        and has no scaler.
    validation : Heartbeats
        Normal beats and anomalies, none of which it was trained on.
    provenance : mapping
        Where the beats and the detector come from, and under which licence.

    Returns
    -------
    dict
        Keys ``detector`` (its ``layers`` and ``threshold``), ``classes``, ``validation``,
        ``prevalence`` and ``provenance``; nothing but what JSON can hold.

    Raises
    ------
    ValueError
        If the playground cannot compute this detector's score.
    """
    _refuse_what_the_page_cannot_compute(detector)
    scores = detector.reconstruction_error(validation.signals)
    return {
        "provenance": dict(provenance),
        "prevalence": REALISTIC_PREVALENCE,
        "detector": {
            "threshold": detector.threshold_,
            "layers": _describe_layers(detector),
        },
        "classes": [
            {
                "label": label,
                "symbol": CLASS_SYMBOLS.get(label, str(label)),
                "name": name,
                "anomaly": label != validation.normal_label,
                "beats": int((validation.labels == label).sum()),
                "samples": _choose_samples(validation, scores, label),
            }
            for label, name in sorted(validation.class_names.items())
            if (validation.labels == label).any()
        ],
        "validation": {
            "scores": scores.round(SCORE_DECIMALS).tolist(),
            "labels": validation.labels.tolist(),
        },
    }


def as_script(data: Mapping[str, Any]) -> str:
    """Write the data as a script: one assignment, rows of numbers on a line each."""
    return f"{HEADER}globalThis.ecglabPlayground = {_render(data)};\n"


def _refuse_what_the_page_cannot_compute(detector: AutoencoderDetector) -> None:
    network = detector.autoencoder_.get_params(deep=False)
    scoring = type(detector.scoring_).__name__
    used = {network.get("activation"), network.get("output_activation")}
    if (
        type(detector.autoencoder_).__name__ != "DenseAutoencoder"
        or detector.scaler_ is not None
        or scoring != "MeanSquaredError"
        or not used <= set(ACTIVATIONS)
    ):
        raise ValueError(
            'the playground computes a "dense" detector without a scaler, scored by its mean '
            f"squared error, with the activations {' and '.join(ACTIVATIONS)}. This one is a "
            f"{type(detector.autoencoder_).__name__} with the scaler {detector.scaler_}, the "
            f"scoring {scoring} and the activations {', '.join(sorted(map(str, used)))}. Extend "
            "book/_extra/playground/autoencoder.js, and this check."
        )


def _describe_layers(detector: AutoencoderDetector) -> list[dict[str, Any]]:
    """Return each layer's name, activation, kernel (n_inputs, n_units) and bias (n_units,)."""
    network = detector.autoencoder_.get_params(deep=False)
    arrays = list(detector.autoencoder_.get_weights().values())
    kernels, biases = arrays[::2], arrays[1::2]
    code = len(network["hidden"]) - 1
    layers = []
    for n, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
        last = n == len(kernels) - 1
        part = "output" if last else "code" if n == code else "encoder" if n < code else "decoder"
        layers.append(
            {
                "name": f"{part} {bias.size}",
                "activation": network["output_activation" if last else "activation"],
                "bias": _shortest(bias),
                "kernel": [_shortest(row) for row in kernel],
            }
        )
    return layers


def _choose_samples(
    validation: Heartbeats, scores: npt.NDArray[np.float64], label: int
) -> list[dict[str, Any]]:
    """Return the beats of one class at fixed places in the order of their scores."""
    beats = np.flatnonzero(validation.labels == label)
    beats = beats[np.argsort(scores[beats], kind="stable")]
    ranks: dict[int, str] = {}
    for rank, share in SAMPLE_RANKS.items():
        ranks.setdefault(round(share * (len(beats) - 1)), rank)  # few beats fill few places
    signals = validation.signals[beats].astype(np.float64).round(SIGNAL_DECIMALS)
    return [{"rank": rank, "signal": signals[place].tolist()} for place, rank in ranks.items()]


def _shortest(numbers: npt.NDArray[np.float32]) -> list[float]:
    """Return the shortest decimals from which the same float32 are read again."""
    return [float(str(number)) for number in numbers.astype(np.float32)]


def _render(value: Any, indent: str = "") -> str:
    """Write JSON with a line for each row of numbers, so that a change can be read."""
    deeper = indent + " "
    if isinstance(value, Mapping):
        items = [f"{json.dumps(key)}: {_render(item, deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(deeper + item for item in items) + f"\n{indent}}}"
    if isinstance(value, list) and value and isinstance(value[0], list | Mapping):
        items = [_render(item, deeper) for item in value]
        return "[\n" + ",\n".join(deeper + item for item in items) + f"\n{indent}]"
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
