"""Reading results, the tables that a sweep leaves, and damage."""

import time

import numpy as np
import pandas as pd
import pytest

from ecglab.sweep import SweepError, plan, read_results, run


@pytest.fixture
def rerun(tmp_path, write_grid, write_result):
    """Return the function that repeats a sweep that is done, so that it only writes tables."""
    grid = write_grid([1.0])

    def do(parameters, metrics):
        (key,) = plan(grid, tmp_path / "runs")["key"]
        write_result(tmp_path / "runs", parameters, metrics, key=key)
        run(grid, tmp_path / "runs", progress=False)

    return do


def test_empty_folder_is_an_empty_table(tmp_path):
    table = read_results(tmp_path / "nothing")
    assert table.empty
    assert {"key", "status", "error", "seconds", "notebook", "data"} <= set(table.columns)


def test_one_row_a_run_with_parameters_metrics_and_how_it_went(tmp_path, write_result):
    write_result(tmp_path, {"x": 1, "hidden": [2, 3]}, {"auc": 0.5, "loss": "NaN"})
    write_result(tmp_path, {"x": 2}, {}, "failed")
    table = read_results(tmp_path).sort_values("x", ignore_index=True)
    assert set(table.attrs["parameters"]) == {"x", "hidden"}
    assert set(table.attrs["metrics"]) == {"auc", "loss"}
    assert table["hidden"].tolist()[0] == "[2,3]"
    assert table["status"].tolist() == ["done", "failed"]
    assert np.isnan(table["loss"][0])
    assert table["data"].tolist() == ["ECG5000"] * 2
    assert table["version of ecglab"].tolist() == ["1", "1"]


def test_tables_on_disk_hold_everything_of_the_folder_and_mixed_types_as_text(
    tmp_path, write_result, rerun
):
    out = tmp_path / "runs"
    write_result(out, {"x": "one"}, {"best": 3, "big": 0.5, "small": 1})
    rerun({"x": 1.0}, {"best": "conv", "big": 2**70, "small": 2**62})
    table = read_results(out)
    text = pd.read_csv(out / "results.csv", dtype={"big": str})
    for written in (pd.read_parquet(out / "results.parquet"), text):
        assert written["key"].tolist() == table["key"].tolist()
        assert written["x"].astype(str).tolist() == table["x"].astype(str).tolist()
        assert set(written["best"]) == {"conv", "3"}
        assert set(written["big"]) == {"0.5", str(2**70)}
        assert set(written["small"]) == {2**62, 1}


def test_output_folder_may_start_at_home(tmp_path, monkeypatch, write_result):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_result(tmp_path / "runs", {"x": 1}, {})
    assert len(read_results("~/runs")) == 1


def test_damaged_result_is_named(tmp_path, write_result):
    key = write_result(tmp_path, {"x": 1}, {})
    (tmp_path / "runs" / key[:2] / f"{key}.json").write_text('{"key":')
    with pytest.raises(SweepError, match=rf"{key}\.json is damaged"):
        read_results(tmp_path)


def test_two_thousand_results_are_read_in_under_a_second(tmp_path, write_result):
    """By the processor's time and the best of three, so that a busy machine does not decide."""
    for x in range(2_000):
        write_result(tmp_path, {"x": x, "seed": x % 10}, {"auc": x / 1e4, "loss": 0.1})
    seconds = []
    for _ in range(3):
        start = time.process_time()
        assert len(read_results(tmp_path)) == 2_000
        seconds.append(time.process_time() - start)
    assert min(seconds) < 1
