"""What a Dask worker does with one run: claim it, execute it, publish it."""

import json
import os
import platform
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from secrets import token_hex
from typing import Any, Literal

import nbformat

from ecglab._version import __version__
from ecglab.sweep._claims import Claim
from ecglab.sweep._columns import RUN_COLUMNS
from ecglab.sweep._errors import SweepError, SweepStorageError
from ecglab.sweep._record import find_records
from ecglab.sweep._store import FolderStore, Store, open_store, run_file

__all__ = ["Outcome", "Settings", "Task", "execute_run", "publish_failure"]

Outcome = Literal["done", "failed", "taken"]
"""``"taken"`` means that another process is at it: ask again later."""

_THREADS = (
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)
_FRAMEWORKS = ("numpy", "scikit-learn", "torch", "tensorflow")


@dataclass(frozen=True)
class Settings:
    """What is the same for all runs of a sweep.

    Parameters
    ----------
    out : str
        Where everything goes; see `open_store`.
    notebook : str
        Name of the notebook in the store.
    folder : str
        The kernels' working folder, if it exists on the worker.
    data : mapping of str to str
        Fingerprint of the data.
    environment : mapping of str to str
        Environment variables of the kernels.
    defaults : mapping of str to str
        Environment variables of the kernels, where the worker does not have them.
    timeout, memory_limit
        As for `ecglab.sweep.run`; the limit in bytes.
    version : str
        The driver's version of ecglab.
    """

    out: str
    notebook: str
    folder: str
    data: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None
    memory_limit: int | None = None
    version: str = __version__


@dataclass(frozen=True)
class Task:
    """One run. `replaces` is the failed attempt that it repeats, if it repeats one."""

    key: str
    parameters: Mapping[str, Any]
    replaces: str | None = None

    @property
    def result(self) -> str:
        """Name of its result."""
        return run_file(self.key, ".json")

    @property
    def notebook(self) -> str:
        """Name of its executed notebook."""
        return run_file(self.key, ".ipynb")


def execute_run(settings: Settings, task: Task) -> Outcome:
    """Do a run, unless it is done or another process is at it.

    Raises
    ------
    SweepStorageError
        If the outcome cannot be written; then the run counts as not done.
    SweepError
        If this worker has another version of ecglab than the driver.
    """
    if settings.version != __version__:
        raise SweepError(
            f"the worker on {platform.node()} has ecglab {__version__}, the driver "
            f"{settings.version}: install the same version everywhere."
        )
    store = open_store(settings.out)
    if not isinstance(store, FolderStore):
        return _execute_and_publish(store, settings, task, attempt=token_hex(8))
    known = _known_outcome(store, task)
    if known is not None:
        return known
    claim = _claim(store, task)
    if claim is None:
        return "taken"
    with claim:
        known = _known_outcome(store, task)  # done while we were claiming it?
        if known is not None:
            return known
        for name in (task.notebook, task.result) if claim.former else ():
            store.discard_drafts(name, claim.former or "")
        return _execute_and_publish(store, settings, task, claim.token, claim)


def publish_failure(store: Store, settings: Settings, task: Task, error: str) -> None:
    """Record a failure of which no notebook is left, unless there is a result."""
    if _known_outcome(store, task) is not None:
        return
    notebook = nbformat.reads(store.read(settings.notebook), as_version=4)
    facts = _facts(settings, task, token_hex(8), status="failed", error=error)
    # The claim of a worker that died on another machine may still hold, and does not matter here.
    claim = _claim(store, task) if isinstance(store, FolderStore) else None
    with claim or nullcontext():
        _publish(store, task, notebook, facts)


def _known_outcome(store: Store, task: Task) -> Outcome | None:
    """Return the outcome of an earlier attempt, unless it is the one to repeat."""
    if not store.has(task.result):
        return None
    result = json.loads(store.read(task.result))
    if task.replaces is not None and result["attempt"] == task.replaces:
        return None
    return "done" if result["status"] == "done" else "failed"


def _claim(store: FolderStore, task: Task) -> Claim | None:
    path = store.path(run_file(task.key, ".claim"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return Claim.acquire(path)
    except OSError as error:
        raise SweepStorageError(
            f"{path} cannot be written: {error.strerror or error}. Mend that, and start the sweep "
            "again: what is finished is kept."
        ) from error


def _execute_and_publish(
    store: Store, settings: Settings, task: Task, attempt: str, claim: Claim | None = None
) -> Outcome:
    """Run the notebook, and write it and then its result, if the run is still ours."""
    from ecglab.sweep._kernel import execute  # takes a second to import, once in each worker

    started = datetime.now(UTC)
    execution = execute(
        _read_notebook(settings.out, settings.notebook),
        task.parameters,
        environment=_environment(settings),
        folder=settings.folder if os.path.isdir(settings.folder) else None,
        timeout=settings.timeout,
        memory_limit=settings.memory_limit,
    )
    metrics = find_records(execution.notebook.cells)
    error = execution.error or _find_clash(metrics, task.parameters)
    status: Outcome = "failed" if error else "done"
    facts = _facts(
        settings,
        task,
        attempt,
        status=status,
        error=error,
        traceback=execution.traceback,
        metrics=metrics,
        seconds=round(execution.seconds, 3),
        started=started.isoformat(timespec="seconds"),
    )
    if claim is not None and not claim.is_ours():
        return "taken"
    _publish(store, task, execution.notebook, facts)
    return status


def _find_clash(metrics: Mapping[str, Any], parameters: Mapping[str, Any]) -> str | None:
    """Refuse a metric that would share its column with something else."""
    clash = sorted(set(metrics) & {*parameters, *RUN_COLUMNS})
    return f"record: {clash} are columns of the table already; use other names" if clash else None


def _facts(settings: Settings, task: Task, attempt: str, **more: Any) -> dict[str, Any]:
    """Gather what a result holds."""
    return {
        "key": task.key,
        "attempt": attempt,
        "parameters": dict(task.parameters),
        "metrics": {},
        "error": None,
        "traceback": None,
        "seconds": None,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": platform.node(),
        "data": dict(settings.data),
        "versions": _versions(),
        **more,
    }


def _publish(store: Store, task: Task, notebook: Any, facts: dict[str, Any]) -> None:
    """Write the notebook, and then the result that says that the run is over."""
    about = ("key", "attempt", "parameters", "status", "error")
    notebook.metadata["ecglab"] = {name: facts[name] for name in about}
    store.write(task.notebook, nbformat.writes(notebook).encode(), mark=facts["attempt"])
    store.write(task.result, json.dumps(facts, allow_nan=False).encode(), mark=facts["attempt"])


@lru_cache(maxsize=4)
def _read_notebook(out: str, name: str) -> str:
    return open_store(out).read(name)


def _environment(settings: Settings) -> dict[str, str]:
    """Give each kernel one thread, so that runs do not fight over processors."""
    return {
        **dict.fromkeys(_THREADS, "1"),
        **settings.defaults,
        **os.environ,
        **settings.environment,
    }


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    found = {"ecglab": __version__, "python": platform.python_version()}
    for package in _FRAMEWORKS:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
