"""A class is graded: right answers pass; stubs, typed, forged and broken ones do not."""

import json
import os
import textwrap

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from ecglab import cli, course, datasets
from ecglab.course._grade import hide_beats
from ecglab.datasets import make_heartbeats

pytestmark = pytest.mark.slow
SETUP = """
from ecglab import course
from ecglab.datasets import load_heartbeats
beats = load_heartbeats()
"""
SHARE = "anomaly_share = beats.is_anomaly.mean()"
CHECK = "course.check_anomaly_share(anomaly_share, beats)"
GRID = "n_runs = 3 * 5 * 10", "course.check_number_of_runs(n_runs, [3, 5, 10])"
TYPED = f"anomaly_share = {make_heartbeats(random_state=0).is_anomaly.mean()}"
FORGED = f"""
class Praise:
    passed, message = True, "Forged."
course.check_anomaly_share = lambda *_: Praise()
print("Right.")
{TYPED}
"""
# What a learner writes for the first exercise, how it is judged, and a word of the reply.
HANDED_IN = {
    "right": (f"{SHARE}\nopen('new.txt', 'w')", True, "far above"),
    "stub": ("anomaly_share = ...\n1 / 0", False, "Replace the ..."),
    "wrong": ("anomaly_share = 1 - beats.is_anomaly.mean()", False, "normal beats"),
    "forged": (FORGED, False, ""),
}


def write(path, *sources):
    cells = [new_code_cell("random_state = 0", metadata={"tags": ["parameters"]})]
    cells += [new_code_cell(textwrap.dedent(source)) for source in (SETUP, *sources)]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)
    return cells


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Make a course of one notebook, and a folder with what a class handed in."""
    root = tmp_path_factory.mktemp("class")
    write(
        root / "notebooks" / "01_count.ipynb", "anomaly_share = ...", CHECK, "n_runs = ...", GRID[1]
    )
    for learner, (answer, _, _) in HANDED_IN.items():
        write(root / "in" / learner / "mine.ipynb", answer, CHECK, *GRID)
    return root / "notebooks", root / "in"


@pytest.fixture(autouse=True)
def simulated(monkeypatch):
    monkeypatch.setenv("ECGLAB_SOURCE", "simulated")


def test_a_class_is_graded(folders, capsys):
    notebooks, handed_in = folders
    (handed_in / "torn.ipynb").write_text('{"cells": [')
    assert cli.main(["course", "grade", str(handed_in), "--course", str(notebooks)]) == 0
    said = capsys.readouterr().out
    assert "right: 2 of 2" in said
    assert "stub: 1 of 2" in said
    grades = json.loads((handed_in / "grade.json").read_text())["grades"]
    rows = {(row["learner"], row["exercise"]): row for row in grades}
    for learner, (_, passed, reply) in HANDED_IN.items():
        share, runs = rows[learner, "anomaly_share"], rows[learner, "number_of_runs"]
        assert share["notebook"] == "01_count"
        assert share["file"] == f"{learner}/mine.ipynb"
        assert share["passed"] is passed, learner
        assert reply in share["reply"]
        assert runs["passed"] is True, "one answer spoils no other"
    assert "cannot be graded" in rows["torn", ""]["reply"]
    assert os.listdir(notebooks) == ["01_count.ipynb"], "each works in a copy"


def test_solutions_do_not_count_and_checks_need_not_be_there(folders, tmp_path):
    cells = write(tmp_path / "a.ipynb", f"{SHARE}\n{CHECK}", GRID[0])
    cells[-2].metadata["tags"] = ["solution"]
    nbformat.write(new_notebook(cells=cells), tmp_path / "a.ipynb")
    graded = course.grade(tmp_path / "a.ipynb", folders[0]).set_index("exercise")
    assert graded["passed"].to_dict() == {"anomaly_share": False, "number_of_runs": True}
    assert graded["reply"].iloc[0].startswith("NameError")


def test_a_notebook_that_takes_too_long_is_stopped(folders, tmp_path):
    write(tmp_path / "a.ipynb", SHARE, CHECK, "while True: pass", *GRID)
    graded = course.grade(tmp_path / "a.ipynb", folders[0], timeout=0.5)
    assert graded["passed"].to_list() == [False, False]
    assert set(graded["reply"]) == {"not reached (timeout: stopped after 0.5 s)"}


def test_a_seed_hides_the_same_beats_and_more_of_the_anomalies(monkeypatch):
    for name in ("load_heartbeats", "fetch_ecg5000"):
        monkeypatch.setattr(datasets, name, make_heartbeats)  # what is put back afterwards
    every = make_heartbeats(random_state=0).is_anomaly
    hide_beats(7)
    first, again = (datasets.load_heartbeats(random_state=0).is_anomaly for _ in range(2))
    assert first.tolist() == again.tolist()
    assert 0.9 < np.sum(~first) / np.sum(~every) < 1
    assert 0.65 < np.sum(first) / np.sum(every) < 0.95


def test_a_folder_without_notebooks_is_named(tmp_path, capsys):
    assert cli.main(["course", "grade", str(tmp_path)]) == 2
    assert "holds no notebook" in capsys.readouterr().err
    write(tmp_path / "a.ipynb", SHARE, CHECK)
    assert cli.main(["course", "grade", str(tmp_path), "--course", str(tmp_path / "no")]) == 2
    assert "no notebook of the course" in capsys.readouterr().err
