"""Property tests: the same examples every time, and others for every seed of `make fuzz`."""

import re
import subprocess
import sys
from pathlib import Path

from hypothesis import settings

ROOT = Path(__file__).parents[1]
FAULTY = """
import pytest
from hypothesis import given, strategies as st

@pytest.mark.parametrize("name", ["a"])
@given(x=st.integers(0), y=st.booleans())
def test_x_is_small(tmp_path, name, x, y):
    assert x < 1000

def test_no_property():
    raise AssertionError
"""


def test_what_make_test_runs_is_repeatable():
    profile = settings.get_profile("repeatable")
    assert profile.derandomize
    assert profile.database is None
    assert profile.deadline is None


def test_a_find_comes_as_an_example_to_paste_and_with_the_seed_that_found_it(tmp_path):
    path = tmp_path / "test_faulty.py"
    path.write_text(FAULTY)
    options = ["--seeds=2", "--first=7", "--numprocesses=0", "-p", "tests.conftest"]
    fuzz = subprocess.run(
        [sys.executable, "tools/fuzz.py", *options, str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert fuzz.returncode == 1
    assert re.findall(r"^== seed (\d+)", fuzz.stdout, re.MULTILINE) == ["7", "8"]
    examples = re.findall(r"^@example\(\n(.*?)^\)", fuzz.stdout, re.MULTILINE | re.DOTALL)
    assert [example.splitlines()[0] for example in examples] == ["    x=1000,"] * 2
    # pytest's summary repeats what was raised where it does not shorten its lines, as on CI.
    assert fuzz.stdout.count("@reproduce_failure(") >= 2
    assert fuzz.stdout.splitlines()[-1].endswith("7 8")
