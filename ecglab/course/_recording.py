"""What notebook 08 needs: annotations as the judge, and its exercises."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.decomposition import PCA

from ecglab.course._feedback import UNANSWERED, Feedback, check_number
from ecglab.datasets import Record
from ecglab.evaluation import measure
from ecglab.recordings import Analysis, score_record

__all__ = ["check_early_share", "check_patient", "check_set_aside", "judge", "judge_across"]

_STRANGE = ("V", "F")
_JUDGED = ("N", *_STRANGE)


def judge(analysis: Analysis) -> dict[str, float]:
    """Hold an analysis against the annotations of the beats after the training part.

    Parameters
    ----------
    analysis : Analysis
        Of an annotated recording.

    Returns
    -------
    dict of str to float
        How many ``V`` and ``F`` there are; their ROC-AUC against ``N``, for the detector, for two
        principal components trained on all beats of the same minutes, for two trained on the same
        beats as the detector, and for the mere distance from the median of those; share of the
        normal beats flagged; share of ``V`` and ``F`` flagged. NaN where the recording holds no
        such beat.
    """
    record, late = analysis.record, ~analysis.is_training
    minutes = record.signals[analysis.is_training]
    judged = late & np.isin(_symbols(record), _JUDGED)
    strange = np.isin(_symbols(record)[judged], _STRANGE)
    flagged, core = analysis.is_strange[judged], minutes[analysis.selection.core]
    rivals: dict[str, npt.NDArray[np.floating[Any]]] = {
        "PCA": _rebuild(minutes, record.signals),
        "PCA on chosen beats": _rebuild(core, record.signals),
        "median of chosen beats": np.broadcast_to(np.median(core, axis=0), record.signals.shape),
    }
    return {
        "V and F": int(strange.sum()),
        "detector": _roc_auc(analysis.scores[judged], strange),
        **{
            name: _roc_auc(score_record(record, rebuilt)[judged], strange)
            for name, rebuilt in rivals.items()
        },
        "false alarms": float(flagged[~strange].mean()),
        "V and F found": float(flagged[strange].mean()) if strange.any() else np.nan,
    }


def judge_across(learnt: Analysis, record: Record) -> dict[str, float]:
    """Judge one recording by the detector that was trained on another, its threshold included.

    Parameters
    ----------
    learnt : Analysis
        Of the recording that was learnt from.
    record : Record
        The recording to judge by its annotations, after the same number of minutes.

    Returns
    -------
    dict of str to float
        ROC-AUC of ``V`` and ``F`` against ``N``, NaN where there are none; share of the normal
        beats flagged.
    """
    late = np.asarray(record.times) >= 60 * (learnt.train_minutes or 0)
    judged = late & np.isin(_symbols(record), _JUDGED)
    strange = np.isin(_symbols(record)[judged], _STRANGE)
    scores = score_record(record, learnt.detector.reconstruct(record.signals))[judged]
    return {
        "ROC-AUC": _roc_auc(scores, strange),
        "false alarms": float((scores[~strange] > learnt.threshold).mean()),
    }


def _rebuild(
    learnt: npt.NDArray[np.floating[Any]], beats: npt.NDArray[np.floating[Any]]
) -> npt.NDArray[np.float64]:
    """Rebuild beats from two principal components of others."""
    pca = PCA(2).fit(learnt)
    return np.asarray(pca.inverse_transform(pca.transform(beats)), dtype=np.float64)


def _symbols(record: Record) -> npt.NDArray[np.str_]:
    return np.asarray(record.symbols)


def _roc_auc(scores: npt.NDArray[np.float64], strange: npt.NDArray[np.bool_]) -> float:
    if strange.all() or not strange.any():
        return np.nan
    return float(measure(scores, strange, 0)["ROC-AUC"])


def check_set_aside(answer: object, records: Mapping[str, Record]) -> Feedback:
    """Check how many beats of several recordings were set aside."""
    counts = [len(record.set_aside) for record in records.values()]

    def hint(value: float) -> str:
        if value in counts:
            return "That is one recording. Add them all up."
        if value == sum(len(record) for record in records.values()):
            return "Those are the beats that were kept."
        return "record.set_aside has one row for each of them."

    return check_number(
        answer, sum(counts), "They are listed with their time and reason: nobody must guess.", hint
    )


def check_early_share(answer: object, analysis: Analysis) -> Feedback:
    """Check which share of the strange beats comes early."""
    strange, early = analysis.is_strange, analysis.is_early
    truth = float(early[strange].mean())

    def hint(value: float) -> str:
        if np.isclose(value, strange[early].mean(), atol=5e-4):
            return "That is the share of the early beats that are strange: the other way round."
        if np.isclose(value, (early & strange).mean(), atol=5e-4):
            return "That is the share of *all* beats that are both."
        return "analysis.is_early is True where RR before is less than 0.85 of RR after."

    return check_number(
        answer,
        truth,
        "Another early beat may follow instead of a pause; such beats do not count here.",
        hint,
        tolerance=5e-3,
    )


def check_patient(answer: Any, table: pd.DataFrame) -> Feedback:
    """Check on which recording the detectors of the others raise the most false alarms."""
    if answer is ...:
        return UNANSWERED
    foreign = table.where(~np.eye(len(table), dtype=bool)).mean()
    if answer not in foreign.index:
        return Feedback(False, f"The answer should be one of {sorted(foreign.index)}.")
    if answer == foreign.idxmax():
        return Feedback(True, "What is normal for the others is not normal for this patient.")
    if answer == foreign.idxmin():
        return Feedback(False, "That is where foreign detectors raise the fewest.")
    return Feedback(False, "Leave the diagonal out, then average each column.")
