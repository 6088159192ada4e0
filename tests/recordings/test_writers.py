"""Files for programs and viewers, written whole or not at all."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from records import read_marks

from ecglab.errors import OutputError
from ecglab.recordings import (
    write_annotations,
    write_report,
    write_results,
    write_strange_beats,
)

WRITERS = {
    "a.html": write_report,
    "a.csv": write_strange_beats,
    "a.ecglab": write_annotations,
}


def test_the_table_can_be_read_back(analysis, tmp_path):
    path = write_strange_beats(analysis, tmp_path / "strange.csv")
    table = pd.read_csv(path, index_col="beat")
    expected = analysis.strange_beats
    assert table.columns.tolist() == [*expected.columns, "kind", "p_value", "bh"]
    assert table.index.tolist() == expected.index.tolist()
    counts = table["kind"].value_counts().to_dict()
    assert counts == {kind.name: len(kind.beats) for kind in analysis.kinds}
    np.testing.assert_allclose(table["score"], expected["score"], rtol=1e-5)


def test_annotations_can_be_read_back(analysis, record, tmp_path):
    write_annotations(analysis, tmp_path / "106.ecglab")
    notes = read_marks(tmp_path / "106.ecglab")
    assert notes.fs == record.sampling_rate
    symbols = np.array(notes.symbol)
    beats = symbols != "|"
    assert beats.sum() == len(record)
    np.testing.assert_array_equal(
        notes.sample[beats], np.round(record.times * record.sampling_rate)
    )
    known = np.isin(analysis.verdicts, ["N", "V", "S"])
    np.testing.assert_array_equal(symbols[beats], np.where(known, analysis.verdicts, "Q"))
    ratios = analysis.scores / analysis.threshold
    strangest = int(np.flatnonzero(beats)[ratios.argmax()])
    assert notes.aux_note[strangest].rstrip("\0") == f"{ratios.max():.1f} x threshold"


def test_beats_set_aside_are_annotated_with_the_reason(analysis, record, tmp_path):
    aside = pd.DataFrame({"time": [33.3], "symbol": ["N"], "reason": ["flat line"]})
    marked = replace(analysis, record=replace(record, set_aside=aside))
    write_annotations(marked, tmp_path / "x.ecglab")
    notes = read_marks(tmp_path / "x.ecglab")
    (place,) = np.flatnonzero(np.array(notes.symbol) == "|")
    assert notes.sample[place] == round(33.3 * 360)
    assert notes.aux_note[place].rstrip("\0") == "flat line"


@pytest.mark.parametrize("name", ["106", "106.e1", "my record.atr", "1.06.atr"])
def test_a_name_that_viewers_cannot_open_is_refused(analysis, tmp_path, name):
    with pytest.raises(ValueError, match="cannot be the name of an annotation file"):
        write_annotations(analysis, tmp_path / name)


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_is_replaced_and_nothing_else_is_left(analysis, tmp_path, name):
    (tmp_path / name).write_text("old")
    assert WRITERS[name](analysis, tmp_path / name) == tmp_path / name
    assert (tmp_path / name).read_bytes() != b"old"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", WRITERS)
def test_where_nothing_can_be_written_it_is_said_so(analysis, tmp_path, name):
    with pytest.raises(OutputError, match="cannot be written"):
        WRITERS[name](analysis, tmp_path / "missing" / name)


@pytest.mark.parametrize("name", WRITERS)
def test_where_there_is_no_room_the_old_file_stays(analysis, tmp_path, full_disk, name):
    (tmp_path / name).write_text("old")
    with full_disk(10), pytest.raises(OutputError, match="cannot be written"):
        WRITERS[name](analysis, tmp_path / name)
    assert (tmp_path / name).read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("file", "name"), [("a/my.rec.hea", "my_rec.ecglab"), ("106.hea", "106.ecglab")]
)
def test_all_results_go_into_one_folder_and_annotations_bear_the_name_of_the_record(
    analysis, tmp_path, file, name
):
    named = replace(analysis.record, provenance={**analysis.record.provenance, "file": file})
    files = write_results(replace(analysis, record=named), tmp_path / "new" / "results")
    assert {path.name for path in files.values()} == {"report.html", "strange.csv", name}
    assert {path.name for path in (tmp_path / "new" / "results").iterdir()} == {
        path.name for path in files.values()
    }
