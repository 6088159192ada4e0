"""scikit-learn's own estimator checks, for the detector around every registered autoencoder."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from ecglab import AutoencoderDetector
from ecglab.autoencoders import AUTOENCODERS, make_autoencoder

# As small as each architecture gets: the checks are about conventions, not about heartbeats.
SMALL = {
    "dense": {"hidden": (4, 2)},
    "dense_torch": {"hidden": (4, 2)},
    "lstm": {"embedding": 2},
    "conv": {"channels": (2, 2), "code": 2},
    "attention": {"code": 2, "width": 4, "n_heads": 2},
}
# Why a check may fail. Our own bound on the same thing, 1e-5, is in test_contract.py.
ROUNDING = (
    "networks compute in float32, whose products are rounded differently in the last digit when a "
    "batch is put together differently; the check asks for agreement to 1e-7"
)
EXPECTED_FAILURES = {
    "check_methods_subset_invariance": ROUNDING,
    "check_methods_sample_order_invariance": ROUNDING,
}


def detectors():
    return [
        AutoencoderDetector(
            make_autoencoder(name, max_epochs=1, **SMALL.get(name, {})), random_state=0
        )
        for name in AUTOENCODERS
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("eager_tensorflow")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
# The checks train on a few dozen rows, of which fewer than twenty are held back.
@pytest.mark.filterwarnings("ignore::ecglab.errors.FewBeatsWarning")
@parametrize_with_checks(detectors(), expected_failed_checks=lambda detector: EXPECTED_FAILURES)
def test_keeps_scikit_learns_conventions(estimator, check):
    check(estimator)
