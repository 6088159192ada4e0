"""Kinds of strange beats, their patterns, and how sure each of them is."""

from dataclasses import replace

import numpy as np
import pytest

from ecglab.recordings._kinds import find_patterns, flag_by_benjamini_hochberg


def with_verdicts(analysis, is_ectopic):
    """Make beats strange, of another shape and early, and no others."""
    scores = np.where(is_ectopic, 2.0, 0.5)
    return replace(
        analysis, scores=scores, threshold=1.0, shape=scores, earliness=scores, first=None
    )


@pytest.mark.parametrize(
    ("beats", "in_a_row", "bigeminy"),
    [
        ("NVNNVVNVVVN", "01002203330", "-----------"),
        ("NVNVNVNNVNV", "01010100101", "-B-B-B-----"),
        ("VNVN|VNV", "1010101", "-------"),
        ("NV|VN", "0110", "----"),
        ("V", "1", "-"),
    ],
)
def test_patterns_are_found_and_none_reaches_across_a_beat_that_is_set_aside(
    beats, in_a_row, bigeminy
):
    whole = beats.replace("|", "")
    follows = np.ones(len(whole) - 1, dtype=bool)
    if "|" in beats:
        follows[beats.index("|") - 1] = False
    found = find_patterns(np.array(list(whole)) == "V", follows)
    assert found[0].tolist() == [int(digit) for digit in in_a_row]
    assert found[1].tolist() == [mark == "B" for mark in bigeminy]


def test_beats_of_two_shapes_are_two_kinds_and_the_odd_one_is_neither(analysis, record):
    """Beats of the simulator's ventricular shape, the same upside down, and one of noise."""
    ventricular = np.flatnonzero(record.symbols == "V")
    amplitudes = record.amplitudes.copy()
    upside_down, odd = ventricular[::3], ventricular[1]
    amplitudes[upside_down] *= -1
    amplitudes[odd] = np.random.default_rng(0).normal(size=amplitudes[odd].shape)
    changed = replace(analysis, record=replace(record, amplitudes=amplitudes))
    kinds = with_verdicts(changed, np.isin(np.arange(len(record)), ventricular)).kinds
    assert [kind.name for kind in kinds] == ["V-like A", "V-like B", "other"]
    assert set(kinds[1].beats) == set(upside_down)
    assert kinds[2].beats.tolist() == [odd]
    assert sum(kind.burden for kind in kinds) == pytest.approx(len(ventricular) / len(record))


def test_each_strange_beat_is_in_one_kind_and_there_are_few_of_them(analysis):
    beats = np.concatenate([kind.beats for kind in analysis.kinds])
    assert sorted(beats.tolist()) == np.flatnonzero(analysis.is_strange).tolist()
    assert len(analysis.kinds) <= 7


def test_without_a_strange_beat_there_is_no_kind(analysis):
    assert with_verdicts(analysis, np.zeros(len(analysis.scores), dtype=bool)).kinds == ()


def test_p_values_are_ranks_among_the_usual_beats_and_rarely_small_for_these(analysis):
    p_values = analysis.p_values
    usual = np.sort(analysis.scores[analysis.is_learnt])
    beyond = analysis.scores > usual[-1]
    assert (p_values[beyond] == 1 / (1 + len(usual))).all()
    assert (np.diff(p_values[np.argsort(analysis.scores)]) <= 0).all()
    assert (p_values[analysis.is_learnt] <= 0.1).mean() <= 0.1
    flagged = flag_by_benjamini_hochberg(p_values)
    assert flagged[analysis.is_strange].mean() > 0.9
    assert not flag_by_benjamini_hochberg(np.linspace(0.1, 1, 50)).any()
