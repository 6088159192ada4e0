"""The notebook that is swept: its parameters, and what of it decides about results."""

import ast
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat

from ecglab.errors import GridError

_OPEN_TYPE = re.compile(r"\b(None|Optional|Any)\b")
_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


@dataclass(frozen=True)
class Notebook:
    """A notebook with a cell tagged ``parameters``; `text` is JSON, outputs removed.

    `defaults` are the parameters as written; None where nothing is known of the type. From the
    names in `used` the cell itself computes something.
    """

    path: Path
    text: str
    defaults: Mapping[str, Any]
    used: frozenset[str]
    kernel: str

    @cached_property
    def code(self) -> list[tuple[str, list[str]]]:
        """The source and the tags of each code cell."""
        cells = filter(_is_code, nbformat.reads(self.text, as_version=4).cells)
        return [(cell.source, _tags(cell)) for cell in cells]

    @cached_property
    def sha256(self) -> str:
        """Checksum of the code, cell by cell; prose and outputs do not change a result."""
        return hashlib.sha256(json.dumps(self.code).encode()).hexdigest()


def read_notebook(path: Path, where: str) -> Notebook:
    """Read a notebook that is to be swept; `where` is the place that names it, for errors.

    `GridError` if it is not there, not a notebook, not in Python, or has no usable ``parameters``
    cell.
    """
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    except OSError as error:
        raise GridError(f"{where}: {path} cannot be read: {error.strerror}.") from error
    except Exception as error:  # nbformat raises a dozen kinds
        raise GridError(f"{where}: {path} is not a Jupyter notebook ({error}).") from error
    kernel = _complete_kernel(notebook, f"{where}: {path}")
    tree = _parameters_cell(notebook, f"{where}: {path}")
    for cell in filter(_is_code, notebook.cells):
        cell.outputs, cell.execution_count = [], None
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return Notebook(
        path=path,
        text=nbformat.writes(notebook),
        defaults=_defaults(tree),
        used=frozenset(name.id for name in names if isinstance(name.ctx, ast.Load)),
        kernel=kernel,
    )


def _complete_kernel(notebook: Any, where: str) -> str:
    """Say which kernel runs a notebook; papermill needs its name and language written down."""
    kernel = notebook.metadata.get("kernelspec") or {}
    info = notebook.metadata.get("language_info") or {}
    for language in (kernel.get("language"), info.get("name")):
        if language not in (None, "python"):
            raise GridError(f"{where} is in {language}; only Python notebooks are swept.")
    notebook.metadata["kernelspec"] = {**_KERNEL, **kernel}
    return str(notebook.metadata["kernelspec"]["name"])


def _parameters_cell(notebook: Any, where: str) -> ast.Module:
    """Find the one cell tagged ``parameters``, and parse it."""
    tagged = [cell for cell in notebook.cells if _is_code(cell) and "parameters" in _tags(cell)]
    if len(tagged) != 1:
        raise GridError(
            f"{where} has {len(tagged) or 'no'} cells tagged 'parameters'; tag the one cell that "
            "holds the defaults (JupyterLab: property inspector, cell tags)."
        )
    try:
        return ast.parse(tagged[0].source)
    except (SyntaxError, ValueError) as error:  # ValueError: null bytes
        raise GridError(f"{where}: its parameters cell is not plain Python ({error}).") from error


def _is_code(cell: Any) -> bool:
    return bool(cell.cell_type == "code")


def _tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


def _defaults(tree: ast.Module) -> dict[str, Any]:
    """Read the lines ``name = value`` and ``name: type = value``, the first of each name.

    `papermill.inspect_notebook` would overlook ``x: str | None = "y"``.
    """
    defaults: dict[str, Any] = {}
    for line in tree.body:
        value = line.value if isinstance(line, ast.Assign | ast.AnnAssign) else None
        if value is not None:
            annotation = getattr(line, "annotation", None)
            for target in getattr(line, "targets", None) or [getattr(line, "target", None)]:
                if isinstance(target, ast.Name):
                    defaults.setdefault(target.id, _default(value, annotation))
    return defaults


def _default(value: ast.expr, annotation: ast.expr | None) -> Any:
    """Read a default that is a plain value; None, which anything fits, where the type is open."""
    if annotation and _OPEN_TYPE.search(ast.unparse(annotation)):
        return None
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError):  # an expression; {[1]: 2}, which fails when it is run
        return None
