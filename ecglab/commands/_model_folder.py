"""The folder that a trained detector goes to: not over anything else."""

import json
import os
from pathlib import Path

from ecglab._files import disk_faults_named
from ecglab.errors import OutputError
from ecglab.persistence import CONFIG, FORMAT, WEIGHTS

__all__ = ["check_model_folder"]


def check_model_folder(folder: Path) -> None:
    """Find out before an hour of training that a detector could not be saved, and not after it.

    Parameters
    ----------
    folder : Path
        A folder that is not there yet, is empty, or holds a detector, which will be replaced.

    Raises
    ------
    OutputError
        If it holds anything else, or cannot be written.
    """
    with disk_faults_named(folder):
        if folder.exists():
            _check_content(folder)
        nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK):
            raise OutputError(f"{folder} cannot be written: {nearest} is no folder to write to.")


def _check_content(folder: Path) -> None:
    """Accept an empty folder, or one with a detector."""
    if not folder.is_dir():
        raise OutputError(f"{folder} is a file. Name a folder for the detector.")
    names = {path.name for path in folder.iterdir()}
    if names and not (names == {CONFIG, WEIGHTS} and _is_config(folder / CONFIG)):
        raise OutputError(
            f"{folder} holds something else than a detector ({', '.join(sorted(names)[:3])}), and "
            "nothing is overwritten by accident. Choose another folder, or empty this one."
        )


def _is_config(path: Path) -> bool:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return False
    return isinstance(config, dict) and config.get("format") == FORMAT
