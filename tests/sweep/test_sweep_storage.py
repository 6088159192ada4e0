"""Where results go: a disk that fills up, one that is read-only, and a bucket."""

import errno
import os
import shutil
import subprocess

import pytest

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
def test_full_disk_stops_the_sweep_and_nothing_is_lost(tmp_path, write_grid, check, mount, notes):
    xs = [float(x) for x in range(6)]
    grid, disk = write_grid(xs, "print('beat ' * 10_000)"), mount("size=200k")
    out = disk / "runs"
    with pytest.raises(SweepStorageError, match=os.strerror(errno.ENOSPC)):
        run(grid, out, n_workers=1, progress=False)
    finished = read_results(out)["x"].tolist()
    assert 1 <= len(finished) < len(xs)
    assert len(list(out.glob("runs/*/*"))) <= 2 * len(finished) + 1  # no claim, no draft

    subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
    run(grid, out, n_workers=1, progress=False)
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
    import boto3
    from papermill.s3 import S3

    monkeypatch.setattr(S3, "s3_session", (None, None, None))
    boto3.client("s3").create_bucket(Bucket="sweeps")
    yield "s3://sweeps/first"
    server.stop()


@pytest.mark.slow
def test_bucket_holds_notebooks_results_and_tables_and_is_resumed(write_grid, check, bucket, notes):
    import boto3

    run(write_grid([1.0, 2.0]), bucket, n_workers=1, progress=False)
    check(bucket, [1.0, 2.0])
    table = run(write_grid([1.0, 2.0, 3.0]), bucket, n_workers=1, progress=False)
    assert table["square"].tolist() == [1.0, 4.0, 9.0]
    assert sorted(notes("started")) == [1.0, 2.0, 3.0]
    check(bucket, [1.0, 2.0, 3.0])
    listing = boto3.client("s3").list_objects_v2(Bucket="sweeps", Prefix="first/")
    names = [item["Key"] for item in listing["Contents"]]
    assert {"first/results.parquet", "first/results.csv"} <= set(names)
    assert sum(name.endswith(".ipynb") for name in names) == 1 + 3


def test_bucket_that_is_not_there_is_refused(write_grid, bucket):
    with pytest.raises(SweepStorageError, match="cannot be"):
        run(write_grid([1.0]), "s3://elsewhere/runs", progress=False)
