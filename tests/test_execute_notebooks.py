"""`make course` runs the notebooks quietly and side by side, and stops where one of them fails."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).parents[1]


@pytest.fixture
def execute(tmp_path):
    """Return the function that runs some code as a notebook each, and says what came of it."""

    def run(**sources):
        paths = []
        for name, source in sources.items():
            paths.append(tmp_path / f"{name}.ipynb")
            nbformat.write(new_notebook(cells=[new_code_cell(source)]), paths[-1])
        command = [sys.executable, ROOT / "tools/execute_notebooks.py", "--out", tmp_path / "out"]
        done = subprocess.run([*command, *paths], capture_output=True, text=True)
        return done, {path.stem: path.read_text() for path in (tmp_path / "out").iterdir()}

    return run


def test_outputs_are_kept_and_nothing_is_said_but_how_long_it_took(execute):
    done, written = execute(one="print(20 + 1)", two="print(40 + 2)")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no word of how the kernels are connected
    assert sorted(line.rpartition("/")[2][:9] for line in done.stdout.splitlines()) == [
        "one.ipynb",
        "two.ipynb",
    ]
    assert '"21\\n"' in written["one"]
    assert '"42\\n"' in written["two"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import sys; print('odd', file=sys.stderr)", "cell 0 wrote to standard error: odd"),
    ],
)
def test_one_that_fails_is_named_and_not_kept(execute, source, reason):
    done, written = execute(faulty=source)
    assert done.returncode == 1
    assert "faulty.ipynb: " in done.stderr
    assert reason in done.stderr
    assert "Traceback (most recent call last):\n  File" not in done.stderr
    assert written == {}


def test_a_figure_as_svg_is_the_same_every_time(execute):
    draw = """%config InlineBackend.figure_formats = ["svg"]
from ecglab import plots
plots.use_course_style()
_ = plots.plot_lstm_cell()"""
    done, written = execute(one=draw, two=draw)
    assert done.returncode == 0, done.stderr
    one, two = (nbformat.reads(written[name], 4).cells[0].outputs for name in ("one", "two"))
    assert "image/png" not in one[0].data
    assert one[0].data["image/svg+xml"] == two[0].data["image/svg+xml"]
