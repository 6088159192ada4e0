"""Measure every recipe of notebook 02 over ten seeds and both splits, under the course's protocol.

Writes `benchmarks/results/dense_recipes.csv`, one row for each recipe, split, seed and threshold
rule, and `dense_recipes.json` beside it, which says what it was computed from. Needs ECG5000.

    python benchmarks/dense_recipes.py [--seeds 10]
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from protocol import (
    BEST_F1,
    LABEL_FREE,
    RESULTS,
    SPLITS,
    print_summary,
    threshold_rows,
    write_table,
)
from sklearn.base import TransformerMixin
from sklearn.decomposition import PCA
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from tqdm import tqdm

from ecglab.autoencoders import DenseAutoencoder
from ecglab.datasets import fetch_ecg5000
from ecglab.evaluation import Split, format_seeds
from ecglab.heartbeats import Heartbeats
from ecglab.scoring import mean_absolute_error, mean_squared_error

README = Path(__file__).parents[1] / "README.md"
README_MARKS = "<!-- dense recipes: begin -->\n", "<!-- dense recipes: end -->"
BEST_RECIPE = "64-32-16, beats as they are"
Score = Callable[[Heartbeats], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Recipe:
    """A scaler, an autoencoder and the way from residuals to a score."""

    scaler: Callable[[], TransformerMixin]
    autoencoder: Callable[[int], DenseAutoencoder]
    error: Callable[[npt.ArrayLike, npt.ArrayLike], npt.NDArray[np.float64]]

    def train(self, split: Split, seed: int) -> Score:
        """Train on the split's normal beats; return what scores other beats."""
        scaler = self.scaler().fit(split.train.signals)
        autoencoder = self.autoencoder(seed).fit(
            scaler.transform(split.train.signals),
            scaler.transform(split.validation.normal.signals),
        )

        def score(beats: Heartbeats) -> npt.NDArray[np.float64]:
            scaled = scaler.transform(beats.signals)
            return self.error(scaled, autoencoder.reconstruct(scaled))

        return score


RECIPES = {
    "64-32-16, standardised, sigmoid": Recipe(
        StandardScaler,
        lambda seed: DenseAutoencoder(output_activation="sigmoid", random_state=seed),
        mean_squared_error,
    ),
    "64-32-16, standardised, linear": Recipe(
        StandardScaler, lambda seed: DenseAutoencoder(random_state=seed), mean_squared_error
    ),
    "32-16-8, scaled to [0, 1], MAE": Recipe(
        MinMaxScaler,
        lambda seed: DenseAutoencoder(
            (32, 16, 8), output_activation="sigmoid", loss="mae", random_state=seed
        ),
        mean_absolute_error,
    ),
    "64-32-16, beats as they are": Recipe(
        FunctionTransformer, lambda seed: DenseAutoencoder(random_state=seed), mean_squared_error
    ),
}


def train_pca(split: Split, seed: int) -> Score:
    """Fit the baseline: reconstruction from two principal components."""
    pca = PCA(2, random_state=seed).fit(split.train.signals)

    def score(beats: Heartbeats) -> npt.NDArray[np.float64]:
        codes = pca.transform(beats.signals)
        return mean_squared_error(beats.signals, pca.inverse_transform(codes))

    return score


DETECTORS: dict[str, Callable[[Split, int], Score]] = {
    "baseline: PCA, 2 components": train_pca,
    **{name: recipe.train for name, recipe in RECIPES.items()},
}


def rows(
    beats: Heartbeats, detector: str, split_name: str, seed: int
) -> Iterator[dict[str, object]]:
    """Train one detector once and measure it at each threshold rule."""
    split = SPLITS[split_name](beats, seed)
    score = DETECTORS[detector](split, seed)
    return threshold_rows(detector, split, seed, score(split.validation), score(split.test))


def readme_table(table: pd.DataFrame) -> str:
    """Write what the README quotes of the table, in Markdown."""
    lines = [
        "| detector | threshold | ROC-AUC | accuracy | precision | recall | F1 |",
        "|---|---|---|---|---|---|---|",
    ]
    shown = ["ROC-AUC", "accuracy", "precision", "recall", "F1"]
    for rule in (LABEL_FREE, BEST_F1):
        summary = format_seeds(table[table["threshold"] == rule], shown).loc["pooled"]
        for detector in (BEST_RECIPE, "baseline: PCA, 2 components"):
            cells = [str(cell) for cell in summary.loc[detector]]
            lines.append(f"| {' | '.join([detector, rule, *cells])} |")
    return "\n".join(lines) + "\n"


def quote_in_readme(table: pd.DataFrame) -> None:
    """Replace the README's table, so that it never disagrees with the results."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(README_MARKS[0])
    _, _, after = rest.partition(README_MARKS[1])
    text = before + README_MARKS[0] + readme_table(table) + README_MARKS[1] + after
    README.write_text(text, encoding="utf-8")


def main() -> int:
    """Compute the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    n_seeds = parser.parse_args().seeds
    beats = fetch_ecg5000()
    runs = [
        (detector, split, seed)
        for detector in DETECTORS
        for split in SPLITS
        for seed in range(n_seeds)
    ]
    table = write_table(
        "dense_recipes",
        (row for run in tqdm(runs, unit="run") for row in rows(beats, *run)),
        beats,
        seeds=list(range(n_seeds)),
        packages=("ecglab", "keras", "numpy", "pandas", "scikit-learn", "tensorflow"),
    )
    quote_in_readme(pd.read_csv(RESULTS / "dense_recipes.csv"))
    print_summary(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
