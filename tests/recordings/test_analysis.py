"""Learning from the first minutes, and judging the rest."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ecglab import AutoencoderDetector
from ecglab.datasets import make_record, read_record
from ecglab.errors import DatasetError
from ecglab.recordings import analyse
from ecglab.recordings._own import own_samples


def test_ectopic_beats_are_found_without_labels(analysis, record):
    rest = ~analysis.first.is_training
    normal, strange = rest & (record.symbols == "N"), rest & np.isin(record.symbols, ["V", "F"])
    assert analysis.scores[strange].min() > np.quantile(analysis.scores[normal], 0.99)
    assert analysis.is_strange[strange].all()
    assert analysis.is_strange[normal].mean() < 0.02
    assert repr(analysis).startswith(f"Analysis({int(analysis.is_strange.sum())} of {len(record)}")


def test_annotations_are_not_looked_at(analysis, record, quick):
    rng = np.random.default_rng(0)
    shuffled = replace(
        record, labels=rng.permutation(record.labels), symbols=rng.permutation(record.symbols)
    )
    again = analyse(shuffled, train_minutes=4, autoencoder=quick)
    np.testing.assert_array_equal(again.scores, analysis.scores)
    assert again.threshold == analysis.threshold


def test_beats_after_the_first_minutes_are_not_learnt_from(analysis, record, quick):
    """Whatever follows the training part, the detector and the threshold are the same."""
    first = analyse(record[record.times < 240], train_minutes=4, autoencoder=quick)
    n_first = len(first.scores)
    assert n_first < len(analysis.scores)
    np.testing.assert_allclose(first.scores[:-1], analysis.scores[: n_first - 1], rtol=1e-4)
    assert first.threshold == pytest.approx(analysis.threshold, rel=1e-4)


def test_strange_beats_are_listed_the_strangest_first(analysis, record):
    table = analysis.strange_beats
    assert len(table) == analysis.is_strange.sum()
    assert table["score"].is_monotonic_decreasing
    assert (table["times_threshold"] > 1).all()
    np.testing.assert_allclose(table["time"], record.times[table.index])
    assert (table["symbol"] == record.symbols[table.index]).all()
    unlabelled = replace(analysis, record=replace(record, symbols=None))
    assert "symbol" not in unlabelled.strange_beats


def test_samples_of_a_neighbour_that_comes_early_do_not_count(record):
    intervals = np.full((len(record), 2), 0.8)
    intervals[0] = [np.nan, 0.5]
    intervals[1] = [0.3, np.nan]
    intervals[2] = [0.1, 0.1]
    own = own_samples(replace(record, rr_intervals=intervals))
    seconds = np.linspace(-0.25, 0.45, 140, endpoint=False)
    np.testing.assert_array_equal(own[0], seconds < 0.4)
    np.testing.assert_array_equal(own[1], seconds > -0.2)
    assert own[2:].all()


def test_an_early_beat_does_not_make_the_one_before_it_strange(quick):
    """Ventricular beats at half the interval end in the window of the normal beat before."""
    record = make_record(6, shares={"V": 0.15}, random_state=3)
    analysis = analyse(record, train_minutes=3, autoencoder=quick)
    before = np.flatnonzero((record.symbols[:-1] == "N") & (record.symbols[1:] == "V"))
    assert len(before) > 20
    assert analysis.is_strange[before].mean() < 0.05


def test_a_detector_with_a_scaler_can_be_given(record):
    detector = AutoencoderDetector("dense_torch", scaler="symmetric", random_state=0)
    analysis = analyse(record, train_minutes=4, autoencoder=detector)
    assert not hasattr(detector, "threshold_")
    ventricular = record.symbols == "V"
    labels = ventricular[ventricular | (record.symbols == "N")]
    scores = analysis.scores[ventricular | (record.symbols == "N")]
    assert roc_auc_score(labels, scores) > 0.99


def test_what_is_doubtful_is_said(analysis, record, quick, caplog):
    assert analysis.notes == []
    short = analyse(record, train_minutes=60, autoencoder=quick)
    assert any("not longer than" in note for note in short.notes)
    many = make_record(6, shares={"V": 0.5, "F": 0.15}, random_state=0)
    notes = analyse(many, train_minutes=3, autoencoder=quick).notes
    assert any("Ectopic beats may be the majority" in note for note in notes)
    assert any("are flagged" in note for note in notes)
    assert all(note in caplog.text for note in notes)


def test_too_short_a_recording_is_refused_in_plain_words(record, quick):
    with pytest.raises(DatasetError, match=r"first 0\.2 minutes hold \d+ beats .* Raise"):
        analyse(record, train_minutes=0.2, autoencoder=quick)
    with pytest.raises(ValueError, match="train_minutes must be above 0"):
        analyse(record, train_minutes=0)


# The real records, with the defaults


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least_auc", "most_false_alarms"),
    [("100", 0.99, 0.02), ("106", 0.997, 0.02), ("119", 0.999, 0.02), ("208", 0.95, 0.2)],
)
def test_defaults_reach_their_floors_on_real_records(mitdb, name, least_auc, most_false_alarms):
    record = read_record(mitdb / name)
    analysis = analyse(record)
    normal, strange = record.symbols == "N", np.isin(record.symbols, ["V", "F"])
    judged = normal | strange
    assert roc_auc_score(strange[judged], analysis.scores[judged]) >= least_auc
    assert analysis.is_strange[normal].mean() < most_false_alarms
    assert analysis.is_strange[strange].mean() > 0.9
