"""Run notebooks from top to bottom and write them, with their outputs, to a folder.

As many run side by side as there are processors; all end at the first cell that raises. Outputs
that a committed notebook must not hold are refused: anything on standard error. Figures are
kept with a palette, which takes less than half of the space.
"""

import argparse
import os
import sys
import time
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from joblib import Parallel, cpu_count, delayed
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from PIL import Image

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
CELL_TIMEOUT_SECONDS = 600
LAST_WORDS = 2000  # characters, of a kernel that died
# The threads of several notebooks on the same processors would wait for one another.
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def execute(source: Path, n_threads: int) -> nbformat.NotebookNode:
    """Run one notebook in its own folder and return it with clean metadata."""
    notebook = nbformat.read(source, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=CELL_TIMEOUT_SECONDS,
        record_timing=False,
        resources={"metadata": {"path": str(source.parent)}},
    )
    with TemporaryDirectory(prefix="ecglab-") as sockets:
        # Free TCP ports are chosen before they are bound, so that kernels which start at once can
        # take them from each other; and every kernel warns that anybody could listen.
        manager = client.create_kernel_manager()
        if os.name == "posix":
            manager.transport = "ipc"
        manager.connection_file = f"{sockets}/kernel.json"
        # Kernels that end while they are spoken to complain, of nothing that a reader could mend.
        words = Path(sockets) / "stderr"
        with words.open("wb") as stderr:
            try:
                client.execute(
                    env=dict.fromkeys(THREADS, str(n_threads)) | os.environ, stderr=stderr
                )
            except DeadKernelError as error:
                last = words.read_text(errors="replace")[-LAST_WORDS:]
                raise RuntimeError(f"{source}: {error}\n{last}") from None
    # The Python version and the like would tell about the machine, and change with it.
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    return notebook


def shrink_figures(notebook: nbformat.NotebookNode) -> None:
    """Keep 256 colours of each figure: drawings have no more that an eye could tell apart."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                drawn = Image.open(BytesIO(b64decode(output.data["image/png"]))).convert("RGB")
                small = BytesIO()
                drawn.quantize(dither=Image.Dither.NONE).save(small, "png", optimize=True)
                output.data["image/png"] = b64encode(small.getvalue()).decode()


def complaints(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what was written to standard error, one line a message."""
    return [
        f"cell {number} wrote to standard error: {output.text.strip()}"
        for number, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr"
    ]


def publish(source: Path, folder: Path, n_threads: int) -> None:
    """Run one notebook, write it, and say how it went."""
    start = time.monotonic()
    try:
        notebook = execute(source, n_threads)
    except CellExecutionError as error:
        raise RuntimeError(f"{source}: a cell raised\n{error}") from None
    found = [f"{source}: {complaint}" for complaint in complaints(notebook)]
    # On simulated beats one such line is meant to be there: it says that they are.
    if found and not any("SIMULATED" in complaint for complaint in found):
        raise RuntimeError("\n".join(found))
    for complaint in found:
        print(complaint, file=sys.stderr)
    shrink_figures(notebook)
    nbformat.write(notebook, folder / source.name)
    print(f"{source}: {time.monotonic() - start:.0f} s", flush=True)


def main() -> int:
    """Run the notebooks named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    n_kernels = min(cpu_count(), len(arguments.notebooks))
    n_threads = cpu_count() // n_kernels
    try:
        Parallel(n_kernels, pre_dispatch="n_jobs", batch_size=1)(
            delayed(publish)(source, arguments.out, n_threads) for source in arguments.notebooks
        )
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
