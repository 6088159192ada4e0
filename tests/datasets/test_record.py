"""`read_record`: the same beats whatever the file, cut, normalised and annotated as promised."""

import logging
import os
from dataclasses import replace
from pathlib import Path

import edfio
import numpy as np
import pytest
from records import quiet_wfdb, simulate, write_marks, write_wfdb

from ecglab.datasets import Record, read_record
from ecglab.datasets._leads import read_lead_of
from ecglab.datasets._raw import RawLead, Signals
from ecglab.datasets._record import cut_record
from ecglab.errors import DatasetError, DatasetUnavailableError

REAL_DATA_HOME = os.environ.get("ECGLAB_DATA_HOME")
RECORDS = ("100", "106", "119", "208")


@pytest.fixture
def mitdb(monkeypatch):
    """Let records be found by their PhysioNet names, or skip the test."""
    if not REAL_DATA_HOME or not (Path(REAL_DATA_HOME) / "mitdb" / "106.hea").is_file():
        pytest.skip("no real records: set ECGLAB_DATA_HOME to a folder with mitdb/106.hea in it")
    monkeypatch.setenv("ECGLAB_DATA_HOME", REAL_DATA_HOME)
    return Path(REAL_DATA_HOME) / "mitdb"


@pytest.fixture(scope="module")
def raw():
    return simulate(1.0, {"V": 0.15, "A": 0.05}, 250.0, 1)


def write_record(folder, raw, extension="atr"):
    """Write two leads, the second one upside down, and the annotations."""
    samples = np.round(raw.marks.times * raw.rate).astype(int)
    write_marks(
        folder / f"sim.{extension}",
        np.concatenate([[1], samples]),
        ["+", *raw.marks.symbols.tolist()],
        aux_note=["(N", *([""] * len(samples))],
    )
    return write_wfdb(folder, {"MLII": raw.values, "V1": -raw.values}, raw.rate)


def write_edf(path, raw, annotated=True):
    """Write one lead as EDF+."""
    seconds = int(raw.duration)
    notes = zip(raw.marks.times.tolist(), raw.marks.symbols.tolist(), strict=True)
    edfio.Edf(
        [
            edfio.EdfSignal(np.zeros(seconds) + np.arange(seconds) % 2, 1, label="Resp"),
            edfio.EdfSignal(
                raw.values[: int(seconds * raw.rate)],
                raw.rate,
                label="ECG II",
                physical_dimension="mV",
            ),
        ],
        annotations=[edfio.EdfAnnotation(time, None, symbol) for time, symbol in notes]
        if annotated
        else (),
    ).write(path)
    return path


def compare(reference, found, window_width):
    """Match marks that lie near each other, as the program bxb does."""
    with quiet_wfdb() as wfdb:
        return wfdb.processing.compare_annotations(reference, found, window_width)


def assert_same_beats(record, expected, tolerance=0.02):
    assert record.times == pytest.approx(expected.times, abs=1e-6)
    assert record.symbols.tolist() == expected.symbols.tolist()
    assert np.abs(record.signals - expected.signals).max() < tolerance


def test_every_kind_of_file_gives_the_same_beats(raw, tmp_path):
    expected = cut_record(raw, source="simulated")
    assert_same_beats(read_record(write_record(tmp_path, raw)), expected)
    assert_same_beats(read_record(tmp_path / "sim"), expected)
    assert_same_beats(read_record(tmp_path / "sim.dat"), expected)
    assert_same_beats(read_record(write_edf(tmp_path / "sim.edf", raw)), expected)


def test_other_leads_are_read_when_asked_for(raw, tmp_path):
    header = write_record(tmp_path, raw)
    alone, beside = read_record(header, all_leads=False), read_record(header)
    assert (alone.lead_names, beside.lead_names) == (("MLII",), ("MLII", "V1"))
    assert np.array_equal(alone.signals, beside.signals)
    assert beside.amplitudes.shape == (*alone.signals.shape, 2)
    assert np.abs(beside.amplitudes.sum(axis=2)).max() < 0.02  # the second is the first, negated
    assert read_record(header, lead="V1").lead_names == ("V1",)


def test_tables_need_a_sampling_rate_and_give_the_same_beats(raw, tmp_path):
    detected = cut_record(replace(raw, marks=None), source="simulated")
    np.save(tmp_path / "a.npy", raw.values)
    np.savetxt(tmp_path / "b.txt", raw.values)
    with (tmp_path / "c.csv").open("w") as file:
        file.write("time;MLII;other\n")
        file.writelines(f"{i / 250:.3f};{v};{-v}\n" for i, v in enumerate(raw.values))
    for name in ("a.npy", "b.txt", "c.csv"):
        record = read_record(tmp_path / name, sampling_rate=250)
        assert record.times == pytest.approx(detected.times)
        np.testing.assert_allclose(record.signals, detected.signals, atol=1e-4)
        if name != "c.csv":  # which has a time
            with pytest.raises(DatasetError, match="pass sampling_rate"):
                read_record(tmp_path / name)
    assert record.lead == "MLII"
    assert read_record(tmp_path / "c.csv").sampling_rate == 250
    assert record.symbols is None


def test_beats_are_normalised_and_carry_their_place(raw):
    record = cut_record(raw, source="simulated")
    assert isinstance(record, Record)
    assert record.signals.shape == (len(record), 140)
    assert record.signals.mean(axis=1) == pytest.approx(0, abs=1e-5)
    assert record.signals.std(axis=1, ddof=1) == pytest.approx(1, abs=1e-5)
    all_times = np.sort(np.concatenate([record.times, record.set_aside["time"]]))
    np.testing.assert_allclose(all_times, raw.marks.times)
    place = np.searchsorted(all_times, record.times)
    inner = (place > 0) & (place < len(all_times) - 1)
    gaps = np.diff(all_times)
    np.testing.assert_allclose(record.rr_intervals[inner, 0], gaps[place[inner] - 1])
    np.testing.assert_allclose(record.rr_intervals[inner, 1], gaps[place[inner]])


def test_labels_follow_the_codes(raw):
    record = cut_record(raw, source="simulated")
    assert set(record.symbols) == {"N", "V", "A"}
    assert (record.is_anomaly == (record.symbols != "N")).all()
    assert record.class_names[int(record.labels[record.symbols == "V"][0])].startswith("Ventric")
    detected = cut_record(replace(raw, marks=None), source="simulated")
    assert set(detected.labels.tolist()) == {0}
    assert not detected.is_anomaly.any()


def test_selecting_keeps_what_belongs_to_the_recording(raw):
    record = cut_record(raw, source="simulated")
    part = record[record.times < 30]
    assert isinstance(part, Record)
    assert part.lead == record.lead
    assert part.times.max() < 30
    assert "Heartbeats(" in repr(part)


def test_window_and_length_can_be_chosen(raw):
    """A longer window with as many samples a second holds the shorter one."""
    short = cut_record(raw, (-0.2, 0.3), 100, None, source="")
    long = cut_record(raw, (-0.3, 0.4), 140, None, source="")
    at = np.flatnonzero(np.isin(short.times, long.times))
    inner = long.signals[:, 20:120]
    for beat, row in zip(short.signals[at], inner, strict=True):
        assert np.corrcoef(beat, row)[0, 1] > 0.99999
    assert short.window == (-0.2, 0.3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": (0.1, 0.4)},
        {"window": (-0.2, 5)},
        {"n_samples": 5},
        {"n_samples": 10**9},
        {"n_samples": 50.5},
        {"wander": -1},
    ],
)
def test_a_cut_that_makes_no_sense_is_refused(wrong, tmp_path):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        read_record(tmp_path / "none.hea", **wrong)


def test_resampling_does_not_fold_high_frequencies_back(raw):
    """A tone above the new Nyquist frequency must vanish, not turn up as another one."""
    seconds = np.arange(len(raw.values)) / raw.rate
    noisy = replace(raw, values=raw.values + 0.06 * np.sin(2 * np.pi * 115 * seconds))
    clean, filtered = (
        cut_record(r, source="", n_samples=70).signals[1:-1]  # the tone's ends hold all frequencies
        for r in (raw, noisy)
    )
    assert np.abs(clean - filtered).max() < 0.01


def test_the_baseline_is_removed_unless_it_is_to_stay(raw):
    seconds = np.arange(len(raw.values)) / raw.rate
    wandering = replace(raw, values=raw.values + 2 * np.sin(2 * np.pi * 0.1 * seconds))
    plain = cut_record(raw, source="")
    assert np.abs(cut_record(wandering, source="").signals - plain.signals).max() < 0.1
    left = cut_record(wandering, source="", wander=None).signals
    assert np.abs(left - plain.signals).max() > 0.3


def offer(raw, names, silent=()):
    """Offer signals of these names, all of them the same ECG but for those that are noise."""
    noise = np.random.default_rng(0).normal(size=len(raw.values))
    return Signals(
        "file",
        tuple(names),
        lambda n: RawLead("file", noise if n in silent else raw.values, raw.rate, names[n]),
    )


@pytest.mark.parametrize(
    ("names", "lead", "chosen"),
    [
        (["V5", "MLII"], None, "MLII"),
        (["V5", "V2"], None, "V5"),
        (["RESP", "ABP", "II"], None, "II"),
        (["Resp", "EKG1"], None, "EKG1"),
        (["PLETH", "channel 7"], None, "channel 7"),
        (["ECG I", "ECG II"], "ii", "ECG II"),
        (["MLII", "V1"], 1, "V1"),
        (["ECG_Rate", "ECG_Raw", "ECG_R_Peaks"], None, "ECG_Raw"),
        (["HR", "ECG_mV"], None, "ECG_mV"),
        (["x", "y", "z", "chest_ecg"], None, "chest_ecg"),
        (["D1", "D2", "EKG+"], None, "EKG+"),
        (["C3", "ECGL"], None, "ECGL"),
        (["Fp1"], "Fp1", "Fp1"),
        (["heart rate", "ECG (calibrated)", "ecg lead off"], None, "ECG (calibrated)"),
        (["EEG Fz-Cz", "SpO2", "Lead II"], None, "Lead II"),
    ],
)
def test_leads_are_chosen_by_name(raw, names, lead, chosen):
    assert read_lead_of(offer(raw, names), lead).lead == chosen


@pytest.mark.parametrize("lead", ["V9", 2, -1, None])
def test_a_missing_lead_is_an_error_that_lists_those_there_are(raw, lead):
    with pytest.raises(DatasetError, match="RESP, ABP"):
        read_lead_of(offer(raw, ["RESP", "ABP"]), lead)


def test_a_lead_that_does_not_look_like_an_ecg_is_passed_over_or_refused(raw, caplog):
    assert read_lead_of(offer(raw, ["I", "II"], silent={0}), None).lead == "II"
    assert "I is passed over: it " in caplog.text
    with pytest.raises(DatasetError, match=r"by its name only.*Pass the name"):
        read_lead_of(offer(raw, ["ECG"], silent={0}), None)
    assert read_lead_of(offer(raw, ["ECG"], silent={0}), "ECG").lead == "ECG"
    assert "does not look like an ECG" in caplog.text


def test_among_unknown_names_no_position_decides(raw):
    assert read_lead_of(offer(raw, ["a", "b"], silent={0}), None).lead == "b"
    with pytest.raises(DatasetError, match="several look like one"):
        read_lead_of(offer(raw, ["a", "b"]), None)


def test_an_interrupted_edf_file_is_refused(raw, tmp_path):
    """Its samples are not where their number says."""
    path = write_edf(tmp_path / "sim.edf", raw)
    path.write_bytes(path.read_bytes().replace(b"+40\x14\x14", b"+45\x14\x14", 1))
    with pytest.raises(DatasetError, match="interruptions"):
        read_record(path)


def test_annotations_can_be_chosen_and_refused(raw, tmp_path):
    header = write_record(tmp_path, raw, extension="qrs")
    assert read_record(header, annotations="qrs").provenance["R peaks"] == "sim.qrs"
    assert read_record(header, annotations=None).symbols is None
    with pytest.raises(DatasetError, match=r"sim.atr is missing"):
        read_record(header, annotations="atr")
    with pytest.raises(DatasetError, match="extension of a file"):
        read_record(header, annotations="../../etc/passwd")


def test_without_annotations_r_peaks_are_detected(raw, tmp_path):
    record = read_record(write_edf(tmp_path / "sim.edf", raw, annotated=False))
    found = np.concatenate([record.times, record.set_aside["time"]])
    comparison = compare(
        np.round(raw.marks.times * 250).astype(int), np.sort(np.round(found * 250).astype(int)), 37
    )
    assert comparison.sensitivity > 0.97
    assert comparison.positive_predictivity > 0.97
    assert record.provenance["R peaks"] == f"detected in {record.lead}"


def test_the_log_says_what_was_set_aside(raw, caplog):
    """Beats cut off by the ends of the recording are usual, and nothing to warn of."""
    with caplog.at_level(logging.INFO, logger="ecglab"):
        record = cut_record(raw, (-2, 2), 400, source="")
    assert len(record.set_aside) > 0
    assert set(record.set_aside["reason"]) == {"window reaches beyond the recording"}
    assert "were set aside: window reaches beyond" in caplog.text
    assert {entry.levelname for entry in caplog.records} == {"INFO"}


def test_a_fault_in_the_signal_is_warned_of(raw, caplog):
    values = raw.values.copy()
    values[5000:5500] = np.nan
    with caplog.at_level(logging.WARNING, logger="ecglab"):
        cut_record(replace(raw, values=values), source="")
    assert "missing samples" in caplog.text


# Real records


@pytest.mark.parametrize("name", RECORDS)
def test_real_records_hold_what_their_annotations_say(mitdb, name):
    record = read_record(f"mitdb/{name}")
    symbols = [*record.symbols.tolist(), *record.set_aside["symbol"]]
    counts = {code: symbols.count(code) for code in "NVFA"}
    assert (
        counts
        == {
            "100": {"N": 2239, "V": 1, "F": 0, "A": 33},
            "106": {"N": 1507, "V": 520, "F": 0, "A": 0},
            "119": {"N": 1543, "V": 444, "F": 0, "A": 0},
            "208": {"N": 1586, "V": 992, "F": 373, "A": 0},
        }[name]
    )
    assert (record.lead, record.sampling_rate) == ("MLII", 360)
    assert len(record.set_aside) <= 2
    assert record.source == f"mitdb/{name}"
    assert "sha256 of 106.dat" in read_record(mitdb / "106").provenance


@pytest.mark.slow
@pytest.mark.parametrize("name", RECORDS)
def test_r_peaks_of_real_records_are_found(mitdb, name):
    annotated, detected = (read_record(mitdb / name, annotations=how) for how in ("atr", None))
    marks = [
        np.sort(np.round(360 * np.concatenate([r.times, r.set_aside["time"]]))).astype(int)
        for r in (annotated, detected)
    ]
    comparison = compare(*marks, window_width=54)
    assert comparison.sensitivity >= 0.99
    assert comparison.positive_predictivity >= 0.99
    # And on the peak itself: most beats look as they do when cut at the annotations.
    nearest = np.abs(detected.times[:, None] - annotated.times[None, :300]).argmin(axis=0)
    pairs = zip(annotated.signals[:300], detected.signals[nearest], strict=True)
    alike = [np.corrcoef(*pair)[0, 1] for pair in pairs]
    assert np.median(alike) > 0.98


# Finding


def test_a_physionet_name_is_looked_for_in_the_data_home(raw, tmp_path, monkeypatch):
    (tmp_path / "home" / "mydb").mkdir(parents=True)
    write_record(tmp_path / "home" / "mydb", raw)
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(tmp_path / "home"))
    assert read_record("mydb/sim").source == "mydb/sim"


def test_what_is_nowhere_is_said_so(tmp_path, monkeypatch):
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(tmp_path))
    with pytest.raises(DatasetUnavailableError, match="not to be downloaded"):
        read_record("mitdb/106", download_if_missing=False)
    with pytest.raises(DatasetUnavailableError, match="could not be downloaded") as caught:
        read_record("mitdb/106")
    assert "make_record" in str(caught.value)
    for wrong in ("no/such/file.hea", "nothing.csv", "", "a\0b", tmp_path):
        with pytest.raises(DatasetError):
            read_record(wrong)
