"""Reading WFDB records, the format of PhysioNet: a text header, signal files, annotation files.

The wfdb library decodes them. A header is a list of file names and sizes that anybody may have
written, so both are checked before the library follows them.
"""

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ecglab.datasets._raw import (
    BEAT_SYMBOLS,
    BeatMarks,
    RawLead,
    check_length,
    check_rate,
    choose_lead,
    import_reader,
    sha256_of,
)
from ecglab.errors import DatasetError

__all__ = ["ANNOTATORS", "quiet_wfdb", "read_wfdb"]

ANNOTATORS = ("atr", "ecg", "qrs")
"""Annotation files to look for, in this order: corrected by hand, and then found by a program."""

_HEADER_LIMIT = 2**20  # bytes; MIT-BIH's have 200
_ANNOTATION_LIMIT = 2**28  # bytes; a day of annotated beats has about 300,000
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
# A record line gives name, number of signals, sampling rate (with what it may carry behind a slash
# or bracket) and number of samples. Where the library cannot read the rate, it takes 250 Hz.
_RECORD_LINE = re.compile(
    r"\S+\s+\d+(\s+(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?([/(]\S*)?(\s+\d+(\s.*)?)?)?\s*"
)
# Bits of a sample in each format that has a fixed number of them.
_BITS: dict[str, int | Fraction] = {
    **{"8": 8, "80": 8, "16": 16, "61": 16, "160": 16, "24": 24, "32": 32, "212": 12},
    **{"310": Fraction(32, 3), "311": Fraction(32, 3)},
}
_COMPRESSED = ("508", "516", "524")

_logger = logging.getLogger(__name__)


@contextmanager
def quiet_wfdb() -> Iterator[Any]:
    """Lend the wfdb library, without the warnings that it sets off in pandas and NumPy.

    Yields
    ------
    module
        ``wfdb``, with ``wfdb.processing`` loaded.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        import_reader("wfdb.processing")
        yield import_reader("wfdb")


def read_wfdb(header: Path, lead: str | int | None, annotations: str | None) -> RawLead:
    """Read one lead of a WFDB record and its beat annotations.

    Parameters
    ----------
    header : Path
        The ``.hea`` file.
    lead : str, int or None
        As for `choose_lead`.
    annotations : str or None
        Extension of the annotation file; "auto" takes the first of `ANNOTATORS` that is there;
        None reads none.

    Returns
    -------
    RawLead
        In the unit that the header states.

    Raises
    ------
    DatasetError
        If a file is missing, damaged or shorter than the header says, or if the header names a
        file outside its own folder.
    """
    if not header.is_file():
        raise DatasetError(f"{header} is missing: a WFDB record needs its header.")
    if header.stat().st_size > _HEADER_LIMIT:
        raise DatasetError(f"{header} is too large to be a WFDB header.")
    record = _read_header(header)
    _check_signal_files(header, record)
    position = choose_lead(str(header), record.sig_name, lead)
    per_frame = record.samps_per_frame[position] or 1
    check_length(str(header), (record.sig_len or 1) * per_frame)
    rate = check_rate(str(header), record.fs * per_frame if record.fs else 0)
    data = header.parent / record.file_name[position]
    values, limits = _read_signal(header, data, position, record)
    check_length(str(data), len(values))
    return RawLead(
        place=str(data),
        values=values,
        rate=rate,
        lead=record.sig_name[position],
        limits=limits,
        marks=_read_marks(header, annotations, record.fs),
        provenance={f"sha256 of {path.name}": sha256_of(path) for path in (header, data)},
    )


def _read_header(header: Path) -> Any:
    """Parse the header, and refuse what cannot be read as one record."""
    lines = header.read_text("ascii", errors="replace").splitlines()
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    if not _RECORD_LINE.fullmatch(first):
        raise DatasetError(f"{header} cannot be read as a WFDB header: it begins with {first!r}.")
    with quiet_wfdb() as wfdb:
        try:
            record = wfdb.rdheader(str(header.with_suffix("")))
        except Exception as error:  # the parser meets any text, and fails in as many ways
            raise DatasetError(
                f"{header} cannot be read as a WFDB header ({type(error).__name__}: {error})."
            ) from error
    if hasattr(record, "seg_name"):
        raise DatasetError(
            f"{header} only lists the segments of a recording. Read them one by one."
        )
    if not record.n_sig or not record.sig_name:
        raise DatasetError(f"{header} describes no signal.")
    record.sig_name = [name or f"signal {n}" for n, name in enumerate(record.sig_name)]
    record.samps_per_frame = record.samps_per_frame or [1] * record.n_sig
    if len(record.file_name) != record.n_sig or len(record.sig_name) != record.n_sig:
        raise DatasetError(
            f"{header} promises {record.n_sig} signals and describes {len(record.file_name)}."
        )
    return record


def _check_signal_files(header: Path, record: Any) -> None:
    """See that the signal files lie beside the header, and are as long as it says."""
    for name in dict.fromkeys(record.file_name):
        if not _PLAIN_NAME.fullmatch(name or ""):
            raise DatasetError(
                f"{header} names {name!r} as a signal file. Only a file in the header's own "
                "folder is read: the header is damaged, or was written to reach other files."
            )
        path = header.parent / name
        if not path.is_file():
            raise DatasetError(f"{path} is missing: {header.name} names it as its signal file.")
        positions = [n for n in range(record.n_sig) if record.file_name[n] == name]
        _check_size(header, path, record, positions)


def _check_size(header: Path, path: Path, record: Any, positions: list[int]) -> None:
    """Compare the size of a signal file with what the header promises of it."""
    formats = {record.fmt[n] for n in positions}
    a_frame = sum(record.samps_per_frame[n] or 1 for n in positions)
    total = a_frame * (record.sig_len or 0)
    if formats <= set(_COMPRESSED):
        check_length(str(header), max(total, 1))
        return
    if len(formats) != 1 or not formats <= set(_BITS):
        raise DatasetError(f"{header} gives {path.name} a format that is not known: {formats}.")
    offset = max(record.byte_offset[n] or 0 for n in positions)
    needed = offset + int(total * _BITS[formats.pop()] / 8)
    size = path.stat().st_size
    if size < needed:
        raise DatasetError(
            f"{path} has {size:,} bytes, but {header.name} promises {record.sig_len:,} samples of "
            f"{len(positions)} signals, which take {needed:,}. The file was cut off, or the header "
            "belongs to another one: fetch both again."
        )


def _read_signal(
    header: Path, data: Path, position: int, record: Any
) -> tuple[Any, tuple[float, float] | None]:
    """Decode one signal; return it in its unit, and the range that the recorder can store."""
    with quiet_wfdb() as wfdb:
        try:
            read = wfdb.rdrecord(
                str(header.with_suffix("")),
                channels=[position],
                physical=False,
                smooth_frames=False,
            )
            digital = np.asarray(read.e_d_signal[0])
            values = np.asarray(read.dac(expanded=True)[0], dtype=np.float64)
            gain, baseline = float(read.adc_gain[0]), float(read.baseline[0])
            bits, zero = int(read.adc_res[0] or 0), int(read.adc_zero[0] or 0)
        except Exception as error:  # whatever the bytes bring up
            raise DatasetError(
                f"{data} cannot be read ({type(error).__name__}: {error}). It is damaged, or "
                f"{header.name} describes another file."
            ) from error
    if not np.isfinite(gain) or np.isinf(values).any():
        raise DatasetError(f"{header} gives lead {position} a gain of {gain}: it is damaged.")
    _compare_checksum(data, digital, read)
    if not 1 < bits <= 32:
        return values, None
    ends = (np.array([zero - 2 ** (bits - 1), zero + 2 ** (bits - 1) - 1]) - baseline) / gain
    return values, (float(ends.min()), float(ends.max()))


def _compare_checksum(data: Path, digital: Any, read: Any) -> None:
    """Say so if the samples are not those that the header was written for."""
    stated = read.checksum[0] if read.checksum else None
    if stated is not None and (int(digital.sum()) - int(stated)) % 2**16:
        _logger.warning(
            "%s: the checksum of %s in the header is that of another signal. One of the two files "
            "may be damaged.",
            data,
            read.sig_name[0],
        )


def _read_marks(header: Path, annotations: str | None, rate: float) -> BeatMarks | None:
    """Read the beats from an annotation file, if there is to be one."""
    if annotations is None:
        return None
    names = ANNOTATORS if annotations == "auto" else (annotations.lstrip("."),)
    if not all(_PLAIN_NAME.fullmatch(name) for name in names):
        raise DatasetError(f"annotations must be the extension of a file, not {annotations!r}.")
    for name in names:
        path = header.with_suffix(f".{name}")
        if path.is_file():
            marks = _parse_marks(path, name, rate)
            if len(marks.times) or annotations != "auto":
                return marks
            _logger.warning("%s marks no beat: R peaks are detected instead.", path)
    if annotations == "auto":
        return None
    raise DatasetError(
        f"{header.with_suffix('.' + names[0])} is missing. Pass the extension of another "
        "annotation file, or annotations=None to have R peaks detected."
    )


def _parse_marks(path: Path, name: str, rate: float) -> BeatMarks:
    """Read one annotation file."""
    if path.stat().st_size > _ANNOTATION_LIMIT:
        raise DatasetError(f"{path} is too large to be an annotation file.")
    with quiet_wfdb() as wfdb:
        try:
            notes = wfdb.rdann(str(path.with_suffix("")), name)
            rate = float(notes.fs or rate)
            times = np.asarray(notes.sample, dtype=np.float64) / rate
            symbols = np.array([str(symbol) for symbol in notes.symbol], dtype=np.str_)
        except Exception as error:  # whatever the bytes bring up
            raise DatasetError(
                f"{path} cannot be read as an annotation file ({type(error).__name__}: {error})."
            ) from error
    if times.shape != symbols.shape or not rate > 0:
        raise DatasetError(f"{path} cannot be read as an annotation file: it is damaged.")
    beats = np.flatnonzero(np.isin(symbols, sorted(BEAT_SYMBOLS)))
    beats = beats[np.argsort(times[beats], kind="stable")]
    return BeatMarks(times[beats], symbols[beats], origin=path.name)
