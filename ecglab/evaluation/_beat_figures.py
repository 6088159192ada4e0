"""EC57's figures: sensitivity and positive predictivity of each record, and of all of them."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.evaluation._aami import AAMI_CLASSES
from ecglab.evaluation._beat_pairs import NO_BEAT
from ecglab.evaluation._bootstrap import lower_tail

__all__ = ["BEAT_FIGURES", "beat_figures", "summarise_records"]

_CLASSES = [*AAMI_CLASSES, NO_BEAT]

FloatArray = npt.NDArray[np.float64]

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
    """Work out the figures of one record, or of a sum of records.

    Parameters
    ----------
    counts : DataFrame
        What `count_pairs` returned.

    Returns
    -------
    DataFrame
        For each of `BEAT_FIGURES` its ``value``, the share ``count / of``: NaN if there is
        nothing to count, as with the sensitivity to beats that do not occur.

    References
    ----------
    ANSI/AAMI EC57:2012; the formulas are those of its reference implementation, ``bxb``.

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
    """Work out gross and average figures of many records, with intervals.

    Parameters
    ----------
    counts : mapping of str to DataFrame
        By the record's name, what `count_pairs` returned. EC57 leaves records of people with a
        pacemaker out (`is_paced`).
    confidence : float, default 0.95
        Coverage of the intervals.
    n_resamples : int, default 2000
        How many times to draw records.
    random_state : int
        Seed of the drawing.

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

    References
    ----------
    ANSI/AAMI EC57:2012 (gross and average statistics); B. Efron and R. J. Tibshirani, "An
    Introduction to the Bootstrap", Chapman & Hall (1993).
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
