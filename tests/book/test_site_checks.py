"""The checks of the site can fail: each one finds what is wrong with a page that is broken."""

import pytest
from site_checks import (
    HtmlSite,
    accessibility_problems,
    fingers,
    forget,
    image_load_problems,
    image_problems,
    link_problems,
    page_names,
    reach_problems,
    structure_problems,
    text_size_problems,
    unfold,
    widen,
    width_problems,
)

VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'
HEAD = f"<!doctype html><html lang=en><head><title>A page</title>{VIEWPORT}</head>"
SOUND = f"{HEAD}<body><main><h1>A heading</h1><article><p>Words.</p></article></main></body></html>"


@pytest.fixture
def site(tmp_path):
    return HtmlSite(tmp_path)


@pytest.fixture
def write(site):
    """Return the function that writes a page with these contents and parses it."""

    def write_page(body, name="page.html"):
        path = site.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(SOUND.replace("<p>Words.</p>", body), encoding="utf-8")
        return site.open(path)

    return write_page


@pytest.fixture
def show(page, write):
    """Return the function that opens a page with these contents in the browser."""

    def show_page(body):
        page.goto(write(body).path.as_uri())
        return page

    return show_page


def test_a_sound_page_has_no_problem(show, write, site):
    file = write("<p>Words, and a <a href=#here id=here>link</a>.</p>")
    assert [*structure_problems(file), *image_problems(file), *link_problems(file, site)] == []
    page = show("<p>Words.</p>")
    assert accessibility_problems(page) == []
    assert [*image_load_problems(page), *width_problems(page), *text_size_problems(page)] == []


def test_words_that_are_still_fading_in_are_judged_as_they_will_be(show):
    fading = "<style>@keyframes in { 0%, 99% { opacity: 0.3 } } p { animation: in 60s }</style>"
    assert accessibility_problems(show(f"{fading}<p>Words.</p>")) == []


def test_the_templates_of_the_theme_are_no_pages(write, site):
    for name in ("page.html", "_static/macros.html", "notebooks/one.html"):
        write("", name)
    assert page_names(site.folder) == ["notebooks/one.html", "page.html"]


@pytest.mark.parametrize(
    ("sound", "broken", "problem"),
    [
        ("lang=en", "", "language"),
        ("A page", "", "title"),
        (VIEWPORT, "", "viewport"),
        ("<h1>A heading</h1>", "", "0 first-level"),
        ("<p>", "<h1>Another</h1><p>", "2 first-level"),
        ("<p>", "<h2><a>#</a></h2><p>", "empty heading"),
        ("<p>", "<i id=a></i><i id=a></i><p>", "'a' stands 2 times"),
    ],
)
def test_a_page_that_lacks_something_is_found(site, sound, broken, problem):
    (site.folder / "page.html").write_text(SOUND.replace(sound, broken), encoding="utf-8")
    (found,) = structure_problems(site.open(site.folder / "page.html"))
    assert problem in found


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        ("<img src=a.png>", "no text"),
        ("<img src=a.png alt=' '>", "no text"),
        ("<img src=a.png alt='../_images/a.png'>", "file's name"),
        ("<img src=a.png alt='A normal beat.'>", None),
        ("<img src=a.png alt='' role=presentation>", None),
    ],
)
def test_an_image_needs_a_text_or_must_be_decoration(write, image, problem):
    found = image_problems(write(image))
    assert found == [] if problem is None else problem in found[0]


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("<a href=nowhere.html>", "is not there"),
        ("<a href=page.html#nowhere>", "no such place"),
        ("<a href=#nowhere>", "no such place"),
        ("<a href=../outside.html>", "out of the book"),
        ("<a href=http://example.org>", "nor https"),
        ("<a href=file:///home/me/page.html>", "nor https"),
        ("<img src=nowhere.png>", "is not there"),
        ("<img src=https://example.org/a.png>", "another host"),
        ("<script src=https://example.org/a.js></script>", "another host"),
        ("<link rel=stylesheet href=//example.org/a.css>", "another host"),
        ("<a href=https://doi.org/10.1007/s10618-014-0388-4>", None),
        ("<a href='page.html?q=1#h%C3%A9re'>", None),
        ("<a href=#>", None),
    ],
)
def test_a_link_must_lead_somewhere(site, write, link, problem):
    found = link_problems(write(f"<p id=hére>{link}"), site)
    assert found == [] if problem is None else problem in found[0]


def test_an_image_that_cannot_be_drawn_is_found(show, site):
    (site.folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (found,) = image_load_problems(show("<img src=broken.png alt=broken loading=lazy>"))
    assert "broken.png" in found


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("<p style='color: #ccc'>Pale words.</p>", "color-contrast"),
        ("<p>Words.</p><p style='color: #ccc'>Pale ones, of the same tag.</p>", "color-contrast"),
        ("<button></button>", "button-name"),
        ("<details><summary></summary><p>Words.</p></details>", "summary-name"),
        ("<h4>A step too far</h4>", "heading-order"),
        ("<dl><dd>a term that is missing</dd></dl>", "definition-list"),
    ],
)
def test_what_shuts_readers_out_is_found(show, body, rule):
    assert any(rule in problem for problem in accessibility_problems(show(body)))


def test_what_is_pale_only_in_the_dark_is_found(show):
    style = "<style>[data-theme=dark] body { background: black; color: #333 }</style>"
    problems = accessibility_problems(show(f"{style}<p>Words.</p>"))
    assert problems
    assert all(problem.startswith("in the dark: color-contrast") for problem in problems)


def test_what_is_folded_is_looked_at_once_unfolded(show):
    page = show("<details><summary>More</summary><p style='color: #ccc'>Pale.</p></details>")
    assert accessibility_problems(page) == []
    unfold(page)
    assert accessibility_problems(page) != []


def test_a_page_that_was_used_remembers_nothing(show):
    presses = "<script>addEventListener('mousemove', it => globalThis.held = it.buttons)</script>"
    page = show("<p>Words.</p>")
    page.evaluate("localStorage.mode = sessionStorage.mode = 'dark'")
    page.mouse.move(50, 50)
    page.mouse.down()
    forget(page)
    show(f"{presses}<style>p:hover {{ color: red }}</style><p style='height: 400px'>Words.</p>")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.locator("p:hover").count() == 0
    page.mouse.move(60, 60)
    assert page.evaluate("held") == 0


def test_a_page_that_is_touched_has_no_mouse_until_it_is_let_go(show):
    page = show("<p>Words.</p>")
    coarse = "matchMedia('(pointer: coarse) and (hover: none)').matches"
    with fingers(page):
        assert page.evaluate(coarse)
    assert not page.evaluate(coarse)


WIDE = "<div style='width: 3000px'>Words</div>"


@pytest.mark.parametrize(
    ("body", "n_problems"),
    [
        (WIDE, 2),  # the page is too wide, because of this box
        (
            f"<div style='overflow: hidden'>{WIDE}</div>",
            1,
        ),  # the page is not, but the box is cut off
        (f"<div style='overflow-x: auto'>{WIDE}</div>", 0),  # it can be scrolled
        (f"<details><summary>More</summary>{WIDE}</details>", 0),  # it is not shown
    ],
)
def test_what_does_not_fit_the_window_is_found(show, body, n_problems):
    assert len(width_problems(show(body))) == n_problems


def test_small_letters_are_found_in_the_text_and_not_in_the_playground(show):
    small = "<p style='font-size: 15px'>Words</p>"
    (found,) = text_size_problems(show(f"{small}<div class=pg>{small}</div>"))
    assert found.startswith("15 px")


def test_a_box_that_only_a_mouse_can_scroll_is_found(show):
    # Chromium lets the keys scroll a box with nothing to focus in it; not every browser does.
    page = show(
        f"<div style='height: 50px; overflow: auto'><p style='height: 500px'>W</p>{WIDE}</div>"
    )
    assert "scrollable-region-focusable" in reach_problems(page)[0]


def test_what_fits_only_in_narrow_letters_is_found(show):
    page = show("<p style='width: max-content'>Twenty letters, then</p>")
    page.set_viewport_size({"width": 360, "height": 740})
    page.locator("p").evaluate("p => { p.style.paddingLeft = `${300 - p.offsetWidth}px` }")
    assert width_problems(page) == []
    widen(page)
    assert width_problems(page) != []


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<script>console.error('first')</script>", "console: first"),
        ("<script>throw new Error('second')</script>", "script error: second"),
        ("<script>Promise.reject(new Error('third'))</script>", "script error: third"),
        ("<img src=https://example.org/a.png>", "leaves this machine: https://example.org/a.png"),
        ("<img src=nowhere.png>", "cannot be loaded (net::ERR_FILE_NOT_FOUND)"),
    ],
)
def test_a_page_that_complains_fails_its_test(show, complaints, body, complaint):
    page = show(body)
    for _ in range(100):  # at most 10 s: what a page complains of is told after it has loaded
        if any(complaint in found for found in complaints.found):
            break
        page.wait_for_timeout(100)
    page.goto("about:blank")
    assert any(complaint in found for found in complaints.found)
    complaints.found.clear()
