"""Run notebooks from top to bottom and write them, with their outputs, to a folder.

Stops at the first cell that raises, and refuses outputs that a committed notebook must not hold:
anything on standard error.
"""

import argparse
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
CELL_TIMEOUT_SECONDS = 600


def execute(source: Path) -> nbformat.NotebookNode:
    """Run one notebook in its own folder and return it with clean metadata."""
    notebook = nbformat.read(source, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=CELL_TIMEOUT_SECONDS,
        record_timing=False,
        resources={"metadata": {"path": str(source.parent)}},
    )
    client.execute()
    # The Python version and the like would tell about the machine, and change with it.
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    return notebook


def complaints(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what was written to standard error, one line a message."""
    return [
        f"cell {number} wrote to standard error: {output.text.strip()}"
        for number, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr"
    ]


def main() -> int:
    """Run the notebooks named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for source in arguments.notebooks:
        start = time.monotonic()
        try:
            notebook = execute(source)
        except CellExecutionError as error:
            print(f"{source}: a cell raised\n{error}", file=sys.stderr)
            return 1
        simulated = False
        for complaint in complaints(notebook):
            # On simulated beats one such line is meant to be there: it says that they are.
            simulated = simulated or "SIMULATED" in complaint
            print(f"{source}: {complaint}", file=sys.stderr)
        if complaints(notebook) and not simulated:
            return 1
        nbformat.write(notebook, arguments.out / source.name)
        print(f"{source}: {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
