"""From a recording of one person to the kinds of strange beats in it, without labels.

`analyse` learns what is usual in it and judges every beat; the writers put the result into files: a
page for people, a table for programs, an annotation file for ECG viewers.
"""

from ecglab.recordings._analysis import TRAIN_MINUTES, Analysis, FirstMinutes, analyse, score_record
from ecglab.recordings._figures import draw_strange_beats, draw_timeline
from ecglab.recordings._kinds import VERDICTS, Kind
from ecglab.recordings._report import render_report, write_report
from ecglab.recordings._results import write_results
from ecglab.recordings._selection import Selection, come_early, select_normal
from ecglab.recordings._strips import STRIP_SECONDS, render_strip
from ecglab.recordings._summary import Summary, summarise
from ecglab.recordings._writers import write_annotations, write_strange_beats

__all__ = [
    "STRIP_SECONDS",
    "TRAIN_MINUTES",
    "VERDICTS",
    "Analysis",
    "FirstMinutes",
    "Kind",
    "Selection",
    "Summary",
    "analyse",
    "come_early",
    "draw_strange_beats",
    "draw_timeline",
    "render_report",
    "render_strip",
    "score_record",
    "select_normal",
    "summarise",
    "write_annotations",
    "write_report",
    "write_results",
    "write_strange_beats",
]
