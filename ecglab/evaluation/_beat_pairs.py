"""Beat by beat: which test mark stands for which reference beat, as EC57 pairs them."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.evaluation._aami import AAMI_CLASSES, Escapes, aami_classes

__all__ = [
    "LEARNING_SECONDS",
    "MATCH_WINDOW",
    "NO_BEAT",
    "count_pairs",
    "match_beats",
    "pair_beats",
]

MATCH_WINDOW = 0.15
"""Seconds that a test mark may lie from its reference beat."""

LEARNING_SECONDS = 300.0
"""Seconds at the beginning that do not count: a program may learn its patient in them."""

NO_BEAT = "O"
"""The class of a beat that is not there: missed by the test, or an extra mark of the test's."""

_ROUNDING = 1e-6  # seconds: 54 samples at 360 Hz are 150 ms, though not in floating point
_FLUTTER_ON, _FLUTTER_OFF = "[", "]"

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]


def match_beats(
    reference: npt.ArrayLike, test: npt.ArrayLike, *, window: float = MATCH_WINDOW
) -> tuple[IntArray, IntArray]:
    """Pair reference beats with test marks, one to one, as the standard's program does [1]_.

    Parameters
    ----------
    reference, test : array_like of float, shape (n_beats,) and (n_marks,)
        Seconds, in ascending order.
    window : float, default 0.15
        Seconds that the two of a pair may lie apart; just so far apart is a pair.

    Returns
    -------
    reference_rows, test_rows : ndarray of int, shape (n_pairs,)
        Positions of the pairs, in ascending order. No beat and no mark is in two of them.

    Raises
    ------
    ValueError
        If times are not ascending, not finite, or not one-dimensional.

    Notes
    -----
    Both are walked through in the order of time. The earlier of the two at hand is paired with the
    other one if they lie within the window, and the other one has no nearer partner next; else it
    stays alone. ``bxb`` rounds the window to whole samples, which at 250 Hz makes it 152 ms.

    References
    ----------
    .. [1] G. B. Moody, ``bxb``, WFDB Applications Guide, the reference implementation of ANSI/AAMI
       EC57, https://physionet.org/physiotools/wag/bxb-1.htm.

    Examples
    --------
    >>> beats, marks = match_beats([1.0, 2.0, 3.0], [1.02, 1.9, 2.05, 3.2])
    >>> beats.tolist(), marks.tolist()  # 2.05 is nearer than 1.9; 3.2 is too far away
    ([0, 1], [0, 2])
    """
    ours, theirs = _as_times(reference, "reference"), _as_times(test, "test")
    # A last beat that never comes spares asking at every step whether there is a next one.
    beats, marks = [*ours.tolist(), np.inf, np.inf], [*theirs.tolist(), np.inf, np.inf]
    pairs: list[tuple[int, int]] = []
    beat = mark = 0
    while beat < len(ours) and mark < len(theirs):
        apart = abs(beats[beat] - marks[mark])
        mark_is_first = marks[mark] < beats[beat]
        rival = marks[mark + 1] - beats[beat] if mark_is_first else beats[beat + 1] - marks[mark]
        if apart <= window + _ROUNDING and apart + _ROUNDING < abs(rival):
            pairs.append((beat, mark))
            beat, mark = beat + 1, mark + 1
        elif mark_is_first:
            mark += 1
        else:
            beat += 1
    rows = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


def pair_beats(
    reference_times: npt.ArrayLike,
    reference_symbols: npt.ArrayLike,
    test_times: npt.ArrayLike,
    test_symbols: npt.ArrayLike,
    *,
    start: float = LEARNING_SECONDS,
    window: float = MATCH_WINDOW,
    escapes: Escapes = "S",
) -> pd.DataFrame:
    """Compare two annotations of one recording beat by beat, by the rules of EC57 [1]_.

    Parameters
    ----------
    reference_times, test_times : array_like of float, shape (n_marks,)
        Seconds of the annotations, in ascending order: with wfdb, ``annotation.sample / fs``.
    reference_symbols, test_symbols : array_like of str, shape (n_marks,)
        Their codes, PhysioNet's; those that mark no beat may be among them. A program that finds
        beats and does not tell their kind calls all of them "N".
    start : float, default 300
        Seconds at the beginning that do not count. A beat at just this time does, and a pair counts
        if its reference beat does. An extra mark counts if it comes more than the window later, for
        what stands nearer to the border may have been meant for a beat before it.
    window : float, default 0.15
        Seconds that a test mark may lie from its reference beat.
    escapes : {"S", "N"}, default "S"
        Where escape beats belong, see `aami_classes`.

    Returns
    -------
    DataFrame
        One row a pair, in the order of time: ``reference_time`` and ``test_time`` in seconds (NaN
        where there is none), ``reference`` and ``test``, AAMI's class (`NO_BEAT`, "O", where
        there is none). A reference beat without a mark is missed; a mark without a beat is extra.

    Raises
    ------
    ValueError
        If times are not ascending or not finite, or times and symbols differ in number.

    Notes
    -----
    Ventricular flutter or fibrillation ("[" to "]") has no beats: what the reference marks in it is
    not compared, and extra marks in it are not counted. Where the *test* says flutter, it finds no
    beats, so beats of the reference are missed. Stretches that the reference calls unreadable are
    compared like all others, as the standard's figures do. ``bxb`` counts the same, but that it
    looks at no beat before `start`, by which the very first pair may differ.

    To judge verdicts on the reference's own beats, pass the reference's times twice.

    References
    ----------
    .. [1] ANSI/AAMI EC57:2012, "Testing and reporting performance results of cardiac rhythm and
       ST segment measurement algorithms".

    Examples
    --------
    >>> pairs = pair_beats([301, 302, 303], ["N", "V", "N"], [301, 302.1, 304], ["N", "V", "N"])
    >>> (pairs["reference"] + pairs["test"]).tolist()
    ['NN', 'VV', 'NO', 'ON']
    """
    beats, beat_classes, flutter = _read(reference_times, reference_symbols, escapes, "reference")
    marks, mark_classes, _ = _read(test_times, test_symbols, escapes, "test")
    of_beat, of_mark = match_beats(beats, marks, window=window)
    missed = np.setdiff1d(np.arange(len(beats)), of_beat)
    extra = np.setdiff1d(np.arange(len(marks)), of_mark)
    extra = extra[~_lie_within(marks[extra], [*flutter, (-np.inf, start + window + _ROUNDING)])]
    # Position -1 is the last, where what stands for no beat is appended.
    of_beat = np.concatenate([of_beat, missed, np.full(len(extra), -1)])
    of_mark = np.concatenate([of_mark, np.full(len(missed), -1), extra])
    pairs = pd.DataFrame(
        {
            "reference_time": np.append(beats, np.nan)[of_beat],
            "test_time": np.append(marks, np.nan)[of_mark],
            "reference": np.append(beat_classes, NO_BEAT)[of_beat],
            "test": np.append(mark_classes, NO_BEAT)[of_mark],
        }
    )
    when = pairs["reference_time"].fillna(pairs["test_time"]).sort_values(kind="stable")
    return pairs.loc[when.index[when >= start]].reset_index(drop=True)


def count_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """Count the pairs of each kind.

    Parameters
    ----------
    pairs : DataFrame
        What `pair_beats` returned.

    Returns
    -------
    DataFrame
        The reference's class down, the test's across, both N, S, V, F, Q and O (no beat). Tables of
        several records may be added.
    """
    classes = [*AAMI_CLASSES, NO_BEAT]
    down, across = (pd.Categorical(pairs[side], classes).codes for side in ("reference", "test"))
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, (down, across), 1)
    return pd.DataFrame(counts, pd.Index(classes, name="reference"), pd.Index(classes, name="test"))


def _as_times(times: npt.ArrayLike, whose: str) -> FloatArray:
    """Return times as an array, or say what is wrong with them."""
    seconds = np.asarray(times, dtype=np.float64)
    if seconds.ndim != 1 or not np.isfinite(seconds).all() or (np.diff(seconds) < 0).any():
        raise ValueError(
            f"The times of the {whose} must be one row of finite seconds in ascending order. Sort "
            "times and symbols together."
        )
    return seconds


def _read(
    times: npt.ArrayLike, symbols: npt.ArrayLike, escapes: Escapes, whose: str
) -> tuple[FloatArray, npt.NDArray[np.str_], list[tuple[float, float]]]:
    """Return time and class of the beats outside of flutter, and where flutter is."""
    seconds, classes = _as_times(times, whose), aami_classes(symbols, escapes=escapes)
    if len(seconds) != len(classes):
        raise ValueError(
            f"The {whose} has {len(seconds)} times and {len(classes)} symbols; each mark needs one "
            "of both."
        )
    flutter = _find_flutter(seconds, symbols)
    kept = (classes != "") & ~_lie_within(seconds, flutter)
    return seconds[kept], classes[kept], flutter


def _find_flutter(times: FloatArray, symbols: npt.ArrayLike) -> list[tuple[float, float]]:
    """Return begin and end of each stretch of ventricular flutter; an open one never ends."""
    stretches: list[tuple[float, float]] = []
    begin: float | None = None
    for time, symbol in zip(times.tolist(), np.asarray(symbols).tolist(), strict=False):
        if symbol == _FLUTTER_ON and begin is None:
            begin = time
        elif symbol == _FLUTTER_OFF and begin is not None:
            stretches.append((begin, time))
            begin = None
    return stretches if begin is None else [*stretches, (begin, np.inf)]


def _lie_within(times: FloatArray, stretches: list[tuple[float, float]]) -> BoolArray:
    """Tell which times lie in one of some stretches, their ends included."""
    within = np.zeros(len(times), dtype=bool)
    for begin, end in stretches:
        within |= (begin <= times) & (times <= end)
    return within
