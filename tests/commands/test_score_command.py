"""`ecglab score`: every beat gets its score, whole files or none, and the right exit code."""

import signal
import time

import numpy as np
import pandas as pd
import pytest
from records import simulate

from ecglab import AutoencoderDetector, load_detector
from ecglab.autoencoders import DenseTorchAutoencoder
from ecglab.batch import find_strangest
from ecglab.commands._show import list_rows
from ecglab.datasets import read_record


@pytest.mark.parametrize("form", [".csv", ".parquet"])
def test_a_table_is_scored_and_summed_up(run, model, csv, beats, tmp_path, form):
    out = tmp_path / f"strange{form}"
    said = run("score", model, csv, "--out", out, "--json", "--quiet")
    assert said.code == 0
    facts = said.facts
    scores = pd.read_csv(out) if form == ".csv" else pd.read_parquet(out)
    detector = load_detector(model)
    expected = detector.reconstruction_error(beats.signals)
    flagged = expected > detector.threshold_
    np.testing.assert_allclose(scores["score"], expected, rtol=1e-5)
    assert facts["n_beats"] == 400
    assert facts["n_strange"] == flagged.sum()
    assert facts["recall"]["count"] == (flagged & beats.is_anomaly).sum()
    assert facts["recall"]["of"] == beats.is_anomaly.sum()
    assert facts["false_alarms"]["count"] == (flagged & ~beats.is_anomaly).sum()
    assert facts["false_alarms"]["of"] == (~beats.is_anomaly).sum()
    assert [beat["beat"] for beat in facts["strangest"]] == np.argsort(-expected)[:10].tolist()


def test_the_summary_for_people(run, model, csv, tmp_path):
    said = run("score", model, csv, "--out", tmp_path / "strange.csv", "--quiet")
    assert said.code == 0
    assert "400 beats" in said.out
    assert "recall " in said.out
    assert "the strangest:" in said.out
    assert "label: column 140 ('label') (its name)" in said.out
    assert "normal label: 1 (assumed: " in said.out
    assert said.err.startswith("ecglab: note: ")
    assert "took 1 for the normal label" in said.err
    told = run(
        "score", model, csv, "--out", tmp_path / "s.csv", "--quiet", "--normal-label", "1", "--json"
    )
    assert told.err == ""
    reading = {decision["topic"]: decision for decision in told.facts["reading"]}
    assert reading["normal label"]["value"] == "1"
    assert not reading["normal label"]["assumed"]


def test_without_labels_there_are_no_verdicts(run, model, unlabelled, tmp_path):
    said = run("score", model, unlabelled, "--out", tmp_path / "s.csv", "--json", "--quiet")
    assert said.facts["recall"] is said.facts["false_alarms"] is None
    spoken = run("score", model, unlabelled, "--out", tmp_path / "s.csv", "--quiet").out
    assert "by the labels" not in spoken


def test_labels_of_normal_beats_alone_give_false_alarms_and_no_recall(run, model, table, tmp_path):
    normal = table[table["label"] == 1].assign(label="N")
    normal.to_csv(tmp_path / "normal.csv", index=False)
    words = "score", model, tmp_path / "normal.csv", "--out", tmp_path / "s.csv", "--quiet"
    facts = run(*words, "--json").facts
    assert facts["recall"] is None
    assert facts["false_alarms"]["of"] == len(normal)
    assert "none to count" in run(*words).out


def test_a_threshold_of_ones_own(run, model, csv, tmp_path):
    out = tmp_path / "strange.csv"
    low = run("score", model, csv, "--out", out, "--threshold", "-1", "--json", "--quiet").facts
    assert low["n_strange"] == low["n_beats"] == 400
    assert low["threshold"] == -1
    high = run("score", model, csv, "--out", out, "--threshold", "1e9", "--json", "--quiet").facts
    assert high["n_strange"] == 0
    assert len(high["strangest"]) == 10
    said = run("score", model, csv, "--out", out, "--threshold", "-1", "--quiet")
    assert "more than half" in said.out


def test_a_recording_keeps_times_symbols_and_rr_intervals(run, model, record, tmp_path):
    out = tmp_path / "strange.csv"
    said = run("score", model, record, "--out", out, "--json", "--quiet")
    assert said.code == 0
    scores, beats = pd.read_csv(out), read_record(record)
    np.testing.assert_allclose(scores["time"], beats.times)
    np.testing.assert_allclose(scores[["rr_before", "rr_after"]], beats.rr_intervals)
    assert scores["symbol"].tolist() == beats.symbols.tolist()
    expected = load_detector(model).reconstruction_error(beats.signals)
    np.testing.assert_allclose(scores["score"], expected)
    assert said.facts["recall"]["of"] == beats.is_anomaly.sum()
    assert (
        said.facts["n_set_aside"] == len(beats.set_aside) == sum(said.facts["set_aside"].values())
    )


def test_a_recording_without_annotations_has_neither_symbols_nor_verdicts(
    run, model, record, tmp_path
):
    options = ["--annotations", "none", "--json", "--quiet"]
    said = run("score", model, record, "--out", tmp_path / "s.parquet", *options)
    assert said.code == 0
    assert said.facts["recall"] is None
    scores = pd.read_parquet(tmp_path / "s.parquet")
    assert list(scores) == ["beat", "score", "is_anomaly", "time", "rr_before", "rr_after"]


def test_beats_set_aside_are_counted_with_the_reason(run, model, record, tmp_path):
    said = run("score", model, record, "--out", tmp_path / "s.csv", "--quiet")
    aside = read_record(record).set_aside
    assert len(aside)
    assert f"set aside: {len(aside)}, {aside['reason'].iloc[0]}" in said.out


def test_columns_of_samples_are_a_recording_if_a_rate_is_given(run, model, record, tmp_path):
    samples = simulate(2.0, {"V": 0.1}, 250.0).values
    np.savetxt(tmp_path / "signal.csv", samples, "%.4f", header="II", comments="")
    words = "score", model, tmp_path / "signal.csv", "--out", tmp_path / "s.csv", "--quiet"
    assert run(*words, "--sampling-rate", "250").code == 0
    assert "time" in pd.read_csv(tmp_path / "s.csv")
    same = run(*words[:3], "--out", tmp_path / "signal.csv", "--sampling-rate", "250")
    assert same.code == 1
    assert "is the table of beats itself" in same.err


def test_flat_lines_and_bad_rows_are_counted(run, model, table, tmp_path):
    table = table.copy().astype(object)
    table.iloc[5, :-1] = 0.25
    table.iloc[8, 3] = "?"
    table.to_csv(tmp_path / "beats.csv", index=False)
    words = "score", model, tmp_path / "beats.csv", "--out", tmp_path / "s.csv", "--quiet"
    words = *words, "--normal-label", "1"
    refused = run(*words)
    assert refused.code == 1
    assert "beats.csv, line 10" in refused.err
    said = run(*words, "--drop-bad-rows")
    assert said.code == 0
    assert "set aside: 1, rows that are no beats" in said.out
    assert "without a score: 1 flat lines" in said.out
    facts = run(*words, "--drop-bad-rows", "--json").facts
    assert (facts["n_set_aside"], facts["n_unscored"]) == (1, 1)
    assert len(facts["notes"]) == 2


@pytest.mark.parametrize("form", [".csv", ".parquet"])
def test_where_every_beat_is_flat_none_is_the_strangest(run, model, table, tmp_path, form):
    table.assign(**dict.fromkeys(table.columns[:-1], 0.25)).to_csv(tmp_path / "flat.csv")
    words = "score", model, tmp_path / "flat.csv", "--out", tmp_path / f"s{form}", "--quiet"
    said = run(*words, "--ignore-column", "0")
    assert said.code == 0
    assert "without a score: 400 flat lines" in said.out
    assert "strangest" not in said.out
    assert "Empty" not in said.out
    assert run(*words, "--ignore-column", "0", "--json").facts["strangest"] == []


# What cannot be done


def test_beats_of_another_length_are_refused_and_resampling_is_suggested(
    run, model, csv, tmp_path, names_in
):
    out = tmp_path / "strange.csv"
    said = run("score", model, csv, "--out", out, "--ignore-column", "s0", "--quiet")
    assert said.code == 1
    assert "beats of 139 samples, but the detector was trained on beats of 140" in said.err
    assert "Resample" in said.err
    assert "--ignore-column" in said.err
    assert names_in(tmp_path) == []


def test_a_recording_is_cut_to_the_length_that_the_model_takes(run, table, record, tmp_path, quick):
    for n_samples, code in ((96, 0), (12, 1)):
        table.drop(columns=[f"s{i}" for i in range(n_samples, 140)]).to_csv(
            tmp_path / "short.csv", index=False
        )
        run("train", tmp_path / "short.csv", "--out", tmp_path / "model", *quick)
        said = run("score", tmp_path / "model", record, "--out", tmp_path / "s.csv")
        assert said.code == code
    assert "n_samples must lie between 20 and 10,000, not 12" in said.err


def test_bad_models_are_named(run, csv, model, tmp_path):
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "config.json").write_bytes((model / "config.json").read_bytes())
    (damaged / "weights.safetensors").write_bytes(b"nothing")
    for folder in (tmp_path / "absent", damaged, csv):
        said = run("score", folder, csv, "--out", tmp_path / "s.csv")
        assert said.code == 1
        assert str(folder) in said.err
        assert "Traceback" not in said.err


def test_a_model_of_several_leads_is_refused(run, csv, record, beats, tmp_path):
    two_leads = np.stack([beats.normal.signals, -beats.normal.signals], axis=2)
    autoencoder = DenseTorchAutoencoder((8, 3), max_epochs=1)
    AutoencoderDetector(autoencoder, random_state=0).fit(two_leads).save(tmp_path / "model")
    for file in (csv, record):
        said = run("score", tmp_path / "model", file, "--out", tmp_path / "s.csv")
        assert said.code == 1
        assert "beats of several channels" in said.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "scores.txt"], "does not end in .csv or .parquet"),
        (["--out", "s.csv", "--threshold", "nan"], "not a finite number"),
        (["--out", "s.csv", "--sampling-rate", "0"], "not a number above 0"),
        ([], "required: --out"),
    ],
)
def test_wrong_usage_exits_with_two(run, tmp_path, options, message):
    said = run("score", tmp_path / "model", tmp_path / "beats.csv", *options)
    assert said.code == 2
    assert message in said.err


def test_an_output_that_cannot_be_written_is_named(run, model, csv, record, tmp_path, names_in):
    (tmp_path / "folder.csv").mkdir()
    for file in (csv, record):
        for out in (tmp_path / "absent" / "s.csv", tmp_path / "folder.csv"):
            said = run("score", model, file, "--out", out, "--quiet")
            assert said.code == 1
            assert str(out) in said.err
    assert names_in(tmp_path) == ["folder.csv"]


# As a process of its own


@pytest.mark.slow
def test_progress_and_results_go_to_different_streams(console, model, csv, tmp_path):
    process = console("score", model, csv, "--out", tmp_path / "strange.csv", "--json")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert out.startswith("{")
    assert out.count("\n") == 1
    assert "beat/s" in err


@pytest.mark.slow
def test_an_interrupted_run_leaves_neither_its_output_nor_its_temporary_file(
    console, model, csv, tmp_path, names_in
):
    head, _, body = csv.read_bytes().partition(b"\n")
    (tmp_path / "large.csv").write_bytes(head + b"\n" + body * 300)
    folder = tmp_path / "out"
    folder.mkdir()
    process = console("score", model, tmp_path / "large.csv", "--out", folder / "strange.csv")
    while not names_in(folder):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert names_in(folder) == []


# The strangest


def test_the_strangest_are_found_piece_by_piece():
    scores = np.random.default_rng(0).normal(size=100)
    scores[[3, 50]] = np.nan
    table = pd.DataFrame({"beat": np.arange(100), "score": scores, "label": ["NA"] * 100})
    found = find_strangest(table[:7])
    for first in range(7, 100, 7):
        found = find_strangest(table[first : first + 7], found)
    pd.testing.assert_frame_equal(found, table.dropna(subset="score").nlargest(10, "score"))


def test_what_json_has_no_word_for_becomes_null():
    table = pd.DataFrame({"rr_before": [np.nan], "n": np.array([3]), "symbol": ["V"]})
    assert list_rows(table) == [{"rr_before": None, "n": 3, "symbol": "V"}]
