"""Grading the notebooks of a class: each runs in a kernel of its own, on beats that it cannot know.

A learner's code shares the kernel with the checks, so this stops typed answers and edited checks,
not somebody who sets out to forge. Nothing of a submission is executed outside of that kernel.
"""

import json
import os
import re
import shutil
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from secrets import randbelow, token_hex
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from ecglab import datasets
from ecglab.heartbeats import Heartbeats

_COLUMNS = ["notebook", "exercise", "passed", "reply"]
_CHECK = re.compile(r"^course\.check_(?!band\b)(\w+)\(", re.MULTILINE)
_FIRST = "from ecglab.course._grade import hide_beats\nhide_beats({seed})"
# The check of the course, not the learner's copy of it, from modules that nobody has changed; what
# it says counts only behind a word that no cell before this one could know.
_ASK = """\
for _name in [name for name in __import__("sys").modules if name.startswith("ecglab.course")]:
    del __import__("sys").modules[_name]
import ecglab.course as course
_reply = (
{check}
)
print("{word}" + __import__("json").dumps([bool(_reply), _reply.message]))"""


def grade(
    notebook: str | os.PathLike[str],
    course: str | os.PathLike[str] = "notebooks",
    *,
    seed: int | None = None,
    timeout: float = 900.0,
) -> pd.DataFrame:
    """Run a learner's notebook and let the course's own checks judge its answers.

    The notebook runs in a kernel of its own, in a copy of the course's folder, with another
    ``random_state`` and without some of the beats, so that an answer has to be computed. Cells
    tagged ``solution`` are left out. A cell that raises does not end the run.

    Parameters
    ----------
    notebook : path-like
        What the learner handed in, under any name: it is known by the checks in it.
    course : path-like, default "notebooks"
        The folder of the course's own notebooks; ``benchmarks`` is looked for beside it.
    seed : int, optional
        Which beats are left out, and the ``random_state`` of the run; drawn when left out. Give
        all learners the same one.
    timeout : float, default 900
        Seconds for the whole notebook; its kernel is killed then, and answers not reached fail.

    Returns
    -------
    pandas.DataFrame
        One row an exercise: ``notebook`` (of the course), ``exercise``, ``passed``, ``reply``. A
        file that is no notebook of the course has one row, with neither.

    Raises
    ------
    FileNotFoundError
        If there are no notebooks in `course`.
    ModuleNotFoundError
        If the extra ``sweep``, which runs notebooks, is not installed.
    """
    import nbformat

    from ecglab.sweep import execute

    course = Path(course)
    checks = _checks_of_course(course)
    try:
        handed_in = nbformat.read(notebook, as_version=4)
        name = _recognise(handed_in, checks)
    except Exception as error:  # nbformat raises whatever a damaged file makes it stumble over
        reply = f"cannot be graded ({type(error).__name__}: {error})"
        return pd.DataFrame([["", "", False, reply]], columns=_COLUMNS)
    seed = randbelow(10**6) if seed is None else seed
    words = {exercise: f"{token_hex(16)} " for exercise in checks[name]}
    _prepare(handed_in, checks[name], words, seed)
    with TemporaryDirectory(prefix="ecglab-", ignore_cleanup_errors=True) as scratch:
        execution = execute(
            nbformat.writes(handed_in),
            {"random_state": seed},
            environment={"OMP_NUM_THREADS": "1", **os.environ},
            folder=str(_copy(course, Path(scratch))),
            timeout=timeout,
        )
    rows = [
        [name, exercise, *_reply(execution.notebook, word, execution.error)]
        for exercise, word in words.items()
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def hide_beats(seed: int) -> None:
    """Leave some beats out of whatever this process loads, more of the anomalies than of others.

    Parameters
    ----------
    seed : int
        Which ones, and how many.
    """

    def thinned(load: Callable[..., Heartbeats]) -> Callable[..., Heartbeats]:
        @wraps(load)
        def load_some(*arguments: Any, **options: Any) -> Heartbeats:
            beats = load(*arguments, **options)
            generator = np.random.default_rng(seed)
            hidden = np.where(beats.is_anomaly, generator.uniform(0.1, 0.3), 0.05)
            return beats[generator.random(len(beats)) >= hidden]

        return load_some

    for name in ("load_heartbeats", "fetch_ecg5000"):
        setattr(datasets, name, thinned(getattr(datasets, name)))


def _checks_of_course(course: Path) -> dict[str, dict[str, str]]:
    """Find the cell that checks each exercise, notebook by notebook."""
    import nbformat

    notebooks = {path.stem: nbformat.read(path, 4) for path in sorted(course.glob("[0-9]*.ipynb"))}
    if not notebooks:
        raise FileNotFoundError(
            f"{course} holds no notebook of the course. Name the folder of a clone that does."
        )
    return {
        name: {found[1]: cell.source for cell in _own(notebook) if (found := _find(cell))}
        for name, notebook in notebooks.items()
    }


def _recognise(notebook: Any, checks: dict[str, dict[str, str]]) -> str:
    """Name the notebook of the course that has most of the same checks."""
    named = {found[1] for cell in notebook.cells if (found := _find(cell))}
    best = max(checks, key=lambda name: len(named & set(checks[name])))
    if not named & set(checks[best]):
        raise ValueError("it has none of the checks of the course")
    return best


def _prepare(notebook: Any, checks: dict[str, str], words: dict[str, str], seed: int) -> None:
    """Add the course's own checks behind the learner's, and what hides the beats before all."""
    from nbformat.v4 import new_code_cell

    cells = _own(notebook)
    for exercise, check in checks.items():
        places = [
            n for n, cell in enumerate(cells) if (found := _find(cell)) and found[1] == exercise
        ]
        ask = new_code_cell(_ASK.format(check=check, word=words[exercise]))
        cells.insert(places[-1] + 1 if places else len(cells), ask)
    notebook.cells = [new_code_cell(_FIRST.format(seed=seed)), *cells]
    for cell in notebook.cells:
        cell.metadata["tags"] = [*cell.metadata.get("tags", []), "raises-exception"]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}


def _own(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if "solution" not in cell.metadata.get("tags", [])]


def _find(cell: Any) -> re.Match[str] | None:
    return _CHECK.search(cell.source) if cell.cell_type == "code" else None


def _copy(course: Path, scratch: Path) -> Path:
    """Copy what the notebooks read, so that no submission can change it."""
    if (tables := course.resolve().parent / "benchmarks").is_dir():
        shutil.copytree(tables, scratch / "benchmarks")
    leave_out = shutil.ignore_patterns("[0-9]*.ipynb")
    return Path(shutil.copytree(course, scratch / "notebooks", ignore=leave_out))


def _reply(notebook: Any, word: str, error: str | None) -> tuple[bool, str]:
    """Read what the check with this word said."""
    (cell,) = (cell for cell in notebook.cells if word in cell.source)
    for output in cell.outputs:
        if output.output_type == "error":
            return False, f"{output.ename}: {output.evalue}"
        if output.output_type == "stream" and word in output.text:
            passed, message = json.loads(output.text.partition(word)[2].splitlines()[0])
            return passed, message
    return False, f"not reached ({error or 'an answer before it ended the notebook'})"
