"""The committed tables: what they hold, where they come from, and that they can be had again."""

import json
from pathlib import Path

import contenders
import leaderboard
import pandas as pd
import pytest

from ecglab.evaluation import DEFAULT_RULES, SPLITS

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
DETECTORS = [name for contender in contenders.CONTENDERS for name in contender.detectors]


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(RESULTS / "leaderboard.csv")


def of(table, detector, rule, split="pooled"):
    rows = table[
        (table["detector"] == detector)
        & (table["threshold"].str.startswith(rule))
        & (table["split"] == split)
    ]
    assert len(rows) == 10
    return rows.mean(numeric_only=True)


def test_every_detector_has_ten_seeds_on_both_splits_at_every_threshold(table):
    assert len(DETECTORS) >= 18
    assert sorted(table["detector"].unique()) == sorted(DETECTORS)
    sizes = table.groupby(["detector", "split", "threshold"])["seed"].nunique()
    assert len(sizes) == len(DETECTORS) * len(SPLITS) * len(DEFAULT_RULES)
    assert (sizes == 10).all()
    assert not table.filter(regex="^(?!recall of)").isna().any().any()


def test_what_rests_on_no_label_is_called_label_free(table):
    """A row is label-free where both the scores and the rule of its threshold are."""
    label_free_scores = {
        name: label_free
        for contender in contenders.CONTENDERS
        for name, label_free in zip(contender.detectors, contender.label_free, strict=True)
    }
    expected = table["detector"].map(label_free_scores) & table["threshold"].str.endswith(
        "(label-free)"
    )
    pd.testing.assert_series_equal(table["label_free"], expected, check_names=False)
    assert 0 < sum(label_free_scores.values()) < len(label_free_scores)


def test_provenance_names_the_real_data_and_every_version():
    provenance = json.loads((RESULTS / "leaderboard.json").read_text())
    assert provenance["source"] == "ECG5000"
    assert provenance["seeds"] == list(range(10))
    used = {"keras", "tensorflow", "torch", "numpy", "scikit-learn", "pyod", "ecglab"}
    assert used <= set(provenance["versions"])
    assert sum(key.startswith("sha256") for key in provenance["data"]) >= 2


# Reference points measured elsewhere under the same protocol: ROC-AUC on the official and the
# pooled split, accuracy on the pooled split at the 95 % quantile; a value, or the ends of a range.
REFERENCE_POINTS = {
    "PCA, 2 components": ((0.993, 0.993), (0.989, 0.991), (0.983, 0.983)),
    "5 nearest neighbours": ((0.992, 0.992), (0.993, 0.995), (0.984, 0.987)),
    "local outlier factor": ((0.992, 0.992), (0.991, 0.995), (0.980, 0.985)),
    "one-class SVM": ((0.990, 0.992), (0.990, 0.994), (0.981, 0.981)),
    "isolation forest": ((0.949, 0.949), (0.949, 0.949), (0.66, 0.66)),
    "PCA, 64 components": ((0.935, 0.935), (0.761, 0.761), None),
}


@pytest.mark.parametrize("detector", REFERENCE_POINTS)
def test_baselines_agree_with_the_reference_points_within_their_spread(table, detector):
    """Within two standard deviations over the seeds, and the last digit that is given."""
    rows = table[
        (table["detector"] == detector) & table["threshold"].str.startswith("95 %")
    ].set_index("split")
    measured = rows.loc["official", "ROC-AUC"], rows.loc["pooled", "ROC-AUC"]
    for values, reference in zip(
        (*measured, rows.loc["pooled", "accuracy"]), REFERENCE_POINTS[detector], strict=True
    ):
        if reference is not None:
            room = 2 * values.std() + 0.0005
            assert reference[0] - room <= values.mean() <= reference[1] + room


def test_best_dense_recipe_reaches_what_the_course_says_of_it(table):
    label_free = of(table, contenders.BEST_DENSE, "95 %")
    assert label_free["ROC-AUC"] >= 0.985
    assert label_free["accuracy"] >= 0.975
    label_tuned = of(table, contenders.BEST_DENSE, "best F1")
    assert label_tuned["accuracy"] >= 0.972
    assert label_tuned["F1"] >= 0.977


def test_lessons_of_notebook_02_hold_over_the_seeds(table):
    recipes = table.loc[table["family"] == "Keras, dense", "detector"].unique()
    for split in SPLITS:
        auc = {name: of(table, name, "95 %", split)["ROC-AUC"] for name in recipes}
        pca = of(table, "PCA, 2 components", "95 %", split)["ROC-AUC"]
        sigmoid = auc.pop("64-32-16, standardised, sigmoid")
        assert sigmoid < min(auc.values()) - 0.02
        assert max(auc, key=auc.get) == contenders.BEST_DENSE
        assert abs(pca - auc[contenders.BEST_DENSE]) < 0.004


def test_lstm_reaches_what_the_course_says_of_it(table):
    """ROC-AUC of 0.992; an accuracy within a standard error of 0.985 at the 95 % quantile."""
    lstm = of(table, "LSTM, 64: MSE", "95 %")
    assert lstm["ROC-AUC"] >= 0.992
    assert lstm["accuracy"] >= 0.983


def test_weighted_network_reaches_the_published_figures(table):
    weighted = of(table, "[140, 96, 48, 24]: learned weights (label-tuned)", "90 %")
    assert weighted["accuracy"] >= 0.972
    assert weighted["recall"] >= 0.9975
    assert weighted["F1"] >= 0.977


def test_readme_quotes_the_table(table):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    begin, end = leaderboard.README_MARKS
    assert begin + leaderboard.readme_table(table) + end in readme


# Deterministic baselines to the digit that the table keeps; a trained recipe within what another
# processor changes. The two that take long are computed on the smaller split alone; what the dense
# one learns of the other is compared in tests/course/test_trained.py.
SLICES = {
    "PCA, 2 components": 1e-5,
    "5 nearest neighbours": 1e-5,
    "local outlier factor": 1e-5,
    "Mahalanobis distance": 1e-5,
    contenders.BEST_DENSE: 0.005,
    "PyOD INNE": 0.02,
}


SLOW = {contenders.BEST_DENSE, "PyOD INNE"}


@pytest.mark.parametrize(
    ("detector", "split"),
    [(name, split) for name in SLICES for split in SPLITS if name not in SLOW or split != "pooled"],
)
def test_one_slice_computed_again_agrees(table, ecg5000, detector, split):
    (contender,) = (c for c in contenders.CONTENDERS if detector in c.detectors)
    again = pd.DataFrame(leaderboard.rows(ecg5000, contender, split, 0))
    committed = table[
        (table["detector"] == detector) & (table["split"] == split) & (table["seed"] == 0)
    ]
    assert committed["threshold"].tolist() == again["threshold"].tolist()
    for metric in ("ROC-AUC", "average precision"):
        assert committed[metric].to_numpy() == pytest.approx(
            again[metric].to_numpy(), abs=SLICES[detector]
        )


def test_fast_lstm_is_as_fast_as_the_course_says():
    speed = pd.read_csv(RESULTS / "lstm_speed.csv").set_index("what")["ratio"]
    textbook = speed[speed.index.str.contains("textbook")]
    assert textbook.filter(like="training").item() >= 100
    assert textbook.filter(like="float32").item() >= 20
    assert textbook.filter(like="bfloat16").item() >= 50
