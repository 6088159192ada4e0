"""The notebook that is swept: its parameters, and what of it decides about results."""

import ast
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat

from ecglab.sweep._errors import GridError

__all__ = ["Notebook", "read_notebook"]

_OWN_SCOPE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_OPEN_TYPE = re.compile(r"\b(None|Optional|Any)\b")


@dataclass(frozen=True)
class Notebook:
    """A notebook with a cell tagged ``parameters``, without outputs.

    Parameters
    ----------
    path : Path
        Where it was read.
    text : str
        The notebook, outputs removed, as JSON.
    defaults : mapping of str to Any
        The parameters, with the defaults as written; None where nothing is known of the type.
    derived : mapping of str to str
        For each name that another one is computed from in the same cell, the other one.
    kernel : str
        Name of the Jupyter kernel that it asks for.
    """

    path: Path
    text: str
    defaults: Mapping[str, Any]
    derived: Mapping[str, str]
    kernel: str

    @cached_property
    def sha256(self) -> str:
        """Checksum of the code, cell by cell; prose and outputs do not change a result."""
        cells = nbformat.reads(self.text, as_version=4).cells
        code = [[cell.source, cell.metadata.get("tags", [])] for cell in cells if _is_code(cell)]
        return hashlib.sha256(json.dumps(code).encode()).hexdigest()


def read_notebook(path: Path, where: str) -> Notebook:
    """Read a notebook that is to be swept.

    Parameters
    ----------
    path : Path
        The notebook.
    where : str
        The place that names it, for errors.

    Raises
    ------
    GridError
        If it is not there, not a notebook, not in Python, or has no usable ``parameters`` cell.
    """
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    except OSError as error:
        raise GridError(f"{where}: {path} cannot be read: {error.strerror}.") from error
    except Exception as error:  # nbformat raises a dozen kinds
        raise GridError(f"{where}: {path} is not a Jupyter notebook ({error}).") from error
    kernel = _complete_kernel(notebook, f"{where}: {path}")
    tagged = [
        cell
        for cell in notebook.cells
        if _is_code(cell) and "parameters" in cell.metadata.get("tags", [])
    ]
    if len(tagged) != 1:
        raise GridError(
            f"{where}: {path} has {len(tagged) or 'no'} cells tagged 'parameters'; tag the one "
            "cell that holds the defaults (JupyterLab: property inspector, cell tags)."
        )
    try:
        tree = ast.parse(tagged[0].source)
    except (SyntaxError, ValueError) as error:  # ValueError: null bytes
        raise GridError(
            f"{where}: the parameters cell of {path} is not plain Python ({error})."
        ) from error
    for cell in filter(_is_code, notebook.cells):
        cell.outputs, cell.execution_count = [], None
    return Notebook(
        path=path,
        text=nbformat.writes(notebook),
        defaults={
            name: _default(value, note)
            for statement in tree.body
            for name, value, note in _assignments(statement)
        },
        derived={used: name for statement in tree.body for used, name in _derivations(statement)},
        kernel=kernel,
    )


def _complete_kernel(notebook: Any, where: str) -> str:
    """Say which kernel runs a notebook; papermill needs its name and language written down."""
    kernel = notebook.metadata.get("kernelspec") or {}
    info = notebook.metadata.get("language_info") or {}
    for language in (kernel.get("language"), info.get("name")):
        if language not in (None, "python"):
            raise GridError(f"{where} is in {language}; only Python notebooks are swept.")
    usual = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["kernelspec"] = {**usual, **kernel}
    return str(notebook.metadata["kernelspec"]["name"])


def _is_code(cell: Any) -> bool:
    return bool(cell.cell_type == "code")


def _assignments(
    statement: ast.AST,
) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    """Find every name that a statement gives a value to, with the value and the annotation.

    The value is None where it cannot be read off: ``x += 1``, or inside of an ``if``. papermill's
    own inspection reads line by line; it overlooks ``a, b = 1, 2`` and ``x: str | None = "y"``,
    which papermill can set all the same.
    """
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        if statement.value is not None:
            yield statement.target.id, statement.value, statement.annotation
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            for name, value in _pairs(target, statement.value):
                yield name, value, None
    elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id, None, None
    elif not isinstance(statement, _OWN_SCOPE):
        for part in ast.iter_child_nodes(statement):
            if isinstance(part, ast.stmt | ast.ExceptHandler | ast.match_case):
                for name, _, _ in _assignments(part):
                    yield name, None, None


def _derivations(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """Find which names a statement uses to give a value to another one, condition included."""
    if isinstance(statement, _OWN_SCOPE):
        return
    nodes = list(ast.walk(statement))
    stored = [_root(node) for node in nodes if isinstance(getattr(node, "ctx", None), ast.Store)]
    names = [name for name, _, _ in _assignments(statement)]  # before the variables of loops
    names += [node.id for node in stored if isinstance(node, ast.Name)]
    for used in nodes:
        if isinstance(used, ast.Name) and isinstance(used.ctx, ast.Load):
            for name in [name for name in names if name != used.id][:1]:
                yield used.id, name


def _root(node: ast.AST) -> ast.AST:
    """Return the ``a`` of ``a["b"].c``, whose value changes with it."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Take ``a, b = 1, 2`` apart."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        parts: list[ast.expr] = [value] * len(target.elts)
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(parts):
            parts = value.elts
        for name, part in zip(target.elts, parts, strict=True):
            yield from _pairs(name, part)


def _default(value: ast.expr | None, annotation: ast.expr | None) -> Any:
    """Read a default that is a plain value; None, which anything fits, where the type is open."""
    if value is None or (annotation and _OPEN_TYPE.search(ast.unparse(annotation))):
        return None
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError):  # an expression; {[1]: 2}, which fails when it is run
        return None
