"""What `pytest --nbval notebooks/` compares: outputs on ECG5000, nothing on simulated heartbeats.

The committed outputs were computed on ECG5000. Where it cannot be had, the notebooks still run,
every cell and every check in them, on simulated heartbeats, and the run says so.
"""

import os

import pytest

_notice: str | None = None


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
    """Compare nothing in the notebook on recordings where those of MIT-BIH cannot be had."""
    cells = [item for item in items if "recording" in item.path.name and hasattr(item, "options")]
    from ecglab.datasets import load_record

    if cells and load_record("mitdb/106", minutes=1).source == "simulated":
        for cell in cells:
            cell.options["check"] = False


def pytest_report_header() -> str | None:
    return f"ecglab: {_notice}" if _notice else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _notice and "SIMULATED" in _notice:
        terminalreporter.write_line(f"ecglab: {_notice}", yellow=True)
