"""The report: one page that is whole, safe and says what was found."""

import re
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from ecglab.datasets import read_record
from ecglab.reading import Reading
from ecglab.recordings import Analysis, draw_strange_beats, draw_timeline, render_report
from ecglab.recordings._figures import clock
from ecglab.recordings._summary import tabulate_hours

VOID = {"meta", "img", "br"}
HOSTILE = '<script>alert("x")</script>'


class Page(HTMLParser):
    """Read a page, and insist that its tags are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.images, self.drawings, self.tags, self.words = [], [], [], set(), []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "img":
            self.images.append(dict(attrs))
        if tag == "svg" and ("role", "img") in attrs:
            self.drawings.append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def page(analysis):
    return Page(render_report(analysis))


def test_the_page_says_what_was_found(page, analysis, record):
    n_strange = int(analysis.is_strange.sum())
    assert f"{n_strange:,} of {len(record):,} beats look strange" in page.text
    assert "This is not a medical device." in page.text
    assert f"beats learnt from {int(analysis.is_learnt.sum())}" in page.text
    assert "ecglab.datasets.make_record" in page.text
    for code in set(record.symbols):
        assert f" {code} " in page.text


def test_what_was_assumed_stands_at_the_top_and_all_decisions_in_the_page(page, analysis, record):
    reading = record.reading.with_decision("lead", "II", "a guess", assumed=True)
    changed = render_report(replace(analysis, record=replace(record, reading=reading)))
    assert changed.index("lead: II (a guess)") < changed.index("Kinds of strange beats")
    for decision in record.reading:
        assert f"{decision.topic} {decision.value} {decision.reason}" in page.text


def test_the_page_needs_nothing_beside_it(analysis):
    text = render_report(analysis)
    assert not re.search(r"<script|<link|@import|https?://", text)
    page = Page(text)
    (image,) = page.images
    assert image["src"].startswith("data:image/png;base64,")
    assert len(image["alt"]) > 40
    assert all(drawing["aria-label"] for drawing in page.drawings)


def test_each_kind_has_its_beat_and_strips_true_to_scale(page, analysis):
    for kind in analysis.kinds:
        assert f"{kind.name}: {len(kind.beats):,} beats" in page.text
    strips = [drawing for drawing in page.drawings if drawing["width"] == "190mm"]
    assert len(strips) >= 1 + len(analysis.kinds)
    medians = [kind for kind in analysis.kinds if kind.name != "other"]
    assert len(page.drawings) - len(strips) == 1 + len(medians)
    assert "25 mm/s, 10 mm/mV" in page.text


def test_where_the_signal_is_gone_it_is_said_so(analysis, record):
    gone = replace(record, read_again=partial(read_record, "gone.hea"), reading=Reading())
    page = Page(render_report(replace(analysis, record=gone)))
    assert "There are no strips. The signal could not be read a second time" in page.text
    assert "unknown unit: 10 mm are" in page.text
    never = Page(render_report(replace(analysis, record=replace(record, read_again=None))))
    assert "The signal itself was not kept" in never.text


def test_stretches_of_irregular_rhythm_are_listed_and_the_longest_are_drawn(analysis, monkeypatch):
    starts = np.array([20.0, 100.0, 200.0, 300.0])
    table = pd.DataFrame({"start": starts, "stop": starts + np.array([5, 40, 50, 60])})
    monkeypatch.setattr(Analysis, "stretches", property(lambda self: table), raising=False)
    page = Page(render_report(analysis))
    drawn = [f"irregular from {clock(start)} on" in page.text for start in starts]
    assert drawn == [False, True, True, True]
    assert "Irregular rhythm" in page.text
    assert clock(20) in page.text


def test_only_long_recordings_have_a_table_of_hours(page, analysis, record):
    assert "Hour by hour" not in page.text
    long = replace(record, duration=3 * 3600.0)
    assert "Hour by hour" in Page(render_report(replace(analysis, record=long))).text
    hours = tabulate_hours(replace(analysis, record=long))
    assert len(hours) == 3
    assert [sum(hour.counts.values()) for hour in hours] == [analysis.is_strange.sum(), 0, 0]


def test_whatever_comes_from_the_file_is_escaped(analysis, record):
    hostile = replace(
        record,
        source=HOSTILE,
        lead=HOSTILE,
        symbols=np.full(len(record), HOSTILE),
        provenance={HOSTILE: HOSTILE},
        reading=Reading().with_decision(HOSTILE, HOSTILE, HOSTILE),
        set_aside=pd.DataFrame({"time": [1.0], "symbol": [HOSTILE], "reason": [HOSTILE]}),
        bad_stretches=pd.DataFrame({"start": [1.0], "stop": [2.0], "reason": [HOSTILE]}),
    )
    text = render_report(replace(analysis, record=hostile))
    assert "<script" not in text
    assert Page(text).text.count(HOSTILE) > 6


def test_a_recording_without_a_strange_beat_is_reported_too(analysis):
    calm = replace(analysis, threshold=float(analysis.scores.max()))
    page = Page(render_report(calm))
    assert "No beat looks strange" in page.text
    assert "There is none." in page.text


def test_what_was_set_aside_is_listed(analysis, record):
    aside = pd.DataFrame({"time": [1.0, 2.0], "symbol": ["", ""], "reason": ["noise"] * 2})
    stretches = pd.DataFrame({"start": [0.5], "stop": [2.5], "reason": ["noise"]})
    changed = replace(record, set_aside=aside, bad_stretches=stretches, symbols=None)
    page = Page(render_report(replace(analysis, record=changed)))
    assert "noise 2" in page.text
    assert "1 bad stretch, 2.0 seconds in all" in page.text


def test_thousands_of_bad_stretches_are_one_artist(analysis, record):
    starts = np.linspace(0, 500, 2000)
    stretches = pd.DataFrame({"start": starts, "stop": starts + 0.1, "reason": "noise"})
    few, many = (
        draw_timeline(replace(analysis, record=replace(record, bad_stretches=table))).axes[0]
        for table in (stretches[:1], stretches)
    )
    assert len(many.get_children()) == len(few.get_children())
    (shaded,) = (c for c in many.collections if len(c.get_paths()) == len(starts))
    ends = np.array([path.get_extents().intervalx for path in shaded.get_paths()])
    np.testing.assert_allclose(ends, stretches[["start", "stop"]] / 60)
    assert many.get_ylim() == few.get_ylim()


def test_drawing_leaves_matplotlib_as_it_was(analysis):
    before = dict(mpl.rcParams)
    figure = draw_strange_beats(analysis, 5)
    assert dict(mpl.rcParams) == before
    assert sum(ax.axison for ax in figure.axes) == 5


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00.0"), (59.96, "0:01:00.0"), (3725.25, "1:02:05.2")]
)
def test_times_are_written_as_on_a_clock(seconds, text):
    assert clock(seconds) == text
