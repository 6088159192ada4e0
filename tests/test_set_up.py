"""Setting up takes the small PyTorch if it can be had, and neither hangs nor fails without it."""

import subprocess
import sys
from pathlib import Path

import pytest
import set_up
import yaml

PIP = (sys.executable, "-m", "pip")
PAGE = b'<!DOCTYPE html><html><body><a href="torch-2.13.0-py3-none-any.whl">torch</a></body></html>'


@pytest.fixture(autouse=True)
def plain_pip(monkeypatch):
    """Let no configuration of this machine's pip answer in the place of an index."""
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


@pytest.fixture
def no_driver(monkeypatch, tmp_path):
    monkeypatch.setattr(set_up, "NVIDIA_DRIVER", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")


def index_of(address):
    """The index at the root of a test server."""
    return address.rpartition("/")[0]


def test_an_index_with_pytorch_answers(serve):
    def respond(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        handler.wfile.write(PAGE)

    assert set_up.answers(PIP, index_of(serve(respond)))


def not_found(handler):
    handler.send_error(404)


def test_a_closed_port_a_silent_server_and_an_error_page_are_no_answer(refusing, black_hole, serve):
    for address in (refusing, black_hole, serve(not_found)):
        assert not set_up.answers(PIP, index_of(address))


def test_an_index_that_goes_away_or_lacks_the_wheel_is_given_up(
    refusing, serve, monkeypatch, tmp_path
):
    monkeypatch.setenv("PIP_TARGET", str(tmp_path))  # where no PyTorch is installed yet
    for address in (refusing, serve(not_found)):
        assert not set_up.install_torch(PIP, index_of(address))


def test_without_a_driver_the_small_build_will_do_unless_asked_otherwise(no_driver, monkeypatch):
    assert set_up.needs_no_gpu_build("")
    assert not set_up.needs_no_gpu_build("1")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not set_up.needs_no_gpu_build("")  # there, the default build is the small one


@pytest.mark.parametrize("sign", ["driver", "tool"])
def test_with_a_driver_the_default_build_is_taken(no_driver, monkeypatch, tmp_path, sign):
    if sign == "driver":
        monkeypatch.setattr(set_up, "NVIDIA_DRIVER", tmp_path)
    else:
        (tmp_path / "nvidia-smi").touch(mode=0o755)
    assert not set_up.needs_no_gpu_build("")


def test_an_unsupported_python_is_refused_in_one_sentence(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    with pytest.raises(SystemExit, match=r"3\.11, 3\.12, 3\.13.*make PYTHON="):
        set_up.refuse_unsupported()


def test_where_there_is_no_make_the_same_script_is_run_on_every_system():
    root = Path(set_up.__file__).parents[1]
    readme = (root / "README.md").read_text(encoding="utf-8")
    block = readme.split("Without make")[1].split("\n\n")[1]
    commands = [line.split("#")[0].split() for line in block.splitlines()]
    assert commands[0] == ["python3", "tools/set_up.py", ".venv"]
    assert len(commands) == 3
    for python, module, *_ in commands[1:]:
        assert (python, module) == (".venv/bin/python", "-m")
    jobs = yaml.safe_load((root / ".github/workflows/ci.yml").read_text())["jobs"]
    steps = [step["run"] for step in jobs["systems"]["steps"] if "run" in step]
    assert steps[0].split()[1:] == commands[0][1:]
    assert " ".join(commands[2][1:]) in steps[1]
    named = [row["system"] for row in jobs["systems"]["strategy"]["matrix"]["include"]]
    runners = {name.partition("-")[0] for name in (*named, jobs["test"]["runs-on"])}
    assert runners == {"ubuntu", "windows", "macos"}


def test_it_starts_on_a_bare_python():
    bare = [sys.executable, "-I", "-S", set_up.__file__, "--help"]
    assert "make" in subprocess.run(bare, check=True, capture_output=True, text=True).stdout.lower()
