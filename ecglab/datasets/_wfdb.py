"""Reading WFDB records, the format of PhysioNet: a text header, signal files, annotation files.

The wfdb library decodes them. A header is a list of file names and sizes that anybody may have
written, so both are checked before the library follows them.
"""

import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecglab._optional import import_optional
from ecglab.datasets._raw import (
    BEAT_SYMBOLS,
    BeatMarks,
    RawLead,
    Signals,
    Stored,
    check_length,
    check_rate,
)
from ecglab.datasets._sources import library_faults, sha256_of
from ecglab.errors import DatasetError
from ecglab.reading import Reading

ANNOTATORS = ("atr", "ecg", "qrs")
"""Annotation files to look for, in this order: corrected by hand, and then found by a program."""

_DETECTORS = re.compile(r".*qrs.*|ecglab", re.IGNORECASE)  # say where a beat is, never what
_HEADER_LIMIT = 2**20  # bytes; MIT-BIH's have 200
_ANNOTATION_LIMIT = 2**28  # bytes; a day of annotated beats has about 300,000
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
# A record line gives name, number of signals, sampling rate (with what it may carry behind a slash
# or bracket) and number of samples. Where the library cannot read the rate, it takes 250 Hz.
_RECORD_LINE = re.compile(
    r"\s*\S+\s+\d+(\s+(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?([/(]\S*)?(\s+(?P<length>\d+)(?P<when>\s.*)?)?)?\s*"
)
_WHOLE_BASELINE = re.compile(r"\((-?\d+)\.\d*\)")  # a fraction, which the format does not allow
# Bits of a sample in each format that has a fixed number of them.
_BITS: dict[str, int | Fraction] = {
    **{"8": 8, "80": 8, "16": 16, "61": 16, "160": 16, "24": 24, "32": 32, "212": 12},
    **{"310": Fraction(32, 3), "311": Fraction(32, 3)},
}
_COMPRESSED = ("508", "516", "524")
_DIFFERENCES = "8"  # a sample is the sum of all before it
_WIDE = ("8", "24", "32", "524")  # more than 16 bits
_BLOCK = 2**20  # samples, of all signals together, that are decoded at a time

FloatArray = npt.NDArray[np.float64]

_logger = logging.getLogger(__name__)


def open_wfdb(header: Path, annotations: str | None) -> Signals:
    """Open a WFDB record by its header.

    `annotations` is the extension of the annotation file; "auto" takes the first of `ANNOTATORS`
    that marks a beat; None reads none. `DatasetError` if a file is missing, damaged or shorter than
    the header says, or if the header names a file outside its own folder.
    """
    if header.stat().st_size > _HEADER_LIMIT:
        raise DatasetError(f"{header} is too large to be a WFDB header.")
    record = _read_header(header)
    _check_signal_files(header, record)
    return Signals(
        str(header),
        tuple(record.sig_name),
        lambda position: _read_signal(header, record, position),
        lambda: _read_marks(header, annotations, record.fs),
    )


def _read_header(header: Path) -> Any:
    """Parse the header, and refuse what cannot be read as one record."""
    text = header.read_text("ascii", errors="replace")
    first = next((x for x in text.splitlines() if x.strip() and not x.startswith("#")), "")
    if not _RECORD_LINE.fullmatch(first):
        raise DatasetError(f"{header} cannot be read as a WFDB header: it begins with {first!r}.")
    wfdb = import_optional("wfdb")
    with library_faults(header, "read as a WFDB header"), _readable(header, ()) as name:
        record = wfdb.rdheader(name)
    if hasattr(record, "seg_name"):
        raise DatasetError(
            f"{header} only lists the segments of a recording. Read them one by one."
        )
    if not record.n_sig or not record.sig_name:
        raise DatasetError(f"{header} describes no signal.")
    if len(record.file_name) != record.n_sig:
        raise DatasetError(
            f"{header} promises {record.n_sig} signals and describes {len(record.file_name)}."
        )
    record.sig_name = [name or f"signal {n}" for n, name in enumerate(record.sig_name)]
    return record


def _mend(text: str) -> str:
    """Take out of a header what the library stops at, and what is not needed: date and time."""
    lines = text.splitlines()
    first = next((n for n, line in enumerate(lines) if line.strip() and line[0] != "#"), 0)
    if lines and (parsed := _RECORD_LINE.fullmatch(lines[first])) and parsed["when"]:
        lines[first] = lines[first][: parsed.start("when")]
    if lines and parsed and parsed["length"] and not int(parsed["length"]):
        lines[first] = lines[first][: parsed.start("length")]  # 0 says that it is not known
    return "\n".join(_WHOLE_BASELINE.sub(r"(\1)", line) for line in lines) + "\n"


@contextmanager
def _readable(header: Path, data: tuple[str, ...]) -> Iterator[str]:
    """Lend the record under a header that the library can read."""
    text = header.read_text("ascii", errors="replace")
    if _mend(text).split() == text.split():
        yield str(header.with_suffix(""))
        return
    with TemporaryDirectory() as folder:
        (Path(folder) / "record.hea").write_text(_mend(text), "ascii", "replace")
        for name in data:
            try:
                os.symlink((header.parent / name).resolve(), Path(folder) / name)
            except OSError:  # not everybody may make links on Windows
                shutil.copyfile(header.parent / name, Path(folder) / name)
        yield str(Path(folder) / "record")


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


def _read_signal(header: Path, record: Any, position: int) -> RawLead:
    """Decode one signal, and keep its numbers; slices of it are in the unit that is stated."""
    data = header.parent / record.file_name[position]
    per_frame = record.samps_per_frame[position] or 1
    check_length(str(header), (record.sig_len or 1) * per_frame)
    rate = check_rate(str(header), record.fs * per_frame if record.fs else 0)
    parts = []
    for first, stop in _blocks(record, position):
        numbers, read = _decode(header, record, position, first, stop)
        parts.append(numbers.astype(np.int32 if record.fmt[position] in _WIDE else np.int16))
    numbers = np.concatenate(parts)
    check_length(str(data), len(numbers))

    def to_unit(numbers: npt.NDArray[Any]) -> FloatArray:
        part = copy(read)
        part.e_d_signal = [numbers]
        return np.asarray(part.dac(expanded=True)[0], dtype=np.float64)

    gain = float(read.adc_gain[0])
    with np.errstate(all="ignore"):
        ends = to_unit(np.array([numbers.min(), numbers.max()]))
    if not np.isfinite(gain) or np.isinf(ends).any():
        raise DatasetError(f"{header} gives lead {position} a gain of {gain}: it is damaged.")
    if per_frame > 1 and len(numbers) < (record.sig_len or 1) * per_frame:  # they were averaged
        rate /= per_frame
    else:
        _compare_checksum(data, numbers, record, position)
    late = min((record.skew[position] or 0) * round(rate / record.fs), len(numbers))

    def read_slice(start: int, stop: int) -> FloatArray:
        values, known = np.full(stop - start, np.nan), numbers[start + late : stop + late]
        values[: len(known)] = to_unit(known)
        return values

    reading = Reading().with_decision("format", "WFDB", "by its header")
    reading = reading.with_decision("unit", record.units[position] or "mV", "stated by the header")
    return RawLead(
        place=str(data),
        values=Stored(len(numbers), read_slice),
        rate=rate,
        lead=record.sig_name[position],
        provenance={f"sha256 of {path.name}": sha256_of(path) for path in (header, data)},
        reading=reading.with_decision("sampling rate", f"{rate:g} Hz", "stated by the header"),
    )


def _blocks(record: Any, position: int) -> Iterator[tuple[int, int | None]]:
    """Cut the frames of a file into blocks: all signals are decoded, and take much more room."""
    if not record.sig_len or record.fmt[position] == _DIFFERENCES:
        yield 0, None
        return
    size = max(1, _BLOCK // sum(n or 1 for n in record.samps_per_frame))
    for first in range(0, record.sig_len, size):
        yield first, min(first + size, record.sig_len)


def _decode(
    header: Path, record: Any, position: int, first: int, stop: int | None
) -> tuple[npt.NDArray[Any], Any]:
    """Return frames of a signal as they are stored, and what the library read; skew is kept."""
    wfdb = import_optional("wfdb")
    where = {"channels": [position], "sampfrom": first, "sampto": stop}
    how = {"physical": False, "ignore_skew": True, **where}
    data = header.parent / record.file_name[position]
    with (
        library_faults(data, f"read as the signal that {header.name} describes"),
        _readable(header, tuple(dict.fromkeys(record.file_name))) as name,
    ):
        try:
            read = wfdb.rdrecord(name, smooth_frames=False, **how)
            return np.asarray(read.e_d_signal[0]), read
        except Exception:  # several samples a frame, in a way that the library can only average
            read = wfdb.rdrecord(name, smooth_frames=True, **how)
            return np.asarray(read.d_signal[:, 0]), read


def _compare_checksum(data: Path, numbers: npt.NDArray[Any], record: Any, position: int) -> None:
    """Say so if the samples are not those that the header was written for."""
    stated = record.checksum[position] if record.checksum else None
    if stated is not None and (int(numbers.sum(dtype=np.int64)) - int(stated)) % 2**16:
        _logger.warning(
            "%s: the checksum of %s in the header is that of another signal. One of the two files "
            "may be damaged.",
            data,
            record.sig_name[position],
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
        f"{header.with_suffix('.' + names[0])} is missing.",
        "Pass the extension of another annotation file, or {} to have R peaks detected.",
        ("annotations", None),
    )


class Annotations(NamedTuple):
    """What an annotation file marks: seconds in ascending order, codes, and the rate they go by."""

    times: npt.NDArray[np.float64]
    symbols: npt.NDArray[np.str_]
    rate: float


def read_annotations(path: Path, rate: float | None = None) -> Annotations:
    """Read all that a WFDB annotation file marks, beats and other things.

    Parameters
    ----------
    path : Path
        The file, such as ``106.atr``.
    rate : float, optional
        Samples a second, where neither the file nor a header beside it states how many.

    Returns
    -------
    Annotations
        All of them, in the order of time.

    Raises
    ------
    DatasetError
        If the file is missing or damaged, or no rate is known.
    """
    if not path.is_file():
        raise DatasetError(f"{path} is missing.")
    if path.stat().st_size > _ANNOTATION_LIMIT:
        raise DatasetError(f"{path} is too large to be an annotation file.")
    wfdb = import_optional("wfdb")
    with library_faults(path, "read as an annotation file"):
        notes = wfdb.rdann(str(path.with_suffix("")), path.suffix.lstrip("."))
        samples = np.asarray(notes.sample, dtype=np.float64)
        symbols = np.array([str(symbol) for symbol in notes.symbol], dtype=np.str_)
    rate = float(notes.fs or rate or 0)
    if samples.shape != symbols.shape or samples.ndim != 1:
        raise DatasetError(f"{path} cannot be read as an annotation file: it is damaged.")
    if not rate > 0:
        raise DatasetError(
            f"{path} states no sampling rate, and no header lies beside it.",
            "Put the record's header there, or pass {}.",
            "sampling_rate",
        )
    order = np.argsort(samples, kind="stable")
    return Annotations(samples[order] / rate, symbols[order], rate)


def _parse_marks(path: Path, name: str, rate: float) -> BeatMarks:
    """Read the beats of one annotation file."""
    times, symbols, _ = read_annotations(path, rate)
    beats = np.isin(symbols, sorted(BEAT_SYMBOLS))
    says_what = not _DETECTORS.fullmatch(name)
    return BeatMarks(times[beats], symbols[beats] if says_what else None, origin=path.name)
