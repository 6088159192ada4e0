"""The trained detector that several notebooks study, instead of each training its own."""

import hashlib
import json
from pathlib import Path

import numpy as np

from ecglab.detector import AutoencoderDetector, load_detector
from ecglab.evaluation import Split


def train_dense(split: Split, random_state: int) -> AutoencoderDetector:
    """Train the dense autoencoder of notebook 02 on a split's normal beats.

    Parameters
    ----------
    split : Split
        Its training beats are learnt, its normal validation beats decide when to stop and give
        the threshold.
    random_state : int
        Seed of the initial weights and of the order of the beats.

    Returns
    -------
    AutoencoderDetector
        The trained detector.
    """
    detector = AutoencoderDetector("dense", random_state=random_state)
    return detector.fit(split.train.signals, validation_signals=split.validation.normal.signals)


def training_fingerprint(split: Split, random_state: int) -> str:
    """Name what `train_dense` would learn from: the beats, in their order, and the seed."""
    digest = hashlib.sha256(str(random_state).encode())
    for part in (split.train, split.validation.normal):
        digest.update(np.ascontiguousarray(part.signals, dtype="<f4").tobytes())
    return digest.hexdigest()


def load_or_train(folder: str | Path, split: Split, random_state: int) -> AutoencoderDetector:
    """Load the committed detector if it was trained on this very split; else train one.

    Fixed weights give every reader the same scores, to the digits that notebooks show, on any
    processor; training does not.

    Parameters
    ----------
    folder : path-like
        Where the detector is saved. ``FOLDER.json`` beside it holds its `training_fingerprint`.
    split : Split
        What the detector must have been trained on.
    random_state : int
        The seed that it must have been trained with.

    Returns
    -------
    AutoencoderDetector
        The detector.
    """
    folder = Path(folder)
    card = folder.with_suffix(".json")
    wanted = training_fingerprint(split, random_state)
    if card.exists() and json.loads(card.read_text(encoding="utf-8"))["trained_on"] == wanted:
        return load_detector(folder)
    return train_dense(split, random_state)
