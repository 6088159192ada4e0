"""A sweep from end to end: results, failures, repetition, and what it leaves behind."""

import json
import os
import signal

import dask
import pytest

from ecglab.sweep import GridError, SweepError, SweepStorageError, plan, read_results, run

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
    case 6:
        from ecglab.sweep import record
        record(x=1)
"""


@pytest.mark.slow
def test_failures_of_every_kind_are_results_and_stop_nothing(
    tmp_path, write_grid, check, left_running
):
    xs = [0.0, 1.0, 3.0, 4.0, 5.0, 6.0]
    grid, out = write_grid(xs, WAYS_TO_END), tmp_path / "runs"
    table = run(grid, out, n_workers=2, memory_limit=400, progress=False).set_index("x")
    check(out, xs)
    assert table["status"].tolist() == ["done", *["failed"] * 3, "done", "failed"]
    assert table.loc[1, "error"] == "ValueError: no such heartbeat"
    assert table.loc[3, "error"].startswith("memory")
    assert table.loc[4, "error"].startswith("the kernel died")
    assert table.loc[6, "error"].startswith("record: ['x'] are columns of the table already")
    assert left_running() == []
    assert "no such heartbeat" in (out / table.loc[1, "notebook"]).read_text()


@pytest.mark.slow
def test_run_that_takes_too_long_is_stopped(tmp_path, write_grid, scheduler):
    grid = write_grid([2.0], WAYS_TO_END)
    table = run(grid, tmp_path / "runs", scheduler=scheduler, timeout=4, progress=False)
    assert table["error"].tolist() == ["timeout: stopped after 4 s"]
    assert table["status"].tolist() == ["failed"]


@pytest.mark.slow
def test_only_what_is_new_is_run_and_failures_only_if_asked_for(
    tmp_path, write_grid, check, notes, scheduler
):
    out, missing = tmp_path / "runs", tmp_path / "missing"
    options = {"scheduler": scheduler, "progress": False}
    code = f"if x == 2:\n    open({str(missing)!r})"
    first = run(write_grid([1.0, 2.0], code), out, **options)
    assert first["status"].tolist() == ["done", "failed"]
    grid = write_grid([1.0, 2.0, 3.0], code)
    before = plan(grid, out)
    assert before["status"].tolist() == ["done", "failed", "to do"]
    assert before["seconds"].notna().all()
    missing.touch()
    table = run(grid, out, **options)
    assert table["status"].tolist() == ["done", "failed", "done"]
    assert table["attempt"][:2].tolist() == first["attempt"].tolist()
    again = run(grid, out, retry_failed=True, **options)
    assert again["square"].tolist() == [1.0, 4.0, 9.0]
    assert sorted(notes("started")) == [1.0, 2.0, 2.0, 3.0]
    check(out, [1.0, 2.0, 3.0])


@pytest.mark.slow
def test_an_edited_helper_module_makes_other_runs(tmp_path, write_grid, scheduler):
    """The notebook's own code stays as it was, and the second in which the module was written."""
    helper = tmp_path / "helper.py"
    grid = write_grid([1.0], "import helper\nfrom ecglab.sweep import record\nrecord(y=helper.y)")
    options = {"scheduler": scheduler, "progress": False}
    for y in (1, 2):
        helper.write_text(f"y = {y}")
        os.utime(helper, (1e9, 1e9))
        assert run(grid, tmp_path / "runs", **options)["y"].tolist() == [y]
    assert sorted(read_results(tmp_path / "runs")["y"]) == [1, 2]


@pytest.mark.slow
def test_second_driver_is_told_who_is_at_work_and_a_killed_one_is_resumed(
    tmp_path, write_grid, gate, check, notes, start, wait, left_running
):
    xs = [float(x) for x in range(4)]
    grid, out = write_grid(xs, gate(2.0)), tmp_path / "runs"
    command = ("ecglab.cli", "sweep", grid, "--out", out, "--workers", "1", "--quiet")
    driver = start(*command)
    wait(lambda: len(list(out.glob("runs/*/*.json"))) == 2)
    with pytest.raises(SweepError, match=rf"host .*, process {driver.pid}, since 20"):
        run(grid, out, progress=False)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert sorted(read_results(out)["x"]) == [0.0, 1.0]
    gate.open()
    assert start(*command).wait(300) == 0
    check(out, xs)
    assert all(notes("started").count(x) == 1 for x in (0.0, 1.0))
    wait(lambda: left_running() == [])


@pytest.mark.slow
def test_interrupted_driver_says_how_to_go_on_and_leaves_nothing_running(
    tmp_path, write_grid, notes, start, wait, left_running
):
    grid, out = write_grid([1.0, 2.0], "import time; time.sleep(600)"), tmp_path / "runs"
    driver = start("ecglab.cli", "sweep", grid, "--out", out, "--workers", "1", "--quiet")
    wait(lambda: notes("started"))
    driver.send_signal(signal.SIGINT)
    assert driver.wait(300) == 130
    wait(lambda: left_running() == [])
    assert read_results(out).empty
    assert not (out / "driver.json").exists()


@pytest.mark.slow
def test_run_that_kills_its_workers_is_a_failure_and_the_others_go_on(
    tmp_path, write_grid, check, wait, left_running
):
    grid = write_grid([0.0, 1.0], "import os\nif x == 1:\n    os.kill(os.getppid(), 9)")
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        table = run(grid, tmp_path / "runs", n_workers=1, progress=False)
    assert table["status"].tolist() == ["done", "failed"]
    assert table["error"][1].startswith("workers died of it")
    check(tmp_path / "runs", [0.0, 1.0])
    wait(lambda: left_running() == [])


def test_kernel_that_is_not_installed_is_refused_before_anything_runs(tmp_path, write_grid):
    grid = write_grid([1.0])
    path = tmp_path / "notebook.ipynb"
    path.write_text(path.read_text().replace('"python3"', '"a-kernel-that-is-not-there"'))
    with pytest.raises(GridError, match="'a-kernel-that-is-not-there', which is not installed"):
        run(grid, tmp_path / "runs", progress=False)
    assert not (tmp_path / "runs").exists()


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


def test_plan_runs_and_writes_nothing_whether_the_grid_is_a_file_or_not(tmp_path, write_grid):
    path = write_grid([1.0, 2.0])
    table = plan(path, tmp_path / "runs")
    assert table["status"].tolist() == ["to do", "to do"]
    assert table["seconds"].isna().all()
    assert not (tmp_path / "runs").exists()
    grid = json.loads(path.read_text()) | {"notebook": str(tmp_path / "notebook.ipynb")}
    assert plan(grid, tmp_path / "runs").equals(table)


# What a run depends on: its key


@pytest.fixture
def keys(tmp_path):
    """Return the function that plans the grid, which is at hand, and gives the keys."""
    return lambda out="runs": set(plan(tmp_path / "grid.yaml", tmp_path / out)["key"])


def test_keys_hold_parameters_code_and_data(write_grid, keys, monkeypatch):
    write_grid([1.0, 2.0])
    both = keys()
    assert len(both) == 2
    assert all(len(key) == 32 for key in both)
    write_grid([2.0, 1.0])
    assert keys() == both
    write_grid([1.0, 2.0], "y = 1")
    assert not keys() & both


def test_modules_beside_the_notebook_and_named_files_are_in_the_key(tmp_path, write_grid, keys):
    write_grid(
        [1.0],
        "%matplotlib inline\nimport json, helper\nfrom tools import deep as d",
        "from shelf.inner import thing",
        depends=["beats.csv", "tables"],
    )
    files = {
        "helper.py": "import far",
        "far.py": "",
        "tools/__init__.py": "from . import near",
        "tools/deep.py": "from ..nowhere import x\nthis is no Python",
        "tools/near.py": "",
        "shelf/inner.py": "",  # a package without __init__.py
        "beats.csv": "1,2",
        "tables/sub/a.txt": "",
    }
    others = ("unused.py", "tools/unused.py", "tables/__pycache__/a.pyc", "tables/.hidden")
    for name, content in {**files, **dict.fromkeys(others, "")}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    seen = [keys()]
    for name in files:
        path = tmp_path / name
        path.write_text(f"{path.read_text()}\n# edited")
        seen.append(keys())
    assert len(set.union(*seen)) == 1 + len(files)
    for name in others:
        (tmp_path / name).write_text("# edited")
    assert keys() == seen[-1]


def test_output_folder_is_nothing_to_depend_on(tmp_path, write_grid, keys):
    write_grid([1.0], depends=["."])
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "results.csv").touch()
    with pytest.raises(GridError, match=r"runs is the output folder, which changes"):
        keys()
    assert len(keys("elsewhere")) == 1
