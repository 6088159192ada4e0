"""One notebook in one kernel: what can go wrong there that a whole sweep does not show."""

import subprocess
import sys

import pytest


def test_worker_ends_itself_if_papermill_never_returns():
    code = (
        "import time\nfrom ecglab.sweep import _kernel\n_kernel._GRACE = 0.2\n"
        "with _kernel._Guard(timeout=0.1, memory_limit=None):\n    time.sleep(60)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=50).returncode == 1


@pytest.mark.slow
def test_template_trains_a_detector_and_records_validation_before_test(tmp_path):
    import os
    from pathlib import Path

    from ecglab.sweep import expand, load_grid
    from ecglab.sweep._kernel import execute
    from ecglab.sweep._record import find_records

    template = Path(__file__).parents[2] / "notebooks" / "templates" / "train_detector.ipynb"
    grid = load_grid(
        {
            "notebook": str(template),
            "parameters": {"autoencoder": "conv", "max_epochs": 2, "scaler": None},
            "axes": {"autoencoder_params": [{"code": 4}], "random_state": [0]},
        }
    )
    execution = execute(
        grid.notebook.text, expand(grid)[0], environment=dict(os.environ), folder=str(tmp_path)
    )
    assert execution.error is None, execution.traceback
    metrics = find_records(execution.notebook.cells)
    assert next(iter(metrics)) == "validation ROC-AUC"
    assert metrics["source"] == "simulated"
    assert metrics["epochs"] == 2
    assert metrics["label_free"] is True
    assert 0.5 < metrics["test ROC-AUC"] <= 1
