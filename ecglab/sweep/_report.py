"""`report`: a notebook, executed, and the same as HTML, about everything that is in a folder."""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ecglab.sweep._errors import SweepError
from ecglab.sweep._ranking import find_seed, varying
from ecglab.sweep._results import read_results
from ecglab.sweep._store import FolderStore, open_store

__all__ = ["report"]


def report(
    folder: str | os.PathLike[str],
    *,
    metric: str | None = None,
    seed: str | None = None,
    ascending: bool = False,
) -> Path:
    """Write ``report.ipynb`` and ``report.html`` about the sweeps in a folder.

    Heat maps of pairs of parameters, parallel coordinates, what each parameter explains, and a
    ranked table with intervals over the seeds.

    Parameters
    ----------
    folder : path-like
        The output folder of a sweep.
    metric : str, optional
        The metric to rank by; the first number that the notebooks recorded when left out.
    seed, ascending
        As for `rank_runs`.

    Returns
    -------
    Path
        The HTML file.

    Raises
    ------
    SweepError
        If there is no result, no such metric or seed, or `folder` is an address.
    SweepStorageError
        If the folder cannot be read or written.
    """
    from nbconvert import HTMLExporter

    from ecglab.sweep._kernel import execute

    store = open_store(folder)
    if not isinstance(store, FolderStore):
        raise SweepError(f"{store.address} is an address: copy it to a folder to report on it.")
    notebook = new_notebook(
        cells=list(_cells(store, metric, seed, ascending)),
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    execution = execute(
        nbformat.writes(notebook), {}, environment=dict(os.environ), folder=str(store.root)
    )
    store.write("report.ipynb", nbformat.writes(execution.notebook).encode())
    if execution.error:
        raise SweepError(f"{store.path('report.ipynb')} failed: {execution.error}.")
    html, _ = HTMLExporter(exclude_input=True).from_notebook_node(execution.notebook)
    store.write("report.html", html.encode())
    return store.path("report.html")


def _cells(
    store: FolderStore, metric: str | None, seed: str | None, ascending: bool
) -> Iterator[Any]:
    """Write the cells, those that the results have use for."""
    results = read_results(store.root)
    recorded = results.attrs["metrics"]
    if metric is None and not recorded:
        raise SweepError(f"{store.root} holds no result with a metric; has a sweep been run here?")
    metric = metric or _first_number(results)
    if metric not in recorded:
        raise SweepError(f"no run recorded {metric!r}; recorded were: {', '.join(recorded)}.")
    if seed is not None and seed not in results.attrs["parameters"]:
        named = ", ".join(results.attrs["parameters"]) or "none"
        raise SweepError(f"no run has a parameter {seed!r} as its seed; parameters are: {named}.")
    settings = [name for name in varying(results) if name != find_seed(results, seed)]
    options = f"metric, seed={seed!r}"
    counts = results["status"].value_counts()
    yield new_markdown_cell(
        f"# Sweep report\n\n{len(results)} runs, {counts.get('done', 0)} done and "
        f"{counts.get('failed', 0)} failed, in {results['seconds'].sum() / 3600:.2f} hours of "
        f"computing. Ranked by **{metric}**, {'less' if ascending else 'more'} is better."
    )
    yield new_code_cell(
        "from ecglab import plots, sweep\n\n"
        "plots.use_course_style()\n"
        f"metric = {metric!r}\n"
        'results = sweep.read_results(".")'
    )
    yield new_markdown_cell("## Ranking\n\nMean over the seeds, with a 95 % interval.")
    yield new_code_cell(f"sweep.rank_runs(results, {options}, ascending={ascending}).head(20)")
    if settings:
        yield new_markdown_cell(
            "## What matters\n\nThe share of the variance that each parameter explains by itself. "
            "One that explains no more than the seed does not matter."
        )
        yield new_code_cell("sweep.parameter_effects(results, metric)")
        yield new_markdown_cell("## Parallel coordinates\n\nOne line a setting, the best on top.")
        yield new_code_cell(
            f"_ = sweep.plot_parallel_coordinates(results, {options}, ascending={ascending})"
        )
    if len(settings) >= 2:
        yield new_markdown_cell("## Heat maps\n\nMeans over everything else, seeds included.")
        yield new_code_cell(f"_ = sweep.plot_heat_maps(results, {options})")
    if counts.get("failed", 0):
        yield new_markdown_cell("## Failed runs")
        yield new_code_cell(
            'failed = results[results["status"] == "failed"]\n'
            'failed[[*results.attrs["parameters"], "error", "notebook"]]'
        )


def _first_number(results: pd.DataFrame) -> str:
    """Return the first metric of which a run that is done has a finite number."""
    done = results[results["status"] == "done"]
    for name in results.attrs["metrics"]:
        if any(type(value) in (int, float) and math.isfinite(value) for value in done[name]):
            return str(name)
    raise SweepError("no run that is done recorded a number to rank by; name a metric.")
