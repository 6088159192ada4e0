"""Saving detectors to a folder, and reading them back, without pickle.

The folder holds `config.json` (names and arguments of the parts) and `weights.safetensors` (arrays,
which cannot hold code). Reading builds each part by looking its name up in a table of ecglab's or
scikit-learn's own; nothing in the folder decides what is imported.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import preprocessing
from sklearn.base import BaseEstimator

from ecglab import scoring as scorings
from ecglab._files import disk_faults_named, replacing_in
from ecglab._version import __version__
from ecglab.autoencoders import AUTOENCODERS, Autoencoder, make_autoencoder
from ecglab.detector import AutoencoderDetector
from ecglab.errors import DetectorFileError
from ecglab.scoring import Scoring

__all__ = ["FORMAT_VERSION", "read_detector", "save_detector"]

FORMAT = "ecglab-detector"
FORMAT_VERSION = 1
"""The version of the files that `save_detector` writes; of another one, `read_detector` says so."""
CONFIG, WEIGHTS = "config.json", "weights.safetensors"
# Arguments that say where an autoencoder runs, and nothing about what it is.
_OF_THE_MACHINE = ("device", "n_threads", "progress")
_CONFIG_LIMIT = 2**20  # bytes; a real one has a few thousand
_LARGEST_SIZE = 1_000_000  # of a layer, a batch, a beat

# Scalers whose fitted state is numbers and arrays, and so needs no pickle.
_SCALERS = {
    kind.__name__: kind
    for kind in (
        preprocessing.MaxAbsScaler,
        preprocessing.MinMaxScaler,
        preprocessing.Normalizer,
        preprocessing.RobustScaler,
        preprocessing.StandardScaler,
    )
}
_SCORINGS = {
    name: kind
    for name, kind in vars(scorings).items()
    if isinstance(kind, type) and issubclass(kind, Scoring) and kind is not Scoring
}

Arrays = dict[str, npt.NDArray[Any]]


def save_detector(detector: AutoencoderDetector, folder: str | os.PathLike[str]) -> Path:
    """Write a trained detector; see `AutoencoderDetector.save`."""
    from safetensors.numpy import save

    folder = Path(folder)
    config, arrays = _describe(detector)
    content = save({name: array.copy(order="C") for name, array in arrays.items()})
    config["sha256"] = hashlib.sha256(content).hexdigest()
    with disk_faults_named(folder, DetectorFileError):
        _refuse_strangers(folder)
        # Should a crash come between the two renames, reading notices it: the config names the
        # checksum of the weights that belong to it.
        with replacing_in(folder) as unfinished:
            (unfinished / WEIGHTS).write_bytes(content)
            (unfinished / CONFIG).write_bytes((json.dumps(config, indent=2) + "\n").encode())
    return folder


def read_detector(folder: str | os.PathLike[str]) -> AutoencoderDetector:
    """Read a detector; see `ecglab.load_detector`."""
    folder = Path(folder)
    config = _read_config(folder / CONFIG)
    arrays = _read_arrays(folder / WEIGHTS, config)
    try:
        return _rebuild(config, arrays)
    # A damaged or hostile config can be wrong in any way, and the frameworks raise errors of every
    # kind when they are to build nonsense; each means the same to the caller.
    except Exception as error:
        raise DetectorFileError(
            f"{folder / CONFIG} does not describe a detector that this version of ecglab can build "
            f"({type(error).__name__}: {error}). It is damaged, or was not written by ecglab."
        ) from error


def _refuse_strangers(folder: Path) -> None:
    """Refuse a folder that holds other files than a detector's."""
    names = {path.name for path in folder.iterdir()} if folder.exists() else set()
    strangers = sorted(names - {CONFIG, WEIGHTS})
    if strangers:
        raise DetectorFileError(
            f"{folder} holds other files ({', '.join(strangers[:3])}). Save to a folder of its "
            "own, so that nothing is overwritten by accident."
        )


# Describing a detector


def _describe(detector: AutoencoderDetector) -> tuple[dict[str, Any], Arrays]:
    """Return what goes into the two files."""
    if not hasattr(detector, "threshold_"):
        raise DetectorFileError("this detector is not trained yet: call fit before save.")
    autoencoder = detector.autoencoder_
    arrays: Arrays = {
        f"autoencoder/{name}": array for name, array in autoencoder.get_weights().items()
    }
    arrays |= {f"scoring/{name}": a for name, a in detector.scoring_.get_state().items()}
    arrays |= {f"history/{name}": column.to_numpy() for name, column in detector.history_.items()}
    scaler, scaler_arrays = _describe_scaler(detector.scaler_)
    config = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "ecglab": __version__,
        "autoencoder": {
            "name": _name_of(autoencoder),
            "params": {
                key: _plain(value)
                for key, value in autoencoder.get_params(deep=False).items()
                if key not in _OF_THE_MACHINE
            },
        },
        "scaler": scaler,
        "scoring": _describe_scoring(detector.scoring_),
        "threshold": {
            "rule": detector.threshold,
            "params": _plain(dict(detector.threshold_params or {})),
            "value": _finite_to_save(detector.threshold_),
        },
        "label_free": bool(detector.label_free_),
        "beat_shape": list(detector.beat_shape_),
        "feature_names": [str(name) for name in getattr(detector, "feature_names_in_", [])],
        "validation_fraction": _plain(detector.validation_fraction),
        "random_state": (
            int(detector.random_state) if isinstance(detector.random_state, Integral) else None
        ),
    }
    return config, arrays | scaler_arrays


def _name_of(autoencoder: Autoencoder) -> str:
    """Find the name under which an autoencoder is registered."""
    kind = type(autoencoder)
    for name, path in AUTOENCODERS.items():
        if path == f"{kind.__module__}.{kind.__qualname__}":
            return name
    raise DetectorFileError(
        f"{kind.__name__} is not registered, so a saved one could not be found again. Add it to "
        "ecglab.autoencoders.AUTOENCODERS."
    )


def _describe_scaler(scaler: Any) -> tuple[dict[str, Any] | None, Arrays]:
    """Return a scaler's name, arguments and fitted numbers, and its fitted arrays."""
    if scaler is None:
        return None, {}
    name = type(scaler).__name__
    if _SCALERS.get(name) is not type(scaler):
        raise DetectorFileError(
            f"a {name} cannot be saved without pickle, and pickle can run code when it is loaded. "
            f"Scalers that can be saved: {', '.join(sorted(_SCALERS))}."
        )
    fitted = {
        key: value
        for key, value in vars(scaler).items()
        if key.endswith("_") and not key.startswith("_") and key != "feature_names_in_"
    }
    arrays = {
        f"scaler/{key}": value for key, value in fitted.items() if isinstance(value, np.ndarray)
    }
    numbers = {k: _plain(v) for k, v in fitted.items() if not isinstance(v, np.ndarray)}
    return {"name": name, "params": _plain(scaler.get_params()), "fitted": numbers}, arrays


def _describe_scoring(scoring: Scoring) -> dict[str, Any]:
    """Return a scoring's class and arguments; scorings among its arguments alike."""
    name = type(scoring).__name__
    if _SCORINGS.get(name) is not type(scoring):
        raise DetectorFileError(
            f"{name} is no scoring of ecglab's own, so a saved one could not be found again. "
            f"Scorings that can be saved: {', '.join(sorted(_SCORINGS))}."
        )
    return {
        "name": name,
        "params": _plain(scoring.get_params(deep=False)),
    }


def _finite_to_save(threshold: float) -> float:
    """Refuse to save what could not be read back."""
    if not np.isfinite(threshold):
        raise DetectorFileError(
            f"the threshold is {threshold}, which accepts or flags every beat. Recalibrate first."
        )
    return float(threshold)


def _plain(value: Any) -> Any:
    """Turn arguments into what JSON can hold, or say which one it cannot."""
    if isinstance(value, Scoring):
        return {"scoring": _describe_scoring(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise DetectorFileError(
        f"an argument of the type {type(value).__name__} cannot be written to {CONFIG}. "
        "Numbers, texts and lists of them can."
    )


# Reading one back


def _read_config(path: Path) -> dict[str, Any]:
    """Read and check what does not depend on the kind of detector."""
    text = _read_bytes(path, _CONFIG_LIMIT)
    try:
        config = json.loads(text)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise DetectorFileError(
            f"{path} is not valid JSON ({error}): it is damaged or truncated. Save the detector "
            "again."
        ) from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise DetectorFileError(f"{path} is not the config of an ecglab detector.")
    version = config.get("format_version")
    if version != FORMAT_VERSION:
        raise DetectorFileError(
            f"{path} has format version {version!r}, written by ecglab {config.get('ecglab')!r}; "
            f"this is ecglab {__version__}, which reads version {FORMAT_VERSION}. Use a matching "
            "version of ecglab, or train again."
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


def _rebuild(config: Mapping[str, Any], arrays: Arrays) -> AutoencoderDetector:
    """Put the detector together again."""
    threshold = config["threshold"]
    autoencoder = _rebuild_autoencoder(config, _below("autoencoder", arrays))
    scaler = _rebuild_scaler(config["scaler"], _below("scaler", arrays))
    scoring = _rebuild_scoring(config["scoring"])
    scoring.set_state(_below("scoring", arrays))
    detector = AutoencoderDetector(
        make_autoencoder(config["autoencoder"]["name"], **_arguments(config["autoencoder"])),
        scaler=None if scaler is None else type(scaler)(**scaler.get_params()),
        scoring=_rebuild_scoring(config["scoring"]),
        threshold=str(threshold["rule"]),
        threshold_params=dict(threshold["params"]) or None,
        validation_fraction=config["validation_fraction"],
        random_state=config["random_state"],
    )
    detector.autoencoder_ = autoencoder
    detector.scaler_ = scaler
    detector.scoring_ = scoring
    detector.threshold_ = _finite(threshold["value"], "the threshold")
    detector.label_free_ = bool(config["label_free"])
    detector.beat_shape_ = autoencoder.beat_shape_
    detector.n_features_in_ = autoencoder.beat_shape_[0]
    if config["feature_names"]:
        detector.feature_names_in_ = np.array(config["feature_names"], dtype=object)
    history = pd.DataFrame(_below("history", arrays))
    detector.history_ = history[["loss", "validation_loss"]]
    detector.history_.index = pd.RangeIndex(1, len(detector.history_) + 1, name="epoch")
    autoencoder.history_ = detector.history_
    return detector


def _rebuild_autoencoder(config: Mapping[str, Any], weights: Arrays) -> Autoencoder:
    """Build the architecture that the config names, and fill in its weights."""
    shape = tuple(int(n) for n in config["beat_shape"])
    if len(shape) not in (1, 2) or min(shape) < 1:
        raise ValueError(f"beat_shape {shape} is no shape of a beat")
    for name, array in weights.items():
        if not np.isfinite(array).all():
            raise ValueError(f"the weights {name} hold NaN or infinite numbers")
    described = config["autoencoder"]
    arguments = _arguments(described)
    _refuse_nested(arguments)
    unlimited = {"random_state", "patience", "max_epochs"}
    _refuse_giants([*shape, *(v for k, v in arguments.items() if k not in unlimited)])
    autoencoder = make_autoencoder(described["name"], **arguments)
    return autoencoder.set_weights(shape, weights)


def _refuse_nested(arguments: Mapping[str, Any]) -> None:
    """Refuse arguments that are no plain values: Keras reads a mapping as something to import."""
    for key, value in arguments.items():
        items = value if isinstance(value, list) else [value]
        if any(isinstance(item, dict | list) for item in items):
            raise ValueError(f"the argument {key} is neither a plain value nor a list of them")


def _refuse_giants(sizes: Any) -> None:
    """Refuse sizes that no real detector has, before a network of that size fills the memory."""
    for size in sizes:
        if isinstance(size, list):
            _refuse_giants(size)
        elif isinstance(size, int) and size > _LARGEST_SIZE:
            raise ValueError(f"a size of {size}, where {_LARGEST_SIZE} is the most")


def _rebuild_scaler(described: Mapping[str, Any] | None, arrays: Arrays) -> Any:
    """Make a scaler of scikit-learn's from its arguments and what it had learnt."""
    if described is None:
        return None
    scaler: BaseEstimator = _SCALERS[described["name"]](**_arguments(described))
    for key, value in {**described["fitted"], **arrays}.items():
        if not key.endswith("_") or key.startswith("_"):
            raise ValueError(f"{key!r} is not something that a scaler learns")
        setattr(scaler, key, value)
    return scaler


def _rebuild_scoring(described: Mapping[str, Any]) -> Scoring:
    """Make an unfitted scoring from its class and arguments, those inside it included."""
    arguments = _arguments(described)
    for key, value in arguments.items():
        if isinstance(value, list):
            arguments[key] = [
                _rebuild_scoring(item["scoring"]) if isinstance(item, dict) else item
                for item in value
            ]
    return _SCORINGS[described["name"]](**arguments)


def _arguments(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a part; scikit-learn wants ranges as tuples."""
    arguments = dict(described["params"])
    for key in ("feature_range", "quantile_range"):
        if key in arguments:
            arguments[key] = tuple(arguments[key])
    return arguments


def _below(prefix: str, arrays: Arrays) -> Arrays:
    """Return the arrays whose name starts with ``prefix/``, without it."""
    start = f"{prefix}/"
    return {n.removeprefix(start): array for n, array in arrays.items() if n.startswith(start)}


def _finite(value: Any, what: str) -> float:
    """Return a number that is one."""
    number = float(value)
    if not np.isfinite(number):
        raise ValueError(f"{what} is {number}")
    return number
