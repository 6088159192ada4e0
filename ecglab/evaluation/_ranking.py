"""What many runs say: which settings do best over the seeds, and which parameters matter."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

_SUMMARY = ("runs", "mean", "sd", "low", "high")
_SEEDS = ("random_state", "seed")


def rank_runs(
    results: pd.DataFrame,
    metric: str,
    *,
    parameters: Sequence[str] | None = None,
    seed: str | None = None,
    ascending: bool = False,
    confidence: float = 0.95,
    test_to_train: float = 0.0,
) -> pd.DataFrame:
    """Rank settings by the mean of a metric over their seeds.

    Parameters
    ----------
    results : pandas.DataFrame
        One row a run, as `ecglab.sweep.read_results` gives them. Failed runs are left out.
    metric : str
        The column to rank by.
    parameters : sequence of str, optional
        The parameters, the seed among them or not; ``results.attrs["parameters"]`` when left out.
    seed : str, optional
        The parameter that is a seed; ``random_state`` or ``seed`` when left out.
    ascending : bool, default False
        Whether less is better.
    confidence : float, default 0.95
        Coverage of the intervals.
    test_to_train : float, default 0.0
        How many beats a run was measured on for each one that it was trained on. Seeds that
        divide one data set anew share most of their beats, and their results agree by that alone;
        with this ratio the intervals are widened for it. 0 takes the seeds as independent.

    Returns
    -------
    pandas.DataFrame
        One row a setting, the best first: its parameters, ``runs`` (how many seeds), ``mean``,
        ``sd``, and ``low`` and ``high``, the interval of the mean. With one seed the last three
        are missing: nothing is known about the spread. A parameter that has one of these
        names stands there as ``parameter low``, say. ``.attrs["parameters"]`` lists them.

    Raises
    ------
    ValueError
        If no run has a value of the metric, a column does not exist, or the ratio is negative.

    Notes
    -----
    The first of many is flattered by chance: rank on validation figures, and measure the winner on
    the test part with seeds that took no part in the ranking. Two intervals that overlap may still
    belong to settings that differ, for all of them met the same splits: `compare_seeds` compares
    them in pairs. The interval is Student's, with ``1 / runs + test_to_train`` in the place of
    ``1 / runs``, as there.
    """
    if test_to_train < 0:
        raise ValueError(f"test_to_train is a ratio of two counts, so not {test_to_train}.")
    done = _with_value(results, metric)
    of_settings = [name for name in _varying(done, parameters) if name != _find_seed(done, seed)]
    renamed: dict[str | int, str] = {name: f"parameter {name}" for name in _SUMMARY}
    groups = done.groupby(of_settings or np.zeros(len(done)), dropna=False)[metric]
    table = groups.agg(["count", "mean", "std"]).set_axis(["runs", "mean", "sd"], axis=1)
    table = table.rename_axis(index=renamed).reset_index(drop=not of_settings)
    degrees = (table["runs"] - 1).clip(lower=1)
    half = (
        stats.t.ppf((1 + confidence) / 2, degrees)
        * table["sd"]
        * np.sqrt(1 / table["runs"] + test_to_train)
    )
    table["low"], table["high"] = table["mean"] - half, table["mean"] + half
    table.attrs = {"parameters": list(table.columns[: -len(_SUMMARY)])}
    return table.sort_values("mean", ascending=ascending, kind="stable", ignore_index=True)


def parameter_effects(
    results: pd.DataFrame, metric: str, *, parameters: Sequence[str] | None = None
) -> pd.DataFrame:
    """Say how much of a metric's variance each parameter explains by itself.

    Parameters
    ----------
    results, metric, parameters
        As for `rank_runs`; the seed counts as a parameter here, for comparison: a parameter that
        explains no more than the seed does not matter.

    Returns
    -------
    pandas.DataFrame
        One row a parameter that varies, the largest share first: ``share`` of the variance
        (eta squared: between groups over total, from 0 to 1), ``best`` value by the mean,
        ``spread`` between the best and the worst mean.

    Raises
    ------
    ValueError
        As for `rank_runs`.

    Notes
    -----
    Main effects only: where the shares do not add up to about one, parameters act together or
    chance is strong. In a sample of continuous ranges every value is a group of its own; such a
    parameter is cut into five groups of equal size.

    References
    ----------
    J. Cohen, *Statistical Power Analysis for the Behavioral Sciences*, 2nd edition, Erlbaum, 1988,
    chapter 8 (eta squared).
    """
    done = _with_value(results, metric)
    total = float(((done[metric] - done[metric].mean()) ** 2).sum())
    rows = []
    for name in _varying(done, parameters):
        means = done[metric].groupby(_groups(done[name]), dropna=False, observed=True)
        summary = means.agg(["mean", "size"])
        between = float((summary["size"] * (summary["mean"] - done[metric].mean()) ** 2).sum())
        rows.append(
            {
                "parameter": name,
                "share": between / total if total > 0 else 0.0,
                "best": summary["mean"].idxmax(),
                "spread": float(summary["mean"].max() - summary["mean"].min()),
            }
        )
    columns = ["parameter", "share", "best", "spread"]
    table = pd.DataFrame(rows, columns=columns).set_index("parameter")
    return table.sort_values("share", ascending=False, kind="stable")


def _find_seed(results: pd.DataFrame, seed: str | None) -> str | None:
    """Return the parameter that is a seed: the one named, else ``random_state`` or ``seed``."""
    if seed is not None and seed not in results.columns:
        raise ValueError(f"there is no column {seed!r}; there are {list(results.columns)}.")
    return seed or next((name for name in _SEEDS if name in results.columns), None)


def _varying(results: pd.DataFrame, parameters: Sequence[str] | None) -> list[str]:
    """List the parameters, those of the table when left out, that take more than one value."""
    if parameters is None:
        parameters = results.attrs.get("parameters")
        if parameters is None:  # a table that was read from a CSV file, say
            raise ValueError("the table does not say which columns are parameters: name them.")
    return [name for name in parameters if results[name].nunique(dropna=False) > 1]


def _groups(values: pd.Series) -> pd.Series:
    """Return the values as groups; many different numbers are cut into five."""
    if values.nunique() > len(values) / 2 and pd.api.types.is_numeric_dtype(values):
        return pd.qcut(values, 5, duplicates="drop")
    return values


def _with_value(results: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Keep the runs that are done and have a value of the metric."""
    if metric not in results.columns:
        raise ValueError(f"there is no column {metric!r}; there are {list(results.columns)}.")
    done = results[results["status"] == "done"] if "status" in results.columns else results
    done = done[np.isfinite(pd.to_numeric(done[metric], errors="coerce"))]
    if done.empty:
        raise ValueError(f"no run that is done has a value of {metric!r}.")
    return done.astype({metric: float})
