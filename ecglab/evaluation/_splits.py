"""Divisions of the beats in which no step sees what it must not see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import train_test_split

from ecglab.heartbeats import Heartbeats

__all__ = ["SPLITS", "Split", "official_split", "pooled_split"]


@dataclass(frozen=True, eq=False)
class Split:
    """Beats divided so that no step sees what it must not see.

    Parameters
    ----------
    train : Heartbeats
        Normal beats only: scalers and autoencoders are fitted here.
    validation : Heartbeats
        For early stopping and thresholds: ``validation.normal`` for label-free ones, all of it for
        label-tuned ones.
    test : Heartbeats
        Looked at once, when everything is frozen.
    name : str
        ``"pooled"`` or ``"official"``.
    """

    train: Heartbeats
    validation: Heartbeats
    test: Heartbeats
    name: str

    def summarise(self) -> pd.DataFrame:
        """Count normal beats and anomalies in each part."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return pd.DataFrame(
            {
                "normal": {name: int((~part.is_anomaly).sum()) for name, part in parts.items()},
                "anomalies": {name: int(part.is_anomaly.sum()) for name, part in parts.items()},
            }
        )


def pooled_split(beats: Heartbeats, random_state: int) -> Split:
    """Divide all beats at random, whatever their official part.

    Normal beats go 60 / 20 / 20 % into train / validation / test, anomalies 0 / 20 / 80 %, each
    class in proportion.

    Parameters
    ----------
    beats : Heartbeats
        Normal beats and anomalies.
    random_state : int
        Seed of the division.

    Returns
    -------
    Split
        The three parts, each in random order.

    Notes
    -----
    Half of ECG5000's beats have a near-twin, so a random split puts twins on both sides: it tells
    how well a detector knows *this* patient in *this* recording.
    """
    normal, anomalies = np.flatnonzero(~beats.is_anomaly), np.flatnonzero(beats.is_anomaly)
    train, rest = train_test_split(normal, test_size=0.4, random_state=random_state)
    validation, test = train_test_split(rest, test_size=0.5, random_state=random_state)
    anomalies_validation, anomalies_test = train_test_split(
        anomalies,
        test_size=0.8,
        random_state=random_state,
        stratify=_strata(beats.labels[anomalies]),
    )
    rng = np.random.default_rng(random_state)
    return Split(
        train=beats[train],
        validation=beats[rng.permutation(np.concatenate([validation, anomalies_validation]))],
        test=beats[rng.permutation(np.concatenate([test, anomalies_test]))],
        name="pooled",
    )


def official_split(beats: Heartbeats, random_state: int) -> Split:
    """Keep the published division: learn from the TRAIN part, test on the TEST part.

    Parameters
    ----------
    beats : Heartbeats
        Beats of both official parts.
    random_state : int
        Seed of the division of TRAIN's normal beats, 80 / 20 % into train and validation. TRAIN's
        anomalies all go into validation.

    Returns
    -------
    Split
        The three parts; the test part in its published order.
    """
    in_train = beats.split == "train"
    normal = np.flatnonzero(in_train & ~beats.is_anomaly)
    anomalies = np.flatnonzero(in_train & beats.is_anomaly)
    train, validation = train_test_split(normal, test_size=0.2, random_state=random_state)
    return Split(
        train=beats[train],
        validation=beats[np.concatenate([validation, anomalies])],
        test=beats.part("test"),
        name="official",
    )


SPLITS: Mapping[str, Callable[[Heartbeats, int], Split]] = {
    "pooled": pooled_split,
    "official": official_split,
}
"""The splits of the protocol, by name: functions of the beats and a seed."""


def _strata(labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Count a class of a single beat, which cannot be divided, to the commonest class."""
    classes, counts = np.unique(labels, return_counts=True)
    return np.where(np.isin(labels, classes[counts == 1]), classes[counts.argmax()], labels)
