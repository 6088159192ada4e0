"""The exercises of notebook 09."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.course._feedback import UNANSWERED, Feedback, as_numbers, check_number, try_out
from ecglab.datasets import Record
from ecglab.recordings import Analysis

_NEAR = 0.15  # seconds between a peak and its mark, as EC57 has it
_FOUND = 0.9  # of the marks, and of the peaks


def check_set_aside(answer: object, records: Mapping[str, Record]) -> Feedback:
    """Check how many beats of several recordings were set aside."""
    counts = [len(record.set_aside) for record in records.values()]

    def hint(value: float) -> str:
        if value in counts:
            return "That is one recording. Add them all up."
        if value == sum(len(record) for record in records.values()):
            return "Those are the beats that were kept."
        return "record.set_aside has one row for each of them."

    return check_number(
        answer, sum(counts), "They are listed with their time and reason: nobody must guess.", hint
    )


def check_early_share(answer: object, analysis: Analysis) -> Feedback:
    """Check which share of the strange beats comes early."""
    strange, early = analysis.is_strange, analysis.is_early
    truth = float(early[strange].mean())

    def hint(value: float) -> str:
        if np.isclose(value, strange[early].mean(), atol=5e-4):
            return "That is the share of the early beats that are strange: the other way round."
        if np.isclose(value, (early & strange).mean(), atol=5e-4):
            return "That is the share of *all* beats that are both."
        return "analysis.is_early and analysis.is_strange have one value for each beat."

    return check_number(
        answer,
        truth,
        "Their rhythm alone would have found them; the others needed their shape.",
        hint,
        tolerance=5e-3,
    )


def check_patient(answer: Any, table: pd.DataFrame) -> Feedback:
    """Check on which recording the detectors of the others raise the most false alarms."""
    if answer is ...:
        return UNANSWERED
    foreign = table.where(~np.eye(len(table), dtype=bool)).mean()
    if answer not in foreign.index:
        return Feedback(False, f"The answer should be one of {sorted(foreign.index)}.")
    if answer == foreign.idxmax():
        return Feedback(True, "What is normal for the others is not normal for this patient.")
    if answer == foreign.idxmin():
        return Feedback(False, "That is where foreign detectors raise the fewest.")
    return Feedback(False, "Leave the diagonal out, then average each column.")


def check_early_rule(answer: Any) -> Feedback:
    """Check a function that says which beats come early, from the seconds of their R peaks."""
    intervals = np.array([1.0, 1.0, 0.6, 1.4, 1.0, 0.84, 1.0, 0.86, 1.0, 4.0])
    times = np.cumsum([2.0, *intervals])
    given, reply = try_out(answer, times.copy())
    if reply is not None:
        return reply
    flags = as_numbers(given)
    if flags is None or not set(flags.ravel()) <= {0, 1}:
        return Feedback(False, "It should return True or False for each beat.")
    if flags.shape != times.shape:
        return Feedback(
            False, f"For {len(times)} beats it gives {flags.size} answers: mind the first beat."
        )
    early = np.append(False, intervals < 0.85 * np.median(intervals))
    if np.array_equal(flags, early):
        return Feedback(True, "Half of a detector for recordings, in a line or two.")
    if np.array_equal(flags, np.append(early[1:], False)):
        return Feedback(False, "That flags the beat before: the one that ends it is early.")
    if np.array_equal(flags, np.append(False, intervals < 0.85 * intervals.mean())):
        return Feedback(False, "One long pause moves the mean. Take the median.")
    return Feedback(False, "Compare each interval with 0.85 times the median of all of them.")


def check_upside_down(
    answer: Any, signal: npt.NDArray[np.float64], rate: float, times: npt.NDArray[np.float64]
) -> Feedback:
    """Check a function that finds R peaks in a lead, whichever way its QRS complexes point."""
    for values, which in ((signal, "as it is"), (-signal, "upside down")):
        given, reply = try_out(answer, values.copy(), rate)
        if reply is not None:
            return reply
        peaks = as_numbers(given)
        if peaks is None or peaks.ndim != 1 or not len(peaks):
            return Feedback(False, f"With the lead {which} it gives no list of peaks.")
        nearest = np.abs(peaks / rate - times[:, None])
        found, true = ((nearest.min(axis=axis) < _NEAR).mean() for axis in (1, 0))
        if min(found, true) < _FOUND:
            return Feedback(
                False,
                f"With the lead {which} it finds {found:.0%} of the beats, and {true:.0%} of its "
                "peaks are beats.",
            )
    return Feedback(True, "An electrode on the other side does not fool it any more.")
