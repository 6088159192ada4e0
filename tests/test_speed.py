"""The benchmark of speed: its statistics, its verdicts, its tables, and what the page says."""

import json
import re
import sys
import time
from pathlib import Path

import course_tables
import numpy as np
import pandas as pd
import pytest
import speed
import speed_growth
import speed_recordings
import timing
from hypothesis import given
from hypothesis import strategies as st
from speed_recordings import LONG_ROWS, report_on, write_recording
from speed_rows import ROWS, Row, Task, Way

from ecglab.datasets import read_record

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = (ROOT / "book" / "speed.md").read_text(encoding="utf-8")
TABLES = sorted(path.stem for path in RESULTS.glob("speed*.csv"))


def cells_of(table):
    lines = [line[2:-2].split(" | ") for line in table.splitlines()]
    return lines[0], lines[2:]


# Measuring


def test_ways_take_turns_and_a_time_that_work_has_taken_itself_counts():
    order = []
    works = {
        "ours": lambda number: order.append(("ours", number)),
        "usual": lambda number: order.append(("usual", number)) or timing.Seconds(2.5),
    }
    seconds, results = timing.interleave(works, 2)
    assert order == [("ours", 0), ("usual", 0), ("ours", 1), ("usual", 1)]
    assert seconds["usual"] == results["usual"] == [2.5, 2.5]
    assert all(0 <= value < 1 for value in seconds["ours"])


@given(st.floats(-2, 3), st.floats(-10, 10))
def test_an_exponent_is_found_again(exponent, logarithm):
    sizes = np.array([1e3, 1e4, 1e5, 1e6])
    found, error = timing.fit_exponent(sizes, np.exp(logarithm) * sizes**exponent)
    assert found == pytest.approx(exponent, abs=1e-6)
    assert error < 1e-6


def test_an_exponent_needs_two_sizes_that_were_measured():
    assert np.isnan(timing.fit_exponent([10, 100], [1.0, np.nan])[0])
    slope, error = timing.fit_exponent([10, 100], [1.0, 10.0])
    assert slope == pytest.approx(1)
    assert np.isnan(error)


@pytest.mark.parametrize(
    ("ratio", "expected"), [(10.0, True), (13.9, True), (14.1, False), (6.1, True), (5.9, False)]
)
def test_runs_agree_within_tukeys_fences(ratio, expected):
    first = {"ratio": 10.0, "low": 9.0, "high": 11.0}  # fences: 6 and 14
    second = {"ratio": ratio, "low": ratio, "high": ratio}
    assert timing.agree(first, second) is timing.agree(second, first) is expected


def test_threads_are_set_for_every_library_or_left_to_it(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert {timing.thread_settings(2)[name] for name in timing.THREAD_VARIABLES} == {"2"}
    assert not timing.thread_settings(None).keys() & set(timing.THREAD_VARIABLES)


def test_competing_processes_are_gone_afterwards():
    psutil = pytest.importorskip("psutil")
    with timing.competing_processes(2):
        assert len(psutil.Process().children()) >= 2
        running = psutil.Process().children()
    assert not any(process.is_running() for process in running)


def test_limits_of_the_machine_are_plausible():
    assert 1e8 < timing.matrix_rate(128) < 1e13
    assert 1e8 < timing.memory_bandwidth(2**22) < 1e13


# Rows


def a_row(ours, usual, **params):
    task = Task(Way("ours", ours, judge=float), {"theirs": Way("theirs", usual, 0.5, judge=float)})
    return Row("a row", lambda: task, **{"goals": {"theirs": 4}, **params})


def rows_of(row, seconds):
    """Measure a row of works that say how long they take."""
    measured = speed.measure_row(row, 3, limits=False)
    for name, values in seconds.items():
        measured["ways"][name]["seconds"] = values
    return list(speed.table_rows(row, measured))


@pytest.mark.parametrize(
    ("quality", "ahead", "goal", "expected"),
    [(0.9, 0.0, 4, "yes"), (0.96, 0.0, 4, "no"), (0.9, 0.1, 4, "no"), (0.9, 0.0, 5, "no")],
)
def test_a_goal_is_reached_by_a_ratio_at_a_quality(quality, ahead, goal, expected):
    row = a_row(
        lambda _: 0.95,
        lambda _: 0.90,
        goals={"theirs": goal},
        quality=quality,
        ahead={"theirs": ahead},
        why="because",
    )
    (written,) = rows_of(row, {"ours": [1.0, 2.0, 4.0], "theirs": [4.0, 9.0, 16.0]})
    assert written["ratio"] == 4.0
    assert (written["ratio, low"], written["ratio, high"]) == (4.0, 4.25)
    assert written["reached"] == expected
    assert written["why"] == ("because" if expected == "no" else "")


def test_a_slice_stands_for_the_whole():
    measured = speed.measure_row(a_row(lambda _: 0.9, lambda _: timing.Seconds(3)), 1, limits=False)
    assert measured["ways"]["theirs"]["seconds"] == [6.0]


def test_who_is_not_installed_is_named():
    row = a_row(lambda _: 1, lambda _: 1, optional={"theirs": "a", "PyOD": "pyod"})
    assert speed.measure_row(row, 1, limits=False)["skipped"] == {"PyOD": "pyod"}


def test_the_profile_names_functions_without_their_addresses():
    said = speed.profile(Way("sorts", lambda _: [sorted(range(100_000)) for _ in range(20)]))
    assert re.fullmatch(r"(`\S+` \d+%(, )?)+", said)
    assert speed.name_of(("~", 0, "<method 'run_backward' of 'torch._C.X' objects>")) == (
        "`run_backward`"
    )
    assert speed.name_of(("~", 0, "<built-in method torch._C._nn.linear>")) == "`linear`"
    assert speed.name_of(("adam.py", 3, "step")) == "`step`"


def test_a_row_that_fails_says_which_and_writes_nothing(monkeypatch, capfd):
    written = []
    monkeypatch.setattr(speed, "save_table", lambda *args, **kwargs: written.append(args))
    monkeypatch.setattr(speed, "ROWS", [Row("no such row", ROWS[0].prepare, {})])
    monkeypatch.setattr(sys, "argv", ["speed.py"])
    with pytest.raises(RuntimeError, match="'no such row' failed"):
        speed.main()
    assert not written


def test_names_of_rows_are_their_keys():
    names = [row.name for row in (*ROWS, *LONG_ROWS)]
    assert len(set(names)) == len(names)
    assert all(row.why for row in ROWS if row.goals)


def test_a_second_run_is_compared_row_by_row():
    first = pd.DataFrame(
        {
            "what": ["a", "b"],
            "against": "Keras",
            "ratio": [4.0, 4.0],
            "ratio, low": [3.9, 3.9],
            "ratio, high": [4.1, 4.1],
        }
    )
    second = first.assign(**{column: [4.2, 9.0] for column in first.columns[2:]})[::-1]
    compared = speed.compare_tables(second, first)
    assert compared["what"].tolist() == ["a", "b"]
    assert compared["ratio again"].tolist() == [4.2, 9.0]
    assert compared["agree"].tolist() == [True, False]


# Growth


def test_a_point_has_time_and_the_memory_that_was_taken_beyond_the_start():
    def prepare(size):
        return lambda: time.sleep(0.01) or np.ones(int(size), dtype=np.uint8).sum()

    point = speed_growth.measure_point(speed_growth.Series("bytes", (1,), prepare), 64 * 2**20)
    assert 0.01 <= point["low"] <= point["seconds"] <= point["high"]
    assert np.isnan(point["memory, MiB"]) or 60 < point["memory, MiB"] < 120


def test_a_point_that_takes_the_machines_memory_is_stopped_and_named(monkeypatch):
    monkeypatch.setattr(speed_growth, "KEPT_FREE", 2**60)
    assert "memory" in speed_growth.point("planning a sweep", 10)["note"]


def test_exponents_leave_out_points_that_were_stopped():
    points = pd.DataFrame(
        {
            "series": "a",
            "axis": "beats",
            "size": [10, 100, 1000],
            "seconds": [1.0, 100.0, np.nan],
            "memory, MiB": [1.0, 10.0, np.nan],
            "note": ["", "", "stopped"],
        }
    )
    (row,) = speed_growth.exponents(points).to_dict("records")
    assert (row["time"], row["memory, last step"]) == (pytest.approx(2), pytest.approx(1))
    assert (row["to"], row["seconds"], row["note"]) == (100, 100.0, "stopped")


def test_a_recording_that_is_written_is_whole_and_can_be_analysed(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(speed_recordings, "ALONE", 0.03)  # and so repeated
    header = write_recording(tmp_path, 0.05)
    assert read_record(header).duration == pytest.approx(180)
    report_on(header)
    assert not caplog.records


# What is committed, and how it is shown


@pytest.mark.parametrize("name", TABLES)
def test_every_table_names_data_machine_and_versions(name):
    card = json.loads((RESULTS / f"{name}.json").read_text())
    assert card["source"] == "ECG5000"
    assert {"ecglab", "torch", "tensorflow"} <= set(card["versions"])
    assert {"processor", "processors", "memory, GiB", "threads", "repeats", "python"} <= set(card)
    assert "/" not in card["processor"]


def test_the_table_has_every_row_and_a_reason_for_every_goal_that_is_missed():
    table = pd.read_csv(RESULTS / "speed.csv")
    assert table["what"].drop_duplicates().tolist() == [row.name for row in ROWS]
    missed = table[table["reached"] == "no"]
    assert missed["why"].notna().all()
    assert missed["most time in"].notna().all()


def test_the_book_shows_what_the_tables_hold():
    table = pd.read_csv(RESULTS / "speed.csv")
    header, rows = cells_of(course_tables.speed(ROOT))
    assert [len(row) for row in rows] == [len(header)] * len(table)
    assert [row[0].startswith(what) for row, what in zip(rows, table["what"], strict=True)]
    assert sum("missed" in row[-2] for row in rows) == (table["reached"] == "no").sum()
    _, missed = cells_of(course_tables.speed_missed(ROOT))
    assert len(missed) == (table["reached"] == "no").sum()


@pytest.mark.parametrize("name", [name for name in course_tables.TABLES if "speed-" in name])
def test_tables_of_speed_are_whole(name):
    table = course_tables.TABLES[name](ROOT)
    if table == course_tables.NOT_YET:
        pytest.skip("measured by make bench-long")
    header, rows = cells_of(table.removeprefix(course_tables.GROWTH_FIGURE).strip())
    assert rows
    assert all(len(row) == len(header) for row in rows)
    assert not any("nan" in cell for row in rows for cell in row)


def test_the_page_types_no_figure_that_another_run_would_change():
    assert not re.search(r"\d+(\.\d+)? ?(s|ms|GB|MiB|GiB|%|times|seconds)\b", PAGE)
    for name in ("speed", "speed-missed", "speed-limits", "speed-busy", "speed-growth"):
        assert f"```{{{name}}}" in PAGE
