"""`ecglab doctor`: a report that is right where all is well, and of use where it is not.

Broken frameworks are stood in for by modules on PYTHONPATH, which come before the real ones.
"""

import json
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import packages_distributions, requires, version

import pytest
from packaging.requirements import Requirement

from ecglab.commands import _doctor

CRASH = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
HANG = "import time; time.sleep(600)"
BROKEN = "raise ImportError('its library cannot be loaded\\nsee our page')"

# What a Python without some packages is like, to whoever imports them or asks for their versions.
HIDE = """
import sys
from importlib.metadata import MetadataPathFinder, Prepared
class Hide:
    def find_spec(name, path=None, target=None):
        if name in {modules}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hide)
find = MetadataPathFinder.find_distributions
hidden = {{Prepared(name).normalized for name in {packages}}}
MetadataPathFinder.find_distributions = lambda context=None: (
    () if Prepared(context.name).normalized in hidden else find(context)
)
"""


@pytest.fixture
def put_first(tmp_path, monkeypatch):
    """Return the function that puts modules before all others, in processes that start now."""

    def write(**modules):
        for name, code in modules.items():
            (tmp_path / f"{name}.py").write_text(code)
        before = os.environ.get("PYTHONPATH")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(tmp_path), before])))

    return write


def states(said):
    return {check["name"]: check["state"] for check in said.facts["checks"]}


def found(said, name):
    return next(check["found"] for check in said.facts["checks"] if check["name"] == name)


@pytest.mark.slow
def test_where_all_is_well_it_says_so_with_the_versions_in_use(run):
    said = run("doctor", "--json", "--quiet")
    assert (said.code, said.err, said.facts["works"]) == (0, "", True)
    assert found(said, "Python") == f"{platform.python_version()} in {sys.prefix}"
    for name, package in {"ecglab's own needs": "numpy", "ecglab[torch]": "torch"}.items():
        assert f"{package} {version(package)}" in found(said, name)
    trained = [name for name in states(said) if name.startswith("training")]
    assert trained == ["training with Keras, then PyTorch", "training with PyTorch, then Keras"]


def test_a_crash_and_a_broken_library_are_reported_and_the_home_folder_is_not(
    run, put_first, monkeypatch, tmp_path
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(tmp_path / "data"))
    put_first(tensorflow=BROKEN, torch=CRASH)
    said = run("doctor")
    assert said.code == 1
    lines = {line.split(": ")[0]: line for line in said.out.splitlines()}
    broken = lines["FAILED  training with Keras, then PyTorch"]
    assert "ImportError: its library cannot be loaded in 'dense'; what to do: " in broken
    assert "crashed: SIGSEGV in 'dense_torch'" in lines["FAILED  training with PyTorch, then Keras"]
    assert re.search(r'torch\.py", line 1 in <module>$', said.out, re.MULTILINE)  # where it crashed
    assert "~/data" in lines["missing ECG5000"]
    assert str(tmp_path) not in said.out


def test_a_framework_that_never_answers_is_not_waited_for(run, put_first, monkeypatch):
    monkeypatch.setattr(_doctor, "SECONDS", 2)
    put_first(tensorflow=BROKEN, torch=HANG)
    said = run("doctor", "--json")
    assert (said.code, states(said)["PyTorch's device"]) == (1, "FAILED")
    assert found(said, "PyTorch's device").startswith("no end after 2 s")


def test_a_version_out_of_the_bounds_that_the_package_states_is_named(
    run, put_first, monkeypatch, tmp_path
):
    old = tmp_path / "tqdm-1.0.dist-info"
    old.mkdir()
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: tqdm\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    put_first(tensorflow=CRASH, torch=CRASH)
    said = run("doctor")
    assert said.code == 1
    (line,) = (line for line in said.out.splitlines() if "tqdm 1.0" in line)
    assert line.startswith("FAILED  ecglab's own needs: ")
    assert re.search(r"tqdm is not >=\d.*; what to do: pip install 'ecglab'$", line)


def test_with_the_core_alone_it_runs_and_names_each_extra_with_its_remedy(put_first):
    needs = [Requirement(line) for line in requires("ecglab")]
    packages = {need.name for need in needs if "extra" in str(need.marker)}
    folded = {name.replace("_", "-").lower() for name in packages} - {"ecglab"}
    modules = {
        module
        for module, homes in packages_distributions().items()
        if folded & {home.replace("_", "-").lower() for home in homes}
    }
    assert {"torch", "tensorflow", "yaml", "wfdb"} <= modules
    put_first(sitecustomize=HIDE.format(modules=modules, packages=folded))
    done = subprocess.run(
        [sys.executable, "-m", "ecglab.cli", "doctor", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["ecglab's own needs"]["state"] == "ok"
    for extra in ("tensorflow", "torch", "records", "sweep"):
        check = checks[f"ecglab[{extra}]"]
        assert (check["state"], check["needed"]) == ("missing", True)
        assert check["remedy"] == f"pip install 'ecglab[{extra}]'"
    assert not checks["ecglab[pyod]"]["needed"]
