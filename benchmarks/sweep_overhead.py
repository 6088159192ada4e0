"""Measure what a sweep costs beyond the runs themselves, and what grows with their number.

The floor is what papermill takes for the bare notebook, most of it the start of a kernel; it is
measured before and after the sweep, so that a machine that is busy with something else bends both.
Writes `benchmarks/results/sweep_overhead.csv`, and `sweep_overhead.json` beside it, which says what
it was computed from, and the tables of `book/sweep_sizing.md`, which extrapolates from it. Takes
a few minutes.

    python benchmarks/sweep_overhead.py
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import pandas as pd
import papermill
from distributed import Client, LocalCluster
from nbformat.v4 import new_code_cell, new_notebook
from protocol import machine, save_table, versions_of

from ecglab.sweep import plan, read_results, run

N_RUNS, N_WORKERS, N_BARE = 200, 2, 20
MANY_RESULTS, MANY_RUNS, MANY_TASKS = 10_000, 100_000, 2_000
LARGE, CLUSTER, RUN_SECONDS = 1_000_000, 1_000, 60
FILE_OPERATIONS = 12  # of a run: two drafts, each written, synchronised and renamed; a folder
PAGE = Path(__file__).parents[1] / "book" / "sweep_sizing.md"
PACKAGES = ("ecglab", "papermill", "distributed", "ipykernel", "jupyter_client", "pandas")
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def write_notebook(path: Path) -> None:
    """Write a notebook that does next to nothing."""
    cells = [
        new_code_cell("x = 0", metadata={"tags": ["parameters"]}),
        new_code_cell("from ecglab.sweep import record\nrecord(twice=2 * x)"),
    ]
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), path)


@contextmanager
def stopwatch() -> Iterator[Callable[[], float]]:
    """Measure the wall-clock time of a block; read it afterwards."""
    start, end = time.perf_counter(), 0.0
    yield lambda: end - start
    end = time.perf_counter()


def bare_seconds(notebook: Path, folder: Path) -> float:
    """Return what papermill takes for the bare notebook, one after the other."""
    with stopwatch() as seconds:
        for x in range(N_BARE):
            papermill.execute_notebook(
                notebook, folder / "bare.ipynb", {"x": x}, progress_bar=False
            )
    return seconds() / N_BARE


def measure_overhead(folder: Path) -> Iterator[tuple[str, float, str]]:
    """Compare a sweep with the bare notebook."""
    notebook = folder / "notebook.ipynb"
    write_notebook(notebook)
    grid = {"notebook": str(notebook), "axes": {"x": list(range(N_RUNS))}}
    bare_seconds(notebook, folder)  # warms up
    before = bare_seconds(notebook, folder)
    with stopwatch() as swept:
        table = run(grid, folder / "runs", n_workers=N_WORKERS, progress=False)
    after = bare_seconds(notebook, folder)
    assert (table["status"] == "done").all()
    assert (table["twice"] == 2 * table["x"]).all()
    bare = (before + after) / 2
    floor = bare * N_RUNS / N_WORKERS
    yield "bare notebook, papermill alone", bare, "s a run"
    yield f"floor: {N_RUNS} bare notebooks over {N_WORKERS} workers", floor, "s"
    yield f"sweep of {N_RUNS} runs on {N_WORKERS} workers", swept(), "s"
    yield "sweep over floor", swept() / floor, "ratio"
    sizes = [path.stat().st_size for path in (folder / "runs" / "runs").rglob("*.*")]
    yield "files of a trivial run", sum(sizes) / N_RUNS / 1024, "KiB a run"


def measure_reading(folder: Path) -> Iterator[tuple[str, float, str]]:
    """Copy one result many times over, and read them all."""
    source = folder / "runs" / read_results(folder / "runs")["notebook"][0]
    template = json.loads(source.with_suffix(".json").read_text())
    for number in range(MANY_RESULTS):
        key = f"{number % 256:02x}{number:030x}"
        path = folder / "many" / "runs" / key[:2] / f"{key}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**template, "key": key, "parameters": {"x": number}}))
    with stopwatch() as seconds:
        table = read_results(folder / "many")
    assert len(table) == MANY_RESULTS
    yield f"reading {MANY_RESULTS:,} results", seconds(), "s"


def measure_planning(folder: Path) -> Iterator[tuple[str, float, str]]:
    """Expand a large grid and compute the keys."""
    grid = {
        "notebook": str(folder / "notebook.ipynb"),
        "axes": {"x": list(range(MANY_RUNS))},
    }
    with stopwatch() as seconds:
        planned = plan(grid, folder / "nothing")
    assert planned["key"].nunique() == MANY_RUNS
    yield f"expanding {MANY_RUNS:,} runs, with their keys", seconds(), "s"
    used = planned.memory_usage(deep=True).sum()  # Arrow's memory is none that Python traces
    yield "memory of the driver", used / MANY_RUNS, "B a run"


def measure_scheduler() -> Iterator[tuple[str, float, str]]:
    """Count what Dask's scheduler and one client move when runs take no time at all."""
    with (
        LocalCluster(
            n_workers=N_WORKERS, threads_per_worker=1, dashboard_address=":0", memory_limit=None
        ) as cluster,
        Client(cluster) as client,
    ):
        client.gather(client.map(abs, range(N_WORKERS), pure=False))
        with stopwatch() as seconds:
            client.gather(client.map(abs, range(MANY_TASKS), pure=False))
        yield "tasks through Dask's scheduler", MANY_TASKS / seconds(), "tasks a second"


def measured_table(table: pd.DataFrame) -> str:
    """Write what was measured as the page shows it."""
    rows = [f"| {row.what} | {row.value:,.3g} {row.unit} |" for row in table.itertuples()]
    return "\n".join(["| what | measured |", "|---|---|", *rows, ""])


def extrapolated_table(table: pd.DataFrame) -> str:
    """Write what follows for `LARGE` runs on `CLUSTER` workers, everything else being equal."""
    value = table.set_index("what")["value"]
    floor = value["bare notebook, papermill alone"]
    reading = value[f"reading {MANY_RESULTS:,} results"] / MANY_RESULTS * LARGE
    planning = value[f"expanding {MANY_RUNS:,} runs, with their keys"] / MANY_RUNS * LARGE
    starts, rate = CLUSTER / RUN_SECONDS, value["tasks through Dask's scheduler"]
    facts = {
        f"all runs, {RUN_SECONDS} s each": f"{LARGE * RUN_SECONDS / CLUSTER / 3600:.1f} h",
        "of which kernels start": f"{100 * floor / RUN_SECONDS:.1f} %",
        "runs that start each second": f"{starts:.0f}",
        "runs that the scheduler could start each second": f"{rate:,.0f}",
        "shortest run that keeps all workers busy": f"{CLUSTER / rate:.1f} s",
        "file operations each second": f"{starts * FILE_OPERATIONS:.0f}",
        "files": f"{2 * LARGE:,}",
        "disk, trivial notebooks": f"{value['files of a trivial run'] * LARGE / 2**20:.1f} GiB",
        "disk, notebooks with figures (300 KiB)": f"{300 * LARGE / 2**20:,.0f} GiB",
        "driver: planning": f"{planning:.0f} s",
        "driver: memory of the plan": f"{value['memory of the driver'] * LARGE / 2**30:.1f} GiB",
        "driver: reading all results once": f"{reading / 60:.1f} min",
    }
    rows = [f"| {what} | {figure} |" for what, figure in facts.items()]
    head = f"| {LARGE:,} runs on {CLUSTER:,} workers | |"
    return "\n".join([head, "|---|---|", *rows, ""])


def quote_on_page(table: pd.DataFrame) -> None:
    """Replace the page's tables, so that they never disagree with the results."""
    text = PAGE.read_text(encoding="utf-8")
    for name, content in page_tables(table).items():
        begin, end = (f"<!-- {name}: {word} -->\n" for word in ("begin", "end"))
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = before + begin + content + end + after
    PAGE.write_text(text, encoding="utf-8")


def page_tables(table: pd.DataFrame) -> dict[str, str]:
    """Return the page's tables by the name of their marks."""
    return {"measured": measured_table(table), "extrapolated": extrapolated_table(table)}


def main() -> int:
    """Measure, print and write the tables."""
    rows: list[tuple[str, float, str]] = []
    with TemporaryDirectory(prefix="ecglab-sweep-") as name:
        folder = Path(name)
        for measure in (measure_overhead, measure_reading, measure_planning):
            rows += measure(folder)
    rows += measure_scheduler()
    table = pd.DataFrame(rows, columns=["what", "value", "unit"]).round({"value": 3})
    command = {"command": "python benchmarks/sweep_overhead.py"}
    save_table("sweep_overhead", table, {**machine(), "versions": versions_of(PACKAGES), **command})
    quote_on_page(table)
    print(table.to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
