"""Labels: which column holds them, which one is normal, and their numbers.

What is guessed here decides what counts as an anomaly, and a wrong guess raises no error later:
it gives plausible figures with the two classes exchanged. So a guess is made only where the
evidence for one answer is strong, with a warning, and everything else is an error that says what to
pass.
"""

import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab.datasets._columns import LABEL_NAMES, Columns
from ecglab.datasets._table_dialect import is_number
from ecglab.errors import DatasetError, Message

UNLABELLED: Mapping[int, str] = {0: "unlabelled"}
"""The class names of beats that came without labels."""

_MOST_CLASSES = 32
_LARGEST = np.iinfo(np.int32).max
_COUNTED_NAME = re.compile(r"\D*\d+")  # "0", "V141", "sample_3"
_NORMAL_TEXTS = frozenset({"n", "norm", "normal"})
_YES = frozenset({"y", "yes"})  # beside which "n" is short for no
_ECG_CSV = (4998, range(2917, 2920))  # beats in all, and normal ones among them
_LISTED = 10
_PASS_LABEL: tuple[Any, ...] = (
    "Pass {} with its position or name, or {} if there is no label; what is neither label nor "
    "sample is left out with {}.",
    "label_column",
    ("label_column", None),
    "ignore_columns",
)

_logger = logging.getLogger(__name__)


def find_label(place: str, values: npt.NDArray[np.float64], columns: Columns) -> int | None:
    """Find the label among columns of numbers by what it looks like.

    A column *looks like a label* if it holds whole numbers only, at most 32 different ones. It is
    taken for the label if it stands at one end, the other end does not look like one, most columns
    in between don't either, and it holds two values or more. If neither end looks like a label,
    there is none.
    """
    likely = [_looks_like_a_label(column) for column in values.T]
    ends = [end for end in (0, len(likely) - 1) if likely[end]]
    called = [columns.name_of(columns.numeric[end]) for end in ends]
    if not ends:
        return None
    if len(ends) == 2:
        raise DatasetError(
            f"{place}: both {called[0]} and {called[1]} look like a label (few different whole "
            "numbers).",
            *_PASS_LABEL,
        )
    if np.mean(likely[1:-1] or [True]) >= 0.5:
        raise DatasetError(
            f"{place}: {called[0]} may be the label, but most other columns hold few different "
            "whole numbers, too.",
            *_PASS_LABEL,
        )
    end = ends[0]
    if np.ptp(values[:, end]) == 0:
        raise DatasetError(
            f"{place}: {called[0]} is {values[0, end]:g} in each of the first {len(values)} rows: "
            "the label of a single class, or a sample at which every beat is the same.",
            *_PASS_LABEL,
        )
    position = columns.numeric[end]
    name = columns.names[position] if columns.names else "0"
    if name.casefold() not in LABEL_NAMES and not _COUNTED_NAME.fullmatch(name):
        raise DatasetError(
            f"{place}: {called[0]} looks like a label by its values, but not by its name.",
            *_PASS_LABEL,
        )
    _logger.info("%s: took %s for the label.", place, called[0])
    return position


def _looks_like_a_label(column: npt.NDArray[np.float64]) -> bool:
    if (column != np.round(column)).any() or (np.abs(column) > _LARGEST).any():
        return False
    return len(np.unique(column)) <= _MOST_CLASSES


class LabelReader:
    """Turns the labels of one file into integers, the same way from its first row to its last.

    Whole numbers stay what they are. Texts are numbered: the normal one is 1, the others follow in
    the order in which they appear.
    """

    def __init__(self, place: str, normal_label: int | str | None) -> None:
        self.names: dict[int, str] = {}
        self.normal = 1
        self.assumed = False
        self.why = "normal_label"
        self._place = place
        self._wanted = normal_label
        self._numbers: dict[str, int] = {}  # of texts

    @property
    def normal_name(self) -> str:
        """What the file calls a normal beat."""
        return self.names[self.normal]

    def start(self, labels: npt.NDArray[np.float64] | Sequence[str]) -> None:
        """Choose the normal label in view of the first labels of the file."""
        if isinstance(labels, np.ndarray):
            self._start_numbers(Counter(self._whole(labels).tolist()))
        else:
            self._start_texts(Counter(labels))

    def read(self, labels: npt.NDArray[np.float64] | Sequence[str]) -> npt.NDArray[np.int64]:
        """Turn labels into integers."""
        if not isinstance(labels, np.ndarray):
            return np.array([self._number(text) for text in labels], dtype=np.int64)
        numbers = self._whole(labels)
        for number in np.unique(numbers).tolist():
            self.names.setdefault(number, str(number))
        self._check_assumption()
        return numbers

    def _check_assumption(self) -> None:
        """Refuse labels further down that cast doubt on 1, where it was assumed to be normal."""
        if self.assumed and min(self.names) < 1 and len(self.names) > 2:
            raise self._ask(f"1 may be it, or another one: labels {_listed(sorted(self.names))}")

    def _start_numbers(self, counts: Counter[int]) -> None:
        if self._wanted is None:
            self.why = self._assume_one(counts)
            self.assumed = True
            _logger.warning(
                Message(
                    f"{self._place}: took 1 for the normal label ({self.why}).",
                    "Pass {} to be sure.",
                    "normal_label",
                )
            )
        else:
            text = str(self._wanted).strip()
            if not is_number(text) or float(text) != round(float(text)):
                raise DatasetError(
                    f"{self._place} has numbers for labels ({_listed(sorted(counts))}), and none "
                    f"of them is {self._wanted!r}.",
                    "Pass {} with one of them.",
                    "normal_label",
                )
            self.normal = round(float(text))
            if self.normal not in counts:
                self._warn_of_absence()
        self.names[self.normal] = str(self.normal)

    def _assume_one(self, counts: Counter[int]) -> str:
        """Say why 1 is the normal label, or ask: of two labels, either may be it."""
        found, n_beats, n_ones = _listed(sorted(counts)), counts.total(), counts[1]
        if set(counts) == {0, 1} and n_beats == _ECG_CSV[0] and n_ones in _ECG_CSV[1]:
            return "the counts are those of ECG5000 as ecg.csv, where 1 is normal"
        if 1 not in counts:
            raise self._ask(f"there is no 1, which would be taken for it, among the labels {found}")
        if len(counts) == 1:
            raise self._ask(f"all of the first {n_beats} beats have the label 1")
        if len(counts) == 2 or min(counts) < 1:
            raise self._ask(f"1 may be it, or another one: labels {found}")
        if 2 * n_ones < n_beats:
            raise self._ask(
                f"only {n_ones / n_beats:.1%} of beats have the label 1, which would be taken"
            )
        return f"of the labels {found}, most beats have it: {n_ones} of the first {n_beats}"

    def _start_texts(self, counts: Counter[str]) -> None:
        if self._wanted is not None:
            normal = str(self._wanted)
            alike = [text for text in counts if text.casefold() == normal.casefold()]
            if normal not in counts and alike:
                raise DatasetError(
                    f"{self._place} has no label {normal!r}, but {alike[0]!r}.",
                    "Pass that as {}.",
                    "normal_label",
                )
            if normal not in counts:
                self._warn_of_absence()
        else:
            likely = [text for text in counts if text.casefold() in _NORMAL_TEXTS]
            if len(likely) != 1 or any(text.casefold() in _YES for text in counts):
                raise self._ask(f"none of the labels {_listed(sorted(counts))} is surely normal")
            normal, self.why = likely[0], "its text says so"
            _logger.info("%s: took %r for the normal label.", self._place, normal)
        self._number(normal)

    def _number(self, text: str) -> int:
        """Return the number of a text, a new one if need be."""
        number = self._numbers.get(text)
        if number is None:
            self._check_text(text)
            number = self._numbers[text] = len(self._numbers) + 1
            self.names[number] = text
            if number > _MOST_CLASSES:
                raise DatasetError(
                    f"{self._place} has more than {_MOST_CLASSES} different labels "
                    f"({_listed(list(self._numbers))}): that column is no label.",
                    "Say which one is with {}, and leave this one out with {}.",
                    "label_column",
                    "ignore_columns",
                )
        return number

    def _check_text(self, text: str) -> None:
        """Refuse a second text that means normal, where the first was only assumed."""
        if self._wanted is None and self._numbers and text.casefold() in _NORMAL_TEXTS:
            raise self._ask(f"{self.normal_name!r} and {text!r} may both be it")

    def _whole(self, labels: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        odd = labels[(np.abs(labels) > _LARGEST) | (labels != np.round(labels))]
        if odd.size:
            raise DatasetError(
                f"{self._place}: the label {odd[0]:g} is not a whole number.",
                "Say which column is the label with {}, or {} if there is none.",
                "label_column",
                ("label_column", None),
            )
        return labels.astype(np.int64)

    def _warn_of_absence(self) -> None:
        _logger.warning(
            "%s: none of the first beats has the normal label %r.", self._place, self._wanted
        )

    def _ask(self, reason: str) -> DatasetError:
        return DatasetError(
            f"{self._place}: which label is the normal one cannot be told ({reason}).",
            "Pass {}, or {} if that column is no label.",
            "normal_label",
            "label_column",
        )


def _listed(labels: Sequence[object]) -> str:
    """List some labels, shortened."""
    shown = ", ".join(repr(label)[:30] for label in labels[:_LISTED])
    return shown + (", ..." if len(labels) > _LISTED else "")
