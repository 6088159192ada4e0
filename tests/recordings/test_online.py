"""Judging a recording as it comes: what follows has no part in a verdict."""

from dataclasses import replace

import numpy as np
import pytest

from ecglab.datasets import make_record
from ecglab.recordings import analyse
from ecglab.recordings._own import complete_at

MINUTES = 2.0
EDGE = 11 * 60.0  # seconds: blocks end at 5, 7, 9 and 11 minutes; the last of these trains anew


@pytest.fixture(scope="module")
def record():
    return make_record(14, shares={"V": 0.1, "A": 0.05}, random_state=1)


@pytest.fixture(scope="module")
def online(record):
    return analyse(record, online_minutes=MINUTES)


def cut_off(record):
    """End the recording; that there is a next beat is not known then."""
    past = record[record.times < EDGE]
    intervals = past.rr_intervals.copy()
    intervals[-1, 1] = np.nan
    return replace(past, rr_intervals=intervals)


def follow_with(record, change):
    """Change all samples from the edge on, those at the end of the last beat before it, too."""
    seconds = record.times[:, None] + np.linspace(*record.window, record.n_samples, endpoint=False)
    later = (seconds >= EDGE)[:, :, None]
    amplitudes = np.where(later, change(record.amplitudes), record.amplitudes)
    return replace(record, signals=amplitudes[:, :, 0], amplitudes=amplitudes)


def turn_round(record):
    """Let the same beats follow upside down."""
    return follow_with(record, np.negative)


def fall_into_noise(record):
    """Let noise follow, with R peaks all over it."""
    rng = np.random.default_rng(0)
    noisy = follow_with(record, lambda beats: beats + rng.normal(0, 5, beats.shape))
    first = int((record.times >= EDGE).argmax())
    times = record.times.copy()
    times[first:] = EDGE + 0.2 + 0.3 * np.arange(len(times) - first)
    intervals = record.rr_intervals.copy()
    intervals[first:, 0] = np.diff(times)[first - 1 :]
    intervals[first - 1 : -1, 1] = np.diff(times)[first - 1 :]
    return replace(noisy, times=times, rr_intervals=intervals)


@pytest.mark.parametrize("change", [cut_off, turn_round, fall_into_noise])
def test_what_follows_a_block_changes_nothing_in_it(online, record, change):
    again = analyse(change(record), online_minutes=MINUTES)
    judged = int((complete_at(record) < EDGE).sum())
    assert 600 < judged < (record.times < EDGE).sum(), "the edge cuts a beat in two"
    for name in ("scores", "shape", "earliness", "is_learnt", "is_irregular", "is_unreadable"):
        np.testing.assert_array_equal(getattr(again, name)[:judged], getattr(online, name)[:judged])
    np.testing.assert_array_equal(again.verdicts[:judged], online.verdicts[:judged])


def test_with_hindsight_nearly_the_same_is_flagged(online, record):
    later = record.times >= 600
    assert (online.is_strange == analyse(record).is_strange)[later].mean() > 0.98
    assert online.is_strange[later & (record.symbols == "V")].mean() > 0.98
    assert online.is_strange[later & (record.symbols == "N")].mean() < 0.02


@pytest.mark.parametrize(("slower", "n_beats"), [(1, 400), (20, 40)])
def test_the_first_minutes_are_judged_together_once_there_are_enough(record, slower, n_beats):
    slow = replace(record, times=slower * record.times)[:n_beats]
    over = complete_at(slow)
    end = 60 * max(5.0, np.ceil(over[29] / 60))
    together = int((over < end).sum())
    online = analyse(slow, online_minutes=1)
    assert 30 <= together < len(slow)
    np.testing.assert_array_equal(online.scores[:together], analyse(slow[:together]).scores)


def test_arguments_that_make_no_sense_are_refused(record):
    for minutes in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="online_minutes must be a number above 0"):
            analyse(record, online_minutes=minutes)
    with pytest.raises(ValueError, match="pass one of them"):
        analyse(record, online_minutes=1, train_minutes=5)
