"""Finding a recording by its path or its PhysioNet name, and the reader for its kind of file."""

import os
import re
from pathlib import Path

from ecglab.datasets._download import data_homes
from ecglab.datasets._edf import read_edf
from ecglab.datasets._physionet import fetch_physionet
from ecglab.datasets._raw import RawLead
from ecglab.datasets._signal_tables import read_table
from ecglab.datasets._wfdb import read_wfdb
from ecglab.errors import DatasetError, DatasetUnavailableError

__all__ = ["find_recording", "read_lead"]

_WFDB = (".hea", ".dat", ".atr")
_EDF = (".edf", ".bdf")
_TABLES = (".csv", ".tsv", ".txt", ".npy")
_FORMS = (".hea", *_EDF, *_TABLES)
_PHYSIONET_NAME = re.compile(r"[a-z0-9]+(?:/[A-Za-z0-9_-]+)+")


def find_recording(path: str | os.PathLike[str], *, download_if_missing: bool = True) -> Path:
    """Find the file of a recording: a header, an EDF file or a table.

    Parameters
    ----------
    path : path-like
        A file; a WFDB record without its extension; or a PhysioNet name such as ``"mitdb/106"``,
        which is looked for in ``$ECGLAB_DATA_HOME`` and the user's cache.
    download_if_missing : bool, default True
        Whether to fetch a PhysioNet name that is not on disk.

    Returns
    -------
    Path
        The file; of a WFDB record, its header.

    Raises
    ------
    DatasetUnavailableError
        If a PhysioNet name is neither on disk nor can it be downloaded.
    DatasetError
        If there is no such file, or it is of a kind that is not read.
    """
    given = Path(path).expanduser()
    homes = data_homes()
    for place in (given, *(home / given for home in homes)):
        if (found := _as_file(place)) is not None:
            return found
    name = given.as_posix()
    if not _PHYSIONET_NAME.fullmatch(name):
        raise DatasetError(
            f"There is no recording {str(path)!r}. A recording is a WFDB header (.hea), an EDF "
            f"file, or a table of samples: {', '.join(_FORMS)}."
        )
    if not download_if_missing:
        looked = "\n".join(f"  {home / name}.hea" for home in homes)
        raise DatasetUnavailableError(
            f"{name} is not on disk, and was not to be downloaded. Looked for:\n{looked}\n"
            "Set ECGLAB_DATA_HOME to a folder that holds it."
        )
    return fetch_physionet(name, homes[0])


def _as_file(place: Path) -> Path | None:
    """Return the file that a path stands for, if it is there."""
    header = place.with_suffix(".hea") if place.suffix.lower() in _WFDB else None
    try:
        if header is not None and header.is_file():
            return header
        if place.is_file():
            if place.suffix.lower() == ".hea":
                raise DatasetError(
                    f"{place} has an extension in capitals, with which WFDB's programs do not find "
                    f"it. Rename it {place.with_suffix('.hea').name}."
                )
            if header is not None:
                raise DatasetError(f"{place} needs its header, {header.name}, beside it.")
            if place.suffix.lower() in _FORMS:
                return place
            raise DatasetError(f"{place} is no recording that can be read: {', '.join(_FORMS)}.")
        beside = place.with_name(f"{place.name}.hea")
        return beside if place.name and beside.is_file() else None
    except (OSError, ValueError) as error:  # no right to look there; a name that no file can have
        raise DatasetError(f"Cannot look for {str(place)!r}: {error}.") from error


def read_lead(
    path: Path, lead: str | int | None, annotations: str | None, sampling_rate: float | None
) -> RawLead:
    """Read one lead of a recording, whatever kind of file it is.

    Parameters
    ----------
    path : Path
        What `find_recording` returned.
    lead : str, int or None
        As for `choose_lead`.
    annotations : str or None
        As for `read_wfdb`. An EDF+ file has its own, which "auto" reads.
    sampling_rate : float or None
        Samples a second; needed for tables, which do not say.

    Returns
    -------
    RawLead
        The lead.

    Raises
    ------
    DatasetError
        If the file is damaged, states another sampling rate than the one passed, or none.
    """
    try:
        if path.suffix == ".hea":
            raw = read_wfdb(path, lead, annotations)
        elif path.suffix.lower() in _EDF:
            raw = read_edf(path, lead, annotations)
        else:
            return read_table(path, lead, sampling_rate)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}.") from error
    if sampling_rate is not None and sampling_rate != raw.rate:
        raise DatasetError(
            f"{path} states a sampling rate of {raw.rate:g} Hz, but {sampling_rate} was passed. "
            "Leave sampling_rate out, or correct the file."
        )
    return raw
