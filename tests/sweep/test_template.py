"""The template of the course, swept."""

from pathlib import Path

import pytest

from ecglab.sweep import run

TEMPLATE = Path(__file__).parents[2] / "notebooks" / "templates" / "train_detector.ipynb"


@pytest.mark.slow
def test_template_trains_a_detector_and_records_validation_before_test(tmp_path, scheduler):
    grid = {
        "notebook": str(TEMPLATE),
        "parameters": {"autoencoder": "conv", "max_epochs": 2, "scaler": None},
        "axes": {"autoencoder_params": [{"code": 4}], "random_state": [0]},
    }
    table = run(grid, tmp_path / "runs", scheduler=scheduler, progress=False)
    assert table["error"].tolist() == [None]
    assert table.attrs["metrics"][0] == "validation ROC-AUC"
    (row,) = table.to_dict("records")
    assert row["source"] == "simulated"
    assert row["epochs"] == 2
    assert row["label_free"] is True
    assert 0.5 < row["test ROC-AUC"] <= 1
