"""Importing ecglab is cheap, whatever is installed beside it."""

import subprocess
import sys

import pytest

ROOMS = [
    *("heartbeats", "datasets", "scoring", "thresholds", "detector", "baselines", "evaluation"),
    *("plots", "course", "batch", "recordings", "commands", "sweep", "cli"),
]
HEAVY = ("tensorflow", "keras", "torch", "sklearn", "pandas", "numpy", "matplotlib", "pooch")


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout


def test_import_loads_nothing_heavy():
    loaded = run("import ecglab, sys; print(*sys.modules)").split()
    assert "ecglab" in loaded
    assert not set(HEAVY) & set(loaded)


def test_import_takes_under_three_tenths_of_a_second():
    """The best of five, so that a busy machine does not decide."""
    code = "import time; t = time.perf_counter(); import ecglab; print(time.perf_counter() - t)"
    assert min(float(run(code)) for _ in range(5)) < 0.3


def test_no_room_loads_a_deep_learning_framework_before_it_is_used():
    """One after the other in one process, which ends at the first room that loads one."""
    assert run(
        "import importlib, sys\n"
        f"for room in {ROOMS}:\n"
        "    importlib.import_module(f'ecglab.{room}')\n"
        "    assert not {'tensorflow', 'keras', 'torch'} & set(sys.modules), room\n"
        "print('none')"
    ).endswith("none\n")


def test_a_framework_is_loaded_by_the_autoencoders_that_need_it_alone():
    loaded = run(
        "import sys\n"
        "from ecglab import AutoencoderDetector, autoencoders\n"
        "from ecglab.baselines import BASELINES, PYOD_BASELINES\n"
        "heavy = lambda: {'tensorflow', 'keras', 'torch', 'pyod'} & set(sys.modules)\n"
        "[make(0) for make in [*BASELINES.values(), *PYOD_BASELINES.values()]]\n"
        "AutoencoderDetector('lstm'), autoencoders.DenseAutoencoder()\n"
        "print(heavy())\n"
        "autoencoders.LSTMAutoencoder\n"
        "print(heavy())"
    )
    assert loaded.splitlines() == ["set()", "{'torch'}"]


def test_public_names_are_found_and_unknown_ones_are_not():
    import ecglab
    from ecglab.heartbeats import Heartbeats

    assert ecglab.Heartbeats is Heartbeats
    assert {"Heartbeats", "__version__"} <= set(dir(ecglab))
    with pytest.raises(AttributeError, match="no attribute 'Hartbeats'"):
        _ = ecglab.Hartbeats
