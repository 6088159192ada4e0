"""Recordings judged beat by beat, by the rules of EC57: classes, pairs, and their figures."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.evaluation._metrics import lower_tail

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]

Escapes = Literal["S", "N"]

AAMI_CLASSES: Mapping[str, str] = {
    "N": "NLRB",
    "S": "AaJSejn",
    "V": "VEr",
    "F": "F",
    "Q": "Q/f?",
}
"""PhysioNet's codes of the beats in each of AAMI's classes: normal and bundle branch block (N),
supraventricular ectopic (S), ventricular ectopic (V), fusion of V and N (F), paced or unclassified
(Q). All other codes mark no beat."""

_CLASS_OF = {symbol: name for name, symbols in AAMI_CLASSES.items() for symbol in symbols}
_ESCAPES = "ejn"
_PACED = "/"


def aami_classes(symbols: npt.ArrayLike, *, escapes: Escapes = "S") -> npt.NDArray[np.str_]:
    """Map PhysioNet's codes to AAMI's classes N, S, V, F and Q.

    Parameters
    ----------
    symbols : array_like of str, shape (n_marks,)
        Annotation codes, such as the `symbol` of wfdb's ``Annotation``.
    escapes : {"S", "N"}, default "S"
        Where supraventricular escape beats (e, j, n) belong. The standard [1]_, and its reference
        program ``bxb``, count them as S; de Chazal et al. [2]_, and most papers on classifying
        beats after them, as N.

    Returns
    -------
    ndarray of str, shape (n_marks,)
        A class for each beat, "" where the code marks no beat.

    Raises
    ------
    ValueError
        If `escapes` is neither of the two.

    References
    ----------
    .. [1] ANSI/AAMI EC57:2012, "Testing and reporting performance results of cardiac rhythm and
       ST segment measurement algorithms".
    .. [2] P. de Chazal, M. O'Dwyer and R. B. Reilly, "Automatic classification of heartbeats using
       ECG morphology and heartbeat interval features", IEEE Transactions on Biomedical Engineering
       51 (2004) 1196-1206, doi 10.1109/TBME.2004.827359, table 1.

    Examples
    --------
    >>> aami_classes(["N", "A", "r", "j", "+"]).tolist()
    ['N', 'S', 'V', 'S', '']
    """
    if escapes not in ("S", "N"):
        raise ValueError(f"escapes must be 'S' (EC57) or 'N' (de Chazal et al.), not {escapes!r}.")
    class_of = {**_CLASS_OF, **dict.fromkeys(_ESCAPES, escapes)}
    return np.array([class_of.get(str(symbol), "") for symbol in np.asarray(symbols)], dtype="<U1")


def is_paced(symbols: npt.ArrayLike) -> bool:
    """Say whether a record holds paced beats, in which case EC57 leaves all of it out.

    Parameters
    ----------
    symbols : array_like of str, shape (n_marks,)
        The reference's annotation codes.

    Returns
    -------
    bool
        True if one of them is "/". Of MIT-BIH, these are records 102, 104, 107 and 217.
    """
    return bool((np.asarray(symbols, dtype=np.str_) == _PACED).any())


MATCH_WINDOW = 0.15
"""Seconds that a test mark may lie from its reference beat."""

LEARNING_SECONDS = 300.0
"""Seconds at the beginning that do not count: a program may learn its patient in them."""

NO_BEAT = "O"
"""The class of a beat that is not there: missed by the test, or an extra mark of the test's."""

_CLASSES = [*AAMI_CLASSES, NO_BEAT]
_ROUNDING = 1e-6  # seconds: 54 samples at 360 Hz are 150 ms, though not in floating point
_FLUTTER_ON, _FLUTTER_OFF = "[", "]"


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
    """Compare two annotations of one recording beat by beat, by the rules of EC57.

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
    window, escapes
        As for `match_beats` and `aami_classes`.

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
    places = [pd.Categorical(pairs[side], _CLASSES).codes for side in ("reference", "test")]
    counts = np.zeros((len(_CLASSES), len(_CLASSES)), dtype=np.int64)
    np.add.at(counts, tuple(places), 1)
    down, across = (pd.Index(_CLASSES, name=side) for side in ("reference", "test"))
    return pd.DataFrame(counts, down, across)


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


BEAT_FIGURES: Mapping[str, tuple[str, str]] = {
    "QRS Se": ("NSVFQ as NSVFQ", "NSVFQ as O"),
    "QRS +P": ("NSVFQ as NSVFQ", "O as NSVFQ"),
    "V Se": ("V as V", "V as NSFQO"),
    "V +P": ("V as V", "NSO as V"),
    "V FPR": ("NSO as V", "NSFQO as NSFQ"),
    "S Se": ("S as S", "S as NVFQO"),
    "S +P": ("S as S", "NVFO as S"),
    "flagged Se": ("SV as SVFQ", "SV as NO"),
    "flagged +P": ("SV as SVFQ", "NO as SVFQ"),
    "N flagged": ("N as SVFQ", "N as NO"),
    "F flagged": ("F as SVFQ", "F as NO"),
}
"""What each figure is the share of: the pairs that count, and the others. "NSO as V" are reference
beats of N and S, and no beat at all, that the test calls V.

The first seven are EC57's: sensitivity (Se) and positive predictivity (+P) of beats, ventricular
and supraventricular ones, and the false-positive rate (FPR) of V. An F or Q called V is no false
positive of V; an F called S is one of S. The last four judge a detector of whatever is strange:
*flagged* is each class but N. Flagged F are reported apart, and are neither hits nor false alarms
of the others; reference Q count in the first two and as not being V."""


def beat_figures(counts: pd.DataFrame) -> pd.DataFrame:
    """Work out the figures of one record, or of a sum of records, as EC57 and ``bxb`` do.

    Parameters
    ----------
    counts : DataFrame
        What `count_pairs` returned.

    Returns
    -------
    DataFrame
        For each of `BEAT_FIGURES` its ``value``, the share ``count / of``: NaN if there is
        nothing to count, as with the sensitivity to beats that do not occur.

    Examples
    --------
    >>> from ecglab.evaluation import count_pairs, pair_beats
    >>> times = [301, 302, 303, 304]
    >>> pairs = pair_beats(times, ["N", "V", "V", "F"], times, ["V", "V", "N", "V"])
    >>> beat_figures(count_pairs(pairs)).loc[["V Se", "V +P", "S Se"], "value"].tolist()
    [0.5, 0.5, nan]
    """
    cells_of = counts.loc[_CLASSES, _CLASSES].to_numpy()
    counted, others = (
        np.array([_add(cells_of, cells[part]) for cells in BEAT_FIGURES.values()])
        for part in (0, 1)
    )
    of = counted + others
    figures = {"value": _divide(counted, of), "count": counted, "of": of}
    return pd.DataFrame(figures, index=pd.Index(BEAT_FIGURES, name="figure"))


def summarise_records(
    counts: Mapping[str, pd.DataFrame],
    *,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Work out EC57's gross and average figures of many records, with intervals.

    Parameters
    ----------
    counts : mapping of str to DataFrame
        By the record's name, what `count_pairs` returned. EC57 leaves records of people with a
        pacemaker out (`is_paced`).
    confidence, n_resamples, random_state
        As for `evaluate`, but that whole records are drawn.

    Returns
    -------
    DataFrame
        For each of `BEAT_FIGURES` the ``gross`` figure (each *beat* has the same weight) and
        the ``average`` (each *record* has), each with ``_low`` and ``_high``, and in how many
        ``records`` there is something to count; an average is over those.

    Raises
    ------
    ValueError
        If there is no record, `confidence` does not lie between 0 and 1, or there is no resample.

    Notes
    -----
    The intervals are percentiles of a bootstrap over records, since beats of one person are no
    independent trials; they say how the figures might have come out with other people. They are NaN
    where fewer than two records have something to count. Records count as different people (in
    MIT-BIH, 201 and 202 are one).
    """
    tail = lower_tail(confidence)
    if not counts or n_resamples < 1:
        raise ValueError("There must be at least one record, and at least one resample.")
    tables = [beat_figures(table) for table in counts.values()]
    counted, of = (np.array([table[name] for table in tables]) for name in ("count", "of"))
    values = np.array([table["value"] for table in tables])
    rng = np.random.default_rng(random_state)
    draws = rng.integers(len(tables), size=(n_resamples, len(tables)))
    ways = {"gross": (counted, of), "average": (np.nan_to_num(values), (of > 0).astype(int))}
    columns: dict[str, FloatArray] = {}
    for way, (shares, weights) in ways.items():
        drawn = _divide(shares[draws].sum(axis=1), weights[draws].sum(axis=1))
        columns[way] = _divide(shares.sum(axis=0), weights.sum(axis=0))
        bounds = np.full((2, len(BEAT_FIGURES)), np.nan)
        some = ((of > 0).sum(axis=0) > 1) & ~np.isnan(drawn).all(axis=0)
        if some.any():
            bounds[:, some] = np.nanquantile(drawn[:, some], [tail, 1 - tail], axis=0)
        columns[f"{way}_low"], columns[f"{way}_high"] = bounds
    table = pd.DataFrame(columns, index=pd.Index(BEAT_FIGURES, name="figure"))
    return table.assign(records=(of > 0).sum(axis=0))


def _add(counts: npt.NDArray[np.int64], cells: str) -> int:
    """Add the pairs of a kind, such as "NSO as V"."""
    down, across = ([_CLASSES.index(name) for name in side] for side in cells.split(" as "))
    return int(counts[np.ix_(down, across)].sum())


def _divide(counted: npt.NDArray[np.number], of: npt.NDArray[np.number]) -> FloatArray:
    """Divide, with NaN where there is nothing to count."""
    return np.divide(counted, of, out=np.full(np.shape(of), np.nan), where=of > 0)
