"""A running cluster: a scheduler and two workers over TCP, one of which is killed in mid-run."""

import signal
import socket
import subprocess

import pytest


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.slow
def test_worker_killed_in_mid_run_costs_nothing_but_that_run_again(
    tmp_path, write_grid, gate, check, notes, start, wait, free_port, left_running
):
    xs = [float(x) for x in range(4)]
    grid, out = write_grid(xs, gate(1.0)), tmp_path / "runs"
    address = f"tcp://127.0.0.1:{free_port}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    start("distributed.cli.dask_scheduler", "--port", free_port, "--no-dashboard", **quiet)
    options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", tmp_path)
    workers = [
        start("distributed.cli.dask_worker", address, *options, "--name", name, **quiet)
        for name in ("a", "b")
    ]
    from distributed import Client

    with Client(address, set_as_default=False, timeout="180s") as client:
        client.wait_for_workers(2, timeout=180)
    driver = start(
        *("ecglab.cli", "sweep", grid, "--out", out, "--scheduler", address, "--quiet"),
        stdout=subprocess.PIPE,
        text=True,
    )
    wait(lambda: len(notes("started")) == 3)  # one is over, and each worker is at one
    wait(lambda: [*out.glob("runs/*/*.json")])  # what the driver has fetched no worker can lose
    workers[1].send_signal(signal.SIGKILL)
    workers[1].wait()
    gate.open()
    said, _ = driver.communicate(timeout=300)
    assert driver.returncode == 0
    assert said.startswith("4 runs done, 0 failed")
    check(out, xs)
    repeated = len(notes("started")) - len(xs)
    assert repeated <= 1
    assert len(notes("ended")) <= len(xs) + repeated
    wait(lambda: len(left_running()) == 2)  # the scheduler and a worker; no kernel
