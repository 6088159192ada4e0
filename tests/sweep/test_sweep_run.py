"""A sweep from end to end: results, failures, repetition, and what it leaves behind."""

import os
import signal
from dataclasses import replace

import dask
import pandas as pd
import pytest
import yaml

from ecglab.sweep import GridError, SweepError, SweepStorageError, plan, read_results, run
from ecglab.sweep._driver import count_processors
from ecglab.sweep._results import read_raw
from ecglab.sweep._store import open_store
from ecglab.sweep._worker import Settings, Task, execute_run, publish_failure

WAYS_TO_END = """
import os, subprocess, sys, time
match int(x):
    case 1:
        raise ValueError("no such heartbeat")
    case 2:
        time.sleep(600)
    case 3:
        hog = [bytearray(os.urandom(1) * 20_000_000) for _ in range(100_000)]
    case 4:
        os.kill(os.getpid(), 9)
    case 5:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
"""


@pytest.mark.slow
def test_failures_of_every_kind_are_results_and_stop_nothing(
    tmp_path, write_grid, check, left_running
):
    xs = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    grid, out = write_grid(xs, WAYS_TO_END), tmp_path / "runs"
    options = {"n_workers": 2, "timeout": 20, "memory_limit": 400, "progress": False}
    table = run(grid, out, **options).set_index("x")
    check(out, xs)
    assert table["status"].tolist() == ["done", "failed", "failed", "failed", "failed", "done"]
    assert table.loc[1, "error"] == "ValueError: no such heartbeat"
    assert table.loc[2, "error"].startswith("timeout")
    assert table.loc[2, "seconds"] < 40
    assert table.loc[3, "error"].startswith("memory")
    assert table.loc[4, "error"].startswith("the kernel died")
    assert left_running() == []

    raised = out / table.loc[1, "notebook"]
    assert "no such heartbeat" in raised.read_text()
    assert run(grid, out, **options).set_index("x")["attempt"].equals(table["attempt"])
    again = run(grid, out, retry_failed=True, **{**options, "timeout": 4}).set_index("x")
    same = again["attempt"] == table["attempt"]
    assert same.tolist() == (table["status"] == "done").tolist()
    check(out, xs)


@pytest.mark.slow
def test_a_longer_axis_runs_only_what_is_new_and_a_changed_notebook_runs_all(
    tmp_path, write_grid, check, notes
):
    out = tmp_path / "runs"
    run(write_grid([1.0]), out, n_workers=1, progress=False)
    grid = write_grid([1.0, 2.0])
    before = plan(grid, out)
    assert before["status"].tolist() == ["done", "to do"]
    assert before["seconds"].notna().all()
    table = run(grid, out, n_workers=1, progress=False)
    assert table["square"].tolist() == [1.0, 4.0]
    assert notes("started") == [1.0, 2.0]
    check(out, [1.0, 2.0])
    assert plan(write_grid([1.0, 2.0], "y = 1"), out)["status"].tolist() == ["to do", "to do"]


@pytest.mark.slow
def test_parallel_drivers_share_the_work_and_do_every_run_once(
    tmp_path, write_grid, check, notes, start, left_running
):
    xs = [float(x) for x in range(6)]
    grid, out = write_grid(xs, "import time; time.sleep(0.3)"), tmp_path / "runs"
    command = ("ecglab.cli", "sweep", grid, "--out", out, "--workers", "1", "--quiet")
    drivers = [start(*command), start(*command)]
    assert [driver.wait(120) for driver in drivers] == [0, 0]
    assert sorted(notes("started")) == xs
    check(out, xs)
    assert left_running() == []


@pytest.mark.slow
def test_killed_driver_is_resumed_and_finished_runs_are_not_repeated(
    tmp_path, write_grid, check, notes, start, wait, left_running
):
    xs = [float(x) for x in range(5)]
    grid, out = write_grid(xs, "import time; time.sleep(1)"), tmp_path / "runs"
    command = ("ecglab.cli", "sweep", grid, "--out", out, "--workers", "2", "--quiet")
    driver = start(*command)
    wait(lambda: len(list(out.glob("runs/*/*.json"))) >= 2)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    finished = set(read_results(out)["x"])
    assert 2 <= len(finished) < len(xs)
    assert start(*command).wait(120) == 0
    check(out, xs)
    assert all(notes("started").count(x) == 1 for x in finished)
    wait(lambda: left_running() == [])


@pytest.mark.slow
def test_interrupted_driver_says_how_to_go_on_and_leaves_nothing_running(
    tmp_path, write_grid, notes, start, wait, left_running
):
    grid, out = write_grid([1.0, 2.0], "import time; time.sleep(600)"), tmp_path / "runs"
    driver = start("ecglab.cli", "sweep", grid, "--out", out, "--workers", "1", "--quiet")
    wait(lambda: notes("started"))
    driver.send_signal(signal.SIGINT)
    assert driver.wait(60) == 130
    wait(lambda: left_running() == [])
    assert read_results(out).empty


@pytest.mark.slow
def test_run_that_kills_its_workers_is_a_failure_and_the_others_go_on(
    tmp_path, write_grid, check, wait, left_running
):
    grid = write_grid([0.0, 1.0], "import os\nif x == 1:\n    os.kill(os.getppid(), 9)")
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        table = run(grid, tmp_path / "runs", n_workers=1, progress=False)
    assert table["status"].tolist() == ["done", "failed"]
    assert table["error"][1].startswith("workers died of it")
    check(tmp_path / "runs", [0.0, 1.0])
    wait(lambda: left_running() == [])


@pytest.fixture
def prepare(tmp_path, write_notebook):
    """Return the settings of a sweep whose notebook records something, given its code."""

    def settings(code):
        path = write_notebook(
            tmp_path / "n.ipynb", "x = 0", f"from ecglab.sweep import record\n{code}"
        )
        open_store(tmp_path / "runs").write("n.ipynb", path.read_bytes())
        return Settings(str(tmp_path / "runs"), "n.ipynb", str(tmp_path), {"source": "none"})

    return settings


def test_a_metric_named_like_a_parameter_is_a_failure(tmp_path, prepare):
    assert execute_run(prepare("record(x=1)"), Task("ab" * 16, {"x": 1})) == "failed"
    assert "['x']" in read_results(tmp_path / "runs")["error"].item()


def test_failed_result_stays_until_its_repetition_is_over(tmp_path, prepare):
    """Whoever interrupts a repetition, or reads meanwhile, finds the failure."""
    task, store = Task("ab" * 16, {"x": 1}), open_store(tmp_path / "runs")
    publish_failure(store, prepare(""), task, "died")
    (failed,) = read_raw(store, [task.key])
    again = replace(task, replaces=failed["attempt"])
    kept = f"import os\nrecord(kept=os.path.exists({str(store.path(task.result))!r}))"
    assert execute_run(prepare(kept), again) == "done"
    (done,) = read_raw(store, [task.key])
    assert done["metrics"] == {"kept": True}
    assert execute_run(prepare("raise OSError"), again) == "done"  # the one to repeat is gone
    assert read_raw(store, [task.key]) == [done]


def test_failure_of_a_repetition_replaces_the_one_before(tmp_path, prepare):
    task, store, settings = Task("ab" * 16, {"x": 1}), open_store(tmp_path / "runs"), prepare("")
    publish_failure(store, settings, task, "first")
    publish_failure(store, settings, task, "not to be repeated")
    (failed,) = read_raw(store, [task.key])
    assert failed["error"] == "first"
    publish_failure(store, settings, replace(task, replaces=failed["attempt"]), "second")
    assert read_raw(store, [task.key])[0]["error"] == "second"


def test_kernel_that_is_not_installed_is_refused_before_anything_runs(tmp_path, write_grid):
    grid = write_grid([1.0])
    path = tmp_path / "notebook.ipynb"
    path.write_text(path.read_text().replace('"python3"', '"a-kernel-that-is-not-there"'))
    with pytest.raises(GridError, match="'a-kernel-that-is-not-there', which is not installed"):
        run(grid, tmp_path / "runs", progress=False)
    assert not (tmp_path / "runs").exists()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux binds processes")
def test_processors_are_those_that_this_process_may_use():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert count_processors() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_worker_with_another_version_refuses(tmp_path):
    settings = Settings(str(tmp_path), "n.ipynb", ".", {}, version="0.0.0")
    with pytest.raises(SweepError, match=r"ecglab .*0\.0\.0"):
        execute_run(settings, Task("ab" * 16, {}))


def test_no_scheduler_is_an_error_and_not_a_wait(tmp_path, write_grid):
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(SweepError, match="no Dask scheduler answers"),
    ):
        run(write_grid([1.0]), tmp_path / "runs", scheduler="tcp://127.0.0.1:9", progress=False)


def test_output_that_cannot_be_a_folder_is_refused_before_anything_runs(tmp_path, write_grid):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(SweepStorageError, match="cannot be"):
        run(write_grid([1.0]), tmp_path / "runs", progress=False)


def test_plan_runs_and_writes_nothing(tmp_path, write_grid):
    table = plan(write_grid([1.0, 2.0]), tmp_path / "runs")
    assert table["status"].tolist() == ["to do", "to do"]
    assert table["seconds"].isna().all()
    assert not (tmp_path / "runs").exists()


def test_grid_may_be_a_mapping(write_grid):
    path = write_grid([1.0])
    content = yaml.safe_load(path.read_text())
    grid = {**content, "notebook": str(path.parent / content["notebook"])}
    assert isinstance(plan(grid, path.parent / "runs"), pd.DataFrame)
