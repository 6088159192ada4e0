"""Write what the book shows of recordings: three reports, and strips of what is judged wrongly.

Needs the recordings in a data home, or PhysioNet.

    python tools/write_reports.py

The recordings are of MIT-BIH, judged with the default settings.
"""

import sys
from pathlib import Path

import numpy as np

from ecglab.datasets import read_record
from ecglab.recordings import STRIP_SECONDS, Analysis, analyse, render_strip, write_report

STATIC = Path(__file__).parents[1] / "book" / "_static"
REPORTS = ("119", "106", "203")
# Of each recording, which annotation gets which verdict, wrongly.
FAILURES = {
    "201": ("a", "V"),
    "124": ("J", "N"),
    "203": ("V", "N"),
    "108": ("N", "V"),
    "209": ("A", "N"),
}
JUDGED_FROM = 300.0  # seconds


def worst_strip(analysis: Analysis, symbol: str, verdict: str) -> float:
    """Return where the strip begins that has the most of such beats."""
    record = analysis.record
    times = np.asarray(record.times)
    wrong = times[
        (np.asarray(record.symbols) == symbol)
        & (analysis.verdicts == verdict)
        & (times >= JUDGED_FROM)
    ]
    counts = np.searchsorted(wrong, wrong + STRIP_SECONDS - 1) - np.arange(len(wrong))
    return float(wrong[counts.argmax()] - 0.5)


def main() -> int:
    """Analyse and write."""
    for folder in ("reports", "failures"):
        (STATIC / folder).mkdir(parents=True, exist_ok=True)
    for name in REPORTS:
        analysis = analyse(read_record(f"mitdb/{name}"))
        print(write_report(analysis, STATIC / "reports" / f"{name}.html"))
    for name, (symbol, verdict) in FAILURES.items():
        analysis = analyse(read_record(f"mitdb/{name}"))
        file = STATIC / "failures" / f"{name}.svg"
        file.write_text(
            render_strip(analysis, worst_strip(analysis, symbol, verdict)), encoding="utf-8"
        )
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
