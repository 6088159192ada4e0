"""The script for SLURM runs a sweep in one job, with a scheduler and workers of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecglab.sweep import read_results

SCRIPT = Path(__file__).parents[2] / "tools" / "sweep.slurm"
# SLURM's launcher starts the same command once for each task of the job.
SRUN = """#!/usr/bin/env bash
trap 'kill $(jobs -p)' TERM
for task in 1 2; do "$@" & done
wait
"""


@pytest.mark.slow
def test_a_job_runs_the_sweep_with_workers_of_its_own_and_leaves_none(
    tmp_path, write_grid, notes, wait, left_running
):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "srun").write_text(SRUN)
    (programs / "srun").chmod(0o755)
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", str(SCRIPT), str(write_grid([1.0, 2.0])), "runs", "--timeout", "300"],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(read_results(tmp_path / "runs")["square"]) == [1.0, 4.0]
    assert sorted(notes("ended")) == [1.0, 2.0]
    assert not list(tmp_path.glob(".sweep-*"))
    wait(lambda: not left_running())  # neither scheduler nor worker nor kernel
