"""`analyse`: learn what is normal in a recording's first minutes, and judge every beat by it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

from ecglab.autoencoders import Autoencoder
from ecglab.datasets import Record
from ecglab.detector import AutoencoderDetector
from ecglab.errors import DatasetError
from ecglab.heartbeats import Heartbeats
from ecglab.recordings._selection import FEWEST_BEATS, Selection, come_early, select_normal
from ecglab.thresholds import mean_plus_sd_threshold

__all__ = ["TRAIN_MINUTES", "Analysis", "analyse", "own_samples", "score_record"]

TRAIN_MINUTES = 5.0
"""Minutes at the beginning of the recording that are learnt from."""

_STANDARD_DEVIATIONS = 7.0
"""How far above the mean score of the kept beats the threshold lies. By Cantelli's inequality, at
most 1 in 1 + 7**2 = 50 beats of any distribution lies that far out: 2 % false alarms or less, as
long as the recording stays as it was while learning."""

_QRS_SECONDS = 0.1  # before an R peak: by then the next beat's QRS complex has begun
_LEAST_OWN = 0.5  # of a beat's samples; with fewer, two marks probably stand on one beat

_MANY_FLAGGED = 0.3

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, repr=False)
class Analysis:
    """A recording whose beats have been judged.

    Parameters
    ----------
    record : Record
        The recording.
    detector : AutoencoderDetector
        The detector that was trained on it.
    reconstructions : ndarray of float64, shape (n_beats, n_samples)
        What the detector makes of each beat.
    scores : ndarray of float64, shape (n_beats,)
        Anomaly score of each beat, the mean squared error of its reconstruction; higher is
        stranger.
    threshold : float
        Scores above it are strange.
    is_training : ndarray of bool, shape (n_beats,)
        The beats of the first minutes, from which the detector was trained. Their scores are
        somewhat lower than they would be otherwise.
    selection : Selection
        Which of the training beats were used, and how.
    train_minutes : float
        How long the training part is.
    """

    record: Record
    detector: AutoencoderDetector
    reconstructions: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    threshold: float
    is_training: npt.NDArray[np.bool_]
    selection: Selection
    train_minutes: float

    def __repr__(self) -> str:
        """Say in one line what came out."""
        return (
            f"Analysis({int(self.is_strange.sum())} of {len(self.scores)} beats of "
            f"{self.record.source!r} are strange)"
        )

    @property
    def is_strange(self) -> npt.NDArray[np.bool_]:
        """True for beats whose score lies above the threshold, shape (n_beats,)."""
        return self.scores > self.threshold

    @property
    def is_early(self) -> npt.NDArray[np.bool_]:
        """True for beats that come early and are followed by a pause, shape (n_beats,)."""
        return come_early(_rr_intervals(self.record))

    @property
    def strange_beats(self) -> pd.DataFrame:
        """List the strange beats, the strangest first.

        One row a beat: its position in the record (the index, ``beat``), ``time`` in seconds,
        ``score``, ``times_threshold`` (score over threshold), ``rr_before`` and ``rr_after`` in
        seconds, whether it comes ``early``, and its ``symbol`` where the recording is annotated.
        """
        beats = np.flatnonzero(self.is_strange)
        beats = beats[np.argsort(-self.scores[beats], kind="stable")]
        table = pd.DataFrame(
            {
                "time": _times(self.record)[beats],
                "score": self.scores[beats],
                "times_threshold": self.scores[beats] / self.threshold,
                "rr_before": _rr_intervals(self.record)[beats, 0],
                "rr_after": _rr_intervals(self.record)[beats, 1],
                "early": self.is_early[beats],
            },
            index=pd.Index(beats, name="beat"),
        )
        if self.record.symbols is not None:
            table["symbol"] = self.record.symbols[beats].astype(object)
        return table

    @property
    def notes(self) -> list[str]:
        """What a reader of the result should know, in plain sentences; empty if nothing is odd."""
        return list(self._notes())

    def _notes(self) -> Iterator[str]:
        """Look for what makes the result doubtful."""
        minutes = f"{self.train_minutes:g} minutes"
        kept = self.selection.kept.mean()
        if kept < 0.5:
            yield (
                f"Only {100 * kept:.0f} % of the beats in the first {minutes} come on time and "
                "look alike. Ectopic beats may be the majority there, or the signal noisy: what "
                "was learnt as normal may not be."
            )
        if self.selection.n_shapes > 1:
            yield (
                f"The first {minutes} hold {self.selection.n_shapes} shapes of beats that each "
                "persist, as with a bundle branch block or a pacemaker that comes and goes. All of "
                "them count as normal here."
            )
        if self.is_training.all():
            yield (
                f"The recording is not longer than the {minutes} learnt from, so no beat in it was "
                "judged by a detector that had not seen it."
            )
        elif (flagged := self.is_strange[~self.is_training].mean()) > _MANY_FLAGGED:
            yield (
                f"{100 * flagged:.0f} % of the beats after the first {minutes} are flagged. Either "
                "they are ectopic, or the recording has changed (noise, another posture, another "
                "rhythm) since the detector was trained."
            )


def analyse(
    record: Record,
    *,
    train_minutes: float = TRAIN_MINUTES,
    autoencoder: str | Autoencoder | AutoencoderDetector = "dense",
    random_state: int | None = 0,
    progress: bool = False,
) -> Analysis:
    """Train a detector on the first minutes of a recording, without labels, and score every beat.

    Parameters
    ----------
    record : Record
        What `ecglab.datasets.read_record` returned. Its labels, if any, are not looked at.
    train_minutes : float, default 5
        Minutes at the beginning to learn from.
    autoencoder : str, Autoencoder or AutoencoderDetector, default "dense"
        A name from `ecglab.autoencoders.AUTOENCODERS`, an untrained autoencoder, or a detector
        whose autoencoder and scaler are to be used; its scoring and threshold are not.
    random_state : int, optional
        Seed of the training; not used with an AutoencoderDetector, which has its own.
    progress : bool, default False
        Whether to show a progress bar over the epochs.

    Returns
    -------
    Analysis
        Scores, flags, and the detector. The same seed gives the same, on the same machine.

    Raises
    ------
    DatasetError
        If the first minutes hold fewer than 30 beats.
    ValueError
        If `train_minutes` is not positive, or there is no such autoencoder.

    Notes
    -----
    Which beats to learn from is decided by `select_normal`: beats that come early are left out, and
    the detector is trained on the half of the others that are most alike. So up to nearly half of
    the beats on time may be strange, whatever their shape. The numbers in it stand for physiology
    and convention, not for one recording; but they were settled on while records 100, 106, 119 and
    208 of MIT-BIH were in view (`benchmarks/record_detection.py`).

    A sample is left out of a beat's score where the next beat's QRS complex has already begun, or
    the one before is not over: an ectopic beat that follows early should not make a normal beat
    strange.

    The threshold lies 7 standard deviations above the mean score of all beats that look like those
    trained on. These include beats of the training; but what decides is the spread of the others,
    because the core is the half with the lowest scores.

    Examples
    --------
    >>> from ecglab.datasets import read_record  # doctest: +SKIP
    >>> analysis = analyse(read_record("mitdb/106"))  # doctest: +SKIP
    >>> analysis.strange_beats.head()  # doctest: +SKIP
    """
    if not train_minutes > 0:
        raise ValueError(f"train_minutes must be above 0, not {train_minutes}.")
    is_training = _times(record) < 60 * train_minutes
    training = record[is_training]
    if len(training) < FEWEST_BEATS:
        raise DatasetError(
            f"{record.source}: the first {train_minutes:g} minutes hold {len(training)} beats that "
            f"can be used, and {FEWEST_BEATS} are needed to learn from. Raise train_minutes, or "
            "choose another lead."
        )
    selection = select_normal(training.signals, _rr_intervals(training))
    detector = _make_detector(autoencoder, random_state, progress)
    detector.fit(training.signals[selection.core])
    reconstructions = detector.reconstruct(record.signals)
    scores = score_record(record, reconstructions)
    threshold = mean_plus_sd_threshold(scores[is_training][selection.kept], k=_STANDARD_DEVIATIONS)
    analysis = Analysis(
        record,
        detector,
        reconstructions,
        scores,
        threshold,
        is_training,
        selection,
        float(train_minutes),
    )
    _log(analysis)
    return analysis


def _make_detector(
    autoencoder: str | Autoencoder | AutoencoderDetector, random_state: int | None, progress: bool
) -> AutoencoderDetector:
    """Return a fresh detector, with the scoring and the threshold rule that are used here."""
    detector = (
        clone(autoencoder)
        if isinstance(autoencoder, AutoencoderDetector)
        else AutoencoderDetector(autoencoder, random_state=random_state, progress=progress)
    )
    return detector.set_params(
        scoring="mse", threshold="mean_plus_sd", threshold_params={"k": _STANDARD_DEVIATIONS}
    )


def score_record(
    record: Record, reconstructions: npt.NDArray[np.floating[Any]]
) -> npt.NDArray[np.float64]:
    """Score the beats of a recording against what was made of them.

    Parameters
    ----------
    record : Record
        The beats.
    reconstructions : ndarray of float, shape (n_beats, n_samples)
        What a detector, or another model, makes of them.

    Returns
    -------
    ndarray of float64, shape (n_beats,)
        The mean squared error over a beat's own samples: not those from 0.1 s before the next R
        peak on, nor those up to 0.1 s after the one before.
    """
    own = own_samples(record)
    squares = np.square(record.signals - reconstructions)
    return np.asarray((squares * own).sum(axis=1) / own.sum(axis=1))


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
    before, after = np.nan_to_num(_rr_intervals(record), nan=np.inf).T[:, :, None]
    own = (seconds > _QRS_SECONDS - before) & (seconds < after - _QRS_SECONDS)
    own[own.mean(axis=1) < _LEAST_OWN] = True
    return np.asarray(own)


def _times(record: Heartbeats) -> npt.NDArray[np.float64]:
    """Return the R peaks; a record has them."""
    return np.asarray(record.times, dtype=np.float64)


def _rr_intervals(record: Heartbeats) -> npt.NDArray[np.float64]:
    """Return the RR intervals; a record has them."""
    return np.asarray(record.rr_intervals, dtype=np.float64)


def _log(analysis: Analysis) -> None:
    """Say what came out, and what is doubtful about it."""
    _logger.info(
        "%s: trained on %d of %d beats in the first %g minutes; %d of %d beats are strange",
        analysis.record.source,
        analysis.selection.core.sum(),
        analysis.is_training.sum(),
        analysis.train_minutes,
        analysis.is_strange.sum(),
        len(analysis.scores),
    )
    for note in analysis.notes:
        _logger.warning("%s: %s", analysis.record.source, note)
