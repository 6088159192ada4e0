"""The pages around the notebooks tell the truth: sources, protocol, commands, workflows, links."""

import html
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import course_tables
import mitbih_variants
import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml
from pybtex.database import parse_file

from ecglab.cli import main
from ecglab.datasets import make_heartbeats
from ecglab.evaluation import DEFAULT_RULES, evaluate, pooled_split

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
RESULTS = ROOT / "benchmarks" / "results"
BIBLIOGRAPHY = parse_file(BOOK / "references.bib").entries
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in BOOK.glob("*.md")}
WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/workflows").glob("*")
}


@cache
def cells_in(path):
    return nbformat.read(path, as_version=4).cells


def prose(path):
    """Return the Markdown of a notebook."""
    return "\n".join(cell.source for cell in cells_in(path) if cell.cell_type == "markdown")


def make_targets():
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def block(page, name):
    """Return the code of the block of a page that has this class."""
    (code,) = re.findall(
        rf"```\{{code-block\}} \w+\n:class: {name}\n(.*?)```", PAGES[page], re.DOTALL
    )
    return code


def cells_of(table):
    """Split a Markdown table into its rows."""
    lines = [line.strip("| ").split(" | ") for line in table.splitlines()]
    return lines[0], lines[2:]


# Sources

DOI = re.compile(r"10\.\d{4,9}/[^\s\"'`\]]+")
ARXIV = re.compile(r"arxiv(?::|\.org/abs/)\s*(\d{4}\.\d{4,5})", re.IGNORECASE)


def dois(text):
    """Find the DOIs of a text, without the marks that follow them."""
    found = set()
    for doi in DOI.findall(unquote(html.unescape(text))):
        while doi[-1] in ".,;:" or (doi[-1] == ")" and doi.count(")") > doi.count("(")):
            doi = doi[:-1]
        # In Markdown, more than the sentence's end may follow the closing bracket of a link.
        if doi.count(")") > doi.count("("):
            doi = doi[: doi.rindex(")")]
        found.add(doi.casefold())
    return found


def quoting_files():
    sources = [ROOT / "README.md", *(ROOT / "ecglab").rglob("*.py"), *ROOT.glob("benchmarks/*.py")]
    yield from ((path.name, path.read_text(encoding="utf-8")) for path in sources)
    yield from ((path.name, prose(path)) for path in NOTEBOOKS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("doi 10.1016/S0047-259X(03)00096-4.", "10.1016/s0047-259x(03)00096-4"),
        ("[doi 10.13026/C29G60](https://doi.org/10.13026/C29G60), and", "10.13026/c29g60"),
        (
            "(https://doi.org/10.1002/1%28195%293:1%3C32::A%3E3.0.CO;2-3).",
            "10.1002/1(195)3:1<32::a>3.0.co;2-3",
        ),
    ],
)
def test_dois_are_found_in_prose_and_in_links(text, expected):
    assert dois(text) == {expected}


def test_every_source_named_in_code_and_notebooks_is_in_the_bibliography():
    known = {entry.fields.get("doi", "").casefold() for entry in BIBLIOGRAPHY.values()}
    known_arxiv = {entry.fields.get("eprint") for entry in BIBLIOGRAPHY.values()}
    quoted = 0
    for name, text in quoting_files():
        assert dois(text) <= known, f"{name}: {sorted(dois(text) - known)}"
        assert set(ARXIV.findall(text)) <= known_arxiv, name
        quoted += len(dois(text))
    assert quoted > 40


@pytest.mark.parametrize("key", BIBLIOGRAPHY)
def test_every_entry_can_be_found_by_its_reader(key):
    entry = BIBLIOGRAPHY[key]
    assert entry.persons["author"]
    assert entry.fields["title"]
    assert re.fullmatch(r"\d{4}|n\.d\.", entry.fields["year"])
    assert "doi" in entry.fields or entry.fields["url"].startswith("https://")
    if "doi" in entry.fields:
        assert dois(entry.fields["doi"]) == {entry.fields["doi"].casefold()}
    if "eprint" in entry.fields:
        assert entry.fields["url"] == f"https://arxiv.org/abs/{entry.fields['eprint']}"


def test_no_source_stands_twice():
    for name in ("doi", "eprint", "title"):
        values = [e.fields[name].casefold() for e in BIBLIOGRAPHY.values() if name in e.fields]
        assert max(Counter(values).values()) == 1


def test_every_entry_is_cited_and_shown_in_one_group():
    texts = [*PAGES.values(), *(prose(path) for path in NOTEBOOKS)]
    citations = re.findall(r"\{cite:[a-z]+\}`([^`]+)`", "\n".join(texts))
    cited = {key.strip() for keys in citations for key in keys.split(",")}
    assert cited == set(BIBLIOGRAPHY)
    groups = re.findall(r'keywords % "(\w+)"', PAGES["bibliography"])
    assert len(groups) == len(set(groups))
    for key, entry in BIBLIOGRAPHY.items():
        assert sum(bool(re.search(group, entry.fields["keywords"])) for group in groups) == 1, key


# Words

LIST_OF_WORDS = """
heartbeat, P wave, QRS complex, T wave, R peak, RR interval, lead, record, sampling rate,
PVC, R-on-T PVC, SP/EB, unclassified beat, fusion beat, autoencoder, bottleneck, code,
embedding, encoder, decoder, reconstruction, residual, reconstruction error, anomaly score,
variational autoencoder, denoising autoencoder, attention, t-SNE,
threshold, anomaly, anomaly detection, label-free, label-tuned, training part, validation
part, test part, official split, pooled split, leakage, near-twin, seed, standardisation,
batch normalisation, dropout, early stopping, epoch, loss, MSE, MAE, LSTM, patch, weighted
reconstruction error, Mahalanobis distance, ROC curve, ROC-AUC, PR curve, average precision,
recall, sensitivity, specificity, FPR, precision, PPV, F1, accuracy, Youden's J, quantile,
cost, peaks over threshold, prevalence, confusion matrix, bootstrap, confidence interval,
Wilson interval, DeLong test, paired comparison, spread, optimism,
leave-one-patient-out, papermill, parameters cell, grid, sweep, resume, driver, Dask, nbval
"""
WORDS = {" ".join(word.split()) for word in LIST_OF_WORDS.split(",")}


def test_the_words_of_the_course_are_explained():
    glossaries = re.findall(r"```\{glossary\}\n:sorted:\n(.*?)```", PAGES["glossary"], re.DOTALL)
    lines = "\n".join(glossaries).splitlines()
    terms = [line for line in lines if line and not line.startswith(" ")]
    assert len(terms) == len(set(terms))
    assert set(terms) >= WORDS


# The protocol and its tables


def test_every_table_is_listed_with_the_script_that_writes_it():
    listed = r"^- `(\w+)\.csv`, by `(\w+)\.py`: \S.+$"
    rows = re.findall(listed, PAGES["how_measured"], re.MULTILINE)
    there = sorted(path.stem for path in RESULTS.glob("*.csv"))
    # What only an idle machine can measure may not be there yet.
    rows = [row for row in rows if row[1] != "speed" or row[0] in there]
    assert sorted(table for table, _ in rows) == there
    for table, script in rows:
        own = RESULTS / f"{table}.json"
        # A script's tables may share one card, which then has the script's name.
        card = json.loads((own if own.exists() else RESULTS / f"{script}.json").read_text())
        assert card["command"].startswith(f"python benchmarks/{script}.py")
        assert f"benchmarks/{script}.py" in (ROOT / "Makefile").read_text()


def test_the_protocol_that_is_described_is_the_one_in_the_code():
    page = PAGES["how_measured"]
    resamples = inspect.signature(evaluate).parameters["n_resamples"].default
    assert f"percentiles of {resamples} resamples" in page
    assert len(DEFAULT_RULES) == 5
    assert "five threshold rules" in page
    runs = pd.read_csv(RESULTS / "leaderboard.csv")
    assert "seeds 0 to 9" in page
    assert sorted(runs["seed"].unique()) == list(range(10))
    recordings = pd.read_csv(RESULTS / "record_detection.csv")
    assert "100, 106, 119 and 208" in page
    assert set(recordings["record"]) == {"100", "106", "119", "208", "simulated"}
    assert "starting at three places" in page
    assert recordings["start"].nunique() == 3
    assert "Record 100 has a single `V`" in page
    assert set(recordings.loc[recordings["record"] == "100", "strange"]) == {1}


def test_leaderboard_shows_every_detector_best_first():
    header, rows = cells_of(course_tables.leaderboard(ROOT))
    assert header == [
        "detector",
        "ROC-AUC, pooled",
        "ROC-AUC, official",
        "accuracy, pooled",
        "kind",
    ]
    runs = pd.read_csv(RESULTS / "leaderboard.csv")
    assert sorted(row[0] for row in rows) == sorted(runs["detector"].unique())
    pooled = [float(row[1][:5]) for row in rows]
    assert pooled == sorted(pooled, reverse=True)
    of_pca = runs[
        (runs["detector"] == "PCA, 2 components")
        & (runs["threshold"] == "95 % quantile (label-free)")
        & (runs["split"] == "official")
    ]["ROC-AUC"]
    (pca,) = (row for row in rows if row[0] == "PCA, 2 components")
    assert pca[2].split() == [f"{of_pca.mean():.3f}", "±", f"{of_pca.std():.3f}"]


def test_recordings_show_the_lowest_and_the_highest_figure():
    header, rows = cells_of(course_tables.recordings(ROOT))
    table = pd.read_csv(RESULTS / "record_detection.csv")
    own = table[
        (table["detector"] == "ours") & (table["record"] == "106") & (table["lead"] == "V1")
    ]
    (row,) = (row for row in rows if row[:2] == ["106", "V1"])
    found = f"{own['recall'].min():.3f} to {own['recall'].max():.3f}"
    assert dict(zip(header, row, strict=True))["V and F found"] == found
    assert ["100", "MLII", "1"] in [row[:3] for row in rows]


def test_the_halves_of_ds1_are_apart_and_what_the_readme_says_of_them_is_in_the_table():
    table = pd.read_csv(RESULTS / "mitbih.csv", dtype={"record": str})
    halves = {part: set(rows["record"]) for part, rows in table.groupby("part")}
    assert not halves["settled on"] & halves["confirmed on"]
    assert "100" not in set(table["record"])
    header, rows = cells_of(course_tables.mitbih(ROOT))
    (ours,) = (row for row in rows if row[:2] == ["confirmed on", "ours"])
    figures = {name: float(value) for name, value in zip(header[2:], ours[2:], strict=True)}
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"{100 * figures['N flagged']:.1f} % of the normal beats" in readme
    assert f"{100 * figures['V found']:.0f} % of the ventricular" in readme
    assert f"and {100 * figures['S found']:.0f} % of the supraventricular" in readme
    assert f"{100 * figures['flagged +P']:.0f} of a hundred flags are right" in readme
    assert f"fusion beats is {figures['ROC-AUC of V and F']:.3f}" in readme
    (row,) = (row for row in rows if row[:2] == ["confirmed on", "ours, online"])
    online = {name: float(value) for name, value in zip(header[2:], row[2:], strict=True)}
    found = f"{100 * online['V found']:.0f} % and {100 * online['S found']:.0f} %"
    assert f"{100 * online['N flagged']:.1f} % of the normal beats and finds {found}" in readme
    assert f"{100 * online['flagged +P']:.0f} of a hundred flags are right ([" in readme
    of_209 = next(row for row in cells_of(course_tables.mitbih_records(ROOT))[1] if row[0] == "209")
    assert of_209[5] == "331 of 372"


def test_seeds_and_changed_recordings_fare_as_the_page_says():
    seeds = pd.read_csv(RESULTS / "mitbih_seeds.csv").set_index(["over the seeds", "part"])
    header, rows = cells_of(course_tables.mitbih_seeds(ROOT))
    for row in rows:
        figures = (f"{seeds.loc[(over, row[0]), 'V Se']:.3f}" for over in ("mean", "sd"))
        assert row[header.index("V Se")].split() == list("±".join(figures).partition("±"))
    table = pd.read_csv(RESULTS / "mitbih_variants.csv").set_index("variant")
    of_variants = cells_of(course_tables.mitbih_variants(ROOT))[1]
    assert {row[1] for row in of_variants} == set(mitbih_variants.VARIANTS) | {
        mitbih_variants.SAME_MINUTES
    }
    harmless = [
        name
        for name in mitbih_variants.VARIANTS
        if not any(word in name for word in ("lead", "marks", "12 minutes", "128 Hz", "500 Hz"))
    ]
    changed = table.loc[harmless].reset_index().set_index(["variant", "part"])
    assert "by no more than 0.008" in PAGES["how_measured"]
    assert changed.sub(seeds.loc["mean"], level="part").abs().max(axis=None) <= 0.008
    called = table.set_index("part", append=True)["V Se"].xs("confirmed on", level="part")
    shares = [called[name] for name in ("at 128 Hz", "at 500 Hz", mitbih_variants.SHORT)]
    assert "{:.0f}, {:.0f} and {:.0f} %".format(*np.multiply(100, shares)) in PAGES["how_measured"]
    jittered = table.loc["marks moved by up to 20 ms"].set_index("part")
    assert (jittered["V Se"] - seeds.loc["mean", "V Se"]).abs().max() < 0.02


def test_cutting_at_r_peaks_is_worth_what_the_page_says():
    header, rows = cells_of(course_tables.windows_and_beats(ROOT))
    assert header[2:] == ["106", "119", "208", "223"]
    figures = {(row[0], row[1]): [float(figure) for figure in row[2:]] for row in rows}
    for detector in {detector for detector, _ in figures}:
        for cut in ("windows, mean", "windows, maximum"):
            assert all(np.less(figures[detector, cut], figures[detector, "beats"]))
    by_window = [values[:3] for (_, cut), values in figures.items() if cut != "beats"]
    assert np.max(by_window) < 0.5, "all but 223 are ordered the wrong way round"


def test_figures_are_restated_at_the_published_share():
    accuracy, precision, recall = 0.972, 0.956, 0.998
    share = (1 - accuracy) / ((1 - recall) + recall * (1 - precision) / precision)
    assert round(share, 2) == course_tables.PUBLISHED_SHARE
    header, rows = cells_of(course_tables.restated(ROOT))
    table = {row[0]: dict(zip(header[1:], map(float, row[1:]), strict=True)) for row in rows}
    generous, usual = (table[f"{share} % quantile (label-free)"] for share in (90, 95))
    assert generous["accuracy"] < accuracy
    assert generous["precision"] < precision
    assert generous["F1"] < 0.977
    assert usual["accuracy"] >= accuracy
    assert usual["precision"] >= precision
    assert usual["F1"] >= 0.977 - 0.0005
    assert usual["recall"] < recall
    assert usual[header[-1]] < accuracy
    split = pooled_split(make_heartbeats(), 0)
    assert abs(course_tables.TEST_SHARE - split.test.is_anomaly.mean()) < 0.02


def test_speed_is_that_of_the_table():
    _, rows = cells_of(course_tables.lstm_speed(ROOT))
    speed = pd.read_csv(RESULTS / "lstm_speed.csv")
    assert [row[0] for row in rows] == speed["what"].tolist()
    assert [float(row[3]) for row in rows] == speed["ratio"].round().tolist()


@pytest.fixture
def copied(tmp_path):
    """Lay the notebooks out as the book has them when it is built."""
    (tmp_path / "book" / "notebooks").mkdir(parents=True)
    for path in NOTEBOOKS:
        shutil.copy(path, tmp_path / "book" / "notebooks")
    shutil.copy(ROOT / "README.md", tmp_path)
    return tmp_path


def test_every_notebook_is_listed_with_what_it_asks_for(copied):
    _, rows = cells_of(course_tables.notebooks(copied))
    assert len(rows) == len(NOTEBOOKS) + 1
    for path, row in zip(NOTEBOOKS, rows, strict=False):
        assert f"(notebooks/{path.name})" in row[0]
        stubs = sum("exercise" in cell.metadata.get("tags", []) for cell in cells_in(path))
        assert int(row[3]) == stubs
        assert f"{row[1]} minutes" in prose(path)
    minutes = sum(int(row[1]) for row in rows[:-1])
    assert int(rows[-1][1]) == minutes
    assert f"{minutes} minutes by their own estimates" in PAGES["reading_paths"]
    assert "between ten and eleven hours" in PAGES["reading_paths"]
    assert 10 < minutes / 60 < 11
    assert "near-twins" in rows[0][0]  # of the topics that the README names


def test_a_notebook_that_does_not_say_how_long_it_takes_is_refused(copied):
    notebook = copied / "book" / "notebooks" / NOTEBOOKS[0].name
    notebook.write_text(notebook.read_text().replace("**Time**", "**Length**"))
    with pytest.raises(ValueError, match="does not say how long it takes"):
        course_tables.notebooks(copied)


def test_a_notebook_that_computes_for_longer_is_not_called_quick(copied):
    notebook = copied / "book" / "notebooks" / NOTEBOOKS[1].name
    notebook.write_text(notebook.read_text().replace("takes about one of", "takes about two of"))
    with pytest.raises(ValueError, match="takes about two of its minutes"):
        course_tables.notebooks(copied)


# For instructors


def run_block(name, folder, **environment):
    """Run a block of commands as a reader would, with this environment in the place of .venv."""
    commands = re.sub(
        r"\.venv/bin/(jupyter )?(\w+)", f"{sys.executable} -m \\2", block("instructors", name)
    )
    subprocess.run(
        ["bash", "-ec", commands],
        cwd=folder,
        env=os.environ | environment,
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def hand_out(tmp_path_factory):
    """Hand the notebooks out from a copy of the repository; return the folder handed out."""
    folder = tmp_path_factory.mktemp("repository")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    run_block("hand-out", folder)
    return folder / "handout"


def test_notebooks_are_handed_out_without_solutions_and_otherwise_whole(hand_out):
    for path in NOTEBOOKS:
        original = cells_in(path)
        kept = cells_in(hand_out / path.name)
        expected = [c.source for c in original if "solution" not in c.metadata.get("tags", [])]
        assert [cell.source for cell in kept] == expected
        assert len(expected) < len(original)
    assert (hand_out / "models" / "dense").is_dir()
    assert (hand_out / "templates" / "train_detector.ipynb").is_file()


def test_marking_is_described_by_a_command_that_there_is(capsys):
    (command,) = block("instructors", "grade").splitlines()
    with pytest.raises(SystemExit) as end:
        main([*command.split()[1:], "--help"])
    assert end.value.code == 0
    options = set(re.findall(r"`?(--[a-z]+)", PAGES["instructors"].split("**Marking")[1]))
    assert options <= set(re.findall(r"--[a-z]+", capsys.readouterr().out))


def test_plans_name_sections_that_exist():
    plans = PAGES["instructors"].split("## Three plans")[1].split("**Assessment.**")[0]
    named = set(re.findall(r"\*([A-Z][^*]+)\*", plans.replace("**", "")))
    headings = "\n".join(
        line for path in NOTEBOOKS for line in prose(path).splitlines() if line.startswith("##")
    )
    assert len(named) >= 5
    for section in named:
        assert re.search(rf"^#+ {re.escape(section)}", headings, re.MULTILINE), section


def test_a_notebook_builds_on_what_it_asks_for_and_on_none_that_comes_later():
    listed = re.findall(r"\{doc\}`notebooks/(\d\d)_\w+`\n  - (.*)\n", PAGES["reading_paths"])
    for (number, words), path in zip(listed, NOTEBOOKS, strict=True):
        assert path.stem.startswith(number)
        asked = re.findall(r"^\| \[(\d+) · .*?\| (necessary|helpful) \|", prose(path), re.MULTILINE)
        necessary, _, helpful = words.partition(";")
        for kind, text in (("necessary", necessary), ("helpful", helpful)):
            assert sorted(re.findall(r"\d+", text)) == sorted(n for n, k in asked if k == kind)
        assert all(int(earlier) < int(number) for earlier, _ in asked)


def test_a_path_ends_with_its_own_time():
    (hour,) = re.findall(r"## One hour\n(.*?)\n## ", PAGES["reading_paths"], re.DOTALL)
    assert sum(int(minutes) for minutes in re.findall(r"\((\d+) minutes", hour)) == 60


@pytest.mark.parametrize(
    "page",
    ["README.md", "CONTRIBUTING.md"]
    + [f"book/{name}.md" for name in ("index", "how_measured", "instructors", "publishing")],
)
def test_make_targets_that_a_page_names_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^ {4}|^)make ([a-z-]+)(?=[`\s])", text, re.MULTILINE))
    assert named
    assert named <= make_targets()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_files_that_a_page_links_to_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", text)
    assert all((ROOT / link).exists() for link in links), links


def test_rooms_that_contributors_are_shown_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"\| room \|.*?\n\n", text, re.DOTALL)
    rooms = re.findall(r"`([\w/.]+)`", "".join(re.findall(r"^\|([^|]+)", table, re.MULTILINE)))
    assert "ecglab/datasets/" in rooms
    assert [room for room in rooms if not (ROOT / room).exists()] == []


# Publishing


def steps(workflow):
    return [step for job in WORKFLOWS[workflow]["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_workflows_run_what_exists(workflow):
    commands = "\n".join(step["run"] for step in steps(workflow) if "run" in step)
    assert set(re.findall(r"\bmake ([a-z-]+)", commands)) <= make_targets()
    assert "make " in commands
    for script in re.findall(r"^(\.ci/\w+)", commands, re.MULTILINE):
        assert (ROOT / script).stat().st_mode & 0o100, f"{script} cannot be run"
    for step in steps(workflow):
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
        for path in step.get("with", {}).get("cache-dependency-path", "").split():
            assert (ROOT / path).is_file()


def test_fresh_seeds_are_tried_every_week():
    triggers = WORKFLOWS["fuzz"][True]  # what YAML takes "on" for
    assert "workflow_dispatch" in triggers
    (schedule,) = triggers["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", schedule["cron"])
    assert [step["run"].split()[:2] for step in steps("fuzz") if "run" in step] == [
        ["make", "fuzz"],
        ["make", "test-unit"],
    ]


def test_ci_goes_on_where_the_data_cannot_be_had():
    (data,) = (step for step in steps("ci") if "fetch" in step.get("run", ""))
    assert data["continue-on-error"] is True
    assert "Where they cannot be had, tests on real beats are skipped" in PAGES["publishing"]


def test_ci_runs_the_script_of_the_maintainers():
    assert ".ci/run" in [step.get("run") for step in steps("ci")]


def test_the_published_folder_is_the_one_that_is_built_and_only_publishing_may_publish():
    (upload,) = (s for s in steps("pages") if s.get("uses", "").startswith("actions/upload-pages"))
    assert (
        ROOT / upload["with"]["path"] == BOOK / "_build" / "html"
    )  # where tools/build_book.py builds
    assert WORKFLOWS["pages"]["permissions"] == {"contents": "read"}
    jobs = WORKFLOWS["pages"]["jobs"]
    assert jobs["publish"]["needs"] == "build"
    assert "permissions" not in jobs["build"]
    assert jobs["publish"]["permissions"] == {"pages": "write", "id-token": "write"}


def test_the_book_has_no_launch_buttons_until_somebody_names_a_repository():
    config = yaml.safe_load((BOOK / "_config.yml").read_text())
    assert set(config["launch_buttons"]) <= {"notebook_interface"}
    assert "repository" not in config


@pytest.mark.slow
def test_launch_buttons_lead_to_files_that_exist(tmp_path):
    settings = yaml.safe_load(block("publishing", "launch-buttons"))
    name = NOTEBOOKS[0].stem
    book = tmp_path / "book"
    (book / "notebooks").mkdir(parents=True)
    shutil.copy(NOTEBOOKS[0], book / "notebooks")
    (book / "index.md").write_text("# Index\n")
    (book / "_toc.yml").write_text(
        f"format: jb-book\nroot: index\nchapters:\n- file: notebooks/{name}\n"
    )
    execute = {"execute": {"execute_notebooks": "off"}}
    (book / "_config.yml").write_text(yaml.safe_dump(settings | execute))
    command = "import sys; from jupyter_book.cli.main import main; sys.exit(main())"
    subprocess.run(
        [sys.executable, "-c", command, "build", "-q", str(book)], check=True, capture_output=True
    )
    page = (book / "_build" / "html" / "notebooks" / f"{name}.html").read_text(encoding="utf-8")
    links = {html.unescape(link) for link in re.findall(r'href="(https://[^"]+)"', page)}
    path = f"notebooks/{name}.ipynb"
    assert {
        f"https://mybinder.org/v2/gh/your-name/ecglab/main?urlpath=lab/tree/{path}",
        f"https://colab.research.google.com/github/your-name/ecglab/blob/main/{path}",
    } <= links
    (hub,) = (link for link in links if link.startswith("https://hub.example.org"))
    assert f"urlpath=lab/tree/ecglab/{path}" in unquote(hub)
    assert (ROOT / path).is_file()
