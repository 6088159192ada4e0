"""Everything that is written of an analysis, in one folder."""

import os
import re
from pathlib import Path

from ecglab._files import disk_faults_named, replacing_in
from ecglab.recordings._analysis import Analysis
from ecglab.recordings._report import put_report
from ecglab.recordings._writers import put_annotations, put_strange_beats

_ANNOTATOR = "ecglab"  # the extension says who annotated


def write_results(analysis: Analysis, folder: str | os.PathLike[str]) -> dict[str, Path]:
    """Write the page for people, the table for programs and the annotations for ECG viewers.

    All are complete before the first of them has its final name. In a folder that is there already,
    they are then renamed one right after the other: a crash in between leaves new results beside
    old ones.

    Parameters
    ----------
    analysis : Analysis
        What `analyse` returned.
    folder : path-like
        Where the files go; made if it is not there. Files of the same names are replaced.

    Returns
    -------
    dict of str to Path
        The files: "report" (``report.html``), "strange_beats" (``strange.csv``) and "annotations"
        (``106.ecglab``, after the record).

    Raises
    ------
    OutputError
        If they cannot be written.

    See Also
    --------
    write_report, write_strange_beats, write_annotations : Write one of them.
    """
    place = Path(folder).expanduser()
    writers = {
        "report": ("report.html", put_report),
        "strange_beats": ("strange.csv", put_strange_beats),
        "annotations": (_name_annotations(analysis), put_annotations),
    }
    with disk_faults_named(place), replacing_in(place) as unfinished:
        for file, put in writers.values():
            put(analysis, unfinished / file)
    return {name: place / file for name, (file, _) in writers.items()}


def _name_annotations(analysis: Analysis) -> str:
    """Name a file as WFDB wants it: the record's name, and an extension of letters."""
    record = analysis.record
    # Of a header, the source has lost its extension; a simulated recording is no file.
    name = Path(record.provenance.get("file", record.source)).stem
    return f"{re.sub(r'[^A-Za-z0-9_-]', '_', name)}.{_ANNOTATOR}"
