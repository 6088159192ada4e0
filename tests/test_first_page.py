"""The picture of the book's first page, and the text for those who cannot see it."""

from pathlib import Path

import draw_first_page as tool

from ecglab import load_detector
from ecglab.evaluation import pooled_split

ROOT = Path(__file__).parents[1]


def test_the_errors_in_the_alt_text_are_those_of_the_beats_that_are_drawn(ecg5000):
    detector = load_detector(tool.MODEL)
    drawn = tool.typical_beats(detector, pooled_split(ecg5000, random_state=0).validation)
    assert list(drawn.labels) == [1, 2]
    page = (ROOT / "book" / "index.md").read_text(encoding="utf-8")
    for error in detector.reconstruction_error(drawn.signals):
        assert f"error {error:.3f}" in page
