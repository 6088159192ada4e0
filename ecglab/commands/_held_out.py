"""Which beats a detector is trained on, and how it is judged by beats that it never saw."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ecglab.commands._show import Share, describe, share
from ecglab.detector import AutoencoderDetector
from ecglab.errors import DatasetError
from ecglab.evaluation import Interval, pooled_split, roc_auc_interval
from ecglab.heartbeats import Heartbeats

FEWEST_NORMAL = 10
FEWEST_ANOMALIES = 5  # of which a fifth, one, is for validation
_FOR_TEST = 0.8


@dataclass(frozen=True)
class Parts:
    """Beats, divided: what to train on, to choose a threshold by, and to judge by in the end.

    Where there are too few anomalies for the latter two, the detector holds normal beats back
    itself.
    """

    train: Heartbeats
    validation: Heartbeats | None = None
    test: Heartbeats | None = None


@dataclass(frozen=True)
class HeldOut:
    """How a detector does on beats that it never saw, each figure with a 95 % interval."""

    roc_auc: Interval
    recall: Share | None
    false_alarms: Share | None

    def facts(self) -> dict[str, Any]:
        """Return the figures for programs."""
        return {name: describe(figure) for name, figure in vars(self).items()}


def divide(beats: Heartbeats, random_state: int) -> Parts:
    """Divide beats so that anomalies are never trained on, and some of all are never looked at.

    With five labelled anomalies or more, the parts are those of `ecglab.evaluation.pooled_split`:
    normal beats 60 / 20 / 20 %, anomalies 0 / 20 / 80 %. Otherwise all normal beats are for
    training. Unlabelled beats all count as normal. Fewer than ten normal ones are refused.
    """
    n_anomalies = int(beats.is_anomaly.sum())
    n_normal = len(beats) - n_anomalies
    if n_normal < FEWEST_NORMAL:
        raise DatasetError(
            f"{beats.source} holds {n_normal} normal beats, and {FEWEST_NORMAL} are needed to "
            "train on. If another label is the normal one, pass --normal-label."
        )
    if n_anomalies < FEWEST_ANOMALIES:
        return Parts(beats.normal)
    split = pooled_split(_divisible(beats), random_state)
    return Parts(split.train, split.validation, split.test)


def judge(detector: AutoencoderDetector, test: Heartbeats) -> HeldOut:
    """Measure a detector, its threshold included, on beats that nothing was fitted to."""
    scores = detector.reconstruction_error(test.signals)
    flagged, is_anomaly = scores > detector.threshold_, test.is_anomaly
    return HeldOut(
        roc_auc=roc_auc_interval(is_anomaly, scores),
        recall=share(int(flagged[is_anomaly].sum()), int(is_anomaly.sum())),
        false_alarms=share(int(flagged[~is_anomaly].sum()), int((~is_anomaly).sum())),
    )


def _divisible(beats: Heartbeats) -> Heartbeats:
    """Count all anomalies as one class where they are too few for each class to be divided."""
    n_anomalies = int(beats.is_anomaly.sum())
    n_validation = n_anomalies - math.ceil(_FOR_TEST * n_anomalies)
    if len(np.unique(beats.labels[beats.is_anomaly])) <= n_validation:
        return beats
    return replace(
        beats,
        labels=beats.is_anomaly.astype(int),
        class_names={0: "normal", 1: "anomaly"},
        normal_label=0,
    )
