"""The key of a run: whatever decides about its result, as one checksum."""

import hashlib
from collections.abc import Mapping
from typing import Any

from ecglab.sweep._values import canonical

__all__ = ["fingerprint_data", "key_of"]


def key_of(
    parameters: Mapping[str, Any], notebook_sha256: str, version: str, data: Mapping[str, str]
) -> str:
    """Return the key of a run: 32 hexadecimal digits.

    Two runs have the same key if they have the same parameters, code, version of ecglab and data.
    Half of a SHA-256 is kept: among a million runs, two share a key with a probability of 1e-27.
    """
    facts = {
        "parameters": dict(parameters),
        "notebook": notebook_sha256,
        "ecglab": version,
        "data": dict(data),
    }
    return hashlib.sha256(canonical(facts).encode()).hexdigest()[:32]


def fingerprint_data() -> dict[str, str]:
    """Say which heartbeats `load_heartbeats` gives on this machine, and their checksum.

    Downloads ECG5000 if it can be had and is not there: once here, rather than once in each worker.
    The checksum is that of the samples, labels and parts, whatever form of file they were read
    from.
    """
    from ecglab.datasets import load_heartbeats

    beats = load_heartbeats()
    checksum = hashlib.sha256(beats.signals.tobytes() + beats.labels.tobytes())
    checksum.update(" ".join(beats.split.tolist()).encode())
    return {"source": beats.source, "sha256": checksum.hexdigest()}
