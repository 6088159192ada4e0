"""The strangest beats of a result, for people and for programs."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ecglab.datasets._binary import import_pyarrow

__all__ = ["N_STRANGEST", "find_strangest", "list_beats", "show_beats"]

N_STRANGEST = 10
_PIECE = 100_000  # scores read back at a time
_FORMATS = {
    "score": "{:.4g}",
    "times_threshold": "{:.1f}",
    "time": "{:.2f}",
    "rr_before": "{:.2f}",
    "rr_after": "{:.2f}",
}


def find_strangest(scores: Path) -> pd.DataFrame:
    """Read the highest scores back from a table of any size.

    Parameters
    ----------
    scores : Path
        What `ecglab.batch.score_file` wrote.

    Returns
    -------
    pandas.DataFrame
        Its rows with the ten highest scores, the highest first.
    """
    strangest: pd.DataFrame | None = None
    for piece in _pieces(scores):
        scored = piece.dropna(subset="score")
        joined = scored if strangest is None else pd.concat([strangest, scored])
        strangest = joined.nlargest(N_STRANGEST, "score")
    assert strangest is not None  # a file without beats is refused
    return strangest


def _pieces(scores: Path) -> Iterator[pd.DataFrame]:
    if scores.suffix == ".csv":
        # A label may be called "NA"; only an empty cell is none.
        with pd.read_csv(scores, chunksize=_PIECE, keep_default_na=False, na_values=[""]) as pieces:
            yield from pieces
        return
    with import_pyarrow("pyarrow.parquet").ParquetFile(str(scores)) as file:
        for batch in file.iter_batches(_PIECE):
            yield batch.to_pandas()


def show_beats(beats: pd.DataFrame) -> list[str]:
    """Write the strangest beats for people, one line a beat; nothing if there are none."""
    if beats.empty:
        return []
    formatters: dict[str, Callable[..., Any]] = {
        name: text.format for name, text in _FORMATS.items() if name in beats
    }
    shown = beats.drop(columns="is_anomaly", errors="ignore")
    lines = shown.to_string(index=False, formatters=formatters, na_rep="-").splitlines()
    return ["the strangest:", *(f"  {line}" for line in lines)]


def list_beats(beats: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn a table of beats into what JSON can hold."""
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in beats.to_dict(orient="records")
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
