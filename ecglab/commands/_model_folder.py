"""The folder that a trained detector goes to: not over anything else, and whole or not at all."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecglab.detector import AutoencoderDetector
from ecglab.errors import DetectorFileError, OutputError
from ecglab.persistence import CONFIG, FORMAT, WEIGHTS

__all__ = ["check_model_folder", "save_model"]


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
    with _disk_faults_named(folder):
        if folder.exists():
            _check_content(folder)
        nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK):
            raise OutputError(f"{folder} cannot be written: {nearest} is no folder to write to.")


def save_model(detector: AutoencoderDetector, folder: Path) -> None:
    """Save a detector; both of its files are complete before either has its final name.

    Parameters
    ----------
    detector : AutoencoderDetector
        A trained detector.
    folder : Path
        What `check_model_folder` accepted.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    with _disk_faults_named(folder):
        check_model_folder(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".writing-") as place:
            unfinished = Path(place) / folder.name
            try:
                detector.save(unfinished)
            except DetectorFileError as error:
                raise OutputError(str(error).replace(str(unfinished), str(folder))) from error
            if not folder.exists():
                unfinished.rename(folder)
                return
            for name in (WEIGHTS, CONFIG):  # in this order: the config vouches for the weights
                (unfinished / name).replace(folder / name)


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


@contextmanager
def _disk_faults_named(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written ({error.strerror or error}). Make room there, or choose "
            "another folder."
        ) from error
