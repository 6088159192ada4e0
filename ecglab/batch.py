"""Tables of beats larger than memory: a sample of one to train on, and scores for all of it."""

import logging
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, Unpack

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab._files import disk_faults_named, replacing
from ecglab._optional import import_optional
from ecglab.datasets import Chunk, TableOptions, read_chunks
from ecglab.errors import DatasetError, OutputError
from ecglab.heartbeats import Heartbeats
from ecglab.reading import Reading

__all__ = [
    "ScoreSummary",
    "TableWriter",
    "check_out",
    "sample_heartbeats",
    "score_file",
]

N_STRANGEST = 10  # beats that a summary lists
_FORMS = (".csv", ".parquet")
_CHUNK = 8192  # beats read at a time

_logger = logging.getLogger(__name__)


class _Detector(Protocol):
    """What is asked of a detector here."""

    n_features_in_: int
    threshold_: float

    def reconstruction_error(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]: ...


@dataclass(frozen=True)
class ScoreSummary:
    """What `score_file` has found.

    Parameters
    ----------
    path, out : Path
        The table of beats, and the table of scores.
    n_beats : int
        Beats read.
    n_anomalies : int
        Beats whose score lies above the threshold.
    n_unscored : int
        Beats without a score, because all their samples are the same: a lead was off.
    n_set_aside : int
        Rows that are no beats (``on_bad="drop"``).
    threshold : float
        The detector's.
    seconds : float
        How long it took.
    n_labelled_anomalies : int or None
        Scored beats that are anomalies by their label; None if the table has no labels.
    n_detected : int or None
        How many of these lie above the threshold.
    reading : Reading
        What the reader decided about the table, and why.
    strangest : pandas.DataFrame
        The rows of the scores, at most ten, with the highest, the highest first.
    """

    path: Path
    out: Path
    n_beats: int
    n_anomalies: int
    n_unscored: int
    n_set_aside: int
    threshold: float
    seconds: float
    n_labelled_anomalies: int | None
    n_detected: int | None
    reading: Reading = field(default_factory=Reading)
    strangest: pd.DataFrame = field(default_factory=pd.DataFrame, compare=False)

    @property
    def n_false_alarms(self) -> int | None:
        """Beats above the threshold that are normal by their label; None without labels."""
        return None if self.n_detected is None else self.n_anomalies - self.n_detected

    @property
    def beats_per_second(self) -> float:
        """How fast it went, reading and writing included."""
        return self.n_beats / self.seconds


def score_file(
    detector: _Detector,
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    chunk_beats: int = _CHUNK,
    progress: bool = False,
    **options: Unpack[TableOptions],
) -> ScoreSummary:
    """Score every beat of a file, in memory that does not grow with the file.

    The scores have one row a beat, with the columns ``beat`` (position of its row in the file,
    from 0, rows set aside included), ``score`` (higher is stranger), ``is_anomaly`` (whether the
    score lies above the detector's threshold) and, if the file has labels, ``label`` (as the file
    has it). A beat whose samples are all the same is no heartbeat and has neither score nor
    verdict.

    Parameters
    ----------
    detector : AutoencoderDetector
        A trained detector.
    path : path-like
        The table of beats, in any form that `ecglab.datasets.read_heartbeats` reads.
    out : path-like
        Where the scores go: a file that ends in ``.csv`` or ``.parquet``. One that is there is
        replaced, but only when the last score is written; until then, the scores grow in a file
        of another name beside it, which is removed if anything goes wrong.
    chunk_beats : int, default 8192
        Beats in memory at a time.
    progress : bool, default False
        Whether to show on standard error how many beats are done.
    **options
        As in `ecglab.datasets.read_heartbeats`.

    Returns
    -------
    ScoreSummary
        Counts, and the time it took.

    Raises
    ------
    DatasetError
        If the beats cannot be read, or are not as long as those the detector was trained on.
    OutputError
        If the scores cannot be written.
    ValueError
        If `out` ends in something else, or an option makes no sense.
    ImportError
        If Parquet is asked for, and pyarrow is not installed.
    """
    path, out = Path(path).expanduser(), Path(out).expanduser()
    check_out(path, out)
    started = time.perf_counter()
    chunks = read_chunks(path, chunk_beats, options)
    tally: Counter[str] = Counter()
    strangest = pd.DataFrame()
    with TableWriter(out) as writer:
        for chunk in _with_bar(chunks, shown=progress):
            _check_length(detector, chunk.beats, path)
            scores = _score(detector, chunk, tally)
            writer.write(scores)
            strangest = find_strangest(scores, strangest)
    counts: dict[str, Any] = dict(tally)
    if not chunk.labelled:
        counts |= {"n_labelled_anomalies": None, "n_detected": None}
    return ScoreSummary(
        path=path,
        out=out,
        n_set_aside=chunk.n_dropped,
        threshold=float(detector.threshold_),
        seconds=time.perf_counter() - started,
        reading=chunk.beats.reading,
        strangest=strangest,
        **counts,
    )


def find_strangest(scores: pd.DataFrame, before: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the rows with the ten highest scores, the highest first; those found before count."""
    found = scores.dropna(subset="score").nlargest(N_STRANGEST, "score")
    if before is None or before.empty:
        return found
    return pd.concat([before, found]).nlargest(N_STRANGEST, "score")


def sample_heartbeats(
    path: str | os.PathLike[str],
    n_beats: int = 100_000,
    *,
    random_state: int = 0,
    **options: Unpack[TableOptions],
) -> Heartbeats:
    """Draw beats at random from a file of any size, to train a detector on.

    Every beat has the same chance, and the memory needed does not grow with the file. A detector
    learns little from the beats after the first ten thousands.

    Parameters
    ----------
    path : path-like
        The table of beats, in any form that `ecglab.datasets.read_heartbeats` reads.
    n_beats : int, default 100,000
        How many to draw; all of them, if there are no more.
    random_state : int, default 0
        Seed of the draw.
    **options
        As in `ecglab.datasets.read_heartbeats`.

    Returns
    -------
    Heartbeats
        The beats drawn, in the order of the file.

    Raises
    ------
    DatasetError, ValueError, ImportError
        As in `ecglab.datasets.read_heartbeats`.

    Notes
    -----
    Each beat draws a random number, and those with the smallest are kept: a random sample without
    replacement in one pass (Knuth, The Art of Computer Programming 2, section 3.4.2).
    """
    if n_beats < 1:
        raise ValueError(f"n_beats must be 1 or more, not {n_beats}.")
    rng = np.random.default_rng(random_state)
    kept: Heartbeats | None = None
    keys = np.empty(0)
    n_read = 0
    for chunk in read_chunks(Path(path), _CHUNK, options):
        n_read += len(chunk.beats)
        new_keys = rng.random(len(chunk.beats))
        kept = chunk.beats if kept is None else _append(kept, chunk.beats)
        keys = np.concatenate([keys, new_keys])
        if len(keys) > n_beats:
            drawn = np.sort(np.argpartition(keys, n_beats - 1)[:n_beats])
            kept, keys = kept[drawn], keys[drawn]
    assert kept is not None  # a file without beats is refused
    share, how = f"{len(kept)} of {n_read} beats", f"random_state={random_state}"
    reading = kept.reading
    if len(kept) < n_read:
        reading = reading.with_decision("drawn at random", share, how)
    provenance = {**kept.provenance, "drawn": f"{share}, {how}"}
    return replace(kept, provenance=provenance, reading=reading)


def _append(kept: Heartbeats, more: Heartbeats) -> Heartbeats:
    """Join two pieces of one file; the later one knows all labels."""
    return replace(
        more,
        signals=np.concatenate([kept.signals, more.signals]),
        labels=np.concatenate([kept.labels, more.labels]),
        split=np.concatenate([kept.split, more.split]),
    )


# Scoring


def _count(
    chunk: Chunk, flagged: npt.NDArray[np.bool_], scored: npt.NDArray[np.bool_]
) -> dict[str, int]:
    """Count what was found in a chunk, as `ScoreSummary` calls it."""
    is_anomaly = chunk.beats.is_anomaly & scored
    return {
        "n_beats": len(flagged),
        "n_anomalies": int(flagged.sum()),
        "n_unscored": int((~scored).sum()),
        "n_labelled_anomalies": int(is_anomaly.sum()),
        "n_detected": int((is_anomaly & flagged).sum()),
    }


def _score(detector: _Detector, chunk: Chunk, tally: Counter[str]) -> pd.DataFrame:
    """Score one chunk, and count what was found."""
    beats = chunk.beats
    scored = np.ptp(beats.signals, axis=1) > 0
    scores = np.full(len(beats), np.nan)
    if scored.any():
        scores[scored] = detector.reconstruction_error(beats.signals[scored])
    flagged = scores > detector.threshold_  # False for NaN
    if not scored.all():
        _logger.warning(
            "%d flat beats have no score, the first in row %d.",
            (~scored).sum(),
            chunk.rows[np.flatnonzero(~scored)[0]],
        )
    tally.update(_count(chunk, flagged, scored))
    verdict = pd.array(flagged, dtype="boolean")
    verdict[~scored] = pd.NA
    table = pd.DataFrame({"beat": chunk.rows, "score": scores, "is_anomaly": verdict})
    if chunk.labelled:
        table["label"] = _published(chunk)
    return table


def _published(chunk: Chunk) -> npt.NDArray[Any]:
    """Return the labels as the file has them: numbers, or texts; the same in every chunk."""
    beats = chunk.beats
    if not chunk.text_labels:
        return beats.labels
    return np.array([beats.class_names[label] for label in beats.labels.tolist()], dtype=object)


def _check_length(detector: _Detector, beats: Heartbeats, path: Path) -> None:
    if beats.n_samples != detector.n_features_in_:
        raise DatasetError(
            f"{path} has beats of {beats.n_samples} samples, but the detector was trained on beats "
            f"of {detector.n_features_in_}.",
            "Resample them, or say which columns are no samples ({}, {}).",
            "label_column",
            "ignore_columns",
        )


def _with_bar(chunks: Iterator[Chunk], shown: bool) -> Iterator[Chunk]:
    """Show how many beats are done."""
    from tqdm.auto import tqdm

    with tqdm(unit="beat", unit_scale=True, disable=not shown) as bar:
        for chunk in chunks:
            yield chunk
            bar.update(len(chunk.beats))


# Writing


def check_out(path: Path, out: Path) -> None:
    """Refuse an `out` that is no table, or is the file to be read; see `score_file`."""
    if out.suffix not in _FORMS:
        raise ValueError(f"{out} must end in one of {', '.join(_FORMS)}.")
    if out.suffix == ".parquet":
        import_optional("pyarrow.parquet")  # before an hour of scoring, and not after it
    if out.exists() and path.exists() and out.samefile(path):
        raise OutputError(f"{out} is the table of beats itself. Choose another name for scores.")


class TableWriter:
    """Appends tables to a file, csv or Parquet, that takes its name when all of it is written.

    Faults of the disk become an `OutputError`; whatever else ends the writing passes unchanged.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._unfinished: Path
        self._file: Any = None
        self._stack = ExitStack()

    def __enter__(self) -> "TableWriter":
        """Open no file yet: the first table says which columns there are."""
        with disk_faults_named(self._out):
            self._unfinished = self._stack.enter_context(replacing(self._out))
        return self

    def __exit__(self, *fault: Any) -> None:
        """Close the file and give it its name, or remove it."""
        with disk_faults_named(self._out):
            self._stack.__exit__(*fault)

    def write(self, table: pd.DataFrame) -> None:
        """Append a table."""
        with disk_faults_named(self._out):
            if self._out.suffix == ".csv":
                self._write_csv(table)
            else:
                self._write_parquet(table)

    def _write_csv(self, table: pd.DataFrame) -> None:
        if self._file is None:
            self._file = self._unfinished.open("w", encoding="utf-8", newline="")
            self._stack.callback(self._file.close)
            table.iloc[:0].to_csv(self._file, index=False)
        table.to_csv(self._file, index=False, header=False)

    def _write_parquet(self, table: pd.DataFrame) -> None:
        arrow = import_optional("pyarrow")
        content = arrow.Table.from_pandas(table, preserve_index=False)
        if self._file is None:
            parquet = import_optional("pyarrow.parquet")
            self._file = parquet.ParquetWriter(str(self._unfinished), content.schema)
            self._stack.callback(self._file.close)
        self._file.write_table(content)
