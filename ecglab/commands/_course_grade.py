"""The command ``ecglab course grade``."""

import argparse
import json
from pathlib import Path
from secrets import randbelow

import pandas as pd
from joblib import Parallel, delayed

from ecglab._files import writing
from ecglab.commands._exit import EXIT_CODES, Outcome, UsageError, add_output_options, concluded
from ecglab.commands._options import positive, positive_int, seed
from ecglab.course import grade
from ecglab.sweep import execute  # noqa: F401  # what runs notebooks; missing, it is missed here


class Grade:
    """Run the notebooks that learners handed in, and write what the checks say of each answer.

    Each runs in a kernel of its own, on beats that it cannot know. It is still somebody else's
    code: grade on a machine, or in a container, on which it can do no harm.
    """

    EPILOG = f"""example:
  ecglab course grade submissions --timeout 600

A learner is a folder in FOLDER, or a notebook that lies in it directly. Each row of grade.json has
learner, file, notebook, exercise, passed and reply.

{EXIT_CODES}"""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Say which arguments there are."""
        add_output_options(parser)
        parser.add_argument("folder", type=Path, metavar="FOLDER", help="what was handed in")
        parser.add_argument(
            "--course",
            type=Path,
            default="notebooks",
            metavar="FOLDER",
            help="the course's own notebooks (default: notebooks)",
        )
        parser.add_argument(
            "--out", type=Path, metavar="FILE", help="where to write (default: FOLDER/grade.json)"
        )
        parser.add_argument(
            "--timeout", type=positive, default=900, metavar="S", help="seconds for one notebook"
        )
        parser.add_argument(
            "--seed", type=seed, metavar="N", help="to repeat a grading (default: drawn, and kept)"
        )
        parser.add_argument(
            "--workers", type=positive_int, default=1, metavar="N", help="notebooks side by side"
        )

    @staticmethod
    @concluded
    def execute(arguments: argparse.Namespace) -> Outcome:
        """Grade all notebooks and write the table."""
        folder, out = arguments.folder, arguments.out or arguments.folder / "grade.json"
        files = sorted(
            path for path in folder.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
        )
        if not files:
            raise UsageError(f"{folder} holds no notebook. Name the folder that they lie in.")
        hidden = randbelow(10**6) if arguments.seed is None else arguments.seed
        try:
            tables = Parallel(arguments.workers)(
                delayed(grade)(path, arguments.course, seed=hidden, timeout=arguments.timeout)
                for path in files
            )
        except FileNotFoundError as error:
            raise UsageError(f"{error} It is said with --course.") from error
        for path, table in zip(files, tables, strict=True):
            place = path.relative_to(folder)
            table.insert(0, "file", place.as_posix())
            table.insert(0, "learner", place.with_suffix("").parts[0])
        rows = pd.concat(tables)
        facts = {"seed": hidden, "grades": rows.to_dict("records")}
        with writing(out) as unfinished:
            unfinished.write_text(json.dumps(facts, indent=1), encoding="utf-8")
        marks = rows.groupby("learner")["passed"].agg(["sum", "size"])
        lines = [f"{learner}: {passed} of {of}" for learner, (passed, of) in marks.iterrows()]
        return Outcome(
            {"command": "course grade", "file": str(out), **facts}, [*lines, f"rows: {out}"]
        )
