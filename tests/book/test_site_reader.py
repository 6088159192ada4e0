"""The book as a reader goes through it: finding, switching, unfolding, with mouse and keys."""

import re

import pytest
from playwright.sync_api import expect
from site_checks import page_names

NOTEBOOKS = "notebooks/"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
A_NOTEBOOK = "notebooks/02_train_dense_autoencoder.html"
BODY_COLOUR = "getComputedStyle(document.body).backgroundColor"
DARK, LIGHT = "html[data-theme=dark]", "html[data-theme=light]"


@pytest.fixture(params=["from disk", "from a web server"])
def address(request):
    """Return the site's address as the two kinds of readers have it."""
    if request.param == "from disk":
        return request.getfixturevalue("site").as_uri()
    return request.getfixturevalue("site_url")


def test_the_first_screen_says_what_for_whom_and_where_to_start(site, page):
    page.goto((site / "index.html").as_uri())
    article = page.locator("article")
    what = article.get_by_text("A course in notebooks")
    for_whom = article.get_by_text(re.compile("^For students"))
    starts = article.locator(".start-here .sd-card")
    for element in (article.locator("h1"), what, for_whom, *starts.all()):
        expect(element).to_be_in_viewport(ratio=1)
    leads_to = starts.locator("a").evaluate_all("links => links.map(link => link.pathname)")
    for target in ("playground.html", "reading_paths.html"):
        assert any(path.endswith(target) for path in leads_to)


def test_a_search_finds_pages_that_have_the_word(address, page):
    page.goto(f"{address}/index.html")
    page.locator(".search-button__button:visible").first.click()
    page.get_by_role("searchbox").fill("threshold")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?*")
    results = page.locator("#search-results li a")
    expect(results.first).to_be_visible()
    expect(page.locator("#search-results")).to_contain_text("search finished", ignore_case=True)
    results.first.click()
    page.wait_for_url(lambda url: "search.html" not in url)
    expect(page.locator("article")).to_contain_text("threshold", ignore_case=True)


def test_a_search_for_what_is_not_there_says_so(site, page):
    page.goto((site / "search.html").as_uri() + "?q=zeppelin")
    expect(page.locator("#search-results")).to_contain_text("did not match any documents")


def test_the_dark_colours_stay_on_the_next_page(address, page):
    page.goto(f"{address}/index.html")
    bright = page.evaluate(BODY_COLOUR)
    for _ in range(3):  # it goes round: as the system, light, dark
        page.locator(".theme-switch-button:visible").click()
        if page.locator(DARK).count():
            break
    expect(page.locator(DARK)).to_be_attached()
    page.locator('nav a[href="glossary.html"]').first.click()
    page.wait_for_url("**/glossary.html")
    expect(page.locator(DARK)).to_be_attached()
    assert page.evaluate(BODY_COLOUR) != bright


@pytest.mark.parametrize(("system", "shown"), [("dark", DARK), ("light", LIGHT)])
def test_a_new_reader_sees_the_colours_of_the_system(site, page, system, shown):
    page.emulate_media(color_scheme=system)
    page.goto((site / "index.html").as_uri())
    expect(page.locator(shown)).to_be_attached()


@pytest.mark.parametrize("start", ["index.html", A_NOTEBOOK])
def test_on_a_phone_the_menu_opens_by_tapping_and_leads_on(site, new_page, start):
    page = new_page(**PHONE)
    page.goto((site / start).as_uri())
    link = page.get_by_role("link", name="6 · Choose a threshold").first
    expect(link).not_to_be_in_viewport()
    page.get_by_role("button", name="Menu of the book").tap()
    expect(link).to_be_in_viewport()
    link.tap()
    page.wait_for_url("**/06_choose_threshold.html")
    expect(page.locator("article h1")).to_be_in_viewport()


def test_on_a_phone_the_contents_of_the_page_open_by_tapping(site, new_page):
    page = new_page(**PHONE)
    page.goto((site / A_NOTEBOOK).as_uri())
    page.get_by_role("button", name="Contents of this page").tap()
    page.get_by_role("link", name="Summary", exact=True).last.tap()
    expect(page.get_by_role("heading", name="Summary")).to_be_in_viewport()


def test_the_first_tab_leads_past_the_menu(site, page):
    page.goto((site / "index.html").as_uri())
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_solutions_are_folded_until_a_key_unfolds_them(site, page):
    notebooks = [name for name in page_names(site) if name.startswith(NOTEBOOKS)]
    assert notebooks
    for name in notebooks:
        page.goto((site / name).as_uri())
        folded = page.locator("article details.hide:has(pre)")  # others hold tables
        assert folded.count() > 0, f"{name} has no folded solution"
        solution = folded.first.locator("pre").first
        expect(solution).not_to_be_visible()
        folded.first.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(solution).to_be_visible()
        page.keyboard.press("Enter")
        expect(solution).not_to_be_visible()


def test_figures_keep_a_light_ground_in_the_dark(site, page):
    page.emulate_media(color_scheme="dark")
    page.goto((site / A_NOTEBOOK).as_uri())
    grounds = page.locator(".cell_output img").evaluate_all(
        "images => images.map(image => getComputedStyle(image).backgroundColor)"
    )
    assert grounds
    for ground in grounds:
        red, green, blue = (int(part) for part in ground.strip("rgb()").split(",")[:3])
        assert min(red, green, blue) > 200, ground
