"""`ecglab compare`: from annotation files to EC57's figures."""

import json

import numpy as np
import pytest
from records import write_marks as write_file

RATE = 250


@pytest.fixture
def write(tmp_path):
    """Return the function that writes an annotation file: seconds and codes."""

    def write_marks(file, marks, rate=RATE):
        place = tmp_path / file
        place.parent.mkdir(parents=True, exist_ok=True)
        times, symbols = zip(*marks, strict=True)
        samples = np.round(np.array(times) * (rate or RATE)).astype(int)
        return write_file(place, samples, symbols, fs=rate)

    return write_marks


def marks(symbols, begin=301.0):
    return [(begin + n, symbol) for n, symbol in enumerate(symbols)]


def test_one_record(write, run):
    right = write("a.atr", [(10.0, "V"), *marks("NNVVNA")])
    said = run("compare", right, write("own/a.qrs", marks("NVVNNN")), "--json")
    assert said.code == 0, said.err
    (record,) = said.facts["records"]
    assert record["record"] == "a"
    assert record["counts"]["V"] == {"N": 1, "S": 0, "V": 1, "F": 0, "Q": 0, "O": 0}
    assert record["figures"]["V Se"] == {"value": 0.5, "count": 1, "of": 2}
    assert record["figures"]["V +P"] == {"value": 0.5, "count": 1, "of": 2}
    assert record["figures"]["F flagged"] == {"value": None, "count": 0, "of": 0}
    assert said.facts["summary"]["V Se"]["gross"] == 0.5
    assert said.facts["summary"]["V Se"]["gross_low"] is None  # one record says nothing of others


def test_people_get_a_table_in_per_cent_and_are_told_what_there_is_none_of(write, run):
    said = run("compare", write("a.atr", marks("NNVV")), write("a.qrs", marks("NNVN")))
    line = next(line for line in said.out.splitlines() if line.startswith("V Se"))
    assert line.split() == ["V", "Se", "50.00", "50.00", "1", "of", "2"]
    assert "nothing to count for S Se, S +P, F flagged" in said.out


def test_many_records_are_found_by_patterns_and_paired_by_name(write, run, tmp_path):
    for name, own in (("a", "NVV"), ("b", "NNN"), ("c", "NNN")):
        write(f"right/{name}.atr", marks("NVV"))
        if name != "c":
            write(f"reports/{name}/{name}.ecglab", marks(own))
    patterns = [tmp_path / "right/*.atr", tmp_path / "reports/*/*.ecglab"]
    said = run("compare", *patterns, "--json")
    assert [record["record"] for record in said.facts["records"]] == ["a", "b"]
    summary = said.facts["summary"]["V Se"]
    assert (summary["gross"], summary["gross_low"], summary["gross_high"]) == (0.5, 0.0, 1.0)
    assert said.facts["notes"] == ["not compared, for there is nothing to judge: c"]
    assert [line.split()[0] for line in run("compare", *patterns).out.splitlines()[1:3]] == [
        "a",
        "b",
    ]


def test_records_with_paced_beats_are_left_out_unless_asked_for(write, run, tmp_path):
    for name, symbols in (("a", "NVN"), ("p", "/V/")):
        write(f"{name}.atr", marks(symbols))
        write(f"{name}.qrs", marks("NNN"))
    patterns = [tmp_path / "*.atr", tmp_path / "*.qrs"]
    said = run("compare", *patterns, "--json")
    assert said.facts["left_out"] == ["p"]
    assert said.facts["summary"]["V Se"]["records"] == 1
    assert "left out, with paced beats: p" in run("compare", *patterns).out
    with_paced = run("compare", *patterns, "--include-paced", "--json").facts
    assert with_paced["summary"]["V Se"]["records"] == 2
    alone = run("compare", tmp_path / "p.atr", tmp_path / "p.qrs")
    assert alone.code == 1
    assert "--include-paced" in alone.err


def test_two_named_files_need_not_have_the_same_name_but_those_of_patterns_do(write, run, tmp_path):
    files = write("a.atr", marks("NV")), write("b.qrs", marks("NV"))
    assert run("compare", *files).code == 0
    assert run("compare", tmp_path / "*.atr", files[1]).code == 1
    assert run("compare", files[0], tmp_path / "*.qrs").code == 1


def test_a_test_without_reference_is_an_error(write, run, tmp_path):
    for file in ("right/a.atr", "own/a.qrs", "own/b.qrs"):
        write(file, marks("NN"))
    said = run("compare", tmp_path / "right/*.atr", tmp_path / "own/*.qrs")
    assert said.code == 1
    assert "no reference for b" in said.err


def test_two_tests_of_one_record_are_wrong_usage(write, run, tmp_path):
    for file in ("a.atr", "b.atr", "one/a.qrs", "two/a.qrs"):
        write(file, marks("NN"))
    assert run("compare", tmp_path / "*.atr", tmp_path / "*/*.qrs").code == 2


def test_the_beginning_and_the_escape_beats_can_be_chosen(write, run):
    files = write("a.atr", marks("NjV", begin=1.0)), write("a.qrs", marks("NSV", begin=1.0))
    assert run("compare", *files, "--json").facts["summary"]["QRS Se"]["gross"] is None
    options = ["--from-minute", "0", "--json"]
    assert run("compare", *files, *options).facts["summary"]["S Se"]["gross"] == 1.0
    figures = run("compare", *files, *options, "--escapes", "N").facts["summary"]
    assert (figures["S Se"]["gross"], figures["N flagged"]["gross"]) == (None, 0.5)
    assert run("compare", *files, "--from-minute", "-1").code == 2


def test_differences_are_written(write, run, tmp_path):
    files = write("a.atr", marks("NVN")), write("a.qrs", [*marks("NNN"), (310.5, "V")])
    assert run("compare", *files, "--differences", tmp_path / "unlike.csv").code == 0
    assert (tmp_path / "unlike.csv").read_text().splitlines() == [
        "record,reference_time,test_time,reference,test",
        "a,302.000,302.000,V,N",
        "a,,310.500,O,V",
    ]


def test_files_at_two_sampling_rates_are_compared_in_seconds(write, run):
    files = write("a.atr", marks("NVN")), write("a.qrs", marks("NVN"), rate=360)
    assert run("compare", *files, "--json").facts["summary"]["V Se"]["gross"] == 1.0


def test_a_file_without_a_rate_takes_the_references_or_asks(write, run):
    right, own = write("a.atr", marks("NVN")), write("own/a.qrs", marks("NVN"), rate=None)
    assert run("compare", right, own, "--json").facts["summary"]["V Se"]["gross"] == 1.0
    bare = write("bare/a.atr", marks("NVN"), rate=None)
    said = run("compare", bare, own)
    assert said.code == 1
    assert "--sampling-rate" in said.err
    said = run("compare", bare, own, "--sampling-rate", RATE, "--json")
    assert said.facts["summary"]["V Se"]["gross"] == 1.0


def test_files_are_found_where_data_are_kept(write, run, tmp_path, monkeypatch):
    write("mitdb/a.atr", marks("NV"))
    own = write("own/a.qrs", marks("NV"))
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(tmp_path))
    assert run("compare", "mitdb/a.atr", own).code == 0
    assert run("compare", "mitdb/*.atr", own).code == 0


def test_what_is_missing_or_no_annotation_file_is_named(write, run, tmp_path):
    right = write("a.atr", marks("NV"))
    said = run("compare", right, tmp_path / "a.qrs")
    assert (said.code, "a.qrs" in said.err) == (1, True)
    (tmp_path / "a.bad").write_bytes(b"\x01")
    said = run("compare", right, tmp_path / "a.bad")
    assert said.code == 1
    assert "a.bad" in said.err


def test_annotations_of_analyse_are_judged_by_what_is_flagged(write, run):
    """A strange beat is a Q there, and a beat that was set aside is none."""
    files = write("a.atr", marks("NNVVF")), write("a.ecglab", marks("NQQ|Q"))
    figures = run("compare", *files, "--json").facts["records"][0]["figures"]
    assert figures["flagged Se"]["value"] == 0.5
    assert figures["N flagged"]["value"] == 0.5
    assert figures["F flagged"]["value"] == 1.0
    assert json.dumps(figures)
