"""How the benchmarks write their tables, and beside each what it was computed from."""

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import joblib
import pandas as pd

from ecglab._files import replacing_in
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
        "versions": versions_of(packages),
        "command": f"python benchmarks/{script}.py",
    }


def versions_of(packages: Sequence[str]) -> dict[str, str]:
    """Look up what is installed, without the suffix of a build such as ``+cpu``."""
    return {package: version(package).partition("+")[0] for package in packages}


def machine() -> dict[str, object]:
    """Say what times were measured on, and how busy it was with other things."""
    return {
        "python": platform.python_version(),
        "processors": joblib.cpu_count(),
        "load over the last 1, 5 and 15 minutes": os.getloadavg(),
    }


def save_table(
    name: str, table: pd.DataFrame, card: Mapping[str, object], *, float_format: str | None = None
) -> None:
    """Write ``results/NAME.csv`` and ``results/NAME.json``, the card that says where it is from.

    Both are complete before either has its name, so that no table stands beside another's card.
    """
    with replacing_in(RESULTS) as unfinished:
        table.to_csv(unfinished / f"{name}.csv", index=False, float_format=float_format)
        text = json.dumps(dict(card), indent=2) + "\n"
        (unfinished / f"{name}.json").write_text(text, encoding="utf-8")


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
    card = provenance(name, beats, seeds, packages) | dict(settings or {})
    save_table(name, table, card, float_format="%.5f")
    return table
