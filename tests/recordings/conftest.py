"""A simulated recording that has been analysed once, and the real records where they are."""

import os

import pytest

from ecglab.autoencoders import make_autoencoder
from ecglab.datasets import make_record
from ecglab.recordings import analyse

REAL_DATA_HOME = os.environ.get("ECGLAB_DATA_HOME")


@pytest.fixture(scope="session")
def quick():
    """Return an autoencoder that trains in a second."""
    return make_autoencoder("conv").set_params(max_epochs=15)


@pytest.fixture(scope="session")
def record():
    return make_record(10, shares={"V": 0.2, "A": 0.05, "F": 0.05}, random_state=0)


@pytest.fixture(scope="session")
def analysis(record, quick):
    return analyse(record, train_minutes=4, autoencoder=quick)
