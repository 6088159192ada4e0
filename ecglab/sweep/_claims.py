"""Claims: how drivers and workers that share a folder agree on who does a run.

A claim is a file that only one process can create. Its owner touches it now and then; when it has
not been touched for `LEASE` seconds, or its owner ran on this machine and is gone, anyone may take
it over. A claim that is taken over by mistake (a process stopped for longer than the lease) costs
a repeated run, never a wrong result: the former owner asks `is_ours` before it publishes.
"""

import json
import logging
import os
import secrets
import socket
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

import psutil

__all__ = ["LEASE", "Claim"]

LEASE = 60.0
"""Seconds without a sign of life after which a claim may be taken over."""

_SIGNS_IN_A_LEASE = 6
_CLOCK_STEP = 2.0  # seconds that a start time may shift when the clock is set

_logger = logging.getLogger("ecglab")


class Claim:
    """A claim that this process holds; leaving the context gives it up. Made by `acquire`."""

    def __init__(self, path: Path, token: str, former: str | None) -> None:
        self.path = path
        self.token = token
        self.former = former
        """The token of the owner that it was taken over from, if there was one."""
        self._done = Event()
        self._heart = Thread(target=self._beat, daemon=True, name="ecglab-claim")

    @classmethod
    def acquire(cls, path: Path) -> Self | None:
        """Claim a run, or return None if another living process has claimed it."""
        token = secrets.token_hex(8)
        former = None
        content = json.dumps({"token": token, **_this_process()}).encode()
        for _ in range(3):
            if _create(path, content):
                return cls(path, token, former)
            try:
                owner = path.read_bytes()
                if not _is_abandoned(path, owner):
                    return None
            except FileNotFoundError:
                continue  # given up this very moment
            if not _remove_exactly(path, owner, token):
                return None
            former = _fields(owner).get("token")
            _logger.info("took over %s from a process that is gone", path)
        return None

    def is_ours(self) -> bool:
        """Whether nobody has taken the claim over."""
        try:
            return _fields(self.path.read_bytes()).get("token") == self.token
        except OSError:
            return False

    def __enter__(self) -> Self:
        """Start to give signs of life."""
        self._heart.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the claim up."""
        self._done.set()
        self._heart.join()
        if self.is_ours():
            self.path.unlink(missing_ok=True)

    def _beat(self) -> None:
        """Touch the file until the claim is given up."""
        while not self._done.wait(LEASE / _SIGNS_IN_A_LEASE):
            if not self.is_ours():  # a successor must give signs of its own
                _logger.warning("%s is not ours any more, or cannot be read", self.path)
                continue
            try:
                os.utime(self.path)
            except OSError as error:
                _logger.warning("no sign of life could be left at %s: %s", self.path, error)


def _create(path: Path, content: bytes) -> bool:
    """Create a file unless it is there; False if it is."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        return False
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError:
        path.unlink(missing_ok=True)  # an empty claim would hold others up for a whole lease
        raise
    return True


def _is_abandoned(path: Path, content: bytes) -> bool:
    """Whether the owner of a claim is gone, as far as can be known."""
    owner = _fields(content)
    if owner.get("machine") == _machine() and not _is_running(owner):
        return True
    return _now_at(path) - path.stat().st_mtime > LEASE


def _remove_exactly(path: Path, content: bytes, token: str) -> bool:
    """Remove a claim, but not one that somebody else has created in its place meanwhile."""
    aside = path.with_name(f"{path.name}.{token}.aside")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return True
    ours = aside.read_bytes() == content
    if not ours:
        try:
            os.link(aside, path)  # put it back, unless there is yet another one
        except OSError:
            _logger.info("a claim was lost while others were taking it over: %s", path)
    aside.unlink(missing_ok=True)
    return ours


def _now_at(path: Path) -> float:
    """Return the time by the clock of the file system, which may not be this machine's."""
    probe = path.with_name(f".{path.name}.{secrets.token_hex(8)}.clock")
    try:
        probe.touch()
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


def _fields(content: bytes) -> dict[str, str]:
    """Read a claim; one that its owner is still writing has no fields yet."""
    try:
        return dict(json.loads(content))
    except ValueError:
        return {}


def _this_process() -> dict[str, str]:
    process = psutil.Process()
    started = f"{process.create_time():.2f}"
    return {"machine": _machine(), "pid": str(process.pid), "started": started}


def _is_running(owner: dict[str, str]) -> bool:
    """Whether the owner runs, rather than a later process with the same number."""
    try:
        process = psutil.Process(int(owner["pid"]))
        shift = abs(process.create_time() - float(owner["started"]))
        return shift <= _CLOCK_STEP and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _machine() -> str:
    """Name what process numbers are valid in: this machine since its last start, this container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = os.readlink("/proc/self/ns/pid")
    except OSError:  # not Linux
        boot = space = ""
    return f"{socket.gethostname()} {boot} {space}"
