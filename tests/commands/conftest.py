"""What the tests of the commands share: beats in files, a trained model, and ways to run them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from records import simulate, write_marks, write_wfdb

from ecglab import cli
from ecglab.datasets import make_heartbeats
from ecglab.heartbeats import Heartbeats

QUICK = ["--autoencoder", "dense_torch", "--max-epochs", "5", "--quiet"]


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> dict[str, Any]:
        """What it printed with ``--json``."""
        return json.loads(self.out)


def heed_ctrl_c() -> None:
    """Undo what a process that was itself started in the background hands on: to ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def run(capsys) -> Callable[..., Said]:
    """Return the function that runs a command in this process."""

    def run_command(*words: object) -> Said:
        try:
            code = cli.main([str(word) for word in words])
        except SystemExit as end:  # argparse's way out
            code = int(end.code)
        return Said(code, *capsys.readouterr())

    return run_command


@pytest.fixture(scope="session")
def console() -> Callable[..., subprocess.Popen]:
    """Return the function that starts a command as a process of its own."""

    def start(*words: object, **options: Any) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "ecglab.cli", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            **{"preexec_fn": heed_ctrl_c, **options},
        )

    return start


@pytest.fixture(scope="session")
def beats() -> Heartbeats:
    return make_heartbeats(400, random_state=0)


@pytest.fixture(scope="session")
def table(beats) -> pd.DataFrame:
    frame = pd.DataFrame(beats.signals, columns=[f"s{i}" for i in range(beats.n_samples)])
    return frame.assign(label=beats.labels)


@pytest.fixture(scope="session")
def csv(table, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "beats.csv"
    table.to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def unlabelled(beats, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("unlabelled") / "normal.csv"
    pd.DataFrame(beats.normal.signals).to_csv(path, index=False, header=False)
    return path


@pytest.fixture(scope="session")
def write_record() -> Callable[..., Path]:
    """Return the function that simulates a recording and writes it as WFDB."""

    def write(folder: Path, name: str = "sim", minutes: float = 2.0) -> Path:
        raw = simulate(minutes, {"V": 0.1}, 250.0)
        samples = np.round(raw.marks.times * raw.rate).astype(int)
        write_marks(folder / f"{name}.atr", samples, raw.marks.symbols.tolist())
        return write_wfdb(folder, {raw.lead: raw.values}, raw.rate, name=name)

    return write


@pytest.fixture(scope="session")
def record(write_record, tmp_path_factory) -> Path:
    return write_record(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="session")
def model(csv, tmp_path_factory) -> Path:
    """Return a trained model's folder."""
    folder = tmp_path_factory.mktemp("models") / "model"
    assert cli.main(["train", str(csv), "--out", str(folder), *QUICK]) == 0
    return folder


def left_behind(folder: Path) -> list[str]:
    """Name what is in a folder, however well hidden."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="session")
def names_in() -> Callable[[Path], list[str]]:
    return left_behind


@pytest.fixture(scope="session")
def quick() -> list[str]:
    """Return the options that make training short."""
    return QUICK
