"""What a Dask worker does with one run: it executes the notebook, and hands back what came of it.

Workers touch no file of the sweep, so they need not share a disk with the driver, and one that is
cut off can do no harm.
"""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from secrets import token_hex
from typing import Any

import nbformat

from ecglab._version import __version__
from ecglab.errors import SweepError
from ecglab.sweep._record import find_records
from ecglab.sweep._results import RUN_COLUMNS

_THREADS = (
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)
_FRAMEWORKS = ("numpy", "scikit-learn", "torch", "tensorflow")


@dataclass(frozen=True)
class Settings:
    """What is the same for all runs of a sweep.

    `notebook` is JSON. The kernels work in `folder`, if it exists on the worker, and get the
    variables of `environment`, and those of `defaults` that the worker does not have. `data` and
    `version` are the driver's; `memory_limit` is in bytes.
    """

    notebook: str
    folder: str
    data: Mapping[str, str]
    environment: Mapping[str, str]
    defaults: Mapping[str, str]
    timeout: float | None
    memory_limit: int | None
    version: str = __version__


@dataclass(frozen=True)
class Finished:
    """A run that is over: its result, and the executed notebook as JSON."""

    result: dict[str, Any]
    notebook: str


def execute_run(settings: Settings, key: str, parameters: Mapping[str, Any]) -> Finished:
    """Execute the notebook; whatever happens in it is a result.

    `SweepError` if this worker has another version of ecglab than the driver.
    """
    from ecglab.sweep._kernel import execute  # takes a second to import, once in each worker

    if settings.version != __version__:
        raise SweepError(
            f"the worker on {platform.node()} has ecglab {__version__}, the driver "
            f"{settings.version}: install the same version everywhere."
        )
    started = datetime.now(UTC)
    execution = execute(
        settings.notebook,
        parameters,
        environment=_environment(settings),
        folder=settings.folder if os.path.isdir(settings.folder) else None,
        timeout=settings.timeout,
        memory_limit=settings.memory_limit,
    )
    metrics = find_records(execution.notebook.cells)
    clash = _find_clash(metrics, parameters)
    result = {
        **_describe(settings, key, parameters),
        "metrics": {} if clash else metrics,
        "error": execution.error or clash,
        "traceback": execution.traceback,
        "seconds": round(execution.seconds, 3),
        "started": started.isoformat(timespec="seconds"),
    }
    return _finish(result, execution.notebook)


def failed_run(settings: Settings, key: str, parameters: Mapping[str, Any], error: str) -> Finished:
    """Describe a failure of which no notebook is left."""
    result = {**_describe(settings, key, parameters), "error": error}
    return _finish(result, nbformat.reads(settings.notebook, as_version=4))


def _describe(settings: Settings, key: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Gather what a result holds, however the run went."""
    return {
        "key": key,
        "attempt": token_hex(8),
        "parameters": dict(parameters),
        "metrics": {},
        "traceback": None,
        "seconds": None,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": platform.node(),
        "data": dict(settings.data),
        "versions": _versions(),
    }


def _finish(result: dict[str, Any], notebook: Any) -> Finished:
    """Say how it went, in the notebook too."""
    result["status"] = "failed" if result["error"] else "done"
    about = ("key", "attempt", "parameters", "status", "error")
    notebook.metadata["ecglab"] = {name: result[name] for name in about}
    return Finished(result, nbformat.writes(notebook))


def _find_clash(metrics: Mapping[str, Any], parameters: Mapping[str, Any]) -> str | None:
    """Refuse a metric that would share its column with something else."""
    clash = sorted(set(metrics) & {*parameters, *RUN_COLUMNS})
    return f"record: {clash} are columns of the table already; use other names" if clash else None


def _environment(settings: Settings) -> dict[str, str]:
    """Give each kernel one thread, so that runs do not fight over processors."""
    threads = dict.fromkeys(_THREADS, "1")
    # Compiled modules are kept by the second in which they were written: one that was edited within
    # that second would not be read again.
    fresh = {"PYTHONDONTWRITEBYTECODE": "1"}
    return {**threads, **fresh, **settings.defaults, **os.environ, **settings.environment}


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    found = {"ecglab": __version__, "python": platform.python_version()}
    for package in _FRAMEWORKS:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
