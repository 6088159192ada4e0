"""The grid file: which notebook, which parameters, which combinations. Checked before any run.

    notebook: ../notebooks/templates/train_detector.ipynb   # relative to the grid file
    depends: [../data/beats.csv]                            # optional: what else the notebook reads
    parameters:                                             # the same in every run
      autoencoder: dense_torch
    axes:                                                   # every combination of these
      learning_rate: {log: [1e-4, 1e-2, 5]}                 # 5 values, both ends included
      dropout: {linear: [0.0, 0.4, 3]}
      random_state: [0, 1, 2]                               # seeds are an axis like any other
    sample: {n: 20, method: sobol, seed: 0}                 # optional: 20 points instead of all

A range without a number, ``{log: [1e-4, 1e-2]}``, is continuous, and needs a sample.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from ecglab.errors import GridError
from ecglab.sweep._axes import Axis, Sample, draw, size_of_product
from ecglab.sweep._notebook import Notebook, read_notebook
from ecglab.sweep._results import RUN_COLUMNS
from ecglab.sweep._values import canonical, describe, find_misfit, normalise

_METHODS = ("random", "sobol")
_MOST_RUNS = 10_000_000  # more do not fit in the memory of a laptop
_MOST_VALUES = 1_000_000  # of one range


@dataclass(frozen=True)
class Grid:
    """A checked grid. Made by `load_grid`.

    Parameters
    ----------
    notebook : Notebook
        The notebook to run.
    parameters : mapping of str to Any
        Parameters that are the same in every run.
    axes : sequence of Axis
        Parameters that vary.
    sample : Sample or None
        How to draw points; None for every combination.
    depends : sequence of Path
        Files and folders that the notebook reads; a change of one makes other runs.
    """

    notebook: Notebook
    parameters: Mapping[str, Any]
    axes: tuple[Axis, ...]
    sample: Sample | None = None
    depends: tuple[Path, ...] = ()


GridLike = str | os.PathLike[str] | Mapping[str, Any] | Grid


def load_grid(grid: GridLike) -> Grid:
    """Read a grid and check all of it.

    Parameters
    ----------
    grid : path-like or mapping
        A YAML file (YAML 1.2), or its contents. Relative paths in it start from the folder of the
        file; in a mapping, from the current folder.

    Returns
    -------
    Grid

    Raises
    ------
    GridError
        If a key is unknown, missing, given twice or of another form; if the notebook cannot be
        swept, or a file that it depends on is not there; if a parameter is not one of the
        notebook's, or a value does not fit its default; if an axis is empty or repeats a value; if
        a sample asks for more points than there are; or if there are more than ten million runs,
        or a million values in a range.
    """
    if isinstance(grid, Grid):
        return grid
    if isinstance(grid, Mapping):
        where, folder, content = "the grid", Path(), grid
    else:
        path = Path(os.path.expanduser(grid))
        where, folder, content = str(path), path.parent, _read_yaml(path)
    try:
        return _Reader(where, folder).read(content)
    except RecursionError:
        raise GridError(f"{where} holds a list or mapping that contains itself.") from None


def expand(grid: GridLike) -> list[dict[str, Any]]:
    """List the runs of a grid.

    Parameters
    ----------
    grid : path-like, mapping or Grid
        As for `load_grid`.

    Returns
    -------
    list of dict
        The parameters of each run: the fixed ones first, then the axes; the last axis varies
        fastest. Parameters that stand in neither keep the notebook's default.

    Raises
    ------
    GridError
        As for `load_grid`.
    """
    checked = load_grid(grid)
    names = [axis.name for axis in checked.axes]
    return [
        {**checked.parameters, **dict(zip(names, point, strict=True))}
        for point in draw(checked.axes, checked.sample)
    ]


def _read_yaml(path: Path) -> Any:
    """Read a file; PyYAML would take ``1e-3`` for text, and the last of two equal keys."""
    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GridError(f"{path} cannot be read: {error.strerror}.") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}" if mark else ""
        raise GridError(f"{path}{place} is not valid YAML: {error.problem}.") from error
    except RecursionError:
        raise GridError(f"{path} is not valid YAML: it is nested too deeply.") from None
    except (YAMLError, ValueError) as error:  # ValueError: not UTF-8, no such date, a giant number
        raise GridError(f"{path} is not valid YAML: {error}.") from error


class _Reader:
    """Turns the contents of a grid file into a `Grid`; `where` is what errors call the file."""

    def __init__(self, where: str, folder: Path) -> None:
        self.where = where
        self.folder = folder

    def read(self, content: Any) -> Grid:
        """Read and check everything."""
        known = ("notebook", "depends", "parameters", "axes", "sample")
        content = self._mapping("", content, known, needed="notebook")
        notebook = self._notebook(content["notebook"])
        fixed = self._mapping("parameters", content.get("parameters"))
        axes = self._mapping("axes", content.get("axes"))
        for place in (*(f"parameters.{name}" for name in fixed), *(f"axes.{n}" for n in axes)):
            self._check_name(place, notebook)
        for name in fixed.keys() & axes.keys():
            self._refuse(f"axes.{name}", "stands among the fixed parameters too; keep one")
        defaults = notebook.defaults
        grid = Grid(
            notebook=notebook,
            parameters={
                n: self._value(f"parameters.{n}", v, defaults[n]) for n, v in fixed.items()
            },
            axes=tuple(self._axis(name, spec, defaults[name]) for name, spec in axes.items()),
            sample=self._sample(content.get("sample")),
            depends=tuple(self._depends(content.get("depends"))),
        )
        self._check_size(grid)
        return grid

    def _refuse(self, key: str, message: str) -> NoReturn:
        raise GridError(f"{self.where}: {key + ' ' if key else ''}{message}.")

    def _mapping(
        self, key: str, value: Any, known: tuple[str, ...] = (), needed: str | None = None
    ) -> dict[str, Any]:
        """Check that something is a mapping, with known keys and a needed one if there are such."""
        if value is None and needed is None:
            return {}
        if not isinstance(value, Mapping):
            self._refuse(key, f"must be a mapping (name: value), not {describe(value)}")
        place = f"{key}." if key else ""
        for name in value:
            if not isinstance(name, str) or (known and name not in known):
                self._refuse(f"{place}{name}", f"is unknown; known are {', '.join(known)}")
        if needed is not None and needed not in value:
            self._refuse(f"{place}{needed}", "is missing")
        return dict(value)

    def _notebook(self, name: Any) -> Notebook:
        if not isinstance(name, str):
            self._refuse("notebook", f"must be a path, not {describe(name)}")
        return read_notebook(self.folder / os.path.expanduser(name), f"{self.where}: notebook")

    def _depends(self, names: Any) -> list[Path]:
        if names is None:
            return []
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self._refuse("depends", f"must be a list of paths, not {describe(names)}")
        paths = [(self.folder / os.path.expanduser(name)).absolute() for name in names]
        for name, path in zip(names, paths, strict=True):
            if not path.exists():
                self._refuse("depends", f"names {name}, which is not there")
        return paths

    def _check_name(self, place: str, notebook: Notebook) -> None:
        name = place.partition(".")[2]
        if name not in notebook.defaults:
            known = ", ".join(notebook.defaults) or "none"
            self._refuse(
                place, f"is not a parameter of {notebook.path.name}; its parameters are: {known}"
            )
        if name in RUN_COLUMNS:
            self._refuse(
                place, "has the name of a column of the result table; rename it in the notebook"
            )
        if name in notebook.used:
            self._refuse(
                place,
                f"cannot be set: the parameters cell of {notebook.path.name} itself uses it, and "
                "what is computed there would keep the value that follows from the default; move "
                "that line to a later cell",
            )

    def _value(self, place: str, value: Any, default: Any) -> Any:
        misfit = find_misfit(value, default)
        if misfit:
            self._refuse(f"{place}: {describe(value)}", misfit)
        return normalise(value, default)

    def _axis(self, name: str, spec: Any, default: Any) -> Axis:
        place = f"axes.{name}"
        if spec == []:
            self._refuse(place, "is empty")
        axis = (
            Axis(name, tuple(spec)) if isinstance(spec, list) else self._range(name, spec, default)
        )
        if axis.is_continuous:
            self._value(place, axis.at(0.5), default)
        values = tuple(self._value(place, value, default) for value in axis.values)
        seen: set[str] = set()
        for value in values:
            if canonical(value) in seen:
                self._refuse(place, f"holds the value {describe(value)} twice")
            seen.add(canonical(value))
        return replace(axis, values=values)

    def _range(self, name: str, spec: Any, default: Any) -> Axis:
        """Read ``{log: [low, high, n]}`` or ``{linear: [low, high, n]}``, n optional."""
        kind = next(iter(spec)) if isinstance(spec, Mapping) and len(spec) == 1 else None
        ends = spec[kind] if kind in ("log", "linear") else None
        if not isinstance(ends, list) or len(ends) not in (2, 3) or not all(map(_is_number, ends)):
            form = "{log: [low, high, n]} or {linear: [low, high, n]}"
            self._refuse(f"axes.{name}", f"must be a list of values, {form}, not {describe(spec)}")
        place, (low, high) = f"axes.{name}.{kind}", map(float, ends[:2])
        if not low < high or (kind == "log" and low <= 0):
            self._refuse(
                place,
                "must go from a smaller to a larger number, both above 0 for log, not "
                f"from {low:g} to {high:g}",
            )
        axis = Axis(name, (), low, high, kind == "log", type(default) is int)
        if axis.size < 1:
            self._refuse(place, "holds no whole number, which its parameter is")
        if len(ends) == 2:
            return axis
        shares = np.linspace(0, 1, self._number_of_values(place, ends[2])).tolist()
        return Axis(name, tuple(axis.at(share) for share in shares))

    def _number_of_values(self, place: str, n: Any) -> int:
        if type(n) is not int or n < 2:
            self._refuse(place, f"needs two values or more, not {describe(n)}")
        if n > _MOST_VALUES:
            self._refuse(
                place,
                f"has more than {_MOST_VALUES:,} values: leave their number out, and add a sample",
            )
        return n

    def _sample(self, spec: Any) -> Sample | None:
        if spec is None:
            return None
        spec = self._mapping("sample", spec, ("n", "method", "seed"), needed="n")
        for key, least in (("n", 1), ("seed", 0)):
            value = spec.get(key, least)
            if type(value) is not int or value < least:
                self._refuse(
                    f"sample.{key}", f"must be a whole number from {least}, not {describe(value)}"
                )
        if spec.get("method", "random") not in _METHODS:
            self._refuse(
                "sample.method",
                f"must be one of {', '.join(_METHODS)}, not {describe(spec['method'])}",
            )
        return Sample(**spec)

    def _check_size(self, grid: Grid) -> None:
        size = size_of_product(grid.axes)
        n_runs = size if grid.sample is None else grid.sample.n
        continuous = [axis.name for axis in grid.axes if axis.is_continuous]
        if grid.sample is None and continuous:
            self._refuse(
                f"axes.{continuous[0]}",
                "is a continuous range: say how many values it has, or add a sample",
            )
        if grid.sample is not None and not grid.axes:
            self._refuse("sample", "needs axes to draw from")
        if n_runs > size:
            self._refuse("sample.n", f"asks for {n_runs} runs, but there are {size:g} combinations")
        if n_runs > _MOST_RUNS:
            self._refuse(
                "axes" if grid.sample is None else "sample.n",
                f"makes {n_runs:,} runs, and {_MOST_RUNS:,} are the most: add a smaller sample",
            )


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) <= sys.float_info.max  # NaN is not
