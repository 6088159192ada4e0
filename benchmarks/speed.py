"""Measure our way beside the usual way, row by row, and write tables that the book shows.

Each row runs in a process of its own, with the number of threads that is stated; the ways take
turns, and what the first call costs is left out (but for rows that measure just that). Seconds
are of the wall clock: let nothing else run. Nothing is written before all of it is measured.

    python benchmarks/speed.py                                  results/speed.csv, ten minutes
    python benchmarks/speed.py --against results/speed.csv      results/speed_again.csv
    python benchmarks/speed.py --long [day] [busy] [growth]     results/speed_long.csv, ...
    python benchmarks/speed.py --only "one beat"                prints, and writes nothing

`make bench`, `make bench-again` and `make bench-long` run the first three. PyOD takes part where
it is installed, and NeuroKit2 in the long one (pip install neurokit2==0.3.0); the tables name who
was missing. Needs ECG5000.
"""

import argparse
import cProfile
import json
import os
import platform
import pstats
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import speed_growth
from protocol import machine, provenance, save_table
from speed_recordings import LONG_ROWS
from speed_rows import ROWS, Row, Task, Way
from timing import (
    agree,
    competing_processes,
    interleave,
    matrix_rate,
    memory_bandwidth,
    quartiles,
    thread_settings,
)
from tqdm import tqdm

from ecglab.datasets import fetch_ecg5000

COMMAND = "python benchmarks/speed.py"
REPEATS = 5
LONG_STEPS = ("day", "busy", "growth")
THREADS = 1
PACKAGES = ("ecglab", "keras", "numpy", "scikit-learn", "scipy", "tensorflow", "torch")
BUILTIN = re.compile(r"^<(?:built-in )?method '?(?:[\w.]*\.)?(\w+)")
OPTIONAL = ("neurokit2", "pyod", "wfdb")  # named with their versions where they are installed
Record = dict[str, Any]


# In the process of a row


def measure_row(row: Row, repeats: int, *, limits: bool) -> Record:
    """Time the ways of a row, and judge what they have trained."""
    task = row.prepare()
    ways = {"ours": task.ours, **task.usual}
    seconds, results = interleave({name: way.work for name, way in ways.items()}, repeats)
    measured = {
        name: {
            "how": way.how,
            "seconds": [taken / way.share for taken in seconds[name]],
            "ROC-AUC": [way.judge(result) for result in results[name]] if way.judge else [],
        }
        for name, way in ways.items()
    }
    skipped = {name: package for name, package in row.optional.items() if name not in task.usual}
    limit = measure_limits(task, results["ours"]) if limits else {}
    return {"row": row.name, "ways": measured, "skipped": skipped, "limits": limit}


def measure_limits(task: Task, results: Sequence[object]) -> Record:
    """Count what ours must compute and move, measure what the machine could, and profile."""
    multiply_adds = [task.multiply_adds(result) for result in results]
    n_bytes = [task.bytes(result) for result in results]
    return {
        "multiply-adds": quartiles(multiply_adds)[0],
        "bytes": quartiles(n_bytes)[0],
        "multiply-adds a second": matrix_rate(),
        "bytes a second": memory_bandwidth(),
        "most time in": profile(task.ours),
    }


def profile(way: Way, n_shown: int = 3) -> str:
    """Name the functions in which most of the time goes by, with their share of it."""
    profiler = cProfile.Profile()
    profiler.runcall(way.work, 0)
    stats: Mapping[Any, Any] = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    own = sorted(((times[2], place) for place, times in stats.items()), reverse=True)
    total = sum(taken for taken, _ in own)
    return ", ".join(f"{name_of(place)} {taken / total:.0%}" for taken, place in own[:n_shown])


def name_of(place: tuple[str, int, str]) -> str:
    """Name a function as a reader knows it: without its file, its type, its address."""
    match = BUILTIN.search(place[2])
    return f"`{match[1] if match else place[2]}`"


# In the process that asks for it


def measure(
    row: Row, repeats: int, *, n_threads: int | None = THREADS, limits: bool = True
) -> Record:
    """Measure a row in a fresh process, in which nothing of another row is loaded."""
    command = [sys.executable, __file__, "--row", row.name, "--repeats", str(repeats)]
    command += ["--limits"] if limits else []
    done = subprocess.run(
        command, env=thread_settings(n_threads), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the row {row.name!r} failed:\n{done.stderr[-3000:]}")
    measured: Record = json.loads(done.stdout.splitlines()[-1])
    return measured


def table_rows(row: Row, measured: Record) -> Iterator[Record]:
    """Write a row for each of the usual ways."""
    ways = measured["ways"]
    ours, roc_auc = ways["ours"], _mean(ways["ours"]["ROC-AUC"])
    limit = limit_columns(measured["limits"], quartiles(ours["seconds"])[0])
    for name, usual in ways.items():
        if name == "ours":
            continue
        pairs = zip(ours["seconds"], usual["seconds"], strict=True)
        ratio, low, high = quartiles([theirs / mine for mine, theirs in pairs])
        theirs = _mean(usual["ROC-AUC"])
        enough = row.quality <= (1.0 if pd.isna(roc_auc) else roc_auc)
        enough &= name not in row.ahead or roc_auc - theirs >= row.ahead[name]
        goal = row.goals.get(name, float("nan"))
        reached = "" if pd.isna(goal) else "yes" if ratio >= goal and enough else "no"
        yield {
            "what": row.name,
            "ours": ours["how"],
            "against": name,
            "usual": usual["how"],
            **_named("ours, s", quartiles(ours["seconds"])),
            **_named("usual, s", quartiles(usual["seconds"])),
            **_named("ratio", (ratio, low, high)),
            "goal": goal,
            "reached": reached,
            "ROC-AUC": roc_auc,
            "usual ROC-AUC": theirs,
            "why": "" if reached != "no" else row.why,
            **limit,
        }


def limit_columns(limits: Record, seconds: float) -> Record:
    """Say how near a time comes to what the machine could do at best."""
    if not limits.get("bytes"):
        return {}
    arithmetic = limits["multiply-adds"] / limits["multiply-adds a second"]
    traffic = limits["bytes"] / limits["bytes a second"]
    return {
        "multiply-adds": limits["multiply-adds"],
        "bytes": limits["bytes"],
        "multiply-adds a second": limits["multiply-adds a second"],
        "bytes a second": limits["bytes a second"],
        "arithmetic, s": arithmetic,
        "traffic, s": traffic,
        "share of the limit": max(arithmetic, traffic) / seconds,
        "most time in": limits["most time in"],
    }


def _named(name: str, figures: tuple[float, float, float]) -> Record:
    return dict(zip((name, f"{name}, low", f"{name}, high"), figures, strict=True))


def _mean(values: Sequence[float]) -> float:
    return float(pd.Series(values, dtype=float).mean())


def measure_table(rows: Sequence[Row], repeats: int) -> tuple[pd.DataFrame, list[Record]]:
    """Measure rows one after the other; return the table, and all that was measured."""
    table: list[Record] = []
    everything: list[Record] = []
    for row in tqdm(rows, unit="row"):
        tqdm.write(f"{time.strftime('%H:%M:%S')}  {row.name}", file=sys.stderr)
        everything.append(measure(row, repeats))
        table += table_rows(row, everything[-1])
    return pd.DataFrame(table), everything


def compare_tables(table: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Set the ratios of two runs side by side, and say which agree."""
    keys = ["what", "against"]
    columns = [*keys, "ratio", "ratio, low", "ratio, high"]
    both = before[columns].merge(table[columns], on=keys, suffixes=("", " again"))
    names = {"ratio, low": "low", "ratio, high": "high"}
    both["agree"] = [
        agree(
            {names.get(key, key): row[key] for key in columns[2:]},
            {names.get(key, key): row[f"{key} again"] for key in columns[2:]},
        )
        for row in both.to_dict("records")
    ]
    return both


def measure_busy(rows: Sequence[Row], repeats: int) -> pd.DataFrame:
    """Measure rows with everybody's own threads, alone and beside one process a processor."""
    table = []
    for row in tqdm([row for row in rows if row.on_busy_machine], unit="row"):
        tqdm.write(f"{time.strftime('%H:%M:%S')}  busy: {row.name}", file=sys.stderr)
        alone = measure(row, repeats, n_threads=None, limits=False)["ways"]
        with competing_processes(os.cpu_count() or 1):
            busy = measure(row, repeats, n_threads=None, limits=False)["ways"]
        for name in alone:
            before, after = (quartiles(ways[name]["seconds"]) for ways in (alone, busy))
            table.append(
                {
                    "what": row.name,
                    "way": name,
                    **_named("alone, s", before),
                    **_named("busy, s", after),
                    "times as long": after[0] / before[0],
                }
            )
    return pd.DataFrame(table)


def card(
    command: str, repeats: int, everything: Sequence[Record] = (), threads: object = THREADS
) -> Record:
    """Say what was measured, with what, and on what kind of machine."""
    limits = [measured["limits"] for measured in everything if measured["limits"]]
    rates = {
        name: quartiles([limit[name] for limit in limits])[0]
        for name in ("multiply-adds a second", "bytes a second")
        if limits
    }
    skipped = {key: value for done in everything for key, value in done["skipped"].items()}
    installed = [package for package in OPTIONAL if find_spec(package)]
    return {
        **provenance("speed", fetch_ecg5000(), range(repeats), (*PACKAGES, *installed)),
        **machine(),
        "processor": processor(),
        "system": platform.system(),
        "memory, GiB": round(psutil.virtual_memory().total / 2**30),
        **rates,
        "threads": threads,
        "repeats": repeats,
        "not installed": skipped,
        "command": command,
    }


def processor() -> str:
    """Name the kind of processor."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def show(table: pd.DataFrame) -> None:
    """Print the main columns."""
    columns = ["what", "against", "ours, s", "usual, s", "ratio", "goal", "reached", "ROC-AUC"]
    print(table[columns].to_string(index=False, float_format="%.4g"))


def main() -> int:
    """Measure what is asked for, print it, and write it once it is complete."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--against", type=Path, help="a table to compare with")
    parser.add_argument("--long", nargs="*", choices=LONG_STEPS, help="instead: these, or all")
    parser.add_argument("--only", help="rows with these words in their names; writes nothing")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--row", help=argparse.SUPPRESS)
    parser.add_argument("--limits", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.row:
        (row,) = (row for row in (*ROWS, *LONG_ROWS) if row.name == asked.row)
        print("\n" + json.dumps(measure_row(row, asked.repeats, limits=asked.limits)))
        return 0
    if asked.long is not None:
        measure_long(asked.long or LONG_STEPS, asked.repeats)
        return 0
    before = pd.read_csv(asked.against) if asked.against else None
    rows = [row for row in ROWS if not asked.only or asked.only in row.name]
    table, everything = measure_table(rows, asked.repeats)
    show(table)
    name, command = "speed", COMMAND
    if before is not None:
        name, table = "speed_again", compare_tables(table, before)
        command += " --against benchmarks/results/speed.csv"
        print(table.to_string(index=False, float_format="%.4g"))
    if not asked.only:
        save_table(name, table, card(command, asked.repeats, everything), float_format="%.6g")
    return 0


def measure_long(steps: Sequence[str], repeats: int) -> None:
    """Measure what `make bench` has no time for; each table is written when it is complete."""
    command = f"{COMMAND} --long"
    if "day" in steps:
        table, everything = measure_table(LONG_ROWS, repeats)
        show(table)
        save_table("speed_long", table, card(command, repeats, everything), float_format="%.6g")
    if "busy" in steps:
        table = measure_busy(ROWS, repeats)
        print(table.to_string(index=False, float_format="%.4g"))
        about = card(command, repeats, threads="those that each library takes by itself")
        save_table("speed_busy", table, about, float_format="%.6g")
    if "growth" in steps:
        points = speed_growth.measure_growth()
        table = speed_growth.exponents(points)
        print(table.to_string(index=False, float_format="%.4g"))
        about = card(command, speed_growth.REPEATS)
        save_table("speed_growth", points, about, float_format="%.6g")
        save_table("speed_exponents", table, about, float_format="%.6g")
        speed_growth.draw(points)


if __name__ == "__main__":
    sys.exit(main())
