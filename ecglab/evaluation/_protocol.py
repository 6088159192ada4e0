"""Divisions in which no step sees what it must not see, and detectors tested over many of them."""

import inspect
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from ecglab.detector import AutoencoderDetector
from ecglab.evaluation._report import measure
from ecglab.heartbeats import Heartbeats
from ecglab.scoring import make_scoring
from ecglab.thresholds import THRESHOLDS, choose_threshold


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


Scores = npt.NDArray[np.float64]
Rules = Mapping[str, tuple[str, Mapping[str, Any]]]

DEFAULT_RULES: Rules = MappingProxyType(
    {
        "95 % quantile (label-free)": ("quantile", {"quantile": 0.95}),
        "90 % quantile (label-free)": ("quantile", {"quantile": 0.90}),
        "mean + 1 sd (label-free)": ("mean_plus_sd", {"k": 1.0}),
        "best F1 (label-tuned)": ("f1", {}),
        "Youden's J (label-tuned)": ("youden", {}),
    }
)
"""The threshold rules that a run is measured with: the name shown, the rule's name in
`ecglab.thresholds.THRESHOLDS`, and its parameters."""


def evaluate_seeds(
    detectors: Mapping[str, Any],
    beats: Heartbeats,
    *,
    split: str | Callable[[Heartbeats, int], Split] = "pooled",
    seeds: Iterable[int] = range(10),
    rules: Rules = DEFAULT_RULES,
    progress: bool = False,
) -> pd.DataFrame:
    """Train and test detectors over many seeds, all of them on the same splits.

    Parameters
    ----------
    detectors : mapping of str to callable or estimator
        By the name to show: a function that takes a seed and returns an untrained detector; or an
        estimator, which is cloned for each seed, with every ``random_state`` in it set to the
        seed. A detector has ``fit`` and ``score_samples`` (higher is more normal), as
        scikit-learn's and `AutoencoderDetector` have.
    beats : Heartbeats
        The beats to divide.
    split : {"pooled", "official"} or callable, default "pooled"
        How to divide them: a name from `SPLITS`, or a function of the beats and a seed.
    seeds : iterable of int, default range(10)
        Seeds of split and detector.
    rules : mapping, default DEFAULT_RULES
        The threshold rules, in the same form.
    progress : bool, default False
        Whether to show a progress bar over the runs.

    Returns
    -------
    pandas.DataFrame
        One row for each detector, seed and rule, in this order, with the columns of
        `threshold_rows`. `format_seeds` sums it up, `compare_seeds` compares the detectors.

    Raises
    ------
    ValueError
        If there is no split or rule of a given name, or a score is not finite.
    TypeError
        If a detector lacks ``fit`` or ``score_samples``.

    Examples
    --------
    >>> from sklearn.ensemble import IsolationForest
    >>> from ecglab.datasets import make_heartbeats
    >>> beats = make_heartbeats(1000, random_state=0)
    >>> runs = evaluate_seeds({"forest": IsolationForest()}, beats, seeds=range(2))
    >>> runs[["detector", "threshold"]].iloc[0].tolist()
    ['forest', '95 % quantile (label-free)']
    """
    from tqdm.auto import tqdm

    divide = _find_split(split)
    jobs = list(itertools.product(detectors, seeds))
    rows: list[dict[str, Any]] = []
    for name, seed in tqdm(jobs, unit="run", disable=not progress):
        parts = divide(beats, seed)
        detector = _make_detector(detectors[name], seed)
        on_validation, on_test = score_split(detector, parts)
        label_free = not _scoring_needs_anomalies(detector)
        rows += threshold_rows(
            name, parts, seed, on_validation, on_test, rules, label_free_scores=label_free
        )
    return pd.DataFrame(rows)


def score_split(detector: Any, split: Split) -> tuple[Scores, Scores]:
    """Train a detector on a split, and score the beats that it was not trained on.

    Parameters
    ----------
    detector : estimator
        With ``fit`` and ``score_samples``, higher being more normal. It is trained in place, on
        ``split.train`` alone. If its ``fit`` takes ``validation_signals``, it gets the normal
        validation beats too, for early stopping; an `AutoencoderDetector` whose scoring or
        threshold needs anomalies gets all of them, labelled.
    split : Split
        The parts.

    Returns
    -------
    on_validation, on_test : ndarray of shape (n_validation_beats,) and (n_test_beats,)
        Anomaly scores, higher is more anomalous: ``-score_samples``.

    Raises
    ------
    TypeError
        If the detector lacks ``fit`` or ``score_samples``.
    """
    for method in ("fit", "score_samples"):
        if not hasattr(detector, method):
            raise TypeError(
                f"{detector!r} has no method {method}. A detector needs fit and score_samples, as "
                "scikit-learn's have; LocalOutlierFactor has it with novelty=True."
            )
    detector.fit(split.train.signals, **_validation_beats(detector, split.validation))
    on_validation, on_test = (
        -np.asarray(detector.score_samples(part.signals), dtype=np.float64)
        for part in (split.validation, split.test)
    )
    return on_validation, on_test


def threshold_rows(
    detector_name: str,
    split: Split,
    seed: int,
    on_validation: npt.ArrayLike,
    on_test: npt.ArrayLike,
    rules: Rules = DEFAULT_RULES,
    *,
    label_free_scores: bool = True,
) -> list[dict[str, Any]]:
    """Measure one trained detector on the test part at each threshold rule.

    Parameters
    ----------
    detector_name : str
        What to call it.
    split : Split
        The parts that the scores belong to.
    seed : int
        The seed of the split.
    on_validation, on_test : array_like of shape (n_validation_beats,) and (n_test_beats,)
        Anomaly scores, higher is more anomalous, as from `score_split`. Thresholds are chosen on
        the former alone.
    rules : mapping, default DEFAULT_RULES
        The threshold rules, in the same form.
    label_free_scores : bool, default True
        Whether the scores came about without an anomaly. False for a scoring that learns from
        them: then no rule makes the result label-free.

    Returns
    -------
    list of dict
        One row a rule: ``detector``, ``split``, ``seed``, ``threshold`` (the rule), ``label_free``,
        ``n_train`` and ``n_test`` (beats in these parts), the metrics of `METRICS`, and the recall
        of each class of anomalies ("recall of class 2", ...).

    Raises
    ------
    ValueError
        If there is no rule of a given name, the lengths differ, or a score is not finite.
    """
    rows = []
    for name, (rule, params) in rules.items():
        threshold = choose_threshold(rule, on_validation, split.validation.is_anomaly, **params)
        test = split.test
        rows.append(
            {
                "detector": detector_name,
                "split": split.name,
                "seed": seed,
                "threshold": name,
                "label_free": label_free_scores and not THRESHOLDS[rule].needs_anomalies,
                "n_train": len(split.train),
                "n_test": len(test),
                **measure(on_test, test.is_anomaly, threshold, labels=test.labels),
            }
        )
    return rows


def _find_split(
    split: str | Callable[[Heartbeats, int], Split],
) -> Callable[[Heartbeats, int], Split]:
    """Return the function that divides the beats."""
    if not isinstance(split, str):
        return split
    if split not in SPLITS:
        raise ValueError(f"there is no split {split!r}: choose one of {', '.join(SPLITS)}.")
    return SPLITS[split]


def _make_detector(maker: Any, seed: int) -> Any:
    """Return an untrained detector for this seed."""
    if not hasattr(maker, "fit"):
        return maker(seed)
    detector = clone(maker)
    seeded = [key for key in detector.get_params() if key.split("__")[-1] == "random_state"]
    return detector.set_params(**dict.fromkeys(seeded, seed))


def _validation_beats(detector: Any, validation: Heartbeats) -> dict[str, Any]:
    """Return the arguments that hand validation beats to those detectors that take them."""
    if "validation_signals" not in inspect.signature(detector.fit).parameters:
        return {}
    if isinstance(detector, AutoencoderDetector) and detector.needs_anomalies:
        return {
            "validation_signals": validation.signals,
            "validation_is_anomaly": validation.is_anomaly,
        }
    return {"validation_signals": validation.normal.signals}


def _scoring_needs_anomalies(detector: Any) -> bool:
    """Tell whether the scores came of anomalies; a threshold plays no part in them."""
    is_ours = isinstance(detector, AutoencoderDetector)
    return is_ours and make_scoring(detector.scoring).needs_anomalies
