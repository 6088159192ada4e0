"""Every page of the built book, on disk and in a browser: whole, readable, open to everybody."""

from pathlib import Path

import matplotlib
import pytest
import yaml
from site_checks import (
    HtmlSite,
    accessibility_problems,
    fingers,
    image_load_problems,
    image_problems,
    link_problems,
    page_names,
    reach_problems,
    set_in,
    structure_problems,
    text_size_problems,
    unfold,
    widen,
    width_problems,
)

CONTENTS = Path(__file__).parents[2] / "book" / "_toc.yml"
MEGABYTE = 1e6
PHONE = {"width": 390, "height": 844}
NARROW_PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}
FULL_OF_WIDE_THINGS = ("notebooks/06_choose_threshold.html", "playground.html")
OTHER_FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "cmtt10.ttf"
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


def test_the_page_is_sound_accessible_and_fits_a_phone(html, page, page_name):
    """Open a page once, for that takes the longest, and look for everything on it."""
    file = html.open(html.folder / page_name)
    page.goto(file.path.as_uri())
    unfold(page)
    problems = {
        "structure": structure_problems(file),
        "texts of images": image_problems(file),
        "links": link_problems(file, html),
        "images": image_load_problems(page),
        "accessibility": accessibility_problems(page),
    }
    for fonts in ("usual letters", "wide letters"):
        if fonts == "wide letters":
            widen(page)
        with fingers(page):
            for size in (PHONE, NARROW_PHONE):
                page.set_viewport_size(size)
                problems[f"width of {size['width']}, {fonts}"] = width_problems(page)
            problems[f"without a mouse, {fonts}"] = reach_problems(page)
            problems[f"size of letters, {fonts}"] = text_size_problems(page)
        page.set_viewport_size(DESKTOP)
        problems[f"width of a desktop, {fonts}"] = width_problems(page)
    assert not any(problems.values()), "\n".join(
        f"{kind}: {problem}" for kind, found in problems.items() for problem in found
    )


@pytest.mark.parametrize("name", FULL_OF_WIDE_THINGS)
def test_other_fonts_change_nothing(site, page, name):
    page.set_viewport_size(NARROW_PHONE)
    page.goto((site / name).as_uri())
    set_in(page, OTHER_FONT)
    # It is in use: of the fonts of the theme, none has all letters of one width.
    assert page.evaluate(
        """() => {
            const pen = document.createElement("canvas").getContext("2d");
            pen.font = getComputedStyle(document.body).font;
            return pen.measureText("iiii").width === pen.measureText("MMMM").width;
        }"""
    )
    unfold(page)
    assert width_problems(page) == []
    assert reach_problems(page) == []
