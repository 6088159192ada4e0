"""`run`: hand the runs of a grid to Dask workers, from wherever the last driver stopped."""

import json
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

import joblib
import pandas as pd
from tqdm import tqdm

from ecglab._version import __version__
from ecglab.errors import GridError, SweepError
from ecglab.sweep._grid import Grid, GridLike, expand, load_grid
from ecglab.sweep._keys import fingerprint_data, fingerprint_files, key_of
from ecglab.sweep._lock import only_driver
from ecglab.sweep._results import read_raw, tabulate, write_tables
from ecglab.sweep._store import Store, StoreLike, run_file
from ecglab.sweep._worker import Finished, Settings, execute_run, failed_run

_QUEUED_A_THREAD = 3  # runs that wait in the scheduler for each thread, so that none is ever idle
_LEFT_AT_DEFAULT = ("ECGLAB_DATA_HOME",)

_LOST = "the Dask scheduler was lost. Start the sweep again: what is finished is kept."


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
        Where notebooks and results go: a folder, or an address that Arrow can write, such as
        ``s3://bucket/runs``. One driver at a time: a second one on the same folder is refused, and
        told who is at work; on an address it is only warned of in the log.
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
        If another driver is at work on the folder, the scheduler cannot be reached or is lost, or a
        worker has another version of ecglab.

    Notes
    -----
    Whatever is killed, run the same thing again: finished runs are kept, all others are done. A
    notebook that fails is a result with the status ``"failed"``; it stops nothing else.

    A run is known by its parameters, the notebook's code, the modules beside the notebook that it
    imports, the files that the grid names under ``depends``, the version of ecglab and the data.
    Whatever else a notebook reads, it must name there.

    In a script, call this under ``if __name__ == "__main__":``, because workers import the script.
    Runs on Linux and macOS, because kernels are killed as process groups.
    """
    sweep = _Sweep.open(grid, out)
    if scheduler is None:
        _check_kernel(sweep.grid)
    settings = sweep.settings(timeout, memory_limit)
    with only_driver(sweep.store):
        results = read_raw(sweep.store)
        to_do = sweep.to_do(results, retry_failed)
        try:
            if to_do:
                sweep.keep_notebook()
                with _connect(scheduler, n_workers) as client:
                    work = _work(client, settings, to_do)
                    kept = [results[key]["status"] for key in sweep.runs if key not in to_do]
                    for finished in _counted(work, len(sweep.runs), kept, show=progress):
                        _publish(sweep.store, finished, results)
        except BaseException:
            with suppress(SweepError):  # what stopped the sweep is the thing to say
                write_tables(sweep.store, results)
            raise
        write_tables(sweep.store, results)
    return tabulate(results[key] for key in sweep.runs)


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
    sweep = _Sweep.open(grid, out)
    results = read_raw(sweep.store)
    to_do = sweep.to_do(results, retry_failed)
    ours = [results[key] for key in sweep.runs if key in results]
    done = [result["seconds"] for result in ours if result["status"] == "done"]
    unknown = {"status": "to do", "seconds": sum(done) / len(done) if done else None}
    rows = []
    for key, parameters in sweep.runs.items():
        known = unknown if key in to_do else results[key]
        how = {name: known[name] for name in ("status", "seconds")}
        rows.append({**parameters, "key": key, **how})
    return pd.DataFrame(rows).astype({"seconds": float})


@dataclass(frozen=True)
class _Sweep:
    """A grid and its runs, the data, and where results go."""

    grid: Grid
    store: Store
    data: Mapping[str, str]
    runs: Mapping[str, dict[str, Any]]
    """The parameters of each run, by key."""

    @classmethod
    def open(cls, grid: GridLike, out: StoreLike) -> Self:
        """Check the grid, and find the key of every run."""
        checked, store = load_grid(grid), Store(out)
        data, files = fingerprint_data(), fingerprint_files(checked, store.folder)
        facts = (checked.notebook.sha256, __version__, data, files)
        runs = {key_of(parameters, *facts): parameters for parameters in expand(checked)}
        return cls(checked, store, data, runs)

    def to_do(self, results: Mapping[str, Any], retry_failed: bool) -> dict[str, dict[str, Any]]:
        """Leave out what has a result, unless it is a failure to repeat."""
        kept = ("done",) if retry_failed else ("done", "failed")
        return {
            key: parameters
            for key, parameters in self.runs.items()
            if key not in results or results[key]["status"] not in kept
        }

    def keep_notebook(self) -> None:
        """Keep the notebook as it is swept."""
        notebook = self.grid.notebook
        self.store.write(f"notebooks/{notebook.sha256}.ipynb", notebook.text.encode())

    def settings(self, timeout: float | None, memory_limit: float | None) -> Settings:
        """Gather what workers need for every run."""
        simulated = self.data["source"] == "simulated"
        return Settings(
            notebook=self.grid.notebook.text,
            folder=str(self.grid.notebook.path.parent.absolute()),
            data=self.data,
            # No worker may fall back on simulated heartbeats of its own accord.
            environment={"ECGLAB_SOURCE": "simulated" if simulated else "ecg5000"},
            defaults={name: os.environ[name] for name in _LEFT_AT_DEFAULT if name in os.environ},
            timeout=timeout,
            memory_limit=None if memory_limit is None else int(memory_limit * 2**20),
        )


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
            n_workers=n_workers or joblib.cpu_count(),
            threads_per_worker=1,
            processes=True,
            memory_limit=None,  # a worker needs little; its kernels are watched one by one
            dashboard_address=":0",  # any free port: several drivers may run here
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def _work(
    client: Any, settings: Settings, to_do: Mapping[str, dict[str, Any]]
) -> Iterator[Finished]:
    """Yield what workers finish; the scheduler never has more runs than it needs soon."""
    from distributed import as_completed

    futures = as_completed([], loop=client.loop)
    waiting = iter(to_do.items())
    submitted: dict[str, tuple[str, dict[str, Any]]] = {}

    def supply() -> None:
        wanted = _QUEUED_A_THREAD * max(_count_threads(client), 1)
        for key, parameters in islice(waiting, max(wanted - len(submitted), 0)):
            future = client.submit(execute_run, settings, key, parameters, pure=False)
            submitted[future.key] = (key, parameters)
            futures.add(future)

    supply()
    for future in futures:
        yield _finished(future, settings, *submitted.pop(future.key))
        supply()


def _counted(
    work: Iterator[Finished], n_runs: int, kept: Iterable[str], *, show: bool
) -> Iterator[Finished]:
    """Show a progress bar that counts done, failed and left; tqdm adds the estimate."""
    counts = Counter(kept)
    bar = tqdm(
        work,
        total=n_runs,
        initial=counts.total(),
        unit="run",
        disable=not show,
        dynamic_ncols=True,
    )
    for finished in bar:
        counts[finished.result["status"]] += 1
        left = n_runs - counts.total()
        bar.set_postfix({**counts, "left": left}, refresh=False)
        yield finished


def _count_threads(client: Any) -> int:
    """Count the threads of all workers, which may come and go."""
    try:
        return sum(client.nthreads().values())
    except OSError as error:
        raise SweepError(_LOST) from error


def _finished(future: Any, settings: Settings, key: str, parameters: Mapping[str, Any]) -> Finished:
    """Return what came of a run, or raise what stops the sweep."""
    from distributed import KilledWorker

    if future.status == "cancelled":
        raise SweepError(_LOST)
    try:
        finished: Finished = future.result()
    except KilledWorker as error:
        # Several workers died of it, so it is the run: a crash of the worker itself.
        return failed_run(settings, key, parameters, f"workers died of it: {error}")
    except SweepError:
        raise
    except Exception as error:
        raise SweepError(
            f"a worker could not do a run: {type(error).__name__}: {error}. Is ecglab[sweep] "
            "installed on every worker, in the same version?"
        ) from error
    return finished


def _publish(store: Store, finished: Finished, results: dict[str, dict[str, Any]]) -> None:
    """Write the notebook, and then the result that says that the run is over."""
    key = finished.result["key"]
    result, notebook = run_file(key, ".json"), run_file(key, ".ipynb")
    if results.pop(key, None):  # a repeated failure; it must not stand beside another's notebook
        store.delete(result)
    store.write(notebook, finished.notebook.encode(errors="replace"))  # as half a character
    store.write(result, json.dumps(finished.result, allow_nan=False).encode())
    results[key] = finished.result


def _check_kernel(grid: Grid) -> None:
    """Refuse a notebook whose kernel is not installed here, before every run fails of it."""
    from jupyter_client.kernelspec import KernelSpecManager

    notebook, known = grid.notebook, sorted(KernelSpecManager().find_kernel_specs())
    if notebook.kernel.lower() not in known:  # Jupyter does not look at the case
        raise GridError(
            f"{notebook.path} asks for the kernel {notebook.kernel!r}, which is not installed "
            f"here; installed are: {', '.join(known) or 'none'}. Choose another one in JupyterLab."
        )
