"""Draw the picture of the book's first page: what a detector of normal beats does to a strange one.

Of the validation beats of notebook 5, the normal one and the R-on-T PVC with the median error are
shown: neither the best nor the worst of their kind. Needs ECG5000.

    python tools/draw_first_page.py
"""

import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from ecglab import load_detector
from ecglab.datasets import fetch_ecg5000
from ecglab.evaluation import pooled_split
from ecglab.heartbeats import NORMAL_LABEL
from ecglab.plots import plot_reconstructions, use_course_style

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "notebooks" / "models" / "dense"
PICTURE = ROOT / "book" / "images" / "idea.svg"
R_ON_T_LABEL = 2


def main() -> int:
    """Draw and save."""
    detector = load_detector(MODEL)
    beats = pooled_split(fetch_ecg5000(), random_state=0).validation
    errors = detector.reconstruction_error(beats.signals)
    chosen = [median_beat(errors, beats.labels == label) for label in (NORMAL_LABEL, R_ON_T_LABEL)]

    use_course_style()
    axes = plot_reconstructions(
        beats[chosen],
        detector.reconstruct(beats.signals[chosen]),
        titles=[
            f"{name}: error {errors[beat]:.3f}"
            for name, beat in zip(("a normal beat", "a strange one"), chosen, strict=True)
        ],
    )
    axes[0].figure.set_size_inches(7.6, 2.5)
    # Without a date and random identifiers, the same picture is the same file.
    mpl.rcParams["svg.hashsalt"] = "ecglab"
    PICTURE.parent.mkdir(exist_ok=True)
    axes[0].figure.savefig(PICTURE, metadata={"Date": None})
    plt.close(axes[0].figure)
    return 0


def median_beat(errors: np.ndarray, among: np.ndarray) -> int:
    """Return the position of the beat with the median error among some."""
    positions = np.flatnonzero(among)
    return int(positions[np.argsort(errors[positions])[len(positions) // 2]])


if __name__ == "__main__":
    sys.exit(main())
