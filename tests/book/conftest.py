"""The built book, opened in a real browser that can reach nothing outside of it.

`make test-book` builds the book and runs these tests. They take the site as it lies in
`book/_build/html`, or in the folder that the environment variable ECGLAB_BOOK names.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import matplotlib
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from site_checks import forget, page_names

HERE = Path(__file__).parent
BUILT = HERE.parents[1] / "book" / "_build" / "html"
SITE = Path(os.environ.get("ECGLAB_BOOK", BUILT)).resolve()
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = (
    "no browser to open the book in: none of {names} is on the PATH. Install one (on Debian: "
    "apt-get install chromium), or name one in the environment variable CHROMIUM."
)
OPTIONS = [
    "--no-sandbox",  # Chromium's sandbox refuses to run as root, as CI does
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
DESKTOP = {"width": 1280, "height": 800}
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir>
<alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
<match><edit name="family" mode="append_last"><string>DejaVu Sans</string></edit></match>
</fontconfig>"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these tests last: while the browser is open, its event loop occupies this thread."""
    items.sort(key=lambda item: HERE in item.path.parents)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each page; of the first one, which then fails, if there is no book."""
    if "page_name" in metafunc.fixturenames:
        metafunc.parametrize("page_name", page_names(SITE) or ["index.html"])


@pytest.fixture(scope="session")
def site() -> Path:
    """Return the folder of the built book."""
    if not (SITE / "index.html").exists():
        pytest.fail(f"there is no book in {SITE}: build it with `make book`")
    return SITE


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing about each request."""


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Say nothing when the browser hangs up."""


@pytest.fixture(scope="session")
def site_url(site) -> Iterator[str]:
    """Serve the book as a web server would; return its address, without a slash at the end."""
    with _QuietServer(("127.0.0.1", 0), partial(_QuietHandler, directory=site)) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def find_browser() -> str | None:
    """Return the browser that the environment names, or the first one on the PATH."""
    names = (os.environ.get("CHROMIUM"), *BROWSERS)
    return next((path for name in names if name and (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def fonts(tmp_path_factory) -> Path:
    """Return the settings of a system whose only fonts are a set that matplotlib brings along.

    What fits on a screen depends on the fonts; with these, it fits wherever the tests run.
    """
    folder = tmp_path_factory.mktemp("fonts")
    ttf = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    settings = folder / "fonts.conf"
    settings.write_text(FONTS.format(fonts=ttf, cache=folder))
    return settings


@pytest.fixture(scope="session")
def browser(fonts) -> Iterator[Browser]:
    """Return the browser that the tests of one process share.

    No host but this machine has an address in it.
    """
    executable = find_browser()
    if executable is None:
        reason = NO_BROWSER.format(names=", ".join(BROWSERS))
        # Where nobody watches, a skipped room would look like a tested one.
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    environment = {**os.environ, "FONTCONFIG_FILE": str(fonts)}
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(
            executable_path=executable, args=OPTIONS, env=environment
        ) as browser,
    ):
        yield browser


@dataclass
class Complaints:
    """What a reader's browser would complain of, or what would leave the reader's machine."""

    found: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Note what happens on every page of a browser context, from now on."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self._note(f"script error: {error.error}"))
        context.on("request", lambda request: self._request(request.url))
        context.on("response", lambda response: self._response(response.status, response.url))
        context.on("requestfailed", lambda request: self._failed(request.failure, request.url))

    def _note(self, complaint: str) -> None:
        self.found.append(complaint)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"console: {message.text} ({message.location['url']})")

    def _request(self, url: str) -> None:
        if not url.startswith(("file:", "data:", "blob:", "about:", "http://127.0.0.1:")):
            self._note(f"leaves this machine: {url}")

    def _response(self, status: int, url: str) -> None:
        if status >= 400:
            self._note(f"not there ({status}): {url}")

    def _failed(self, failure: str | None, url: str) -> None:
        # A page that is left while it loads drops what it no longer needs.
        if failure != "net::ERR_ABORTED":
            self._note(f"cannot be loaded ({failure}): {url}")


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Return the list of what went wrong on the pages of this test; it must end up empty."""
    complaints = Complaints()
    yield complaints
    if complaints.found:
        pytest.fail("\n".join(["the pages of this test are not sound:", *complaints.found]))


def open_context(browser: Browser, **options) -> BrowserContext:
    """Open what one reader has: windows that know of each other, and nothing stored yet."""
    context = browser.new_context(**{"viewport": DESKTOP, "color_scheme": "light", **options})
    context.set_default_timeout(10_000)
    return context


@pytest.fixture
def new_page(browser, complaints) -> Iterator[Callable[..., Page]]:
    """Return the function that opens a page in a context of its own, as a new reader would.

    Its options are those of a browser context: `viewport`, `has_touch`, `color_scheme`. The test
    fails if a page logs an error, lacks a file, or asks for anything outside of this machine.
    A context takes the browser a second: where none of its options is needed, take `page`.
    """
    contexts = []

    def open_page(**options) -> Page:
        contexts.append(open_context(browser, **options))
        complaints.watch(contexts[-1])
        return contexts[-1].new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def shared_page(browser) -> Iterator[tuple[Page, Complaints]]:
    """Return the one page behind `page`, and what writes down its complaints."""
    context, complaints = open_context(browser), Complaints()
    complaints.watch(context)
    yield context.new_page(), complaints
    context.close()


@pytest.fixture
def page(shared_page, complaints) -> Iterator[Page]:
    """Return a page in a window of 1280 × 800 that remembers nothing of the tests before.

    It is watched as those of `new_page` are.
    """
    page, shared_complaints = shared_page
    shared_complaints.found = complaints.found
    yield page
    forget(page)
    page.set_viewport_size(DESKTOP)
