"""Measure every contender over ten seeds and both splits, under the course's protocol.

Writes `benchmarks/results/leaderboard.csv`, one row for each detector, split, seed and threshold
rule, and `leaderboard.json` beside it, which says what it was computed from; and the table that
the README quotes. Needs ECG5000, and about an hour on two cores.

    python benchmarks/leaderboard.py [--only FAMILY]

With ``--only``, the other families' rows are kept as they are, if they were computed from the same
data by the same versions. A changed recipe of another family is not noticed.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from contenders import BEST_DENSE, CONTENDERS, Contender
from protocol import RESULTS, provenance, write_table
from tqdm import tqdm

from ecglab.datasets import fetch_ecg5000
from ecglab.evaluation import SPLITS, format_seeds, threshold_rows
from ecglab.heartbeats import Heartbeats

SEEDS = range(10)
PACKAGES = ("ecglab", "keras", "numpy", "pandas", "pyod", "scikit-learn", "tensorflow", "torch")
README = Path(__file__).parents[1] / "README.md"
README_MARKS = "<!-- leaderboard: begin -->\n", "<!-- leaderboard: end -->"
IN_README = (BEST_DENSE, "LSTM, 64: MSE", "PCA, 2 components", "5 nearest neighbours")
RULES_IN_README = ("95 % quantile (label-free)", "best F1 (label-tuned)")


def rows(
    beats: Heartbeats, contender: Contender, split_name: str, seed: int
) -> Iterator[dict[str, object]]:
    """Train one contender once; measure what comes out of it at each threshold rule."""
    split = SPLITS[split_name](beats, seed)
    entries = zip(
        contender.detectors, contender.label_free, contender.train(split, seed), strict=True
    )
    for name, label_free, (on_validation, on_test) in entries:
        for row in threshold_rows(
            name, split, seed, on_validation, on_test, label_free_scores=label_free
        ):
            yield {"family": contender.family, **row}


def readme_table(table: pd.DataFrame) -> str:
    """Write what the README quotes of the table, in Markdown."""
    shown = ["ROC-AUC", "accuracy", "precision", "recall", "F1"]
    lines = [f"| detector | threshold | {' | '.join(shown)} |", "|---" * (len(shown) + 2) + "|"]
    for rule in RULES_IN_README:
        summary = format_seeds(table[table["threshold"] == rule], shown).loc["pooled"]
        for detector in IN_README:
            cells = [str(cell) for cell in summary.loc[detector]]
            lines.append(f"| {' | '.join([detector, rule, *cells])} |")
    return "\n".join(lines) + "\n"


def quote_in_readme(table: pd.DataFrame) -> None:
    """Replace the README's table, so that it never disagrees with the results."""
    before, _, rest = README.read_text(encoding="utf-8").partition(README_MARKS[0])
    _, _, after = rest.partition(README_MARKS[1])
    text = before + README_MARKS[0] + readme_table(table) + README_MARKS[1] + after
    README.write_text(text, encoding="utf-8")


def kept_rows(beats: Heartbeats, family: str | None) -> list[dict[str, object]]:
    """Return the committed rows of all other families, if they still stand beside new ones."""
    if family is None:
        return []
    committed = json.loads((RESULTS / "leaderboard.json").read_text(encoding="utf-8"))
    if committed != provenance("leaderboard", beats, SEEDS, PACKAGES):
        sys.exit("data or versions are not those of the committed table: compute all families.")
    table = pd.read_csv(RESULTS / "leaderboard.csv")
    others = table[table["family"] != family].to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in others]


def main() -> int:
    """Compute the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    families = sorted({contender.family for contender in CONTENDERS})
    parser.add_argument("--only", metavar="FAMILY", choices=families, help="; ".join(families))
    only = parser.parse_args().only
    beats = fetch_ecg5000()
    table = kept_rows(beats, only)
    runs = [
        (contender, split, seed)
        for contender in CONTENDERS
        if only in (None, contender.family)
        for split in SPLITS
        for seed in SEEDS
    ]
    for run in tqdm(runs, unit="run"):
        table += rows(beats, *run)
    order = [name for contender in CONTENDERS for name in contender.detectors]
    table.sort(key=lambda row: order.index(str(row["detector"])))
    write_table("leaderboard", table, beats, seeds=SEEDS, packages=PACKAGES)
    quote_in_readme(pd.read_csv(RESULTS / "leaderboard.csv"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
