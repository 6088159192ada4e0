"""The course's notebooks as batch jobs: every combination of a grid, resumable, on Dask.

Importing this package costs next to nothing, because a notebook that is swept imports it for
`record`. The rest needs the extra: ``pip install 'ecglab[sweep]'``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecglab.sweep._record import record

if TYPE_CHECKING:
    from ecglab.sweep._driver import plan, run
    from ecglab.sweep._errors import GridError, SweepError, SweepStorageError
    from ecglab.sweep._figures import plot_heat_maps, plot_parallel_coordinates
    from ecglab.sweep._grid import Grid, expand, load_grid
    from ecglab.sweep._ranking import parameter_effects, rank_runs
    from ecglab.sweep._report import report
    from ecglab.sweep._results import read_results

__all__ = [
    "Grid",
    "GridError",
    "SweepError",
    "SweepStorageError",
    "expand",
    "load_grid",
    "parameter_effects",
    "plan",
    "plot_heat_maps",
    "plot_parallel_coordinates",
    "rank_runs",
    "read_results",
    "record",
    "report",
    "run",
]

_HOMES = {
    "Grid": "_grid",
    "GridError": "_errors",
    "SweepError": "_errors",
    "SweepStorageError": "_errors",
    "expand": "_grid",
    "load_grid": "_grid",
    "parameter_effects": "_ranking",
    "plan": "_driver",
    "plot_heat_maps": "_figures",
    "plot_parallel_coordinates": "_figures",
    "rank_runs": "_ranking",
    "read_results": "_results",
    "report": "_report",
    "run": "_driver",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its room when it is first asked for (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(f"ecglab.sweep.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'ecglab.sweep' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, those not loaded yet included."""
    return sorted(__all__)
