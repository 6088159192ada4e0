"""`report`: a notebook, executed, and the same as HTML, about everything that is in a folder."""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ecglab._files import writing
from ecglab.errors import SweepError, SweepStorageError
from ecglab.evaluation import rank_runs
from ecglab.sweep._results import read_results
from ecglab.sweep._store import is_address


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

    if is_address(folder):
        raise SweepError(f"{folder} is an address: copy it to a folder to report on it.")
    place = Path(folder).expanduser().absolute()
    notebook = new_notebook(
        cells=list(_cells(place, metric, seed, ascending)),
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    execution = execute(
        nbformat.writes(notebook), {}, environment=dict(os.environ), folder=str(place)
    )
    _write(place / "report.ipynb", nbformat.writes(execution.notebook))
    if execution.error:
        raise SweepError(f"{place / 'report.ipynb'} failed: {execution.error}.")
    html, _ = HTMLExporter(exclude_input=True).from_notebook_node(execution.notebook)
    _write(place / "report.html", html)
    return place / "report.html"


def _write(path: Path, text: str) -> None:
    with writing(path, SweepStorageError) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def _cells(place: Path, metric: str | None, seed: str | None, ascending: bool) -> Iterator[Any]:
    """Write the cells, those that the results have use for."""
    results = read_results(place)
    metric = _check(results, place, metric, seed)
    settings = rank_runs(results, metric, seed=seed).attrs["parameters"]
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
    if len(settings):
        yield new_markdown_cell(
            "## What matters\n\nThe share of the variance that each parameter explains by itself. "
            "One that explains no more than the seed does not matter."
        )
        yield new_code_cell("sweep.parameter_effects(results, metric)")
        yield new_markdown_cell("## Parallel coordinates\n\nOne line a setting, the best on top.")
        yield new_code_cell(
            f"_ = plots.plot_parallel_coordinates(results, {options}, ascending={ascending})"
        )
    if len(settings) >= 2:
        yield new_markdown_cell("## Heat maps\n\nMeans over everything else, seeds included.")
        yield new_code_cell(f"_ = plots.plot_heat_maps(results, {options})")
    if counts.get("failed", 0):
        yield new_markdown_cell("## Failed runs")
        yield new_code_cell(
            'failed = results[results["status"] == "failed"]\n'
            'failed[[*results.attrs["parameters"], "error", "notebook"]]'
        )


def _check(results: pd.DataFrame, place: Path, metric: str | None, seed: str | None) -> str:
    """Return the metric to rank by, or say what cannot be ranked."""
    recorded, parameters = results.attrs["metrics"], results.attrs["parameters"]
    if metric is None and not recorded:
        raise SweepError(f"{place} holds no result with a metric; has a sweep been run here?")
    if metric is not None and metric not in recorded:
        raise SweepError(f"no run recorded {metric!r}; recorded were: {', '.join(recorded)}.")
    if seed is not None and seed not in parameters:
        named = ", ".join(parameters) or "none"
        raise SweepError(f"no run has a parameter {seed!r} as its seed; parameters are: {named}.")
    done = results[results["status"] == "done"]
    for name in recorded if metric is None else [metric]:
        if any(type(value) in (int, float) and math.isfinite(value) for value in done[name]):
            return str(name)
    raise SweepError("no run that is done recorded a number to rank by; name a metric.")
