"""Recording figures in a notebook, and finding them again."""

import logging
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecglab.sweep import record
from ecglab.sweep._record import MEDIA_TYPE, _encode, decode, find_records


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


def test_numpy_scalars_and_series_are_taken():
    record(pd.Series({"a": 1.5}), b=np.int64(3), c=np.float32(0.5), d=np.bool_(True))
    assert _encode("b", np.int64(3)) == 3
    assert type(_encode("b", np.int64(3))) is int


@given(st.one_of(st.floats(), st.integers(), st.booleans(), st.none(), st.text("abc")))
def test_figures_survive_json(value):
    back = decode(_encode("x", value))
    assert back == value or (math.isnan(back) and math.isnan(value))


def test_last_value_of_a_name_counts_and_other_outputs_do_not():
    cells = [
        {"outputs": [{"data": {MEDIA_TYPE: {"a": 1, "b": 2}}}, {"text": "a: 9"}]},
        {"source": "prose"},
        {"outputs": [{"data": {MEDIA_TYPE: {"a": 3}, "text/plain": "a: 3"}}]},
    ]
    assert find_records(cells) == {"a": 3, "b": 2}
