"""Finding R peaks where nobody has annotated them, and questioning the marks where somebody has.

The detector is GQRS, from the wfdb library. Of those that were tried on records 100, 106, 119 and
208 of MIT-BIH it is the one without further dependencies that finds 99 % of the beats of each
(`benchmarks/record_detection.py`).
"""

import logging

import numpy as np
import numpy.typing as npt

from ecglab._optional import quiet_wfdb
from ecglab.datasets._leads import glance
from ecglab.datasets._raw import BeatMarks, RawLead
from ecglab.datasets._signal import swings_of, zero_phase
from ecglab.errors import DatasetError

__all__ = ["find_r_peaks", "question_marks"]

FloatArray = npt.NDArray[np.float64]

_WANDER = 0.5  # Hz; the baseline moves below
_USUAL_SWING = 2.0  # mV peak to peak, which GQRS's thresholds are made for
_REACH = (-0.05, 0.12)  # seconds around the detector's mark, in which the peak is looked for
_NO_SWING = 1e-12  # in any unit; below, there is only rounding
_SHORTEST = 2.0  # seconds; the detector needs a few beats to learn from
_TYPICAL_BLOCK = 2.0  # seconds; at least one beat
_LOWEST_RATE = 100.0  # Hz; the filters of the detector have no room below
_EDGE = 0.5  # seconds at the ends of a piece, where no complex is looked for
_MATCH = 0.15  # seconds between a mark and its QRS complex, as EC57 has it; less in a fast rhythm,
_MATCH_RR = 0.2  # in which it would meet one by chance
_HALF = 0.5  # of the marks, or of the QRS complexes
_MOST = 0.7  # of record 208's marks 0.77 lie on a complex that stands out
_FEW = 0.01  # of the marks; the last beat may lie behind the last sample
_SLOWEST = 4.0  # seconds from beat to beat, on average

_logger = logging.getLogger(__name__)


def find_r_peaks(values: FloatArray, rate: float) -> npt.NDArray[np.int64]:
    """Detect QRS complexes in a lead without gaps, in any unit, and put each mark on the peak.

    GQRS marks the beginning of a complex. The peak is the largest deflection near it, upwards or
    downwards, whichever way most complexes of the recording point: so a beat is not cut at its R
    wave once and at its S wave the next time.
    """
    if len(values) < _SHORTEST * rate or np.ptp(values) < _NO_SWING:
        return np.empty(0, dtype=np.int64)
    filtered = zero_phase(values, rate, "highpass", _WANDER, order=2)
    millivolts = filtered * (_USUAL_SWING / _typical_swing(filtered, rate))
    factor = int(np.ceil(_LOWEST_RATE / rate))
    if factor > 1:
        from scipy.signal import resample_poly

        millivolts = resample_poly(millivolts, factor, 1)
    with quiet_wfdb() as wfdb:
        try:
            marks = wfdb.processing.gqrs_detect(sig=millivolts, fs=rate * factor)
        except Exception as error:  # its way to say that there is no complex, among others
            _logger.info("GQRS found nothing (%s: %s)", type(error).__name__, error)
            marks = []
    return _to_peaks(filtered, np.unique(marks).astype(np.int64) // factor, rate)


def _typical_swing(values: FloatArray, rate: float) -> float:
    """Return the typical peak-to-peak amplitude, the only scale that is sure to be there."""
    swings, _ = swings_of(values, round(_TYPICAL_BLOCK * rate))
    typical = float(np.median(swings))
    return typical if typical > _NO_SWING else float(swings.max())


def _to_peaks(
    values: FloatArray, marks: npt.NDArray[np.int64], rate: float
) -> npt.NDArray[np.int64]:
    """Move each mark to the largest deflection near it, in the prevailing direction."""
    if len(marks) == 0:
        return marks
    first, last = (round(seconds * rate) for seconds in _REACH)
    near = np.clip(marks[:, None] + np.arange(first, last + 1), 0, len(values) - 1)
    around = values[near]
    upright = np.median(around.max(axis=1)) >= np.median(-around.min(axis=1))
    peaks = (around if upright else -around).argmax(axis=1)
    return np.unique(near[np.arange(len(near)), peaks])


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
