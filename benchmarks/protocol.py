"""What the benchmarks share: the splits, the thresholds, and how a table is written.

The rules are those of CONTRIBUTING.md: training on normal beats, thresholds from validation beats,
the test part measured once for each seed.
"""

import json
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.evaluation import Split, format_seeds, measure, official_split, pooled_split
from ecglab.heartbeats import Heartbeats
from ecglab.thresholds import (
    f1_threshold,
    mean_plus_sd_threshold,
    quantile_threshold,
    youden_threshold,
)

RESULTS = Path(__file__).parent / "results"
SPLITS = {"pooled": pooled_split, "official": official_split}

LABEL_FREE, MEAN_SD = "95 % quantile (label-free)", "mean + 1 sd (label-free)"
BEST_F1, YOUDEN = "best F1 (label-tuned)", "Youden's J (label-tuned)"

Scores = npt.NDArray[np.float64]


def quantile_rule(quantile: float) -> str:
    """Name the rule that accepts a share of the normal validation beats."""
    return f"{100 * quantile:g} % quantile (label-free)"


def threshold_rows(
    detector: str,
    split: Split,
    seed: int,
    on_validation: Scores,
    on_test: Scores,
    quantiles: tuple[float, ...] = (0.95, 0.90),
) -> Iterator[dict[str, object]]:
    """Measure one trained detector on the test part at each threshold rule, one row a rule."""
    strange = split.validation.is_anomaly
    normal = on_validation[~strange]
    cuts = {
        **{quantile_rule(share): quantile_threshold(normal, share) for share in quantiles},
        MEAN_SD: mean_plus_sd_threshold(normal),
        BEST_F1: f1_threshold(on_validation, strange),
        YOUDEN: youden_threshold(on_validation, strange),
    }
    for rule, cut in cuts.items():
        yield {
            "detector": detector,
            "split": split.name,
            "seed": seed,
            "threshold": rule,
            **measure(on_test, split.test.is_anomaly, cut),
        }


def write_table(
    name: str,
    rows: Iterable[dict[str, object]],
    beats: Heartbeats,
    *,
    seeds: list[int],
    packages: tuple[str, ...],
) -> pd.DataFrame:
    """Write the rows to ``results/NAME.csv``, and beside it what they were computed from."""
    table = pd.DataFrame(list(rows))
    RESULTS.mkdir(exist_ok=True)
    table.to_csv(RESULTS / f"{name}.csv", index=False, float_format="%.6f")
    provenance = {
        "source": beats.source,
        "data": dict(beats.provenance),
        "seeds": seeds,
        "versions": {package: version(package).partition("+")[0] for package in packages},
        "command": f"python benchmarks/{name}.py",
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(provenance, indent=2) + "\n")
    return table


def print_summary(table: pd.DataFrame) -> None:
    """Print mean ± sd over the seeds, a table for each threshold rule."""
    for rule, runs in table.groupby("threshold", sort=False):
        print(f"\n{rule}\n{format_seeds(runs).to_string()}")
