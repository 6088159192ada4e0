"""Which beats are learnt from, when nobody says which are normal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecglab.datasets import make_record, read_record
from ecglab.recordings import come_early, select_normal

ON_TIME = [0.8, 0.8]


def shapes(*frequencies, n_samples=60):
    """Make one standardised wave for each frequency."""
    time = np.linspace(0, 1, n_samples, endpoint=False)
    return [np.sqrt(2) * np.sin(2 * np.pi * f * time) for f in frequencies]


def beats(*groups, noise=0.1, seed=0):
    """Repeat shapes, with noise: pairs of a shape and how many of it follow each other."""
    rows = np.concatenate([np.tile(shape, (n, 1)) for shape, n in groups])
    return rows + noise * np.random.default_rng(seed).normal(size=rows.shape)


def test_a_beat_is_early_if_a_pause_follows():
    early = come_early([[0.5, 1.1], [1.1, 0.8], [0.8, 0.8], [np.nan, 0.8], [0.8, np.nan]])
    assert early.tolist() == [True, False, False, False, False]


@given(st.floats(0.3, 3), st.lists(st.tuples(st.floats(0.3, 2), st.floats(0.3, 2)), max_size=9))
def test_being_early_does_not_depend_on_the_heart_rate(pace, intervals):
    intervals = np.array(intervals).reshape(-1, 2)
    ratios = intervals[:, 0] / np.maximum(intervals[:, 1], 1e-9)
    clear = np.abs(ratios - 0.85) > 1e-6
    assert (come_early(intervals) == come_early(pace * intervals))[clear].all()


@settings(max_examples=25)
@given(st.floats(0, 0.45), st.integers(0, 100))
def test_the_core_holds_no_stranger_below_the_breakdown_point(share, seed):
    """Strangers of one shape, on time and mixed in at random: the hardest case."""
    usual, strange = shapes(2, 5)
    n_strange = int(share * 100)
    rows = beats((usual, 100 - n_strange), (strange, n_strange), seed=seed)
    order = np.random.default_rng(seed).permutation(100)
    chosen = select_normal(rows[order], [ON_TIME] * 100)
    is_strange = (np.arange(100) >= 100 - n_strange)[order]
    assert not is_strange[chosen.core].any()
    assert not is_strange[chosen.kept].any()
    assert chosen.kept[chosen.core].all()
    assert chosen.kept[~is_strange].mean() > 0.95


def test_early_beats_are_left_out_even_where_they_are_the_majority():
    usual, strange = shapes(2, 5)
    rows = beats((usual, 40), (strange, 60))
    intervals = [ON_TIME] * 40 + [[0.5, 1.1]] * 60
    chosen = select_normal(rows, intervals)
    assert chosen.early.sum() == 60
    assert not chosen.kept[40:].any()
    assert chosen.kept[:40].mean() > 0.95


def test_a_second_shape_that_persists_is_normal_too():
    """As a bundle branch block that comes and goes; half and half is the hardest case."""
    usual, block = shapes(2, 5)
    rows = beats((usual, 50), (block, 50), (usual, 20), (block, 20))
    chosen = select_normal(rows, [ON_TIME] * len(rows))
    assert chosen.n_shapes == 2
    assert chosen.kept.mean() > 0.95
    assert chosen.core[:50].any()
    assert chosen.core[50:100].any()


def test_a_second_shape_of_single_beats_is_not_normal():
    usual, strange = shapes(2, 5)
    rows = beats(*[(usual, 3), (strange, 1)] * 40)
    chosen = select_normal(rows, [ON_TIME] * len(rows))
    assert chosen.n_shapes == 1
    assert not chosen.kept[3::4].any()


def test_in_a_long_recording_strangers_in_step_with_the_search_are_not_normal():
    """Every third beat is strange, and 2,000 evenly spaced beats would all be of these."""
    usual, strange = shapes(2, 5, n_samples=20)
    rows = beats((usual, 5998))
    rows[::3] = beats((strange, 2000), seed=1)
    chosen = select_normal(rows, [ON_TIME] * len(rows))
    assert not chosen.kept[::3].any()
    assert chosen.kept.mean() > 0.6


def test_in_noise_a_part_of_the_beats_is_still_chosen():
    (usual,) = shapes(2)
    chosen = select_normal(beats((usual, 100), noise=1.0), [ON_TIME] * 100)
    assert chosen.core.sum() == 51
    assert chosen.kept.mean() > 0.9


def test_too_few_beats_are_refused():
    with pytest.raises(ValueError, match="29 beats are too few"):
        select_normal(beats((shapes(2)[0], 29)), [ON_TIME] * 29)


def test_on_a_simulated_recording_all_learnt_from_are_normal():
    record = make_record(5, shares={"V": 0.3, "F": 0.15}, random_state=1)
    chosen = select_normal(record.signals, record.rr_intervals)
    assert set(record.symbols[chosen.core]) == {"N"}


@pytest.mark.parametrize("name", ["100", "106", "119", "208"])
@pytest.mark.parametrize("lead", [0, 1])
def test_on_real_records_hardly_any_learnt_from_is_ectopic(mitdb, name, lead):
    """In every stretch of five minutes, of which up to 61 % of the beats are ectopic."""
    record = read_record(mitdb / name, lead=lead)
    for start in range(0, 30, 5):
        part = record[(record.times >= 60 * start) & (record.times < 60 * start + 300)]
        chosen = select_normal(part.signals, part.rr_intervals)
        ectopic = np.isin(part.symbols, ["V", "F"])
        assert ectopic[chosen.core].mean() < 0.01
        assert ectopic[chosen.kept].mean() < 0.03
