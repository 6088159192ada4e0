"""Claims: one owner at a time, taken over only from the dead."""

import json
import os
import subprocess
import sys
import time
from threading import Barrier, Thread

import pytest

from ecglab.sweep import _claims
from ecglab.sweep._claims import LEASE, Claim


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.claim"


def test_only_one_of_many_gets_a_claim(path):
    barrier, got = Barrier(8), []

    def try_it():
        barrier.wait()
        got.append(Claim.acquire(path))

    threads = [Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (claim,) = [claim for claim in got if claim]
    with claim:
        assert claim.is_ours()
        assert Claim.acquire(path) is None
    assert not path.exists()


def test_claim_of_a_dead_process_is_taken_over_at_once(path):
    code = (
        "import sys, os\nfrom pathlib import Path\nfrom ecglab.sweep._claims import Claim\n"
        "print(Claim.acquire(Path(sys.argv[1])).token)\nsys.stdout.flush()\nos._exit(1)"
    )
    token = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True
    ).stdout.strip()
    claim = Claim.acquire(path)
    assert claim.former == token
    assert claim.is_ours()


def test_only_one_of_many_takes_over_an_old_claim(path):
    path.write_text(json.dumps({"token": "old", "machine": "elsewhere", "pid": "1"}))
    os.utime(path, times=(time.time() - 2 * LEASE,) * 2)
    barrier, got = Barrier(8), []

    def try_it():
        barrier.wait()
        got.append(Claim.acquire(path))

    threads = [Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(claim is not None and claim.is_ours() for claim in got) == 1
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("content", ["", '{"token": "t", "machine": "elsewhere", "pid": "1"}'])
def test_claim_from_elsewhere_holds_for_its_lease(path, content):
    path.write_text(content)
    assert Claim.acquire(path) is None
    os.utime(path, times=(time.time() - 2 * LEASE,) * 2)
    assert Claim.acquire(path) is not None


@pytest.mark.parametrize(("shift", "holds"), [(1.5, True), (-1.5, True), (60, False)])
def test_claim_outlives_a_small_step_of_the_clock(path, shift, holds):
    """The start of a process is counted from the boot time, which moves with the clock."""
    with Claim.acquire(path):
        owner = json.loads(path.read_text())
        owner["started"] = str(float(owner["started"]) + shift)
        path.write_text(json.dumps(owner))
        assert (Claim.acquire(path) is None) is holds


def test_owner_gives_signs_of_life_and_learns_that_it_lost_its_claim(path, monkeypatch, wait):
    monkeypatch.setattr(_claims, "LEASE", 0.3)
    with Claim.acquire(path) as claim:
        os.utime(path, times=(0, 0))
        wait(lambda: path.stat().st_mtime > 0)
        path.write_text('{"token": "another"}')
        os.utime(path, times=(0, 0))
        time.sleep(0.3)
        assert path.stat().st_mtime == 0  # it gives no signs of life for its successor
        assert not claim.is_ours()
    assert path.exists()  # it is not ours to remove
