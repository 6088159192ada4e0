"""Which columns of a table cannot be samples of a beat, because they don't look like the others.

A detector trained on an index, an age or a second label beside the samples raises no error: it
gives plausible figures that mean nothing. So every column is compared with the others, by its name
and by its values, whether or not the caller has named the label.

The limits are such that no column is refused of ECG5000 and of records of the MIT-BIH database:
standardised, raw, as whole numbers, scaled to 0 to 1 and filled up with zeros, coarsely sampled,
from 2 beats to all.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_FEWEST_ROWS = 6  # that are consecutive on purpose
_MANY_PAIRS = 14  # of equal samples to be expected; the chance that there is none is 1e-6
_MANY_ROWS = 9  # that rise by chance once in 3 million
_RARE = 1e-3  # chance of an accident that is passed over
_KNOWN = re.compile(
    r"unnamed.*|index|idx|.*\bid|.*_id|(patient|subject|record|case|file|row|study).*|age|sex|"
    r"gender|weight|height|bmi|fold|split|part|site|device|group|cluster|lead|channel|fs|"
    r"(pre|post|next|prev|mean|avg)?[ _-]?rr([ _-].*)?|hr|bpm|heart.?rate|sampling.?rate|"
    r"(time|date)(stamp)?s?|(is|has)[ _].*|labels?|targets?|class(es)?|y|(ab)?normal|anomaly|"
    r"outlier|diagnosis|symbols?|annotations?|rhythm|prediction|score|(qt|qrs|pr)[ _-]?(int|dur).*",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"[-+]?\d+(\.\d+)?")
_FAR = 2.0  # times what the other columns span

# How well a sample can be computed from its neighbours.
_NEIGHBOURS = 6
_FIT_ROWS = (70, 500)  # fewer tell nothing, more tell no more
_FIT_COLUMNS, _MANY_COLUMNS = 40, 60  # fewer are no smooth curves, or take more rows to tell
_SMOOTH, _UNRELATED = 0.9, 0.05  # share of the variance that neighbours explain
_CHANCE = 1e-5  # that they explain more of a column with which they have nothing to do
_COMMON = 0.4  # of the beats have the same number in a column, and more than by chance
_FEWEST_FLAGGED = 10


def find_odd_names(names: Sequence[str], label: int | None) -> dict[int, str]:
    """Find the columns that are not called like samples.

    Where most columns are called alike but for a number, such as s0, s1, s2, the others are no
    samples. Elsewhere those are none that have no name, or one that is known for something else.

    `label` is the position of the label, which may be called as it likes. Returns the position of
    each other one, and why.
    """
    kinds = [_DIGITS.sub("#", name.strip().casefold()) for name in names]
    counts = Counter(kind for p, kind in enumerate(kinds) if p != label and "#" in kind)
    usual = {kind for kind, n in counts.items() if 4 * n >= len(names)}
    ruled = 2 * sum(counts[kind] for kind in usual) > len(names)
    odd = {}
    for position, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        if position == label or (ruled and kind in usual):
            continue
        if not name.strip():
            odd[position] = "has no name, as an index"
        elif ruled:
            odd[position] = "is not called as the samples are"
        elif _KNOWN.fullmatch(name.strip()):
            odd[position] = "is called as no sample is"
    return odd


def find_indices(values: FloatArray) -> dict[int, str]:
    """Find the columns that number the rows, in order or shuffled."""
    if len(values) < _FEWEST_ROWS:
        return {}
    steps, sorted_steps = np.diff(values, axis=0), np.diff(np.sort(values, axis=0), axis=0)
    distinct = (sorted_steps > 0).mean(axis=0)
    rises = (steps > 0).all(axis=0) & (len(values) > _MANY_ROWS)
    # How many pairs of equal numbers there would be, were they drawn from a bell of that width.
    pairs = len(values) ** 2 / (4 * np.sqrt(np.pi) * np.maximum(values.std(axis=0), 1))
    unique = _are_whole(values) & (distinct == 1) & (pairs > _MANY_PAIRS)
    return _name(
        ((steps == 1).mean(axis=0) > 0.9, "counts the rows"),
        ((sorted_steps == 1).all(axis=0), "numbers the rows"),
        (rises & (rises.mean() < 0.5), "rises from row to row"),
        (unique, "holds whole numbers that never repeat"),
    )


def find_odd_values(values: FloatArray) -> dict[int, str]:
    """Find the columns that don't look like the columns around them."""
    whole = _are_whole(values)
    return find_indices(values) | _name(
        (_whole_by_no_chance(values, whole), "holds whole numbers only, unlike the samples"),
        (~whole & (whole.mean() > 0.95), "holds fractions, unlike the samples"),
        (_far_away(values), "lies far from all samples"),
        (_unrelated(values), "has nothing to do with the columns beside it"),
    )


def _name(*findings: tuple[Mask, str]) -> dict[int, str]:
    """Say of each column that was found why; the first reason counts."""
    named: dict[int, str] = {}
    for found, reason in reversed(findings):
        named |= dict.fromkeys(np.flatnonzero(found).tolist(), reason)
    return named


def _are_whole(values: FloatArray) -> Mask:
    return np.asarray((values == np.round(values)).all(axis=0))


def _whole_by_no_chance(values: FloatArray, whole: Mask) -> Mask:
    """Find columns of whole numbers among columns of fractions, where that is no accident.

    Zeros don't count, which may stand for nothing at all; nor does a column that is 1 or -1
    everywhere, the peak that all beats are scaled to.
    """
    found = whole & ((np.ptp(values, axis=0) > 0) | (np.abs(values[0]) > 1))
    rest = values[:, ~whole]
    if rest.shape[1] <= found.sum():
        return np.zeros_like(found)
    filled = rest[rest != 0]
    share = (np.sum(filled == np.round(filled)) + 1) / (len(filled) + 2)
    return found & (values.shape[1] * share ** (values != 0).sum(axis=0) < _RARE)


def _far_away(values: FloatArray) -> Mask:
    """Find columns that lie outside of what the columns beside them span, and by more than that."""
    found = np.zeros(values.shape[1], dtype=bool)
    if len(found) < _FIT_COLUMNS:
        return found
    lowest, highest = values.min(axis=0), values.max(axis=0)
    for p in range(len(found)):
        near = _nearest(p, len(found))
        low, high = lowest[near].min(), highest[near].max()
        found[p] = max(lowest[p] - high, low - highest[p]) > _FAR * (high - low)
    return found


def _unrelated(values: FloatArray) -> Mask:
    """Find columns that cannot be computed from their neighbours, where all others can.

    A number that many beats have in one column is what they are filled up with, once they have
    ended, or the peak that they are scaled to, and tells nothing. A flag has two such numbers.
    """
    values = values[:: 1 + len(values) // _FIT_ROWS[1]]
    width = values.shape[1]
    found = np.zeros(width, dtype=bool)
    if width < _FIT_COLUMNS:
        return found
    fewest = _FIT_ROWS[0] if width >= _MANY_COLUMNS else 2 * _FIT_ROWS[0]
    told = ~np.isin(values, [*_in_common(values)])
    explained, by_chance = np.full(width, np.nan), np.full(width, _UNRELATED)
    for p in range(width):
        rows = values[told[:, p]]
        if _is_flag(values[:, p]):
            explained[p] = 0
        elif len(rows) >= max(fewest, len(values) / 2):
            explained[p] = _explain(rows, p, _nearest(p, width))
            by_chance[p] = max(_UNRELATED, _explain_by_chance(len(rows)))
    known = explained[~np.isnan(explained)]
    if known.size and np.median(known) > _SMOOTH:
        found = explained < by_chance  # False for NaN
    return found


def _in_common(values: FloatArray) -> Iterator[float]:
    """Find the numbers that many beats have in the same column."""
    for column in values.T:
        numbers, counts = np.unique(column, return_counts=True)
        if counts.max() > _COMMON * len(column):
            yield float(numbers[counts.argmax()])


def _is_flag(column: FloatArray) -> bool:
    """Say whether a column holds two numbers, and each of them more than by an accident."""
    counts = np.unique(column, return_counts=True)[1]
    return len(counts) == 2 and counts.min() >= _FEWEST_FLAGGED


def _nearest(position: int, width: int) -> list[int]:
    """Return the columns next to one."""
    return sorted(range(width), key=lambda p: abs(p - position))[1 : _NEIGHBOURS + 1]


def _explain(values: FloatArray, position: int, near: Sequence[int]) -> float:
    """Return the share of a column's variance that its nearest neighbours explain (adjusted R²)."""
    others = values[:, near] - values[:, near].mean(axis=0)
    column = values[:, position] - values[:, position].mean()
    coefficients, _, rank, _ = np.linalg.lstsq(others, column, rcond=None)
    rest = column - others @ coefficients
    freedom = (len(column) - 1) / (len(column) - int(rank) - 1)
    return float(1 - (rest @ rest) / (column @ column) * freedom)


@cache
def _explain_by_chance(n_rows: int) -> float:
    """Return the adjusted R² that hardly any column reaches by chance (F test)."""
    from scipy.stats import f  # takes longer to load than all else here

    rest = n_rows - _NEIGHBOURS - 1
    ratio = float(f.isf(_CHANCE, _NEIGHBOURS, rest))
    return float(1 - (n_rows - 1) / (rest + _NEIGHBOURS * ratio))
