"""All results of a folder as one tidy table.

The results beside the notebooks are the truth; the table is made from them, again at any time.
"""

import io
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd

from ecglab.errors import SweepError
from ecglab.sweep._record import decode
from ecglab.sweep._store import Store, StoreLike, run_file
from ecglab.sweep._values import canonical

RUN_COLUMNS = (
    *("key", "status", "error", "seconds", "host", "started"),
    *("attempt", "notebook", "data"),
)
"""The columns that say how a run went, versions aside; no parameter or metric may be named so."""

_TOO_LARGE = 2**63  # for a whole number of a Parquet column
_READERS = 16  # threads; reading is waiting, above all on a network


def read_results(folder: StoreLike) -> pd.DataFrame:
    """Read every result of a sweep, or of all sweeps with this output folder.

    Parameters
    ----------
    folder : path-like
        The output folder, or an address such as ``s3://bucket/runs``.

    Returns
    -------
    pandas.DataFrame
        One row a run: the parameters that its grid named, the metrics that its notebook recorded,
        then ``key``, ``status`` (``"done"`` or ``"failed"``), ``error``, ``seconds``, ``host``,
        ``started`` (UTC), ``attempt``, ``notebook`` (relative to the folder), ``data`` and a
        ``version of …`` for each package. Lists and mappings stand there as JSON. A parameter that
        a run left at its default, and a metric that it did not record, is missing. The names of
        parameters and metrics are in ``.attrs["parameters"]`` and ``.attrs["metrics"]``.

    Raises
    ------
    SweepStorageError
        If the folder cannot be read.
    SweepError
        If a result is damaged.
    """
    return tabulate(read_raw(Store(folder)).values())


def read_raw(store: Store) -> dict[str, dict[str, Any]]:
    """Read every result as it was written, by key; one that is deleted meanwhile is left out."""

    def read(key: str) -> dict[str, Any] | None:
        name = run_file(key, ".json")
        content = store.read(name)
        try:
            return None if content is None else dict(json.loads(content))
        except ValueError as error:
            raise SweepError(
                f"{store.address}/{name} is damaged ({error}): delete it, and run the sweep again."
            ) from error

    with ThreadPoolExecutor(_READERS) as readers:
        results = readers.map(read, store.finished_keys())
        return {result["key"]: result for result in results if result is not None}


def tabulate(results: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Turn results into the table of `read_results`."""
    rows, parameters, metrics, versions = [], {}, {}, {}  # type: ignore[var-annotated]
    for result in results:
        of_parameters = {name: _flat(value) for name, value in result["parameters"].items()}
        of_metrics = {name: decode(value) for name, value in result["metrics"].items()}
        of_versions = {f"version of {name}": text for name, text in result["versions"].items()}
        parameters |= dict.fromkeys(of_parameters)
        metrics |= dict.fromkeys(of_metrics)
        versions |= dict.fromkeys(of_versions)
        about = {name: result.get(name) for name in RUN_COLUMNS}
        about["notebook"] = run_file(result["key"], ".ipynb")
        about["data"] = result["data"].get("source")
        rows.append({**about, **of_versions, **of_parameters, **of_metrics})
    columns = [*parameters, *metrics, *RUN_COLUMNS, *versions]
    table = pd.DataFrame(rows, columns=list(dict.fromkeys(columns)))
    table.attrs = {"parameters": list(parameters), "metrics": list(metrics)}
    return table


def write_tables(store: Store, results: Mapping[str, Mapping[str, Any]]) -> None:
    """Write ``results.parquet`` and ``results.csv``, in the order in which results are read."""
    uniform = tabulate(results[key] for key in sorted(results))
    for name in uniform.columns:
        if not _fits_one_type(uniform[name].dropna()):
            uniform[name] = uniform[name].map(str, na_action="ignore")
    parquet = io.BytesIO()
    uniform.to_parquet(parquet, index=False)
    store.write("results.parquet", parquet.getvalue())
    store.write("results.csv", uniform.to_csv(index=False).encode())


def _fits_one_type(values: pd.Series) -> bool:
    """Whether a Parquet column, which has one type, can hold the values."""
    kinds = {type(value) for value in values}
    if int in kinds and any(abs(value) >= _TOO_LARGE for value in values if type(value) is int):
        return False
    return len(kinds) < 2 or kinds <= {int, float}


def _flat(value: Any) -> Any:
    """Write lists and mappings as JSON, so that a table can be grouped by them."""
    return canonical(value) if isinstance(value, list | dict) else value
