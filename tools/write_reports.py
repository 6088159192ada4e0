"""Write the reports that the book shows: three recordings of MIT-BIH, with the default settings.

Needs the recordings in a data home, or PhysioNet.

    python tools/write_reports.py
"""

import sys
from pathlib import Path

from ecglab.datasets import read_record
from ecglab.recordings import analyse, write_report

FOLDER = Path(__file__).parents[1] / "book" / "_static" / "reports"
RECORDS = ("119", "106", "203")


def main() -> int:
    """Analyse and write."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in RECORDS:
        print(write_report(analyse(read_record(f"mitdb/{name}")), FOLDER / f"{name}.html"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
