"""What `pytest --nbval notebooks/` compares: outputs on ECG5000, nothing on simulated heartbeats.

The committed outputs were computed on ECG5000. Where it cannot be had, the notebooks still run,
every cell and every check in them, on simulated heartbeats, and the run says so.

Side by side (``-n auto``), there is a worker for each processor, and each computes on one thread.
"""

import os

import pytest

# Before any framework is loaded; what a worker starts inherits it. On two busy processors, two
# workers of two threads each wait for one another: a training step takes ten times as long.
if "PYTEST_XDIST_WORKER" in os.environ:
    for _name in ("OMP_NUM", "MKL_NUM", "OPENBLAS_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"):
        os.environ.setdefault(f"{_name}_THREADS", "1")

MOST_WORKERS = 8  # each holds both frameworks, 2 GB; and there are few more notebooks than that

_notice: str | None = None


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist, which nobody needs to run a notebook
def pytest_xdist_auto_num_workers() -> int:
    """Count the processors that this process may use, a container's quota included."""
    from joblib import cpu_count

    return int(min(cpu_count(), MOST_WORKERS))


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("nbval", default=False):
        return
    from ecglab.datasets import fetch_ecg5000
    from ecglab.errors import DatasetUnavailableError

    global _notice
    wanted = os.environ.get("ECGLAB_SOURCE", "auto")
    if wanted != "simulated":
        try:
            fetch_ecg5000()
        except DatasetUnavailableError as error:
            if wanted == "ecg5000":
                raise pytest.UsageError(str(error)) from error
        else:
            # The kernels inherit this, so that none of them falls back on its own.
            os.environ["ECGLAB_SOURCE"] = "ecg5000"
            _notice = "notebooks run on ECG5000, outputs are compared"
            return
    os.environ["ECGLAB_SOURCE"] = "simulated"
    config.option.nbval, config.option.nbval_lax = False, True
    _notice = "notebooks run on SIMULATED heartbeats: outputs were NOT compared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Compare no picture; and nothing in notebooks on recordings where MIT-BIH's are missing."""
    for notebook in {item.parent for item in items if hasattr(item.parent, "skip_compare")}:
        notebook.skip_compare += ("image/svg+xml",)  # as nbval does with the other formats
    from ecglab.datasets import load_record

    for topic, record in (("recording", "mitdb/106"), ("patients", "mitdb/230")):
        cells = [item for item in items if topic in item.path.name and hasattr(item, "options")]
        if cells and load_record(record, minutes=1).source == "simulated":
            for cell in cells:
                cell.options["check"] = False


def pytest_report_header() -> str | None:
    return f"ecglab: {_notice}" if _notice else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _notice and "SIMULATED" in _notice:
        terminalreporter.write_line(f"ecglab: {_notice}", yellow=True)
