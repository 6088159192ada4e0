"""Thresholds, held against brute force. A score *above* the threshold is an anomaly."""

import json
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import genpareto
from sklearn.metrics import f1_score

from ecglab.errors import FewBeatsWarning
from ecglab.thresholds import (
    THRESHOLDS,
    choose_threshold,
    cost_threshold,
    expected_cost,
    extreme_value_threshold,
    f1_threshold,
    false_positive_rate_threshold,
    mean_plus_sd_threshold,
    quantile_threshold,
    recall_threshold,
    youden_threshold,
)

few_beats_are_the_point = pytest.mark.filterwarnings("ignore::ecglab.errors.FewBeatsWarning")

# Few distinct values, so that ties are the rule.
scores_and_labels = (
    st.lists(st.tuples(st.integers(0, 6).map(float), st.booleans()), min_size=2, max_size=40)
    .map(lambda pairs: (np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])))
    .filter(lambda both: both[1].any() and not both[1].all())
)
tied_scores = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=40).map(np.array)
# Hundredths, as people write them, and so that exact arithmetic can say what is right.
shares = st.integers(1, 99).map(lambda hundredths: Fraction(hundredths, 100))

recall_of_all = partial(recall_threshold, recall=1)
LABEL_FREE = [
    quantile_threshold,
    mean_plus_sd_threshold,
    false_positive_rate_threshold,
    extreme_value_threshold,
]
LABEL_TUNED = [f1_threshold, youden_threshold, recall_of_all, cost_threshold]


def f1(is_anomaly, flagged):
    return f1_score(is_anomaly, flagged, zero_division=0)


def youden_j(is_anomaly, flagged):
    return flagged[is_anomaly].mean() - flagged[~is_anomaly].mean()


def cuts_that_flag_something(scores):
    return np.concatenate([[scores.min() - 1], np.unique(scores)[:-1]])


# Label-tuned rules


@pytest.mark.parametrize(("rule", "quality"), [(f1_threshold, f1), (youden_threshold, youden_j)])
@given(both=scores_and_labels)
def test_no_cut_is_better_on_the_same_scores_and_no_equal_one_is_higher(rule, quality, both):
    scores, is_anomaly = both
    cut = rule(scores, is_anomaly)
    chosen = quality(is_anomaly, scores > cut)
    every_cut = cuts_that_flag_something(scores)
    qualities = np.array([quality(is_anomaly, scores > other) for other in every_cut])
    assert chosen == pytest.approx(qualities.max())
    assert not np.any(np.isclose(qualities[every_cut > cut], chosen, atol=1e-12))


@given(scores_and_labels, st.integers(1, 40), st.integers(1, 40), shares)
def test_no_cut_costs_less_and_no_equally_cheap_one_is_higher(both, miss, false_alarm, prevalence):
    scores, is_anomaly = both

    def cost(cut):
        """The definition, in exact arithmetic."""
        missed = Fraction(int((scores[is_anomaly] <= cut).sum()), int(is_anomaly.sum()))
        alarms = Fraction(int((scores[~is_anomaly] > cut).sum()), int((~is_anomaly).sum()))
        return prevalence * miss * missed + (1 - prevalence) * false_alarm * alarms

    cut = cost_threshold(
        scores,
        is_anomaly,
        prevalence=float(prevalence),
        miss_cost=float(miss),
        false_alarm_cost=float(false_alarm),
    )
    every_cut = [*cuts_that_flag_something(scores), scores.max()]
    assert cost(cut) == min(cost(other) for other in every_cut)
    assert not any(cost(other) == cost(cut) for other in every_cut if other > cut)


def test_equal_costs_at_even_odds_give_the_youden_cut():
    rng = np.random.default_rng(0)
    is_anomaly = rng.random(500) < 0.3
    scores = rng.normal(size=500) + 2 * is_anomaly
    even = cost_threshold(scores, is_anomaly, prevalence=0.5, miss_cost=3, false_alarm_cost=3)
    assert even == youden_threshold(scores, is_anomaly)


@given(scores_and_labels, st.floats(0.01, 0.99), st.floats(0.1, 50), st.floats(1, 10))
def test_the_dearer_a_miss_the_lower_the_cut(both, prevalence, miss_cost, times):
    cost = partial(cost_threshold, *both, prevalence=prevalence)
    assert cost(miss_cost=miss_cost * times) <= cost(miss_cost=miss_cost)


def test_expected_cost_is_what_it_says_for_numbers_and_arrays():
    costs = {"prevalence": 0.2, "miss_cost": 10.0, "false_alarm_cost": 1.0}
    assert expected_cost(0.5, 0.25, **costs) == pytest.approx(0.2 * 10 * 0.5 + 0.8 * 0.25)
    curve = expected_cost([0.0, 1.0, 1.0], [0.0, 0.0, 1.0], **costs)
    np.testing.assert_allclose(curve, [2.0, 0.0, 0.8])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prevalence": 0.0}, "prevalence must lie between 0 and 1, not 0.0"),
        ({"prevalence": 2}, "prevalence must lie between 0 and 1, not 2"),
        ({"miss_cost": 0.0}, "miss_cost must be a positive, finite number, not 0.0"),
        ({"false_alarm_cost": -1.0}, "false_alarm_cost must be a positive"),
        ({"miss_cost": np.nan}, "miss_cost must be a positive, finite number, not nan"),
        ({"miss_cost": np.inf}, "miss_cost must be a positive, finite number, not inf"),
    ],
)
def test_costs_and_prevalences_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        cost_threshold([1.0, 2.0], [False, True], **arguments)
    with pytest.raises(ValueError, match=message):
        expected_cost(0.5, 0.5, **arguments)


@pytest.mark.parametrize(
    ("recall", "rate", "message"),
    [
        (95, 0.1, "recall must lie"),
        (0.9, [0.1, -0.1], "false_positive_rate"),
        (np.nan, 0, "recall"),
    ],
)
def test_a_percentage_is_not_taken_for_a_share(recall, rate, message):
    with pytest.raises(ValueError, match=message):
        expected_cost(recall, rate)


@few_beats_are_the_point
@given(scores_and_labels, shares)
def test_the_recall_cut_is_the_highest_that_flags_so_many_anomalies(both, recall):
    scores, is_anomaly = both

    def reached(cut):
        flagged, existing = int((scores[is_anomaly] > cut).sum()), int(is_anomaly.sum())
        return Fraction(flagged, existing) >= recall

    cut = recall_threshold(scores, is_anomaly, recall=float(recall))
    assert reached(cut)
    assert not any(reached(other) for other in np.unique(scores) if other > cut)


@few_beats_are_the_point
@given(scores_and_labels, st.floats(0.01, 1), st.floats(0.01, 1))
def test_the_recall_cut_falls_as_more_is_asked(both, recall, other):
    low, high = sorted([recall, other])
    assert recall_threshold(*both, recall=high) <= recall_threshold(*both, recall=low)


@pytest.mark.parametrize("recall", [0, -0.1, 1.01, 99, np.nan])
def test_a_recall_outside_0_to_1_is_refused(recall):
    with pytest.raises(ValueError, match="recall must lie between 0 and 1"):
        recall_threshold([1.0, 2.0], [False, True], recall=recall)


@pytest.mark.parametrize("rule", LABEL_TUNED)
def test_label_tuned_cuts_lie_half_way_between_the_beats_they_separate(rule):
    assert rule([1.0, 2.0, 6.0, 8.0], [False, False, True, True]) == 4.0


@pytest.mark.parametrize("rule", LABEL_TUNED)
def test_label_tuned_cuts_separate_neighbouring_floats(rule):
    low = 1.0
    high = float(np.nextafter(low, 2.0))
    cut = rule([low, high], [False, True])
    assert low <= cut < high


@pytest.mark.parametrize("rule", [f1_threshold, youden_threshold, recall_of_all])
def test_polarity_turned_around_is_not_mended_silently(rule):
    """Where anomalies score *lower*, the best cut is to flag everything."""
    scores, is_anomaly = np.array([5.0, 6.0, 1.0, 2.0]), np.array([False, False, True, True])
    assert (scores > rule(scores, is_anomaly)).all()


def test_of_equally_good_cuts_the_highest_is_taken_though_rounding_tells_them_apart():
    """J is 1 - 2/3 where five of six beats are flagged and 1/3 where one is; F1 is 2/3 twice."""
    scores = np.arange(6.0)
    assert youden_threshold(scores, np.array([0, 1, 1, 0, 0, 1], bool)) == 4.5
    assert f1_threshold(scores, np.array([1, 0, 0, 1, 1, 0], bool)) == 2.5


@pytest.mark.parametrize("rule", [youden_threshold, cost_threshold])
@given(both=scores_and_labels, times=st.integers(2, 5))
def test_youden_and_cost_cuts_do_not_depend_on_the_share_of_anomalies(rule, both, times):
    scores, is_anomaly = both
    copies = np.where(is_anomaly, times, 1)
    more = np.repeat(scores, copies), np.repeat(is_anomaly, copies)
    assert rule(*more) == rule(*both)


# Label-free rules


@few_beats_are_the_point
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.floats(0.01, 0.98))
def test_quantile_cut_rises_with_the_quantile_and_accepts_that_share(scores, quantile):
    cut = quantile_threshold(scores, quantile)
    assert quantile_threshold(scores, quantile + 0.01) >= cut
    accepted = np.mean(np.array(scores) <= cut * (1 + 1e-12))
    assert accepted >= quantile - 1 / len(scores)


def test_mean_plus_sd_is_what_it_says():
    assert mean_plus_sd_threshold([1.0, 3.0], k=2.0) == 4.0
    assert mean_plus_sd_threshold([1.0, 3.0], k=0.0) == 2.0


def share_flagged_in_turn(rule, scores):
    """Let each beat in turn be the new one and the others the held-out ones."""
    flagged = [score > rule(np.delete(scores, position)) for position, score in enumerate(scores)]
    return Fraction(int(np.sum(flagged)), len(scores))


@few_beats_are_the_point
@given(tied_scores.filter(lambda scores: len(scores) > 1), shares)
def test_a_new_exchangeable_beat_lies_above_the_cut_no_more_often_than_promised(scores, rate):
    """Exchangeable beats are as likely in any order, so their average is the expectation."""
    assume(len(scores) * rate >= 1)
    rule = partial(false_positive_rate_threshold, rate=float(rate))
    assert share_flagged_in_turn(rule, scores) <= rate


@pytest.mark.parametrize("n_beats", [20, 58, 99])
def test_with_no_two_scores_alike_the_rate_is_used_up_to_the_last_whole_beat(n_beats):
    scores = np.random.default_rng(0).normal(size=n_beats + 1)
    rule = partial(false_positive_rate_threshold, rate=0.05)
    expected = Fraction(int((n_beats + 1) * Fraction(1, 20)), n_beats + 1)
    assert share_flagged_in_turn(rule, scores) == expected


def test_the_interpolated_quantile_flags_more_than_it_says_and_the_conformal_one_does_not():
    scores = np.random.default_rng(0).normal(size=61)
    assert share_flagged_in_turn(quantile_threshold, scores) > Fraction(1, 20)
    assert share_flagged_in_turn(false_positive_rate_threshold, scores) <= Fraction(1, 20)


@given(tied_scores, shares)
def test_the_conformal_cut_is_the_score_of_the_textbook_rank(scores, rate):
    rank = -int(-(len(scores) + 1) * (1 - rate) // 1)
    assume(rank <= len(scores))
    cut = false_positive_rate_threshold(scores, rate=float(rate))
    assert cut == np.sort(scores)[rank - 1]


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.3])
@pytest.mark.parametrize("rate", [0.05, 0.01, 0.0001])
def test_the_level_of_a_pareto_tail_is_found_again(shape, rate):
    """A generalised Pareto distribution's tail is one too, of the same shape."""
    scores = 3 + genpareto.rvs(shape, scale=2, size=200_000, random_state=0)
    level = 3 + genpareto.isf(rate, shape, scale=2)
    assert extreme_value_threshold(scores, rate) == pytest.approx(level, rel=0.1)


def test_the_fitted_level_is_exact_for_a_hand_worked_tail():
    """Excesses 1 to 4 over 0: mean 5/2, half the mean difference 5/6, so k = 1 and scale = 5."""
    scores = [0.0] * 6 + [1.0, 2.0, 3.0, 4.0]
    with pytest.warns(FewBeatsWarning, match="4 of 10"):
        cut = extreme_value_threshold(scores, rate=0.1, tail=0.45)
    assert cut == pytest.approx(5 * (1 - 0.1 / 0.4))


def test_the_fitted_level_errs_less_than_a_quantile_of_few_beats_does():
    """200 beats and one in 200: an exponential tail, where the true level is known."""
    samples = np.random.default_rng(0).exponential(size=(300, 200))
    fitted = [extreme_value_threshold(scores, 0.005) for scores in samples]
    plain = np.quantile(samples, 0.995, axis=1)
    truth = -np.log(0.005)
    assert np.mean((fitted - truth) ** 2) < 0.8 * np.mean((plain - truth) ** 2)


def test_the_fitted_level_may_lie_beyond_the_highest_score():
    scores = np.random.default_rng(0).exponential(size=500)
    assert extreme_value_threshold(scores, 1e-5) > scores.max()


tails = st.integers(0, 2**32 - 1).flatmap(
    lambda seed: st.floats(-0.4, 0.6).map(
        lambda shape: genpareto.rvs(shape, size=120, random_state=seed)
    )
)


@given(tails, st.floats(1e-6, 0.09), st.floats(1e-6, 0.09))
def test_the_fitted_level_rises_as_the_rate_falls_and_stays_above_the_tails_start(
    scores, rate, other
):
    low, high = sorted([rate, other])
    far, near = extreme_value_threshold(scores, low), extreme_value_threshold(scores, high)
    assert far >= near * (1 - 1e-12)
    assert near >= np.sort(scores)[-13]


@given(tails, st.floats(1e-3, 1e6), st.floats(-100, 100))
def test_the_fitted_level_moves_with_the_scale_and_the_origin_of_the_scores(scores, scale, shift):
    cut = extreme_value_threshold(scores)
    moved = extreme_value_threshold(scale * scores + shift)
    assert moved == pytest.approx(scale * cut + shift, rel=1e-6, abs=1e-6)


@few_beats_are_the_point
@given(
    st.lists(st.integers(0, 3).map(float), min_size=3, max_size=60).map(np.array),
    st.floats(0.001, 0.29),
)
def test_a_tail_with_ties_gives_a_finite_cut_or_a_clear_error(scores, rate):
    start = np.sort(scores)[-1 - len(scores) * 3 // 10]
    if (scores > start).sum() < 3:
        with pytest.raises(ValueError, match="no tail can be fitted"):
            extreme_value_threshold(scores, rate, tail=0.3)
        return
    assert start <= extreme_value_threshold(scores, rate, tail=0.3) < np.inf


def test_where_all_that_exceeds_is_equal_the_cut_is_that_score():
    scores = np.repeat([1.0, 7.0], [90, 10])
    assert extreme_value_threshold(scores, 0.01, tail=0.15) == pytest.approx(7.0)


def test_where_ties_leave_less_above_the_quantile_than_asked_the_quantile_is_the_cut():
    scores = np.concatenate([np.ones(180), np.linspace(2, 3, 10)])
    assert extreme_value_threshold(scores, 0.08) == 1.0


@pytest.mark.parametrize("scores", [np.arange(20.0), np.ones(500), [1.0]])
def test_too_few_excesses_for_a_tail_are_refused(scores):
    with pytest.raises(ValueError, match=r"fewer than 3\. Use at least 30 normal beats"):
        extreme_value_threshold(scores)


@pytest.mark.parametrize("rate", [0, -0.01, 0.1, 0.2, 1, np.nan])
def test_a_rate_that_the_fitted_tail_does_not_reach_is_refused(rate):
    with pytest.raises(ValueError, match=r"rate must lie between 0 and tail=0\.1"):
        extreme_value_threshold(np.arange(200.0), rate)


@pytest.mark.parametrize("share", [0, 1, -0.5, 95, np.nan])
@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (quantile_threshold, "quantile"),
        (false_positive_rate_threshold, "rate"),
        (extreme_value_threshold, "tail"),
    ],
)
def test_a_percentage_is_not_taken_for_the_share_of_a_rule(rule, name, share):
    with pytest.raises(ValueError, match=f"{name} must lie between 0 and 1"):
        rule([1.0, 2.0], **{name: share})


@pytest.mark.parametrize("rule", LABEL_FREE)
@pytest.mark.parametrize(
    ("scores", "message"),
    [([], "one a beat"), ([[1.0]], "one a beat"), ([1.0, np.nan], "1 of 2"), ([np.inf], "1 of 1")],
)
def test_unusable_scores_are_refused(rule, scores, message):
    with pytest.raises(ValueError, match=message):
        rule(scores)


@pytest.mark.parametrize("rule", LABEL_TUNED)
def test_label_tuned_rules_need_both_classes_and_matching_lengths(rule):
    with pytest.raises(ValueError, match="all normal"):
        rule([1.0, 2.0], [False, False])
    with pytest.raises(ValueError, match="all anomalies"):
        rule([1.0, 2.0], [True, True])
    with pytest.raises(ValueError, match="one a beat"):
        rule([1.0, 2.0], [True])
    with pytest.raises(ValueError, match="1 of 2 scores are NaN"):
        rule([1.0, np.nan], [False, True])


# Fewer beats than can carry what is asked


def asked(rule, n_beats, **params):
    """Ask a rule about so many normal beats, or so many anomalies if it looks at those."""
    if rule is recall_threshold:
        scores = np.arange(n_beats + 5.0)
        return partial(rule, scores, scores >= 5, **params)
    return partial(rule, np.arange(float(n_beats)), **params)


@pytest.mark.parametrize(
    ("rule", "n_beats", "params", "message"),
    [
        (
            quantile_threshold,
            58,
            {"quantile": 0.99},
            "58 normal beats carry no 99 % quantile: 0.58 of them would lie above it, so the "
            "highest scores alone decide. Use at least 100 normal beats, or quantile=0.982.",
        ),
        (
            false_positive_rate_threshold,
            58,
            {"rate": 0.01},
            "58 normal beats cannot promise 1 % false alarms: even above the highest score, which "
            "is taken, 1 new beat in 59 is to be expected. Use at least 99 normal beats, or "
            "rate=0.017.",
        ),
        (
            recall_threshold,
            40,
            {"recall": 0.99},
            "40 anomalies cannot tell a recall of 99 % from one of 100 %: all of them must be "
            "flagged, so the lowest score alone decides. Use at least 100 anomalies, or "
            "recall=0.975.",
        ),
        (
            extreme_value_threshold,
            58,
            {},
            "5 of 58 normal beats score above the 90 % quantile, and a tail fitted to fewer than "
            "10 is hardly more than a guess. Use at least 100 normal beats of different scores, "
            "or a larger tail.",
        ),
    ],
)
def test_too_few_beats_are_warned_of_with_what_there_is_what_is_needed_and_what_to_do(
    rule, n_beats, params, message
):
    with pytest.warns(FewBeatsWarning) as caught:
        asked(rule, n_beats, **params)()
    assert [str(warning.message) for warning in caught] == [message]


@pytest.mark.parametrize(
    ("rule", "params", "enough"),
    [
        (quantile_threshold, {"quantile": 0.95}, 20),
        (quantile_threshold, {"quantile": 0.9}, 10),
        (quantile_threshold, {"quantile": 0.982}, 56),
        (false_positive_rate_threshold, {"rate": 0.05}, 19),
        (false_positive_rate_threshold, {"rate": 1 - 0.9}, 9),
        (false_positive_rate_threshold, {"rate": 0.01}, 99),
        (recall_threshold, {"recall": 0.9}, 10),
        (recall_threshold, {"recall": 0.99}, 100),
        (extreme_value_threshold, {}, 100),
        (extreme_value_threshold, {"tail": 0.25}, 40),
    ],
)
def test_the_warning_ends_with_the_number_of_beats_that_it_asks_for(rule, params, enough):
    asked(rule, enough, **params)()  # a warning would be an error
    with pytest.warns(FewBeatsWarning, match=f"Use at least {enough} "):
        asked(rule, enough - 1, **params)()


@given(st.integers(2, 3000))
def test_what_the_warning_offers_instead_is_within_reach(n_beats):
    for rule, params in (
        (quantile_threshold, {"quantile": 0.9999}),
        (false_positive_rate_threshold, {"rate": 0.0001}),
        (recall_threshold, {"recall": 0.9999}),
    ):
        with pytest.warns(FewBeatsWarning) as caught:
            asked(rule, n_beats, **params)()
        name, value = str(caught[0].message).rstrip(".").rsplit(", or ")[1].split("=")
        asked(rule, n_beats, **{name: float(value)})()  # a warning would be an error


@pytest.mark.parametrize("rule", [quantile_threshold, recall_threshold])
def test_a_single_beat_is_offered_no_other_share(rule):
    with pytest.warns(FewBeatsWarning, match=r"\d+ (normal beats|anomalies)\.$"):
        asked(rule, 1)()


def test_who_asks_for_all_anomalies_knows_what_that_hangs_on():
    assert recall_threshold([1.0, 2.0, 3.0], [False, True, True], recall=1) == 1.5


def test_with_few_beats_the_highest_score_is_the_conformal_cut():
    with pytest.warns(FewBeatsWarning):
        assert false_positive_rate_threshold([1.0, 3.0, 2.0], rate=0.05) == 3.0


def test_the_warning_points_at_the_line_that_called_the_rule():
    with pytest.warns(FewBeatsWarning) as caught:
        quantile_threshold([1.0, 2.0])
    assert caught[0].filename == __file__


# Rules by name


def test_the_rules_have_these_names():
    assert list(THRESHOLDS) == [
        "quantile",
        "mean_plus_sd",
        "false_positive_rate",
        "extreme_value",
        "f1",
        "youden",
        "recall",
        "cost",
    ]
    tuned = [name for name, rule in THRESHOLDS.items() if rule.needs_anomalies]
    assert tuned == ["f1", "youden", "recall", "cost"]


@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_rule_by_name_is_the_function_and_a_label_free_one_sees_no_anomaly(name):
    scores, is_anomaly = np.arange(400.0), np.arange(400) >= 200
    rule = THRESHOLDS[name]
    seen = (scores, is_anomaly) if rule.needs_anomalies else (scores[:200],)
    assert choose_threshold(name, scores, is_anomaly) == rule.function(*seen)
    changed = np.where(is_anomaly, scores + 100, scores)
    same = choose_threshold(name, changed, is_anomaly) == choose_threshold(name, scores, is_anomaly)
    assert same == (not rule.needs_anomalies)


@pytest.mark.parametrize(
    ("name", "params", "cut"),
    [
        ("quantile", {"quantile": 0.5}, 99.5),
        ("mean_plus_sd", {"k": 0.0}, 99.5),
        ("false_positive_rate", {"rate": 0.5}, 100.0),
        ("f1", {}, 199.5),
        ("youden", {}, 199.5),
        ("recall", {"recall": 0.5}, 299.5),
        ("cost", {"prevalence": 0.5, "miss_cost": 2.0, "false_alarm_cost": 1.0}, 199.5),
    ],
)
def test_parameters_reach_the_rule_that_is_named(name, params, cut):
    # By way of JSON, as a saved detector keeps them.
    params = json.loads(json.dumps(params))
    assert choose_threshold(name, np.arange(400.0), np.arange(400) >= 200, **params) == cut


def test_parameters_reach_the_fitted_tail():
    scores, none = np.random.default_rng(0).exponential(size=400), np.zeros(400, bool)
    by_name = choose_threshold("extreme_value", scores, none, rate=0.02, tail=0.2)
    assert by_name == extreme_value_threshold(scores, 0.02, tail=0.2)
    assert by_name != extreme_value_threshold(scores, 0.02)


def test_rules_and_parameters_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="choose one of quantile, mean_plus_sd, false_positive"):
        choose_threshold("median", [1.0, 2.0], [False, True])
    with pytest.raises(TypeError, match="quantil"):
        choose_threshold("quantile", [1.0, 2.0], [False, True], quantil=0.9)
    with pytest.raises(ValueError, match="looks at normal beats, and none of these 2"):
        choose_threshold("quantile", [1.0, 2.0], [True, True])
    with pytest.raises(ValueError, match="one a beat"):
        choose_threshold("quantile", [1.0, 2.0], [False])
