"""The search for a better detector: no test beat in it, and tables that can be had again."""

import json

import numpy as np
import out_detect
import pandas as pd
import pytest
import torch
from out_detect import CONTENDERS, CONTROL, RESULTS, WINNER
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

from ecglab.evaluation import SPLITS, score_split
from ecglab.scoring import make_scoring


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


def test_masks_and_p_values_were_searched_on_the_same_seeds_as_the_rest():
    searched = table("out_detect_search").query("part == 'search'")
    rows = searched.groupby(["network", "scoring"])[["split", "seed"]].agg(set)
    for network in out_detect.NETWORKS:
        assert rows.loc[(network, out_detect.CHOSEN), "seed"] == set(range(100, 104))
    for scoring in out_detect.SCORED:
        assert rows.loc[("chosen", scoring), "split"] == set(SPLITS)


def test_a_mask_hides_its_share_of_the_samples_some_at_a_time():
    masking = out_detect.MaskedEnsemble(masked=0.25, width=20)
    beats = torch.ones(2000, 140, 1)
    seen = masking._corrupt(beats, torch.Generator().manual_seed(0)).numpy()
    assert set(np.unique(seen)) == {0.0, 1.0}
    assert 1 - seen.mean() == pytest.approx(0.25, abs=0.01)
    assert (seen.reshape(2000, 7, 20) == seen.reshape(2000, 7, 20)[:, :, :1]).all()


def test_a_p_value_is_the_share_of_normal_beats_that_score_as_high_the_beats_own_among_them():
    p_values = out_detect.p_values(np.array([0.0, 2.5, 3.0, 9.0]), np.array([1.0, 2.0, 3.0, 4.0]))
    np.testing.assert_allclose(p_values, [1.0, 0.6, 0.6, 0.2])


def test_fishers_combination_goes_by_the_product_of_p_values_and_the_maximum_by_the_smallest():
    rng = np.random.default_rng(0)
    residuals = np.abs(rng.normal(size=(60, 140)))
    normal = np.zeros(60, dtype=bool)
    expected = [
        out_detect.p_values(scores, np.sort(scores))
        for scores in (make_scoring(name).score(residuals) for name in ("mse", "windowed"))
    ]
    for how, joined in (("mean", np.prod(expected, axis=0)), ("max", np.min(expected, axis=0))):
        fused = out_detect.Conformal(("mse", "windowed"), how=how).fit(residuals, normal)
        order = np.argsort(-fused.score(residuals), kind="stable")
        assert (np.diff(joined[order]) >= -1e-12).all()


def test_over_records_what_is_ahead_in_each_by_as_much_is_ahead_by_that_for_certain():
    rows = [
        {"record": record, "detector": name, out_detect.VENTRICULAR: area + 0.1 * (number > 0)}
        for record, area in enumerate((0.5, 0.7, 0.8))
        for number, name in enumerate(
            [out_detect.ROBUST, *(set(out_detect.ON_RECORDINGS) - {out_detect.ROBUST})]
        )
    ]
    summary = out_detect.over_records(pd.DataFrame(rows)).set_index("detector")
    winner = summary.loc[WINNER]
    ahead = winner[[f"ahead of the median beat{end}" for end in ("", ": low", ": high")]]
    np.testing.assert_allclose(ahead.astype(float), 0.1)
    assert winner["mean"] == pytest.approx(0.7667, abs=1e-4)
    assert 0.6 <= winner["mean: low"] < winner["mean"] < winner["mean: high"] <= 0.9


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


def test_whatever_stands_in_both_tables_has_the_same_figures():
    ours, board = table("out_detect").query("beats == 'all'"), table("leaderboard")
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

    searched = table("out_detect_search").query("part == 'search'")
    areas = searched.groupby(["network", "scoring", "split"])["ROC-AUC"].mean()
    cost = areas["chosen", out_detect.CHOSEN] - areas
    stretches, singles = (
        cost[name, out_detect.CHOSEN, "pooled"]
        for name in ("a quarter masked, 20 at a time", "a quarter of the samples masked")
    )
    assert f"cost {stretches:.4f} (stretches of 20) and {singles:.4f} (single samples)" in page
    fisher, smallest = (cost["chosen", name] for name in list(out_detect.SCORED)[-2:])
    assert f"costs {fisher['official']:.4f} on the official one" in page
    assert f"costs {smallest['pooled']:.4f} and {smallest['official']:.4f}" in page

    summary = table("out_detect_recordings_summary").set_index("detector")
    behind = -summary.loc[WINNER, "ahead of the median beat"]
    assert f"its mean is {behind:.3f} behind" in page
    low, high = summary.loc[WINNER, [f"ahead of the median beat: {end}" for end in ("low", "high")]]
    assert low < 0 < high
    by_record = table("out_detect_recordings").set_index(["record", "detector"])
    areas = by_record[out_detect.VENTRICULAR].unstack()
    ahead = areas[WINNER] - areas[out_detect.ROBUST]
    assert list(ahead[ahead < -0.01].index) == [207, 208, 223]
    assert (ahead > -0.005).sum() == 12
    assert f"in 108 by {ahead[108]:.2f}" in page
    learnt = by_record.xs(WINNER, level="detector")
    shares = (100 * learnt["V and F learnt"] / learnt["learnt"]).round().astype(int)
    assert "There {}, {} and {} % of the beats".format(*shares[[207, 208, 223]]) in page
    assert shares.drop([207, 208, 223]).max() <= 2
    assert summary["mean"].idxmax() == out_detect.ON_RECORDINGS[-1]

    listed = table("label_audit")
    assert f"These are {len(listed)} of 5000" in page
    assert (listed["label"] == 1).sum() == 8
    card = json.loads((RESULTS / "label_audit.json").read_text())
    assert f"has {card['ROC-AUC of the classifier, out of fold']:.4f} on all 5000" in page
