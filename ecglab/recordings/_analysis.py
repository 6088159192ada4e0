"""`analyse`: judge every beat of a recording without anybody having said what is normal in it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

from ecglab._runs import find_runs
from ecglab.autoencoders import Autoencoder, make_autoencoder
from ecglab.datasets import Record
from ecglab.detector import AutoencoderDetector
from ecglab.errors import DatasetError
from ecglab.heartbeats import Heartbeats
from ecglab.recordings._kinds import Kind, find_kinds
from ecglab.recordings._online import survey_online
from ecglab.recordings._own import own_samples
from ecglab.recordings._selection import FEWEST_BEATS, Selection, measure_prematurity, select_normal
from ecglab.recordings._survey import survey, usual_beats
from ecglab.thresholds import mean_plus_sd_threshold

TRAIN_MINUTES = 5.0
"""Minutes at the beginning that are usually learnt from, where the rest is not to be seen."""

_STANDARD_DEVIATIONS = 7.0
"""How far above the mean score of the kept beats the threshold lies. By Cantelli's inequality, at
most 1 in 1 + 7**2 = 50 beats of any distribution lies that far out: 2 % false alarms or less, as
long as the recording stays as it was while learning."""

_MANY_FLAGGED = 0.3
_MANY_UNREADABLE = 0.1

_logger = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FirstMinutes:
    """The beginning of a recording that was learnt from, where the rest was not to be seen.

    Parameters
    ----------
    minutes : float
        How long it is.
    is_training : ndarray of bool, shape (n_beats,)
        The beats in it. Their scores are somewhat lower than they would be otherwise.
    selection : Selection
        Which of these were used, and how.
    """

    minutes: float
    is_training: BoolArray
    selection: Selection


@dataclass(frozen=True, eq=False, repr=False)
class Analysis:
    """A recording whose beats have been judged.

    Parameters
    ----------
    record : Record
        The recording.
    detector : AutoencoderDetector
        Holds the autoencoder that was trained on it.
    scores : ndarray of float64, shape (n_beats,)
        Anomaly score of each beat, higher is stranger: the larger of `shape` and `earliness`; or,
        learnt from the first minutes, the mean squared error of its reconstruction.
    threshold : float
        Scores above it are strange.
    shape, earliness : ndarray of float64, shape (n_beats,)
        How unlike the usual beats each beat is, and how early it comes, each as a multiple of what
        is too much: by the beats around it; or, learnt from the first minutes, by the threshold,
        and by the interval after it.
    is_learnt : ndarray of bool, shape (n_beats,)
        The beats that stand for what is normal; online, as it was said when each was judged.
    is_irregular, is_unreadable : ndarray of bool, shape (n_beats,)
        The beats where the rhythm is irregular, as in atrial fibrillation, so that none is early;
        and those in too much noise to be judged. Neither is looked for when learnt from the first
        minutes.
    first : FirstMinutes, optional
        What was learnt from; when left out, all of the recording, or what had come of it.
    online_minutes : float, optional
        How many minutes at a time the beats were judged by what had come of the recording; by all
        of it, when left out. The detector is the last one that was trained on the way.
    """

    record: Record
    detector: AutoencoderDetector
    scores: FloatArray
    threshold: float
    shape: FloatArray
    earliness: FloatArray
    is_learnt: BoolArray
    is_irregular: BoolArray
    is_unreadable: BoolArray
    first: FirstMinutes | None = None
    online_minutes: float | None = None

    def __repr__(self) -> str:
        """Say in one line what came out."""
        return (
            f"Analysis({int(self.is_strange.sum())} of {len(self.scores)} beats of "
            f"{self.record.source!r} are strange)"
        )

    @cached_property
    def reconstructions(self) -> npt.NDArray[np.floating[Any]]:
        """What each beat would look like if it were a usual one, shape (n_beats, n_samples).

        The median of the usual beats around it (after it, too, even if it was judged online); or,
        learnt from the first minutes, what the detector makes of it.
        """
        if self.first is None:
            return usual_beats(self.record, self.is_learnt)
        return self.detector.reconstruct(self.record.signals)

    @property
    def is_strange(self) -> BoolArray:
        """True for beats that can be read and score above the threshold, shape (n_beats,)."""
        return (self.scores > self.threshold) & ~self.is_unreadable

    @property
    def is_early(self) -> BoolArray:
        """True for beats that come early, shape (n_beats,).

        By the rhythm around them; or, learnt from the first minutes, those followed by a pause.
        """
        return self.earliness > 1

    @property
    def reasons(self) -> npt.NDArray[np.object_]:
        """Why each beat stands out, in words; empty for the others. Shape (n_beats,)."""
        other = self.is_strange & (self.shape > 1)
        early = self.is_early & ~self.is_unreadable
        words = np.where(other, "other shape", "").astype(object)
        words[early & ~other] = "early"
        words[early & other] = "other shape, early"
        return words

    @property
    def verdicts(self) -> npt.NDArray[np.str_]:
        """What each beat looks like, shape (n_beats,).

        "N" like the usual beats; "V" of another shape (ventricular, as a rule, but aberrant beats
        and fusions, too); "S" of the usual shape and early (supraventricular, as a rule); "U" in
        too much noise to be told; "?" strange, when learnt from the first minutes.
        """
        if self.first is not None:
            return np.where(self.is_strange, "?", "N")
        return np.select([self.is_unreadable, self.shape > 1, self.is_early], ["U", "V", "S"], "N")

    @property
    def stretches(self) -> pd.DataFrame:
        """Stretches of irregular rhythm, a row each, from ``start`` to ``stop`` in seconds."""
        starts, stops = find_runs(self.is_irregular).T
        times = _times(self.record)
        return pd.DataFrame({"start": times[starts], "stop": times[stops - 1]})

    @property
    def strange_beats(self) -> pd.DataFrame:
        """List the strange beats, the strangest first.

        One row a beat: its position in the record (the index, ``beat``), ``time`` in seconds,
        ``score``, ``times_threshold`` (score over threshold), ``rr_before`` and ``rr_after`` in
        seconds, whether it comes ``early``, the ``reason`` in words, and its ``symbol`` where the
        recording is annotated.
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
                "reason": self.reasons[beats],
            },
            index=pd.Index(beats, name="beat"),
        )
        if self.record.symbols is not None:
            table["symbol"] = self.record.symbols[beats].astype(object)
        return table

    @property
    def p_values(self) -> FloatArray:
        """The conformal p-value of each beat, shape (n_beats,).

        It is the share of the beats that were taken for usual, and of the beat itself, that score
        as high as it does. The usual beats were learnt from, so it is somewhat too small for the
        others. All of the recording counts, even if it was judged online.
        """
        usual = np.sort(self.scores[self.is_learnt])
        as_high = len(usual) - np.searchsorted(usual, self.scores, side="left")
        return np.asarray((1 + as_high) / (1 + len(usual)))

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of strange beats, by verdict, shape and timing; see `Kind`."""
        return find_kinds(self.record, self.verdicts, self.scores / self.threshold)

    @property
    def notes(self) -> list[str]:
        """What a reader of the result should know, in plain sentences; empty if nothing is odd."""
        found = self._notes_on_all() if self.first is None else self._notes_on_first(self.first)
        return list(found)

    def _notes_on_first(self, first: FirstMinutes) -> Iterator[str]:
        """Look for what makes a result by the first minutes doubtful."""
        minutes, selection = f"{first.minutes:g} minutes", first.selection
        kept = selection.kept.mean()
        if kept < 0.5:
            yield (
                f"Only {100 * kept:.0f} % of the beats in the first {minutes} come on time and "
                "look alike. Ectopic beats may be the majority there, or the signal noisy: what "
                "was learnt as normal may not be."
            )
        if selection.n_shapes > 1:
            yield (
                f"The first {minutes} hold {selection.n_shapes} shapes of beats that each "
                "persist, as with a bundle branch block or a pacemaker that comes and goes. All of "
                "them count as normal here."
            )
        if first.is_training.all():
            yield (
                f"The recording is not longer than the {minutes} learnt from, so no beat in it was "
                "judged by a detector that had not seen it."
            )
        elif (flagged := self.is_strange[~first.is_training].mean()) > _MANY_FLAGGED:
            yield (
                f"{100 * flagged:.0f} % of the beats after the first {minutes} are flagged. Either "
                "they are ectopic, or the recording has changed (noise, another posture, another "
                "rhythm) since the detector was trained."
            )

    def _notes_on_all(self) -> Iterator[str]:
        """Look for what makes a result on the whole recording doubtful."""
        usual = self.is_learnt.mean()
        if usual < 0.5:
            yield (
                f"Only {100 * usual:.0f} % of the beats have a shape that does not belong to early "
                "beats. Ectopic beats may be the majority: what was taken for usual may not be."
            )
        unreadable = self.is_unreadable.mean()
        if unreadable > _MANY_UNREADABLE:
            yield (
                f"{100 * unreadable:.0f} % of the beats lie in too much noise to be judged, in "
                "every lead; what is said of the others may suffer from it, too."
            )
        flagged = self.is_strange.mean()
        if flagged > _MANY_FLAGGED:
            yield (
                f"{100 * flagged:.0f} % of the beats are flagged. Either they are ectopic, or the "
                "signal is noisy, or the R peaks are not where the beats are."
            )


def analyse(
    record: Record,
    *,
    train_minutes: float | None = None,
    online_minutes: float | None = None,
    autoencoder: str | Autoencoder | AutoencoderDetector | None = None,
    random_state: int | None = 0,
    progress: bool = False,
) -> Analysis:
    """Judge every beat of a recording by its shape and its rhythm, without labels.

    Parameters
    ----------
    record : Record
        What `ecglab.datasets.read_record` returned. Its labels, if any, are not looked at.
    train_minutes : float, optional
        Minutes at the beginning to learn from, such as 5: nothing that follows is looked at, the
        first lead is judged alone, and by shape alone. When left out, all of the recording is
        learnt from.
    online_minutes : float, optional
        Judge the recording as it comes: every so many minutes, such as 1, the beats of these
        minutes are judged, in all leads, by what has come so far; nothing that follows is looked
        at. When left out, the end of the recording is waited for.
    autoencoder : str, Autoencoder or AutoencoderDetector, optional
        A name from `ecglab.autoencoders.AUTOENCODERS`, an untrained autoencoder, or a detector
        whose autoencoder and scaler are to be used; its scoring and threshold are not. When left
        out, a dense one with a code of 10 numbers; with `train_minutes`, "dense".
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
        If the recording, or its first minutes, hold fewer than 30 beats.
    ValueError
        If `train_minutes` or `online_minutes` is not positive, or both are given; or if there is no
        such autoencoder.

    Notes
    -----
    *From the whole recording*: beats are moved by 30 ms at most, to where their QRS complex is most
    like the median one, for marks do not always stand at the same place of it. An autoencoder
    learns the beats of each lead, ectopic ones among them, and rebuilds each from a narrow code,
    which leaves the noise out. The QRS complex of a rebuilt beat is then compared with those of the
    ten minutes around it, of which those are left out whose shape belongs to early beats. Its
    *shape* is another one if it lies two and a half to five times as far from them as they
    typically do from one another; in that range, the threshold lies where the fewest beats are. It
    is *early* if the interval before it is shorter than the median of the 101 around it by a tenth
    and by four times their median deviation, and than the five before it; five and more beats in a
    row that begin so, and are fast by the 1,001 intervals around them, are early, too. Where the
    intervals typically change by more than a tenth, as in atrial fibrillation, the rhythm is
    *irregular*, and no beat is early. A beat is *unreadable* if the noise beside its QRS complex
    exceeds a tenth of the height of the median beat in every lead. The constants were settled on
    half of the records of DS1 of MIT-BIH, with the other half to confirm, and at times in view
    (`benchmarks/mitbih.py`). A supraventricular beat that is not early, or one in an irregular
    rhythm, is not found.

    *Online*: every so many minutes the same is done with what has come, the new beats and the 5,000
    before them, and what comes out is kept for the new beats alone; it is never revised. The first
    five minutes, or more if they hold fewer than 30 beats, are judged together. A beat is a new one
    once it is complete, 0.1 s after its window is over: so its verdict comes later than the beat by
    0.55 s and the minutes at most, and nothing that comes later still has a part in it. The
    autoencoder is trained anew whenever twice as many beats have come, and from 5,000 on whenever
    5,000 more have. Kinds, p-values and reconstructions look back from the end. `read_record`
    itself looks ahead: its filter of the baseline by some seconds; where it has to find R peaks, by
    half an hour, and by all of the recording for whether they point upwards.

    *From the first minutes*: which beats to learn from is decided by `select_normal`: beats that
    come early are left out, and the detector is trained on the half of the others that are most
    alike. So up to nearly half of the beats on time may be strange, whatever their shape. The
    numbers in it stand for physiology and convention, not for one recording; but they were settled
    on while records 100, 106, 119 and 208 of MIT-BIH were in view
    (`benchmarks/record_detection.py`).

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
    if train_minutes is not None and online_minutes is not None:
        raise ValueError(
            "train_minutes learns from the beginning alone, online_minutes from all that has come: "
            "pass one of them."
        )
    if train_minutes is None:
        analysis = _analyse_all(record, online_minutes, autoencoder, random_state, progress)
    else:
        analysis = _analyse_by_first(record, train_minutes, autoencoder, random_state, progress)
    _log(analysis)
    return analysis


def _analyse_by_first(
    record: Record,
    train_minutes: float,
    autoencoder: str | Autoencoder | AutoencoderDetector | None,
    random_state: int | None,
    progress: bool,
) -> Analysis:
    """Judge every beat by those of the first minutes."""
    if not train_minutes > 0:
        raise ValueError(f"train_minutes must be above 0, not {train_minutes}.")
    is_training = _times(record) < 60 * train_minutes
    training = record[is_training]
    if len(training) < FEWEST_BEATS:
        raise DatasetError(
            f"{record.source}: the first {train_minutes:g} minutes hold {len(training)} beats that "
            f"can be used, and {FEWEST_BEATS} are needed to learn from.",
            "Raise {}, or choose another lead.",
            "train_minutes",
        )
    selection = select_normal(training.signals, _rr_intervals(training))
    detector = _make_detector(autoencoder or "dense", random_state, progress)
    detector.fit(training.signals[selection.core])
    scores = score_record(record, detector.reconstruct(record.signals))
    threshold = mean_plus_sd_threshold(scores[is_training][selection.kept], k=_STANDARD_DEVIATIONS)
    is_learnt = np.zeros(len(record), dtype=bool)
    is_learnt[np.flatnonzero(is_training)[selection.core]] = True
    return Analysis(
        record,
        detector,
        scores,
        threshold,
        shape=scores / threshold,
        earliness=measure_prematurity(_rr_intervals(record)),
        is_learnt=is_learnt,
        is_irregular=np.zeros(len(record), dtype=bool),
        is_unreadable=np.zeros(len(record), dtype=bool),
        first=FirstMinutes(float(train_minutes), is_training, selection),
    )


def _analyse_all(
    record: Record,
    online_minutes: float | None,
    autoencoder: str | Autoencoder | AutoencoderDetector | None,
    random_state: int | None,
    progress: bool,
) -> Analysis:
    """Judge every beat by the usual ones around it, or online by those that have come."""
    if online_minutes is not None and not 0 < online_minutes < np.inf:
        raise ValueError(f"online_minutes must be a number above 0, not {online_minutes}.")
    if len(record) < FEWEST_BEATS:
        raise DatasetError(
            f"{record.source} holds {len(record)} beats that can be used, and {FEWEST_BEATS} are "
            "needed to tell what is usual. Choose another lead, or a longer recording."
        )
    chosen = _make_narrow() if autoencoder is None else autoencoder
    pattern = _make_detector(chosen, random_state, progress)
    if online_minutes is None:
        found = survey(record, pattern)
    else:
        found = survey_online(record, pattern, online_minutes)
    return Analysis(
        record,
        found.detectors[0],
        scores=np.maximum(found.shape, found.earliness),
        threshold=1.0,
        shape=found.shape,
        earliness=found.earliness,
        is_learnt=found.usual,
        is_irregular=found.irregular,
        is_unreadable=found.unreadable,
        online_minutes=None if online_minutes is None else float(online_minutes),
    )


def _make_narrow() -> Autoencoder:
    """Return an autoencoder whose code has room for the shapes of beats, and none for noise."""
    return make_autoencoder(
        "dense_torch",
        hidden=(64, 10),
        dropout=0.0,
        batch_norm=False,
        output_activation="linear",
        learning_rate=3e-3,
        batch_size=64,
        max_epochs=30,
    )


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


def score_record(record: Record, reconstructions: npt.NDArray[np.floating[Any]]) -> FloatArray:
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


def _times(record: Heartbeats) -> FloatArray:
    """Return the R peaks; a record has them."""
    return np.asarray(record.times, dtype=np.float64)


def _rr_intervals(record: Heartbeats) -> FloatArray:
    """Return the RR intervals; a record has them."""
    return np.asarray(record.rr_intervals, dtype=np.float64)


def _log(analysis: Analysis) -> None:
    """Say what came out, and what is doubtful about it."""
    first, online = analysis.first, analysis.online_minutes
    learnt_from = "all of it"
    if first is not None:
        learnt_from = f"the first {first.minutes:g} minutes"
    elif online is not None:
        learnt_from = f"what had come of it, {online:g} min at a time"
    _logger.info(
        "%s: learnt from %d beats in %s; %d of %d beats are strange",
        analysis.record.source,
        analysis.is_learnt.sum(),
        learnt_from,
        analysis.is_strange.sum(),
        len(analysis.scores),
    )
    for note in analysis.notes:
        _logger.warning("%s: %s", analysis.record.source, note)
