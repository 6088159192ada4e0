"""The forms of recordings that the book says are read, each written and read."""

from pathlib import Path

import edfio
import numpy as np
import pandas as pd
import pytest
from records import simulate, write_marks, write_wfdb

from ecglab.datasets import read_record

PAGE = Path(__file__).parents[2] / "book" / "forms.md"
RATE = 250
RAW = simulate(0.5, {}, float(RATE))
ECG = RAW.values
TIMES = np.arange(len(ECG)) / RATE
BEATS = RAW.marks.times
BOTH = pd.DataFrame({"time": TIMES, "ECG": ECG})


def wfdb(fmt="16", change=lambda text: text):
    def write(folder):
        header = write_wfdb(folder, {"MLII": ECG}, RATE, name="a", fmt=fmt)
        samples = np.round(BEATS * RATE).astype(int)
        write_marks(folder / "a.atr", samples, ["N"] * len(samples), fs=RATE)
        header.write_text(change(header.read_text()))
        return header

    return write


def edf(kind=edfio.Edf, signal=edfio.EdfSignal, name="a.edf", notes=()):
    def write(folder):
        lead = signal(ECG, RATE, label="ECG II", physical_dimension="mV")
        kind([lead], annotations=[edfio.EdfAnnotation(at, None, "N") for at in notes]).write(
            folder / name
        )
        return folder / name

    return write


def npy(array):
    def write(folder):
        np.save(folder / "a.npy", array)
        return folder / "a.npy"

    return write


def table(frame, name="a.csv", **options):
    def write(folder):
        frame.to_csv(folder / name, **{"index": False, **options})
        return folder / name

    return write


def commas(folder):
    text = BOTH.to_csv(index=False, sep=";", decimal=",")
    (folder / "a.csv").write_text(text.replace("\n", "\ns;mV\n", 1))
    return folder / "a.csv"


def savetxt(folder):
    np.savetxt(folder / "a.txt", BOTH, header="t ecg")
    return folder / "a.txt"


N = len(ECG)
CLOCK = pd.Timestamp("2024-01-31 23:59:50") + pd.to_timedelta(TIMES, unit="s")
FORMS = {
    "WFDB, format 16": wfdb(),
    "WFDB, format 212": wfdb("212"),
    "WFDB, format 24": wfdb("24"),
    "WFDB, format 32": wfdb("32"),
    "WFDB, format 80": wfdb("80"),
    "WFDB, format 516 (FLAC)": wfdb("516"),
    "WFDB, several samples in a frame": wfdb(
        change=lambda text: text.replace(f"250 {N}", f"125 {N // 2}").replace(" 16 ", " 16x2 ", 1)
    ),
    "WFDB, a date that is none": wfdb(
        change=lambda text: text.replace(f"250 {N}", f"250 {N} 0:0:0 0/0/0")
    ),
    "WFDB, skew": wfdb(change=lambda text: text.replace(" 16 ", " 16:2 ", 1)),
    "WFDB, length not stated": wfdb(change=lambda text: text.replace(f"250 {N}", "250 0")),
    "EDF": edf(),
    "EDF+ with annotated beats": edf(notes=BEATS.tolist()),
    "BDF": edf(edfio.Bdf, edfio.BdfSignal, "a.bdf"),
    ".npy, one lead": npy(ECG),
    ".npy, one row a lead": npy(np.stack([ECG, np.sin(TIMES)])),
    ".npy, time and lead": npy(np.c_[TIMES, ECG]),
    ".csv, one lead, no names": table(BOTH[["ECG"]], header=False),
    ".csv, seconds and a lead": table(BOTH),
    ".csv, milliseconds as whole numbers": table(
        BOTH.assign(time=(1000 * TIMES).round().astype(int))
    ),
    ".csv, dates and times of day": table(BOTH.assign(time=CLOCK)),
    ".csv, semicolons, decimal commas, a line of units": commas,
    ".csv, pandas' index": table(BOTH[["ECG"]], index=True),
    ".csv, other signals beside the ECG": table(
        pd.DataFrame({"RSP": np.sin(TIMES), "ECG_Raw": ECG, "HR": 70 + np.cos(TIMES)})
    ),
    ".tsv, lead by its name": table(
        pd.DataFrame({"V5": -ECG, "MLII": ECG}), name="a.tsv", sep="\t"
    ),
    ".txt of savetxt, names in a remark": savetxt,
}
SAYS_NO_RATE = {
    ".npy, one lead",
    ".npy, one row a lead",
    ".csv, one lead, no names",
    ".csv, pandas' index",
    ".csv, other signals beside the ECG",
    ".tsv, lead by its name",
}


def test_the_book_lists_the_forms_of_recordings_that_are_tested():
    section = PAGE.read_text(encoding="utf-8").partition("## Recordings\n")[2]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    assert [row.split("|")[1].strip() for row in rows[1:]] == [*FORMS]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_recording_in_the_book_is_read(form, tmp_path):
    rate = RATE if form in SAYS_NO_RATE else None
    record = read_record(FORMS[form](tmp_path), sampling_rate=rate)
    assert record.sampling_rate == RATE
    assert record.duration == pytest.approx(N / RATE, abs=0.01)
    inner = BEATS[(BEATS > 1) & (BEATS < 29)]
    assert np.abs(inner[:, None] - record.times).min(axis=1).max() < 0.03
    assert len(record) <= len(BEATS)
