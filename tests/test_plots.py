"""Figures: every one draws what it is given, labels its axes, and keeps to the course's colours."""

import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import ConnectionPatch
from sklearn.metrics import average_precision_score

from ecglab import plots
from ecglab.datasets import make_heartbeats
from ecglab.heartbeats import CLASS_NAMES, Heartbeats


@pytest.fixture(scope="module")
def beats():
    return make_heartbeats(class_counts={"test": {1: 30, 2: 20, 3: 5, 4: 5, 5: 2}}, random_state=0)


@pytest.fixture(autouse=True)
def course_figures():
    mpl.use("agg")
    with mpl.rc_context():
        plots.use_course_style()
        yield
    plt.close("all")


def first(axes):
    return np.ravel(axes)[0]


def test_decoded_beats_have_a_panel_each_and_real_ones_their_colour(beats):
    rows = {"one": beats.signals[:3], "other": beats.signals[3:6]}
    axes = plots.plot_decoded(rows, {2: beats[[0]]})
    assert axes.shape == (2, 3)
    assert len(axes[0, 0].lines) == 1
    real = axes[1, 2].lines[-1]
    assert to_hex(real.get_color()).upper() == plots.CLASS_COLORS[int(beats.labels[0])]
    np.testing.assert_array_equal(real.get_ydata(), beats.signals[0])


def test_maps_have_no_units_and_their_classes_one_legend(beats):
    points = beats.signals[:, :2]
    axes = plots.plot_maps({"beats": (points, beats.labels), "cloud": (points, None)})
    assert [ax.get_title() for ax in axes] == ["beats", "cloud"]
    assert all(len(ax.get_xticks()) == len(ax.get_yticks()) == 0 for ax in axes)
    (legend,) = axes[0].figure.legends
    assert len(legend.get_texts()) == len(np.unique(beats.labels))


def test_two_sides_show_every_value_of_what_varies():
    table = pd.DataFrame(
        {
            "code": [2, 8, 2, 8],
            "kind": ["a", "a", "b", "b"],
            "loss": [0.4, 0.1, 0.5, 0.2],
            "ROC-AUC": [0.99, 0.9, 0.98, 0.97],
        }
    )
    left, right = plots.plot_two_sides(table, x="code", loss="loss", line="kind")
    assert left.get_ylim()[0] == 0
    assert [tick.get_text() for tick in left.get_xticklabels()] == ["2", "8"]
    assert [line.get_label() for line in left.lines] == ["a", "b"]
    assert right.get_ylabel() == "ROC-AUC"
    one = table[table["kind"] == "a"].assign(low=0.8, high=1.0)
    _, right = plots.plot_two_sides(one, x="code", loss="loss")
    assert len(right.collections) == 1


def test_residual_map_has_a_row_a_beat_and_the_chosen_classes(beats):
    axes = plots.plot_residual_map(beats.signals, beats.labels, kinds=[1, 4])
    images = [ax.get_images()[0].get_array() for ax in axes]
    assert [len(image) for image in images] == [30, 5]
    assert np.all(np.diff(images[0].mean(axis=1)) >= 0)
    assert "(30)" in axes[0].get_ylabel()


def test_weights_stand_below_the_beats_that_they_weigh(beats):
    above, below = plots.plot_weights(beats, {"all alike": np.ones(140)}, window=(120, 140))
    normal = beats.signals[~beats.is_anomaly].mean(axis=0)
    np.testing.assert_allclose(above.lines[0].get_ydata(), normal)
    assert [line.get_label() for line in below.lines] == ["all alike"]
    assert len(above.patches) == len(below.patches) == 1


def make_band(x, low=0.1):
    grid = np.linspace(0, 1, 11)
    return pd.DataFrame({x: grid, "value": 1 - low, "low": 1 - 2 * low, "high": 1.0})


def make_runs(means, n_seeds=4, splits=("pooled", "official")):
    """Runs of detectors around a mean, each twice, as in tables with two thresholds."""
    offsets = np.linspace(-0.001, 0.001, n_seeds)
    return pd.DataFrame(
        [
            {
                "detector": name,
                "family": f"family of {name[0]}",
                "split": split,
                "seed": seed,
                "threshold": threshold,
                "components": 2 ** (1 + row),
                "ROC-AUC": mean + offset,
            }
            for row, (name, mean) in enumerate(means.items())
            for split in splits
            for seed, offset in enumerate(offsets)
            for threshold in ("one", "other")
        ]
    )


def make_differences(values):
    return pd.DataFrame(
        [
            {"detector": name, "difference": value, "low": value - 0.01, "high": value + 0.01}
            for name, value in values.items()
        ]
    )


def make_report(values):
    table = pd.DataFrame({"value": values})
    return table.assign(low=table["value"] - 0.01, high=table["value"] + 0.02)


def sweep_results():
    """Nine runs over a square of two parameters."""
    pairs = [(x, y) for x in (1, 2, 3) for y in (0.1, 0.2, 0.3)]
    rows = [{"x": x, "y": y, "auc": x * y, "status": "done"} for x, y in pairs]
    table = pd.DataFrame(rows)
    table.attrs = {"parameters": ["x", "y"], "metrics": ["auc"]}
    return table


FIGURES = {
    "heat maps": lambda beats: plots.plot_heat_maps(sweep_results(), "auc")[0],
    "class counts": lambda beats: plots.plot_class_counts(beats.count_classes()),
    "beats by class": plots.plot_beats_by_class,
    "mean beats": plots.plot_mean_beats,
    "spread": lambda beats: plots.plot_spread({1: [0, 1], 2: [1, 2]}, xlabel="x", ylabel="y"),
    "histogram": lambda beats: plots.plot_histogram(
        beats.signals[:, 0], xlabel="x", mark=0.0, mark_label="y"
    ),
    "waves": lambda beats: plots.plot_waves(beats.signals[0], {"QRS": 55}, title="here"),
    "r on t": lambda beats: plots.plot_r_on_t(),
    "losses": lambda beats: plots.plot_losses({"one": [3.0, 2.0]}),
    "twins": lambda beats: plots.plot_twins(beats, [(0, 1), (2, 3)], ["a", "b"]),
    "plane": lambda beats: plots.plot_plane(beats.signals[:, :2], beats.labels),
    "loss": lambda beats: plots.plot_loss(
        pd.DataFrame({"loss": [3.0, 2.0, 1.0], "validation_loss": [3.0, 1.5, 2.0]})
    ),
    "error histograms": lambda beats: plots.plot_error_histograms(
        beats.signals[:, 0] ** 2 + 0.1, beats.is_anomaly, {"cut": 0.5}
    ),
    "reconstructions": lambda beats: plots.plot_reconstructions(beats[:6], beats.signals[:6] * 0.9),
    "precision and recall": lambda beats: plots.plot_precision_recall_curves(
        beats.is_anomaly, {"one": beats.signals[:, 0]}
    ),
    "profiles": lambda beats: plots.plot_profiles(
        {"normal beats": beats.signals[0] ** 2 + 0.1, "other": beats.signals[1] ** 2 + 0.1},
        ylabel="squared",
        logarithmic=True,
        window=(10, 20),
    ),
    "roc": lambda beats: plots.plot_roc_curves(beats.is_anomaly, {"one": beats.signals[:, 0]}),
    "roc bands": lambda beats: plots.plot_roc_bands(
        beats.is_anomaly, {"one": make_band("false-positive rate")}
    ),
    "precision-recall bands": lambda beats: plots.plot_precision_recall_bands(
        beats.is_anomaly, {"one": make_band("recall")}
    ),
    "precision by prevalence": lambda beats: plots.plot_precision_by_prevalence(
        {"one": (0.9, 0.05)}, share=0.4
    ),
    "thresholds": lambda beats: plots.plot_thresholds(
        beats.signals[:, 0] ** 2 + 0.1, beats.is_anomaly, {"one": 0.5, "two": 0.3}, ["one"]
    ),
    "confusion": lambda beats: plots.plot_confusion(beats.is_anomaly, ~beats.is_anomaly),
    "decision": lambda beats: plots.plot_decision(beats.signals[:, 0], beats, 0.0),
    "leaderboard": lambda beats: plots.plot_leaderboard(
        make_runs({"a": 0.99, "b": 0.98}), reference="b"
    ),
    "bottleneck": lambda beats: plots.plot_bottleneck(make_runs({"a1": 0.99, "a2": 0.98})),
    "cost curves": lambda beats: plots.plot_cost_curves({"one": (0.9, 0.05)}, {"here": (0.02, 10)}),
    "calibration": lambda beats: plots.plot_calibration([0.1, 0.2, 0.9], [False, False, True]),
    "reports": lambda beats: plots.plot_reports({"one": make_report({"F1": 0.9})}, ["F1"]),
    "differences": lambda beats: plots.plot_differences(make_differences({"a": 0.0, "b": 0.02})),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn_with_labelled_axes(beats, name):
    axes = FIGURES[name](beats)
    figure = first(axes).figure
    figure.canvas.draw()
    horizontal = [ax.get_xlabel() for ax in figure.axes] + [figure.get_supxlabel()]
    vertical = [ax.get_ylabel() for ax in figure.axes] + [figure.get_supylabel()]
    assert any(horizontal)
    assert any(vertical)


def test_every_plot_function_is_drawn_somewhere():
    texts = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.rglob("test_*.py")]
    drawn = set(re.findall(r"\b(plot_\w+)\(", "\n".join(texts)))
    assert {name for name in plots.__all__ if name.startswith("plot_")} <= drawn


def test_each_class_has_a_colour_of_its_own_and_normal_is_not_the_anomaly_colour():
    assert set(plots.CLASS_COLORS) == set(CLASS_NAMES)
    assert len({*plots.CLASS_COLORS.values(), plots.ANOMALY_COLOR}) == len(CLASS_NAMES) + 1


def test_a_beat_is_drawn_in_the_colour_of_its_class_everywhere(beats):
    for label in CLASS_NAMES:
        one = beats[beats.labels == label][:1]
        drawn = [
            first(plots.plot_beats_by_class(one)).lines[0],
            first(plots.plot_mean_beats(one)).lines[0],
            first(plots.plot_reconstructions(one, one.signals)).lines[0],
        ]
        assert {to_hex(line.get_color()).upper() for line in drawn} == {plots.CLASS_COLORS[label]}


def test_error_histogram_puts_anomalies_on_the_side_of_their_scores():
    ax = plots.plot_error_histograms([1.0, 1.0, 100.0], [False, False, True])
    normal, strange = ax.containers
    assert normal.patches[0].get_height() == 2
    assert strange.patches[-1].get_height() == 1


def test_best_epoch_is_marked():
    history = pd.DataFrame({"loss": [3.0, 2, 1], "validation_loss": [3.0, 1.5, 2]}, index=[1, 2, 3])
    mark = plots.plot_loss(history).lines[-1]
    assert mark.get_xydata().tolist() == [[2, 1.5]]


def test_classes_beyond_the_five_are_drawn_too():
    beats = Heartbeats(
        signals=np.random.default_rng(0).normal(size=(4, 20)),
        labels=[0, 1, 7, 7],
        class_names={0: "zero", 1: "one", 7: "seven"},
    )
    assert len(plots.plot_mean_beats(beats)) == 3
    assert len(plots.plot_beats_by_class(beats)) == 3


def test_one_class_alone_can_be_drawn(beats):
    assert len(plots.plot_mean_beats(beats.anomalies[:1])) == 1


def overlap(texts, figure):
    """Count the pairs of texts of which one covers the other."""
    boxes = [text.get_window_extent(figure.canvas.get_renderer()) for text in texts]
    return sum(a.overlaps(b) for n, a in enumerate(boxes) for b in boxes[:n])


def test_curves_beyond_the_six_colours_are_drawn_too_and_differ():
    scores = {f"detector {n}": [0.1, 0.2, n] for n in range(8)}
    for ax in (
        plots.plot_roc_curves([False, False, True], scores),
        plots.plot_precision_recall_curves([False, False, True], scores),
    ):
        curves = [line for line in ax.lines if line.get_label().startswith("detector")]
        assert len({(line.get_color(), line.get_linestyle()) for line in curves}) == 8


def test_more_curves_than_looks_are_refused():
    with pytest.raises(ValueError, match="19 lines cannot be told apart"):
        plots.plot_roc_curves([False, True], {str(n): [0, 1] for n in range(19)})


def test_a_band_is_shaded_from_low_to_high():
    ax = plots.plot_roc_bands([False, True], {"one": make_band("false-positive rate", low=0.1)})
    corners = ax.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == pytest.approx(0.8)
    assert corners[:, 1].max() == 1.0


@pytest.mark.parametrize(
    ("draw", "x"),
    [
        (plots.plot_roc_bands, "recall"),
        (plots.plot_precision_recall_bands, "false-positive rate"),
    ],
)
def test_a_band_of_the_other_curve_is_refused(draw, x):
    with pytest.raises(ValueError, match="the band of 'one' has no column"):
        draw([False, True], {"one": make_band(x)})


def test_bands_say_how_many_beats_they_rest_on():
    bands = {"one": make_band("false-positive rate")}
    ax = plots.plot_roc_bands([False, False, False, True], bands)
    assert "3 normal beats" in ax.get_xlabel()
    assert "1 anomalies" in ax.get_ylabel()


def test_precision_at_the_share_of_the_data_set_is_that_of_bayes_rule():
    ax = plots.plot_precision_by_prevalence({"one": (0.9, 0.1)})
    prevalence, precision = ax.lines[0].get_data()
    # At a prevalence of one half, alarms are real as recall is to recall plus false alarms.
    assert prevalence[-1] == pytest.approx(0.5)
    assert precision[-1] == pytest.approx(0.9)
    assert (np.diff(precision) > 0).all()


def areas_below(line):
    """Return the areas below a curve of precision: as it is drawn, and with straight lines."""
    recall, precision = line.get_data()
    assert line.get_drawstyle() == "steps-pre"
    steps = float(np.sum(np.diff(recall) * precision[1:]))
    return steps, float(np.trapezoid(precision, recall))


def test_precision_is_drawn_in_steps_whose_area_is_the_average_precision():
    scores, is_anomaly = [3, 3, 2, 2, 2, 1, 1, 1, 1, 1], [1, 1, 0, 0, 1, 0, 0, 0, 0, 1]
    ax = plots.plot_precision_recall_curves(is_anomaly, {"coarse": scores})
    steps, straight = areas_below(ax.lines[0])
    assert steps == pytest.approx(average_precision_score(is_anomaly, scores))
    assert straight > steps + 0.05
    ax = plots.plot_precision_recall_bands(is_anomaly, {"one": make_band("recall")})
    assert ax.lines[0].get_drawstyle() == "steps-pre"


def test_a_cut_costs_its_two_rates_at_the_ends_and_is_a_straight_line():
    ax = plots.plot_cost_curves({"a cut": (0.9, 0.25)}, {"rare but dear": (0.02, 49)})
    lines = {line.get_label(): line for line in ax.lines}
    cost = lines["a cut"].get_ydata()
    assert (cost[0], cost[-1]) == (pytest.approx(0.25), pytest.approx(0.1))
    np.testing.assert_allclose(np.diff(cost, 2), 0, atol=1e-12)
    # 0.02 * 49 = 0.98 = 1 - 0.02: both kinds of beats weigh the same.
    assert ax.lines[-1].get_xdata()[0] == pytest.approx(0.5)


def test_calibration_counts_what_came_true_of_each_group():
    ax = plots.plot_calibration([0.05, 0.05, 0.95, 1.0], [False, True, True, True], n_bins=2)
    dots = [line.get_xydata() for line in ax.lines if line.get_marker() == "o"]
    assert [dot[0].tolist() for dot in dots if len(dot)] == [
        [0.05, 0.5],
        [pytest.approx(0.975), 1.0],
    ]
    assert [text.get_text() for text in ax.texts] == ["2", "2"]


def test_reports_are_dots_in_rows_from_the_top_and_hollow_ones_are_named(beats):
    reports = {name: make_report({"F1": value}) for name, value in (("a", 0.5), ("b", 0.7))}
    (ax,) = plots.plot_reports(reports, ["F1"], hollow=["b"])
    assert row_names(ax) == ["a", "b"]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == [0.5, 0.7]
    assert [dot.get_markerfacecolor() for dot in dots] == ["black", "white"]
    assert ax.lines[0].get_xdata() == pytest.approx([0.49, 0.52])
    with pytest.raises(ValueError, match="the report of 'a' has no 'recall'"):
        plots.plot_reports(reports, ["recall"])


def test_a_leaderboard_can_set_threshold_rules_side_by_side():
    runs = make_runs({"a": 0.97, "b": 0.99}, splits=("pooled",))
    axes = plots.plot_leaderboard(runs, panels="threshold")
    assert [ax.get_title() for ax in axes] == ["one", "other"]


def test_nine_thresholds_in_a_heap_have_names_that_do_not_cover_one_another():
    rng = np.random.default_rng(0)
    scores, is_anomaly = rng.lognormal(size=500), rng.random(500) < 0.4
    thresholds = {f"a rule with a long name {n}": 1 + n / 1000 for n in range(9)}
    names, _ = plots.plot_thresholds(scores, is_anomaly, thresholds, list(thresholds)[:4])
    figure = names.figure
    figure.canvas.draw()
    assert len(names.texts) == 9
    assert overlap(names.texts, figure) == 0
    dashes = [line.get_linestyle() for line in figure.findobj(ConnectionPatch)]
    assert (dashes.count("--"), dashes.count("-")) == (4, 5)


def test_each_threshold_stands_at_its_value_lowest_on_top():
    names, _ = plots.plot_thresholds([1.0, 9.0], [False, True], {"high": 5.0, "low": 2.0}, [])
    assert [text.get_text() for text in names.texts] == ["low  (2)", "high  (5)"]
    assert [text.xy for text in names.texts] == [(2.0, 0), (5.0, 1)]


def test_a_label_tuned_rule_without_a_threshold_is_refused():
    with pytest.raises(ValueError, match=r"label_tuned names \['F1'\]"):
        plots.plot_thresholds([1.0, 2.0], [False, True], {"quantile": 1.0}, ["F1"])


def test_confusion_counts_each_kind_of_beat_and_shares_are_of_the_row():
    is_anomaly = [False] * 4 + [True] * 2
    ax = plots.plot_confusion(is_anomaly, [False, False, False, True, True, True])
    assert [text.get_text() for text in ax.texts] == [
        "3\n75.0%",
        "1\n25.0%",
        "0\n0.0%",
        "2\n100.0%",
    ]


@pytest.mark.parametrize(
    ("is_anomaly", "flagged", "message"),
    [([True, True], [True, False], "both needed"), ([True, False], [True], "one entry a beat")],
)
def test_confusion_of_unusable_labels_is_refused(is_anomaly, flagged, message):
    with pytest.raises(ValueError, match=message):
        plots.plot_confusion(is_anomaly, flagged)


def test_a_decision_shows_its_worst_mistakes(beats):
    normal, strange = np.flatnonzero(~beats.is_anomaly), np.flatnonzero(beats.is_anomaly)
    scores = np.where(beats.is_anomaly, 10.0, 1.0)
    scores[normal[:3]] = 6.0, 8.0, 7.0
    scores[strange[:2]] = 4.0, 3.0
    axes = plots.plot_decision(scores, beats, 5.0, n_each=2)
    drawn = [ax.lines[0].get_ydata() for ax in axes[1:]]
    for shown, beat in zip(drawn, [normal[1], normal[2], strange[1], strange[0]], strict=True):
        np.testing.assert_array_equal(shown, beats.signals[beat])
    assert axes[0].texts[1].get_text().startswith("3\n")
    assert axes[0].texts[2].get_text().startswith("2\n")


def test_a_decision_without_mistakes_says_so(beats):
    axes = plots.plot_decision(beats.is_anomaly.astype(float), beats, 0.5, n_each=2)
    assert [text.get_text() for ax in axes[1:] for text in ax.texts] == ["none", "none"]


def test_a_beat_whose_score_is_the_threshold_is_passed(beats):
    axes = plots.plot_decision(np.ones(len(beats)), beats, 1.0)
    assert axes[0].texts[0].get_text().startswith("30\n")


def test_a_decision_needs_one_score_a_beat(beats):
    with pytest.raises(ValueError, match="one score a beat"):
        plots.plot_decision([1.0], beats, 0.5)


def row_names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_leaderboard_ranks_by_mean_and_its_lines_span_one_sd():
    runs = make_runs({"a": 0.97, "b": 0.99, "c": 0.98})
    axes = plots.plot_leaderboard(runs, reference="a")
    assert len(axes) == 2
    assert row_names(axes[0]) == ["b", "c", "a"]
    seeds, bar, mean = axes[0].lines[:3]
    assert len(seeds.get_xdata()) == 4
    of_b = runs.query("detector == 'b' and split == 'pooled'").drop_duplicates("seed")["ROC-AUC"]
    np.testing.assert_allclose(
        bar.get_xdata(), [of_b.mean() - of_b.std(), of_b.mean() + of_b.std()]
    )
    np.testing.assert_allclose(mean.get_xdata(), [0.99])
    assert axes[0].lines[-1].get_xdata() == pytest.approx([0.97, 0.97])
    assert "± sd over 4 seeds" in axes[0].figure.get_supxlabel()


def test_a_detector_off_the_scale_is_marked_with_its_mean():
    ax = plots.plot_leaderboard(make_runs({"a": 0.99, "b": 0.7}), limits=(0.95, 1.0))[0]
    assert [text.get_text() for text in ax.texts] == ["0.700"]
    assert ax.get_xlim() == (0.95, 1.0)


def test_a_detector_missing_from_one_split_keeps_its_row_empty_there():
    runs = make_runs({"a": 0.99, "b": 0.98})
    runs = runs[(runs["detector"] != "b") | (runs["split"] != "official")]
    pooled, official = plots.plot_leaderboard(runs)
    assert len(pooled.lines) == 2 * len(official.lines)


def test_names_of_thirty_detectors_do_not_cover_one_another():
    means = {f"{'abc'[n % 3]} detector number {n}": 0.99 - n / 1000 for n in range(30)}
    axes = plots.plot_leaderboard(make_runs(means))
    axes[0].figure.canvas.draw()
    assert overlap(axes[0].get_yticklabels(), axes[0].figure) == 0


def test_a_metric_that_depends_on_the_threshold_needs_one_rule_chosen():
    runs = make_runs({"a": 0.99})
    runs.loc[runs["threshold"] == "other", "ROC-AUC"] -= 0.1
    with pytest.raises(ValueError, match=r"several values of 'ROC-AUC' for .*detector 'a'"):
        plots.plot_leaderboard(runs)


def test_an_unknown_reference_and_a_missing_column_are_refused():
    runs = make_runs({"a": 0.99})
    with pytest.raises(ValueError, match="reference 'z' is none of"):
        plots.plot_leaderboard(runs, reference="z")
    with pytest.raises(ValueError, match="no column 'family'"):
        plots.plot_leaderboard(runs.drop(columns="family"))


def test_bottleneck_draws_a_line_for_each_family_and_split():
    runs = make_runs({"a1": 0.99, "a2": 0.98, "b3": 0.9})
    ax = plots.plot_bottleneck(runs)
    assert {line.get_label() for line in ax.lines} == {
        f"family of {family}, {split} split" for family in "ab" for split in ("pooled", "official")
    }
    components, means = ax.lines[0].get_data()
    assert components.tolist() == [2, 4]
    np.testing.assert_allclose(means, [0.99, 0.98])


@pytest.mark.parametrize("as_index", [False, True])
def test_differences_are_ranked_and_those_that_may_be_none_are_grey(as_index):
    table = make_differences({"worse": -0.05, "alike": 0.005, "better": 0.03})
    (ax,) = plots.plot_differences(table.set_index("detector") if as_index else table)
    assert row_names(ax) == ["better", "alike", "worse"]
    bars = ax.lines[:-1:2]
    assert [bar.get_color() for bar in bars] == ["black", "#888888", "black"]
    np.testing.assert_allclose(bars[0].get_xdata(), [0.02, 0.04])
    assert ax.lines[-1].get_xdata() == [0, 0]


def test_differences_on_two_splits_have_a_panel_each():
    table = pd.concat(
        {split: make_differences({"a": 0.01, "b": 0.0}) for split in ("pooled", "official")},
        names=["split"],
    ).set_index("detector", append=True)
    axes = plots.plot_differences(table.droplevel(1))
    assert [ax.get_title() for ax in axes] == ["pooled split", "official split"]


def test_spread_has_a_column_for_each_setting_in_order():
    ax = plots.plot_spread(
        {20: [0.0, 1.0, 2.0], 50: [1.0, 1.0, 1.0]},
        xlabel="beats",
        ylabel="gain",
        mark=0.5,
        mark_label="none",
    )
    assert [label.get_text() for label in ax.get_xticklabels()] == ["20", "50"]
    medians = [line.get_ydata()[0] for line in ax.lines if line.get_color() == "black"]
    assert 1.0 in medians
    assert ax.get_legend().get_texts()[0].get_text() == "none"


def test_the_lstm_cell_shows_its_gates_and_both_states():
    said = " ".join(text.get_text() for text in plots.plot_lstm_cell().texts)
    for word in ("forget", "write", "candidate", "show", "cell state", "hidden"):
        assert word in said


def test_losses_of_trainings_of_any_length_begin_at_the_first_epoch():
    ax = plots.plot_losses({"short": [0.5, 0.4], "long": pd.Series([0.6, 0.5, 0.3])})
    drawn = [line.get_xdata().tolist() for line in ax.lines]
    assert drawn == [[1, 2], [1, 2, 3]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["short", "long"]


def test_intervals_have_a_row_each_in_the_order_given_and_the_reference_is_a_line():
    table = pd.DataFrame(
        {"value": [0.9, 0.8], "low": [0.85, 0.7], "high": [0.95, 0.9]}, index=["this", "that"]
    )
    ax = plots.plot_intervals(table, xlabel="ROC-AUC", reference="that")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["this", "that"]
    assert ax.yaxis_inverted()
    assert ax.lines[0].get_xdata() == [0.8, 0.8]
    assert ax.get_xlabel() == "ROC-AUC"


def test_the_waves_of_a_textbook_beat_are_named_beside_a_beat_as_it_is(beats):
    left, right = plots.plot_waves(beats.normal.signals[0], {"QRS": 55}, title="here")
    assert {"P", "Q", "R", "S", "T", "RR interval"} <= {text.get_text() for text in left.texts}
    assert [text.get_text() for text in right.texts] == ["QRS"]
    np.testing.assert_allclose(right.lines[0].get_ydata(), beats.normal.signals[0])


def test_r_on_t_is_drawn_in_the_colour_of_its_class():
    colors = [to_hex(line.get_color()) for line in plots.plot_r_on_t().lines]
    assert colors == [plots.NORMAL_COLOR.lower(), plots.CLASS_COLORS[2].lower()]
