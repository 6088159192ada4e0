"""The README tells the truth: its example runs, its files and targets exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_example_runs_and_finds_the_anomalies(tmp_path, monkeypatch, capsys):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.setenv("ECGLAB_SOURCE", "simulated")
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    roc_auc = float(re.search(r"ROC-AUC\s+([\d.]+)", capsys.readouterr().out).group(1))
    assert roc_auc > 0.95


def test_every_file_it_links_to_exists():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_make_target_it_names_exists():
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"make ([a-z-]+)", README)) - {"and"}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_notebook_is_in_the_readme_and_in_the_book():
    contents = (ROOT / "book" / "_toc.yml").read_text()
    for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"):
        assert f"notebooks/{path.name}" in README
        assert f"file: notebooks/{path.stem}\n" in contents
