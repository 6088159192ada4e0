"""Judging a recording as it comes: some minutes at a time, by nothing that follows them."""

import numpy as np

from ecglab.datasets import Record
from ecglab.detector import AutoencoderDetector
from ecglab.recordings._own import complete_at
from ecglab.recordings._selection import FEWEST_BEATS
from ecglab.recordings._survey import Survey, survey

_FIRST_MINUTES = 5.0  # that are judged together: there must be something to compare with
_MEMORY_BEATS = 5000  # before a block, more than an hour: no more are trained on or searched anyway


def survey_online(record: Record, pattern: AutoencoderDetector, minutes: float) -> Survey:
    """Compare every beat with the usual ones that had come when its block was over.

    Parameters
    ----------
    record : Record
        The recording, with `FEWEST_BEATS` at least.
    pattern : AutoencoderDetector
        Each lead is rebuilt by a clone of it.
    minutes : float
        How long a block is.

    Returns
    -------
    Survey
        Of each beat what was said when its block was over; the detectors are the last ones.
    """
    late = complete_at(record) / 60 - _FIRST_MINUTES
    block = np.maximum(np.floor(late / minutes) + 1, 0)
    block = np.maximum(block, block[FEWEST_BEATS - 1])  # the first ones wait until there are enough
    stops = [*(np.flatnonzero(np.diff(block)) + 1).tolist(), len(record)]
    shape, earliness = np.empty((2, len(record)))
    usual, irregular, unreadable = np.empty((3, len(record)), dtype=bool)
    start, n_trained, detectors = 0, 0, None
    for stop in stops:
        # Training takes most of the time, and a few more beats would hardly change what is learnt.
        if stop >= n_trained + min(n_trained, _MEMORY_BEATS):
            n_trained, detectors = stop, None
        found = survey(record[max(0, start - _MEMORY_BEATS) : stop], pattern, detectors)
        new, last, detectors = slice(start, stop), slice(start - stop, None), found.detectors
        shape[new], earliness[new] = found.shape[last], found.earliness[last]
        usual[new], irregular[new] = found.usual[last], found.irregular[last]
        unreadable[new] = found.unreadable[last]
        start = stop
    return Survey(shape, earliness, usual, irregular, unreadable, found.detectors)
