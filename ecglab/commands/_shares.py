"""Figures with intervals, as the commands show them."""

from typing import TypedDict

from scipy.stats import binomtest

__all__ = ["Figure", "Share", "share", "show"]


class Figure(TypedDict):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


class Share(Figure):
    """A share, and the counts that it is made of."""

    count: int
    of: int


def share(count: int, of: int) -> Share | None:
    """Return a share with Wilson's interval, or None of nothing.

    Parameters
    ----------
    count, of : int
        How many, and of how many.

    Returns
    -------
    Share or None
        With a 95 % interval.

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of
    the American Statistical Association 22 (1927) 209-212, doi 10.1080/01621459.1927.10502953.
    """
    if not of:
        return None
    interval = binomtest(count, of).proportion_ci(method="wilson")
    return {
        "count": count,
        "of": of,
        "value": count / of,
        "low": float(interval.low),
        "high": float(interval.high),
    }


def show(figure: Figure | None) -> str:
    """Write a figure for people."""
    if figure is None:
        return "none to count"
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"
