"""Shares with intervals, as the commands show them to people and to programs."""

from dataclasses import dataclass

from ecglab.evaluation import Interval, share_interval

__all__ = ["Share", "describe", "share", "show"]


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval, and the counts that it is made of."""

    count: int
    of: int
    interval: Interval


def share(count: int, of: int) -> Share | None:
    """Return a share with Wilson's interval, or None of nothing.

    Parameters
    ----------
    count, of : int
        How many, and of how many.

    Returns
    -------
    Share or None
        With a 95 % interval; see `ecglab.evaluation.share_interval`.
    """
    return Share(count, of, share_interval(count, of)) if of else None


def show(figure: Interval | Share | None) -> str:
    """Write a figure for people."""
    if figure is None:
        return "none to count"
    value, low, high = figure.interval if isinstance(figure, Share) else figure
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def describe(figure: Interval | Share | None) -> dict[str, float] | None:
    """Write a figure for programs: what JSON can hold."""
    if isinstance(figure, Share):
        return {"count": figure.count, "of": figure.of, **figure.interval._asdict()}
    return None if figure is None else figure._asdict()
