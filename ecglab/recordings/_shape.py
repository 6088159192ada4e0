"""How unlike the usual beats around it each beat is, in all leads, by their shape.

What is usual is not told by anybody, and may change: a bundle branch block comes and goes, the
patient turns over. Most beats of any ten minutes are the patient's usual ones then, unless they
come early, beat after beat of the same shape. So a beat is compared with those around it in time
whose shape does not belong to early beats; and by its QRS complex alone, since what lies between
the complexes is small beside a drifting baseline, and an early beat differs there, too.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d
from scipy.signal import detrend
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from ecglab.recordings._rhythm import local_median

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]

WINDOW_BEATS = 600
"""Usual beats, half of them before and half after, that a beat is compared with: about ten
minutes."""

_NEAREST = 0.2  # share of them that must be near: a shape that a fifth of them have is usual
_NORMAL_BEATS = 150  # on either side, whose typical distance is the unit
_NEIGHBOURS = 15  # beats most like a beat, whose mean earliness tells what its shape is
_EARLY_SHAPE = 0.06  # that mean, above which a shape belongs to early beats
_MOST_EARLY = 0.3  # a pause or a missed beat counts for no more
_MOST_SEARCHED = 5000  # beats among which the neighbours are looked for
_BLOCK = 50  # beats that share a window
_CHUNK = 8192  # beats that are held in double precision at a time
_LARGEST = 10.0  # times the typical deviation from the median beat; an artefact counts for no more
_FEWEST = 30

# A beat of another shape lies two and a half to five times as far from the usual beats as these do
# from one another. In between, the line is drawn where fewest beats are.
_GAP = (0.9, 1.6)  # natural logarithms of 2.5 and 5.0
_SMOOTHING = 0.08

_QRS = (-0.1, 0.15)  # seconds around the R peak; a ventricular complex is wider, and begins earlier
_FINE = 0.035  # seconds: what a mean over so many smooths away is noise, or a QRS complex


def chunks_of(n_beats: int) -> Iterator[slice]:
    """Cut many beats into pieces."""
    for start in range(0, n_beats, _CHUNK):
        yield slice(start, min(start + _CHUNK, n_beats))


def median_beat(
    beats: npt.NDArray[np.floating], chosen: BoolArray | IntArray | slice = slice(None)
) -> npt.NDArray[np.floating]:
    """Return the median of all beats, or of those chosen, sample by sample: few are copied."""
    return np.stack([np.median(beats[chosen, n], axis=0) for n in range(beats.shape[1])])


def scale_beats(beats: npt.NDArray[np.floating], own: BoolArray) -> npt.NDArray[np.float32]:
    """Measure the beats of a lead from their median, in units of their typical size.

    Each is first brought to mean 0. Samples that are not its own (see `own_samples`) are set to 0.
    """
    means, powers = np.empty((2, len(beats)))
    for part in chunks_of(len(beats)):
        values = np.asarray(beats[part], dtype=np.float64) * own[part]
        means[part] = values.sum(axis=1) / own[part].sum(axis=1)
        powers[part] = np.square(_centre(beats[part], own[part], means[part])).mean(axis=1)
    size = float(np.sqrt(np.median(powers)))
    size = size if size > 0 else 1.0
    columns = range(beats.shape[1])
    middle = [np.median(_centre(beats[:, [n]], own[:, [n]], means)) for n in columns]
    scaled = np.empty(beats.shape, dtype=np.float32)
    for part in chunks_of(len(beats)):
        apart = _centre(beats[part], own[part], means[part]) - middle
        scaled[part] = np.clip(apart / size, -_LARGEST, _LARGEST)
    return scaled


def _centre(beats: npt.NDArray[np.floating], own: BoolArray, means: FloatArray) -> FloatArray:
    """Bring the samples that are a beat's own to mean 0, and set the others to 0."""
    return np.where(own, np.asarray(beats, dtype=np.float64) - means[:, None], 0.0)


def cut_qrs(codes: npt.NDArray[np.floating], window: tuple[float, float]) -> FloatArray:
    """Cut the QRS complex out of beats that reach over so many seconds, and take its drift away."""
    chosen = qrs_samples(codes.shape[1], window)
    cut = np.empty((len(codes), chosen.sum()))
    for part in chunks_of(len(codes)):
        cut[part] = detrend(codes[part][:, chosen].astype(np.float64), axis=1)
    return cut


def measure_noise(
    beats: npt.NDArray[np.floating], window: tuple[float, float], own: BoolArray
) -> FloatArray:
    """Measure the noise around the QRS complex of each beat, in one lead.

    Parameters
    ----------
    beats : ndarray of shape (n_beats, n_samples)
        The beats, each in the unit of the lead.
    window : tuple of float
        Seconds around the R peak that they reach over.
    own : ndarray of bool, shape (n_beats, n_samples)
        See `own_samples`.

    Returns
    -------
    ndarray of shape (n_beats,)
        Root mean square of what is left beside the QRS complex when a mean over 35 ms is taken
        away, as a share of the height of the median beat. A wide QRS complex is smooth, and adds
        nothing.
    """
    n_samples = beats.shape[1]
    width = max(3, round(_FINE * n_samples / (window[1] - window[0])))
    beside = ~qrs_samples(n_samples, window)
    power = np.empty(len(beats))
    for part in chunks_of(len(beats)):
        values = np.asarray(beats[part], dtype=np.float64)
        fine = values - uniform_filter1d(values, width, axis=1)
        looked_at = own[part] & beside
        sums = (np.square(fine) * looked_at).sum(axis=1)
        power[part] = sums / np.maximum(looked_at.sum(axis=1), 1)
    height = float(np.ptp(median_beat(beats)))
    return np.asarray(np.sqrt(power) / (height if height > 0 else 1.0))


def qrs_samples(n_samples: int, window: tuple[float, float]) -> BoolArray:
    """Tell which samples of a beat are those of its QRS complex."""
    seconds = np.linspace(*window, n_samples, endpoint=False)
    chosen = (seconds >= _QRS[0]) & (seconds < _QRS[1])
    return np.asarray(chosen if chosen.any() else ~chosen)


def choose_usual(codes: npt.NDArray[np.floating], earliness: FloatArray) -> BoolArray:
    """Tell which beats have a shape that does not belong to early beats.

    Parameters
    ----------
    codes : ndarray of shape (n_beats, n_values)
        The shape of each beat, in all leads.
    earliness : ndarray of shape (n_beats,)
        How early each comes, as a logarithm; see `compare_intervals`.

    Returns
    -------
    ndarray of bool, shape (n_beats,)
        Beats that the 15 beats most like them do not come early with. All, if too few are left.
    """
    n_beats = len(codes)
    searched = np.unique(np.linspace(0, n_beats - 1, min(n_beats, _MOST_SEARCHED)).astype(np.intp))
    search = NearestNeighbors(n_neighbors=min(_NEIGHBOURS + 1, len(searched)))
    search.fit(codes[searched].astype(np.float64))
    early, usual = np.clip(earliness, -_MOST_EARLY, _MOST_EARLY), np.empty(n_beats, dtype=bool)
    for part in chunks_of(n_beats):
        rows = search.kneighbors(codes[part].astype(np.float64), return_distance=False)
        usual[part] = early[searched[rows]].mean(axis=1) < _EARLY_SHAPE
    return np.asarray(usual if usual.sum() >= _FEWEST else np.ones(n_beats, dtype=bool))


def windows_of(usual: BoolArray) -> Iterator[tuple[slice, IntArray]]:
    """Cut a recording into short blocks of beats; hand out each with the usual beats around it."""
    places = np.flatnonzero(usual)
    size = min(WINDOW_BEATS, len(places))
    for start in range(0, len(usual), _BLOCK):
        stop = min(start + _BLOCK, len(usual))
        middle = int(np.searchsorted(places, (start + stop) // 2))
        first = min(max(middle - size // 2, 0), len(places) - size)
        yield slice(start, stop), places[first : first + size]


def measure_excess(codes: FloatArray, usual: BoolArray) -> FloatArray:
    """Measure how far each beat lies from the usual ones around it, in one lead.

    Parameters
    ----------
    codes : ndarray of shape (n_beats, n_values)
        The shape of each beat in this lead.
    usual : ndarray of bool, shape (n_beats,)
        The beats to compare with.

    Returns
    -------
    ndarray of shape (n_beats,)
        Logarithm of the distance within which a fifth of the 600 usual beats around it lie, less
        the median of the same over the usual beats: 0 is typical of these, 1 is 2.7 times as far.
    """
    distances = np.empty(len(codes))
    for block, window in windows_of(usual):
        nearest = min(max(1, int(_NEAREST * len(window))), len(window) - 1)
        apart = cdist(codes[block], codes[window])
        distances[block] = np.partition(apart, nearest, axis=1)[:, nearest]
    logarithms = np.log(np.maximum(distances, np.finfo(float).tiny))
    typical = local_median(np.where(usual, logarithms, np.nan), _NORMAL_BEATS)
    return np.asarray(logarithms - typical)


def find_gap(excess: FloatArray) -> float:
    """Find where, between two and a half and five times the usual distance, the fewest beats lie.

    Where that is so of a whole stretch, its middle is taken.
    """
    grid = np.linspace(*_GAP, 91)
    near = excess[(excess > _GAP[0] - 5 * _SMOOTHING) & (excess < _GAP[1] + 5 * _SMOOTHING)]
    density = np.zeros(len(grid))
    for part in chunks_of(len(near)):
        density += np.exp(-0.5 * ((grid[:, None] - near[part]) / _SMOOTHING) ** 2).sum(axis=1)
    # As good as empty: less than a fiftieth of a beat in a thousand.
    slack = 2e-5 * len(excess) * _SMOOTHING * np.sqrt(2 * np.pi)
    return float(grid[density <= density.min() + slack].mean())
