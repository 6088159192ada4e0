"""The key of a run: whatever decides about its result, as one checksum."""

import ast
import hashlib
import importlib.util
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ecglab.errors import GridError
from ecglab.sweep._grid import Grid
from ecglab.sweep._values import canonical


def key_of(
    parameters: Mapping[str, Any],
    notebook_sha256: str,
    version: str,
    data: Mapping[str, str],
    files: Mapping[str, str],
) -> str:
    """Return the key of a run: 32 hexadecimal digits.

    Two runs have the same key if they have the same parameters, code, version of ecglab, data and
    files that the notebook depends on. Half of a SHA-256 is kept: among a million runs, two share
    a key with a probability of 1e-27.
    """
    facts = {
        "parameters": dict(parameters),
        "notebook": notebook_sha256,
        "ecglab": version,
        "data": dict(data),
    }
    if files:  # a key without them is that of earlier versions, whose results still count
        facts["files"] = dict(files)
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


def fingerprint_files(grid: Grid, out: Path | None) -> dict[str, str]:
    """Return the checksum of every file that the notebook depends on, by its path from there.

    Those are the modules beside the notebook that it imports, directly or through one another, and
    the files that the grid names under ``depends``, with all that is in a folder. `GridError` if
    one cannot be read, or lies in the output folder, which changes with every run.
    """
    folder = grid.notebook.path.parent.absolute()
    cells = [_plain_python(source) for source, _ in grid.notebook.code]
    files = _local_modules(cells, folder).union(*map(_files_of, grid.depends))
    if out is not None and any(file.is_relative_to(out) for file in files):
        raise GridError(f"depends: {out} is the output folder, which changes with every run.")
    try:
        checksums = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    except OSError as error:
        raise GridError(f"{error.filename} cannot be read: {error.strerror}.") from error
    return {os.path.relpath(file, folder): checksum for file, checksum in checksums.items()}


def _files_of(path: Path) -> Iterator[Path]:
    """List a file, or all files of a folder but hidden and compiled ones."""
    if not path.is_dir():
        yield path
        return
    for file in path.rglob("*"):
        parts = file.relative_to(path).parts
        if file.is_file() and not any(p.startswith(".") or p == "__pycache__" for p in parts):
            yield file


def _plain_python(source: str) -> str:
    """Turn IPython's ``%`` and ``!`` lines into Python."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        return TransformerManager().transform_cell(source)
    except SyntaxError:  # the run will say so
        return ""


def _local_modules(cells: list[str], folder: Path) -> set[Path]:
    """Find the modules of a folder that cells import, and those that they import in turn."""
    found: set[Path] = set()
    waiting = [(cell, "") for cell in cells]
    while waiting:
        for name in _imported(*waiting.pop()):
            for file in _module_files(folder, name):
                if file not in found:
                    found.add(file)
                    package = ".".join(file.parent.relative_to(folder).parts)
                    waiting.append((file.read_text(encoding="utf-8", errors="replace"), package))
    return found


def _imported(code: str, package: str) -> Iterator[str]:
    """List the modules that code in a package imports, and names that may be modules."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):  # the run will say so
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            dots, module = "." * node.level, node.module or ""
            try:
                base = importlib.util.resolve_name(dots + module, package) if dots else module
            except ImportError:  # above the notebook's folder
                continue
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _module_files(folder: Path, name: str) -> Iterator[Path]:
    """List the files that importing ``a.b`` from a folder runs: those of a, and of a.b."""
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        place = folder.joinpath(*parts[:depth])
        for file in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
            if file.is_file():
                yield file
