"""Judging every beat of a whole recording by the usual beats around it: by shape and by rhythm."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from ecglab.datasets import Record
from ecglab.detector import AutoencoderDetector
from ecglab.recordings._align import find_lags, move_beats
from ecglab.recordings._own import own_samples
from ecglab.recordings._rhythm import compare_intervals, find_irregular, measure_earliness
from ecglab.recordings._shape import (
    choose_usual,
    chunks_of,
    cut_qrs,
    find_gap,
    measure_excess,
    measure_noise,
    scale_beats,
    windows_of,
)

FloatArray = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

_EVERY_LEAD = 0.2  # of the threshold that the mean over the leads must reach: each lead must see
# something, so that noise in one of them is no beat of another shape
_READABLE = 0.1  # of a lead's height: more noise than that, in every lead, hides a beat's shape
_MOST_TRAINED = 5000  # beats, spread over the recording


@dataclass(frozen=True, eq=False)
class Survey:
    """How each beat of a recording compares with the usual ones around it.

    Parameters
    ----------
    shape : ndarray of float64, shape (n_beats,)
        How unlike the usual beats it is, as a multiple of what makes a beat one of another shape.
    earliness : ndarray of float64, shape (n_beats,)
        How early it comes, as a multiple of what makes a beat early there; negative if late.
    usual, irregular, unreadable : ndarray of bool, shape (n_beats,)
        The beats that others are compared with; those in an irregular rhythm; those in noise.
    detectors : tuple of AutoencoderDetector
        Hold the autoencoder of each lead.
    """

    shape: FloatArray
    earliness: FloatArray
    usual: BoolArray
    irregular: BoolArray
    unreadable: BoolArray
    detectors: tuple[AutoencoderDetector, ...]


def survey(
    record: Record,
    pattern: AutoencoderDetector,
    trained: tuple[AutoencoderDetector, ...] | None = None,
) -> Survey:
    """Compare every beat with the usual ones around it.

    Each lead has a clone of `pattern`, trained on its beats; or one that was `trained` before.
    """
    own = own_samples(record)
    intervals = np.asarray(record.rr_intervals, dtype=np.float64)[:, 0]
    leads = np.moveaxis(record.amplitudes, 2, 0)
    detectors = trained or tuple(clone(pattern) for _ in leads)
    # Rebuilt beats are compared, and not the beats: what the code has no room for is noise. A long
    # recording has many: they are rebuilt in their place, side by side.
    codes = np.empty((len(record), len(leads), record.n_samples), dtype=np.float32)
    lags, noise = find_lags(leads, record.window), []
    for n, detector in enumerate(detectors):
        lead = move_beats(leads[n], lags)
        noise.append(measure_noise(lead, record.window, own))
        codes[:, n] = scale_beats(lead, own)
        if trained is None:
            detector.fit(_train_on(codes[:, n]))
        for part in chunks_of(len(record)):
            codes[part, n] = detector.reconstruct(codes[part, n])
    shorter, _ = compare_intervals(intervals)
    usual = choose_usual(codes.reshape(len(record), -1), shorter)
    excess = np.stack(
        [measure_excess(cut_qrs(codes[:, n], record.window), usual) for n, _ in enumerate(leads)],
        axis=1,
    )
    mean = excess.mean(axis=1)
    gap = find_gap(mean)
    shape = np.minimum(mean / gap, excess.min(axis=1) / (_EVERY_LEAD * gap))
    return Survey(
        shape,
        earliness=measure_earliness(intervals, left_out=shape > 1),
        usual=usual,
        irregular=find_irregular(intervals, left_out=shape > 1),
        unreadable=np.min(noise, axis=0) > _READABLE,
        detectors=detectors,
    )


def usual_beats(record: Record, usual: BoolArray) -> Singles:
    """Return the median of the usual beats around each beat, shape (n_beats, n_samples)."""
    medians = np.empty(record.signals.shape, dtype=np.float32)
    for block, window in windows_of(usual):
        medians[block] = np.median(record.signals[window], axis=0)
    return medians


def _train_on(beats: Singles) -> Singles:
    """Return all beats, or some spread evenly; the autoencoder is to know ectopic ones, too."""
    chosen = np.linspace(0, len(beats) - 1, min(len(beats), _MOST_TRAINED)).astype(np.intp)
    return beats[chosen]
