"""The recordings that the default is tried on: each was changed in the one way that it says."""

import mitbih_variants
import numpy as np
import pytest
from mitbih_variants import JITTER, UNCHANGED, VARIANTS, Contents
from records import simulate

from ecglab.datasets import read_record

RATE = 360


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Return what is read of one simulated record that was changed and written."""
    lead = simulate(1, {"V": 0.2, "A": 0.1}, RATE)
    values = lead.values[:]
    contents = Contents(
        np.column_stack([values, 0.5 * values]),
        ("MLII", "V5"),
        RATE,
        np.round(lead.marks.times * RATE).astype(int),
        lead.marks.symbols,
    )

    def change_and_read(name):
        changed = VARIANTS[name](contents, np.random.default_rng(0))
        place = tmp_path_factory.mktemp("changed") / "sim.hea"
        return read_record(
            mitbih_variants.write_contents(changed, place), annotations="atr", wander=None
        )

    return change_and_read


@pytest.mark.parametrize("name", VARIANTS)
def test_a_changed_record_keeps_its_beats_and_what_they_are(read, name):
    before, after = read(UNCHANGED), read(name)
    assert after.symbols.tolist() == before.symbols.tolist()
    assert set(before.symbols) > {"N", "V"}
    moved = np.abs(after.times - before.times).max()
    assert moved <= (JITTER if "marks" in name else 0.5 / 128) + 1e-9
    assert (moved > 0.01) == ("marks" in name)


@pytest.mark.parametrize(("name", "factor"), [("upside down", -1), ("amplitudes times 1000", 1000)])
def test_amplitudes_are_multiplied(read, name, factor):
    before = read(UNCHANGED).amplitudes
    assert read(name).amplitudes == pytest.approx(factor * before, abs=abs(factor) * 1e-3)


def test_one_lead_is_left_or_another_rate_is_stated(read):
    assert read("first lead alone").lead_names == ("MLII",)
    assert read("second lead alone").lead_names == ("V5",)
    assert read("at 128 Hz").sampling_rate == 128
