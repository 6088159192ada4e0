"""One driver at a time: a second one is told who is at work."""

import json
import logging
import os
import platform
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from ecglab.errors import SweepError, SweepStorageError
from ecglab.sweep._store import Store

_LOCK, _NOTE = "sweep.lock", "driver.json"

_logger = logging.getLogger("ecglab")


@contextmanager
def only_driver(store: Store) -> Iterator[None]:
    """Keep a store for this driver.

    The system locks a folder, and lets go of it when the process ends, however it does. An address
    cannot be locked. There is but a note of who is at work, which a driver that is killed leaves
    behind too, so that a second one warns and goes on. Two at once cost repeated runs, no more:
    they write the same files, each of them whole.

    `SweepError` if another driver has locked the folder.
    """
    since = datetime.now(UTC).isoformat(timespec="seconds")
    note = {"host": platform.node(), "process": os.getpid(), "since": since}
    with _lock(store):
        store.write(_NOTE, json.dumps(note).encode())
        try:
            yield
        finally:
            with suppress(SweepStorageError):  # whatever ended the sweep is the thing to say
                store.delete(_NOTE)


def _lock(store: Store) -> AbstractContextManager[object]:
    """Lock a folder, which is made if it is not there; at an address, only look who is there."""
    if store.folder is None:
        if (who := _who(store)) is not None:
            _logger.warning(
                "a driver (%s) is at work on %s, or was killed there. An address cannot be locked: "
                "if that one is still running, stop one of the two",
                *(who, store.address),
            )
        return nullcontext()
    try:
        store.folder.mkdir(parents=True, exist_ok=True)
        return FileLock(store.folder / _LOCK, blocking=False).acquire()
    except Timeout as error:
        who = _who(store) or "which has just started"
        raise SweepError(
            f"another driver ({who}) is at work on {store.folder}, and two would be in each "
            "other's way. Wait until it has ended, stop it, or choose another output folder."
        ) from error
    except OSError as error:
        raise SweepStorageError(
            f"{store.folder} cannot be used: {error.strerror or error}. Mend that, or choose "
            "another output folder."
        ) from error


def _who(store: Store) -> str | None:
    """Say who is at work, as far as is known."""
    try:
        note = json.loads(store.read(_NOTE) or b"null")
        return "host {host}, process {process}, since {since}".format(**note) if note else None
    except (ValueError, KeyError, TypeError):  # not written by us
        return None
