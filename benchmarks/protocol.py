"""How the benchmarks write their tables, and beside each what it was computed from."""

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from ecglab.heartbeats import Heartbeats

RESULTS = Path(__file__).parent / "results"


def provenance(
    script: str, beats: Heartbeats, seeds: Sequence[int], packages: Sequence[str]
) -> dict[str, object]:
    """Say what a result was computed from: the data, the seeds, the versions, the command."""
    return {
        "source": beats.source,
        "data": dict(beats.provenance),
        "seeds": list(seeds),
        "versions": {package: version(package).partition("+")[0] for package in packages},
        "command": f"python benchmarks/{script}.py",
    }


def write_table(
    name: str,
    rows: Iterable[dict[str, object]],
    beats: Heartbeats,
    *,
    seeds: Sequence[int],
    packages: Sequence[str],
    settings: Mapping[str, object] | None = None,
) -> pd.DataFrame:
    """Write the rows to ``results/NAME.csv``; provenance and settings to ``results/NAME.json``."""
    table = pd.DataFrame(list(rows))
    RESULTS.mkdir(exist_ok=True)
    table.to_csv(RESULTS / f"{name}.csv", index=False, float_format="%.5f")
    card = provenance(name, beats, seeds, packages) | dict(settings or {})
    (RESULTS / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return table
