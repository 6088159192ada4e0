"""The exercises of notebook 10."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.course._feedback import UNANSWERED, Feedback, as_numbers, check_number, try_out

_SAME_PERSON = {"202": "201"}
"""Records of MIT-BIH that are of one man."""
_RECORDS = ["208", "201", "101", "223", "202", "119"]


def check_heaviest(answer: Any, found: pd.Series, of: pd.Series) -> Feedback:
    """Check which record, left out, moves a gross share the most."""
    if answer is ...:
        return UNANSWERED
    if answer not in of.index:
        return Feedback(False, f"The answer should be a record: one of {sorted(of.index)}.")
    moved = (found.sum() - found) / (of.sum() - of) - found.sum() / of.sum()
    if answer == moved.abs().idxmax():
        return Feedback(True, "Many beats alone do not weigh; being unlike the others does, too.")
    if answer == of.idxmax():
        return Feedback(False, "That one has the most such beats, but does the share move?")
    if answer == (found / of).idxmin():
        return Feedback(False, "That one fares worst, but has it enough beats to count?")
    if answer in {moved.idxmax(), moved.idxmin()}:
        return Feedback(False, "In the other direction, another record moves it further.")
    return Feedback(False, "Leave each out in turn, and compare with the share of all.")


def check_record_bootstrap(answer: Any) -> Feedback:
    """Check a function that bounds the difference of two gross figures by drawing records."""
    rng = np.random.default_rng(0)
    of = np.array([15, 400, 30, 250, 60, 20, 500, 40, 120, 80, 35, 200])
    second = np.round(of * rng.uniform(0.2, 0.9, len(of)))
    first = np.minimum(second + np.round(of * rng.uniform(0.0, 0.25, len(of))), of)
    given, reply = try_out(answer, first.copy(), second.copy(), of.copy(), np.random.default_rng(1))
    if reply is not None:
        return reply
    ends = as_numbers(given)
    if ends is None or ends.shape != (2,):
        return Feedback(False, "It should return two numbers, the lower end first.")

    def is_interval_of(values: npt.NDArray[np.float64]) -> bool:
        low, high = np.quantile(values, [0.025, 0.975])
        return bool(np.allclose(ends, [low, high], atol=0.15 * (high - low)))

    drawn, other = rng.integers(len(of), size=(2, 4000, len(of)))
    total, more = of[drawn].sum(axis=1), first - second
    right = more[drawn].sum(axis=1) / total
    n_beats = int(of.sum())
    of_beats = [rng.binomial(n_beats, x.sum() / n_beats, 4000) / n_beats for x in (first, second)]
    if is_interval_of(right):
        return Feedback(True, "What makes a patient hard for both has dropped out.")
    if is_interval_of(-right):
        return Feedback(False, "That is second minus first.")
    if is_interval_of(first[drawn].sum(axis=1) / total - _gross(second, of, other)):
        return Feedback(False, "Draw the same records for both: that is what makes it paired.")
    if is_interval_of((more / of)[drawn].mean(axis=1)):
        return Feedback(False, "That is the average over records. Gross: add up, then divide.")
    if is_interval_of(of_beats[0] - of_beats[1]):
        return Feedback(False, "That draws beats. Draw rows: records, each with all its beats.")
    if ends[0] > ends[1]:
        return Feedback(False, "The lower end comes first.")
    if is_interval_of(first[drawn].sum(axis=1) / total):
        return Feedback(False, "That is the first detector alone. Take the difference.")
    return Feedback(
        False, "Draw rows with rng.integers; for each draw, sum of differences over sum of beats."
    )


def _gross(
    found: npt.NDArray[np.float64], of: npt.NDArray[np.int64], drawn: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the gross share of each draw of records."""
    share: npt.NDArray[np.float64] = found[drawn].sum(axis=1) / of[drawn].sum(axis=1)
    return share


def check_patient_split(answer: Any) -> Feedback:
    """Check a function that leaves one patient of MIT-BIH out at a time."""
    given, reply = try_out(answer, list(_RECORDS))
    if reply is not None:
        return reply
    try:
        pairs = [(set(map(str, rest)), set(map(str, left))) for rest, left in given]
    except (TypeError, ValueError):
        return Feedback(False, "It should return a list of pairs: two lists of names each.")
    return _judge_split(pairs)


def _judge_split(pairs: Sequence[tuple[set[str], set[str]]]) -> Feedback:
    """Say what is wrong with the pairs of records to choose on and records left out."""
    everybody = set(_RECORDS)
    if any(rest & left for rest, left in pairs):
        shared = sorted(set().union(*(rest & left for rest, left in pairs)))
        return Feedback(False, f"{shared[0]} stands on both sides of a pair.")
    apart = [pair for pair in pairs if len(pair[1] & {"201", "202"}) == 1]
    if apart and any(len(rest & {"201", "202"}) == 1 for rest, _ in apart):
        return Feedback(
            False,
            "201 and 202 are one man: when one is left out, the other must not be chosen on.",
        )
    if apart:
        return Feedback(False, "201 and 202 are one man: leave them out together, in one pair.")
    if any(rest | left != everybody for rest, left in pairs):
        return Feedback(False, "Each pair should hold all the records, on one side or the other.")
    people = {frozenset(left) for _, left in pairs}
    truth = {
        frozenset(name for name in _RECORDS if _SAME_PERSON.get(name, name) == person)
        for person in everybody - set(_SAME_PERSON)
    }
    if {frozenset(rest) for rest, _ in pairs} == truth:
        return Feedback(False, "The other way round: first those to choose on, then who is left.")
    if people != truth or len(pairs) != len(truth):
        return Feedback(
            False,
            f"Of these {len(_RECORDS)} records of {len(truth)} people it makes {len(pairs)} pairs: "
            "each person should be left out once, and alone.",
        )
    return Feedback(True, "Nobody is judged by what was chosen on himself, under any name.")


def check_left_out_f1(
    answer: object,
    hits: npt.NDArray[np.int64],
    false: npt.NDArray[np.int64],
    strange: npt.NDArray[np.int64],
) -> Feedback:
    """Check F1 where each patient's multiple was chosen on all the others."""
    rows = np.arange(len(strange))

    def f1(found: Any, alarms: Any, of: Any) -> Any:
        return 2 * found / (of + found + alarms)

    without = f1(
        hits.sum(axis=0) - hits, false.sum(axis=0) - false, strange.sum() - strange[:, None]
    )
    best, at_home = without.argmax(axis=1), f1(hits, false, strange[:, None]).argmax(axis=1)
    everybody = f1(hits.sum(axis=0), false.sum(axis=0), strange.sum()).max()
    of_each = f1(hits[rows, best], false[rows, best], strange)
    truth = float(f1(hits[rows, best].sum(), false[rows, best].sum(), strange.sum()))

    def hint(value: float) -> str:
        if np.isclose(value, everybody, atol=5e-4):
            return "That multiple was chosen on everybody it is judged on."
        if np.isclose(value, of_each.mean(), atol=5e-4):
            return "That is the average over patients. Gross: add up hits and false, then F1."
        own = hits[rows, at_home].sum(), false[rows, at_home].sum(), strange.sum()
        if np.isclose(value, f1(*own), atol=5e-4):
            return "That takes each patient's own best multiple. Take the one of all the others."
        return "np.delete(everybody, n) are the others; f1(others).argmax() is their multiple."

    return check_number(
        answer, truth, "That is what this way of choosing is worth on somebody new.", hint
    )
