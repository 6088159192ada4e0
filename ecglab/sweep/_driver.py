"""`run`: hand the runs of a grid to Dask workers, from wherever the last driver stopped."""

import logging
import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd
from tqdm import tqdm

from ecglab._version import __version__
from ecglab.sweep._errors import GridError, SweepError
from ecglab.sweep._grid import GridLike, expand, load_grid
from ecglab.sweep._keys import fingerprint_data, key_of
from ecglab.sweep._notebook import Notebook
from ecglab.sweep._results import read_all, read_raw, tabulate, write_tables
from ecglab.sweep._store import Store, StoreLike, finished_keys, open_store
from ecglab.sweep._worker import Outcome, Settings, Task, execute_run, publish_failure

__all__ = ["count_processors", "plan", "run"]

_QUEUED_A_THREAD = 3  # runs that wait in the scheduler for each thread, so that none is ever idle
_ASK_AGAIN = 1.0  # seconds until a run is asked for again that another driver is at
_RECOUNT = 10.0  # seconds between two looks at how many workers there are
_LEFT_AT_DEFAULT = ("ECGLAB_DATA_HOME",)

_logger = logging.getLogger("ecglab")


def run(
    grid: GridLike,
    out: StoreLike,
    *,
    scheduler: str | None = None,
    n_workers: int | None = None,
    timeout: float | None = None,
    memory_limit: float | None = None,
    retry_failed: bool = False,
    progress: bool = True,
) -> pd.DataFrame:
    """Run every combination of a grid that has no result yet.

    Parameters
    ----------
    grid : path-like or mapping
        What to run; see `load_grid`.
    out : path-like
        Where notebooks and results go: a folder, which drivers and workers must share, or an
        address that papermill can write, such as ``s3://bucket/runs``. Several drivers may work on
        one folder at once, but only one on an address.
    scheduler : str, optional
        Address of a running Dask scheduler, such as ``"tcp://10.0.0.1:8786"``. When left out,
        workers are started here.
    n_workers : int, optional
        How many workers to start here, one thread each; as many as there are processors that this
        process may use when left out.
    timeout : float, optional
        Seconds that one run may take; the kernel and all its children are killed then.
    memory_limit : float, optional
        MiB of resident memory that one run may use. It is looked at five times a second, so a run
        may overstep it for a moment.
    retry_failed : bool, default False
        Whether to repeat runs that have failed.
    progress : bool, default True
        Whether to show a progress bar on standard error.

    Returns
    -------
    pandas.DataFrame
        The results of this grid in its order, as `read_results` would give them.

    Raises
    ------
    GridError
        If the grid is wrong; nothing has been run then.
    SweepStorageError
        If `out` cannot be written.
    SweepError
        If the scheduler cannot be reached or is lost, or a worker has another version of ecglab.

    Notes
    -----
    Whatever is killed, run the same thing again: finished runs are kept, all others are done. A
    notebook that fails is a result with the status ``"failed"``; it stops nothing else.

    In a script, call this under ``if __name__ == "__main__":``, because workers import the script.
    Runs on Linux and macOS, because kernels are killed as process groups.
    """
    sweep = _Sweep.open(grid, out, retry_failed=retry_failed)
    if sweep.to_do and scheduler is None:
        _check_kernel(sweep.notebook)
    settings = sweep.prepare(timeout, memory_limit)
    if sweep.to_do:
        try:
            with _connect(scheduler, n_workers) as client, sweep.bar(progress) as bar:
                _Dispatcher(client, sweep.store, settings, bar).run(sweep.to_do)
        except BaseException:
            with suppress(SweepError):  # what stopped the sweep is the thing to say
                _write_all(sweep.store)
            raise
    _write_all(sweep.store)
    return tabulate(read_raw(sweep.store, sweep.keys))


def plan(grid: GridLike, out: StoreLike, *, retry_failed: bool = False) -> pd.DataFrame:
    """List the runs of a grid and how far they are. Nothing is run or written.

    Parameters
    ----------
    grid, out, retry_failed
        As for `run`.

    Returns
    -------
    pandas.DataFrame
        One row a run: its parameters, ``key``, ``status`` (``"done"``, ``"failed"`` or
        ``"to do"``) and ``seconds``: what it took, or the mean of those that are done for one to
        do.
    """
    sweep = _Sweep.open(grid, out, retry_failed=retry_failed)
    seconds = {key: result["seconds"] for key, result in sweep.results.items()}
    done = [s for key, s in seconds.items() if sweep.results[key]["status"] == "done"]
    expected = sum(done) / len(done) if done else None
    to_do = {task.key for task in sweep.to_do}
    rows = [
        {
            **parameters,
            "key": key,
            "status": "to do" if key in to_do else sweep.results[key]["status"],
            "seconds": expected if key in to_do else seconds[key],
        }
        for key, parameters in zip(sweep.keys, sweep.runs, strict=True)
    ]
    return pd.DataFrame(rows).astype({"seconds": float})


@dataclass(frozen=True)
class _Sweep:
    """A grid, an output folder, and what is left to do."""

    store: Store
    notebook: Notebook
    data: dict[str, str]
    runs: list[dict[str, Any]]
    keys: list[str]
    results: dict[str, dict[str, Any]]
    to_do: list[Task]

    @classmethod
    def open(cls, grid: GridLike, out: StoreLike, *, retry_failed: bool) -> Self:
        """Check the grid, and compare it with what is there."""
        checked = load_grid(grid)
        runs, store, data = expand(checked), open_store(out), fingerprint_data()
        code = checked.notebook.sha256
        keys = [key_of(parameters, code, __version__, data) for parameters in runs]
        there = finished_keys(store)
        finished = [key for key in keys if key in there]
        results = dict(zip(finished, read_raw(store, finished), strict=True))
        to_do = []
        for key, parameters in zip(keys, runs, strict=True):
            result = results.get(key)
            if result is None:
                to_do.append(Task(key, parameters))
            elif retry_failed and result["status"] == "failed":
                to_do.append(Task(key, parameters, replaces=result["attempt"]))
        return cls(store, checked.notebook, data, runs, keys, results, to_do)

    def prepare(self, timeout: float | None, memory_limit: float | None) -> Settings:
        """Make sure that results can be written, and put the notebook where workers find it."""
        self.store.check()
        name = f"notebooks/{self.notebook.sha256}.ipynb"
        self.store.write(name, self.notebook.text.encode())
        simulated = self.data["source"] == "simulated"
        return Settings(
            out=self.store.address,
            notebook=name,
            folder=str(self.notebook.path.parent.absolute()),
            data=self.data,
            # No worker may fall back on simulated heartbeats of its own accord.
            environment={"ECGLAB_SOURCE": "simulated" if simulated else "ecg5000"},
            defaults={name: os.environ[name] for name in _LEFT_AT_DEFAULT if name in os.environ},
            timeout=timeout,
            memory_limit=None if memory_limit is None else int(memory_limit * 2**20),
        )

    def bar(self, progress: bool) -> "_Bar":
        """Make a progress bar over all runs, those done earlier included."""
        again = {task.key for task in self.to_do}
        earlier = [result for key, result in self.results.items() if key not in again]
        n_failed = sum(result["status"] == "failed" for result in earlier)
        return _Bar(len(self.runs), len(earlier) - n_failed, n_failed, progress)


class _Bar:
    """A progress bar that counts done, failed and left; tqdm adds the estimate."""

    def __init__(self, total: int, done: int, failed: int, show: bool) -> None:
        self.counts = {"done": done, "failed": failed}
        self._bar = tqdm(
            total=total, initial=done + failed, unit="run", disable=not show, dynamic_ncols=True
        )
        self._show()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def count(self, outcome: Outcome) -> None:
        """Count one more run."""
        self.counts[outcome] += 1
        self._show()
        self._bar.update()

    def _show(self) -> None:
        left = int(self._bar.total or 0) - sum(self.counts.values())
        self._bar.set_postfix({**self.counts, "left": left}, refresh=False)


class _Dispatcher:
    """Keeps the scheduler supplied with runs, but never with more than it needs."""

    def __init__(self, client: Any, store: Store, settings: Settings, bar: _Bar) -> None:
        from distributed import as_completed

        self.client, self.store, self.settings, self.bar = client, store, settings, bar
        self.futures = as_completed([], loop=client.loop)
        self.tasks: dict[str, Task] = {}
        self._counted, self._wanted = -_RECOUNT, 0

    def run(self, tasks: list[Task]) -> None:
        """Work until every run has an outcome."""
        waiting, elsewhere = iter(tasks), deque[Task]()
        self._supply(waiting)
        while self.tasks:
            for future in self.futures:
                task = self.tasks.pop(future.key)
                outcome = self._outcome(future, task)
                if outcome == "taken":
                    elsewhere.append(task)
                else:
                    self.bar.count(outcome)
                self._supply(waiting)
            if elsewhere:
                time.sleep(_ASK_AGAIN)
                waiting, elsewhere = iter(elsewhere), deque()
                self._supply(waiting)

    def _supply(self, waiting: Iterator[Task]) -> None:
        """Submit runs until enough of them are queued."""
        while len(self.tasks) < self._window():
            task = next(waiting, None)
            if task is None:
                return
            future = self.client.submit(execute_run, self.settings, task, pure=False)
            self.tasks[future.key] = task
            self.futures.add(future)

    def _window(self) -> int:
        """Return how many runs to have with the scheduler, for the workers that there are now."""
        if time.monotonic() - self._counted > _RECOUNT:
            self._counted = time.monotonic()
            n_threads = sum(self.client.nthreads().values())
            self._wanted = _QUEUED_A_THREAD * max(n_threads, 1)
        return self._wanted

    def _outcome(self, future: Any, task: Task) -> Outcome:
        """Read what came of a run, or raise what stops the sweep."""
        from distributed import KilledWorker

        if future.status == "cancelled":
            raise SweepError(
                "the Dask scheduler was lost. Start the sweep again: what is finished is kept."
            )
        try:
            outcome: Outcome = future.result()
        except KilledWorker as error:
            # Several workers died of it, so it is the run: a crash of the worker itself.
            publish_failure(self.store, self.settings, task, f"workers died of it: {error}")
            return "failed"
        except SweepError:
            raise
        except Exception as error:
            raise SweepError(
                f"a worker could not do a run: {type(error).__name__}: {error}. Is ecglab[sweep] "
                "installed on every worker, in the same version?"
            ) from error
        return outcome


@contextmanager
def _connect(scheduler: str | None, n_workers: int | None) -> Iterator[Any]:
    """Connect to a scheduler, or start one with workers here."""
    from distributed import Client, LocalCluster

    if scheduler is not None:
        try:
            client = Client(scheduler, set_as_default=False)
        except (OSError, ValueError, RuntimeError) as error:
            raise SweepError(f"no Dask scheduler answers at {scheduler}: {error}.") from error
        with client:
            if not client.nthreads():
                raise SweepError(f"the Dask scheduler at {scheduler} has no workers yet.")
            yield client
        return
    with (
        LocalCluster(
            n_workers=n_workers or count_processors(),
            threads_per_worker=1,
            processes=True,
            memory_limit=None,  # a worker needs little; its kernels are watched one by one
            dashboard_address=":0",  # any free port: several drivers may run here
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def _write_all(store: Store) -> None:
    """Write the table of everything that is in the folder."""
    write_tables(store, read_all(store))


def count_processors() -> int:
    """Count the processors that this process may use, where the system says."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _check_kernel(notebook: Notebook) -> None:
    """Refuse a notebook whose kernel is not installed here, before every run fails of it."""
    from jupyter_client.kernelspec import KernelSpecManager

    known = sorted(KernelSpecManager().find_kernel_specs())
    if notebook.kernel.lower() not in known:  # Jupyter does not look at the case
        raise GridError(
            f"{notebook.path} asks for the kernel {notebook.kernel!r}, which is not installed "
            f"here; installed are: {', '.join(known) or 'none'}. Choose another one in JupyterLab."
        )
