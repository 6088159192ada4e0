"""Both frameworks live in one process, whichever comes first: a crash ends it without a word.

The PyTorch that most people get on Linux brings Triton, which crashes Python if it is loaded after
TensorFlow; the build for processors alone has none, and hides that. So CI runs every pair with the
former (`make test-frameworks`). Elsewhere it is enough that the caller has loaded TensorFlow, here,
and that each framework comes first where he has loaded none, in the test of `ecglab doctor`.
"""

import subprocess
import sys
from itertools import permutations

import pytest

from ecglab.autoencoders import AUTOENCODERS

LIFE = """
import sys
import numpy as np
from ecglab import AutoencoderDetector, load_detector
from ecglab.autoencoders import make_autoencoder
from ecglab.datasets import make_heartbeats

beats = make_heartbeats(60, random_state=0)
folder, *names = sys.argv[1:]
for name in names:
    autoencoder = make_autoencoder(name, max_epochs=1)
    detector = AutoencoderDetector(autoencoder, random_state=0).fit(beats.normal.signals)
    errors = detector.reconstruction_error(beats.signals)
    loaded = load_detector(detector.save(f"{folder}/{name}"))
    assert np.array_equal(loaded.reconstruction_error(beats.signals), errors)
print("lived")
"""


def run(code, *arguments):
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def assert_lived(done):
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-2000:]}"
    assert done.stdout.endswith("lived\n")


@pytest.mark.every_pair
@pytest.mark.parametrize("names", [*permutations(AUTOENCODERS, 2)], ids="-".join)
def test_two_autoencoders_train_score_save_and_load_in_one_process(names, tmp_path):
    assert_lived(run(LIFE, tmp_path, *names))


@pytest.mark.parametrize(
    "first",
    ["import tensorflow", pytest.param("import torch, tensorflow", marks=pytest.mark.every_pair)],
)
def test_a_framework_that_the_caller_loaded_first_does_no_harm(first, tmp_path):
    assert_lived(run(f"{first}\n{LIFE}", tmp_path, "lstm", "dense"))
