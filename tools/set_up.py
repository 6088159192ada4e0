"""Make the environment: what every make target does first. Needs nothing but Python itself.

On Linux, PyTorch's default build brings several GB for NVIDIA's graphics processors. Where there is
no driver for one, its build for processors alone is taken, if its index answers and has one.
"""

from __future__ import annotations  # without it, Pythons before 3.9 end before they are refused

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
SUPPORTED = ((3, 11), (3, 12), (3, 13))
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PROGRAMS = "Scripts" if os.name == "nt" else "bin"
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")
ANSWER_SECONDS = 10
DOWNLOAD_SECONDS = 900  # 200 MB; a slower line than that gets the other build


def refuse_unsupported() -> None:
    """End with one sentence if this Python is none of those that CI tests."""
    if sys.version_info[:2] not in SUPPORTED:
        known = ", ".join(f"{major}.{minor}" for major, minor in SUPPORTED)
        sys.exit(
            f"The course runs on Python {known}, and {sys.executable} is "
            f"{sys.version.split()[0]}. Install one of those, and name it if it is not found: "
            "make PYTHON=python3.13 ..., or, without make, python3.13 tools/set_up.py .venv."
        )


def needs_no_gpu_build(gpu: str) -> bool:
    """Say whether PyTorch's build for processors will do."""
    has_driver = NVIDIA_DRIVER.exists() or shutil.which("nvidia-smi") is not None
    return sys.platform == "linux" and not has_driver and gpu in ("", "0")


def answers(pip: Sequence[str], index: str) -> bool:
    """Say whether an index lists PyTorch, within seconds."""
    ask = ["index", "versions", "torch", "--index-url", index, "--timeout=5", "--retries=0"]
    return _succeeds([*pip, *ask], ANSWER_SECONDS)


def install_torch(pip: Sequence[str], index: str) -> bool:
    """Install the pinned PyTorch from an index; say whether that went well."""
    pins = (ROOT / "constraints.txt").read_text().splitlines()
    (pin,) = (line for line in pins if line.startswith("torch=="))
    get = ["install", "--no-deps", "--index-url", index, "--retries=1", pin]
    return _succeeds([*pip, *get], DOWNLOAD_SECONDS)


def _succeeds(command: Sequence[str], seconds: float) -> bool:
    """Run a command in silence; what goes wrong only means that there is another way."""
    try:
        return not subprocess.run(
            command, timeout=seconds, check=False, capture_output=True
        ).returncode
    except subprocess.TimeoutExpired:
        return False


def main() -> None:
    """Make the environment, or bring it up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the environment goes")
    parser.add_argument("--gpu", default="", help="1 takes PyTorch's default build in any case")
    parser.add_argument("--cpu-index", default=CPU_INDEX, help="where PyTorch's CPU builds are")
    parser.add_argument("--pip-flags", default="", help="passed on to pip")
    arguments = parser.parse_args()
    refuse_unsupported()
    print(f"Setting up {arguments.folder}, which takes a few minutes, once.", flush=True)
    if subprocess.run([sys.executable, "-m", "venv", arguments.folder], check=False).returncode:
        sys.exit("Python could not make the environment; above it says why.")
    pip = [str(arguments.folder / PROGRAMS / "python"), "-m", "pip", "--disable-pip-version-check"]
    if not needs_no_gpu_build(arguments.gpu):
        build = "its default build"
    elif answers(pip, arguments.cpu_index) and install_torch(pip, arguments.cpu_index):
        build = "its build for processors; GPU=1 takes the default one"
    else:
        build = f"its default build, with CUDA, because {arguments.cpu_index} gave no smaller one"
    print(f"PyTorch: {build}.", flush=True)
    everything = ["--constraint", str(ROOT / "constraints.txt"), "--editable", ".[course,test]"]
    command = [*pip, "install", "-qq", *arguments.pip_flags.split(), *everything]
    sys.exit(subprocess.run(command, cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
