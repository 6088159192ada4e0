"""Where results go: a disk that fills up, one that is read-only, and a bucket."""

import errno
import os
import shutil
import subprocess

import pandas as pd
import pytest
from pyarrow.fs import FileSelector, FileSystem

from ecglab.sweep import SweepStorageError, read_results, run


@pytest.fixture
def mount(tmp_path):
    """Return the function that mounts a small disk, or skip where one may not mount."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def do(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("mounting a small disk needs root")
        return folder

    yield do
    subprocess.run(["umount", "--lazy", str(folder)], capture_output=True)


@pytest.mark.slow
def test_full_disk_stops_the_sweep_and_nothing_is_lost(write_grid, check, mount, notes, scheduler):
    xs = [float(x) for x in range(6)]
    grid, disk = write_grid(xs, "print('beat ' * 10_000)"), mount("size=200k")
    out = disk / "runs"
    with pytest.raises(SweepStorageError, match=os.strerror(errno.ENOSPC)):
        run(grid, out, scheduler=scheduler, progress=False)
    finished = read_results(out)["x"].tolist()
    assert 1 <= len(finished) < len(xs)
    assert len(list(out.glob("runs/*/*"))) <= 2 * len(finished) + 1  # no draft

    subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
    run(grid, out, scheduler=scheduler, progress=False)
    check(out, xs)
    assert all(notes("started").count(x) == 1 for x in finished)


def test_read_only_disk_is_refused_before_anything_runs(tmp_path, write_grid, mount, notes):
    out = mount("size=200k,ro") / "runs"
    with pytest.raises(SweepStorageError, match=os.strerror(errno.EROFS)):
        run(write_grid([1.0]), out, progress=False)
    assert notes("started") == []


@pytest.fixture
def bucket(monkeypatch):
    """Return the address of an empty bucket on a local server."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    files, _ = FileSystem.from_uri("s3://sweeps?allow_bucket_creation=true")
    files.create_dir("sweeps")
    yield "s3://sweeps/first"
    server.stop()


@pytest.mark.slow
def test_bucket_holds_notebooks_results_and_tables_and_is_resumed(
    write_grid, bucket, notes, scheduler, caplog
):
    options = {"scheduler": scheduler, "progress": False}
    run(write_grid([1.0, 2.0]), bucket, **options)
    files, _ = FileSystem.from_uri(bucket)
    with files.open_output_stream("sweeps/first/driver.json") as stream:
        stream.write(b'{"host": "elsewhere", "process": 7, "since": "noon"}')
    table = run(write_grid([1.0, 2.0, 3.0]), bucket, **options)
    assert "(host elsewhere, process 7, since noon) is at work on s3://sweeps/first" in caplog.text
    assert table["square"].tolist() == [1.0, 4.0, 9.0]
    assert sorted(notes("started")) == [1.0, 2.0, 3.0]
    assert sorted(read_results(bucket)["x"]) == [1.0, 2.0, 3.0]
    paths = [file.path for file in files.get_file_info(FileSelector("sweeps", recursive=True))]
    names = {path.removeprefix("sweeps/first/") for path in paths}
    assert {"results.parquet", "results.csv", *table["notebook"]} <= names
    assert "driver.json" not in names
    written = pd.read_parquet("sweeps/first/results.parquet", filesystem=files)
    assert sorted(written["x"]) == [1.0, 2.0, 3.0]


def test_bucket_that_is_not_there_is_refused(write_grid, bucket):
    with pytest.raises(SweepStorageError, match="cannot be"):
        run(write_grid([1.0]), "s3://elsewhere/runs", progress=False)


def test_address_of_no_known_kind_is_refused(write_grid):
    with pytest.raises(SweepStorageError, match=r"ftp://host/runs cannot be used"):
        run(write_grid([1.0]), "ftp://host/runs", progress=False)
