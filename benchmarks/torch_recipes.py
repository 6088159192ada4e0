"""Measure the PyTorch autoencoders of notebooks 03 and 04, and every way to score their residuals.

Each autoencoder is trained once for each split and seed; the scorings share its residuals, so that
they are compared on the same network. Writes `benchmarks/results/torch_recipes.csv`, one row for
each detector, split, seed and threshold rule. Needs ECG5000.

    python benchmarks/torch_recipes.py [--seeds 10]
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping

from protocol import SPLITS, print_summary, threshold_rows, write_table
from tqdm import tqdm

from ecglab import AutoencoderDetector
from ecglab.autoencoders import Autoencoder, ConvAutoencoder, DenseTorchAutoencoder, LSTMAutoencoder
from ecglab.datasets import fetch_ecg5000
from ecglab.heartbeats import Heartbeats
from ecglab.scoring import Scoring, WeightedError, make_scoring

QUANTILES = (
    0.90,
    0.95,
    0.975,
)  # 95 % is the default; the others show what a stricter or laxer cut buys
QRS = (120, 140)  # the samples around the next QRS complex, see notebook 04
AUTOENCODERS: Mapping[str, tuple[str | None, Callable[[], Autoencoder]]] = {
    "LSTM, 64": (None, LSTMAutoencoder),
    "[140, 96, 48, 24]": ("symmetric", DenseTorchAutoencoder),
    "convolutional": (None, ConvAutoencoder),
}
SCORINGS: Mapping[str, Mapping[str, Scoring]] = {
    "LSTM, 64": {"MSE": make_scoring("mse"), "MAE": make_scoring("mae")},
    "[140, 96, 48, 24]": {
        "MSE": make_scoring("mse"),
        "inverse variance": make_scoring("weighted"),
        "learned weights (label-tuned)": make_scoring("learned_weights"),
        "QRS window": WeightedError("window", window=QRS),
        "windowed maximum": make_scoring("windowed"),
    },
    "convolutional": {"MSE": make_scoring("mse")},
}


def rows(beats: Heartbeats, name: str, split_name: str, seed: int) -> Iterator[dict[str, object]]:
    """Train one autoencoder once; measure it with each of its scorings at each threshold rule."""
    split = SPLITS[split_name](beats, seed)
    scaler, autoencoder = AUTOENCODERS[name]
    detector = AutoencoderDetector(autoencoder(), scaler=scaler, random_state=seed)
    validation = split.validation.signals, split.validation.is_anomaly
    detector.fit(split.train.signals, validation_signals=split.validation.normal.signals)
    for scoring_name, scoring in SCORINGS[name].items():
        detector.recalibrate(*validation, scoring=scoring)
        yield from threshold_rows(
            f"{name}: {scoring_name}",
            split,
            seed,
            detector.reconstruction_error(split.validation.signals),
            detector.reconstruction_error(split.test.signals),
            quantiles=QUANTILES,
        )


def main() -> int:
    """Compute the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    n_seeds = parser.parse_args().seeds
    beats = fetch_ecg5000()
    runs = [
        (name, split, seed) for name in AUTOENCODERS for split in SPLITS for seed in range(n_seeds)
    ]
    table = write_table(
        "torch_recipes",
        (row for run in tqdm(runs, unit="run") for row in rows(beats, *run)),
        beats,
        seeds=list(range(n_seeds)),
        packages=("ecglab", "numpy", "pandas", "scikit-learn", "torch"),
    )
    print_summary(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
