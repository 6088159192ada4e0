"""What a sound page is: functions that list the problems of a page.

Each of them is itself tested on broken pages, in `test_site_checks.py`.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Page

# Left to themselves, Sphinx and MyST-NB write the file's name where a text for the blind should be.
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".svg", ".gif", ".webp")
# What a browser loads by itself, in contrast to what a reader may choose to follow.
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
# A phone on which nobody reads comfortably shows letters smaller than this, in CSS pixels.
SMALLEST_TEXT = 16
CONTRAST = "color-contrast"
# As if a reader's fonts were much wider than those of this machine.
WIDE_LETTERS = "* { letter-spacing: 0.3em !important } math { font-size: 220% !important }"


@dataclass
class HtmlFile:
    """A page as it lies on disk, before any script has run."""

    path: Path

    @cached_property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.path.read_text(encoding="utf-8"), "html.parser")

    @cached_property
    def ids(self) -> Counter[str]:
        return Counter(tag["id"] for tag in self.soup.find_all(id=True))


@dataclass
class HtmlSite:
    """All files of the book; each is parsed once."""

    folder: Path
    _parsed: dict[Path, HtmlFile] = field(default_factory=dict)

    def open(self, path: Path) -> HtmlFile:
        return self._parsed.setdefault(path, HtmlFile(path))


def page_names(folder: Path) -> list[str]:
    """Return the pages of the book, relative to its folder; the theme's templates are none."""
    paths = (path.relative_to(folder) for path in folder.rglob("*.html"))
    return sorted(path.as_posix() for path in paths if path.parts[0] != "_static")


# On disk


def structure_problems(file: HtmlFile) -> list[str]:
    """Ask for what a screen reader and a phone need of every page."""
    soup, problems = file.soup, []
    if not (soup.html and soup.html.get("lang")):
        problems.append("the language is not named")
    if not (soup.title and soup.title.get_text(strip=True)):
        problems.append("there is no title")
    if soup.find("meta", attrs={"name": "viewport"}) is None:
        problems.append("no viewport is set, so a phone shows the page of a desktop")
    if (count := len(soup.find_all("h1"))) != 1:
        problems.append(f"{count} first-level headings")
    for heading in soup.find_all(["h1", "h2", "h3", "h4", "h5", "h6"]):
        if not heading.get_text(strip=True).removesuffix("#"):
            problems.append(f"an empty heading: {heading}")
    problems += [f"the id {name!r} stands {n} times" for name, n in file.ids.items() if n > 1]
    return problems


def image_problems(file: HtmlFile) -> list[str]:
    """Ask for a text for every image, unless it is said to be decoration."""
    return [
        f"{image.get('src')}: {problem}"
        for image in file.soup.find_all("img")
        if (problem := _text_problem(image))
    ]


def _text_problem(image: Tag) -> str | None:
    if image.get("role") in ("none", "presentation") or image.get("aria-hidden") == "true":
        return None
    text = str(image.get("alt", "")).strip()
    if not text:
        return "no text for those who do not see it"
    return f"a file's name as text: {text}" if text.endswith(IMAGE_SUFFIXES) else None


def link_problems(file: HtmlFile, site: HtmlSite) -> list[str]:
    """Follow every link that stays in the book, to the page and the place on it."""
    links = [(tag, str(tag["href"])) for tag in file.soup.find_all("a", href=True)]
    return [
        f"{address}: {problem}"
        for tag, address in [*links, *_loaded(file.soup)]
        if (problem := _link_problem(tag, address, file, site))
    ]


def _loaded(soup: BeautifulSoup) -> Iterator[tuple[Tag, str]]:
    for name, attribute in LOADED.items():
        for tag in soup.find_all(name, attrs={attribute: True}):
            yield tag, str(tag[attribute])


def _link_problem(tag: Tag, address: str, file: HtmlFile, site: HtmlSite) -> str | None:
    parts = urlsplit(address)
    if parts.scheme == "data":
        return None
    if parts.scheme or parts.netloc:
        if tag.name != "a":
            return "is loaded from another host"
        return None if parts.scheme in ("https", "mailto") else "is neither in the book nor https"
    target = (file.path.parent / unquote(parts.path)).resolve() if parts.path else file.path
    if not target.is_relative_to(site.folder):
        return "leads out of the book"
    if not target.is_file():
        return "is not there"
    fragment = unquote(parts.fragment)
    if fragment and target.suffix == ".html" and fragment not in site.open(target).ids:
        return "there is no such place on that page"
    return None


# In the browser


def unfold(page: Page) -> None:
    """Open all that is folded, so that it is looked at as well."""
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")


def image_load_problems(page: Page) -> list[str]:
    """Return the images that the browser cannot draw."""
    return page.evaluate(
        """() => Promise.all([...document.images].map(image => {
            image.loading = "eager";
            return image.decode().then(() => null, () => `${image.src}: cannot be drawn`);
        })).then(found => found.filter(Boolean))"""
    )


def accessibility_problems(page: Page) -> list[str]:
    """Let axe-core look at the page, in light and in dark colours."""
    problems = contrast_problems(page)
    darken(page)
    problems += [f"in the dark: {problem}" for problem in contrast_problems(page)]
    return problems + axe_problems(page, options={"rules": {CONTRAST: {"enabled": False}}})


def contrast_problems(page: Page) -> list[str]:
    """Let axe-core look for text that is hard to tell from its ground.

    That takes it seconds for the thousands of coloured words of a notebook, so it is shown one of
    those that look the same: with the same tags, classes and styles up to the top of the page, in
    rows that are both odd or both even.
    """
    page.evaluate(
        """() => {
            const parity = element => [...element.parentElement.children].indexOf(element) % 2;
            const look = element => {
                if (element === document.documentElement) return "";
                const row = element.matches("tr, li, dt, dd") ? parity(element) : "";
                const own = [element.tagName, element.className, element.style.cssText, row];
                return `${look(element.parentElement)}>${own.join(" ")}`;
            };
            const speaks = node => node.nodeType === Node.TEXT_NODE && node.data.trim();
            const distinct = new Map();
            for (const element of document.body.querySelectorAll("*")) {
                if (element.checkVisibility() && [...element.childNodes].some(speaks)) {
                    distinct.set(look(element), element);
                }
            }
            globalThis.distinctTexts = [...distinct.values()];
        }"""
    )
    return axe_problems(page, "distinctTexts", {"runOnly": [CONTRAST]})


def axe_problems(page: Page, context: str = "document", options: dict | None = None) -> list[str]:
    """Run axe-core's rules on a part of the page (a JavaScript expression), all by default."""
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(Axe().axe_script)
    hold_still(page)
    # Preloading style sheets means requests, which a page opened from disk is not allowed.
    options = {"preload": False, "resultTypes": ["violations"], **(options or {})}
    violations = page.evaluate(
        f"options => axe.run({{include: {context}}}, options).then(found => found.violations)",
        options,
    )
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}: {node['html'][:200]}"
        for violation in violations
        for node in violation["nodes"]
    ]


def forget(page: Page) -> None:
    """Leave a page as a new reader finds it: nothing stored, open, held down or pointed at."""
    # Where nothing can be stored, as on an empty page, asking for it is an error.
    page.evaluate("() => { try { localStorage.clear(); sessionStorage.clear(); } catch {} }")
    page.goto("about:blank")
    page.mouse.up()
    page.mouse.move(0, 0)


@contextmanager
def fingers(page: Page) -> Iterator[None]:
    """Let the page be one that is touched, as on a phone, for as long as this lasts."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    yield
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    session.detach()


def hold_still(page: Page) -> None:
    """End all fading, and let none start: a word that is half faded in has little contrast."""
    page.add_style_tag(
        content="*, ::before, ::after { animation: none !important; transition: none !important }"
    )


def darken(page: Page) -> None:
    """Switch to the dark colours at once."""
    hold_still(page)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")


def set_in(page: Page, font: Path) -> None:
    """Set the page, formulas and all, in another font."""
    source = b64encode(font.read_bytes()).decode()
    page.add_style_tag(
        content=f"@font-face {{ font-family: other; src: url(data:font/ttf;base64,{source}) }}"
        "* { font-family: other !important }"
    )
    page.evaluate("document.fonts.load('16px other')")


def widen(page: Page) -> None:
    """Set the page in letters far wider than those that this machine has."""
    page.add_style_tag(content=WIDE_LETTERS)


def next_frame(page: Page) -> None:
    """Wait until the page has been drawn anew, and told of what is known only then."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def reach_problems(page: Page) -> list[str]:
    """Return the boxes that can be scrolled, but not without a mouse."""
    # The page learns in the next frame that a box has changed its size.
    next_frame(page)
    return axe_problems(page, options={"runOnly": ["scrollable-region-focusable"]})


def width_problems(page: Page) -> list[str]:
    """Ask that one needs to scroll down only, and that nothing is cut off at the right.

    Code, tables and figures may be wider than the window, in a box that can be scrolled.
    """
    return page.evaluate(
        """() => {
            const width = document.documentElement.clientWidth;
            const whole = document.documentElement.scrollWidth;
            const problems = whole > width ? [`the page is ${whole} wide, not ${width}`] : [];
            const scrolls = element => /auto|scroll/.test(getComputedStyle(element).overflowX);
            const visit = element => {
                if (!element.checkVisibility() || element.matches(".visually-hidden")) return;
                const right = Math.round(element.getBoundingClientRect().right);
                if (right > width + 1) {
                    problems.push(`reaches to ${right}: ${element.outerHTML.slice(0, 150)}`);
                } else if (!scrolls(element)) {
                    [...element.children].forEach(visit);
                }
            };
            document.querySelectorAll("article, footer").forEach(visit);
            return problems;
        }"""
    )


def text_size_problems(page: Page) -> list[str]:
    """Return what of the text is set in small letters; the playground's labels are none of it."""
    return page.evaluate(
        """smallest => [...document.querySelectorAll("article :is(p, li, dd):not(.pg *)")]
            .filter(element => element.checkVisibility() && element.textContent.trim())
            .map(element => [parseFloat(getComputedStyle(element).fontSize), element.outerHTML])
            .filter(([size]) => size < smallest)
            .map(([size, html]) => `${size} px: ${html.slice(0, 150)}`)""",
        SMALLEST_TEXT,
    )
