"""Which heartbeats the course gets: real ones, or, only where there are none, simulated ones."""

import logging
import subprocess
import sys

import numpy as np
import pytest

from ecglab.datasets import load_heartbeats, load_record, load_signal
from ecglab.errors import DatasetError, DatasetUnavailableError


def test_simulated_beats_are_had_without_a_word(caplog):
    beats = load_heartbeats("simulated")
    assert beats.source == "simulated"
    assert caplog.records == []


def test_the_seed_reaches_the_simulator(tmp_path):
    first, same, other = (
        load_heartbeats("simulated", random_state=seed).signals for seed in (1, 1, 2)
    )
    fallback = load_heartbeats("auto", data_home=tmp_path, random_state=1).signals
    np.testing.assert_array_equal(first, same)
    np.testing.assert_array_equal(first, fallback)
    assert not np.array_equal(first, other)


def test_without_the_archive_the_fallback_says_so_in_one_unmistakable_line(tmp_path, caplog):
    beats = load_heartbeats("auto", data_home=tmp_path)
    assert beats.source == "simulated"
    (record,) = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert record.name == "ecglab"
    assert "SIMULATED" in record.getMessage()
    assert "could not be downloaded from any of 2 addresses" in record.getMessage()
    assert "\n" not in record.getMessage()


def test_a_reader_sees_that_line_on_standard_error_and_nothing_else(tmp_path):
    code = "from ecglab.datasets import load_heartbeats; load_heartbeats()"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1
    assert "these are SIMULATED heartbeats" in run.stderr


def test_asked_for_the_real_beats_nothing_else_is_given(tmp_path):
    with pytest.raises(DatasetUnavailableError, match="make_heartbeats"):
        load_heartbeats("ecg5000", data_home=tmp_path)


@pytest.mark.parametrize("source", ["auto", "ecg5000"])
@pytest.mark.parametrize(
    ("name", "content"),
    [("ECG5000.zip", b"half a zip"), ("ECG5000_TRAIN.txt", b"1 2 3")],
    ids=["damaged", "incomplete"],
)
def test_a_bad_archive_is_never_replaced_by_simulated_beats(tmp_path, source, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        load_heartbeats(source, data_home=tmp_path)
    assert not isinstance(caught.value, DatasetUnavailableError)


def test_the_environment_chooses_when_nothing_else_does(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("ECGLAB_SOURCE", "simulated")
    assert load_heartbeats().source == "simulated"
    assert caplog.records == []
    monkeypatch.setenv("ECGLAB_SOURCE", "ecg5000")
    with pytest.raises(DatasetUnavailableError):
        load_heartbeats()
    assert load_heartbeats("simulated").source == "simulated"
    monkeypatch.setenv("ECGLAB_SOURCE", "")
    assert load_heartbeats(data_home=tmp_path).source == "simulated"


def test_unknown_sources_are_refused_and_the_choices_listed(monkeypatch):
    with pytest.raises(ValueError, match=r"^source must be one of 'auto', 'ecg5000', 'simulated'"):
        load_heartbeats("real")
    monkeypatch.setenv("ECGLAB_SOURCE", "ECG")
    with pytest.raises(ValueError, match=r"variable ECGLAB_SOURCE must be one of.*not 'ECG'"):
        load_heartbeats()


def test_the_real_archive_is_preferred(ecg5000_home, ecg5000, monkeypatch, caplog):
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(ecg5000_home))
    for source in (None, "auto", "ecg5000"):
        beats = load_heartbeats(source)
        assert beats.source == "ECG5000"
        np.testing.assert_array_equal(beats.signals, ecg5000.signals)
    assert caplog.records == []


# Recordings


def test_a_recording_that_is_at_hand_is_read(mitdb, monkeypatch):
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(mitdb.parent))
    assert load_record("mitdb/106").source == "mitdb/106"


def test_a_recording_that_is_not_is_simulated_with_a_word_and_always_the_same(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("ECGLAB_SOURCE", raising=False)
    first = load_record("mitdb/106", minutes=0.5)
    assert first.source == "simulated"
    assert "SIMULATED" in caplog.text
    monkeypatch.setenv("ECGLAB_SOURCE", "simulated")
    caplog.clear()
    same, other = (load_record(name, minutes=0.5) for name in ("mitdb/106", "mitdb/119"))
    assert caplog.text == ""
    np.testing.assert_array_equal(first.signals, same.signals)
    assert not np.array_equal(same.times[:10], other.times[:10])


@pytest.mark.parametrize("source", ["auto", "simulated"])
def test_the_samples_of_a_recording_are_those_that_its_beats_were_cut_from(
    source, mitdb, monkeypatch
):
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(mitdb.parent))
    monkeypatch.setenv("ECGLAB_SOURCE", source)
    samples, rate = load_signal("mitdb/106")
    record = load_record("mitdb/106")
    assert (rate, len(samples)) == (record.sampling_rate, round(record.duration * rate))
    place = round(record.times[10] * rate)
    cut = slice(*(place + round(edge * rate) for edge in record.window))
    resampled = np.interp(
        np.linspace(0, 1, 140), np.linspace(0, 1, cut.stop - cut.start), samples[cut]
    )
    assert np.corrcoef(resampled, record.signals[10])[0, 1] > 0.95
