"""`ecglab analyse`: from a recording to a report, a table and annotations."""

import json
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from records import read_marks

from ecglab import cli
from ecglab.datasets import read_record

QUICK = ["--autoencoder", "dense_torch", "--train-minutes", "1.5", "--quiet"]


@pytest.fixture(scope="module")
def analysed(record, tmp_path_factory):
    """Analyse the simulated recording once."""
    folder = tmp_path_factory.mktemp("analysed") / "new" / "report"
    with redirect_stdout(StringIO()) as out:
        assert cli.main(["analyse", str(record), "--out", str(folder), "--json", *QUICK]) == 0
    return folder, json.loads(out.getvalue())


def test_three_files_are_written(analysed, names_in):
    folder, facts = analysed
    assert names_in(folder) == ["report.html", "sim.ecglab", "strange.csv"]
    assert sorted(facts["files"].values()) == [str(path) for path in sorted(folder.iterdir())]
    assert (folder / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_the_summary_agrees_with_the_files(analysed, record):
    folder, facts = analysed
    strange, beats = pd.read_csv(folder / "strange.csv"), read_record(record)
    assert facts["n_strange"] == len(strange)
    assert facts["n_beats"] == len(beats)
    assert facts["reading"] == beats.reading.as_records()
    assert [beat["beat"] for beat in facts["strangest"]] == strange["beat"].head(10).tolist()
    marks = read_marks(folder / "sim.ecglab")
    assert marks.symbol.count("Q") == facts["n_strange"]


def test_verdicts_are_of_the_beats_after_the_first_minutes(analysed, record):
    folder, facts = analysed
    beats, strange = read_record(record), pd.read_csv(folder / "strange.csv")
    flagged = np.isin(np.arange(len(beats)), strange["beat"])
    rest = beats.times >= 90
    assert facts["recall"]["of"] == (rest & beats.is_anomaly).sum()
    assert facts["recall"]["count"] == (rest & beats.is_anomaly & flagged).sum()
    assert facts["false_alarms"]["of"] == (rest & ~beats.is_anomaly).sum()
    assert facts["false_alarms"]["count"] == (rest & ~beats.is_anomaly & flagged).sum()


def test_the_summary_for_people(run, record, tmp_path):
    said = run("analyse", record, "--annotations", "none", "--out", tmp_path / "report", *QUICK)
    assert said.code == 0
    assert "in the first 1.5 minutes" in said.out
    assert f"report: {tmp_path / 'report' / 'report.html'}" in said.out
    assert "by the annotations" not in said.out
    assert "  lead: MLII (an ECG by its name, and looks like one)" in said.out
    assert "not a medical device" in said.out


def test_too_short_a_part_to_learn_from_is_refused_and_nothing_is_written(run, record, tmp_path):
    said = run("analyse", record, "--out", tmp_path / "r", "--train-minutes", "0.1", "--quiet")
    assert said.code == 1
    assert "Raise --train-minutes" in said.err
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("in_the_way", ["strange.csv", "sim.ecglab", "report.html"])
def test_where_one_file_cannot_be_all_results_of_an_earlier_run_stay(
    run, record, tmp_path, names_in, in_the_way
):
    names = ["report.html", "sim.ecglab", "strange.csv"]
    for name in names:
        (tmp_path / name).mkdir() if name == in_the_way else (tmp_path / name).write_text("old")
    said = run("analyse", record, "--out", tmp_path, *QUICK)
    assert said.code == 1
    assert f"{tmp_path} cannot be written ({in_the_way} is a folder)" in said.err
    assert names_in(tmp_path) == names
    for name in set(names) - {in_the_way}:
        assert (tmp_path / name).read_text() == "old"


def test_what_cannot_be_read_or_written_is_named(run, record, tmp_path):
    (tmp_path / "file").write_text("mine")
    said = run("analyse", record, "--out", tmp_path / "file", *QUICK)
    assert said.code == 1
    assert str(tmp_path / "file") in said.err
    absent = run("analyse", tmp_path / "absent.hea", "--out", tmp_path / "r", *QUICK)
    assert absent.code == 1
    assert "absent.hea" in absent.err


@pytest.mark.parametrize("minutes", ["0", "-1", "inf", "x"])
@pytest.mark.parametrize("option", ["--train-minutes", "--online"])
def test_wrong_usage_exits_with_two(run, record, tmp_path, option, minutes):
    assert run("analyse", record, "--out", tmp_path, option, minutes).code == 2


def test_of_a_recording_that_is_judged_online_everything_says_so(run, record, tmp_path):
    out = tmp_path / "report"
    said = run("analyse", record, "--online", "1", "--out", out, "--quiet")
    assert said.code == 0
    assert "in all leads; judged online, 1 min at a time" in said.out
    report = (out / "report.html").read_text()
    assert "what had come of the recording by then" in report
    assert "<td>judged online</td><td>1 min at a time</td>" in report
    assert run("analyse", record, "--online", "1", "--out", out, *QUICK).code == 2


def test_of_many_recordings_one_that_fails_does_not_stop_the_others(run, write_record, tmp_path):
    first, second = write_record(tmp_path, "a"), write_record(tmp_path, "b")
    absent, out = tmp_path / "absent.hea", tmp_path / "out"
    pattern = f"{tmp_path}/[{first.stem}{second.stem}].hea"
    said = run("analyse", absent, pattern, "--out", out, "--json", *QUICK)
    assert said.code == 1
    assert "absent.hea" in said.err
    assert said.facts["n_failed"] == 1
    table = pd.read_csv(out / "summary.csv", index_col="record")
    assert table.index.tolist() == ["absent", "a", "b"]
    assert "absent.hea" in table.loc["absent", "error"]
    for name, facts in zip("ab", said.facts["records"], strict=True):
        assert (out / name / "report.html").exists()
        assert table.loc[name, "beats"] == facts["n_beats"]
        assert table.loc[name, ["V-like", "S-like", "unknown"]].sum() == facts["n_strange"]
        assert sum(kind["n_beats"] for kind in facts["kinds"]) == facts["n_strange"]


def test_two_recordings_of_one_name_are_not_written_over_each_other(run, record, tmp_path):
    said = run("analyse", record, record, "--out", tmp_path / "out", *QUICK)
    assert said.code == 2
    assert "Several recordings are called sim" in said.err
