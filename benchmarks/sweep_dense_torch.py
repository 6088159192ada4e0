"""Sweep code size and noise of a dense PyTorch network: the larger table of notebook 08.

Runs `sweep_dense_torch.yaml` into `build/sweep_dense_torch` (interrupt it and start again at will),
and writes `benchmarks/results/sweep_dense_torch.csv`, one row a run. Needs ECG5000, and about a
quarter of an hour on two cores.

    python benchmarks/sweep_dense_torch.py
"""

import json
import sys
from pathlib import Path

from protocol import write_table

from ecglab import sweep
from ecglab.datasets import fetch_ecg5000

GRID = Path(__file__).with_suffix(".yaml")
RUNS = Path(__file__).parents[1] / "build" / "sweep_dense_torch"
METRICS = ("ROC-AUC", "average precision", "accuracy", "F1")


def main() -> int:
    """Run what is not finished, then write the table."""
    beats = fetch_ecg5000()
    runs = sweep.run(GRID, RUNS)
    runs["code"] = [json.loads(params)["hidden"][-1] for params in runs["autoencoder_params"]]
    columns = ["code", "noise", "random_state", "n_train", "n_validation", "epochs"]
    columns += ["validation_loss"]
    columns += [f"{part} {metric}" for part in ("validation", "test") for metric in METRICS]
    table = runs[columns].sort_values(columns[:3])
    write_table(
        Path(__file__).stem,
        ({str(name): value for name, value in row.items()} for row in table.to_dict("records")),
        beats,
        seeds=sorted(table["random_state"].unique().tolist()),
        packages=("ecglab", "numpy", "scikit-learn", "torch"),
        settings={"grid": GRID.name},
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
