"""The exercises of notebook 10."""

import numpy as np
import pandas as pd
import pytest

from ecglab import course

RECORDS = list("abcd")


def graded(check, right, wrong):
    assert check(right)
    assert repr(check(right)).startswith("Right. ")
    assert "Replace the ..." in repr(check(...))
    for answer, hint in wrong:
        assert not check(answer)
        assert hint in repr(check(answer))


def test_heaviest():
    of = pd.Series([900, 100, 400, 1], index=RECORDS)
    found = pd.Series([520, 90, 150, 0], index=RECORDS)
    graded(
        lambda answer: course.check_heaviest(answer, found, of),
        right="c",
        wrong=[
            ("a", "most such beats"),
            ("d", "enough beats"),
            ("b", "Leave each out in turn"),
            ("z", "one of ['a', 'b', 'c', 'd']"),
        ],
    )


def test_the_record_that_moves_it_most_the_other_way_is_not_the_heaviest():
    of = pd.Series([500, 600, 400, 1], index=RECORDS)
    found = pd.Series([500, 450, 100, 0], index=RECORDS)
    assert course.check_heaviest("c", found, of)
    assert "other direction" in repr(course.check_heaviest("a", found, of))


def ends_of(values):
    return np.quantile(values, [0.025, 0.975])


def paired(found, second, of, rng):
    drawn = rng.integers(len(of), size=(2000, len(of)))
    return ends_of((found - second)[drawn].sum(axis=1) / of[drawn].sum(axis=1))


def unpaired(found, second, of, rng):
    shares = []
    for counts in (found, second):
        drawn = rng.integers(len(of), size=(2000, len(of)))
        shares.append(counts[drawn].sum(axis=1) / of[drawn].sum(axis=1))
    return ends_of(shares[0] - shares[1])


def averaged(found, second, of, rng):
    drawn = rng.integers(len(of), size=(2000, len(of)))
    return ends_of(((found - second) / of)[drawn].mean(axis=1))


def over_beats(found, second, of, rng):
    n = int(of.sum())
    shares = [rng.binomial(n, counts.sum() / n, 2000) / n for counts in (found, second)]
    return ends_of(shares[0] - shares[1])


def first_alone(found, second, of, rng):
    return paired(found, 0 * second, of, rng)


def narrow(found, second, of, rng):
    low, high = paired(found, second, of, rng)
    return (3 * low + high) / 4, (low + 3 * high) / 4


def test_record_bootstrap():
    graded(
        course.check_record_bootstrap,
        right=paired,
        wrong=[
            (unpaired, "same records for both"),
            (averaged, "add up, then divide"),
            (over_beats, "That draws beats"),
            (first_alone, "first detector alone"),
            (lambda found, second, of, rng: paired(second, found, of, rng), "second minus first"),
            (lambda *given: paired(*given)[::-1], "lower end comes first"),
            (lambda *given: paired(*given).mean(), "two numbers"),
            (narrow, "sum of differences"),
            (lambda *given: None, "answers with return"),
        ],
    )


def by_record(names):
    return [([other for other in names if other != name], [name]) for name in names]


def by_patient(names):
    people = {name: "201" if name == "202" else name for name in names}
    return [
        (
            [name for name in names if people[name] != left],
            [name for name in names if people[name] == left],
        )
        for left in dict.fromkeys(people.values())
    ]


def one_forgotten(names):
    return [pair for pair in by_record(names) if pair[1] not in (["201"], ["202"])]


def kept_out_of_the_rest_alone(names):
    same = {"201", "202"}
    return [
        ([n for n in rest if not (n in same and left[0] in same)], left)
        for rest, left in by_record(names)
    ]


@pytest.mark.parametrize("right", [by_patient, lambda names: iter(by_patient(names[::-1]))])
def test_patient_split(right):
    graded(
        course.check_patient_split,
        right=right,
        wrong=[
            (by_record, "the other must not be chosen on"),
            (kept_out_of_the_rest_alone, "leave them out together"),
            (one_forgotten, "makes 4 pairs"),
            (lambda names: [(names, left) for _, left in by_patient(names)], "on both sides"),
            (lambda names: [(rest[1:], left) for rest, left in by_patient(names)], "all the"),
            (lambda names: [pair[::-1] for pair in by_patient(names)], "other way round"),
            (lambda names: 2 * by_patient(names), "makes 10 pairs"),
            (lambda names: names, "list of pairs"),
            (lambda names: None, "answers with return"),
        ],
    )


def test_left_out_f1():
    rng = np.random.default_rng(0)
    strange = np.array([20, 200, 60, 35, 120])
    steep = rng.uniform(0.02, 0.2, len(strange))[:, None]
    shares = np.exp(-steep * np.arange(30))
    hits = np.round(strange[:, None] * shares**0.3).astype(int)
    false = np.round(900 * shares**3).astype(int)

    def f1(rows, best=slice(None)):
        found, alarms = hits[rows].sum(axis=0)[best], false[rows].sum(axis=0)[best]
        return 2 * found / (strange[rows].sum() + found + alarms)

    everybody = np.arange(len(strange))
    best = [f1(np.delete(everybody, n)).argmax() for n in everybody]
    at_home = [f1([n]).argmax() for n in everybody]

    def gross(multiples):
        found, alarms = hits[everybody, multiples].sum(), false[everybody, multiples].sum()
        return 2 * found / (strange.sum() + found + alarms)

    graded(
        lambda answer: course.check_left_out_f1(answer, hits, false, strange),
        right=gross(best),
        wrong=[
            (f1(everybody).max(), "chosen on everybody"),
            (np.mean([f1([n], m) for n, m in enumerate(best)]), "average over patients"),
            (gross(at_home), "own best multiple"),
            (0.123, "np.delete"),
        ],
    )
