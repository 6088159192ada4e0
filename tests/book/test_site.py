"""Every page of the built book, on disk and in a browser: whole, readable, open to everybody."""

from pathlib import Path

import pytest
import yaml
from site_checks import (
    HtmlSite,
    accessibility_problems,
    axe_problems,
    image_load_problems,
    image_problems,
    link_problems,
    page_names,
    structure_problems,
    text_size_problems,
    unfold,
    width_problems,
)

CONTENTS = Path(__file__).parents[2] / "book" / "_toc.yml"
MEGABYTE = 1e6
PHONE = {"width": 390, "height": 844}
NARROW_PHONE = {"width": 360, "height": 740}
# Milliseconds until the theme has found which of the boxes that were unfolded can be scrolled.
THEME_LOOKS_AGAIN = 450
GENERATED = {"genindex.html", "search.html"}


@pytest.fixture(scope="module")
def html(site):
    return HtmlSite(site)


def test_the_book_has_the_pages_of_its_table_of_contents_and_no_others(site):
    contents = yaml.safe_load(CONTENTS.read_text(encoding="utf-8"))

    def files(entry):
        for key in ("chapters", "sections"):
            for child in entry.get(key, []):
                yield child["file"]
                yield from files(child)

    listed = {contents["root"], *(file for part in contents["parts"] for file in files(part))}
    assert set(page_names(site)) == {f"{file}.html" for file in listed} | GENERATED


def test_the_book_is_small_enough_to_be_handed_round(site):
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    assert size < 40 * MEGABYTE


def test_the_page_names_its_language_and_has_one_title(html, page_name):
    assert structure_problems(html.open(html.folder / page_name)) == []


def test_every_image_has_a_text(html, page_name):
    assert image_problems(html.open(html.folder / page_name)) == []


def test_every_link_leads_somewhere(html, page_name):
    assert link_problems(html.open(html.folder / page_name), html) == []


def test_the_page_is_sound_and_accessible_in_light_and_dark(site, page, page_name):
    page.goto((site / page_name).as_uri())
    unfold(page)
    assert image_load_problems(page) == []
    assert accessibility_problems(page) == []


def test_the_page_fits_a_phone(site, new_page, page_name):
    page = new_page(viewport=NARROW_PHONE, has_touch=True)
    page.goto((site / page_name).as_uri())
    if page.locator("article details").count():
        unfold(page)
        page.wait_for_timeout(THEME_LOOKS_AGAIN)
    assert width_problems(page) == []
    assert text_size_problems(page) == []
    assert axe_problems(page, options={"runOnly": ["scrollable-region-focusable"]}) == []
    page.set_viewport_size(PHONE)
    assert width_problems(page) == []
