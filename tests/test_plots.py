"""Figures: every one draws what it is given, labels its axes, and keeps to the course's colours."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

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


FIGURES = {
    "class counts": lambda beats: plots.plot_class_counts(beats.count_classes()),
    "beats by class": plots.plot_beats_by_class,
    "mean beats": plots.plot_mean_beats,
    "histogram": lambda beats: plots.plot_histogram(
        beats.signals[:, 0], xlabel="x", mark=0.0, mark_label="y"
    ),
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


def test_every_plot_function_is_drawn_here():
    public = {name for name in plots.__all__ if name.startswith("plot_")}
    assert len(public) == len(FIGURES)


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
