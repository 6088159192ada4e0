"""Recording figures in a notebook, and finding them again."""

import logging
import math

import numpy as np
import pandas as pd
import pytest

from ecglab.sweep import record, run


def test_outside_of_a_notebook_figures_go_to_the_log(caplog, capsys):
    with caplog.at_level(logging.INFO, logger="ecglab"):
        record({"ROC-AUC": 0.99}, n=3)
    assert "ROC-AUC: 0.9900, n: 3" in caplog.text
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("value", [[1], {"a": 1}, np.ones(2), object()])
def test_what_is_no_scalar_is_refused(value):
    with pytest.raises(TypeError, match="the figure 'x' is a"):
        record(x=value)


def test_what_is_no_name_is_refused():
    with pytest.raises(TypeError, match="must be a str"):
        record({1: 2})


def test_numpy_scalars_and_series_are_taken(caplog):
    with caplog.at_level(logging.INFO, logger="ecglab"):
        record(pd.Series({"a": 1.5}), b=np.int64(3), c=np.float32(0.5), d=np.bool_(True))
    assert "a: 1.5000, b: 3, c: 0.5000, d: True" in caplog.text


@pytest.mark.slow
def test_the_last_value_of_a_name_counts_and_every_value_comes_through(
    tmp_path, write_notebook, scheduler
):
    code = """
from ecglab.sweep import record
record({"twice": 1, "big": 2**60}, half="\\ud800")
print("twice: 9")
record(twice=2, nan=float("nan"), low=-float("inf"), yes=True, none=None, name="LSTM")
"""
    notebook = write_notebook(tmp_path / "n.ipynb", "x = 0", code)
    grid = {"notebook": str(notebook)}
    table = run(grid, tmp_path / "runs", scheduler=scheduler, progress=False)
    (row,) = table[table.attrs["metrics"]].to_dict("records")
    assert math.isnan(row.pop("nan"))
    assert row == {
        **{"twice": 2, "big": 2**60, "half": "?", "low": -math.inf},
        **{"yes": True, "none": None, "name": "LSTM"},
    }
