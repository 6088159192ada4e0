"""Replies to a reader's answer, and bands for figures that training produced."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


def check_band(name: str, value: float, low: float, high: float) -> str:
    """Check a figure that training produced: it must lie in a band, wherever it was computed.

    Trained figures differ in their last digits from one processor to the next, so notebooks do
    not compare them digit by digit; they check them with this, whose sentence is the same
    everywhere.

    Parameters
    ----------
    name : str
        What the figure is.
    value : float
        The figure.
    low, high : float
        The band, ends included.

    Returns
    -------
    str
        A sentence that does not hold the figure itself.

    Raises
    ------
    AssertionError
        If the figure lies outside, or is NaN.
    """
    if not low <= value <= high:
        raise AssertionError(
            f"{name} is {value:.4f}, but should lie between {low:g} and {high:g}. If you changed "
            "a parameter or the data, that may be what you wanted to see; if you changed nothing, "
            "please report it."
        )
    return f"{name} lies between {low:g} and {high:g}, as it should."


@dataclass(frozen=True)
class Feedback:
    """The reply to an exercise's answer.

    Parameters
    ----------
    passed : bool
        Whether the answer is right.
    message : str
        What to tell the reader.
    """

    passed: bool
    message: str

    def __bool__(self) -> bool:
        """Return whether the answer is right."""
        return self.passed

    def __repr__(self) -> str:
        """Show as one line under a notebook cell."""
        return f"{'Right.' if self.passed else 'Not yet.'} {self.message}"


UNANSWERED = Feedback(False, "Replace the ... with your answer, and run both cells again.")


def check_number(
    answer: object, truth: float, right: str, hints: Callable[[float], str], tolerance: float = 5e-4
) -> Feedback:
    """Compare a number with the truth; `hints` turns a wrong one into what may have gone wrong."""
    if answer is ...:
        return UNANSWERED
    if isinstance(answer, bool) or not isinstance(answer, int | float | np.number):
        return Feedback(False, f"The answer should be one number, not a {type(answer).__name__}.")
    value = float(answer)
    if abs(value - truth) <= tolerance:
        return Feedback(True, right)
    if 0 < truth < 1 and np.isclose(value, 100 * truth, rtol=1e-2):
        return Feedback(False, "That is a percentage: give the share, between 0 and 1.")
    if value in {round(truth, digits) for digits in (2, 3, 4)}:
        return Feedback(False, "Close: give all its digits, and check which beats it is about.")
    return Feedback(False, hints(value))


def try_out(answer: Any, *arguments: Any) -> tuple[Any, Feedback | None]:
    """Call a reader's function; return what it gives back, or the reply if it gives nothing."""
    if answer is ...:
        return None, UNANSWERED
    if not callable(answer):
        return None, Feedback(False, "Hand over the function itself, by its name alone.")
    try:
        given = answer(*arguments)
    except Exception as error:  # whatever a reader's code may raise
        return None, Feedback(False, f"It stops with {type(error).__name__}: {error}")
    if given is None:
        return None, Feedback(False, f"{UNANSWERED.message} A function answers with return.")
    return given, None


def as_numbers(answer: Any) -> npt.NDArray[np.float64] | None:
    """Return an answer as an array of numbers, or None if it is not one."""
    try:
        return np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError):
        return None
