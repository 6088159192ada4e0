"""What a sweep says: ranking, effects, figures, report."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from ecglab.sweep import (
    SweepError,
    parameter_effects,
    plot_heat_maps,
    plot_parallel_coordinates,
    rank_runs,
    read_results,
    report,
)


@pytest.fixture
def results():
    """Two parameters, of which only x matters, over three seeds; one run has failed."""
    rows = [
        {"x": x, "y": y, "seed": seed, "auc": x + 0.01 * seed, "status": "done"}
        for x in (0.1, 0.2, 0.3)
        for y in ("a", "b")
        for seed in (0, 1, 2)
    ]
    rows.append({"x": 0.9, "y": "a", "seed": 0, "auc": np.nan, "status": "failed"})
    table = pd.DataFrame(rows)
    table.attrs = {"parameters": ["x", "y", "seed"], "metrics": ["auc"]}
    return table


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_ranking_is_by_the_mean_over_seeds_with_students_interval(results):
    table = rank_runs(results, "auc")
    assert table["x"].tolist() == [0.3, 0.3, 0.2, 0.2, 0.1, 0.1]
    assert (table["runs"] == 3).all()
    best = table.iloc[0]
    assert best["mean"] == pytest.approx(0.31)
    # sd 0.01 over 3 seeds: 4.302653 * 0.01 / sqrt(3)
    assert best["high"] - best["mean"] == pytest.approx(0.0248414, abs=1e-6)
    assert rank_runs(results, "auc", ascending=True)["x"][0] == 0.1


def test_seeds_that_share_beats_widen_the_interval_as_they_do_for_detectors(results):
    alone, shared = (rank_runs(results, "auc", test_to_train=ratio).iloc[0] for ratio in (0, 0.5))
    assert shared["mean"] == alone["mean"]
    # sqrt(1/3 + 0.5) in the place of sqrt(1/3)
    widths = [row["high"] - row["low"] for row in (shared, alone)]
    assert widths[0] / widths[1] == pytest.approx(np.sqrt(2.5))
    with pytest.raises(ValueError, match="ratio of two counts"):
        rank_runs(results, "auc", test_to_train=-1)


def test_parallel_lines_stop_before_the_labels_and_the_best_setting_stands_out(results):
    ax = plot_parallel_coordinates(results, "auc")
    places = np.concatenate([line.get_xdata() for line in ax.lines])
    labelled = np.array([0.0, 1.0])
    assert np.nanmin(np.abs(places[:, None] - labelled)) > 0.1
    widths = [line.get_linewidth() for line in ax.lines]
    assert np.argmax(widths) == len(widths) - 1  # drawn last, so on top
    assert sorted(widths)[-2] < max(widths)
    assert ax.get_ylabel() == "auc"


def test_one_seed_says_nothing_about_the_spread(results):
    table = rank_runs(results[results["seed"] == 0], "auc", parameters=["x", "y", "seed"])
    assert (table["runs"] == 1).all()
    assert table[["sd", "low", "high"]].isna().all().all()


def test_only_the_seed_varying_gives_one_row(results):
    one = results[(results["x"] == 0.1) & (results["y"] == "a")]
    table = rank_runs(one, "auc", parameters=["x", "y", "seed"])
    assert table["runs"].tolist() == [3]
    assert table["mean"].tolist() == pytest.approx([0.11])


def test_effects_add_up_and_name_what_matters(results):
    effects = parameter_effects(results, "auc")
    assert effects.index[0] == "x"
    assert effects.loc["y", "share"] == pytest.approx(0)
    assert effects["share"].sum() == pytest.approx(1)  # here nothing acts together
    assert effects.loc["x", "best"] == 0.3


@pytest.mark.parametrize("function", [rank_runs, parameter_effects])
def test_unknown_metrics_and_unnamed_parameters_are_errors(results, function):
    with pytest.raises(ValueError, match="there is no column 'acc'"):
        function(results, "acc")
    with pytest.raises(ValueError, match="no run that is done"):
        function(results[results["status"] == "failed"], "auc")
    results.attrs = {}
    with pytest.raises(ValueError, match="name them"):
        function(results, "auc")


def test_figures_show_every_pair_and_every_setting(results):
    (ax,) = plot_heat_maps(results, "auc")
    assert {ax.get_xlabel(), ax.get_ylabel()} == {"x", "y"}
    lines = plot_parallel_coordinates(results, "auc").lines
    assert len(lines) == 6
    heights = np.array([line.get_ydata() for line in lines])
    assert heights[:, -1].min() == 0
    assert heights[:, -1].max() == 1
    with pytest.raises(ValueError, match="two parameters"):
        plot_heat_maps(results, "auc", parameters=["x", "seed"])


def test_figures_show_a_parameter_that_is_left_at_its_default(results):
    results["y"] = results["y"].replace({"a": None})
    (ax,) = plot_heat_maps(results, "auc")
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["default", "b"]


def test_settings_that_differ_in_the_middle_of_a_long_value_are_lines_of_their_own(results):
    ends = {0: "2", 1: "4", 2: "8"}
    results["net"] = [
        f'{{"hidden":[64,32,{ends[seed]}],"dropout":0.1}}' for seed in results["seed"]
    ]
    ax = plot_parallel_coordinates(results, "auc", parameters=["net", "y"])
    assert len([text for text in ax.texts if text.get_position()[0] == 0]) == 3
    assert len(ax.lines) == 6


def test_parameters_may_have_the_names_of_summaries(results):
    results = results.rename(columns={"x": "low", "y": "mean"})
    ranked = rank_runs(results, "auc", parameters=["low", "mean", "seed"])
    assert ranked["parameter low"].tolist() == [0.3, 0.3, 0.2, 0.2, 0.1, 0.1]
    assert ranked["mean"][0] == pytest.approx(0.31)
    (ax,) = plot_heat_maps(results, "auc", parameters=["low", "mean", "seed"])
    assert {ax.get_xlabel(), ax.get_ylabel()} == {"parameter low", "parameter mean"}


@pytest.mark.slow
def test_report_is_an_executed_notebook_and_a_page(tmp_path, write_result):
    for x in (1, 2):
        for y in (1, 2):
            for seed in (0, 1):
                metrics = {"network": "dense", "auc": x + 0.1 * seed}  # text cannot be ranked by
                write_result(tmp_path, {"x": x, "y": y, "seed": seed}, metrics)
    write_result(tmp_path, {"x": 9, "y": 1, "seed": 0}, {}, "failed")
    page = report(tmp_path)
    assert page == tmp_path / "report.html"
    notebook = nbformat.read(tmp_path / "report.ipynb", as_version=4)
    pictures = sum("image/png" in str(cell.get("outputs", "")) for cell in notebook.cells)
    assert pictures == 2
    html = page.read_text()
    for heading in ("Ranking", "What matters", "Heat maps", "Failed runs"):
        assert heading in html
    assert "read_results(" not in html


def test_report_on_nothing_says_so(tmp_path, write_result):
    with pytest.raises(SweepError, match="holds no result"):
        report(tmp_path)
    write_result(tmp_path, {"x": 1}, {"auc": 1.0})
    with pytest.raises(SweepError, match="recorded were: auc"):
        report(tmp_path, metric="loss")
    with pytest.raises(SweepError, match=r"no run has a parameter 'foo'.* parameters are: x"):
        report(tmp_path, seed="foo")
    with pytest.raises(SweepError, match="is an address"):
        report("s3://bucket/runs")


def test_what_is_read_can_be_ranked(tmp_path, write_result):
    for seed in range(3):
        write_result(tmp_path, {"hidden": [8, 4], "seed": seed}, {"auc": 0.5})
        write_result(tmp_path, {"hidden": [4], "seed": seed}, {"auc": 0.6})
    assert rank_runs(read_results(tmp_path), "auc")["hidden"].tolist() == ["[4]", "[8,4]"]


def test_finished_runs_are_handed_over_to_mlflow_once(tmp_path, write_result, monkeypatch):
    """As the page on sizing says; MLflow is no dependency, so this runs where somebody has it."""
    mlflow = pytest.importorskip("mlflow")
    page = (Path(__file__).parents[2] / "book" / "sweep_sizing.md").read_text(encoding="utf-8")
    (code,) = re.findall(r":class: mlflow\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # a folder, in the place of a server
    mlflow.set_tracking_uri(f"file://{tmp_path}/store")
    key = write_result(tmp_path / "runs", {"x": 1, "layers": [8, 2]}, {"auc": 0.9, "note": "good"})
    write_result(tmp_path / "runs", {"x": 2}, {"auc": 0.8})
    write_result(tmp_path / "runs", {"x": 3}, {}, status="failed")
    for _ in range(2):
        exec(code, {})
    exported = mlflow.search_runs().set_index("params.x")
    assert sorted(exported.index) == ["1", "2"]
    assert exported["metrics.auc"].to_dict() == {"1": 0.9, "2": 0.8}
    assert exported.loc["1", ["tags.key", "params.layers"]].to_list() == [key, "[8,2]"]
