"""Figures and the strangest beats, as the commands show them to people and to programs."""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ecglab.datasets import Record
from ecglab.evaluation import Interval, share_interval

_FORMATS = {
    "score": "{:.4g}",
    "times_threshold": "{:.1f}",
    "time": "{:.2f}",
    "rr_before": "{:.2f}",
    "rr_after": "{:.2f}",
}


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval, and the counts that it is made of."""

    count: int
    of: int
    interval: Interval


def share(count: int, of: int) -> Share | None:
    """Return a share with Wilson's interval (see `share_interval`), or None of nothing."""
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


def show_found(recall: Share | None, false_alarms: Share | None) -> list[str]:
    """Write for people how many of the anomalies were found, and how many normal beats flagged."""
    return [f"  recall        {show(recall)}", f"  false alarms  {show(false_alarms)}"]


def count_reasons(record: Record) -> dict[str, int]:
    """Count the beats of a recording that were set aside, by the reason."""
    reasons = record.set_aside["reason"].value_counts()
    return {str(reason): int(count) for reason, count in reasons.items()}


def show_beats(beats: pd.DataFrame) -> list[str]:
    """Write the strangest beats for people, one line a beat; nothing if there are none."""
    if beats.empty:
        return []
    formatters = {name: text.format for name, text in _FORMATS.items() if name in beats}
    shown = beats.drop(columns="is_anomaly", errors="ignore")
    lines = shown.to_string(index=False, formatters=formatters, na_rep="-").splitlines()
    return ["the strangest:", *(f"  {line}" for line in lines)]


def list_rows(table: pd.DataFrame) -> list[dict[Any, Any]]:
    """Turn the rows of a table into what JSON can hold; None is a figure of nothing."""
    known = table.notna() & ~table.isin([math.inf, -math.inf])
    return table.astype(object).where(known, None).to_dict("records")
