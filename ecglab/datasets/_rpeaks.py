"""Finding R peaks where nobody has annotated them, and questioning the marks where somebody has."""

import logging
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ecglab.datasets._leads import glance
from ecglab.datasets._qrs import REFRACTORY, find_qrs
from ecglab.datasets._raw import BeatMarks, RawLead, Samples
from ecglab.datasets._signal import zero_phase
from ecglab.errors import DatasetError

FloatArray = npt.NDArray[np.float64]

_WANDER = 0.5  # Hz; the baseline moves below
_REACH = 0.07  # seconds to either side of a QRS complex's middle, in which the peak is looked for
_NO_SWING = 1e-12  # in any unit; below, there is only rounding
_SHORTEST = 2.0  # seconds; a beat, and what it stands out from
_PIECE, _CONTEXT = 1800.0, 30.0  # seconds that are looked through at a time, and on either side
_EDGE = 0.5  # seconds at the ends of a piece, where no complex is looked for
_MATCH = 0.15  # seconds between a mark and its QRS complex, as EC57 has it; less in a fast rhythm,
_MATCH_RR = 0.2  # in which it would meet one by chance
_HALF = 0.5  # of the marks, or of the QRS complexes
_MOST = 0.7  # of record 208's marks 0.77 lie on a complex that stands out
_FEW = 0.01  # of the marks; the last beat may lie behind the last sample
_SLOWEST = 4.0  # seconds from beat to beat, on average

_logger = logging.getLogger(__name__)


def find_r_peaks(leads: Sequence[Samples], rate: float) -> npt.NDArray[np.int64]:
    """Detect QRS complexes in leads without gaps, in any unit, and put each mark on the peak.

    The peak is the largest deflection of the first lead near the complex, upwards or downwards,
    whichever way most complexes of the recording point: so a beat is not cut at its R wave once and
    at its S wave the next time. A long recording is looked through piece by piece, which takes no
    more memory than a short one.
    """
    size, context = round(_PIECE * rate), round(_CONTEXT * rate)
    pieces = [np.empty((5, 0))]
    for start in range(0, len(leads[0]), size):
        first = max(0, start - context)
        found = _look_through([lead[first : start + size + context] for lead in leads], rate)
        found[:3] += first
        pieces.append(found[:, (found[0] >= start) & (found[0] < start + size)])
    middle, top, bottom, height, depth = np.concatenate(pieces, axis=1)
    twice = np.diff(middle, prepend=-np.inf) < REFRACTORY * rate  # found from both sides of a seam
    upright = len(middle) > 0 and np.median(height) >= np.median(depth)
    return np.unique((top if upright else bottom)[~twice]).astype(np.int64)


def _look_through(leads: Sequence[FloatArray], rate: float) -> FloatArray:
    """Return the middle of each QRS complex, its top, bottom, height and depth, (5, n_complexes).

    The first three are samples, the others are measured from the baseline of the first lead.
    """
    telling = [lead for lead in leads if np.ptp(lead) > _NO_SWING]
    if len(leads[0]) < _SHORTEST * rate or not telling:
        return np.empty((5, 0))
    filtered = zero_phase(leads[0], rate, "highpass", _WANDER, order=2)
    middle = find_qrs(telling, rate)
    reach = round(_REACH * rate)
    near = np.clip(middle[:, None] + np.arange(-reach, reach + 1), 0, len(filtered) - 1)
    around = filtered[near]
    top, bottom = (
        np.take_along_axis(near, of[:, None], axis=1)[:, 0]
        for of in (around.argmax(axis=1), around.argmin(axis=1))
    )
    return np.stack([middle, top, bottom, filtered[top], -filtered[bottom]])


# Marks of others


def question_marks(raw: RawLead, *, insist: bool) -> tuple[BeatMarks | None, str]:
    """Return the marks of a lead if they can be those of its beats, and what was noted about them.

    None where there are too few, unless the caller insists. `DatasetError` if they belong to
    another recording or time base.
    """
    marks = raw.marks
    if marks is None:
        return None, ""
    n_marks, seconds = len(marks.times), raw.duration
    few = f"{n_marks} marks in {seconds:.0f} s are too few to be all beats"
    if n_marks < seconds / _SLOWEST and not insist:
        return _instead(marks, few)
    beyond = int((marks.times > seconds).sum())
    if beyond > _HALF * n_marks:
        raise _foreign(raw, f"{beyond} of its {n_marks} marks lie behind the end of the signal")
    seen = glance(raw.values, raw.rate)
    on_qrs, marked = (1.0, 1.0) if seen.fault else _match(marks.times, seen.peaks, seen.spans)
    if on_qrs < _HALF:
        raise _foreign(raw, f"only {on_qrs:.0%} of its marks lie on a QRS complex")
    if marked < _HALF and not insist:
        return _instead(marks, few)
    last = max(marks.times[marks.times <= seconds], default=0.0)
    doubts = {
        f"{beyond} of {n_marks} marks lie behind the end": beyond > max(1.0, _FEW * n_marks),
        f"only {on_qrs:.0%} of {n_marks} marks lie on a QRS complex": on_qrs < _MOST,
        few: marked < _HALF or n_marks < seconds / _SLOWEST,
        f"the last mark is at {last:.0f} of {seconds:.0f} s": last
        < min(0.95 * seconds, seconds - 10),
    }
    doubt = "; ".join(note for note, holds in doubts.items() if holds)
    if doubt:
        _logger.warning("%s: %s.", marks.origin, doubt)
    return marks, doubt


def _instead(marks: BeatMarks, why: str) -> tuple[None, str]:
    """Do without marks, and say so."""
    note = f"{marks.origin}: {why}, so R peaks are detected instead"
    _logger.warning("%s.", note)
    return None, note


def _match(
    marks: FloatArray, peaks: FloatArray, spans: tuple[tuple[float, float], ...]
) -> tuple[float, float]:
    """Return the share of marks that have a QRS complex, and the other way round."""
    seen = np.zeros(len(marks), dtype=bool)
    for start, stop in spans:
        seen |= (marks > start + _EDGE) & (marks < stop - _EDGE)
    within = min(_MATCH, _MATCH_RR * float(np.median(np.diff(peaks)))) if len(peaks) > 1 else _MATCH
    return _near(marks[seen], peaks, within), _near(peaks, marks, within)


def _near(times: FloatArray, others: FloatArray, within: float) -> float:
    """Return the share of times that have another near them; 1 where there is no time."""
    if not len(times):
        return 1.0
    ends = np.concatenate([[-np.inf], others, [np.inf]])
    after = np.searchsorted(ends[1:], times) + 1
    distance = np.minimum(times - ends[after - 1], ends[after] - times)
    return float((distance <= within).mean())


def _foreign(raw: RawLead, fault: str) -> DatasetError:
    origin = raw.marks.origin if raw.marks else ""
    return DatasetError(
        f"{raw.place}: {origin} does not fit the signal: {fault}. It belongs to another recording, "
        "or counts at another rate.",
        "Pass {} to have R peaks detected.",
        ("annotations", None),
    )
