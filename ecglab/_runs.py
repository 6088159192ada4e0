"""Runs of True: where each begins and ends."""

import numpy as np
import numpy.typing as npt


def find_runs(mask: npt.NDArray[np.bool_], shortest: int = 1) -> npt.NDArray[np.intp]:
    """Return start and stop of each run of True that is long enough, shape (n_runs, 2).

    `stop` is the position after the last one.
    """
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False)).reshape(-1, 2)
    return edges[np.diff(edges, axis=1)[:, 0] >= shortest]
