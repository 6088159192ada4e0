"""`ecglab train`: what it learns from, what it says of itself, and what it leaves on disk."""

import signal

import numpy as np
import pandas as pd
import pytest

from ecglab import AutoencoderDetector, load_detector
from ecglab.autoencoders import DenseTorchAutoencoder
from ecglab.commands._held_out import divide, judge
from ecglab.datasets import read_heartbeats
from ecglab.evaluation import pooled_split


def test_the_summary_says_what_was_read_and_trained(run, csv, beats, tmp_path, quick):
    said = run("train", csv, "--out", tmp_path / "model", *quick)
    n_anomalies = int(beats.is_anomaly.sum())
    assert said.code == 0
    assert f"{400 - n_anomalies} normal and {n_anomalies} anomalies by their labels" in said.out
    assert "dense_torch, 5 epochs" in said.out
    assert "by the rule quantile, quantile=0.95" in said.out
    assert "(label-free)" in said.out
    assert "held out at random, used for nothing else" in said.out
    assert load_detector(tmp_path / "model").n_features_in_ == 140


def test_figures_are_those_of_beats_that_nothing_was_fitted_to(run, csv, tmp_path, quick):
    facts = run("train", csv, "--out", tmp_path / "model", "--json", *quick).facts
    test = pooled_split(read_heartbeats(csv), random_state=0).test
    scores = load_detector(tmp_path / "model").reconstruction_error(test.signals)
    flagged = scores > facts["threshold"]["value"]
    held_out = facts["held_out"]
    assert held_out["recall"]["of"] == test.is_anomaly.sum()
    assert held_out["recall"]["count"] == flagged[test.is_anomaly].sum()
    assert held_out["false_alarms"]["of"] == (~test.is_anomaly).sum()
    assert held_out["false_alarms"]["count"] == flagged[~test.is_anomaly].sum()
    for figure in held_out.values():
        assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1


def test_parts_are_disjoint_and_anomalies_are_never_trained_on(beats):
    parts = divide(beats, random_state=3)
    rows = [
        {signal.tobytes() for signal in part.signals}
        for part in (parts.train, parts.validation, parts.test)
    ]
    assert sum(map(len, rows)) == len(set.union(*rows)) == len(beats)
    assert not parts.train.is_anomaly.any()
    assert parts.validation.is_anomaly.any()


@pytest.mark.parametrize("n_anomalies", [5, 6, 9, 10, 14])
def test_few_anomalies_of_many_classes_can_be_divided(beats, n_anomalies):
    rare = np.concatenate([np.flatnonzero(beats.labels == label)[:3] for label in (2, 3, 4, 5)])
    rows = np.concatenate([np.flatnonzero(~beats.is_anomaly), rare[:n_anomalies]])
    parts = divide(beats[rows], random_state=0)
    n_held = parts.validation.is_anomaly.sum(), parts.test.is_anomaly.sum()
    assert min(n_held) >= 1
    assert sum(n_held) == beats[rows].is_anomaly.sum()


def test_nothing_can_be_judged_by_four_anomalies(beats):
    rows = np.concatenate([np.flatnonzero(~beats.is_anomaly), np.flatnonzero(beats.is_anomaly)[:4]])
    parts = divide(beats[rows], random_state=0)
    assert parts.validation is parts.test is None
    assert not parts.train.is_anomaly.any()


def test_judging_counts_anomalies_as_the_positive_class(beats):
    autoencoder = DenseTorchAutoencoder((32, 8), max_epochs=40, batch_size=32)
    detector = AutoencoderDetector(autoencoder, random_state=0).fit(beats.normal.signals)
    held_out = judge(detector, beats)
    assert held_out.recall.of == beats.is_anomaly.sum()
    assert held_out.roc_auc.value > 0.9
    assert held_out.recall.interval.value > held_out.false_alarms.interval.value


def test_without_labels_all_beats_are_taken_for_normal_and_it_says_so(
    run, unlabelled, tmp_path, quick
):
    said = run("train", unlabelled, "--out", tmp_path / "model", *quick)
    assert said.code == 0
    assert "without labels: all are taken for normal" in said.out
    assert "not evaluated" in said.out
    assert "ROC-AUC" not in said.out


def test_a_rule_that_needs_anomalies_sees_those_of_the_validation_part(run, csv, tmp_path, quick):
    said = run("train", csv, "--out", tmp_path / "model", "--threshold", "f1", *quick)
    n_validation = pooled_split(read_heartbeats(csv), random_state=0).validation.is_anomaly.sum()
    assert said.code == 0
    assert f"and {n_validation} anomalies (label-tuned)" in said.out
    assert not load_detector(tmp_path / "model").label_free_


@pytest.mark.parametrize(
    "choice", [["--threshold", "f1"], ["--scoring", "learned_weights"], ["--threshold", "cost"]]
)
def test_a_choice_that_needs_anomalies_is_refused_without_any(
    run, unlabelled, tmp_path, choice, quick
):
    said = run("train", unlabelled, "--out", tmp_path / "model", *choice, *quick)
    assert said.code == 1
    assert "too few labelled anomalies" in said.err
    assert not (tmp_path / "model").exists()


def test_every_choice_reaches_the_detector(run, csv, tmp_path, quick):
    choices = ["--scaler", "unit", "--scoring", "mae", "--random-state", "7"]
    rule = ["--threshold", "false_positive_rate", "--threshold-param", "rate=0.1"]
    assert run("train", csv, "--out", tmp_path / "model", *choices, *rule, *quick).code == 0
    detector = load_detector(tmp_path / "model")
    assert detector.scaler_.feature_range == (0, 1)
    assert type(detector.scoring_).__name__ == "MeanAbsoluteError"
    assert detector.threshold == "false_positive_rate"
    assert detector.threshold_params == {"rate": 0.1}
    assert detector.random_state == 7


def test_a_scaler_that_cannot_serve_the_network_is_refused(run, csv, tmp_path, quick):
    refused = run("train", csv, "--out", tmp_path / "m", "--scaler", "standard", *quick)
    assert refused.code == 1
    assert "reaches from -1 to 1" in refused.err


def test_a_record_is_cut_into_beats_and_its_annotations_are_labels(run, record, tmp_path, quick):
    said = run("train", record, "--out", tmp_path / "model", "--json", *quick)
    assert said.code == 0
    assert said.facts["labelled"]
    assert said.facts["n_anomalies"] > 5
    unread = run(
        "train", record, "--annotations", "none", "--out", tmp_path / "m", "--json", *quick
    )
    assert not unread.facts["labelled"]


def test_a_sample_of_a_large_table_is_said_to_be_one(run, csv, tmp_path, quick):
    said = run("train", csv, "--out", tmp_path / "model", "--max-beats", "200", *quick)
    assert "drawn at random: 200 of 400 beats" in said.out


def test_flat_lines_and_bad_rows_are_set_aside_and_counted(run, table, tmp_path, quick):
    table = table.copy().astype(object)
    table.iloc[0, :-1] = 0.5
    table.iloc[3, 7] = "x"
    table.to_csv(tmp_path / "beats.csv", index=False)
    refused = run("train", tmp_path / "beats.csv", "--out", tmp_path / "model", *quick)
    assert refused.code == 1
    assert "line 5" in refused.err
    assert "--drop-bad-rows" in refused.err
    said = run(
        "train", tmp_path / "beats.csv", "--out", tmp_path / "model", "--drop-bad-rows", *quick
    )
    assert said.code == 0
    assert "set aside: 1\n" in said.out
    assert "set aside: 1 flat lines" in said.out


def test_few_validation_beats_are_noted_on_the_error_stream(run, csv, tmp_path, quick):
    param = ["--threshold-param", "quantile=0.999"]
    said = run(
        "train", csv, "--normal-label", "1", "--out", tmp_path / "model", "--json", *param, *quick
    )
    assert "ecglab: note:" in said.err
    assert said.facts["notes"] == [said.err.removeprefix("ecglab: note: ").rstrip("\n")]


# Wrong usage, bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--threshold-param", "quantille=0.9"], "no parameter 'quantille'; it has quantile"),
        (["--threshold-param", "quantile=95"], "must lie between 0 and 1"),
        (["--threshold", "f1", "--threshold-param", "beta=2"], "no parameter 'beta'; it has none"),
        (["--threshold-param", "quantile"], "invalid named_number value"),
        (["--threshold", "best"], "invalid choice"),
        (["--autoencoder", "dens"], "invalid choice"),
        (["--max-beats", "0"], "not a whole number above 0"),
        (["--random-state", "-1"], "not a whole number from 0"),
        (["--unlabelled", "--normal-label", "1"], "makes no sense with --unlabelled"),
        (["--unlabelled", "--label-column", "0"], "not allowed with"),
    ],
)
def test_wrong_usage_exits_with_two_before_anything_is_read(run, tmp_path, options, message):
    said = run("train", tmp_path / "absent.csv", "--out", tmp_path / "model", *options)
    assert said.code == 2
    assert message in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--label-column", "lable"], "no column 'lable'"),
        (["--label-column", "-1", "--normal-label", "9"], "0 normal beats"),
        (["--ignore-column", "s0", "--ignore-column", "s900"], "no column 's900'"),
        (["--header", "no"], "line 1"),
    ],
)
def test_what_does_not_fit_the_table_exits_with_one(run, csv, tmp_path, options, message, quick):
    said = run("train", csv, "--out", tmp_path / "model", *options, *quick)
    assert said.code == 1
    assert message in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "model").exists()


def test_a_missing_file_is_named(run, tmp_path):
    for name in ("absent.csv", "absent.hea", "absent.edf", "absent"):
        said = run("train", tmp_path / name, "--out", tmp_path / "model")
        assert said.code == 1
        assert name in said.err
    assert not (tmp_path / "model").exists()


# The folder


def test_an_earlier_detector_is_replaced(run, csv, tmp_path, names_in, quick):
    for seed in (0, 1):
        options = ["--random-state", seed, *quick]
        assert run("train", csv, "--out", tmp_path / "model", *options).code == 0
    assert load_detector(tmp_path / "model").random_state == 1
    assert names_in(tmp_path) == ["model"]
    assert names_in(tmp_path / "model") == ["config.json", "weights.safetensors"]


@pytest.mark.parametrize(
    "content",
    [
        {"thesis.tex": "of years"},
        {"config.json": "{}", "weights.safetensors": ""},
        {"config.json": '{"format": "another"}'},
        {"config.json": "not json", "weights.safetensors": ""},
    ],
)
def test_a_folder_that_holds_something_else_is_refused_before_training(run, csv, tmp_path, content):
    folder = tmp_path / "precious"
    folder.mkdir()
    for name, text in content.items():
        (folder / name).write_text(text)
    said = run("train", csv, "--out", folder)
    assert said.code == 1
    assert "holds something else than a detector" in said.err
    assert {path.name: path.read_text() for path in folder.iterdir()} == content


def test_a_file_is_no_folder(run, csv, tmp_path):
    (tmp_path / "model").write_text("mine")
    for out in (tmp_path / "model", tmp_path / "model" / "below"):
        said = run("train", csv, "--out", out)
        assert said.code == 1
        assert str(out) in said.err
    assert (tmp_path / "model").read_text() == "mine"


def test_parents_of_the_folder_are_made(run, unlabelled, tmp_path, quick):
    assert run("train", unlabelled, "--out", tmp_path / "a" / "b" / "model", *quick).code == 0
    assert load_detector(tmp_path / "a" / "b" / "model").n_features_in_ == 140


def test_without_room_an_earlier_detector_stays(run, csv, tmp_path, names_in, quick, full_disk):
    folder = tmp_path / "model"
    run("train", csv, "--out", folder, *quick)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for out in (folder, tmp_path / "new"):
        with full_disk():
            said = run("train", csv, "--out", out, *quick)
        assert said.code == 1
        assert f"{out} cannot be written" in said.err
        assert ".writing" not in said.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert names_in(tmp_path) == ["model"]


# As a process of its own


@pytest.mark.slow
def test_progress_and_results_go_to_different_streams(console, csv, tmp_path, quick):
    options = [option for option in quick if option != "--quiet"]
    process = console("train", csv, "--out", tmp_path / "model", "--json", *options)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert out.startswith("{")
    assert out.count("\n") == 1
    assert "5/5" in err


@pytest.mark.slow
def test_an_interrupted_training_leaves_nothing(console, csv, tmp_path, names_in):
    process = console("train", csv, "--autoencoder", "lstm", "--out", tmp_path / "model")
    while "epoch/s" not in process.stderr.read(20):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.endswith("ecglab: interrupted; nothing was left half written\n")
    assert names_in(tmp_path) == []


def test_parquet_tables_are_read_too(run, table, tmp_path, quick):
    pytest.importorskip("pyarrow")
    table.to_parquet(tmp_path / "beats.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "beats.parquet"), table)
    assert run("train", tmp_path / "beats.parquet", "--out", tmp_path / "model", *quick).code == 0
