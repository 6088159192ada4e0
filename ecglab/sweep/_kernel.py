"""Executing one notebook in a kernel that cannot outlive its run, its time or its memory.

papermill runs in the worker's process, the notebook in a kernel of its own: a process group that
is killed as a whole. papermill's own timeout holds for one cell, and it may wait for a kernel that
will never answer; here a guard thread watches the run from outside.
"""

import logging
import os
import re
import signal
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any, Self

import nbformat
import papermill
import psutil
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

_WATCH = 0.2  # seconds between two looks at the kernel
_GRACE = 60.0  # seconds that papermill has to notice that its kernel was killed
_START_TIMEOUT = 120  # seconds for a kernel to start or answer, on a machine with many of them
_ENGINE = "ecglab-sweep"
_LONGEST_FOLDER = 80  # characters; a socket's whole path may have about a hundred
_LAST_WORDS = 4000  # characters of what a kernel that died wrote to standard error
_ANSI = re.compile(r"\x1b\[[0-9;]*m")

_logger = logging.getLogger("ecglab")


@dataclass(frozen=True)
class Execution:
    """What came of running a notebook: how far it was executed, and why it failed, if it did.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The notebook with the outputs that it has reached.
    seconds : float
        How long it took.
    error : str or None
        Why it failed, in one line; None if it did not.
    traceback : str or None
        Where, if that is known.
    """

    notebook: Any
    seconds: float
    error: str | None
    traceback: str | None


def execute(
    text: str,
    parameters: Mapping[str, Any],
    *,
    environment: Mapping[str, str],
    folder: str | None,
    timeout: float | None = None,
    memory_limit: int | None = None,
) -> Execution:
    """Execute a notebook with papermill, in a kernel of its own, which ends with it.

    Parameters
    ----------
    text : str
        The notebook, as JSON.
    parameters : mapping of str to object
        What to set in it.
    environment : mapping of str to str
        All the environment variables that the kernel has.
    folder : str or None
        Where it runs; where this process does if None.
    timeout : float, optional
        Seconds for the whole notebook.
    memory_limit : int, optional
        Bytes of resident memory that the kernel and its children may use together.

    Returns
    -------
    Execution
        How far it came, and what went wrong: whatever happens in the notebook, nothing is raised.
    """
    start = time.monotonic()
    error = trace = None
    with (
        TemporaryDirectory(prefix="ecglab-", ignore_cleanup_errors=True) as scratch,
        (Path(scratch) / "stderr").open("wb") as stderr,
        _Guard(nbformat.reads(text, as_version=4), timeout, memory_limit) as guard,
    ):
        try:
            guard.notebook = papermill.execute_notebook(
                guard.notebook,
                None,
                parameters=dict(parameters),
                engine_name=_ENGINE,
                progress_bar=False,
                start_timeout=_START_TIMEOUT,
                guard=guard,
                scratch=scratch,
                kernel_options={"env": dict(environment), "cwd": folder, "stderr": stderr},
            )
        except papermill.PapermillExecutionError as failure:
            error = f"{failure.ename}: {failure.evalue}"
            trace = _ANSI.sub("", "\n".join(failure.traceback))
        except DeadKernelError:
            error = "the kernel died: a crash, or the system killed it (out of memory?)"
            trace = Path(stderr.name).read_text(errors="replace")[-_LAST_WORDS:]
        except Exception as failure:  # no such kernel, no answer from it, ...
            error = f"{type(failure).__name__}: {failure}"
            trace = traceback.format_exc()
    return Execution(guard.notebook, time.monotonic() - start, guard.verdict or error, trace)


class _Guard:
    """A thread that kills the kernel when its time or memory is up, and whatever it left behind."""

    def __init__(self, notebook: Any, timeout: float | None, memory_limit: int | None) -> None:
        self.notebook = notebook
        self.verdict: str | None = None
        self._manager: Any = None
        self._group: int | None = None
        self._timeout = timeout
        self._memory_limit = memory_limit
        self._done = Event()
        self._thread = Thread(target=self._watch, daemon=True, name="ecglab-guard")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._kill()

    def protect(self, notebook: Any, manager: Any) -> None:
        """Take charge of a kernel that is about to start."""
        self.notebook, self._manager = notebook, manager

    def _watch(self) -> None:
        """Look at the clock and the memory until the run is over or has exceeded something."""
        start = time.monotonic()
        while self.verdict is None:
            if self._done.wait(_WATCH):
                return
            self._pid()  # kept, because the kernel manager forgets it when the kernel has ended
            self.verdict = self._judge(time.monotonic() - start)
        self._end()

    def _judge(self, elapsed: float) -> str | None:
        """Say what the run has exceeded, if anything."""
        if self._timeout is not None and elapsed > self._timeout:
            return f"timeout: stopped after {self._timeout:g} s"
        if self._memory_limit is not None and self._memory() > self._memory_limit:
            return f"memory: stopped above {self._memory_limit / 2**20:.0f} MiB"
        return None

    def _end(self) -> None:
        """Kill the kernel, and the worker with it if papermill goes on waiting for a dead one."""
        patience = time.monotonic() + _GRACE
        while not self._done.wait(_WATCH):
            self._kill()
            if time.monotonic() > patience:
                _logger.error("papermill did not return from a kernel that was killed; worker ends")
                os._exit(1)

    def _pid(self) -> int | None:
        """Return the number of the kernel's process, which is that of its group, once it runs."""
        provisioner = getattr(self._manager, "provisioner", None)
        self._group = getattr(provisioner, "pid", None) or self._group
        return self._group

    def _memory(self) -> int:
        """Add up the resident memory of the kernel and its children."""
        total = 0
        with suppress(psutil.NoSuchProcess):  # it has just ended; the next look will tell
            kernel = psutil.Process(self._group) if self._group else None
            for process in [kernel, *kernel.children(recursive=True)] if kernel else []:
                total += process.memory_info().rss
        return total

    def _kill(self) -> None:
        """Kill the kernel's whole process group, if anything is left of it."""
        if (group := self._pid()) is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)


class _GuardedEngine(NBClientEngine):
    """papermill's own engine, which also tells the guard which kernel it starts."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        log_output: bool = False,
        start_timeout: int = _START_TIMEOUT,
        guard: Any = None,
        scratch: str = "",
        kernel_options: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> Any:
        """Execute the notebook; papermill's interface."""
        client = PapermillNotebookClient(
            nb_man,
            kernel_name=kernel_name,
            timeout=None,
            iopub_timeout=_START_TIMEOUT,
            startup_timeout=start_timeout,
            log_output=log_output,
        )
        manager = client.create_kernel_manager()
        # Sockets in a folder of the run's own. Free TCP ports are chosen before they are bound, so
        # that many kernels that start at once take them from each other, and anyone can connect.
        if len(scratch) < _LONGEST_FOLDER:
            manager.transport = "ipc"
        manager.connection_file = f"{scratch}/kernel.json"
        guard.protect(nb_man.nb, manager)
        return client.execute(**dict(kernel_options or {}))


papermill_engines.register(_ENGINE, _GuardedEngine)
# It warns of parameters that its own inspection overlooks; ours has checked them before.
logging.getLogger("papermill").setLevel(logging.ERROR)
