"""The command ``ecglab doctor``: whether all that the course needs is here, and works.

A broken framework may end the process without a word, or never answer. So whatever loads one runs
in a process of its own, with a time limit. To say what is wrong takes the package's core only.
"""

import argparse
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from itertools import permutations
from pathlib import Path

import joblib
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from ecglab._version import __version__
from ecglab.commands._exit import CANNOT, DONE, Outcome, add_output_options, concluded

OK, MISSING, FAILED = "ok", "missing", "FAILED"
SECONDS = 300  # for each process: 15 on an idle machine, but over 100 were seen on a busy one

# The package of each framework: what the report calls it, and its smallest autoencoder.
FRAMEWORKS = {"tensorflow": ("Keras", "dense"), "torch": ("PyTorch", "dense_torch")}

# A crash or an endless wait is told where it happened. Not to standard error, which is silenced
# while TensorFlow is imported.
WATCH = """
import faulthandler, sys
faulthandler.enable(sys.stdout)
faulthandler.dump_traceback_later({seconds}, file=sys.stdout)
"""

TRAIN = """
from ecglab import AutoencoderDetector
from ecglab.autoencoders import make_autoencoder
from ecglab.datasets import make_heartbeats
beats = make_heartbeats(60, random_state=0).normal.signals
for name in sys.argv[1:]:
    print(f"in {name!r}", flush=True)
    AutoencoderDetector(make_autoencoder(name, max_epochs=1), random_state=0).fit(beats)
print("trained")
if tensorflow := sys.modules.get("tensorflow"):
    gpus = len(tensorflow.config.list_physical_devices("GPU"))
    print(f"trained, Keras {tensorflow.keras.__version__} sees", gpus or "no", "GPU")
"""

LOOK_AT_TORCH = """
import torch
gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
build = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
print(f"{build}, sees", ", ".join(gpus) or "no GPU")
"""

FRAMES = 4  # of a traceback, those nearest to what went wrong

# What changes where data come from and where frameworks compute.
SETTINGS = ("ECGLAB_DATA_HOME", "ECGLAB_SOURCE", "KERAS_BACKEND", "CUDA_VISIBLE_DEVICES")

REPORT_IT = "if the message does not help, paste this report into an issue"
SIMULATED = "or go on with simulated heartbeats"


@dataclass(frozen=True)
class Check:
    """What was looked at, how that is, and what to do where it is not well."""

    name: str
    state: str
    found: str
    remedy: str = ""
    needed: bool = True  # by the course

    def __str__(self) -> str:
        """Put it into one line, and the places in a traceback below it."""
        remedy = f"; what to do: {self.remedy}" if self.remedy else ""
        found, *places = self.found.splitlines()
        return f"\n{'':10}".join([f"{self.state:<8}{self.name}: {found}{remedy}", *places])


class Doctor:
    """Check that everything the course needs is here and works, in lines for a bug report."""

    EPILOG = """example:
  ecglab doctor

Each framework trains for one epoch on a few simulated beats, before and after
the other. The report writes ~ for your home folder, which may bear your name.

Exit codes: 0 all that the course needs works, 1 something is missing or does
not work, 2 wrong usage, 130 interrupted."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Say which arguments there are."""
        add_output_options(parser)

    @staticmethod
    @concluded
    def execute(arguments: argparse.Namespace) -> Outcome:
        """Check everything and report."""
        if not arguments.quiet:
            sys.stderr.write("ecglab: checking, which takes about 20 seconds\n")
        return _examine()


def _examine() -> Outcome:
    with ThreadPoolExecutor() as pool:  # side by side: nearly all of it is waiting for frameworks
        orders = [order for order in permutations(filter(_version, FRAMEWORKS)) if order]
        training = [pool.submit(_train, order) for order in orders]
        device = pool.submit(_device)
        work = [device, *training] if _version("torch") else training
        found = [*_installed(), *_data(), *(it.result() for it in work)]
    checks = [replace(it, found=_at_home(it.found), remedy=_at_home(it.remedy)) for it in found]
    works = all(check.state == OK for check in checks if check.needed)
    return Outcome(
        facts={"command": "doctor", "works": works, "checks": [asdict(check) for check in checks]},
        lines=[str(check) for check in checks],
        code=DONE if works else CANNOT,
    )


def _at_home(text: str) -> str:
    """Write ~ for the home folder."""
    for home in {Path.home(), Path.home().resolve()} - {Path("/")}:
        text = re.sub(rf"{re.escape(str(home))}(?!\w)", "~", text)
    return text


# What is installed, beside what the package itself says that it needs


def _installed() -> Iterator[Check]:
    yield Check("platform", OK, f"{platform.platform()}, {joblib.cpu_count()} processors")
    settings = [f"{name}={os.environ[name]}" for name in SETTINGS if name in os.environ]
    yield Check("settings", OK, ", ".join(settings) or "none")
    try:
        about, needs = metadata("ecglab"), [*map(Requirement, requires("ecglab") or [])]
    except PackageNotFoundError:
        folder = Path(__file__).parents[2]
        remedy = "pip install -e '.[course]' in that folder"
        yield Check("ecglab", FAILED, f"{__version__}, not installed but run in {folder}", remedy)
        return
    yield Check("ecglab", OK, __version__)
    python, supported = platform.python_version(), SpecifierSet(about["Requires-Python"])
    fits = supported.contains(python, prereleases=True)
    remedy = "" if fits else f"take a Python {supported}"
    yield Check("Python", OK if fits else FAILED, f"{python} in {sys.prefix}", remedy)
    core = [need for need in needs if _applies(need, "")]
    yield _packages("ecglab's own needs", "ecglab", core)
    extras = {
        extra: [need for need in needs if _applies(need, extra) and need not in core]
        for extra in about.get_all("Provides-Extra", [])
    }
    course = {extra for need in extras["course"] for extra in need.extras}
    for extra in sorted(extras, key=lambda extra: extra not in course):
        if packages := [need for need in extras[extra] if need.name != "ecglab"]:
            name = f"ecglab[{extra}]"
            yield _packages(name, name, packages, needed=extra in course)


def _applies(need: Requirement, extra: str) -> bool:
    return need.marker is None or need.marker.evaluate({"extra": extra})


def _packages(name: str, install: str, needs: Sequence[Requirement], needed: bool = True) -> Check:
    """Check the packages that come with ecglab, or with one of its extras."""
    versions = {need.name: _version(need.name) for need in needs}
    absent = [name for name, have in versions.items() if have is None]
    unfit = [
        f"{need.name} is not {need.specifier}"
        for need in needs
        if (have := versions[need.name]) and not need.specifier.contains(have, prereleases=True)
    ]
    found = [f"{name} {have}" for name, have in versions.items() if have] + unfit
    found += [f"without {', '.join(absent)}"] if absent else []
    if not (absent or unfit):
        return Check(name, OK, ", ".join(found), needed=needed)
    remedy = f"pip install '{install}'" + ", unless you can do without it" * (not needed)
    return Check(name, FAILED if unfit else MISSING, ", ".join(found), remedy, needed)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


# The frameworks, and what they run on


def _device() -> Check:
    works, said = _run_python(LOOK_AT_TORCH)
    if not works:
        return Check("PyTorch's device", FAILED, said, REPORT_IT)
    driver = "none"
    if program := shutil.which("nvidia-smi"):
        _, driver = _run([program, "--query-gpu=driver_version", "--format=csv,noheader"])
    found = f"{said}, Triton {_version('triton') or 'is not there'}, NVIDIA driver: {driver}"
    return Check("PyTorch's device", OK, found)


def _train(order: Sequence[str]) -> Check:
    """Train with one framework after the other in one process."""
    started = time.perf_counter()
    titles, autoencoders = zip(*(FRAMEWORKS[name] for name in order), strict=True)
    name = f"training with {', then '.join(titles)}"
    works, said = _run_python(TRAIN, *autoencoders)
    if not works:
        return Check(name, FAILED, said, REPORT_IT)
    return Check(name, OK, f"{said}, {time.perf_counter() - started:.0f} s")


def _run_python(code: str, *words: str) -> tuple[bool, str]:
    """Run code in a process of its own that tells where it crashed, or waited to the end."""
    watch = WATCH.format(seconds=0.9 * SECONDS)
    return _run([sys.executable, "-c", watch + code, *words])


def _run(words: Sequence[str]) -> tuple[bool, str]:
    """Run a program; say whether that went well, and what it said last, or what went wrong."""
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as late:
        return False, _explain(f"no end after {SECONDS} s", late.stdout, late.stderr)
    if done.returncode < 0:
        crash = f"crashed: {signal.Signals(-done.returncode).name}"
        return False, _explain(crash, done.stdout, done.stderr)
    if done.returncode:
        wrong = _last_line(done.stderr) or f"exit code {done.returncode}"
        return False, _explain(wrong, done.stdout, done.stderr)
    return True, _last_line(done.stdout)


def _explain(wrong: str, stdout: bytes | None, stderr: bytes | None) -> str:
    """Say what went wrong and at which step; below that, where in the code."""
    dumped = rb"^(?:Fatal Python error|Timeout \()"  # by faulthandler, the nearest place first
    step, *dump = re.split(dumped, stdout or b"", maxsplit=1, flags=re.MULTILINE)
    place = re.compile(rb'^ *(File "[^<].*", line .+)$', re.MULTILINE)
    places = place.findall(b"".join(dump))[:FRAMES] + place.findall(stderr or b"")[-FRAMES:]
    where = [it.decode(errors="replace") for it in places]
    return "\n".join([f"{wrong} {_last_line(step)}".strip(), *where])


def _last_line(output: bytes | None) -> str:
    """Return the last line, or the one that names the last exception: some messages have more."""
    lines = (output or b"").decode(errors="replace").strip().splitlines()
    errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception)\b", line)]
    return (errors or lines or [""])[-1].strip()


# Data


def _data() -> Iterator[Check]:
    try:  # here and not above: a NumPy that cannot be loaded is something to report
        from ecglab.datasets import data_homes, fetch_ecg5000, find_ecg5000

        homes, files = data_homes(), find_ecg5000()
        if files:
            fetch_ecg5000(download_if_missing=False)  # compares it with what was published
    except Exception as error:  # whatever it is, the rest of the report is of use
        found = " ".join(f"{type(error).__name__}: {error}".split())  # in one line
        yield Check("ECG5000", FAILED, found, REPORT_IT)
        return
    records = ", ".join(sorted({path.stem for home in homes for path in home.glob("mitdb/*.hea")}))
    places = f"not in {', '.join(map(str, homes))}"
    for name, found, fetched in (
        ("ECG5000", f"verified, in {files[0].parent}" if files else "", "ecglab fetch"),
        (
            "MIT-BIH",
            f"records {records}" if records else "",
            "notebooks 9 and 10 fetch what they need",
        ),
    ):
        if found:
            yield Check(name, OK, found, needed=False)
        else:
            yield Check(name, MISSING, places, f"{fetched}, {SIMULATED}", needed=False)
