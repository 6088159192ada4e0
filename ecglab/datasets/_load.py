"""`load_heartbeats`: the heartbeats that the course uses, real ones wherever they can be had."""

import logging
import os
from typing import Literal, get_args

from ecglab.datasets._ecg5000 import fetch_ecg5000
from ecglab.datasets._simulator import make_heartbeats
from ecglab.errors import DatasetUnavailableError
from ecglab.heartbeats import Heartbeats

__all__ = ["load_heartbeats"]

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
