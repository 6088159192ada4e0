"""What the tests of a sweep share: small notebooks, workers, and what holds after anything."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import nbformat
import pandas as pd
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from ecglab.sweep import read_results

MARK = "ECGLAB_TEST_MARK"


def heed_ctrl_c() -> None:
    """Undo what a process that was itself started in the background hands on: to ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _simulated(monkeypatch, tmp_path):
    """No test of a sweep needs ECG5000; the mark finds every process that a test has started."""
    monkeypatch.setenv("ECGLAB_SOURCE", "simulated")
    monkeypatch.setenv(MARK, str(tmp_path))


@pytest.fixture(scope="session")
def scheduler() -> Iterator[str]:
    """Return the address of a cluster with two workers, one for all tests that need no own."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=None
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def write_notebook() -> Callable[..., Path]:
    """Return the function that writes a notebook: a parameters cell, and code."""

    def write(path: Path, parameters: str, *code: str) -> Path:
        cells = [new_code_cell(parameters, metadata={"tags": ["parameters"]})]
        cells += [new_code_cell(source) for source in code]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
        return path

    return write


@pytest.fixture
def write_grid(tmp_path, write_notebook) -> Callable[..., Path]:
    """Return the function that writes a notebook and a grid of x for it.

    Each run notes its x in ``started`` and ``ended``, and records its square.
    """

    def write(xs: list[float], *code: str, **more: object) -> Path:
        write_notebook(
            tmp_path / "notebook.ipynb",
            "x = 0.0",
            f"with open({str(tmp_path / 'started')!r}, 'a') as log:\n    log.write(f'{{x}}\\n')",
            *code,
            "from ecglab.sweep import record\nrecord(square=x**2)",
            f"with open({str(tmp_path / 'ended')!r}, 'a') as log:\n    log.write(f'{{x}}\\n')",
        )
        path = tmp_path / "grid.yaml"
        path.write_text(json.dumps({"notebook": "notebook.ipynb", "axes": {"x": xs}, **more}))
        return path

    return write


@pytest.fixture
def gate(tmp_path) -> "Gate":
    """Return a gate at which runs wait."""
    return Gate(tmp_path / "open")


class Gate:
    """Code that waits, from some x on, until the gate is open."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, first: float) -> str:
        closed = f"x >= {first} and not os.path.exists({str(self._path)!r})"
        return f"import os, time\nwhile {closed}:\n    time.sleep(0.05)"

    def open(self) -> None:
        self._path.touch()


@pytest.fixture
def notes(tmp_path) -> Callable[[str], list[float]]:
    """Return the function that reads which runs have started or ended, in order."""

    def read(name: str) -> list[float]:
        path = tmp_path / name
        return [float(line) for line in path.read_text().split()] if path.exists() else []

    return read


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen]]:
    """Return the function that starts a Python module in the background; it is ended at last."""
    started = []

    def popen(*arguments: str, **options) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-m", *map(str, arguments)],
            **{"preexec_fn": heed_ctrl_c, **options},
        )
        started.append(process)
        return process

    yield popen
    for process in started:
        process.kill()
        process.wait()


def wait_until(condition: Callable[[], object], seconds: float = 300) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def started_here(tmp_path: Path) -> list[psutil.Process]:
    """List the processes that a test has left running.

    Python's resource tracker is one for the whole test session. pytest itself got the mark after it
    was started, so that it is not in what the system says of it.
    """
    found = []
    for process in psutil.process_iter():
        try:
            of_test = process.environ().get(MARK) == str(tmp_path)
            if of_test and "resource_tracker" not in " ".join(process.cmdline()):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def assert_consistent(out: Path, xs: list[float]) -> pd.DataFrame:
    """Check that every run is there once, and that table, results and notebooks agree."""
    table = read_results(out)
    assert sorted(table["x"]) == sorted(xs)
    assert table["key"].is_unique
    for row in table.to_dict("records"):
        notebook = nbformat.read(out / row["notebook"], as_version=4)
        about = notebook.metadata.ecglab
        for name in ("key", "attempt", "status"):
            assert about[name] == row[name]
        assert about.parameters == {"x": row["x"]}
        if row["status"] == "done":
            assert row["square"] == row["x"] ** 2
            assert notebook.metadata.papermill.parameters == {"x": row["x"]}
    assert [path.name for path in out.rglob(".*")] == []
    assert not (out / "driver.json").exists()
    for written in (pd.read_parquet(out / "results.parquet"), pd.read_csv(out / "results.csv")):
        for name in ("x", "square", "key", "status", "attempt", "seconds"):
            assert written[name].tolist() == pytest.approx(table[name].tolist(), nan_ok=True)
    return table


@pytest.fixture
def check() -> Callable[..., pd.DataFrame]:
    """Return `assert_consistent`."""
    return assert_consistent


@pytest.fixture
def wait() -> Callable[..., None]:
    """Return `wait_until`."""
    return wait_until


@pytest.fixture
def left_running(tmp_path) -> Callable[[], list[psutil.Process]]:
    """Return the function that lists the processes which this test has started."""
    return lambda: started_here(tmp_path)


@pytest.fixture
def write_result() -> Callable[..., str]:
    """Return the function that writes a result as a sweep does, and gives its key."""

    numbers = count()

    def write(
        folder: Path, parameters: dict, metrics: dict, status: str = "done", key: str | None = None
    ) -> str:
        key = key or f"{next(numbers):032x}"
        result = {
            **{"key": key, "attempt": "a", "parameters": parameters, "metrics": metrics},
            **{"status": status, "error": None, "traceback": None, "seconds": 1.5, "host": "h"},
            **{"started": "2026-01-01T00:00:00+00:00", "data": {"source": "ECG5000"}},
            "versions": {"ecglab": "1"},
        }
        path = folder / "runs" / key[:2] / f"{key}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result))
        return key

    return write
