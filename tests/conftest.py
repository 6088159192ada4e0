"""Fixtures for all tests: a closed-off environment, the real data, a small archive, mirrors."""

import hashlib
import io
import os
import random
import re
import socket
import sys
import warnings
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from ecglab.datasets import _ecg5000, fetch_ecg5000
from ecglab.datasets._ecg5000 import Part, labels_sha256, row_weighted_mean
from ecglab.heartbeats import Heartbeats

REAL_DATA_HOME = os.environ.get("ECGLAB_DATA_HOME")

# Property tests

# The same examples every time, wherever the tests run and however busy that machine is.
settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
# `make fuzz`: other examples for every seed, and more of them.
settings.register_profile(
    "fuzz", settings.get_profile("repeatable"), derandomize=False, max_examples=300, print_blob=True
)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(config, items):
    """Put the files, and the tests in each, in another order for every ``--hypothesis-seed``."""
    seed = config.getoption("--hypothesis-seed")
    if seed is not None:
        rng = random.Random(seed)
        place = defaultdict(rng.random)
        items.sort(key=lambda item: (place[item.path], rng.random()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Show what Hypothesis has found as an example that can be pasted above the test."""
    report = yield
    error = call.excinfo.value if call.excinfo else None
    for find in getattr(error, "exceptions", [error]):
        for note in getattr(find, "__notes__", []):
            if note.startswith(("Failing test case:", "Falsifying example:")):
                example = as_example(note, item.fixturenames)
                report.sections.append(("Found: paste this above the test to keep it", example))
    return report


def as_example(note: str, fixtures: list[str]) -> str:
    """Turn "Failing test case: test_it(...)" into "@example(...)", without what is not drawn."""
    arguments = note.partition("(")[2]
    not_drawn = rf"^    ({'|'.join(fixtures)})=.*?\n(?=    \w+=|\))"
    return "@example(" + re.sub(not_drawn, "", arguments, flags=re.MULTILINE | re.DOTALL)


# A closed-off environment, the real data


@pytest.fixture(autouse=True)
def closed_environment(monkeypatch, tmp_path):
    """Let no test, and no process that it starts, reach the network or the user's own cache.

    A proxy that refuses every connection closes off the network without replacing any code; this
    machine's own servers stay within reach.
    """
    monkeypatch.delenv("ECGLAB_DATA_HOME", raising=False)
    monkeypatch.delenv("ECGLAB_SOURCE", raising=False)
    for variable in ("XDG_CACHE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "user-cache"))
    for scheme in ("http", "https", "all"):
        monkeypatch.setenv(f"{scheme}_proxy", "http://127.0.0.1:9")
        monkeypatch.setenv(f"{scheme}_proxy".upper(), "http://127.0.0.1:9")
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(variable, "127.0.0.1,localhost")


@pytest.fixture(scope="session")
def ecg5000_home() -> Path:
    """Return the folder with the real ECG5000, or skip the test."""
    home = Path(REAL_DATA_HOME or "").expanduser()
    if not REAL_DATA_HOME or not (home / "ecg5000" / "ECG5000_TRAIN.txt").is_file():
        pytest.skip("no real ECG5000: set ECGLAB_DATA_HOME to a folder with ecg5000/*.txt in it")
    return home


@pytest.fixture(scope="session")
def ecg5000(ecg5000_home) -> Heartbeats:
    """Return the real ECG5000, or skip the test."""
    return fetch_ecg5000(ecg5000_home, download_if_missing=False)


@pytest.fixture(scope="session")
def mitdb() -> Path:
    """Return the folder with the real MIT-BIH records, or skip the test."""
    folder = Path(REAL_DATA_HOME or "").expanduser() / "mitdb"
    if not REAL_DATA_HOME or not (folder / "106.hea").is_file():
        pytest.skip("no real records: set ECGLAB_DATA_HOME to a folder with mitdb/106.hea in it")
    return folder


@pytest.fixture
def eager_tensorflow() -> Iterator[None]:
    """Let TensorFlow compile nothing, which takes a second a fit and changes no digit of it.

    For tests of what is the same for a compiled network: shapes, types, parameters, errors.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not apply to tf.data functions")
        yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def full_disk() -> Callable[..., AbstractContextManager[None]]:
    """Return the context in which no file grows beyond so many bytes.

    It stands in for a full disk: writing fails in the same way.
    """
    if sys.platform != "linux":
        pytest.skip("limits the size of files")
    import resource

    @contextmanager
    def limit(n_bytes: int = 5000) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limit


# A small archive of the same build as ECG5000


def encode_table(form: str, signals, labels) -> bytes:
    """Write beats as one of the published forms."""
    samples = [[repr(float(value)) for value in signal] for signal in signals]
    if form == ".txt":
        rows = [
            "   ".join(f"{value:.16e}" for value in (label, *signal))
            for signal, label in zip(signals, labels, strict=True)
        ]
        return "".join(f"   {row}\n" for row in rows).encode()
    if form == ".tsv":
        header, separator, colon = [], "\t", ""
        samples = [[str(label), *row] for row, label in zip(samples, labels, strict=True)]
        labels = [""] * len(samples)
    elif form == ".ts":
        header, separator, colon = ["#A comment", "@problemName ECG5000", "@data"], ",", ":"
    else:
        header, separator, colon = ["% A comment", "", "@relation ECG5000", "@data"], ",", ","
    rows = [
        f"{separator.join(row)}{colon}{label}" for row, label in zip(samples, labels, strict=True)
    ]
    return "".join(f"{line}\n" for line in [*header, *rows]).encode()


@dataclass(frozen=True)
class SmallArchive:
    """A made-up archive: what it must hold, and what it does hold."""

    parts: tuple[Part, ...]
    signals: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]

    def files(self, form: str) -> dict[str, bytes]:
        """Encode both parts in one form, by file name."""
        return {
            f"ECG5000_{part}{form}": encode_table(form, self.signals[part], self.labels[part])
            for part in ("TRAIN", "TEST")
        }

    def write(self, form: str, folder: Path) -> None:
        """Write both parts to a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files(form).items():
            (folder / name).write_bytes(content)


def zip_of(files: dict[str, bytes]) -> bytes:
    """Pack files into a zip, the same bytes every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def made_up_archive() -> SmallArchive:
    """Make up an archive of 30 training and 40 test beats with 12 samples each."""
    rng = np.random.default_rng(5000)
    labels = {
        "TRAIN": np.repeat([1, 2, 3], [20, 8, 2]),
        "TEST": np.concatenate([np.ones(25, int), rng.permutation(np.repeat([2, 3, 4], 5))]),
    }
    signals = {name: _standardise(rng.normal(size=(len(y), 12))) for name, y in labels.items()}
    parts = {
        name: Part(
            name=name,
            class_counts=dict(zip(*np.unique(labels[name], return_counts=True), strict=True)),
            labels_sha256=labels_sha256(labels[name]),
            txt_sha256=hashlib.sha256(
                encode_table(".txt", signals[name], labels[name])
            ).hexdigest(),
            row_weighted_mean=dict(enumerate(row_weighted_mean(signals[name]).tolist())),
        )
        for name in ("TRAIN", "TEST")
    }
    return SmallArchive(tuple(parts.values()), signals, labels)


@pytest.fixture
def small_archive(made_up_archive, monkeypatch) -> SmallArchive:
    """Put the made-up archive in the place of the published one."""
    monkeypatch.setattr(_ecg5000, "PARTS", made_up_archive.parts)
    monkeypatch.setattr(_ecg5000, "N_SAMPLES", 12)
    return made_up_archive


def _standardise(signals):
    """Give every beat mean 0 and sample standard deviation 1."""
    centred = signals - signals.mean(axis=1, keepdims=True)
    return centred / centred.std(axis=1, ddof=1, keepdims=True)


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """Return the function that writes beats in a published form."""
    return encode_table


@pytest.fixture(scope="session")
def pack() -> Callable[[dict[str, bytes]], bytes]:
    """Return the function that packs files into a zip."""
    return zip_of


# Mirrors: real HTTP servers on this machine

Respond = Callable[[BaseHTTPRequestHandler], None]


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Say nothing when a client hangs up."""


@pytest.fixture
def serve() -> Iterator[Callable[[Respond], str]]:
    """Return a function that starts a server with a certain behaviour and returns its address."""
    servers = []

    def start(respond: Respond) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                respond(self)

            def do_HEAD(self):
                respond(self)

            def log_message(self, *_):
                pass

        server = _QuietServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/ECG5000.zip"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def black_hole() -> Iterator[str]:
    """Return the address of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/ECG5000.zip"


@pytest.fixture
def refusing() -> str:
    """Return an address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/ECG5000.zip"


def send(handler: BaseHTTPRequestHandler, body: bytes, length: int | None = None) -> None:
    """Answer with a body, and declare a length that may be another one."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    if handler.command == "GET":
        handler.wfile.write(body)


@pytest.fixture(scope="session")
def answer() -> Callable[..., Respond]:
    """Return the function that makes the behaviour 'answer with these bytes'."""
    return lambda body, length=None: lambda handler: send(handler, body, length)
