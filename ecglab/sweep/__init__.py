"""The course's notebooks as batch jobs: every combination of a grid, resumable, on Dask.

Importing this package costs next to nothing, because a notebook that is swept imports it for
`record`. The rest needs the extra: ``pip install 'ecglab[sweep]'``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecglab.sweep._record import record

if TYPE_CHECKING:
    from ecglab.errors import GridError, SweepError, SweepStorageError
    from ecglab.evaluation import parameter_effects, rank_runs
    from ecglab.plots import plot_heat_maps, plot_parallel_coordinates
    from ecglab.sweep._driver import plan, run
    from ecglab.sweep._grid import Grid, expand, load_grid
    from ecglab.sweep._kernel import Execution, execute
    from ecglab.sweep._report import report
    from ecglab.sweep._results import read_results

__all__ = [
    "Execution",
    "Grid",
    "GridError",
    "SweepError",
    "SweepStorageError",
    "execute",
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
    "ecglab.errors": ("GridError", "SweepError", "SweepStorageError"),
    "ecglab.evaluation": ("parameter_effects", "rank_runs"),
    "ecglab.plots": ("plot_heat_maps", "plot_parallel_coordinates"),
    "ecglab.sweep._driver": ("plan", "run"),
    "ecglab.sweep._grid": ("Grid", "expand", "load_grid"),
    "ecglab.sweep._kernel": ("Execution", "execute"),
    "ecglab.sweep._report": ("report",),
    "ecglab.sweep._results": ("read_results",),
}


def __getattr__(name: str) -> Any:
    """Load a public name from its room when it is first asked for (PEP 562)."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'ecglab.sweep' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, those not loaded yet included."""
    return sorted(__all__)
