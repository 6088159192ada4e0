"""How times are taken and compared: interleaved, medians with quartiles, the machine's limits."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = [
    "Seconds",
    "agree",
    "competing_processes",
    "fit_exponent",
    "interleave",
    "matrix_rate",
    "memory_bandwidth",
    "quartiles",
    "thread_settings",
]

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
FENCE = 1.5  # quartile ranges beyond the quartiles: Tukey's fences


class Seconds(float):
    """A time that a piece of work has taken itself, such as one in a process of its own."""


def thread_settings(n_threads: int | None) -> dict[str, str]:
    """Return the environment of a process whose libraries take so many threads; None, theirs."""
    kept = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
    return kept | ({} if n_threads is None else dict.fromkeys(THREAD_VARIABLES, str(n_threads)))


def interleave(
    works: Mapping[str, Callable[[int], object]], repeats: int
) -> tuple[dict[str, list[float]], dict[str, list[object]]]:
    """Do each work in turn, again and again, so that a busy spell meets all of them alike.

    Parameters
    ----------
    works : mapping of str to callable
        Each is given the number of the repetition, from 0.
    repeats : int
        How often.

    Returns
    -------
    seconds, results : dict
        For each work, what it took each time, and what it returned.
    """
    seconds: dict[str, list[float]] = {name: [] for name in works}
    results: dict[str, list[object]] = {name: [] for name in works}
    for number in range(repeats):
        for name, work in works.items():
            start = time.perf_counter()
            result = work(number)
            taken = time.perf_counter() - start
            seconds[name].append(result if isinstance(result, Seconds) else taken)
            results[name].append(result)
    return seconds, results


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the median, the lower and the upper quartile."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return float(middle), float(low), float(high)


def agree(first: Mapping[Any, float], second: Mapping[Any, float]) -> bool:
    """Tell whether two measurements of a ratio agree: one's median within the other's fences.

    Each has a ``ratio`` with its quartiles, ``low`` and ``high``. The fences are Tukey's, one and
    a half quartile ranges beyond the quartiles.
    """

    def holds(one: Mapping[Any, float], value: float) -> bool:
        room = FENCE * (one["high"] - one["low"])
        return bool(one["low"] - room <= value <= one["high"] + room)

    return holds(first, second["ratio"]) or holds(second, first["ratio"])


def fit_exponent(sizes: npt.ArrayLike, values: npt.ArrayLike) -> tuple[float, float]:
    """Fit ``value = c * size ** exponent`` by least squares of the logarithms.

    Returns
    -------
    exponent, standard_error : float
        NaN each where there are fewer than two points with a positive value; the error where there
        are two.
    """
    table = pd.DataFrame({"size": np.asarray(sizes), "value": np.asarray(values)}, dtype=float)
    table = table[table["value"] > 0]
    if table["size"].nunique() < 2:
        return np.nan, np.nan
    x, y = np.log(table["size"]), np.log(table["value"])
    exponent, constant = np.polyfit(x, y, 1)
    if len(table) == 2:
        return float(exponent), np.nan
    variance = np.square(y - constant - exponent * x).sum() / (len(table) - 2)
    return float(exponent), float(np.sqrt(variance / np.square(x - x.mean()).sum()))


def best_seconds(work: Callable[[], object], repeats: int = 7) -> float:
    """Return the shortest of several times: what is possible, whatever else the machine does."""
    return min(interleave({"work": lambda _: work()}, repeats)[0]["work"][1:])


def matrix_rate(n: int = 2048) -> float:
    """Measure multiply-adds a second in the product of two square matrices, in float32."""
    left = np.random.default_rng(0).random((n, n), dtype=np.float32)
    out = np.empty_like(left)
    return n**3 / best_seconds(lambda: np.matmul(left, left, out=out))


def memory_bandwidth(n_bytes: int = 2**28) -> float:
    """Measure bytes a second that a copy reads and writes, too many for any cache."""
    source = np.ones(n_bytes // 8)
    target = np.empty_like(source)
    return 2 * source.nbytes / best_seconds(lambda: np.copyto(target, source))


@contextmanager
def competing_processes(n_processes: int) -> Iterator[None]:
    """Let so many processes compute, without end, for the duration."""
    command = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(command) for _ in range(n_processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()
