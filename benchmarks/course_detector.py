"""Train the detector that notebooks 05 and 06 study, and keep it beside them.

Writes `notebooks/models/dense/` and `notebooks/models/dense.json`, which says what it was trained
on. Needs ECG5000.

    python benchmarks/course_detector.py
"""

import json
import sys
from pathlib import Path

from protocol import provenance

from ecglab.course import train_dense, training_fingerprint
from ecglab.datasets import fetch_ecg5000
from ecglab.evaluation import pooled_split

FOLDER = Path(__file__).parents[1] / "notebooks" / "models" / "dense"
RANDOM_STATE = 0


def main() -> int:
    """Train and save."""
    beats = fetch_ecg5000()
    split = pooled_split(beats, RANDOM_STATE)
    train_dense(split, RANDOM_STATE).save(FOLDER)
    card = {
        "trained_on": training_fingerprint(split, RANDOM_STATE),
        "split": split.name,
        **provenance(Path(__file__).stem, beats, [RANDOM_STATE], ("ecglab", "keras", "tensorflow")),
    }
    FOLDER.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
