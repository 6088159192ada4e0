"""Moving beats onto one another: marks do not always stand at the same place of a QRS complex."""

import numpy as np
import numpy.typing as npt

from ecglab.recordings._shape import chunks_of, qrs_samples

Signals = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.intp]

_MOST = 0.03  # seconds that a beat is moved by; less than a third of a usual complex is wide
_PASSES = 2  # the median of beats that have been moved is sharper than the first


def find_lags(leads: Signals, window: tuple[float, float]) -> IntArray:
    """Find where the QRS complex of each beat is most like that of the median beat.

    Parameters
    ----------
    leads : ndarray of shape (n_leads, n_beats, n_samples)
        The beats, as each lead shows them.
    window : tuple of float
        Seconds around the R peak that they reach over.

    Returns
    -------
    ndarray of int, shape (n_beats,)
        Samples, 30 ms at most, by which the complex comes later than the median one: those with the
        highest correlation, added up over the leads.
    """
    _, n_beats, n_samples = leads.shape
    most = int(_MOST * n_samples / (window[1] - window[0]))
    qrs = np.flatnonzero(qrs_samples(n_samples, window))
    places = {
        lag: np.clip(qrs + lag, 0, n_samples - 1) for lag in sorted(range(-most, most + 1), key=abs)
    }
    lags = np.zeros(n_beats, dtype=np.intp)
    for _ in range(_PASSES):
        medians = [_unit(_median_moved(lead, lags, qrs)[None])[0] for lead in leads]
        for part in chunks_of(n_beats):
            alike = [
                sum(
                    _unit(lead[part][:, at]) @ median
                    for lead, median in zip(leads, medians, strict=True)
                )
                for at in places.values()
            ]
            lags[part] = np.array([*places])[np.argmax(alike, axis=0)]  # the first, if equal
    return lags


def move_beats(beats: Signals, lags: IntArray) -> Signals:
    """Begin each beat so many samples later; its last, or its first, fills up what is missing."""
    moved = np.empty_like(beats)
    columns = np.arange(beats.shape[1])
    for part in chunks_of(len(beats)):
        places = np.clip(columns + lags[part, None], 0, columns[-1])
        moved[part] = np.take_along_axis(beats[part], places, axis=1)
    return moved


def _median_moved(beats: Signals, lags: IntArray, columns: IntArray) -> npt.NDArray[np.float64]:
    """Return the median of beats that have been moved, at some samples."""
    rows, last = np.arange(len(beats)), beats.shape[1] - 1
    return np.array([np.median(beats[rows, np.clip(n + lags, 0, last)]) for n in columns])


def _unit(beats: Signals) -> npt.NDArray[np.float64]:
    """Bring each beat to mean 0 and length 1, a flat one to 0."""
    centred = beats - beats.mean(axis=1, keepdims=True, dtype=np.float64)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.where(lengths > 0, lengths, 1.0))
