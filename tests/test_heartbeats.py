"""`Heartbeats`: arrays that belong together stay together, and keep their meaning."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecglab.heartbeats import CLASS_NAMES, Heartbeats


def some_beats(labels=(1, 1, 2, 4), split=("train", "test", "test", "train")):
    signals = np.arange(len(labels) * 3, dtype=float).reshape(-1, 3)
    return Heartbeats(signals=signals, labels=labels, split=split, source="made up")


def test_every_label_but_normal_is_an_anomaly():
    beats = some_beats(labels=(1, 2, 3, 4, 5), split=["test"] * 5)
    assert beats.is_anomaly.tolist() == [False, True, True, True, True]
    assert beats.normal.labels.tolist() == [1]
    assert beats.anomalies.labels.tolist() == [2, 3, 4, 5]


def test_another_normal_label_turns_the_polarity_around():
    beats = Heartbeats(
        signals=np.zeros((3, 2)), labels=[0, 1, 1], class_names={0: "bad", 1: "good"}
    )
    assert beats.is_anomaly.tolist() == [True, False, False]
    flipped = Heartbeats(
        signals=np.zeros((3, 2)), labels=[0, 1, 1], class_names={0: "ok", 1: "bad"}, normal_label=0
    )
    assert flipped.is_anomaly.tolist() == [False, True, True]


@given(st.lists(st.integers(0, 3), max_size=8))
def test_selecting_keeps_signals_labels_and_split_together(rows):
    beats = some_beats()
    chosen = beats[np.array(rows, dtype=int)]
    assert len(chosen) == len(rows)
    for position, row in enumerate(rows):
        assert np.array_equal(chosen.signals[position], beats.signals[row])
        assert chosen.labels[position] == beats.labels[row]
        assert chosen.split[position] == beats.split[row]
    assert chosen.source == "made up"


def a_stretch_of_a_recording():
    return Heartbeats(
        signals=np.zeros((3, 2)),
        labels=[1, 3, 1],
        times=[0.5, 1.0, 2.0],
        symbols=["N", "V", "N"],
        rr_intervals=[[np.nan, 0.5], [0.5, 1.0], [1.0, np.nan]],
    )


@given(st.lists(st.integers(0, 2), max_size=6))
def test_selecting_keeps_each_beats_place_in_the_recording(rows):
    beats = a_stretch_of_a_recording()
    chosen = beats[np.array(rows, dtype=int)]
    assert chosen.times.tolist() == [beats.times[row] for row in rows]
    assert chosen.symbols.tolist() == [beats.symbols[row] for row in rows]
    np.testing.assert_array_equal(
        chosen.rr_intervals, beats.rr_intervals[np.array(rows, dtype=int)]
    )


def test_a_place_in_a_recording_is_optional_and_then_read_only():
    assert some_beats().times is None
    assert some_beats()[:2].symbols is None
    assert some_beats()[:2].rr_intervals is None
    beats = a_stretch_of_a_recording()
    for array in (beats.times, beats.symbols, beats.rr_intervals):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]


def test_one_beat_can_be_selected_by_its_number():
    one = some_beats()[2]
    assert len(one) == 1
    assert one.labels.tolist() == [2]


def test_parts_divide_the_beats():
    beats = some_beats()
    assert len(beats.part("train")) + len(beats.part("test")) == len(beats)
    assert beats.part("train").labels.tolist() == [1, 4]
    with pytest.raises(ValueError, match="'validation'"):
        beats.part("validation")


def test_arrays_are_typed_copies_that_cannot_be_written():
    signals = np.zeros((2, 3))
    beats = Heartbeats(signals=signals, labels=[1, 2])
    signals[0, 0] = 7
    assert beats.signals[0, 0] == 0
    assert beats.signals.dtype == np.float32
    assert beats.labels.dtype == np.int64
    for array in (beats.signals, beats.labels, beats.split):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_classes_are_counted_even_where_there_is_none():
    counts = some_beats().count_classes()
    assert counts.index.tolist() == [1, 2, 3, 4, 5]
    assert counts["name"].tolist() == list(CLASS_NAMES.values())
    assert counts["train"].tolist() == [1, 0, 0, 1, 0]
    assert counts["test"].tolist() == [1, 1, 0, 0, 0]
    assert counts["total"].sum() == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"signals": np.zeros(3)}, r"shape \(n_beats, n_samples\)"),
        ({"labels": [1]}, "labels has the shape"),
        ({"split": ["train"]}, "split has the shape"),
        ({"split": ["train", "dev"]}, "dev"),
        ({"times": [0.0]}, r"times has the shape \(1,\), but 2 beats need \(2,\)"),
        ({"symbols": ["N"]}, "symbols has the shape"),
        ({"rr_intervals": [0.8, 0.8]}, r"rr_intervals .* need \(2, 2\)"),
        ({"labels": [1, 9]}, r"labels \[9\] have no entry"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    arguments = {"signals": np.zeros((2, 3)), "labels": [1, 2], **changes}
    with pytest.raises(ValueError, match=message):
        Heartbeats(**arguments)


def test_repr_tells_source_and_counts():
    assert repr(some_beats()) == "Heartbeats(4 beats x 3 samples, 2 anomalies, source='made up')"
