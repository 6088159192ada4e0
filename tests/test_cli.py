"""The `ecglab` command: how commands are found, what help costs, and exit codes."""

import json
import subprocess
import sys
from importlib import import_module

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from ecglab import __version__, cli


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_is_found_and_has_help(name, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main([*name.split(), "--help"])
    assert end.value.code == 0
    assert f"usage: ecglab {name}" in capsys.readouterr().out


def test_help_lists_every_command_and_loads_none_of_them():
    code = (
        "import sys\nfrom ecglab import cli\n"
        "try:\n    cli.main(['--help'])\nexcept SystemExit:\n    pass\n"
        "assert not {'pandas', 'distributed', 'papermill'} & set(sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name, command in cli.COMMANDS.items():
        assert name in said.stdout
        assert command.summary in said.stdout


def test_version(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"ecglab {__version__}\n"


@pytest.mark.parametrize("words", [[], ["nonsense"], ["sweep"], ["sweep", "report"]])
def test_wrong_usage_exits_with_two(words, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    assert end.value.code == 2
    assert "usage: ecglab" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", [["--workers", "0"], ["--timeout", "-1"], ["--timeout", "inf"], ["--memory", "x"]]
)
def test_senseless_numbers_are_wrong_usage(option):
    with pytest.raises(SystemExit) as end:
        cli.main(["sweep", "grid.yaml", "--out", "runs", *option])
    assert end.value.code == 2


def test_missing_extra_is_named(monkeypatch, capsys):
    monkeypatch.setattr(cli, "_load", lambda name: import_module("a_module_that_is_not_there"))
    assert cli.main(["sweep", "grid.yaml"]) == 2
    assert "pip install 'ecglab[sweep]'" in capsys.readouterr().err


def test_wrong_grid_exits_with_two_and_says_why(tmp_path, capsys):
    (tmp_path / "grid.yaml").write_text("notebook: n.ipynb")
    out = tmp_path / "runs"
    assert cli.main(["sweep", str(tmp_path / "grid.yaml"), "--out", str(out)]) == 2
    assert "n.ipynb cannot be read" in capsys.readouterr().err
    assert not out.exists()


def test_dry_run_lists_the_runs_and_leaves_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ECGLAB_SOURCE", "simulated")
    cells = [new_code_cell("x = 0", metadata={"tags": ["parameters"]})]
    nbformat.write(new_notebook(cells=cells), tmp_path / "n.ipynb")
    (tmp_path / "grid.yaml").write_text("notebook: n.ipynb\naxes: {x: [17, 23]}")
    out = tmp_path / "runs"
    assert cli.main(["sweep", str(tmp_path / "grid.yaml"), "--out", str(out), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "17" in said
    assert "2 runs, 2 to do\nexpected: unknown" in said
    assert not out.exists()


def test_report_on_nothing_exits_with_three(tmp_path, capsys):
    assert cli.main(["sweep", "report", str(tmp_path)]) == 3
    assert "holds no result" in capsys.readouterr().err


def test_wrong_seed_of_a_report_exits_with_three(tmp_path, capsys):
    result = {"key": "ab", "parameters": {"x": 1}, "metrics": {"auc": 0.5}, "status": "done"}
    path = tmp_path / "runs" / "ab" / "ab.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**result, "seconds": 1.0, "data": {}, "versions": {}}))
    assert cli.main(["sweep", "report", str(tmp_path), "--seed", "foo"]) == 3
    assert "no run has a parameter 'foo'" in capsys.readouterr().err
