"""Saving estimators to a folder, and reading them back, without pickle.

The folder holds `config.json` and `weights.safetensors` (arrays, which cannot hold code). One walk
describes an estimator: the name of its class, its parameters, and what it has learnt, that is, its
attributes that end in ``_``, or the weights of a network. Where one of these is an estimator, it is
described in turn. Reading looks each name up in a table of classes that the caller hands over;
nothing in the folder decides what is imported.
"""

import hashlib
import json
import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from pydoc import locate
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator

from ecglab._files import disk_faults_named, replacing_in
from ecglab._version import __version__
from ecglab.errors import DetectorFileError

__all__ = ["FORMAT_VERSION", "check_folder", "read_estimator", "save_estimator"]

FORMAT = "ecglab-detector"
FORMAT_VERSION = 2
"""The version of the files that `save_estimator` writes. `read_estimator` reads version 1 too."""
CONFIG, WEIGHTS = "config.json", "weights.safetensors"

# Arguments that say where something runs, and nothing about what it is.
_OF_THE_MACHINE = ("device", "n_jobs", "n_threads", "progress")
_CONFIG_LIMIT = 2**20  # bytes; a real one has a few thousand
_LARGEST_SIZE = 1_000_000  # of a layer, a batch, a beat; a larger network would fill the memory
_WITHOUT_SIZE = ("random_state", "patience", "max_epochs", "n_samples_seen_")

Arrays = dict[str, npt.NDArray[Any]]
Classes = Mapping[str, str]


def save_estimator(
    estimator: BaseEstimator, folder: str | os.PathLike[str], classes: Classes
) -> Path:
    """Write a trained estimator to a folder, whole or not at all.

    Parameters
    ----------
    estimator : BaseEstimator
        The estimator.
    folder : path-like
        Where to write; made if it is not there. An estimator in it is replaced.
    classes : mapping of str to str
        Where the classes live that can be read back, it and its parts among them, by name:
        module and class, as in "ecglab.detector.AutoencoderDetector".

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DetectorFileError
        If the folder holds something else or cannot be written, or something of the estimator
        cannot be written without pickle.
    """
    from safetensors.numpy import save

    folder = Path(folder)
    arrays: Arrays = {}
    described = _Description(classes, arrays).of(estimator, "")
    content = save({name: array.copy(order="C") for name, array in arrays.items()})
    config = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "ecglab": __version__,
        "sha256": hashlib.sha256(content).hexdigest(),
        "detector": described,
    }
    check_folder(folder)
    # Should a crash come between the two renames, reading notices it: the config names the checksum
    # of the weights that belong to it.
    with disk_faults_named(folder, DetectorFileError), replacing_in(folder) as unfinished:
        (unfinished / WEIGHTS).write_bytes(content)
        (unfinished / CONFIG).write_bytes((json.dumps(config, indent=2) + "\n").encode())
    return folder


def read_estimator(
    folder: str | os.PathLike[str], classes: Classes, check: Callable[[Any], None]
) -> Any:
    """Read an estimator that `save_estimator` wrote. Never runs code from the folder.

    Parameters
    ----------
    folder : path-like
        The folder.
    classes : mapping of str to str
        As for `save_estimator`: the classes that may be built.
    check : callable
        Is given the estimator, and raises anything if it does not work.

    Returns
    -------
    BaseEstimator
        The estimator.

    Raises
    ------
    DetectorFileError
        If the folder is none, or damaged, or of a version that is not understood.
    """
    folder = Path(folder)
    config = _read_config(folder / CONFIG)
    arrays = _read_arrays(folder / WEIGHTS, config)
    try:
        if config["format_version"] == 1:
            config, arrays = _from_version_1(config, arrays)
        estimator = _build(config["detector"], "", classes, arrays)
        check(estimator)
    # A damaged or hostile config can be wrong in any way, and the frameworks raise errors of every
    # kind when they are to build nonsense; each means the same to the caller.
    except Exception as error:
        raise DetectorFileError(
            f"{folder / CONFIG} does not describe a detector that this version of ecglab can build "
            f"({type(error).__name__}: {error}). It is damaged, or was not written by ecglab."
        ) from error
    return estimator


def check_folder(folder: str | os.PathLike[str]) -> None:
    """Make sure that an estimator can be saved to a folder, before it is trained for an hour.

    Parameters
    ----------
    folder : path-like
        The folder, which is not there yet, is empty, or holds an estimator that may be replaced.

    Raises
    ------
    DetectorFileError
        If it holds anything else, is a file, or cannot be written.
    """
    folder = Path(folder)
    with disk_faults_named(folder, DetectorFileError):
        names = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if names and not (names == [CONFIG, WEIGHTS] and _is_config(folder / CONFIG)):
        raise DetectorFileError(
            f"{folder} holds something else than a detector ({', '.join(names[:3])}), and nothing "
            "is overwritten by accident. Choose another folder, or empty this one."
        )
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise DetectorFileError(f"{folder} cannot be written: {nearest} is no folder to write to.")


def _is_config(path: Path) -> bool:
    try:
        return bool(_read_config(path))
    except DetectorFileError:
        return False


def path_of(kind: type) -> str:
    """Say where a class lives, as module and class."""
    return f"{kind.__module__}.{kind.__qualname__}"


def _learnt(part: BaseEstimator) -> dict[str, Any]:
    """Return what a part has learnt, by name; nothing if it has not been trained."""
    if hasattr(part, "get_weights"):  # a network's history is the detector's
        shape = getattr(part, "beat_shape_", None)
        return {} if shape is None else {"beat_shape_": shape, **part.get_weights()}
    return {n: v for n, v in vars(part).items() if n.endswith("_") and not n.startswith("_")}


class _Description:
    """Describes estimators in what JSON can hold; their arrays go to `arrays`, by place."""

    def __init__(self, classes: Classes, arrays: Arrays) -> None:
        self.names = {path: name for name, path in classes.items()}
        self.arrays = arrays

    def of(self, part: BaseEstimator, place: str) -> dict[str, Any]:
        """Describe an estimator, whose arrays are named after its place."""
        path = path_of(type(part))
        if path not in self.names:
            raise DetectorFileError(
                f"a {type(part).__name__} cannot be saved without pickle, and pickle can run code "
                f"when it is loaded. What can be saved: {', '.join(sorted(self.names.values()))}."
            )
        params = part.get_params(deep=False)
        learnt = _learnt(part)
        array = {n: v for n, v in learnt.items() if isinstance(v, np.ndarray) and v.dtype != object}
        self.arrays |= {f"{place}{name}": value for name, value in array.items()}
        return {
            "name": self.names[path],
            "params": self._values(params, place, but=_OF_THE_MACHINE),
            "fitted": self._values(learnt, place, but=array),
        }

    def _values(self, values: Mapping[str, Any], place: str, but: Collection[str]) -> Any:
        return {n: self._value(v, f"{place}{n}") for n, v in values.items() if n not in but}

    def _value(self, value: Any, place: str) -> Any:
        if isinstance(value, BaseEstimator):
            return self.of(value, f"{place}/")
        if isinstance(value, pd.DataFrame):
            self.arrays |= {f"{place}/{name}": column.to_numpy() for name, column in value.items()}
            return {"columns": list(value)}
        if isinstance(value, Mapping):
            return {"mapping": self._values(value, f"{place}/", but=())}
        if isinstance(value, list | tuple | np.ndarray):
            return [self._value(item, f"{place}/{n}") for n, item in enumerate(value)]
        if isinstance(value, np.random.RandomState):
            return None  # it has moved on since, so that nothing could be repeated with it
        plain = value.item() if isinstance(value, np.generic) else value
        if plain is None or isinstance(plain, bool | int | float | str):
            return plain
        raise DetectorFileError(
            f"{place} is a {type(value).__name__}, which cannot be written to {CONFIG}. Numbers, "
            "texts and lists of them can."
        )


def _build(described: Any, place: str, classes: Classes, arrays: Arrays) -> Any:
    """Put an estimator together again."""
    kind = locate(classes[described["name"]])
    if not isinstance(kind, type):
        raise TypeError(f"{described['name']} is no class here")

    def value(item: Any, name: str, at: str) -> Any:
        if isinstance(item, list):
            return tuple(value(one, name, f"{at}/{n}") for n, one in enumerate(item))
        if isinstance(item, dict) and item.keys() == {"columns"}:
            columns = {column: arrays[f"{at}/{column}"] for column in item["columns"]}
            table = pd.DataFrame(columns)
            return table.set_index(pd.RangeIndex(1, len(table) + 1, name="epoch"))
        if isinstance(item, dict) and item.keys() == {"mapping"} and place == "":
            return {n: value(one, n, f"{at}/{n}") for n, one in item["mapping"].items()}
        if isinstance(item, dict):  # Keras would import what another mapping names
            return _build(item, f"{at}/", classes, arrays)
        if type(item) is int and item > _LARGEST_SIZE and name not in _WITHOUT_SIZE:
            raise ValueError(f"{name} is {item}, where {_LARGEST_SIZE} is the most")
        return item

    part = kind(**{n: value(item, n, f"{place}{n}") for n, item in described["params"].items()})
    own = {n.removeprefix(place): a for n, a in arrays.items() if n.startswith(place)}
    learnt = {name: array for name, array in own.items() if "/" not in name}
    if not all(np.isfinite(array).all() for array in learnt.values()):
        raise ValueError(f"the arrays of {place or 'the detector'} hold NaN or infinite numbers")
    learnt |= {n: value(item, n, f"{place}{n}") for n, item in described["fitted"].items()}
    if hidden := [name for name in learnt if hasattr(kind, name)]:
        raise ValueError(f"{hidden} is not something that a {kind.__name__} learns")
    if hasattr(part, "set_weights") and learnt:
        part.set_weights(learnt.pop("beat_shape_"), learnt)
    else:
        vars(part).update(learnt)
    return part


def _from_version_1(config: Mapping[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Bring what ecglab 0.1.0 wrote into the present form."""
    if any("/part0__" in name for name in arrays):
        raise ValueError("version 1 kept a combined scoring in another form: train it again")
    shape, scaler, threshold = config["beat_shape"], config["scaler"], config["threshold"]
    untrained = {**config["autoencoder"], "fitted": {}}
    detector = {
        "name": "AutoencoderDetector",
        "params": {
            "autoencoder": untrained,
            "scaler": scaler and {**scaler, "fitted": {}},
            "scoring": {**config["scoring"], "fitted": {}},
            "threshold": threshold["rule"],
            "threshold_params": {"mapping": threshold["params"]} if threshold["params"] else None,
            "validation_fraction": config["validation_fraction"],
            "random_state": config["random_state"],
        },
        "fitted": {
            "autoencoder_": {**untrained, "fitted": {"beat_shape_": shape}},
            "scaler_": scaler,
            "scoring_": {**config["scoring"], "fitted": {}},
            "threshold_": threshold["value"],
            "label_free_": config["label_free"],
            "beat_shape_": shape,
            "n_features_in_": shape[0],
            "history_": {"columns": ["loss", "validation_loss"]},
            **({"feature_names_in_": config["feature_names"]} if config["feature_names"] else {}),
        },
    }
    return {"detector": detector}, {n.replace("/", "_/", 1): a for n, a in arrays.items()}


def _read_config(path: Path) -> dict[str, Any]:
    """Read and check what does not depend on the kind of estimator."""
    try:
        config = json.loads(_read_bytes(path, _CONFIG_LIMIT))
    except (ValueError, RecursionError) as error:
        raise DetectorFileError(
            f"{path} is not valid JSON ({error}): it is damaged or truncated. Save the detector "
            "again."
        ) from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise DetectorFileError(f"{path} is not the config of an ecglab detector.")
    version = config.get("format_version")
    if version not in (1, FORMAT_VERSION):
        raise DetectorFileError(
            f"{path} has format version {version!r}, written by ecglab {config.get('ecglab')!r}; "
            f"this is ecglab {__version__}, which reads the versions 1 to {FORMAT_VERSION}. Use a "
            "matching version of ecglab, or train again."
        )
    return config


def _read_arrays(path: Path, config: Mapping[str, Any]) -> Arrays:
    """Read the arrays, and make sure that they are those which belong to the config."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    content = _read_bytes(path)
    if hashlib.sha256(content).hexdigest() != config.get("sha256"):
        raise DetectorFileError(
            f"{path} is not the file that {CONFIG} beside it was written with (its sha256 "
            "differs): it is damaged, truncated, or from another detector."
        )
    try:
        arrays: Arrays = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise DetectorFileError(f"{path} is not a valid safetensors file ({error}).") from error
    return arrays


def _read_bytes(path: Path, limit: int | None = None) -> bytes:
    """Read a file of reasonable size."""
    try:
        if limit is not None and path.stat().st_size > limit:
            raise DetectorFileError(f"{path} is larger than any real one: it is damaged.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DetectorFileError(
            f"{path} is missing. A saved detector is a folder with {CONFIG} and {WEIGHTS}."
        ) from error
    except OSError as error:
        raise DetectorFileError(f"{path} cannot be read ({error.strerror or error}).") from error
