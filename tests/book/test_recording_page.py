"""The report on a recording, on a phone and on paper. It needs no book."""

import pytest
from site_checks import axe_problems

from ecglab.autoencoders import make_autoencoder
from ecglab.datasets import make_record
from ecglab.recordings import analyse, write_report

A4 = {"width": 718, "height": 1046}  # pixels between margins of 1 cm


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    quick = make_autoencoder("dense_torch").set_params(max_epochs=3)
    record = make_record(4, shares={"V": 0.1, "A": 0.05}, random_state=0)
    folder = tmp_path_factory.mktemp("report")
    return write_report(analyse(record, autoencoder=quick), folder / "a.html").as_uri()


def width(page):
    return page.evaluate("document.documentElement.scrollWidth")


def test_a_phone_shows_the_report_without_scrolling_sideways(report, new_page):
    page = new_page(viewport={"width": 360, "height": 740}, bypass_csp=True)
    page.goto(report)
    assert width(page) == 360
    assert axe_problems(page) == []


def test_on_paper_a_strip_is_true_to_scale_and_fits(report, new_page):
    page = new_page(viewport=A4)
    page.emulate_media(media="print")
    page.goto(report)
    assert width(page) == A4["width"]
    widths = page.locator("svg.ecg").evaluate_all("all => all.map(it => it.clientWidth)")
    assert max(widths) == pytest.approx(190 / 25.4 * 96, abs=1)
