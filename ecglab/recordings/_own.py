"""Which samples of a window belong to its beat, and not to a neighbour that came early."""

import numpy as np
import numpy.typing as npt

from ecglab.datasets import Record

_QRS_SECONDS = 0.1  # before an R peak: by then the next beat's QRS complex has begun
_LEAST_OWN = 0.5  # of a beat's samples; with fewer, two marks probably stand on one beat


def own_samples(record: Record) -> npt.NDArray[np.bool_]:
    """Tell which samples belong to a beat, and not to a neighbour that came early.

    Parameters
    ----------
    record : Record
        The beats.

    Returns
    -------
    ndarray of bool, shape (n_beats, n_samples)
        False from 0.1 s before the next R peak on, and up to 0.1 s after the one before. All True
        for beats that would keep less than half of their samples.
    """
    seconds = np.linspace(*record.window, record.n_samples, endpoint=False)
    before, after = np.nan_to_num(np.asarray(record.rr_intervals), nan=np.inf).T[:, :, None]
    own = (seconds > _QRS_SECONDS - before) & (seconds < after - _QRS_SECONDS)
    own[own.mean(axis=1) < _LEAST_OWN] = True
    return np.asarray(own)


def complete_at(record: Record) -> npt.NDArray[np.float64]:
    """Tell when all of each beat is known, in seconds; `own_samples` depends on nothing later.

    Its window is over then, and no QRS complex that begins in it is still to come to its R peak.
    """
    return np.asarray(record.times, dtype=np.float64) + (record.window[1] + _QRS_SECONDS)
