"""One environment, however it is installed: pyproject.toml, constraints.txt, environment.yml."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from set_up import CPU_INDEX, SUPPORTED

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
# What a learner, an instructor, a researcher and CI need.
NEEDED = {
    *("jupyterlab", "tensorflow", "torch", "numpy", "pandas", "seaborn", "scikit-learn"),
    *("nbval", "papermill", "jupyter-book", "pooch"),
}


def requirements(extras):
    """All requirements of the package with these extras, extras of extras included."""
    found = {r.name: r for r in map(Requirement, PROJECT["dependencies"])}
    for extra in extras:
        for requirement in map(Requirement, EXTRAS[extra]):
            if requirement.name == "ecglab":
                found |= requirements(requirement.extras)
            else:
                found[requirement.name] = requirement
    return found


EVERYTHING = requirements(EXTRAS)
PINS = {
    canonicalize_name(name): version
    for name, _, version in (
        line.partition("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if line and not line.startswith("#")
    )
}


PYTHONS = [f"{major}.{minor}" for major, minor in SUPPORTED]
WORKFLOWS = ROOT / ".github" / "workflows"


@pytest.fixture(scope="module")
def conda():
    return yaml.safe_load((ROOT / "environment.yml").read_text())


def test_course_and_tests_install_all_that_is_needed():
    assert set(requirements(["course", "test"])) >= NEEDED


def test_the_package_alone_needs_no_framework_and_no_notebook():
    assert not set(requirements([])) & {"tensorflow", "torch", "jupyterlab", "papermill"}


@pytest.mark.parametrize("name", sorted(EVERYTHING))
def test_every_dependency_has_a_lower_bound_that_its_pin_satisfies(name):
    specifiers = EVERYTHING[name].specifier
    assert any(specifier.operator == ">=" for specifier in specifiers)
    assert specifiers.contains(PINS[name]), f"{name}=={PINS[name]}"


def test_pins_are_exact_and_not_of_one_machine():
    for name, version in PINS.items():
        assert re.fullmatch(r"[\w.]+", version), f"{name}: a local version like +cpu"


def test_the_versions_in_use_are_the_pinned_ones():
    """Otherwise a green run says nothing about what others will install."""
    from importlib.metadata import version

    in_use = {name: version(name).partition("+")[0] for name in EVERYTHING}
    assert in_use == {name: PINS[name] for name in EVERYTHING}


def test_conda_installs_the_same_thing(conda):
    python, *_ = (d for d in conda["dependencies"] if str(d).startswith("python"))
    assert SpecifierSet(python.removeprefix("python")) == SpecifierSet(PROJECT["requires-python"])
    (from_pip,) = (d["pip"] for d in conda["dependencies"] if isinstance(d, dict))
    set_up = (ROOT / "tools" / "set_up.py").read_text()
    extras = re.search(r'"--editable", "\.\[(.*)\]"', set_up).group(1)
    assert f"--editable .[{extras}]" in from_pip
    assert "--constraint constraints.txt" in from_pip
    assert set(requirements(extras.split(","))) == set(EVERYTHING)


def test_every_dependency_is_explained():
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    table = contributing.split("## Dependencies")[1]
    stubs = {"pandas-stubs", "types-requests", "types-tqdm"}
    for name in set(EVERYTHING) - stubs:
        assert name in table, name


def test_the_same_pythons_are_supported_wherever_they_are_named(conda):
    (for_conda,) = (d for d in conda["dependencies"] if str(d).startswith("python>"))
    for text in (PROJECT["requires-python"], for_conda.removeprefix("python")):
        allowed = SpecifierSet(text)
        assert [f"3.{n}" for n in range(30) if allowed.contains(f"3.{n}")] == PYTHONS
    language = "Programming Language :: Python :: "
    classifiers = (c for c in PROJECT["classifiers"] if c.startswith(language))
    assert [c.removeprefix(language) for c in classifiers] == PYTHONS
    *but_last, last = PYTHONS
    for path in ("README.md", "book/index.md"):
        text = " ".join((ROOT / path).read_text().split())
        assert f"Python {', '.join(but_last)} or {last}" in text, path
    assert f"on Python {', '.join(but_last)} and {last}." in (ROOT / "constraints.txt").read_text()


def test_make_finds_a_supported_python_and_every_one_by_its_name():
    makefile = (ROOT / "Makefile").read_text()
    condition = re.search(r"sys\.exit\(not (.*)\)$", makefile, re.MULTILINE).group(1)
    for minor in range(30):
        accepted = eval(condition.replace("sys.version_info[:2]", f"(3, {minor})"))
        assert accepted == (f"3.{minor}" in PYTHONS)
    assert set(re.findall(r"python(3\.\d+)", makefile)) >= set(PYTHONS)
    assert f"CPU_INDEX ?= {CPU_INDEX}\n" in makefile


def test_ci_runs_every_supported_python_and_no_other():
    named = re.findall(r"\b3\.\d+\b", (WORKFLOWS / "ci.yml").read_text())
    assert set(named) == set(PYTHONS)
    for path in (WORKFLOWS / "pages.yml", WORKFLOWS / "fuzz.yml", ROOT / ".ci" / "run"):
        named = set(re.findall(r"(?:python-version: \"|find_python )(3\.\d+)", path.read_text()))
        assert named, path
        assert named <= set(PYTHONS)
