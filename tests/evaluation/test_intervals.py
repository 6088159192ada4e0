"""The interval of a share: against published figures, against its definition, and its bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from ecglab.evaluation import share_interval

CONFIDENCE = st.floats(0.5, 0.999)


@st.composite
def shares(draw):
    of = draw(st.integers(1, 500))
    return draw(st.integers(0, of)), of


# R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine
# 17 (1998) 857-872, table I, method 3 (the score method without continuity correction).
PUBLISHED = {
    (81, 263): (0.2553, 0.3662),
    (15, 148): (0.0624, 0.1605),
    (0, 20): (0.0, 0.1611),
    (1, 29): (0.0061, 0.1718),
}


@pytest.mark.parametrize("counts", PUBLISHED)
def test_published_intervals_are_found_again(counts):
    interval = share_interval(*counts)
    assert interval.value == counts[0] / counts[1]
    assert (round(interval.low, 4), round(interval.high, 4)) == PUBLISHED[counts]


@given(shares(), CONFIDENCE)
def test_bounds_are_where_the_score_test_begins_to_reject(counts, confidence):
    """Wilson's definition: the shares p for which |count / of - p| is z standard errors at p."""
    (count, of), z = counts, norm.isf((1 - confidence) / 2)
    interval = share_interval(count, of, confidence)
    for bound in (interval.low, interval.high):
        error = np.sqrt(bound * (1 - bound) / of)
        assert abs(interval.value - bound) == pytest.approx(z * error, abs=1e-7)


@given(shares(), CONFIDENCE)
def test_interval_holds_its_share_and_stays_between_nothing_and_all(counts, confidence):
    interval = share_interval(*counts, confidence)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert interval.low < interval.high


@given(shares(), CONFIDENCE)
def test_counting_the_others_mirrors_the_interval(counts, confidence):
    count, of = counts
    interval, mirrored = (share_interval(n, of, confidence) for n in (count, of - count))
    assert mirrored.low == pytest.approx(1 - interval.high, abs=1e-12)
    assert mirrored.high == pytest.approx(1 - interval.low, abs=1e-12)


@given(shares())
def test_more_beats_or_less_confidence_narrow_the_interval(counts):
    count, of = counts
    interval = share_interval(count, of)
    for narrower in (share_interval(10 * count, 10 * of), share_interval(count, of, 0.8)):
        assert narrower.high - narrower.low < interval.high - interval.low


@pytest.mark.parametrize("counts", [(0, 0), (3, 2), (-1, 2), (0, -1)])
def test_what_is_no_share_is_refused(counts):
    with pytest.raises(ValueError, match=f"{counts[0]} of {counts[1]} is no share"):
        share_interval(*counts)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64])
def test_counts_of_numpy_give_the_numbers_of_python(kind):
    interval = share_interval(kind(100), kind(127))
    assert interval == share_interval(100, 127)
    assert {type(number) for number in interval} == {float}


@pytest.mark.parametrize("counts", [(1.0, 2), (1, 2.5)])
def test_counts_are_whole_numbers(counts):
    with pytest.raises(TypeError, match="integer"):
        share_interval(*counts)


@pytest.mark.parametrize("confidence", [0, 1, -0.5, float("nan")])
def test_what_is_no_coverage_is_refused(confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        share_interval(1, 2, confidence)
