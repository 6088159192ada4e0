"""The heartbeats and recordings that the course uses, real ones wherever they can be had."""

import logging
import os
import zlib
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from ecglab.datasets._ecg5000 import fetch_ecg5000
from ecglab.datasets._record import Record, read_record
from ecglab.datasets._simulate_record import make_record
from ecglab.datasets._simulator import make_heartbeats
from ecglab.errors import DatasetUnavailableError
from ecglab.heartbeats import Heartbeats

Source = Literal["auto", "ecg5000", "simulated"]

_logger = logging.getLogger("ecglab")


def load_heartbeats(
    source: Source | None = None,
    *,
    data_home: str | os.PathLike[str] | None = None,
    random_state: int = 0,
    progress: bool = False,
) -> Heartbeats:
    """Load ECG5000, or simulated heartbeats where ECG5000 cannot be had.

    Parameters
    ----------
    source : {"auto", "ecg5000", "simulated"}, optional
        ``"ecg5000"`` is `fetch_ecg5000`, ``"simulated"`` is `make_heartbeats`. ``"auto"`` tries the
        first, and only if ECG5000 is neither on disk nor can it be downloaded, logs a warning and
        takes the second. When left out: ``$ECGLAB_SOURCE``, or else ``"auto"``.
    data_home : path-like, optional
        Where ECG5000 lies or goes; see `fetch_ecg5000`.
    random_state : int, default 0
        Seed of the simulator; ECG5000 is the same for every seed.
    progress : bool, default False
        Whether to show a progress bar during a download. Off, because a notebook would keep it
        among its outputs.

    Returns
    -------
    Heartbeats
        Its `source` says which ones they are: ``"ECG5000"`` or ``"simulated"``.

    Raises
    ------
    ValueError
        If `source`, or ``$ECGLAB_SOURCE``, is none of the three words.
    DatasetError
        If ECG5000 is there but damaged, whatever the source but ``"simulated"``; and if it cannot
        be had, with ``"ecg5000"``.
    """
    source = _check_source(source)
    if source == "simulated":
        return make_heartbeats(random_state=random_state)
    try:
        return fetch_ecg5000(data_home, progress=progress)
    except DatasetUnavailableError as error:
        if source == "ecg5000":
            raise
        # Logged and not warned of: Python shows a log record as one plain line, once each time.
        _logger.warning(
            "ECG5000 could not be had (%s): these are SIMULATED heartbeats, and no figure below "
            "says anything about real ones.",
            error.reason,
        )
        return make_heartbeats(random_state=random_state)


def load_record(name: str, *, minutes: float = 30.0) -> Record:
    """Load a recording from PhysioNet, or a simulated one where it cannot be had.

    Parameters
    ----------
    name : str
        Database and record, such as ``"mitdb/106"``; see `read_record`.
    minutes : float, default 30
        Length of the simulated recording.

    Returns
    -------
    Record
        With all leads. Its `source` says which one it is: the name, or ``"simulated"``. Another
        name gives another simulated recording, the same name always the same.

    Raises
    ------
    ValueError
        If ``$ECGLAB_SOURCE`` is not one of the words that `load_heartbeats` knows. With
        ``"simulated"``, nothing real is looked for.
    DatasetError
        If the recording is there but damaged.
    """
    seed = zlib.crc32(name.encode())
    if _check_source(None) == "simulated":
        return make_record(minutes, random_state=seed)
    try:
        return read_record(name)
    except DatasetUnavailableError as error:
        _logger.warning(
            "%s could not be had (%s): this is a SIMULATED recording, and no figure below says "
            "anything about a real one.",
            name,
            error.reason,
        )
        return make_record(minutes, random_state=seed)


def load_signal(name: str, *, minutes: float = 30.0) -> tuple[npt.NDArray[np.float64], float]:
    """Load the samples that `load_record` cuts its beats from, as they are in the file.

    Parameters
    ----------
    name, minutes
        As for `load_record`, which also says aloud when they are simulated.

    Returns
    -------
    samples : ndarray of float64, shape (n_samples,)
        In mV; NaN where the file has none.
    sampling_rate : float
        How many of them there are in a second.

    Raises
    ------
    ValueError, DatasetError
        As `load_record` does.
    """
    read_again = load_record(name, minutes=minutes).read_again
    assert read_again is not None  # one that was loaded can be read once more
    lead = read_again()[0]
    return lead.values[:], lead.rate


def _check_source(source: str | None) -> Source:
    """Fill in the default, and refuse unknown words."""
    origin = "source"
    if source is None:
        origin = "The environment variable ECGLAB_SOURCE"
        source = os.environ.get("ECGLAB_SOURCE") or "auto"
    for known in get_args(Source):
        if source == known:
            return known
    raise ValueError(
        f"{origin} must be one of {', '.join(map(repr, get_args(Source)))}, not {source!r}."
    )
