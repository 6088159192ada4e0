"""The signal on ECG paper, read from its file once more; and recordings that are no good ones."""

import re
from dataclasses import replace

import numpy as np
import pytest
from records import simulate, write_wfdb

from ecglab.datasets import make_record, read_record
from ecglab.errors import DatasetError
from ecglab.reading import Reading
from ecglab.recordings import STRIP_SECONDS, analyse, render_report, summarise
from ecglab.recordings._strips import draw_strip, read_strips, scale_of
from ecglab.recordings._summary import list_doubts


def write(folder, leads, rate, units="mV"):
    """Write leads, by name, as a WFDB record without annotations, and read it."""
    return read_record(write_wfdb(folder, leads, rate, unit=units))


def simulate_some(minutes, rate=250.0, seed=0):
    return simulate(minutes, {"V": 0.08}, rate, seed)


def doubts_of(record):
    """Analyse a recording, and return what its report notes, as one text."""
    page = render_report(analyse(record))
    return " ".join(re.findall(r'<p class="note">(.*?)</p>', page, re.DOTALL))


@pytest.mark.parametrize(("unit", "factor"), [("mV", 1.0), ("uV", 1000.0)])
def test_strips_are_the_signal_of_the_file_in_millimetres(tmp_path, unit, factor):
    raw = simulate_some(1)
    record = write(tmp_path, {"II": factor * raw.values}, 250, unit)
    read = read_strips(record, [-1.0, 10.0], scale_of(record))
    assert [strip.start for strip in read.strips] == [0, 10]
    expected = raw.values[2500 : 2500 + round(STRIP_SECONDS * 250)]
    expected = 10 * (expected - np.median(expected))
    np.testing.assert_allclose(read.strips[1].leads[0], expected, atol=0.02)
    assert not read.paced


def test_without_a_unit_the_scale_is_that_of_the_beats(tmp_path):
    record = replace(make_record(1, random_state=0), reading=Reading())
    scale = scale_of(record)
    assert scale.words.startswith("unknown unit: 10 mm are ")
    swing = np.median(np.ptp(record.amplitudes[:, :, 0], axis=1))
    assert scale.millimetres[0] * swing == pytest.approx(15)


def test_a_strip_marks_each_beat_and_leaves_gaps_open():
    record = make_record(1, shares={}, random_state=0)
    verdicts = np.full(len(record), "N")
    verdicts[12] = "V"
    (strip,) = read_strips(record, [record.times[12] - 2.6], scale_of(record)).strips
    strip.leads[0][:100] = np.nan
    drawn = draw_strip(strip, record, verdicts, 'a "strip"')
    inside = np.sum((record.times >= strip.start) & (record.times < strip.start + STRIP_SECONDS))
    assert drawn.count("▾") == inside - 1
    assert len(re.findall(r'x="1300"[^>]*>V<', drawn)) == 1  # 65 mm from the left
    assert drawn.count('class="wide"') == 1
    first = int(re.search(r'd="M(\d+)', drawn).group(1))
    assert first == pytest.approx(20 * 25 * 100 / strip.rate, abs=1)
    assert "&quot;strip&quot;" in drawn


def test_a_flat_lead_is_left_out_and_named(tmp_path):
    raw = simulate_some(2)
    flat = np.full(len(raw.values), 0.1)
    said = doubts_of(write(tmp_path, {"II": raw.values, "V5": flat}, 250))
    assert "One lead was judged, II (V5: it is flat or cannot be read" in said
    said = doubts_of(write(tmp_path, {"MLII": flat, "V5": raw.values}, 250))
    assert "One lead was judged, V5 (MLII: it is flat or cannot be read" in said


def test_what_is_noise_is_not_readable_and_noise_alone_is_refused(tmp_path):
    raw, noise = simulate_some(9), np.random.default_rng(1).normal(0, 1.0, 20 * 60 * 250)
    values = raw.values.copy()
    values[2 * 60 * 250 : 8 * 60 * 250] += noise[: 6 * 60 * 250]
    analysis = analyse(write(tmp_path, {"II": values}, 250))
    assert summarise(analysis).readable == pytest.approx(1 / 3, abs=0.01)
    assert "Only 33 % of the recording can be read" in " ".join(list_doubts(analysis))
    with pytest.raises(DatasetError, match="no lead is surely an ECG"):
        write(tmp_path, {"II": noise}, 250)


def test_few_beats_are_said_to_be_few_and_fewer_are_refused(tmp_path):
    assert "Only 41 beats could be judged" in doubts_of(make_record(0.6, random_state=0))
    with pytest.raises(DatasetError, match="30 are needed"):
        analyse(make_record(0.3, random_state=0))


def test_a_paced_record_is_known_by_its_annotations_or_its_spikes(tmp_path):
    raw = simulate_some(2, 360.0)
    values = raw.values.copy()
    places = np.round((raw.marks.times - 0.12) * 360).astype(int)
    values[places[places > 0]] += 1.2
    values[places[places > 0] + 1] += 1.2
    assert "This is a paced record, by short spikes" in doubts_of(
        write(tmp_path, {"II": values}, 360)
    )
    record = make_record(2, random_state=0)
    marked = replace(record, symbols=np.where(record.symbols == "N", "/", record.symbols))
    assert "This is a paced record, by its annotations" in doubts_of(marked)


def test_a_wrist_ecg_of_100_hertz_is_reported_with_what_it_lacks(tmp_path):
    raw = simulate_some(2, 100.0)
    values = raw.values + np.random.default_rng(0).normal(0, 0.05, len(raw.values))
    said = doubts_of(write(tmp_path, {"ECG": values}, 100))
    assert "100 samples a second" in said
    assert "One lead was judged, ECG" in said
