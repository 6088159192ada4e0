"""Reading results: the table, its speed, and damage."""

import json
import time

import numpy as np
import pandas as pd
import pytest

from ecglab.sweep import SweepError, SweepStorageError, read_results
from ecglab.sweep._columns import RUN_COLUMNS
from ecglab.sweep._keys import key_of
from ecglab.sweep._results import read_raw, write_tables
from ecglab.sweep._store import open_store, run_file


def write_result(folder, parameters, metrics, status="done"):
    key = key_of(parameters, "", "", {})
    result = {
        **{"key": key, "attempt": "a", "parameters": parameters, "metrics": metrics},
        **{"status": status, "error": None, "traceback": None, "seconds": 1.5, "host": "h"},
        **{"started": "2026-01-01T00:00:00+00:00", "data": {"source": "ECG5000"}},
        "versions": {"ecglab": "1"},
    }
    path = folder / run_file(key, ".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result))
    return key


def test_empty_folder_is_an_empty_table(tmp_path):
    table = read_results(tmp_path / "nothing")
    assert table.empty
    assert set(RUN_COLUMNS) <= set(table.columns)


def test_one_row_a_run_with_parameters_metrics_and_how_it_went(tmp_path):
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


def test_tables_on_disk_hold_the_same_even_with_mixed_types(tmp_path):
    write_result(tmp_path, {"x": 1}, {"best": "conv"})
    write_result(tmp_path, {"x": "one"}, {"best": 3})
    table = read_results(tmp_path)
    write_tables(open_store(tmp_path), table)
    for written in (
        pd.read_parquet(tmp_path / "results.parquet"),
        pd.read_csv(tmp_path / "results.csv"),
    ):
        assert written["key"].tolist() == table["key"].tolist()
        assert written["x"].astype(str).tolist() == table["x"].astype(str).tolist()


def test_whole_numbers_too_large_for_parquet_are_kept_as_text(tmp_path):
    write_result(tmp_path, {"x": 1}, {"big": 2**70, "small": 2**62})
    write_result(tmp_path, {"x": -(2**70)}, {"big": 0.5, "small": 1})
    write_tables(open_store(tmp_path), read_results(tmp_path))
    written = pd.read_parquet(tmp_path / "results.parquet")
    assert set(written["x"]) == {"1", str(-(2**70))}
    assert set(written["small"]) == {2**62, 1}


def test_table_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(SweepError, match="results of the runs are kept"):
        write_tables(open_store(tmp_path), pd.DataFrame({"x": [object()]}))
    assert list(tmp_path.iterdir()) == []


def test_result_that_is_deleted_while_reading_is_left_out_of_the_table(tmp_path):
    keys = [write_result(tmp_path, {"x": x}, {}) for x in (1, 2)]
    (tmp_path / run_file(keys[0], ".json")).unlink()
    assert [r["key"] for r in read_raw(open_store(tmp_path), keys, skip_gone=True)] == keys[1:]
    with pytest.raises(SweepStorageError, match="cannot be read"):
        read_raw(open_store(tmp_path), keys)


def test_output_folder_may_start_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_result(tmp_path / "runs", {"x": 1}, {})
    assert len(read_results("~/runs")) == 1


def test_damaged_result_is_named(tmp_path):
    key = write_result(tmp_path, {"x": 1}, {})
    (tmp_path / run_file(key, ".json")).write_text('{"key":')
    with pytest.raises(SweepError, match=rf"{key}\.json is damaged"):
        read_results(tmp_path)


def test_two_thousand_results_are_read_in_under_a_second(tmp_path):
    """The best of three, so that a busy machine does not decide."""
    for x in range(2_000):
        write_result(tmp_path, {"x": x, "seed": x % 10}, {"auc": x / 1e4, "loss": 0.1})
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        assert len(read_results(tmp_path)) == 2_000
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1


def test_keys_differ_by_each_of_the_four_things_and_not_by_order():
    base = key_of({"a": 1, "b": 2}, "code", "1.0", {"source": "x"})
    assert base == key_of({"b": 2, "a": 1}, "code", "1.0", {"source": "x"})
    others = {
        key_of({"a": 1, "b": 3}, "code", "1.0", {"source": "x"}),
        key_of({"a": 1, "b": 2}, "edoc", "1.0", {"source": "x"}),
        key_of({"a": 1, "b": 2}, "code", "1.1", {"source": "x"}),
        key_of({"a": 1, "b": 2}, "code", "1.0", {"source": "y"}),
    }
    assert len({base} | others) == 5
    assert all(len(key) == 32 for key in others)
