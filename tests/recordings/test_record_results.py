"""The committed tables of `benchmarks/record_detection.py`: what they show, and of what."""

import json
from pathlib import Path

import pandas as pd
import pytest
import record_detection

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
TRIMMED_PCA = "baseline: PCA, 2 components, 70 % of the beats"


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(RESULTS / "record_detection.csv", dtype={"record": str})


def first_minutes(table, detector):
    """Return the row of each record: lead MLII, learnt from its first five minutes."""
    chosen = (table["detector"] == detector) & (table["start"] == 0) & (table["lead"] == "MLII")
    return table[chosen].set_index("record")


def test_every_detector_is_measured_on_every_stretch(table):
    stretches = table.groupby(["record", "lead", "start"])["detector"].nunique()
    assert len(stretches) == (2 * len(record_detection.RECORDS) + 1) * len(record_detection.STARTS)
    assert (stretches == len(record_detection.DETECTORS)).all()


def test_the_default_reaches_its_floors(table):
    ours = first_minutes(table, record_detection.OURS)
    assert ours.loc["106", "ROC-AUC"] >= 0.99
    assert ours.loc["119", "ROC-AUC"] >= 0.99
    assert ours.loc["208", "ROC-AUC"] >= 0.92
    assert ours.loc["208", "strange while learning"] > 0.45
    assert ours.loc["100", "false alarms"] < 0.02


def test_the_default_beats_principal_components(table):
    ours, baseline = (
        first_minutes(table, name).loc[["106", "119", "208"], "ROC-AUC"]
        for name in (record_detection.OURS, TRIMMED_PCA)
    )
    assert (ours >= baseline).all()
    assert (ours - baseline).mean() > 0.03


def test_choosing_what_to_learn_from_is_what_makes_the_difference(table):
    auc = table.pivot_table(index=["record", "lead", "start"], columns="detector", values="ROC-AUC")
    ours = auc[record_detection.OURS]
    assert ours.min() > 0.9
    assert (ours - auc["ours, trained on all beats"]).mean() > 0.1


def test_r_peaks_are_found_as_well_as_by_any_other_detector_and_fast():
    peaks = pd.read_csv(RESULTS / "record_rpeaks.csv")
    gross = peaks[peaks["record"] == "gross"].set_index(["half", "detector"])
    for half, records in record_detection.HALVES.items():
        of_half = peaks[(peaks["half"] == half) & (peaks["detector"] == record_detection.OURS)]
        assert set(records) == set(of_half["record"]) - {"gross"}
        ours, others = gross.loc[half].loc[record_detection.OURS], gross.loc[half]
        assert ours["sensitivity"] >= 0.998
        assert ours["positive predictivity"] >= 0.995
        assert ours["CPU seconds an hour"] <= 0.2
        errors = others["missed"] + others["extra"]
        assert errors.idxmin() == record_detection.OURS


def test_a_report_takes_less_than_a_minute(table):
    speed = pd.read_csv(RESULTS / "record_speed.csv")
    assert len(speed) == 2 * len(record_detection.RECORDS)
    assert speed["seconds"].max() < 60


def test_a_day_takes_less_than_a_gigabyte_and_a_week_works():
    length = pd.read_csv(RESULTS / "record_length.csv").set_index("hours")
    assert tuple(length.index) == record_detection.HOURS
    assert (length["beats"] > 3000 * length.index).all()
    memory = length["peak memory in MB"]
    assert memory[24.0] < 1000
    assert memory[168.0] < 8000


@pytest.mark.parametrize("name", ["detection", "length", "rpeaks", "speed"])
def test_provenance_names_the_data_and_every_version(name):
    provenance = json.loads((RESULTS / f"record_{name}.json").read_text())
    assert len(provenance["data"]) == 2 * len(record_detection.records_of(name))
    assert set(record_detection.PACKAGES) <= set(provenance["versions"])
