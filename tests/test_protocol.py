"""How the benchmarks write: a table and the card that says where it is from, both or neither."""

import json

import pandas as pd
import protocol
import pytest
import record_detection

TABLE = pd.DataFrame({"what": ["a", "b"], "seconds": [1.23456789, 2.0]})


@pytest.fixture
def results(monkeypatch, tmp_path):
    monkeypatch.setattr(protocol, "RESULTS", tmp_path / "results")
    return tmp_path / "results"


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_table_and_its_card_can_be_read_back(results):
    protocol.save_table("a", TABLE, {"command": "make a"}, float_format="%.2f")
    assert sorted(contents(results)) == ["a.csv", "a.json"]
    assert pd.read_csv(results / "a.csv")["seconds"].tolist() == [1.23, 2.0]
    assert json.loads((results / "a.json").read_text()) == {"command": "make a"}


def test_a_card_that_cannot_be_written_leaves_the_old_table_beside_the_old_card(results):
    protocol.save_table("a", TABLE, {"command": "make a"})
    protocol.save_table("b", TABLE, {"command": "make b"})
    before = contents(results)
    with pytest.raises(TypeError, match="not JSON serializable"):
        protocol.save_table("a", TABLE[:1], {"command": {"a set"}})
    assert contents(results) == before


def test_versions_are_those_that_can_be_pinned():
    versions = protocol.versions_of(["ecglab", "torch"])
    assert list(versions) == ["ecglab", "torch"]
    assert not any("+" in version for version in versions.values())


@pytest.mark.parametrize("table", record_detection.TABLES)
def test_every_table_of_recordings_names_data_versions_and_command(mitdb, monkeypatch, table):
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(mitdb.parent))
    for half in ("TUNED", "CONFIRMED"):  # each record is read for its checksums
        monkeypatch.setattr(record_detection, half, getattr(record_detection, half)[:1])
    card = record_detection.provenance(table)
    assert len(card["data"]) == 2 * len(record_detection.records_of(table))
    assert {"ecglab", "wfdb", "tensorflow"} <= set(card["versions"])
    assert card["command"].endswith(f"record_detection.py {table}")
    assert ("processors" in card) == (table != "detection")
