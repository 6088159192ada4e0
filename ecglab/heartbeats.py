"""`Heartbeats`: the one container that every other part of ecglab passes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.reading import Reading

__all__ = ["CLASS_NAMES", "CLASS_SYMBOLS", "NORMAL_LABEL", "Heartbeats"]

NORMAL_LABEL = 1
"""The label of a normal beat in ECG5000 and in everything simulated after it."""

CLASS_NAMES: Mapping[int, str] = {
    1: "Normal",
    2: "R-on-T premature ventricular contraction",
    3: "Premature ventricular contraction",
    4: "Supraventricular premature or ectopic beat",
    5: "Unclassified beat",
}
"""The five classes of ECG5000, by label."""

CLASS_SYMBOLS: Mapping[int, str] = {1: "N", 2: "R-on-T PVC", 3: "PVC", 4: "SP/EB", 5: "UB"}
"""Short names of the five classes, for axes and legends."""


@dataclass(frozen=True, eq=False)
class Heartbeats:
    """Heartbeats of equal length, with their labels and where they come from.

    The arrays are read-only, so that no step of an analysis can change the data under the next
    one; copy them (``beats.signals.copy()``) to change them.

    Parameters
    ----------
    signals : array_like of shape (n_beats, n_samples)
        One beat a row, kept as float32. In the unit of their source: ECG5000's beats are
        standardised one by one (mean 0, sample standard deviation 1), so they have none.
    labels : array_like of int, shape (n_beats,)
        Class of each beat, as published.
    split : array_like of str, shape (n_beats,), optional
        The official part that each beat belongs to: ``"train"`` or ``"test"``. All ``"train"``
        when left out.
    source : str
        Where the beats come from: ``"ECG5000"``, ``"simulated"``, a file name, ...
    class_names : mapping of int to str, optional
        What each label means. ECG5000's five classes when left out.
    normal_label : int, default 1
        The label of a normal beat; every other label is an anomaly.
    provenance : mapping of str to str, optional
        What is needed to find or make the same beats again: files and checksums, or the
        simulator's arguments.
    times : array_like of shape (n_beats,), optional
        Seconds from the start of the recording to the R peak of each beat, where that is known.
    symbols : array_like of str, shape (n_beats,), optional
        PhysioNet's annotation code of each beat (``"N"``, ``"V"``, ...), where there is one.
    rr_intervals : array_like of shape (n_beats, 2), optional
        Seconds to the R peak before and to the one after, where they are known; NaN at the ends
        of the recording.
    reading : Reading, optional
        What the reader decided about the file, and why; empty where nothing had to be decided.

    Raises
    ------
    ValueError
        If the shapes do not fit together, if `split` holds another word, or if a label has no
        name.
    """

    # One row a beat.
    _columns: ClassVar[tuple[str, ...]] = (
        "signals",
        "labels",
        "split",
        "times",
        "symbols",
        "rr_intervals",
    )

    signals: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    split: npt.NDArray[np.str_] = None  # type: ignore[assignment]  # never None once built
    source: str = "unknown"
    class_names: Mapping[int, str] = field(default_factory=lambda: dict(CLASS_NAMES))
    normal_label: int = NORMAL_LABEL
    provenance: Mapping[str, str] = field(default_factory=dict)
    times: npt.NDArray[np.float64] | None = None
    symbols: npt.NDArray[np.str_] | None = None
    rr_intervals: npt.NDArray[np.float64] | None = None
    reading: Reading = field(default_factory=Reading)

    def __post_init__(self) -> None:
        """Bring the arrays to their final type and check that they fit together."""
        signals = read_only(self.signals, np.float32)
        labels = np.array(self.labels, dtype=np.int64)
        split = np.array(
            np.full(labels.shape, "train") if self.split is None else self.split, dtype=np.str_
        )
        if signals.ndim != 2:
            raise ValueError(
                f"signals must have the shape (n_beats, n_samples), not {signals.shape}. "
                "A single beat is signals.reshape(1, -1)."
            )
        for name, shape in (("labels", labels.shape), ("split", split.shape)):
            if shape != (len(signals),):
                raise ValueError(
                    f"{name} has the shape {shape}, but there are {len(signals)} beats: "
                    "one entry a beat is needed."
                )
        unknown_parts = sorted(set(split.tolist()) - {"train", "test"})
        if unknown_parts:
            raise ValueError(f'split may hold "train" and "test" only, not {unknown_parts}.')
        nameless = sorted(set(labels.tolist()) - set(self.class_names))
        if nameless:
            raise ValueError(
                f"labels {nameless} have no entry in class_names "
                f"(known: {sorted(self.class_names)}). Pass class_names with every label."
            )
        arrays: dict[str, npt.NDArray[Any]] = {"signals": signals, "labels": labels, "split": split}
        arrays |= self._place_in_recording()
        for name, array in arrays.items():
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def _place_in_recording(self) -> dict[str, npt.NDArray[Any]]:
        """Return what is known of each beat's place in its recording, checked."""
        n_beats = len(self.signals)
        shapes: dict[str, tuple[tuple[int, ...], type]] = {
            "times": ((n_beats,), np.float64),
            "symbols": ((n_beats,), np.str_),
            "rr_intervals": ((n_beats, 2), np.float64),
        }
        arrays: dict[str, npt.NDArray[Any]] = {}
        for name, (shape, dtype) in shapes.items():
            if getattr(self, name) is None:
                continue
            arrays[name] = np.array(getattr(self, name), dtype=dtype)
            if arrays[name].shape != shape:
                raise ValueError(
                    f"{name} has the shape {arrays[name].shape}, but {n_beats} beats need {shape}."
                )
        return arrays

    def __len__(self) -> int:
        """Return the number of beats."""
        return len(self.signals)

    def __getitem__(self, beats: Any) -> Self:
        """Select beats by mask, positions or slice; all that is known of each comes along.

        Examples
        --------
        >>> from ecglab.datasets import make_heartbeats
        >>> beats = make_heartbeats(100, random_state=0)
        >>> len(beats[beats.split == "train"]) + len(beats[beats.split == "test"])
        100
        """
        if isinstance(beats, int | np.integer):
            beats = [beats]
        columns = {name: getattr(self, name) for name in self._columns}
        return replace(
            self, **{name: column[beats] for name, column in columns.items() if column is not None}
        )

    def __repr__(self) -> str:
        """Say in one line what is in here."""
        return (
            f"Heartbeats({len(self)} beats x {self.n_samples} samples, "
            f"{int(self.is_anomaly.sum())} anomalies, source={self.source!r})"
        )

    @property
    def n_samples(self) -> int:
        """Number of samples in each beat."""
        return int(self.signals.shape[1])

    @property
    def is_anomaly(self) -> npt.NDArray[np.bool_]:
        """True for every beat that is not normal, shape (n_beats,)."""
        return self.labels != self.normal_label

    @property
    def normal(self) -> "Heartbeats":
        """The normal beats alone."""
        return self[~self.is_anomaly]

    @property
    def anomalies(self) -> "Heartbeats":
        """The anomalies alone."""
        return self[self.is_anomaly]

    def part(self, name: str) -> "Heartbeats":
        """Return the beats of one official part, ``"train"`` or ``"test"``."""
        if name not in ("train", "test"):
            raise ValueError(f'part must be "train" or "test", not {name!r}.')
        return self[self.split == name]

    def count_classes(self) -> pd.DataFrame:
        """Count the beats of each class in each part.

        Returns
        -------
        pandas.DataFrame
            One row a class, in the order of the labels, classes without a beat included; columns
            ``name``, ``train``, ``test`` and ``total``.
        """
        labels = pd.Index(sorted(self.class_names), name="label")
        counts = pd.crosstab(self.labels, self.split).reindex(
            index=labels, columns=["train", "test"], fill_value=0
        )
        counts.columns.name = None
        counts.insert(0, "name", [self.class_names[label] for label in labels])
        counts["total"] = counts["train"] + counts["test"]
        return counts


def read_only(values: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return a read-only array: a copy, unless it is one already whose memory is nobody else's."""
    if isinstance(values, np.ndarray):
        own = values.base is None and not values.flags.writeable
        if own and values.dtype == dtype:
            return values
    array = np.array(values, dtype=dtype)
    array.flags.writeable = False
    return array
