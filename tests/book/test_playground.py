"""The playground: its arithmetic against the package's, and its page as a person uses it."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from playwright.sync_api import expect
from site_checks import axe_problems, darken, fingers, next_frame, width_problems

from ecglab import load_detector, plots
from ecglab.datasets import make_heartbeats
from ecglab.errors import FewBeatsWarning
from ecglab.evaluation import measure, pooled_split
from ecglab.thresholds import f1_threshold, quantile_threshold, youden_threshold

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "book" / "_extra" / "playground"
PURE = ("detector.js", "autoencoder.js", "metrics.js", "beat_tools.js", "experiments.js")
N = 140

browser_examples = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


# The arithmetic, without a page


@pytest.fixture(scope="module")
def detector():
    return load_detector(ROOT / "notebooks" / "models" / "dense")


@pytest.fixture(scope="module")
def scripts(browser):
    """An empty page with the scripts that know nothing of a page."""
    page = browser.new_page()
    for name in PURE:
        page.add_script_tag(path=SCRIPTS / name)
    page.evaluate(
        """() => {
            const { makeNetwork } = ecglabPlayground.autoencoder;
            globalThis.network = makeNetwork(ecglabPlayground.detector.layers);
        }"""
    )
    yield page
    page.close()


@pytest.fixture(scope="module")
def shown_beats(scripts):
    """Return the sample beats of the page, shape (n_beats, 140)."""
    samples = "ecglabPlayground.classes.flatMap(c => c.samples.map(s => s.signal))"
    return np.array(scripts.evaluate(samples))


def rebuild(scripts, beats):
    """Return the page's reconstructions and scores."""
    rebuilt, scores = scripts.evaluate(
        """beats => {
            const rebuilt = beats.map(beat => Array.from(network(beat)));
            const { reconstructionError } = ecglabPlayground.autoencoder;
            return [rebuilt, beats.map((beat, i) => reconstructionError(beat, rebuilt[i]))];
        }""",
        beats.tolist(),
    )
    return np.array(rebuilt), np.array(scores)


def call(scripts, function, *arguments):
    """Call one of the page's functions, named as it is within the namespace."""
    return scripts.evaluate(f"given => ecglabPlayground.{function}(...given)", list(arguments))


def standardise(beats):
    return (beats - beats.mean(1, keepdims=True)) / beats.std(1, ddof=1, keepdims=True)


def assert_scores_agree(scripts, detector, beats):
    rebuilt, scores = rebuild(scripts, beats)
    np.testing.assert_allclose(rebuilt, detector.reconstruct(beats), rtol=0, atol=1e-5)
    np.testing.assert_allclose(scores, detector.reconstruction_error(beats), rtol=0, atol=1e-5)


def test_scores_of_the_sample_beats_are_the_packages(scripts, detector, shown_beats):
    assert_scores_agree(scripts, detector, shown_beats)
    assert_scores_agree(scripts, detector, standardise(shown_beats))


def test_scores_of_real_beats_are_the_packages(scripts, detector, ecg5000):
    split = pooled_split(ecg5000, 0)
    assert_scores_agree(scripts, detector, split.validation.signals.astype(np.float64))
    assert_scores_agree(scripts, detector, split.test.signals[:500].astype(np.float64))


def test_scores_of_simulated_beats_are_the_packages(scripts, detector):
    beats = make_heartbeats(400, random_state=1).signals.astype(np.float64)
    assert_scores_agree(scripts, detector, beats)


def test_scores_of_noise_are_the_packages(scripts, detector):
    noise = np.random.default_rng(2).normal(size=(200, N))
    assert_scores_agree(scripts, detector, standardise(noise))


@browser_examples
@given(hnp.arrays(np.float64, N, elements=st.floats(-10, 10, width=32)))
def test_scores_of_extreme_beats_are_the_packages(scripts, detector, beat):
    # The package computes in float32, which carries seven digits of a large score, not five places.
    beats = np.vstack([beat, np.where(np.arange(N) % 7, beat, -10)])
    beats = beats[np.ptp(beats, axis=1) > 0]
    rebuilt, scores = rebuild(scripts, beats)
    np.testing.assert_allclose(rebuilt, detector.reconstruct(beats), rtol=1e-5, atol=5e-5)
    np.testing.assert_allclose(scores, detector.reconstruction_error(beats), rtol=1e-5, atol=1e-5)


def test_weights_arrive_in_the_browser_as_the_very_float32_they_are(scripts, detector):
    layers = scripts.evaluate(
        """() => ecglabPlayground.detector.layers.map(({ kernel, bias }) =>
            [kernel.map(row => Array.from(Float32Array.from(row))),
             Array.from(Float32Array.from(bias))])"""
    )
    arrays = [np.array(array, dtype=np.float32) for layer in layers for array in layer]
    for array, expected in zip(arrays, detector.autoencoder_.get_weights().values(), strict=True):
        np.testing.assert_array_equal(array, expected)


@browser_examples
@given(hnp.arrays(np.float64, N, elements=st.floats(-10, 10)))
def test_standardised_beats_have_mean_0_and_sample_deviation_1(scripts, beat):
    found = call(scripts, "autoencoder.standardise", beat.tolist())
    if found is None:
        assert beat.std() <= 1e-9 * np.abs(beat).max()
    else:
        np.testing.assert_allclose(found, standardise(beat[None])[0], atol=1e-9)


@pytest.mark.parametrize("level", [0, 0.1, -3, 1e-300, 1e6])
def test_a_flat_line_is_not_divided_by_its_deviation(scripts, level):
    assert call(scripts, "autoencoder.standardise", [level] * N) is None
    assert call(scripts, "autoencoder.measure", [level] * N)["sd"] == 0


# Few values, so that ties are common; enough normal beats for a 95 % quantile.
some_scores = st.lists(st.integers(0, 12).map(lambda n: n / 8), min_size=20, max_size=60)
scored_beats = st.tuples(some_scores, st.lists(st.integers(0, 16).map(lambda n: n / 8), min_size=1))


def joined(normal, strange):
    return [*normal, *strange], [False] * len(normal) + [True] * len(strange)


@browser_examples
@given(scored_beats)
def test_rules_choose_the_packages_thresholds(scripts, beats):
    scores, is_anomaly = joined(*beats)
    assert call(scripts, "metrics.f1Threshold", scores, is_anomaly) == f1_threshold(
        scores, is_anomaly
    )
    assert call(scripts, "metrics.youdenThreshold", scores, is_anomaly) == youden_threshold(
        scores, is_anomaly
    )


@browser_examples
@given(st.lists(st.floats(0, 10), min_size=1, max_size=50), st.floats(0.01, 0.99))
def test_quantiles_are_interpolated_as_the_package_does(scripts, scores, share):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewBeatsWarning)
        expected = quantile_threshold(scores, share)
    assert call(scripts, "metrics.quantile", scores, share) == pytest.approx(expected, abs=1e-12)


@browser_examples
@given(scored_beats, st.integers(-1, 17))
def test_metrics_are_the_packages_also_where_a_score_equals_the_threshold(scripts, beats, cut):
    scores, is_anomaly = joined(*beats)
    expected = measure(scores, is_anomaly, cut / 8)
    counts = call(scripts, "metrics.confusion", scores, is_anomaly, cut / 8)
    rates = call(scripts, "metrics.rates", counts, 0.02)
    assert counts["passed"] + counts["falseAlarms"] == is_anomaly.count(False)
    assert counts["missed"] + counts["caught"] == is_anomaly.count(True)
    assert rates["recall"] == pytest.approx(expected["recall"])
    assert rates["precision"] == pytest.approx(expected["precision"])
    assert rates["f1"] == pytest.approx(expected["F1"])
    assert rates["precisionAtPrevalence"] == pytest.approx(expected["precision at 2% anomalies"])
    auc = call(scripts, "metrics.rocAuc", scores, is_anomaly)
    assert auc == pytest.approx(expected["ROC-AUC"])


def test_rules_on_the_validation_scores_choose_what_the_package_chooses(scripts, detector):
    data = scripts.evaluate("ecglabPlayground.validation")
    scores, strange = np.array(data["scores"]), np.array(data["labels"]) != 1
    arguments = (data["scores"], strange.tolist())
    quantile = call(scripts, "metrics.quantile", scores[~strange].tolist(), 0.95)
    assert quantile == pytest.approx(detector.threshold_, abs=1e-8)
    assert call(scripts, "metrics.f1Threshold", *arguments) == f1_threshold(scores, strange)
    assert call(scripts, "metrics.youdenThreshold", *arguments) == youden_threshold(scores, strange)


def test_a_bend_is_a_bump_at_its_centre_and_leaves_the_rest(scripts):
    bent = np.array(call(scripts, "beatTools.bend", [0.0] * N, 40, 2, 3))
    assert bent.argmax() == 40
    assert bent[40] == 2
    assert bent[43] == pytest.approx(2 * np.exp(-0.5))
    assert np.abs(bent[:20]).max() < 1e-9
    assert np.abs(bent[60:]).max() < 1e-9


@pytest.mark.parametrize("backwards", [False, True])
def test_a_drawn_line_joins_its_ends_in_either_direction(scripts, backwards):
    ends = [{"sample": 10, "value": 0}, {"sample": 14, "value": 2}]
    drawn = call(scripts, "beatTools.drawLine", [9.0] * N, *(reversed(ends) if backwards else ends))
    assert drawn[9:16] == [9, 0, 0.5, 1, 1.5, 2, 9]


def test_whole_beats_are_flipped_shifted_and_smoothed(scripts):
    beat = np.random.default_rng(0).normal(size=N)
    assert call(scripts, "beatTools.flip", beat.tolist()) == (-beat).tolist()
    right = call(scripts, "beatTools.shift", beat.tolist(), 2)
    assert right == [beat[0], beat[0], *beat[:-2]]
    left = call(scripts, "beatTools.shift", beat.tolist(), -2)
    assert left == [*beat[2:], beat[-1], beat[-1]]
    smooth = np.array(call(scripts, "beatTools.smooth", beat.tolist()))
    assert np.diff(smooth).std() < np.diff(beat).std() / 2
    assert call(scripts, "beatTools.smooth", [3.0] * N) == pytest.approx([3.0] * N)


def test_added_noise_has_the_deviation_that_it_should(scripts):
    noise = call(scripts, "beatTools.addNoise", [0.0] * 20_000)
    assert np.mean(noise) == pytest.approx(0, abs=0.01)
    assert np.std(noise) == pytest.approx(0.2, abs=0.01)


def test_the_page_has_the_colours_of_the_course():
    light, _, _ = (SCRIPTS / "playground.css").read_text().partition("html[data-theme")
    colors = dict(re.findall(r"--pg-([\w-]+): (#\w{6});", light))
    assert colors["normal"] == plots.NORMAL_COLOR.lower()
    assert colors["anomaly"] == plots.ANOMALY_COLOR.lower()
    for label, color in plots.CLASS_COLORS.items():
        assert colors[f"class-{label}"] == color.lower()


# The page, as a person uses it


@pytest.fixture
def open_playground(new_page, site):
    """Return the function that opens the page from disk, as a new reader would."""

    def open_it(**options):
        page = new_page(**options)
        page.goto((site / "playground.html").as_uri())
        return page

    return open_it


@pytest.fixture
def playground(page, site):
    page.goto((site / "playground.html").as_uri())
    expect(page.locator("#pg-score")).to_have_text("0.00800")
    return page


def score_of(page):
    return page.locator("#pg-score").inner_text()


def is_flagged(page):
    words = page.locator("#pg-verdict").inner_text()
    flagged = "Above the threshold: flagged as an anomaly." in words
    assert flagged != ("Not above the threshold: passes as normal." in words)
    return flagged


def counts_of(page):
    ids = ("passed", "falseAlarms", "missed", "caught")
    return {name: int(page.locator(f"#pg-{name}").inner_text()) for name in ids}


def place_on(canvas, sample, value, limits=(-5, 3)):
    """Return where a sample and an amplitude lie on the page, as curves.js lays the axes."""
    box = canvas.bounding_box()
    x = box["x"] + 46 + sample / (N - 1) * (box["width"] - 56)
    share = (value - limits[0]) / (limits[1] - limits[0])
    return x, box["y"] + box["height"] - 10 - share * (box["height"] - 20)


def drag(page, *places, limits=(-5, 3)):
    canvas = page.locator("#pg-beat")
    page.mouse.move(*place_on(canvas, *places[0], limits))
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place_on(canvas, *place, limits), steps=5)


def choose_to_draw(page):
    page.locator("label[for=pg-tool-draw]").click()


def set_threshold(page, words):
    field = page.get_by_role("textbox", name="Threshold")
    field.fill(words)
    field.press("Enter")


def picture(page, name):
    return page.locator(f"#pg-{name}").evaluate("canvas => canvas.toDataURL()")


def test_all_that_one_needs_is_on_the_first_screen(playground):
    for name in ("samples", "beat", "residual", "score", "verdict", "undo"):
        box = playground.locator(f"#pg-{name}").bounding_box()
        assert box["y"] > 0
        assert box["y"] + box["height"] <= 800


def test_a_ventricular_beat_is_flagged_and_a_normal_one_is_not(playground):
    samples = playground.get_by_role("group", name="Load a heartbeat")
    samples.get_by_role("button", name="PVC", exact=True).click()
    assert is_flagged(playground)
    expect(playground.locator("#pg-status")).to_contain_text("flagged as an anomaly")
    samples.get_by_role("button", name="Normal").click()
    assert not is_flagged(playground)
    expect(playground.locator("#pg-status")).to_contain_text("passes as normal")


def test_pressing_again_walks_through_a_class_and_starts_over(playground):
    button = playground.get_by_role("button", name="PVC", exact=True)
    seen = []
    for _ in range(6):
        button.click()
        seen.append(score_of(playground))
    assert len(set(seen)) == 5
    assert seen[5] == seen[0]


def test_bending_with_the_mouse_moves_the_score_and_speaks_at_the_end_only(playground):
    status = playground.locator("#pg-status")
    before, said = score_of(playground), status.inner_text()
    drag(playground, (55, 0.2), (55, 1.7))
    expect(playground.locator("#pg-score")).not_to_have_text(before)
    # A timer that is set later, and longer, than that of whatever it might be about to say.
    playground.evaluate("new Promise(done => setTimeout(done, 300))")
    assert status.inner_text() == said
    playground.mouse.up()
    assert is_flagged(playground)
    expect(status).to_contain_text(f"Score {score_of(playground)}")


def test_drawing_with_the_mouse_moves_the_score(playground):
    choose_to_draw(playground)
    drag(playground, (20, 0), (50, 2.5), (90, -2))
    playground.mouse.up()
    assert is_flagged(playground)


def test_a_tap_changes_nothing(playground):
    before = score_of(playground)
    drag(playground, (55, 0.2))
    playground.mouse.up()
    assert score_of(playground) == before
    expect(playground.locator("#pg-undo")).to_have_attribute("aria-disabled", "true")


def test_undo_and_reset_restore(playground):
    undo, reset = (playground.get_by_role("button", name=name) for name in ("Undo", "Reset"))
    start = score_of(playground)
    playground.get_by_role("button", name="Flip").click()
    flipped = score_of(playground)
    playground.get_by_role("button", name="Smooth").click()
    assert len({start, flipped, score_of(playground)}) == 3
    undo.click()
    assert score_of(playground) == flipped
    playground.get_by_role("button", name="Shift right").click()
    reset.click()
    assert score_of(playground) == start
    undo.click()  # a reset by mistake
    assert score_of(playground) not in (start, flipped)
    undo.click()
    undo.click()
    assert score_of(playground) == start
    expect(undo).to_have_attribute("aria-disabled", "true")


def test_a_beat_counts_as_edited_exactly_while_it_differs_from_the_sample(playground):
    origin, reset = playground.locator("#pg-origin"), playground.locator("#pg-reset")
    noise, undo = (playground.locator(place) for place in ("[data-operation=noise]", "#pg-undo"))
    start = score_of(playground)
    noise.click()
    expect(origin).to_contain_text("edited")
    reset.click()
    expect(origin).not_to_contain_text("edited")
    expect(reset).to_have_attribute("aria-disabled", "true")
    # More changes than can be undone: the sample itself can still be had again.
    noise.evaluate("button => { for (let i = 0; i < 250; i++) button.click(); }")
    undo.evaluate("button => { for (let i = 0; i < 300; i++) button.click(); }")
    expect(undo).to_have_attribute("aria-disabled", "true")
    expect(origin).to_contain_text("edited")
    reset.click()
    assert score_of(playground) == start


def test_another_beat_loaded_in_mid_stroke_is_left_as_it_is(playground):
    drag(playground, (55, 0.2), (55, 1.7))
    playground.get_by_role("button", name="PVC", exact=True).evaluate("b => b.click()")
    loaded = score_of(playground)
    assert loaded == "0.152"
    playground.mouse.move(*place_on(playground.locator("#pg-beat"), 55, 2.5))
    playground.mouse.up()
    assert score_of(playground) == loaded
    expect(playground.locator("#pg-undo")).to_have_attribute("aria-disabled", "true")


def test_keys_in_mid_stroke_end_the_stroke_first(playground):
    start = score_of(playground)
    drag(playground, (55, 0.2), (55, 1.7))
    playground.keyboard.press("PageUp")
    both = score_of(playground)
    playground.mouse.move(*place_on(playground.locator("#pg-beat"), 55, -2))
    playground.mouse.up()
    assert score_of(playground) == both
    playground.keyboard.press("Control+Shift+z")  # elsewhere that is "do it again"
    assert score_of(playground) == both
    playground.keyboard.press("Control+z")
    assert score_of(playground) not in (both, start)
    playground.keyboard.press("Control+z")
    assert score_of(playground) == start


def test_a_stroke_goes_on_beyond_the_canvas_and_ends_with_the_button(playground):
    drag(playground, (55, 0.2), (55, 1.7))
    playground.mouse.move(5, 5)
    playground.mouse.down(button="right")
    playground.mouse.up()
    playground.mouse.move(300, 300)
    done = score_of(playground)
    playground.mouse.move(*place_on(playground.locator("#pg-beat"), 55, -3))
    assert score_of(playground) == done
    playground.mouse.up(button="right")
    playground.locator("#pg-undo").click()
    assert score_of(playground) == "0.00800"


def test_the_axis_follows_when_standardising_is_switched(playground):
    standardise = playground.get_by_label("Standardise before scoring")
    playground.get_by_role("button", name="Flat").click()
    standardise.uncheck()
    drag(playground, (70, 0), (70, 2))
    playground.mouse.up()
    playground.locator("#pg-beat").blur()  # no cursor in the pictures
    low = picture(playground, "beat")
    standardise.check()
    playground.get_by_role("button", name="Smooth").click()
    playground.locator("#pg-undo").click()  # fits the axis to the beat that is shown
    fitted = picture(playground, "beat")
    standardise.uncheck()
    assert picture(playground, "beat") == low
    standardise.check()
    assert picture(playground, "beat") == fitted


def test_settings_that_the_browser_brings_back_are_those_that_hold(playground, site):
    playground.get_by_label("Width of a bend").fill("20")
    playground.get_by_label("Standardise before scoring").uncheck()
    choose_to_draw(playground)
    playground.goto((site / "glossary.html").as_uri())
    playground.go_back()
    width = playground.get_by_label("Width of a bend").input_value()
    expect(playground.locator("#pg-width-shown")).to_have_text(width)
    playground.get_by_role("button", name="Flat").click()
    drag(playground, (40, 1), (100, 1))
    playground.mouse.up()
    shown = score_of(playground)
    # Chosen anew, they change nothing.
    standardise = playground.get_by_label("Standardise before scoring")
    kept = standardise.is_checked()
    standardise.set_checked(not kept)
    assert score_of(playground) != shown
    standardise.set_checked(kept)
    assert score_of(playground) == shown


def test_the_keyboard_alone_bends_and_undoes(playground):
    status, start = playground.locator("#pg-status"), score_of(playground)
    playground.get_by_role("button", name="Unclassified beat").focus()
    playground.keyboard.press("Tab")
    expect(playground.locator("#pg-beat")).to_be_focused()
    playground.keyboard.press("End")
    playground.keyboard.press("Home")
    for _ in range(5):
        playground.keyboard.press("Shift+ArrowRight")
    for _ in range(5):
        playground.keyboard.press("ArrowRight")
    expect(status).to_have_text(re.compile(r"Sample 55, amplitude 0\.\d\d"))
    assert score_of(playground) == start
    for _ in range(3):
        playground.keyboard.press("PageUp")
    assert is_flagged(playground)
    expect(status).to_have_text(re.compile(r"Sample 55, amplitude 1\.\d\d\. Score .* flagged"))
    playground.keyboard.press("ArrowDown")
    playground.keyboard.press("Control+z")
    assert score_of(playground) == start


def test_the_page_is_left_by_keyboard_as_well_as_entered(playground):
    playground.locator("#pg-beat").focus()
    playground.keyboard.press("Tab")
    expect(playground.get_by_role("radio", name="Bend")).to_be_focused()
    playground.keyboard.press("ArrowRight")
    expect(playground.get_by_role("radio", name="Draw")).to_be_checked()
    playground.keyboard.press("Tab")
    playground.keyboard.press("ArrowRight")
    expect(playground.get_by_label("Width of a bend: 7 samples")).to_be_focused()


def test_a_flat_line_gets_a_plain_message_and_no_score(playground):
    playground.get_by_role("button", name="Flat").click()
    expect(playground.locator("#pg-score")).to_have_text("no score")
    expect(playground.locator("#pg-verdict")).to_contain_text("no heartbeat")
    playground.get_by_label("Standardise before scoring").uncheck()
    expect(playground.locator("#pg-score")).to_have_text("no score")
    drag(playground, (70, 0), (70, 2))
    playground.mouse.up()
    assert is_flagged(playground)


def test_without_standardising_the_beat_is_scored_as_it_was_drawn(playground):
    drag(playground, (55, 0.2), (55, 2.7))
    playground.mouse.up()
    standardised = score_of(playground)
    playground.get_by_label("Standardise before scoring").uncheck()
    assert score_of(playground) != standardised
    playground.get_by_label("Standardise before scoring").check()
    assert score_of(playground) == standardised


def test_the_slider_moves_the_figures_by_keyboard(playground):
    slider = playground.get_by_role("slider", name="Threshold")
    before, roc = counts_of(playground), picture(playground, "roc")
    assert before["passed"] + before["falseAlarms"] == 584
    slider.focus()
    for _ in range(30):
        playground.keyboard.press("ArrowRight")
    after = counts_of(playground)
    assert after["passed"] + after["falseAlarms"] == 584
    assert after["missed"] + after["caught"] == 416
    assert after["falseAlarms"] < before["falseAlarms"]
    assert after["missed"] > before["missed"]
    assert picture(playground, "roc") != roc
    recall = playground.locator("#pg-recall").inner_text()
    assert f"Recall {recall}" in slider.get_attribute("aria-valuetext")
    expect(playground.locator("#pg-rule")).to_have_text("Chosen by hand.")


def test_the_verdict_follows_the_threshold(playground):
    assert not is_flagged(playground)
    set_threshold(playground, "0.005")
    assert is_flagged(playground)
    playground.get_by_role("button", name="95 % quantile").click()
    assert not is_flagged(playground)


@pytest.mark.parametrize("nonsense", ["", "0", "-1", "1e", "abc", "1e999"])
def test_what_is_no_threshold_is_not_taken(playground, nonsense):
    before = counts_of(playground)
    field = playground.get_by_role("textbox", name="Threshold")
    field.fill(nonsense)
    field.press("Tab")
    assert counts_of(playground) == before
    expect(field).to_have_value("0.0448")
    expect(playground.locator("#pg-status")).to_have_text("Not a threshold; it stays at 0.0448")
    expect(playground.locator("#pg-rule")).to_contain_text("95 % quantile")


def test_a_decimal_comma_is_a_point(playground):
    set_threshold(playground, "0,05")
    expect(playground.get_by_role("textbox", name="Threshold")).to_have_value("0.0500")
    expect(playground.locator("#pg-ratio")).to_have_text("0.16 × the threshold of 0.0500")


def test_where_nothing_is_flagged_no_precision_is_claimed(playground):
    set_threshold(playground, "1e9")
    assert counts_of(playground) == {"passed": 584, "falseAlarms": 0, "missed": 416, "caught": 0}
    for name in ("precision", "rare-precision"):
        expect(playground.locator(f"#pg-{name}")).to_have_text("none flagged")
    set_threshold(playground, "1e-9")
    assert counts_of(playground) == {"passed": 0, "falseAlarms": 584, "missed": 0, "caught": 416}
    expect(playground.locator("#pg-precision")).to_have_text("41.6\u00a0%")
    expect(playground.locator("#pg-rare-precision")).to_have_text("2.0\u00a0%")


def test_large_ratios_are_written_in_full(playground):
    set_threshold(playground, "0.005")
    playground.get_by_role("button", name="Flip").click()
    expect(playground.locator("#pg-ratio")).to_have_text("286 × the threshold of 0.00500")


def test_a_threshold_that_is_being_typed_outlives_a_change_of_colours(playground):
    field = playground.get_by_role("textbox", name="Threshold")
    field.fill("0.2")
    darken(playground)
    next_frame(playground)
    expect(field).to_have_value("0.2")


def test_the_rules_say_whether_they_looked_at_labels(playground):
    for name, words in [
        ("Best F1", "label-tuned"),
        ("Youden", "label-tuned"),
        ("95 % quantile", "label-free"),
    ]:
        button = playground.get_by_role("button", name=name)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(playground.locator("[data-rule][aria-pressed=true]")).to_have_count(1)
        expect(playground.locator("#pg-rule")).to_contain_text(words)


def test_the_figures_are_those_of_the_package(playground, scripts):
    data = scripts.evaluate("ecglabPlayground.validation")
    expected = measure(data["scores"], np.array(data["labels"]) != 1, 0.044772910002942)
    for name, value in [
        ("recall", f"{expected['recall']:.1%}"),
        ("precision", f"{expected['precision']:.1%}"),
        ("rare-precision", f"{expected['precision at 2% anomalies']:.1%}"),
        ("f1", f"{expected['F1']:.3f}"),
        ("auc", f"{expected['ROC-AUC']:.3f}"),
    ]:
        assert playground.locator(f"#pg-{name}").inner_text().replace("\u00a0", "") == value


# Other screens, other readers


@pytest.mark.parametrize("width", [390, 360])
def test_a_phone_needs_no_sideways_scrolling(page, site, width):
    page.set_viewport_size({"width": width, "height": 780})
    with fingers(page):
        page.goto((site / "playground.html").as_uri())
        assert width_problems(page) == []


def test_a_finger_draws_on_the_beat_and_scrolls_beside_it(open_playground):
    page = open_playground(viewport={"width": 390, "height": 844}, has_touch=True)
    canvas = page.locator("#pg-beat")
    canvas.scroll_into_view_if_needed()
    before, scrolled = score_of(page), page.evaluate("scrollY")
    touch = page.context.new_cdp_session(page)

    def send(kind, *places):
        points = [{"x": x, "y": y} for x, y in places]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", place_on(canvas, 55, 0))
    for value in (0.5, 1.0, 1.5):
        send("touchMove", place_on(canvas, 55, value))
    send("touchEnd")
    assert score_of(page) != before
    assert is_flagged(page)
    assert page.evaluate("scrollY") == scrolled
    assert canvas.evaluate("c => getComputedStyle(c).touchAction") == "none"
    assert page.locator(".pg-score").evaluate("c => getComputedStyle(c).touchAction") == "auto"


def test_a_second_finger_neither_moves_nor_ends_the_stroke_of_the_first(open_playground):
    page = open_playground(viewport={"width": 390, "height": 844}, has_touch=True)
    canvas = page.locator("#pg-beat")
    canvas.scroll_into_view_if_needed()
    touch = page.context.new_cdp_session(page)

    def send(kind, *places):
        points = [
            {"x": x, "y": y, "id": finger}
            for finger, place in places
            for x, y in [place_on(canvas, *place)]
        ]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        next_frame(page)  # moves are told once a frame

    send("touchStart", (0, (55, 0)))
    send("touchMove", (0, (55, 1.5)))
    alone = score_of(page)
    send("touchStart", (0, (55, 1.5)), (1, (20, 0)))
    send("touchMove", (0, (55, 1.5)), (1, (20, -4)))
    assert score_of(page) == alone
    send("touchMove", (0, (55, 2.0)))  # the second finger is lifted
    assert score_of(page) != alone
    send("touchEnd")
    assert is_flagged(page)


def test_chosen_buttons_can_be_told_where_the_system_sets_the_colours(open_playground):
    page = open_playground(forced_colors="active")
    ground = "element => getComputedStyle(element).backgroundColor"
    for chosen, other in [
        ("label[for=pg-tool-bend]", "label[for=pg-tool-draw]"),
        ("[data-rule=quantile]", "[data-rule=f1]"),
        (
            ".pg-samples button:nth-of-type(1) .pg-swatch",
            ".pg-samples button:nth-of-type(2) .pg-swatch",
        ),
    ]:
        assert page.locator(chosen).evaluate(ground) != page.locator(other).evaluate(ground)
    assert page.locator("#pg-beat").evaluate(ground) == "rgb(255, 255, 255)"


def test_buttons_are_large_enough_to_be_hit(playground):
    sizes = playground.locator(".pg button, .pg-try, .pg-choice label").evaluate_all(
        "buttons => buttons.map(b => b.getBoundingClientRect()).map(box => [box.width, box.height])"
    )
    assert len(sizes) > 20
    assert np.min(sizes) >= 24


def test_dark_pages_are_drawn_anew(playground):
    names = ("beat", "residual", "scale", "histogram", "roc")
    light = {name: picture(playground, name) for name in names}
    darken(playground)
    for name in names:
        playground.wait_for_function(
            "([name, light]) => document.getElementById(`pg-${name}`).toDataURL() !== light",
            arg=[name, light[name]],
        )


def test_sharp_screens_get_sharp_pictures(open_playground):
    page = open_playground(device_scale_factor=2)
    assert page.locator("#pg-beat").evaluate("c => c.width / c.clientWidth") == 2


def test_another_zoom_gets_sharp_pictures_too(open_playground):
    # So wide a window that the page's own width, which is limited, stays as it is.
    page = open_playground(viewport={"width": 1800, "height": 800})
    width = page.locator("#pg-beat").evaluate("c => c.clientWidth")
    zoom = {"width": 1790, "height": 800, "deviceScaleFactor": 1.5, "mobile": False}
    page.context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", zoom)
    page.wait_for_function(
        "width => Math.abs(document.getElementById('pg-beat').width - width) <= 1", arg=1.5 * width
    )
    assert page.locator("#pg-beat").evaluate("c => c.clientWidth") == width


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_on_the_page(playground, dark):
    if dark:
        darken(playground)
    playground.get_by_role("button", name="PVC", exact=True).click()
    assert axe_problems(playground, 'document.querySelector("article")') == []


def luminance(color):
    """Return the relative luminance of a colour `#rrggbb`, as WCAG 2 defines it."""
    levels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_a_curve_has_the_colour_of_its_class_at_once(playground):
    playground.get_by_role("button", name="PVC", exact=True).click()
    drawn = picture(playground, "beat")
    playground.evaluate("document.documentElement.dataset.theme = 'light'")  # draws anew
    next_frame(playground)
    assert picture(playground, "beat") == drawn


@pytest.mark.parametrize("dark", [False, True])
def test_every_class_has_a_curve_that_stands_out_from_its_ground(playground, dark):
    if dark:
        darken(playground)
    for button in playground.locator("[data-label]").all():
        button.click()
        colors = playground.locator("#pg-beat").evaluate(
            """canvas => ["--pg-beat", "--pg-ground"].map(name => {
                const pen = document.createElement("canvas").getContext("2d");
                pen.fillStyle = getComputedStyle(canvas).getPropertyValue(name).trim();
                return pen.fillStyle; // written as #rrggbb
            })"""
        )
        low, high = sorted(luminance(color) for color in colors)
        assert (high + 0.05) / (low + 0.05) >= 3


def test_without_scripts_the_page_says_so(browser, site):
    # A context of its own: that no script may be loaded is no fault of the page here.
    page = browser.new_page(java_script_enabled=False)
    page.goto((site / "playground.html").as_uri())
    expect(page.locator("noscript p")).to_be_visible()
    expect(page.locator("noscript p")).to_contain_text("The playground needs JavaScript")
    expect(page.locator(".pg").first).to_be_hidden()
    expect(page.locator(".pg-try").first).to_be_hidden()
    page.close()


# What the page says one will see


EXPERIMENTS = {
    "pvc": True,
    "missed": False,
    "bump-at-100": False,
    "bump-at-55": True,
    "no-hump": False,
    "shift": True,
    "flip": True,
    "ramp": True,
    "dip": False,
}


def test_every_experiment_has_a_button(playground):
    buttons = playground.locator("[data-experiment]")
    names = buttons.evaluate_all("buttons => buttons.map(b => b.dataset.experiment)")
    assert names == list(EXPERIMENTS)


@pytest.mark.parametrize(("name", "flagged"), EXPERIMENTS.items())
def test_experiments_turn_out_as_the_page_says(playground, name, flagged):
    # What a reader had changed before does not matter.
    playground.get_by_label("Standardise before scoring").uncheck()
    playground.get_by_role("button", name="Best F1").click()
    button = playground.locator(f"[data-experiment={name}]")
    button.click()
    expect(playground.locator("#pg-beat")).to_be_focused()
    assert is_flagged(playground) == flagged
    said = button.locator("xpath=ancestor::li").inner_text()
    assert score_of(playground) in re.findall(r"\d+\.\d+", said)


def test_experiments_whose_beat_another_detector_has_not_are_not_offered(new_page, site):
    page = new_page()
    data = (site / "playground" / "detector.js").read_text(encoding="utf-8")
    without_pvc = data + "ecglabPlayground.classes.splice(2, 1);\n"
    page.route("**/detector.js", lambda route: route.fulfill(body=without_pvc))
    page.goto((site / "playground.html").as_uri())
    buttons = page.locator("[data-experiment]")
    names = buttons.evaluate_all("buttons => buttons.map(b => b.dataset.experiment)")
    assert names == [name for name in EXPERIMENTS if name not in ("pvc", "missed")]


def test_most_of_the_ventricular_beats_gap_lies_at_its_right_end(scripts, shown_beats):
    beat = standardise(shown_beats[[10]])
    squares = (beat - rebuild(scripts, beat)[0])[0] ** 2
    assert squares[120:].sum() > squares.sum() / 2
    assert squares.mean() > 3 * 0.0448


def test_normal_beats_differ_near_sample_100_and_are_alike_near_55(ecg5000):
    spread = pooled_split(ecg5000, 0).train.signals.std(axis=0)
    assert spread[97:104].min() > 2 * spread[52:59].max()


def test_a_straight_line_under_the_hump_passes_when_drawn_by_hand(playground):
    choose_to_draw(playground)
    drag(playground, (87, 0.55), (117, -0.3))
    playground.mouse.up()
    assert not is_flagged(playground)
    assert float(score_of(playground)) == pytest.approx(0.0263, abs=0.005)


def test_the_dip_passes_when_pulled_by_hand(playground):
    playground.get_by_role("button", name="Flat").click()
    playground.get_by_label("Width of a bend").fill("3")
    drag(playground, (4, 0), (4, -4))
    playground.mouse.up()
    assert not is_flagged(playground)


def test_five_presses_shift_the_beat_as_the_experiment_does(playground):
    for _ in range(5):
        playground.get_by_role("button", name="Shift right").click()
    assert score_of(playground) == "0.252"


def test_upside_down_is_worse_than_no_answer(playground):
    playground.get_by_role("button", name="Flip").click()
    assert score_of(playground) == "1.43"
    expect(playground.locator("#what-to-try")).to_contain_text(f"{(N - 1) / N:.3f}")


def test_figures_in_the_text_are_those_of_the_data(scripts, ecg5000):
    page = (ROOT / "book" / "playground.md").read_text()
    data = scripts.evaluate("ecglabPlayground")
    size = sum(
        np.size(layer[part]) for layer in data["detector"]["layers"] for part in ("kernel", "bias")
    )
    assert f"{size:,} trained numbers" in page
    widths = [len(layer["bias"]) for layer in data["detector"]["layers"]]
    assert widths == [64, 32, 16, 32, 64, N]  # as the text says
    assert f"threshold of {data['detector']['threshold']:.3g}" in page
    labels = np.array(data["validation"]["labels"])
    assert f"does to {labels.size} validation beats" in page
    assert f"scores of {labels.size} validation beats" in page
    assert f"of {(labels == 1).sum()} normal validation beats" in page
    n_samples = sum(len(kind["samples"]) for kind in data["classes"])
    assert f"and {n_samples} of these beats" in page
    assert f"trained on {len(pooled_split(ecg5000, 0).train)} normal beats" in page
