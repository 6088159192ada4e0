"""What the theme leaves undone for readers who cannot see or use a mouse, mended in finished pages.

Each function below mends one thing; `tests/book/test_site.py` opens every page and says when one of
them no longer suffices.
"""

import re
from collections.abc import Callable
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

# The buttons of the theme's top bar, in words that say what they open.
BUTTON_NAMES = {
    "button.primary-toggle": "Menu of the book",
    "button.secondary-toggle": "Contents of this page",
}

NUMBER = re.compile(r"[-+−±\d.,%\[\] ]*\d[-+−±\d.,%\[\] ]*(e[-+]?\d+)?|NaN|")


def remove_live_code(page: BeautifulSoup) -> None:
    """Remove Thebe, which would run code on somebody's server and declares its constants twice."""
    for script in page.find_all("script"):
        if "thebe" in f"{script.get('src', '')} {script.get('type', '')} {script.string}".lower():
            script.decompose()
    for style in page.select('link[href*="sphinx-thebe"]'):
        style.decompose()


def keep_one_title(page: BeautifulSoup) -> None:
    """Remove the title and contents that the theme writes once more for printing."""
    for copy in page.select("#jb-print-docs-body"):
        copy.decompose()


def name_buttons(page: BeautifulSoup) -> None:
    """Name the buttons that show a symbol only."""
    for selector, name in BUTTON_NAMES.items():
        for button in page.select(selector):
            button["title"] = button["aria-label"] = name


def name_sidebar(page: BeautifulSoup) -> None:
    """Make the sidebar a place that a screen reader can jump to."""
    for sidebar in page.select("#pst-primary-sidebar"):
        sidebar["role"], sidebar["aria-label"] = "complementary", "Book"


def name_unfolders(page: BeautifulSoup) -> None:
    """Say which pages an arrow in the menu shows."""
    for summary in page.select("li.has-children > details > summary"):
        link = summary.find_previous("a")
        if link is not None:
            summary["aria-label"] = f"Pages below: {link.get_text(strip=True)}"


def join_header_rows(page: BeautifulSoup) -> None:
    """Put the names of a pandas index beside those of the columns; they have a row of their own."""
    for head in page.select("table.dataframe > thead"):
        lines = head.find_all("tr")
        rows = [line.find_all("th") for line in lines]
        if len(rows) != 2 or head.find(colspan=True):
            continue
        above, below = ([cell.get_text(strip=True) for cell in row] for row in rows)
        if not any(column and index for column, index in zip(above, below, strict=True)):
            for cell, column, index in zip(rows[0], above, below, strict=True):
                cell.string = column or index
            lines[1].decompose()


def mark_numbers(page: BeautifulSoup) -> None:
    """Say which cells of a pandas table are numbers, and which headers stand over numbers only."""
    for table in page.select("table.dataframe"):
        rows = [row.find_all("td") for row in table.select("tbody > tr")]
        numbers = [[bool(NUMBER.fullmatch(cell.get_text())) for cell in row] for row in rows]
        for row, flags in zip(rows, numbers, strict=True):
            _add_class([cell for cell, flag in zip(row, flags, strict=True) if flag], "number")
        if len({len(row) for row in rows}) == 1:
            # The first headers stand over the index, whose cells are headers themselves.
            columns = list(zip(*numbers, strict=True))
            heads = table.select("thead > tr:last-child > th")[::-1][: len(columns)][::-1]
            named = zip(heads, columns, strict=True)
            _add_class([head for head, column in named if all(column)], "number")


def _add_class(tags: list[Tag], name: str) -> None:
    for tag in tags:
        tag["class"] = " ".join([*tag.get_attribute_list("class"), name])


def mark_headers(page: BeautifulSoup) -> None:
    """Say of each header of a table what it heads; an empty one heads nothing."""
    for header in page.select("article th"):
        if header.get_text(strip=True):
            header.attrs.setdefault("scope", "col" if header.find_parent("thead") else "row")
        else:
            _rename(header, "td")


def flatten_signatures(page: BeautifulSoup) -> None:
    """Write the lines of a long signature as lines, not as definitions that lack a term."""
    for lines in page.select("dt.sig > dl"):
        for line in lines.find_all("dd", recursive=False):
            line.name, line["class"] = "div", "sig-line"
        lines.name = "div"


def mark_sources(page: BeautifulSoup) -> None:
    """Call a source in the bibliography an item of its list; its own role is obsolete."""
    for source in page.select('[role="doc-biblioentry"]'):
        source["role"] = "listitem"


def _rename(tag: Tag, name: str) -> None:
    tag.name = name
    tag.attrs.pop("scope", None)


REPAIRS: tuple[Callable[[BeautifulSoup], None], ...] = (
    remove_live_code,
    keep_one_title,
    name_buttons,
    name_sidebar,
    name_unfolders,
    join_header_rows,
    mark_numbers,
    mark_headers,
    flatten_signatures,
    mark_sources,
)


def repair_pages(app: Sphinx, exception: Exception | None) -> None:
    """Apply every repair to every page of a book that was built."""
    if exception is not None or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        if "_static" in path.relative_to(app.outdir).parts:
            continue
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for repair in REPAIRS:
            repair(page)
        path.write_text(str(page), encoding="utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Have the pages repaired when they are finished."""
    app.connect("build-finished", repair_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
