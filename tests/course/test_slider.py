"""One threshold in numbers, and a slider that really moves it."""

import base64
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from ecglab import course
from ecglab.datasets import make_heartbeats
from ecglab.evaluation import measure


@pytest.fixture(scope="module")
def beats():
    return make_heartbeats(class_counts={"test": {1: 60, 2: 20, 3: 5}}, random_state=0)


@pytest.fixture(scope="module")
def scores(beats):
    normal_mean = beats.normal.signals.mean(axis=0)
    return np.square(beats.signals - normal_mean).mean(axis=1)


@pytest.fixture(autouse=True)
def no_windows():
    mpl.use("agg")
    yield
    plt.close("all")


@pytest.fixture(params=["Jupyter", "VS Code"])
def front_end(request, monkeypatch):
    """Leave the mark of a front end in which somebody sits."""
    if request.param == "Jupyter":
        monkeypatch.setenv("JPY_SESSION_NAME", "a notebook")
    else:
        monkeypatch.setattr(sys.modules["__main__"], "__vsc_ipynb_file__", "x", raising=False)


@pytest.fixture
def nobody(monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)


def test_the_figures_of_a_threshold_are_those_of_the_evaluation(scores, beats):
    expected = measure(scores, beats.is_anomaly, 0.2)
    table = course.describe_threshold(scores, beats, 0.2)["value"]
    assert table["recall"] == expected["recall"]
    assert table["precision on these beats (29.4 % anomalies)"] == pytest.approx(
        expected["precision"]
    )
    assert table["precision at 2 % anomalies"] == pytest.approx(
        expected["precision at 2% anomalies"]
    )
    assert len(plt.get_fignums()) == 1


def test_the_threshold_is_given_to_the_digits_that_every_processor_agrees_on(scores, beats):
    tables = [course.describe_threshold(scores, beats, cut) for cut in (0.2, 0.2 * (1 + 1e-6))]
    assert tables[0].to_string() == tables[1].to_string()


def test_moving_the_threshold_changes_figures_and_picture(scores, beats):
    slider = course.threshold_slider(scores, beats, start=0.2)
    before = slider.widget.children[-1].value
    for cut in (0.05, 0.5, 1.3):
        slider.threshold.value = cut
        flagged = scores > cut
        table = slider.table["value"]
        assert table["recall"] == flagged[beats.is_anomaly].mean()
        assert table["false-positive rate"] == flagged[~beats.is_anomaly].mean()
        assert slider.widget.children[-1].value != before
        assert f"<td>{table['recall']:.4g}</td>" in slider.widget.children[-2].value
        before = slider.widget.children[-1].value


def test_moving_the_prevalence_changes_precision_alone(scores, beats):
    slider = course.threshold_slider(scores, beats, start=0.2)
    before, picture = slider.table["value"], slider.widget.children[-1].value
    slider.prevalence.value = 0.2
    after = slider.table["value"]
    recall, false_alarms = after["recall"], after["false-positive rate"]
    assert after["precision at 20 % anomalies"] == pytest.approx(
        0.2 * recall / (0.2 * recall + 0.8 * false_alarms)
    )
    assert after.iloc[:4].equals(before.iloc[:4])
    assert slider.widget.children[-1].value == picture


def test_the_slider_reaches_from_flagging_everything_to_flagging_nothing(scores, beats):
    slider = course.threshold_slider(scores, beats, start=0.2)
    assert slider.threshold.value == 0.2
    slider.threshold.value = 0.0
    assert (slider.table["value"][["recall", "false-positive rate"]] == 1).all()
    slider.threshold.value = 1e9
    assert (slider.table["value"][["recall", "false-positive rate"]] == 0).all()


def test_moving_the_slider_leaves_no_figure_behind(scores, beats):
    slider = course.threshold_slider(scores, beats, start=0.2)
    slider.threshold.value = 0.5
    assert plt.get_fignums() == []


def test_a_page_on_which_nothing_moves_holds_the_picture_and_no_widget(nobody, scores, beats):
    bundle = course.threshold_slider(scores, beats, start=0.2)._repr_mimebundle_()
    assert set(bundle) == {"image/png", "text/plain"}
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")


def test_where_somebody_sits_the_sliders_are_shown(front_end, scores, beats):
    bundle = course.threshold_slider(scores, beats, start=0.2)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_the_text_that_nbval_compares_is_the_same_everywhere(front_end, scores, beats, monkeypatch):
    """It compares neither pictures nor the identifiers of widgets."""
    sliders = [course.threshold_slider(scores, beats, start=0.2) for _ in range(2)]
    sliders[1].threshold.value = 0.5
    live = [slider._repr_mimebundle_()["text/plain"] for slider in sliders]
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.delattr(sys.modules["__main__"], "__vsc_ipynb_file__", raising=False)
    still = sliders[0]._repr_mimebundle_()["text/plain"]
    assert {*live, still} == {repr(sliders[0])}
    assert "recall" in still


def test_scores_that_a_logarithmic_scale_cannot_show_are_refused(scores, beats):
    with pytest.raises(ValueError, match=r"above zero\. The lowest score is 0"):
        course.threshold_slider(scores - scores.min(), beats, start=0.2)
    with pytest.raises(ValueError, match="the start is -1"):
        course.threshold_slider(scores, beats, start=-1.0)
    with pytest.raises(ValueError, match=r"between 0\.001 and 0\.5"):
        course.threshold_slider(scores, beats, start=0.2, prevalence=0.6)


def test_without_ipywidgets_the_error_names_the_extra(scores, beats, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ImportError, match=r"pip install 'ecglab\[notebooks\]'"):
        course.threshold_slider(scores, beats, start=0.2)
