"""Downloading from real servers on this machine that behave in all the ways servers do."""

import hashlib
import logging
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from threading import Barrier, Event

import pooch
import pytest

from ecglab.datasets._fetch import download, user_cache
from ecglab.errors import DatasetError, DatasetUnavailableError

BODY = bytes(range(256)) * 2000
SHA256 = hashlib.sha256(BODY).hexdigest()
NAME = "ECG5000.zip"

CHILD = """
import sys
from pathlib import Path
from ecglab.datasets._fetch import download
*urls, sha256, folder = sys.argv[1:]
download(urls, sha256, Path(folder), "ECG5000.zip", progress=False)
"""


def _child(*urls, folder, prefix=""):
    """Start a process that downloads the file."""
    return subprocess.Popen(
        [sys.executable, "-c", prefix + CHILD, *urls, SHA256, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _files(folder):
    """List the names of all files below a folder."""
    return sorted(path.name for path in Path(folder).rglob("*") if path.is_file())


def _status(code):
    """Make the behaviour 'answer with this HTTP status'."""
    return lambda handler: handler.send_error(code)


def test_the_tests_are_cut_off_from_the_users_cache_and_the_network(tmp_path):
    assert tmp_path in user_cache().parents
    with pytest.raises(DatasetUnavailableError, match="the proxy could not be reached"):
        download(["https://example.org/ECG5000.zip"], SHA256, tmp_path, NAME, progress=False)


def test_a_good_mirror_gives_the_file_alone_and_readable_for_all(serve, answer, tmp_path):
    folder = tmp_path / "new" / "ecg5000"
    path = download([serve(answer(BODY))], SHA256, folder, NAME, progress=False)
    assert path.read_bytes() == BODY
    assert _files(tmp_path) == [NAME]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize("code", [404, 500])
def test_the_second_mirror_serves_when_the_first_has_an_error(serve, answer, tmp_path, code):
    urls = [serve(_status(code)), serve(answer(BODY))]
    path = download(urls, SHA256, tmp_path, NAME, progress=False)
    assert path.read_bytes() == BODY
    assert _files(tmp_path) == [NAME]


def test_the_first_mirror_is_preferred(serve, answer, tmp_path):
    asked = []

    def second(handler):
        asked.append(handler.command)
        handler.send_error(500)

    download([serve(answer(BODY)), serve(second)], SHA256, tmp_path, NAME, progress=False)
    assert "GET" not in asked


@pytest.mark.parametrize(
    ("body", "length", "error", "words"),
    [
        (BODY[:-9], len(BODY), DatasetUnavailableError, "broke off before the end"),
        (BODY[:-9], None, DatasetError, "not the published file"),
        (BODY[:-1] + b"\0", None, DatasetError, "not the published file"),
        (b"<html>Please log in</html>", None, DatasetError, "not the published file"),
    ],
    ids=["connection-lost", "truncated", "corrupted", "login-page"],
)
def test_bad_content_leaves_nothing_behind(serve, answer, tmp_path, body, length, error, words):
    url = serve(answer(body, length))
    with pytest.raises(DatasetError, match=words) as caught:
        download([url], SHA256, tmp_path, NAME, progress=False)
    assert caught.type is error
    assert _files(tmp_path) == []
    good = serve(answer(BODY))
    assert download([url, good], SHA256, tmp_path, NAME, progress=False).read_bytes() == BODY
    assert _files(tmp_path) == [NAME]


def test_errors_name_each_address_its_fault_and_the_way_out(serve, refusing, tmp_path):
    missing, broken = serve(_status(404)), serve(_status(503))
    with pytest.raises(DatasetUnavailableError) as caught:
        download([missing, broken, refusing], SHA256, tmp_path, NAME, progress=False)
    message = str(caught.value)
    assert f"{missing}: HTTP status 404 Not Found" in message
    assert f"{broken}: HTTP status 503 Service Unavailable" in message
    assert f"{refusing}: the connection failed" in message
    assert "ECGLAB_DATA_HOME" in message
    assert "make_heartbeats" in message
    assert caught.value.reason == "ECG5000.zip could not be downloaded from any of 3 addresses"


def test_an_address_that_is_none_is_not_taken_for_wrong_content(tmp_path):
    with pytest.raises(DatasetUnavailableError, match="InvalidURL"):
        download(["http://"], SHA256, tmp_path, NAME, progress=False)


def test_a_dead_network_is_noticed_in_less_than_ten_seconds(serve, black_hole, refusing, tmp_path):
    over, asked = Event(), []

    def dribble(handler):
        """Send a header that never ends, so that no single wait is a long one."""
        asked.append(time.monotonic())
        handler.send_response(200)
        handler.flush_headers()
        for _ in range(30):
            if not over.wait(0.5):
                handler.wfile.write(b"x")

    # In a process of its own, so that its end counts, too: nothing left behind may delay it.
    child = _child(serve(dribble), black_hole, refusing, folder=tmp_path)
    output, _ = child.communicate(timeout=30)
    seconds = time.monotonic() - asked[0]
    over.set()
    assert "DatasetUnavailableError" in output
    assert output.count("no answer in time") == 2
    assert seconds < 10
    assert _files(tmp_path) == []


def test_a_black_hole_does_not_keep_the_next_mirror_from_serving(
    serve, answer, black_hole, tmp_path
):
    start = time.monotonic()
    path = download([black_hole, serve(answer(BODY))], SHA256, tmp_path, NAME, progress=False)
    assert path.read_bytes() == BODY
    assert time.monotonic() - start < 10


def test_two_processes_at_once_both_succeed_silently_and_leave_one_file(serve, tmp_path):
    both_are_downloading = Barrier(2)

    def respond(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(BODY)))
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(BODY[:1000])
            both_are_downloading.wait(timeout=20)
            handler.wfile.write(BODY[1000:])

    url = serve(respond)
    children = [_child(url, folder=tmp_path / "ecg5000") for _ in range(2)]
    assert [(child.communicate(timeout=30)[0], child.returncode) for child in children] == [
        ("", 0),
        ("", 0),
    ]
    assert _files(tmp_path) == [NAME]
    assert (tmp_path / "ecg5000" / NAME).read_bytes() == BODY


@pytest.mark.parametrize("content", [BODY, b"half of it"])
def test_a_file_that_appears_meanwhile_is_no_obstacle(serve, answer, tmp_path, content):
    def respond(handler):
        (tmp_path / NAME).write_bytes(content)
        answer(BODY)(handler)

    path = download([serve(respond)], SHA256, tmp_path, NAME, progress=False)
    assert path.read_bytes() == BODY
    assert _files(tmp_path) == [NAME]


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_an_interrupted_download_leaves_nothing_behind(serve, tmp_path):
    halfway, over = Event(), Event()

    def respond(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(BODY)))
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(BODY[: len(BODY) // 2])
            handler.wfile.flush()
            halfway.set()
            over.wait(20)

    # A process that was itself started in the background may have been told to ignore SIGINT.
    prefix = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    child = _child(serve(respond), folder=tmp_path / "ecg5000", prefix=prefix)
    assert halfway.wait(20)
    _wait_until(lambda: any(path.stat().st_size for path in tmp_path.rglob("tmp*")))
    child.send_signal(signal.SIGINT)
    output, _ = child.communicate(timeout=20)
    over.set()
    assert "KeyboardInterrupt" in output
    assert _files(tmp_path) == []


def _wait_until(condition, seconds=10.0):
    """Wait until something has happened."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_full_disk_is_told_and_leaves_nothing_behind(serve, answer, tmp_path, full_disk):
    told = r"(?s)ECG5000\.zip cannot be written to.*File too large.*ECGLAB_DATA_HOME"
    with full_disk(1000), pytest.raises(DatasetError, match=told):
        download([serve(answer(BODY))], SHA256, tmp_path / "ecg5000", NAME, progress=False)
    assert _files(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_told(serve, answer, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DatasetError, match=r"cannot be written to .*file") as caught:
        download([serve(answer(BODY))], SHA256, tmp_path / "file" / "x", NAME, progress=False)
    assert caught.type is DatasetError


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root ignores modes")
def test_a_read_only_folder_is_told(serve, answer, tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(DatasetError, match="cannot be written to"):
        download([serve(answer(BODY))], SHA256, tmp_path, NAME, progress=False)
    tmp_path.chmod(0o755)


@pytest.mark.parametrize("progress", [True, False])
def test_the_progress_bar_is_all_that_is_ever_shown(
    serve, answer, tmp_path, capfd, progress, monkeypatch
):
    monkeypatch.setattr(pooch.get_logger(), "level", logging.DEBUG)
    download([serve(answer(BODY))], SHA256, tmp_path, NAME, progress=progress)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert ("100%" in shown.err) == progress
    assert progress or shown.err == ""
    assert pooch.get_logger().level == logging.DEBUG


def test_each_step_is_logged_for_whoever_wants_to_know(serve, answer, refusing, tmp_path, caplog):
    good = serve(answer(BODY))
    with caplog.at_level(logging.INFO, logger="ecglab"):
        download([refusing, good], SHA256, tmp_path, NAME, progress=False)
    assert f"{refusing}: the connection failed" in caplog.text
    assert f"Downloading {NAME} from {good}" in caplog.text
