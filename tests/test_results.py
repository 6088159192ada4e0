"""The committed tables: what they hold, where they come from, and that they can be had again."""

import json
from pathlib import Path

import dense_recipes
import pandas as pd
import pytest
import torch_recipes

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(RESULTS / "dense_recipes.csv")


def of(table, detector, rule, split="pooled"):
    rows = table[
        (table["detector"] == detector)
        & (table["threshold"].str.startswith(rule))
        & (table["split"] == split)
    ]
    assert len(rows) == 10
    return rows.mean(numeric_only=True)


def test_every_detector_has_ten_seeds_on_both_splits_at_every_threshold(table):
    sizes = table.groupby(["detector", "split", "threshold"])["seed"].nunique()
    assert len(sizes) == len(dense_recipes.DETECTORS) * 2 * 5
    assert (sizes == 10).all()
    assert not table.isna().any().any()


def test_provenance_names_the_real_data_and_every_version():
    provenance = json.loads((RESULTS / "dense_recipes.json").read_text())
    assert provenance["source"] == "ECG5000"
    assert provenance["seeds"] == list(range(10))
    assert {"keras", "tensorflow", "numpy", "scikit-learn", "ecglab"} <= set(provenance["versions"])
    assert sum(key.startswith("sha256") for key in provenance["data"]) >= 2


def test_best_dense_recipe_reaches_what_the_course_says_of_it(table):
    label_free = of(table, dense_recipes.BEST_RECIPE, "95 %")
    assert label_free["ROC-AUC"] >= 0.985
    assert label_free["accuracy"] >= 0.975
    label_tuned = of(table, dense_recipes.BEST_RECIPE, "best F1")
    assert label_tuned["accuracy"] >= 0.972
    assert label_tuned["F1"] >= 0.977


def test_lessons_of_notebook_02_hold_over_the_seeds(table):
    for split in ("pooled", "official"):
        auc = {name: of(table, name, "95 %", split)["ROC-AUC"] for name in dense_recipes.DETECTORS}
        sigmoid = auc.pop("64-32-16, standardised, sigmoid")
        assert sigmoid < min(auc.values()) - 0.02
        dense = {name: value for name, value in auc.items() if "baseline" not in name}
        assert max(dense, key=dense.get) == dense_recipes.BEST_RECIPE
        assert abs(auc["baseline: PCA, 2 components"] - dense[dense_recipes.BEST_RECIPE]) < 0.004


def test_readme_quotes_the_table(table):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    begin, end = dense_recipes.README_MARKS
    assert begin + dense_recipes.readme_table(table) + end in readme


def test_one_slice_computed_again_agrees(table, ecg5000):
    """The baseline to the digit; a trained recipe within what another processor changes."""
    slices = {"baseline: PCA, 2 components": 1e-6, dense_recipes.BEST_RECIPE: 0.005}
    for detector, tolerance in slices.items():
        again = pd.DataFrame(dense_recipes.rows(ecg5000, detector, "pooled", 0))
        committed = table[
            (table["detector"] == detector) & (table["split"] == "pooled") & (table["seed"] == 0)
        ]
        assert committed["threshold"].tolist() == again["threshold"].tolist()
        assert committed["ROC-AUC"].to_numpy() == pytest.approx(
            again["ROC-AUC"].to_numpy(), abs=tolerance
        )


@pytest.fixture(scope="module")
def torch_table():
    return pd.read_csv(RESULTS / "torch_recipes.csv")


def test_every_torch_recipe_has_ten_seeds_on_both_splits(torch_table):
    sizes = torch_table.groupby(["detector", "split", "threshold"])["seed"].nunique()
    n_detectors = sum(len(scorings) for scorings in torch_recipes.SCORINGS.values())
    assert len(sizes) == n_detectors * 2 * (3 + len(torch_recipes.QUANTILES))
    assert (sizes == 10).all()
    assert not torch_table.isna().any().any()


def test_lstm_reaches_what_the_course_says_of_it(torch_table):
    """ROC-AUC of 0.992; an accuracy within a standard error of 0.985 at the 95 % quantile."""
    lstm = of(torch_table, "LSTM, 64: MSE", "95 %")
    assert lstm["ROC-AUC"] >= 0.992
    assert lstm["accuracy"] >= 0.983


def test_weighted_network_reaches_the_published_figures(torch_table):
    weighted = of(torch_table, "[140, 96, 48, 24]: learned weights (label-tuned)", "90 %")
    assert weighted["accuracy"] >= 0.972
    assert weighted["recall"] >= 0.9975
    assert weighted["F1"] >= 0.977


def test_fast_lstm_is_as_fast_as_the_course_says():
    speed = pd.read_csv(RESULTS / "lstm_speed.csv").set_index("what")["ratio"]
    textbook = speed[speed.index.str.contains("textbook")]
    assert textbook.filter(like="training").item() >= 100
    assert textbook.filter(like="float32").item() >= 20
    assert textbook.filter(like="bfloat16").item() >= 50
