"""EC57's judge: what is a pair, what counts, and what the figures are, by cases made by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecglab.datasets._raw import BEAT_SYMBOLS
from ecglab.evaluation import (
    AAMI_CLASSES,
    BEAT_FIGURES,
    aami_classes,
    beat_figures,
    count_pairs,
    is_paced,
    match_beats,
    pair_beats,
    summarise_records,
)

RATE = 360.0
BEATS = [*"NSVFQ"]
CLASSES = [*BEATS, "O"]


def pairs_of(reference, test, **how):
    """Pair (seconds, code) marks and write each pair as two letters."""
    pairs = pair_beats(*unzip(reference), *unzip(test), **how)
    return (pairs["reference"] + pairs["test"]).tolist()


def unzip(marks):
    return [time for time, _ in marks], [symbol for _, symbol in marks]


def at(samples, symbols, rate=RATE, begin=400):
    """Put marks so many samples after a second in which all counts."""
    return [(begin + n / rate, code) for n, code in zip(samples, symbols, strict=True)]


def table(**cells):
    """Return a table of counts: ``table(NN=8, VO=2)``."""
    counts = pd.DataFrame(0, index=CLASSES, columns=CLASSES)
    for (reference, test), count in cells.items():
        counts.loc[reference, test] = count
    return counts


def figures(**cells):
    return beat_figures(table(**cells))["value"]


# classes


def test_codes_fall_into_the_classes_of_the_standard():
    of = {"N": "NLRB", "S": "AaJSejn", "V": "VrE", "F": "F", "Q": "/fQ?", "": '+~|"![]x('}
    for name, symbols in of.items():
        assert set(aami_classes(list(symbols))) == {name}


def test_escape_beats_are_normal_in_the_literature_after_de_chazal():
    assert aami_classes([*"ejnAaJSE"], escapes="N").tolist() == [*"NNNSSSSV"]
    with pytest.raises(ValueError, match="EC57"):
        aami_classes(["e"], escapes="V")


def test_every_code_of_a_beat_has_one_class():
    codes = "".join(AAMI_CLASSES.values())
    assert len(codes) == len(set(codes))
    assert set(codes) == BEAT_SYMBOLS


def test_a_record_is_paced_by_its_paced_beats():
    assert is_paced(["N", "/", "f"])
    assert not is_paced(["N", "f", "Q", "+"])
    assert not is_paced([])


# pairs


@pytest.mark.parametrize(("apart", "found"), [(0, 1), (53, 1), (54, 1), (55, 0)])
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("begin", [300.5, 1000.3, 80_000.1])
def test_a_pair_may_lie_150_ms_apart_and_not_a_sample_more(apart, found, side, begin):
    """54 samples at 360 Hz are 150 ms; in floating point they may come out longer."""
    said = pairs_of(at([0], "V", begin=begin), at([side * apart], "V", begin=begin))
    assert said == (["VV"] if found else ["VO", "OV"][::side])


@given(st.integers(1, 2**31), st.sampled_from([128, 180, 200, 250, 257, 360, 500, 1000]))
def test_the_window_is_the_same_anywhere_in_a_recording(sample, rate):
    farthest = int(0.15 * rate + 1e-9)
    for apart, found in ((farthest, 1), (farthest + 1, 0)):
        assert len(match_beats([sample / rate], [(sample + apart) / rate])[0]) == found


def test_no_beat_is_matched_twice():
    """Two marks on one beat: the nearer one is its partner, the other one is extra."""
    assert pairs_of(at([100], "V"), at([90, 105], "VV")) == ["OV", "VV"]
    assert pairs_of(at([100], "V"), at([95, 110], "VV")) == ["VV", "OV"]
    assert pairs_of(at([90, 105], "NV"), at([100], "V")) == ["NO", "VV"]


def test_of_two_marks_equally_near_the_later_one_is_the_partner():
    """As in bxb; ties in samples are ties, whatever floating point makes of them."""
    for begin in (301.0, 333.3, 1799.9):
        assert pairs_of(at([100], "V", begin=begin), at([90, 110], "SV", begin=begin)) == [
            "OS",
            "VV",
        ]


def test_a_chain_of_close_marks_is_resolved_from_the_left():
    assert pairs_of(at([0, 50, 100], "NVN"), at([30, 80], "NV")) == ["NO", "VN", "NV"]


def test_missed_and_extra_beats_are_counted():
    assert pairs_of(at([0, 400, 800], "NVN"), at([0, 600, 800], "NVN")) == ["NN", "VO", "OV", "NN"]


def test_one_side_may_have_no_beat_at_all():
    assert pairs_of([], at([0, 300], "NV")) == ["ON", "OV"]
    assert pairs_of(at([0, 300], "NV"), []) == ["NO", "VO"]
    assert count_pairs(pair_beats([], [], [], [])).to_numpy().sum() == 0


def test_other_marks_are_no_beats():
    reference = at([0, 10, 400, 410], ["+", "N", "~", "V"])
    assert pairs_of(reference, at([10, 20, 410], ["N", "|", "V"])) == ["NN", "VV"]


# the learning period


def test_a_beat_at_exactly_five_minutes_counts_and_one_before_does_not():
    reference = [(300 - 1 / RATE, "V"), (300.0, "V"), (301.0, "N")]
    assert pairs_of(reference, reference) == ["VV", "NN"]
    assert pairs_of(reference, []) == ["VO", "NO"]


def test_a_pair_across_the_border_belongs_to_its_reference_beat():
    assert pairs_of([(299.95, "V")], [(300.05, "V")]) == []
    assert pairs_of([(300.05, "V")], [(299.95, "V")]) == ["VV"]


def test_an_extra_mark_counts_once_no_beat_before_the_border_can_be_meant():
    assert pairs_of([(302, "N")], [(299.9, "V"), (300.15, "V"), (302, "N")]) == ["NN"]
    assert pairs_of([(302, "N")], [(300.16, "V"), (302, "N")]) == ["OV", "NN"]


def test_the_border_can_be_moved():
    reference = [(0.5, "N"), (61.0, "V")]
    assert pairs_of(reference, reference, start=0) == ["NN", "VV"]
    assert pairs_of(reference, reference, start=60) == ["VV"]


# ventricular flutter


FLUTTER = at([0, 400, 500, 600, 900, 1300], ["N", "[", "!", "V", "]", "V"])


def test_beats_and_extra_marks_in_flutter_do_not_count():
    assert pairs_of(FLUTTER, at([0, 450, 600, 700, 1300], "NVVNV")) == ["NN", "VV"]
    assert pairs_of(FLUTTER, at([0, 400, 900, 1300], "NVVV")) == ["NN", "VV"]  # ends included
    assert pairs_of(FLUTTER, at([0, 399, 901, 1300], "NVVV")) == ["NN", "OV", "OV", "VV"]


def test_a_mark_in_flutter_may_be_the_partner_of_a_beat_beside_it():
    assert pairs_of(at([380, 400, 900], "V[]"), at([410], "V")) == ["VV"]


def test_flutter_that_never_ends_lasts_to_the_end():
    assert pairs_of(FLUTTER[:4], at([0, 700, 5000], "NVN")) == ["NN"]


def test_two_stretches_of_flutter_leave_what_is_between():
    reference = at([0, 100, 400, 600, 800], ["[", "]", "V", "[", "]"])
    assert pairs_of(reference, at([50, 200, 400, 700], "VVVV")) == ["OV", "VV"]


def test_flutter_of_the_test_is_no_excuse():
    assert pairs_of(at([0, 400, 800], "NVN"), at([0, 300, 400, 500, 800], "N[V]N")) == [
        "NN",
        "VO",
        "NN",
    ]


# figures


def test_the_figures_of_a_table_made_by_hand():
    counts = table(
        **dict(NN=900, NS=6, NV=4, NF=1, NQ=2, NO=7),
        **dict(SN=10, SS=80, SV=2, SF=1, SQ=3, SO=4),
        **dict(VN=5, VS=3, VV=70, VF=6, VQ=9, VO=7),
        **dict(FN=2, FS=1, FV=8, FF=5, FQ=1, FO=3),
        **dict(QN=1, QS=1, QV=2, QF=0, QQ=4, QO=2),
        **dict(ON=11, OS=5, OV=6, OF=1, OQ=2),
    )
    expected = {
        "QRS Se": (1127, 1150),
        "QRS +P": (1127, 1152),
        "V Se": (70, 100),
        "V +P": (70, 70 + 4 + 2 + 6),  # not the 8 F nor the 2 Q that are called V
        "V FPR": (12, 12 + 909 + 94 + 9 + 6 + 19),
        "S Se": (80, 100),
        "S +P": (80, 80 + 6 + 3 + 1 + 5),  # with the F, without the Q
        "flagged Se": (86 + 88, 200),
        "flagged +P": (174, 174 + 13 + 14),
        "N flagged": (13, 920),
        "F flagged": (15, 20),
    }
    got = beat_figures(counts)
    assert list(got.index) == list(BEAT_FIGURES) == list(expected)
    for name, (count, of) in expected.items():
        assert tuple(got.loc[name, ["count", "of"]]) == (count, of), name
        assert got.loc[name, "value"] == count / of


def test_fusion_called_ventricular_is_neither_hit_nor_false_alarm():
    without, with_fusion = figures(VV=8, VN=2, NN=90), figures(VV=8, VN=2, NN=90, FV=5, FF=5)
    for name in ("V Se", "V +P", "flagged Se", "flagged +P", "N flagged"):
        assert with_fusion[name] == without[name]
    assert with_fusion["F flagged"] == 1.0


def test_ventricular_called_fusion_is_missed_as_ventricular_and_found_as_strange():
    values = figures(VV=6, VF=4, NN=90)
    assert values["V Se"] == 0.6
    assert values["V +P"] == 1.0
    assert values["flagged Se"] == 1.0


def test_a_detector_that_knows_no_kinds_is_judged_by_what_it_flags():
    """Such as the annotations of `ecglab analyse`, where a strange beat is a Q."""
    values = figures(NN=98, NQ=2, VQ=9, VN=1)
    assert values["V Se"] == 0.0
    assert np.isnan(values["V +P"])
    assert values["flagged Se"] == 0.9
    assert values["flagged +P"] == 9 / 11
    assert values["N flagged"] == 0.02


def test_missed_ventricular_beats_and_extra_marks_count_against_the_test():
    values = figures(VV=5, VO=5, OV=15, NN=100)
    assert values["V Se"] == 0.5
    assert values["V +P"] == 0.25
    assert values["flagged +P"] == 0.25


def test_what_does_not_occur_has_no_figure():
    got = beat_figures(table(NN=10))
    assert got["value"].isna().sum() == (got["of"] == 0).sum() == 7
    assert np.isnan(got.loc["S Se", "value"])


# many records


def test_gross_weighs_beats_and_average_weighs_records():
    summary = summarise_records(
        {"a": table(VV=90, VN=10), "b": table(VV=1, VN=9), "c": table(NN=50)}
    )
    assert summary.loc["V Se", "gross"] == 91 / 110
    assert summary.loc["V Se", "average"] == pytest.approx((0.9 + 0.1) / 2)
    assert summary.loc["V Se", "records"] == 2  # the third has no V
    assert np.isnan(summary.loc["S Se", "gross"])
    assert np.isnan(summary.loc["S Se", "average"])


def test_intervals_are_of_records_and_not_of_beats():
    """Two records of opposite quality: however many beats they have, the next may be either."""
    few = {"a": table(VV=10), "b": table(VN=10)}
    many = {name: 1000 * counts for name, counts in few.items()}
    for tables in (few, many):
        row = summarise_records(tables).loc["V Se"]
        assert (row["gross"], row["gross_low"], row["gross_high"]) == (0.5, 0.0, 1.0)
        assert (row["average"], row["average_low"], row["average_high"]) == (0.5, 0.0, 1.0)


def test_an_interval_needs_two_records_with_something_to_count():
    one = summarise_records({"a": table(VV=3, VN=1)})
    assert one.loc["V Se", "gross"] == 0.75
    assert one.filter(like="_").isna().all(axis=None)
    two = summarise_records({"a": table(VV=3, VN=1), "b": table(NN=9)})
    assert np.isnan(two.loc["V Se", "gross_low"])
    assert two.loc["N flagged", "records"] == 1


def test_the_same_seed_gives_the_same_intervals():
    tables = {str(n): table(VV=n, VN=5, NN=20, NV=n % 3) for n in range(1, 9)}
    first = summarise_records(tables, random_state=3)
    pd.testing.assert_frame_equal(first, summarise_records(tables, random_state=3))
    narrow = summarise_records(tables, random_state=3, confidence=0.5)
    assert (narrow["gross_low"] >= first["gross_low"]).loc["V Se"]


@pytest.mark.parametrize("how", [{"confidence": 1.0}, {"n_resamples": 0}])
def test_senseless_requests_are_refused(how):
    with pytest.raises(ValueError, match="must"):
        summarise_records({"a": table(NN=1)}, **how)
    with pytest.raises(ValueError, match="at least one record"):
        summarise_records({})


@pytest.mark.parametrize("times", [[2.0, 1.0], [1.0, np.nan], [[1.0, 2.0]]])
def test_times_that_are_none_are_refused(times):
    with pytest.raises(ValueError, match="ascending"):
        pair_beats(times, ["N", "N"], [], [])
    with pytest.raises(ValueError, match="times of the test"):
        match_beats([1.0], times)


def test_each_mark_needs_time_and_symbol():
    with pytest.raises(ValueError, match="2 times and 1 symbols"):
        pair_beats([], [], [1.0, 2.0], ["N"])


# invariants, over any two annotations


def annotations(codes="NLAVFQ/j", most=40):
    marks = st.tuples(st.integers(360 * 301, 360 * 310), st.sampled_from(codes))
    unique = st.lists(marks, max_size=most, unique_by=lambda mark: mark[0])
    return unique.map(lambda some: [(sample / RATE, code) for sample, code in sorted(some)])


@given(annotations(), annotations())
def test_counts_add_up(reference, test):
    counts = count_pairs(pair_beats(*unzip(reference), *unzip(test)))
    assert counts.loc["O", "O"] == 0
    for axis, marks in ((1, reference), (0, test)):
        classes = aami_classes([code for _, code in marks]).tolist()
        assert counts.sum(axis=axis)[BEATS].tolist() == [classes.count(name) for name in BEATS]


@given(annotations(), annotations())
def test_who_is_the_reference_makes_no_difference_to_the_pairs(reference, test):
    """Turned round, the table is transposed; sensitivity and predictivity change places."""
    one = count_pairs(pair_beats(*unzip(reference), *unzip(test)))
    other = count_pairs(pair_beats(*unzip(test), *unzip(reference)))
    pd.testing.assert_frame_equal(one, other.T, check_names=False)
    forth, back = beat_figures(one)["value"], beat_figures(other)["value"]
    np.testing.assert_equal(forth["QRS Se"], back["QRS +P"])


@given(annotations())
def test_against_itself_every_figure_is_perfect_or_undefined(marks):
    counts = count_pairs(pair_beats(*unzip(marks), *unzip(marks)))
    assert np.count_nonzero(counts - np.diag(np.diag(counts))) == 0
    values = beat_figures(counts)["value"].fillna(1.0)
    bad = ["V FPR", "N flagged"]
    assert (values.drop(bad) == 1).all()
    assert beat_figures(counts)["value"][bad].fillna(0.0).tolist() == [0, 0]


@given(annotations(), annotations(), st.floats(0.001, 0.3))
def test_pairs_are_one_to_one_in_order_and_near(reference, test, window):
    times, marks = (np.array(unzip(some)[0]) for some in (reference, test))
    rows, columns = match_beats(times, marks, window=window)
    assert (np.diff(rows) > 0).all()
    assert (np.diff(columns) > 0).all()
    assert (np.abs(times[rows] - marks[columns]) <= window + 1e-5).all()


@given(annotations(), annotations())
def test_a_beat_and_a_mark_that_have_only_each_other_are_a_pair(reference, test):
    times, marks = (np.array(unzip(some)[0]) for some in (reference, test))
    near = np.abs(np.subtract.outer(times, marks)) <= 0.15 - 1e-5
    wide = np.abs(np.subtract.outer(times, marks)) <= 0.15 + 1e-5
    alone = near & (wide.sum(axis=1, keepdims=True) == 1) & (wide.sum(axis=0, keepdims=True) == 1)
    found = set(zip(*(rows.tolist() for rows in match_beats(times, marks)), strict=True))
    assert set(zip(*(rows.tolist() for rows in np.nonzero(alone)), strict=True)) <= found


@given(st.lists(annotations(most=15), min_size=1, max_size=5))
def test_a_sum_of_tables_is_judged_as_the_gross_figure(records):
    counts = {
        str(n): count_pairs(pair_beats(*unzip(marks), *unzip(records[0])))
        for n, marks in enumerate(records)
    }
    summary = summarise_records(counts, n_resamples=20)
    total = beat_figures(sum(counts.values()))["value"]
    np.testing.assert_equal(summary["gross"].to_numpy(), total.to_numpy())
    low, high = summary["gross_low"], summary["gross_high"]
    assert ((low <= high) | low.isna()).all()
