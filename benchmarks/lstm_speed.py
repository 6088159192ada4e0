"""Measure what batches and patches save the LSTM autoencoder, in CPU seconds on one thread.

The textbook recipe feeds beats one at a time, sample by sample, in float32, for 150 epochs. It
would take hours, so it is measured on slices and extrapolated; ours is run in full. Writes
`benchmarks/results/lstm_speed.csv`, and `lstm_speed.json` beside it, which says what it was
computed from. Needs ECG5000; takes a few minutes.

    python benchmarks/lstm_speed.py
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from protocol import write_table

from ecglab.autoencoders import LSTMAutoencoder
from ecglab.datasets import fetch_ecg5000
from ecglab.evaluation import Split, pooled_split

TEXTBOOK: dict[str, Any] = {"patch": 1, "batch_size": 1, "precision": "float32"}
TEXTBOOK_EPOCHS = 150
N_SCORED = 100_000
SLICE = 20  # beats in a slice of a training epoch; the median of several slices counts
SLICES = 5
ALONE = 500  # beats that are scored one at a time
Beats = npt.NDArray[np.float32]


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time that a piece of work takes, of all threads together."""
    start = time.process_time()
    work()
    return time.process_time() - start


def train_ours(split: Split) -> tuple[LSTMAutoencoder, float]:
    """Train with the defaults until early stopping ends it."""
    autoencoder = LSTMAutoencoder(random_state=0)
    validation = split.validation.normal.signals
    seconds = cpu_seconds(partial(autoencoder.fit, split.train.signals, validation))
    return autoencoder, seconds


def textbook_seconds_a_beat(split: Split) -> float:
    """Return what one gradient step on one beat takes: the median over slices."""
    beats, one = split.train.signals, split.validation.signals[:1]
    slices = [beats[start : start + SLICE] for start in range(0, SLICE * (SLICES + 1), SLICE)]
    autoencoder = LSTMAutoencoder(**TEXTBOOK, max_epochs=1)
    seconds = [cpu_seconds(partial(autoencoder.fit, part, one)) for part in slices]
    return float(np.median(seconds[1:])) / SLICE  # the first one warms up


def score(autoencoder: LSTMAutoencoder, beats: Beats) -> Beats:
    """Score beats in batches."""
    return np.square(beats - autoencoder.reconstruct(beats)).mean(axis=1)


def score_one_by_one(autoencoder: LSTMAutoencoder, beats: Beats) -> None:
    """Score beats as the textbook does, with nothing between the loop and the network."""
    with torch.inference_mode():
        for beat in torch.from_numpy(beats[:, None, :, None]):
            torch.square(beat - autoencoder.network_(beat)).mean().item()


def row(what: str, ours: float, theirs: float, how: str) -> dict[str, object]:
    """Set two measurements side by side."""
    return {
        "what": what,
        "ours_seconds": round(ours, 2),
        "one_at_a_time_seconds": round(theirs, 2),
        "ratio": round(theirs / ours, 1),
        "how": how,
    }


def main() -> int:
    """Measure, print and write the table."""
    torch.set_num_threads(1)
    beats = fetch_ecg5000()
    split = pooled_split(beats, 0)
    autoencoder, seconds = train_ours(split)
    n_train, n_epochs = len(split.train), len(autoencoder.history_)
    rows = [
        row(
            f"training: ours, {n_epochs} epochs in batches, patches of {autoencoder.patch}; "
            f"textbook, {TEXTBOOK_EPOCHS} epochs",
            seconds,
            textbook_seconds_a_beat(split) * n_train * TEXTBOOK_EPOCHS,
            f"textbook extrapolated from {SLICES} slices of {SLICE} beats (median)",
        )
    ]
    many = np.resize(beats.signals, (N_SCORED, beats.signals.shape[1]))
    in_batches = {"float32": 0.0, "bfloat16": 0.0}
    for precision in in_batches:
        autoencoder.set_params(precision=precision)
        score(autoencoder, many[:1000])
        in_batches[precision] = cpu_seconds(partial(score, autoencoder, many))
    autoencoder.set_params(precision="auto")
    textbook = LSTMAutoencoder(**TEXTBOOK, max_epochs=1).fit(many[:2], many[:1])
    for name, network in (("textbook network", textbook), ("our network", autoencoder)):
        score_one_by_one(network, many[:50])
        alone = cpu_seconds(partial(score_one_by_one, network, many[:ALONE])) / ALONE * N_SCORED
        rows += [
            row(
                f"scoring {N_SCORED:,} beats: ours, in batches, {precision}; {name}, one at a time",
                seconds,
                alone,
                f"one at a time extrapolated from {ALONE} beats",
            )
            for precision, seconds in in_batches.items()
        ]
    table = write_table(
        "lstm_speed",
        rows,
        beats,
        seeds=[0],
        packages=("ecglab", "numpy", "pandas", "scikit-learn", "torch"),
        settings={
            "ours": autoencoder.get_params(),
            "textbook": TEXTBOOK | {"max_epochs": TEXTBOOK_EPOCHS},
            "threads": 1,
        },
    )
    print(table.to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
