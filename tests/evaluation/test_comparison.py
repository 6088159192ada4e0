"""Two detectors compared: on the same beats, and over the same seeds."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest, ttest_1samp
from scipy.stats import t as student

from ecglab.evaluation import METRICS, compare, compare_seeds, delong, evaluate, measure


@pytest.fixture(scope="module")
def scored():
    """Two detectors that mostly see the same in a beat, the first one a little better."""
    rng = np.random.default_rng(0)
    is_anomaly = np.repeat([False, True], [240, 160])
    common = rng.normal(size=400)
    return is_anomaly, common + 2.2 * is_anomaly, common + rng.normal(size=400) / 3 + 2 * is_anomaly


def test_every_metric_is_compared_roc_auc_by_delong(scored):
    table = compare(*scored, 1.0, 1.1, n_resamples=200)
    assert table.index.tolist() == list(METRICS)
    assert table.columns.tolist() == [
        *["value", "other value", "difference", "low", "high", "p_value", "method"]
    ]
    by_delong = delong(*scored)
    row = table.loc["ROC-AUC"]
    assert row["method"] == "DeLong"
    assert row[["difference", "low", "high", "p_value"]].tolist() == [
        *[by_delong.difference, by_delong.low, by_delong.high, by_delong.p_value]
    ]
    assert set(table["method"].drop("ROC-AUC")) == {"paired bootstrap"}


def test_values_are_those_of_the_reports(scored):
    is_anomaly, scores, other_scores = scored
    table = compare(*scored, 1.0, 1.1, n_resamples=5)
    value, other = measure(scores, is_anomaly, 1.0), measure(other_scores, is_anomaly, 1.1)
    assert table["value"].to_numpy() == pytest.approx(value.to_numpy())
    assert table["other value"].to_numpy() == pytest.approx(other.to_numpy())
    assert table["difference"].to_numpy() == pytest.approx((value - other).to_numpy())


def test_both_detectors_are_measured_on_the_same_resampled_beats(scored):
    is_anomaly, scores, other_scores = scored
    table = compare(*scored, 1.0, 1.1, n_resamples=30, random_state=5, confidence=0.9)
    normal, strange = np.flatnonzero(~is_anomaly), np.flatnonzero(is_anomaly)
    draws = np.random.default_rng(5)
    of_normal = normal[draws.integers(len(normal), size=(30, len(normal)))]
    of_strange = strange[draws.integers(len(strange), size=(30, len(strange)))]
    differences = [
        measure(scores[beats], is_anomaly[beats], 1.0)
        - measure(other_scores[beats], is_anomaly[beats], 1.1)
        for beats in np.hstack([of_normal, of_strange])
    ]
    low, high = np.quantile(differences, [0.05, 0.95], axis=0)
    below, above = (np.array(differences) <= 0).sum(0), (np.array(differences) >= 0).sum(0)
    p_values = np.minimum(2 * (np.minimum(below, above) + 1) / 31, 1)
    assert table["low"].to_numpy()[1:] == pytest.approx(low[1:])
    assert table["high"].to_numpy()[1:] == pytest.approx(high[1:])
    assert table["p_value"].to_numpy()[1:] == pytest.approx(p_values[1:])


def test_pairing_tells_apart_what_two_reports_cannot(scored):
    is_anomaly, scores, other_scores = scored
    one, other = evaluate(scores, is_anomaly, 1.0), evaluate(other_scores, is_anomaly, 1.1)
    paired = compare(*scored, 1.0, 1.1)
    apart = np.hypot(one["high"] - one["low"], other["high"] - other["low"])
    assert ((paired["high"] - paired["low"]) < apart).all()
    assert one.loc["ROC-AUC", "low"] < other.loc["ROC-AUC", "high"]  # the intervals overlap
    assert paired.loc["ROC-AUC", "p_value"] < 0.001


def test_a_detector_does_not_differ_from_itself_in_another_unit(scored):
    is_anomaly, scores, _ = scored
    table = compare(is_anomaly, scores, 10 * scores + 3, 1.0, 13.0, n_resamples=50)
    assert (table[["difference", "low", "high"]] == 0).all(axis=None)
    assert (table["p_value"] == 1).all()


def test_p_value_is_never_smaller_than_the_resamples_can_tell():
    is_anomaly = np.repeat([False, True], 50)
    good = np.where(is_anomaly, 1.0, 0.0) + np.linspace(0, 0.1, 100)
    table = compare(is_anomaly, good, -good, 0.5, -0.5, n_resamples=99)
    assert table.loc["recall", "p_value"] == pytest.approx(2 / 100)
    assert table.loc["recall", "difference"] > 0


def test_swapping_the_detectors_turns_the_sign_and_nothing_else(scored):
    is_anomaly, scores, other_scores = scored
    one = compare(is_anomaly, scores, other_scores, 1.0, 1.1, n_resamples=100)
    other = compare(is_anomaly, other_scores, scores, 1.1, 1.0, n_resamples=100)
    assert one["difference"].to_numpy() == pytest.approx(-other["difference"].to_numpy())
    assert one["low"].to_numpy() == pytest.approx(-other["high"].to_numpy())
    assert one["p_value"].to_numpy() == pytest.approx(other["p_value"].to_numpy())


def test_comparison_repeats_with_its_seed(scored):
    first, again, other = (
        compare(*scored, 1, 1.1, n_resamples=50, random_state=seed) for seed in (0, 0, 1)
    )
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.slow
def test_bootstrap_p_values_are_about_uniform_where_there_is_no_difference():
    rng = np.random.default_rng(3)
    is_anomaly = np.repeat([False, True], 150)
    p_values = []
    for _ in range(200):
        common = rng.normal(size=300) + 2 * is_anomaly
        scores, other_scores = common + rng.normal(size=(2, 300))
        table = compare(is_anomaly, scores, other_scores, 1.0, 1.0, n_resamples=200)
        p_values.append(table.loc[["average precision", "F1"], "p_value"].to_numpy())
    for of_metric in np.array(p_values).T:
        assert kstest(of_metric, "uniform").pvalue > 0.01
        assert np.mean(of_metric < 0.05) == pytest.approx(0.05, abs=0.035)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"other_scores": np.zeros(3)}, "one entry a beat"),
        ({"confidence": 1.5}, "confidence must lie between 0 and 1"),
        ({"n_resamples": 0}, "n_resamples must be at least 1"),
    ],
)
def test_what_cannot_be_compared_is_refused(scored, arguments, message):
    is_anomaly, scores, other_scores = scored
    complete = {"scores": scores, "other_scores": other_scores, **arguments}
    with pytest.raises(ValueError, match=message):
        compare(is_anomaly, threshold=1, other_threshold=1, **complete)


# Over seeds


def make_runs(values, *, split="pooled", n_train=300, n_test=100, metric="ROC-AUC"):
    """Make a table of runs from the values of each detector, one a seed."""
    return pd.DataFrame(
        [
            {
                "detector": name,
                "split": split,
                "seed": seed,
                "n_train": n_train,
                "n_test": n_test,
                metric: value,
            }
            for name, of_detector in values.items()
            for seed, value in enumerate(of_detector)
        ]
    )


RUNS = make_runs({"new": [0.90, 0.92, 0.94], "old": [0.89, 0.90, 0.91]})


def test_corrected_t_test_is_that_of_nadeau_and_bengio():
    """Differences 0.01, 0.02, 0.03: variance 0.0001, times 1/3 + 100/300, by hand."""
    row = compare_seeds(RUNS, "old").loc[("pooled", "new")]
    error = np.sqrt((1 / 3 + 1 / 3) * 0.0001)
    assert row["value"] == pytest.approx(0.92)
    assert row["other value"] == pytest.approx(0.90)
    assert row["difference"] == pytest.approx(0.02)
    assert row["low"] == pytest.approx(0.02 - student.ppf(0.975, 2) * error)
    assert row["high"] == pytest.approx(0.02 + student.ppf(0.975, 2) * error)
    assert row["p_value"] == pytest.approx(2 * student.sf(0.02 / error, 2))
    assert row["n_seeds"] == 3


def test_the_more_the_test_parts_overlap_the_less_is_certain():
    large_test = RUNS.assign(n_train=100, n_test=300)
    cautious, plain = (compare_seeds(runs, "old").iloc[0] for runs in (large_test, RUNS))
    assert cautious["high"] - cautious["low"] > plain["high"] - plain["low"]
    assert cautious["p_value"] > plain["p_value"]


def test_seeds_are_paired_whatever_the_order_of_the_rows():
    shuffled = RUNS.sample(frac=1, random_state=1).sort_values("detector", ascending=False)
    assert (
        compare_seeds(shuffled, "old")
        .loc[("pooled", "new")]
        .equals(compare_seeds(RUNS, "old").loc[("pooled", "new")])
    )


def test_each_split_and_detector_has_its_row_in_order():
    official = make_runs({"old": [0.5, 0.6], "b": [0.5, 0.6]}, split="official")
    pooled = make_runs({"old": [0.5, 0.6], "z": [0.5, 0.7], "b": [0.5, 0.6]})
    table = compare_seeds(pd.concat([pooled, official]), "old")
    assert table.index.tolist() == [("pooled", "z"), ("pooled", "b"), ("official", "b")]
    assert table.index.names == ["split", "detector"]
    assert table["n_seeds"].tolist() == [2, 2, 2]


def test_equal_results_are_no_difference():
    row = compare_seeds(make_runs({"one": [0.5, 0.6], "same": [0.5, 0.6]}), "one").iloc[0]
    assert row[["difference", "low", "high", "p_value"]].tolist() == [0, 0, 0, 1]


def test_a_constant_difference_has_no_spread():
    row = compare_seeds(make_runs({"one": [0.25, 0.5], "more": [0.5, 0.75]}), "one").iloc[0]
    assert row[["difference", "low", "high", "p_value"]].tolist() == [0.25, 0.25, 0.25, 0]


def test_plain_t_test_is_over_confident_and_the_corrected_one_is_not():
    """400 pairs of equal detectors, each on ten random test parts of 30 of the same 100 beats."""
    rng = np.random.default_rng(0)
    differences = {
        f"detector {number}": [rng.choice(of_beats, 30, replace=False).mean() for _ in range(10)]
        for number, of_beats in enumerate(rng.normal(size=(400, 100)))
    }
    plain = ttest_1samp(list(differences.values()), 0, axis=1).pvalue
    runs = make_runs({"other": np.zeros(10), **differences}, n_train=70, n_test=30)
    corrected = compare_seeds(runs, "other")["p_value"]
    assert (plain < 0.05).mean() > 0.25
    assert (corrected < 0.05).mean() == pytest.approx(0.05, abs=0.03)


def test_one_value_a_seed_may_stand_in_a_row_for_each_threshold():
    rules = pd.concat([RUNS.assign(threshold=rule, F1=f1) for rule, f1 in (("a", 0.5), ("b", 0.6))])
    assert compare_seeds(rules, "old").equals(compare_seeds(RUNS, "old"))
    with pytest.raises(ValueError, match="several values of F1 for one seed"):
        compare_seeds(rules, "old", "F1")


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (RUNS.iloc[:-1], r"\[2\] are there for one of them only"),
        (RUNS.iloc[1:], r"'new' and the reference 'old' \(pooled split\) were not run"),
        (RUNS[RUNS["seed"] == 0], "share one seed"),
        (RUNS.drop(columns=["n_test", "seed"]), "no column 'seed', 'n_test'"),
        (RUNS[RUNS["detector"] == "new"], "no detector 'old' among the runs"),
        (RUNS.assign(split=["official"] * 3 + ["pooled"] * 3), "no run on the official split"),
        (RUNS.replace(0.94, np.nan), "1 of 6 values are NaN"),
    ],
)
def test_runs_that_do_not_match_are_refused(runs, message):
    with pytest.raises(ValueError, match=message):
        compare_seeds(runs, "old")
