"""`fetch_ecg5000`: find, download, verify and read the official ECG5000 archive.

Three steps follow one another: find a copy on disk or download one, read its two parts into
memory, and verify that they are what was published. Nothing is unpacked to disk.
"""

import hashlib
import io
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from ecglab.datasets._fetch import data_homes, download
from ecglab.datasets._sources import Source, library_faults, open_source, sha256_of
from ecglab.datasets._table_text import open_text
from ecglab.errors import DatasetError, DatasetUnavailableError
from ecglab.heartbeats import Heartbeats

FORMS = (".txt", ".tsv", ".ts", ".arff")
"""The forms in which the archive has been published."""

FloatArray = npt.NDArray[np.float64]

_LARGEST_LABEL = 99


@dataclass(frozen=True)
class Part:
    """What one published part of an archive must hold.

    `row_weighted_mean` has, for some samples, the mean over all beats, each weighted by its row
    number (1, 2, ...): cheap to compute, and different as soon as samples or beats are reordered.
    """

    name: str
    class_counts: Mapping[int, int]
    labels_sha256: str  # of the labels in their order, one int8 each
    txt_sha256: str  # of the .txt file, with Unix line ends
    row_weighted_mean: Mapping[int, float]

    @property
    def n_beats(self) -> int:
        """Number of beats in the part."""
        return sum(self.class_counts.values())


NAME = "ECG5000"
N_SAMPLES = 140
ZIP_SHA256 = "41f6de20ac895e9ce31753860995518951f1ed42a405d0e51c909d27e3b3c5a4"
URLS = (
    "https://www.timeseriesclassification.com/aeon-toolkit/ECG5000.zip",
    "https://github.com/sktime/sktime-datasets/raw/main/TSC/ECG5000.zip",
)
PARTS = (
    Part(
        name="TRAIN",
        class_counts={1: 292, 2: 177, 3: 10, 4: 19, 5: 2},
        labels_sha256="650ac5689ad54f9d317b28932311e7fb7bf3d44a282eec1371b1dcee70080025",
        txt_sha256="0d96aff193311a6dc6111bf0dbd2f7d2313987fbf7a1da4a383d92563876057b",
        row_weighted_mean={
            0: -0.09025,
            35: -0.105438,
            70: 0.299601,
            105: 0.961388,
            139: -0.974045,
        },
    ),
    Part(
        name="TEST",
        class_counts={1: 2627, 2: 1590, 3: 86, 4: 175, 5: 22},
        labels_sha256="07bb6a2ed33fc0ab0e325519ea5fc5dbef8ac2437544e993108eb556f7ca34e5",
        txt_sha256="baf4ad57d28daa5e79050edd4185968181762bc83d45a757753015b4ba8ab295",
        row_weighted_mean={
            0: -0.187411,
            35: -0.102136,
            70: 0.290789,
            105: 0.977334,
            139: -0.81444,
        },
    ),
)

CITATION = (
    "Chen et al. 2015, doi:10.1007/s10618-014-0388-4; Goldberger et al. 2000, "
    "doi:10.1161/01.CIR.101.23.e215; Dau et al. 2019, doi:10.1109/JAS.2019.1911747"
)
LICENCE = (
    "ODC-By 1.0 (record chf07 of the BIDMC Congestive Heart Failure Database, doi:10.13026/C29G60)"
)

_MEMBER_LIMIT = 64 * 2**20  # bytes; the largest member of the official zip has about 10 million
# Beats rounded to three decimals, the coarsest form that is of any use, have a mean within 0.0005
# of 0. A single value that is off by 0.2 moves the mean of its beat by more than this tolerance.
_STANDARDISED_TOLERANCE = 1e-3
_MEAN_TOLERANCE = 1e-4  # rounding errors of many beats cancel each other


def fetch_ecg5000(
    data_home: str | os.PathLike[str] | None = None,
    *,
    download_if_missing: bool = True,
    progress: bool = True,
) -> Heartbeats:
    """Load ECG5000, downloading it if it is not on disk yet.

    The 5000 beats come from one recording of 20 hours of one patient with severe congestive heart
    failure: record chf07 of PhysioNet's BIDMC Congestive Heart Failure Database. Their annotations
    are automatic and were never corrected by hand.

    Parameters
    ----------
    data_home : path-like, optional
        The folder to look in and to download to. When left out: ``$ECGLAB_DATA_HOME``, if set, and
        then the user's cache folder. In each of them, the files may lie in ``ecg5000/``,
        ``ECG5000/`` or the folder itself: either ``ECG5000_TRAIN`` and ``ECG5000_TEST``, both as
        ``.txt``, ``.tsv``, ``.ts`` or ``.arff``, or ``ECG5000.zip`` with such a pair in it.
    download_if_missing : bool, default True
        Whether to download the archive (11 MB) if it is not there.
    progress : bool, default True
        Whether to show a progress bar on standard error during a download.

    Returns
    -------
    Heartbeats
        500 training beats followed by 4500 test beats, in the published order, 140 samples each.
        Its `provenance` names the files, their checksums, what to cite and the licence.

    Raises
    ------
    DatasetUnavailableError
        If the data is neither on disk nor can it be downloaded.
    DatasetError
        If a file is damaged, incomplete or not the published one, or cannot be read or written.

    References
    ----------
    .. [1] Y. Chen, Y. Hao, T. Rakthanmanon, J. Zakaria, B. Hu and E. Keogh, "A general framework
       for never-ending learning from time series streams", Data Mining and Knowledge Discovery 29
       (2015) 1622-1664, doi:10.1007/s10618-014-0388-4.
    .. [2] A. L. Goldberger et al., "PhysioBank, PhysioToolkit, and PhysioNet", Circulation 101
       (2000) e215-e220, doi:10.1161/01.CIR.101.23.e215.
    .. [3] H. A. Dau et al., "The UCR time series archive", IEEE/CAA Journal of Automatica Sinica 6
       (2019) 1293-1305, doi:10.1109/JAS.2019.1911747.
    """
    homes = data_homes(data_home)
    paths = find_ecg5000(data_home)
    if not paths:
        if not download_if_missing:
            raise DatasetUnavailableError(_not_found(homes))
        folder = homes[0] / NAME.lower()
        paths = [download(URLS, ZIP_SHA256, folder, f"{NAME}.zip", progress=progress)]
    names, contents = _read_halves(paths)
    parsed = [
        _parse(part, str(paths[0].parent / name), content)
        for part, name, content in zip(PARTS, names, contents, strict=True)
    ]
    zipped = paths if len(paths) == 1 else []
    checksums = {path.name: sha256_of(path) for path in zipped}
    checksums |= {
        name: hashlib.sha256(content).hexdigest()
        for name, content in zip(names, contents, strict=True)
    }
    return Heartbeats(
        signals=np.concatenate([signals for signals, _ in parsed]).astype(np.float32),
        labels=np.concatenate([labels for _, labels in parsed]),
        split=np.repeat(["train", "test"], [len(labels) for _, labels in parsed]),
        source=NAME,
        provenance={
            # Names only: notebooks print this, and a folder's path would differ on every machine.
            "form": Path(names[0]).suffix + "".join(f" in {path.name}" for path in zipped),
            **{f"sha256 of {name}": checksum for name, checksum in checksums.items()},
            "citation": CITATION,
            "licence": LICENCE,
        },
    )


# Finding


def _folders(homes: Sequence[Path]) -> list[Path]:
    """List the folders in which the files themselves may lie."""
    return [folder for home in homes for folder in (home / NAME.lower(), home / NAME, home)]


def find_ecg5000(data_home: str | os.PathLike[str] | None = None) -> list[Path]:
    """Find the files that `fetch_ecg5000` would read: two of one form, or a zip; none is looked at.

    Parameters
    ----------
    data_home : path-like, optional
        As for `fetch_ecg5000`.

    Returns
    -------
    list of Path
        Those of the first complete copy; empty if there is none.

    Raises
    ------
    DatasetError
        If there is half of a copy, or a folder cannot be looked into.
    """
    halves: list[tuple[Path, Path]] = []
    for folder in _folders(data_homes(data_home)):
        for form in FORMS:
            pair = [folder / name for name in _names(form)]
            missing = [path for path in pair if not _is_file(path)]
            if not missing:
                return pair
            if len(missing) == 1:
                present = pair[0] if missing[0] == pair[1] else pair[1]
                halves.append((present, missing[0]))
        if _is_file(folder / f"{NAME}.zip"):
            return [folder / f"{NAME}.zip"]
    if halves:
        present, absent = halves[0]
        raise DatasetError(
            f"{absent.name} is missing: {present.parent} holds {present.name}, but not its other "
            "part. Put the missing file beside it, or take this one away to download both."
        )
    return []


def _names(form: str) -> list[str]:
    return [f"{NAME}_{part.name}{form}" for part in PARTS]


def _is_file(path: Path) -> bool:
    """Say whether a file is there, or fail where that cannot be known."""
    try:
        return path.is_file()
    except OSError as error:
        raise DatasetError(f"Cannot look for {path}: {error.strerror}.") from error


def _not_found(homes: Sequence[Path]) -> str:
    """Say where the data was looked for, and what to do."""
    lines = [
        f"{NAME} is not on disk, and was not to be downloaded. Looked in:",
        *(f"  {folder}" for folder in _folders(homes)),
        f"for {NAME}.zip, or {NAME}_TRAIN and {NAME}_TEST as {', '.join(FORMS)}.",
        "Set ECGLAB_DATA_HOME to a folder that holds them, pass download_if_missing=True, or use "
        "make_heartbeats() for simulated heartbeats.",
    ]
    return "\n".join(lines)


# Reading


def _read_halves(paths: Sequence[Path]) -> tuple[list[str], list[bytes]]:
    """Return the names and contents of the two parts, out of a zip whatever its folders."""
    limits: dict[str, int | None] = dict.fromkeys(FORMS, _MEMBER_LIMIT)
    if len(paths) == 2:
        opened = [open_source(path, limits) for path in paths]
        names = [path.name for path in paths]
    else:
        names = _names(_form_in_zip(paths[0]))
        opened = [open_source(paths[0], limits, member=name) for name in names]
    contents = []
    for file in opened:
        with file as source:
            contents.append(source.stream.read())
    return names, contents


def _form_in_zip(path: Path) -> str:
    """Choose the form of which a zip holds both parts."""
    with (
        library_faults(path, "unzipped", "Delete it and fetch again."),
        zipfile.ZipFile(path) as archive,
    ):
        members = {PurePosixPath(name).name for name in archive.namelist()}
    for form in FORMS:
        if members.issuperset(_names(form)):
            return form
    raise DatasetError(
        f"{path} does not hold {NAME}_TRAIN and {NAME}_TEST, both in one of the forms "
        f"{', '.join(FORMS)}; delete it and fetch again."
    )


def _parse(part: Part, place: str, content: bytes) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Read one part, and make sure that it is the published one."""
    form = PurePosixPath(place).suffix
    signals, labels = read_part(content, form, place)
    fault = find_fault(part, signals, labels)
    # Last, because the other checks say what is wrong, and this one only that something is.
    if fault is None and form == ".txt" and txt_sha256(content) != part.txt_sha256:
        fault = "differs from the published file in its bytes (sha256)"
    if fault is not None:
        raise DatasetError(f"{place} {fault}; delete it and fetch again.")
    return signals, labels


def read_part(content: bytes, form: str, place: str) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Read beats and labels; in .txt and .tsv the label comes first in a row, else last."""

    def refuse(fault: str) -> NoReturn:
        raise DatasetError(f"{place}{fault}")

    table = open_text(Source(io.BufferedReader(io.BytesIO(content)), form, place), header=False)
    rows = list(table.read(range(table.dialect.width), [], refuse))
    if table.dialect.width < 2 or not rows:
        refuse(" holds no rows with a label and samples.")
    values = np.concatenate([block.values for block in rows])
    label = 0 if form in (".txt", ".tsv") else -1
    labels = values[:, label]
    odd = labels[(labels != np.round(labels)) | (np.abs(labels) > _LARGEST_LABEL)]
    if odd.size:
        refuse(f": the label {odd[0]:g} is not a whole number, or far too large.")
    return np.delete(values, label, axis=1), labels.astype(np.int64)


# Verifying


def find_fault(part: Part, signals: FloatArray, labels: npt.NDArray[np.int64]) -> str | None:
    """Compare what was read with what was published; say how it differs, or None if it doesn't."""
    if len(signals) != part.n_beats:
        verdict = "looks truncated" if len(signals) < part.n_beats else "is not the published one"
        return f"holds {len(signals)} of {part.n_beats} beats: the file {verdict}"
    if signals.shape[1] != N_SAMPLES:
        return f"has beats of {signals.shape[1]} samples, where {N_SAMPLES} belong"
    counts = dict(zip(*(a.tolist() for a in np.unique(labels, return_counts=True)), strict=True))
    if counts != dict(part.class_counts):
        return f"holds {counts} beats by class, where {dict(part.class_counts)} belong"
    if labels_sha256(labels) != part.labels_sha256:
        return "has its beats in another order than the published file (or other labels)"
    row = _first_not_standardised(signals)
    if row is not None:
        return f"has wrong values: beat {row + 1} does not have mean 0 and standard deviation 1"
    mean = row_weighted_mean(signals)
    for sample, expected in part.row_weighted_mean.items():
        if abs(mean[sample] - expected) > _MEAN_TOLERANCE:
            return f"has wrong values: its beats are not the published ones (sample {sample})"
    return None


def _first_not_standardised(signals: FloatArray) -> int | None:
    """Return the position of the first beat that is not standardised, if there is one."""
    with np.errstate(over="ignore", invalid="ignore"):  # absurd values overflow, and then fail
        deviation = np.maximum(abs(signals.mean(axis=1)), abs(signals.std(axis=1, ddof=1) - 1))
    wrong = ~(deviation <= _STANDARDISED_TOLERANCE)  # True for NaN, too
    return int(wrong.argmax()) if wrong.any() else None


def row_weighted_mean(signals: FloatArray) -> FloatArray:
    """Average over the beats, each weighted by its row number (1, 2, ...)."""
    return np.average(signals, axis=0, weights=np.arange(1, len(signals) + 1))


def labels_sha256(labels: npt.NDArray[np.int64]) -> str:
    """Compute the checksum of a sequence of labels, in whatever type it was published."""
    return hashlib.sha256(labels.astype(np.int8).tobytes()).hexdigest()


def txt_sha256(content: bytes) -> str:
    """Compute the checksum that a text file would have with Unix line ends."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()
