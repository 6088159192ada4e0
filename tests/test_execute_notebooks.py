"""`make course` runs the notebooks quietly and side by side, and stops where one of them fails."""

import base64
import io
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from execute_notebooks import shrink_figures
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from ecglab import plots

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
        ("import os; os._exit(1)", "Kernel died"),
    ],
)
def test_one_that_fails_is_named_and_not_kept(execute, source, reason):
    done, written = execute(faulty=source)
    assert done.returncode == 1
    assert "faulty.ipynb: " in done.stderr
    assert reason in done.stderr
    assert "Traceback (most recent call last):\n  File" not in done.stderr
    assert written == {}


def test_a_figure_takes_less_than_half_of_the_space_and_looks_the_same():
    with plt.rc_context():
        plots.use_course_style()
        figure = plots.plot_lstm_cell().figure
        drawn = io.BytesIO()
        figure.savefig(drawn)
        plt.close(figure)
    data = {"image/png": base64.b64encode(drawn.getvalue()).decode(), "text/plain": "<Figure>"}
    outputs = [new_output("display_data", data), new_output("stream", text="no figure")]
    notebook = new_notebook(cells=[new_code_cell("", outputs=outputs)])
    shrink_figures(notebook)
    small = base64.b64decode(notebook.cells[0].outputs[0].data["image/png"])
    assert len(small) < len(drawn.getvalue()) / 2
    before, after = (
        np.asarray(Image.open(x).convert("RGB"), int) for x in (drawn, io.BytesIO(small))
    )
    assert np.abs(before - after).mean() < 0.1  # of 255
    assert notebook.cells[0].outputs[1].text == "no figure"
