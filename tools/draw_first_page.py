"""Draw the picture of the book's first page: what a detector of normal beats does to a strange one.

Of the validation beats of notebook 6, the normal one and the R-on-T PVC with the median error are
shown: neither the best nor the worst of their kind. Needs ECG5000.

    python tools/draw_first_page.py
"""

import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from ecglab import AutoencoderDetector, load_detector
from ecglab.datasets import fetch_ecg5000
from ecglab.evaluation import pooled_split
from ecglab.heartbeats import NORMAL_LABEL, Heartbeats
from ecglab.plots import plot_reconstructions, use_course_style

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "notebooks" / "models" / "dense"
PICTURE = ROOT / "book" / "images" / "idea.svg"
R_ON_T_LABEL = 2
NAMES = ("a normal beat", "a strange one")


def main() -> int:
    """Draw and save."""
    detector = load_detector(MODEL)
    beats = typical_beats(detector, pooled_split(fetch_ecg5000(), random_state=0).validation)
    use_course_style()
    axes = plot_reconstructions(
        beats,
        detector.reconstruct(beats.signals),
        titles=[
            f"{name}: error {error:.3f}"
            for name, error in zip(NAMES, detector.reconstruction_error(beats.signals), strict=True)
        ],
    )
    axes[0].figure.set_size_inches(7.6, 2.5)
    # Without a date and random identifiers, the same picture is the same file.
    mpl.rcParams["svg.hashsalt"] = "ecglab"
    PICTURE.parent.mkdir(exist_ok=True)
    axes[0].figure.savefig(PICTURE, metadata={"Date": None})
    plt.close(axes[0].figure)
    return 0


def typical_beats(detector: AutoencoderDetector, beats: Heartbeats) -> Heartbeats:
    """Return the normal beat and the R-on-T PVC with the median error of their class."""
    errors = detector.reconstruction_error(beats.signals)
    chosen = []
    for label in (NORMAL_LABEL, R_ON_T_LABEL):
        positions = np.flatnonzero(beats.labels == label)
        chosen.append(positions[np.argsort(errors[positions])[len(positions) // 2]])
    return beats[np.array(chosen)]


if __name__ == "__main__":
    sys.exit(main())
