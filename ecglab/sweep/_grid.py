"""The grid file: which notebook, which parameters, which combinations. Checked before any run.

    notebook: ../notebooks/templates/train_detector.ipynb   # relative to the grid file
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
from typing import Any, Literal, get_args

import numpy as np
import yaml

from ecglab.sweep._axes import Axis, Sample, draw, size_of_product, walk
from ecglab.sweep._columns import RUN_COLUMNS
from ecglab.sweep._errors import GridError
from ecglab.sweep._notebook import Notebook, read_notebook
from ecglab.sweep._values import canonical, describe, find_misfit, normalise
from ecglab.sweep._yaml import read_yaml

__all__ = ["Grid", "GridLike", "expand", "load_grid"]

Method = Literal["random", "sobol"]

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
    """

    notebook: Notebook
    parameters: Mapping[str, Any]
    axes: tuple[Axis, ...]
    sample: Sample | None = None


GridLike = str | os.PathLike[str] | Mapping[str, Any] | Grid


def load_grid(grid: GridLike) -> Grid:
    """Read a grid and check all of it.

    Parameters
    ----------
    grid : path-like or mapping
        A YAML file, or its contents. A relative path to the notebook starts from the folder of the
        file; in a mapping, from the current folder.

    Returns
    -------
    Grid

    Raises
    ------
    GridError
        If a key is unknown, missing or of another form; if the notebook cannot be swept; if a
        parameter is not one of the notebook's, or a value does not fit its default; if an axis is
        empty or repeats a value; if a sample asks for more points than there are; or if there are
        more than ten million runs, or a million values in a range.
    """
    if isinstance(grid, Grid):
        return grid
    if isinstance(grid, Mapping):
        return _Reader("the grid", Path()).read(grid)
    path = Path(os.path.expanduser(grid))
    try:
        content = read_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GridError(f"{path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise GridError(f"{path} is not valid YAML: {error}.") from error
    return _Reader(str(path), path.parent).read(content)


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
    points = draw(checked.axes, checked.sample) if checked.sample else walk(checked.axes)
    names = [axis.name for axis in checked.axes]
    return [{**checked.parameters, **dict(zip(names, point, strict=True))} for point in points]


class _Reader:
    """Turns the contents of a grid file into a `Grid`; `where` is what errors call the file."""

    def __init__(self, where: str, folder: Path) -> None:
        self.where = where
        self.folder = folder

    def read(self, content: Any) -> Grid:
        """Read and check everything."""
        keys = ("notebook", "parameters", "axes", "sample")
        content = self._mapping(content, "", keys, needed=("notebook",))
        notebook = self._notebook(content["notebook"])
        fixed = self._mapping(content.get("parameters"), "parameters")
        axes = self._mapping(content.get("axes"), "axes")
        for key, names in (("parameters", fixed), ("axes", axes)):
            for name in names:
                self._check_name(notebook, key, name)
        for name in set(fixed) & set(axes):
            raise self._error(f"axes.{name}", "stands among the fixed parameters too; keep one")
        for name, value in fixed.items():
            self._check_value(notebook, f"parameters.{name}", name, value)
        grid = Grid(
            notebook=notebook,
            parameters={n: normalise(v, notebook.defaults[n]) for n, v in fixed.items()},
            axes=tuple(self._axis(notebook, name, values) for name, values in axes.items()),
            sample=self._sample(content.get("sample")),
        )
        self._check_size(grid)
        return grid

    def _error(self, key: str, message: str) -> GridError:
        return GridError(f"{self.where}: {key + ' ' if key else ''}{message}.")

    def _mapping(
        self, value: Any, key: str, known: tuple[str, ...] = (), needed: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Check that something is a mapping, with known and needed keys where there are such."""
        if value is None and not needed:
            return {}
        if not isinstance(value, Mapping):
            raise self._error(key, f"must be a mapping (name: value), not {describe(value)}")
        place = f"{key}." if key else ""
        for name in value:
            if not isinstance(name, str) or (known and name not in known):
                raise self._error(f"{place}{name}", f"is unknown; known are {', '.join(known)}")
        for name in needed:
            if name not in value:
                raise self._error(f"{place}{name}", "is missing")
        return dict(value)

    def _notebook(self, name: Any) -> Notebook:
        if not isinstance(name, str):
            raise self._error("notebook", f"must be a path, not {describe(name)}")
        return read_notebook(self.folder / os.path.expanduser(name), f"{self.where}: notebook")

    def _check_name(self, notebook: Notebook, key: str, name: str) -> None:
        place = f"{key}.{name}"
        if name not in notebook.defaults:
            known = ", ".join(notebook.defaults) or "none"
            raise self._error(
                place, f"is not a parameter of {notebook.path.name}; its parameters are: {known}"
            )
        if name in RUN_COLUMNS:
            raise self._error(
                place, "has the name of a column of the result table; rename it in the notebook"
            )
        if name in notebook.derived:
            raise self._error(
                place,
                f"cannot be set: {notebook.derived[name]} is computed from it in the parameters "
                f"cell of {notebook.path.name}, and would keep the value that follows from the "
                "default; move that line to a later cell",
            )

    def _check_value(self, notebook: Notebook, place: str, name: str, value: Any) -> None:
        misfit = find_misfit(value, notebook.defaults[name])
        if misfit:
            raise self._error(f"{place}: {describe(value)}", misfit)

    def _axis(self, notebook: Notebook, name: str, spec: Any) -> Axis:
        place, default = f"axes.{name}", notebook.defaults[name]
        if spec == []:
            raise self._error(place, "is empty")
        axis = self._range(place, name, spec, default)
        for value in [axis.at(0.5)] if axis.is_continuous else axis.values:
            self._check_value(notebook, place, name, value)
        values = [normalise(value, default) for value in axis.values]
        seen: set[str] = set()
        for value in values:
            if canonical(value) in seen:
                raise self._error(place, f"holds the value {describe(value)} twice")
            seen.add(canonical(value))
        return replace(axis, values=tuple(values))

    def _range(self, place: str, name: str, spec: Any, default: Any) -> Axis:
        """Read a list, ``{log: [low, high, n]}`` or ``{linear: [low, high, n]}``, n optional."""
        if isinstance(spec, list):
            return Axis(name, tuple(spec))
        form = "must be a list of values, {log: [low, high, n]} or {linear: [low, high, n]}"
        if not isinstance(spec, Mapping) or len(spec) != 1 or set(spec) - {"log", "linear"}:
            raise self._error(place, f"{form}, not {describe(spec)}")
        (kind, ends), *_ = spec.items()
        if not isinstance(ends, list) or len(ends) not in (2, 3) or not all(map(_is_number, ends)):
            raise self._error(f"{place}.{kind}", f"{form}, not {describe(spec)}")
        low, high = map(float, ends[:2])
        if not low < high or (kind == "log" and low <= 0):
            raise self._error(
                f"{place}.{kind}",
                "must go from a smaller to a larger number, both above 0 for log, not "
                f"from {low:g} to {high:g}",
            )
        whole = type(default) is int
        continuous = Axis(name, (), low, high, kind == "log", whole)
        if continuous.size < 1:
            raise self._error(f"{place}.{kind}", "holds no whole number, which its parameter is")
        if len(ends) == 2:
            return continuous
        n = ends[2]
        if type(n) is not int or n < 2:
            raise self._error(f"{place}.{kind}", f"needs two values or more, not {describe(n)}")
        if n > _MOST_VALUES:
            raise self._error(
                f"{place}.{kind}",
                f"has more than {_MOST_VALUES:,} values: leave their number out, and add a sample",
            )
        return Axis(name, tuple(continuous.at(share) for share in np.linspace(0, 1, n).tolist()))

    def _sample(self, spec: Any) -> Sample | None:
        if spec is None:
            return None
        spec = self._mapping(spec, "sample", ("n", "method", "seed"), needed=("n",))
        for key in ("n", "seed"):
            value = spec.get(key, 0)
            if type(value) is not int or value < (1 if key == "n" else 0):
                raise self._error(
                    f"sample.{key}", f"must be a whole number above 0, not {describe(value)}"
                )
        if spec.get("method", "random") not in get_args(Method):
            raise self._error(
                "sample.method",
                f"must be one of {', '.join(get_args(Method))}, not {describe(spec['method'])}",
            )
        return Sample(**spec)

    def _check_size(self, grid: Grid) -> None:
        size = size_of_product(grid.axes)
        continuous = [axis.name for axis in grid.axes if axis.is_continuous]
        if grid.sample is None and continuous:
            raise self._error(
                f"axes.{continuous[0]}",
                "is a continuous range: say how many values it has, or add a sample",
            )
        if grid.sample is not None and grid.sample.n > size:
            raise self._error(
                "sample.n",
                f"asks for {grid.sample.n} runs, but there are {size:g} combinations",
            )
        if grid.sample is not None and not grid.axes:
            raise self._error("sample", "needs axes to draw from")
        if grid.sample is None and size > _MOST_RUNS:
            raise self._error(
                "axes",
                f"make {size:,} runs, more than {_MOST_RUNS:,}: add a sample, or fewer values",
            )
        if grid.sample is not None and grid.sample.n > _MOST_RUNS:
            raise self._error("sample.n", f"asks for more than {_MOST_RUNS:,} runs: ask for fewer")


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) <= sys.float_info.max  # NaN is not
