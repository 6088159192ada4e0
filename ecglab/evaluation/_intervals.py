"""A figure with its confidence interval, and the interval of a share."""

from operator import index
from typing import NamedTuple

from scipy.stats import binomtest

from ecglab.evaluation._bootstrap import lower_tail

__all__ = ["Interval", "share_interval"]


class Interval(NamedTuple):
    """A figure and its confidence interval.

    Parameters
    ----------
    value : float
        The figure.
    low, high : float
        The bounds of the interval.
    """

    value: float
    low: float
    high: float


def share_interval(count: int, of: int, confidence: float = 0.95) -> Interval:
    """Give a share, such as a recall, Wilson's interval [1]_.

    Parameters
    ----------
    count : int
        How many, such as the anomalies that were flagged.
    of : int
        Of how many, such as all anomalies; at least one.
    confidence : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    Interval
        ``count / of``, and bounds within [0, 1]. They have a width even where all are counted or
        none, for however few cannot settle it.

    Raises
    ------
    ValueError
        If `of` is less than one, `count` does not lie between 0 and `of`, or `confidence` does not
        lie between 0 and 1.
    TypeError
        If `count` or `of` is not a whole number.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
       Journal of the American Statistical Association 22 (1927) 209-212,
       doi 10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> [round(bound, 2) for bound in share_interval(2, 2)]
    [1.0, 0.34, 1.0]
    """
    lower_tail(confidence)  # refuses what is no coverage, in the words of the other intervals
    count, of = index(count), index(of)  # of any kind of integer, the figures are plain floats
    if not (of >= 1 and 0 <= count <= of):
        raise ValueError(
            f"{count} of {of} is no share. There must be at least one to count, and the count must "
            "lie between 0 and how many there are."
        )
    bounds = binomtest(count, of).proportion_ci(confidence, method="wilson")
    return Interval(count / of, float(bounds.low), float(bounds.high))
