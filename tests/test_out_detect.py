"""The search for a better detector: no test beat in it, and tables that can be had again."""

import json

import numpy as np
import out_detect
import pandas as pd
import pytest
from out_detect import CONTENDERS, CONTROL, RESULTS, WINNER
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

from ecglab.evaluation import SPLITS, score_split


def table(name):
    return pd.read_csv(RESULTS / f"{name}.csv")


def test_the_search_and_the_measurement_share_no_seed():
    searched, measured = table("out_detect_search"), table("out_detect")
    assert set(searched["seed"]) <= set(range(100, 120))
    by_part = searched.groupby("part")["seed"].agg(set)
    assert not by_part["search"] & by_part["confirm"]
    assert set(measured["seed"]) == set(range(10))
    assert (
        measured.groupby(["beats", "detector", "split", "threshold"])["seed"].count() == 10
    ).all()
    assert set(measured["detector"]) == set(CONTENDERS)


def test_what_is_learnt_from_validation_beats_is_not_ranked_on_them(ecg5000):
    """A score that knows its own beats by heart must not look perfect."""
    split = SPLITS["official"](ecg5000, 100)
    rng = np.random.default_rng(0)

    def by_heart(fitted_on):
        scores = rng.uniform(size=len(split.validation))
        scores[fitted_on] = -1
        return scores

    assert out_detect.cross_fitted(split, by_heart) < 0.7


def test_a_doubtful_label_is_contradicted_by_classifier_and_neighbours_alike(ecg5000):
    listed = table("label_audit")
    assert listed["beat"].is_unique
    assert (listed["probability of its label"] < 0.5).all()
    assert (listed["neighbours of its kind"] < 3).all()
    np.testing.assert_array_equal(listed["label"], ecg5000.labels[listed["beat"]])
    np.testing.assert_array_equal(listed["part"], ecg5000.split[listed["beat"]])
    for name in SPLITS:
        split = SPLITS[name](ecg5000, 0)
        found = sum(
            out_detect.in_doubt(part, ecg5000).sum()
            for part in (split.train, split.validation, split.test)
        )
        assert found == len(listed)


def test_the_row_of_the_control_can_be_had_again(ecg5000):
    split = SPLITS["official"](ecg5000, 0)
    _, scores = score_split(CONTENDERS[CONTROL](0), split)
    rows = table("out_detect").query("detector == @CONTROL and split == 'official' and seed == 0")
    for kind, kept in (
        ("all", np.full(len(scores), True)),
        ("undisputed", ~out_detect.in_doubt(split.test, ecg5000)),
    ):
        area = roc_auc_score(split.test.is_anomaly[kept], scores[kept])
        assert rows.loc[rows["beats"] == kind, "ROC-AUC"].unique() == pytest.approx(area, abs=1e-4)


def test_baselines_stand_in_both_tables_with_the_same_figures():
    ours, board = table("out_detect"), table("leaderboard")
    ours = ours[(ours["beats"] == "all") & ours["detector"].isin(out_detect.MAIN)]
    keys = ["detector", "split", "seed", "threshold"]
    both = ours.merge(board, on=keys, suffixes=("", " there"), validate="1:1")
    assert len(both) == len(ours) > 0
    np.testing.assert_allclose(both["ROC-AUC"], both["ROC-AUC there"], atol=2e-5)


def test_holms_correction_is_that_of_the_textbook():
    corrected = out_detect.holm(pd.Series([0.03, 0.01, 0.04, 0.6]))
    np.testing.assert_allclose(corrected.sort_index(), [0.09, 0.04, 0.09, 0.6])


@pytest.mark.parametrize("share", [0.01, 0.1])
def test_contaminated_beats_hold_their_share_of_validation_anomalies(ecg5000, share):
    split = SPLITS["pooled"](ecg5000, 0)
    mixed = out_detect.contaminated(split, share, np.random.default_rng(0))
    strange = {signal.tobytes() for signal in split.validation.anomalies.signals}
    for part in (mixed.train, mixed.validation):
        found = [signal.tobytes() in strange for signal in part.signals]
        assert np.mean(found) == pytest.approx(share, abs=0.001)
        assert not part.is_anomaly.any()


def test_the_frozen_recipe_is_what_the_page_says(ecg5000):
    detector = CONTENDERS[WINNER](0)
    assert detector.autoencoder == "dense_ensemble"
    assert detector.scoring.scorings == ("windowed", "neighbours")
    page = (RESULTS.parents[1] / "book" / "out_detect.md").read_text(encoding="utf-8")
    assert (
        'AutoencoderDetector("dense_ensemble", scoring=Combined(("windowed", "neighbours")))'
        in page
    )


def test_the_figures_in_the_text_are_those_of_the_tables():
    page = (RESULTS.parents[1] / "book" / "out_detect.md").read_text(encoding="utf-8")
    measured = table("out_detect").query("beats == 'all' and detector == @WINNER")
    at_quantile = measured[measured["threshold"].str.startswith("95 %")]
    means = at_quantile.groupby("split")[["ROC-AUC", "accuracy"]].mean()
    assert f"misses by a hair ({means.loc['pooled', 'ROC-AUC']:.4f})" in page
    assert f"where it reaches {means.loc['official', 'ROC-AUC']:.4f}" in page
    assert f"where it has {means.loc['pooled', 'accuracy']:.3f}" in page

    paired = table("out_detect_tests").query("metric == 'ROC-AUC' and split == 'pooled'")
    label_free = paired[~paired["detector"].str.contains("label-tuned")]
    assert (label_free["difference"] <= 0).all()
    row = paired.set_index("detector").loc["5 nearest neighbours"]
    error = (row["high"] - row["low"]) / 2 / student.isf(0.025, 9)
    lead = error * student.isf(0.005, 9)
    assert f"a lead of {lead:.4f}, that is a ROC-AUC of {row['value'] + lead:.4f}" in page

    beat_by_beat = table("out_detect_delong").query("beats == 'all'")
    beat_by_beat = beat_by_beat[beat_by_beat["detector"] == "5 nearest neighbours"]
    ahead = (beat_by_beat["difference"] > 0) & (beat_by_beat["p_value"] < 0.01)
    assert ahead.groupby(beat_by_beat["split"]).sum().to_dict() == {"pooled": 0, "official": 9}
    assert "in none of ten seeds on the pooled split, and in nine of ten on the official" in page

    listed = table("label_audit")
    assert f"These are {len(listed)} of 5000" in page
    assert (listed["label"] == 1).sum() == 8
    card = json.loads((RESULTS / "label_audit.json").read_text())
    assert f"has {card['ROC-AUC of the classifier, out of fold']:.4f} on all 5000" in page
