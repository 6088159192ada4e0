"""The package's reference and the page of its command: complete, at public names, and true."""

import doctest
import importlib
import io
import pkgutil
import re
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from bs4 import BeautifulSoup

import ecglab
from ecglab.cli import COMMANDS, main
from ecglab.sweep import expand

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "book" / "api").glob("*.md"))
MODULES = [
    "ecglab",
    *(
        module.name
        for module in pkgutil.walk_packages(ecglab.__path__, "ecglab.")
        if "._" not in module.name
    ),
]
ALIAS = "-1"  # the priority that Sphinx gives to a second name of what is described elsewhere


class Entry(NamedTuple):
    """One name of the reference, as other books may link to it."""

    name: str
    kind: str
    page: str
    is_alias: bool


@pytest.fixture(scope="session")
def entries(site) -> list[Entry]:
    """Read the names of the Python domain from the site's inventory."""
    return list(read_inventory(site / "objects.inv"))


def read_inventory(path: Path) -> Iterator[Entry]:
    """Read a Sphinx inventory of version 2: four lines of text, then compressed ones."""
    packed = path.read_bytes().split(b"\n", 4)[4]
    for line in zlib.decompress(packed).decode().splitlines():
        name, role, priority, address, _ = line.split(" ", 4)
        if role.startswith("py:"):
            yield Entry(name, role.removeprefix("py:"), address.split("#")[0], priority == ALIAS)


def names_of(module: str) -> list[str]:
    return getattr(importlib.import_module(module), "__all__", [])


def read_page(site: Path, name: str) -> BeautifulSoup:
    return BeautifulSoup((site / name).read_text(encoding="utf-8"), "html.parser")


# The reference


def test_every_public_name_is_described_once(entries):
    described = Counter(entry.name for entry in entries if not entry.is_alias)
    for module in MODULES:
        for name in names_of(module):
            count = described[f"{module}.{name}"]
            if module != "ecglab" and name in ecglab.__all__:  # described at the shorter path
                assert getattr(ecglab, name) is getattr(importlib.import_module(module), name)
                assert count == 0
            else:
                assert count == 1, f"{module}.{name} has {count} entries"


def test_nothing_else_is_described(entries):
    public = {f"{module}.{name}" for module in MODULES for name in names_of(module)}
    kinds = ("class", "data", "exception", "function")
    described = {it.name for it in entries if it.kind in kinds and not it.is_alias}
    assert described <= public


def test_classes_show_what_one_calls_and_not_what_scikit_learn_adds(entries):
    described = {entry.name for entry in entries if not entry.is_alias}
    for method in ("fit", "predict", "reconstruction_error", "score_samples", "save"):
        assert f"ecglab.AutoencoderDetector.{method}" in described
    for method in ("fit", "predict", "score_samples"):
        assert f"ecglab.baselines.PCAReconstruction.{method}" in described
    assert "ecglab.autoencoders.Autoencoder.fit" in described
    plumbing = ("get_metadata_routing", "set_fit_request", "set_score_request", "fit_predict")
    assert not [name for name in described if name.endswith(plumbing)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_name_neither_private_modules_nor_addresses_nor_this_machine(site, page):
    text = read_page(site, f"api/{page.stem}.html").article.get_text()
    assert not re.findall(r"ecglab[.\w]*\._\w+", text)
    assert not re.findall(r"<\w[^<>]* at 0x[0-9a-f]+>|<function |<factory>", text)
    assert str(ROOT) not in text
    assert str(Path.home()) not in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_show_no_markup_that_was_not_understood(site, page):
    article = read_page(site, f"api/{page.stem}.html").article
    for code in article.select("pre, code"):
        code.decompose()
    assert not re.findall(r"``|:\w+:`|\[\d+\]_|::\s|\.\. \[", article.get_text())


def test_every_entry_stands_in_a_table_at_the_top_of_its_page(site, entries):
    for page in PAGES:
        address = f"api/{page.stem}.html"
        links = read_page(site, address).select("table.autosummary td:first-child a")
        listed = {str(link["title"]) for link in links}
        kinds = ("class", "data", "exception", "function")
        described = {
            it.name for it in entries if it.page == address and it.kind in kinds and not it.is_alias
        }
        assert described - {"ecglab.__version__"} == listed


def test_what_registries_know_is_shown(site):
    for page, module in (
        ("scores_and_thresholds", "ecglab.scoring"),
        ("scores_and_thresholds", "ecglab.thresholds"),
        ("autoencoders", "ecglab.autoencoders"),
        ("baselines", "ecglab.baselines"),
        ("evaluation", "ecglab.evaluation"),
    ):
        soup = read_page(site, f"api/{page}.html")
        for name in names_of(module):
            value = getattr(importlib.import_module(module), name)
            if isinstance(value, Mapping):
                entry = soup.find(id=f"{module}.{name}").find_next_sibling("dd")
                shown = [code.get_text() for code in entry.select("p:last-of-type code")]
                assert shown == [repr(key) for key in value]


def test_a_name_in_a_docstring_links_to_its_entry(site):
    detector = read_page(site, "api/detector.html")
    entry = detector.find(id="ecglab.AutoencoderDetector").find_next_sibling("dd")
    links = {link.get_text(): link["href"] for link in entry.select("a.reference")}
    assert links["fit"] == "#ecglab.AutoencoderDetector.fit"
    assert links["Scoring"].endswith("scores_and_thresholds.html#ecglab.scoring.Scoring")
    assert links["ecglab.thresholds.THRESHOLDS"].endswith("#ecglab.thresholds.THRESHOLDS")
    assert "threshold" not in links  # a parameter


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_on_the_pages_do_what_they_show(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    code = "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S))
    example = doctest.DocTestParser().get_doctest(code, {}, page.stem, str(page), 0)
    said: list[str] = []
    doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    assert not said, "".join(said)


def test_the_grid_on_the_page_can_be_swept(tmp_path):
    text = (ROOT / "book" / "api" / "sweep.md").read_text(encoding="utf-8")
    grid = re.findall(r"```yaml\n(.*?)```", text, re.S)[0]
    folder = tmp_path / "grids"
    folder.mkdir()
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    (folder / "grid.yaml").write_text(grid, encoding="utf-8")
    assert len(expand(folder / "grid.yaml")) == 8


def test_describing_the_package_loads_no_framework():
    code = (
        "import importlib, sys\n"
        f"for name in {MODULES}: importlib.import_module(name)\n"
        "sys.exit(', '.join({'keras', 'tensorflow', 'torch', 'pyod'} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# The command


@cache
def help_of(command: str) -> str:
    """Ask the command for its help, as a person with a terminal of 80 columns would."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), suppress(SystemExit):
        patch.setenv("COLUMNS", "80")
        main([*command.split(), "--help"])
    return said.getvalue()


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_page_of_the_command_shows_its_help_as_it_is(site, command):
    soup = read_page(site, "command_line.html")
    shown = [block.get_text().strip() for block in soup.select(".command-help pre")]
    assert help_of(command).strip() in shown


def test_every_command_has_its_section_and_an_example(site):
    soup = read_page(site, "command_line.html")
    sections = {
        heading.get_text().removesuffix("#").strip(): heading.parent
        for heading in soup.select("article h2")
    }
    for command in COMMANDS:
        section = sections[f"ecglab {command}"]
        example = section.select_one(".highlight-sh pre").get_text()
        assert f"{example} ".startswith(f"ecglab {command} ")


def test_examples_on_the_page_of_the_command_are_valid(site):
    soup = read_page(site, "command_line.html")
    for block in soup.select(".highlight-sh pre"):
        words = block.get_text().replace("\\\n", " ").split()
        usage = " ".join(help_of(" ".join(words[1:3]) if "report" in words else words[1]).split())
        for word in words:
            if word.startswith("--"):
                assert re.search(rf"(?<![\w-]){word}(?![\w-])", usage), (
                    f"{' '.join(words[:2])} knows no {word}"
                )
