"""A sample column looks like its neighbours; whatever doesn't is refused and named."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from ecglab.datasets import make_heartbeats, read_heartbeats, read_record
from ecglab.datasets._samples import find_odd_names, find_odd_values
from ecglab.errors import DatasetError

FILES = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
BEATS = make_heartbeats(400, random_state=0)
MOST = 80  # beats in a file: each example writes one

# What stands beside beats in people's tables, by its name.
OTHERS = {
    "patient": lambda rng, n: rng.choice([100, 101, 106, 208], n),
    "age": lambda rng, n: rng.integers(20, 90, n),
    "sex": lambda rng, n: rng.integers(0, 2, n),
    "fold": lambda rng, n: rng.integers(0, 5, n),
    "rr": lambda rng, n: rng.normal(0.8, 0.1, n).round(3),
    "is_anomaly": lambda rng, n: (rng.random(n) < 0.4).astype(int),
    "id": lambda rng, n: rng.permutation(10 * n)[:n],
    "time": lambda rng, n: np.cumsum(rng.normal(0.8, 0.1, n)).round(3),
    "heart_rate": lambda rng, n: rng.normal(70, 10, n).round(1),
    "weight": lambda rng, n: rng.normal(75, 12, n).round(1),
}


def fill_up(signals, ends):
    """Return beats of different lengths, each in a row of zeros."""
    return np.where(np.arange(signals.shape[1]) < ends.astype(int)[:, None], signals, 0)


def forms_of_beats(signals):
    """Return the same beats as people keep them."""
    smallest = signals.min(axis=1, keepdims=True)
    scaled = (signals - smallest) / np.ptp(signals, axis=1, keepdims=True)
    spread = np.linspace(0, 1, len(signals))
    return {
        "standardised": signals,
        "counts": np.round(1024 + 200 * signals),
        "scaled": scaled,
        "filled up": fill_up(scaled, 90 + 49 * spread),
        "filled up, alike in length": fill_up(scaled, 126 + 14 * spread**4),
        "upside down": 1 - scaled,
        "millivolts": 0.4 * signals + 0.1,
        "three digits": signals.round(3),
    }


FORMS = forms_of_beats(BEATS.signals.astype(float))
forms = st.sampled_from(sorted(FORMS))


def write(path, signals, labels, extra=None, position=0, header=True):
    """Write beats with the label last and another column anywhere before it."""
    table = pd.DataFrame(signals).assign(label=labels)
    if extra is not None:
        table.insert(position, *extra)
    table.to_csv(path, index=False, header=header)
    return path


# No sample is refused


@FILES
@given(form=forms, n_beats=st.integers(2, 400), seed=st.integers(0, 99), step=st.integers(1, 20))
@example(form="filled up", n_beats=246, seed=2, step=3)  # one beat alone reaches the last column
def test_no_sample_of_a_beat_is_taken_for_something_else(form, n_beats, seed, step):
    chosen = np.random.default_rng(seed).permutation(400)[:n_beats]
    assert find_odd_values(FORMS[form][chosen, ::step]) == {}


@pytest.mark.parametrize("n_beats", [2, 3, 5, 10, 50, 100, 500, 5000])
def test_no_sample_of_ecg5000_is_taken_for_something_else(ecg5000, n_beats):
    for name, signals in forms_of_beats(ecg5000.signals.astype(float)).items():
        for start in range(0, 5000, max(n_beats, 1250)):
            assert find_odd_values(signals[start : start + n_beats]) == {}, name


@pytest.mark.parametrize("name", ["106", "112", "122", "205", "207"])
def test_no_sample_of_a_recording_is_taken_for_something_else(mitdb, name):
    """Scaled to their peak, nearly all beats of 112 have the same value there."""
    signals = read_record(mitdb / name).signals.astype(float)
    for form, beats in forms_of_beats(signals).items():
        for n_beats in (70, 80, 150, 400, 4000):
            for start in (0, len(beats) // 2):
                chosen = beats[start : start + n_beats]
                assert find_odd_values(chosen) == {}, (form, n_beats, start)


@given(shape=st.tuples(st.integers(2, 100), st.integers(2, 60)), seed=st.integers(0, 99))
@settings(deadline=None)
def test_noise_has_no_strange_column(shape, seed):
    values = np.random.default_rng(seed).normal(size=shape)
    assert find_odd_values(values) == {}
    assert find_odd_values(np.round(values * 50)) == {}


# What is no sample is refused


@FILES
@given(
    form=forms,
    other=st.sampled_from(sorted(OTHERS)),
    position=st.integers(0, 140),
    n_beats=st.integers(10, MOST),
    label_column=st.sampled_from(["auto", "label", -1]),
    samples=st.sampled_from(["s{}", "{}", "V{}", "t_{}", "x[{}]"]),
    seed=st.integers(0, 99),
)
def test_a_column_of_another_name_is_refused_and_named(
    tmp_path, form, other, position, n_beats, label_column, samples, seed
):
    extra = (other, OTHERS[other](np.random.default_rng(seed), n_beats))
    path = write(tmp_path / "x.csv", FORMS[form][:n_beats], BEATS.labels[:n_beats], extra, position)
    table = pd.read_csv(path)
    names = {str(i): samples.format(i) for i in range(140)}
    table.rename(columns=names).to_csv(path, index=False)
    options = {"label_column": label_column, "normal_label": 1}
    with pytest.raises(DatasetError, match=rf"column {position} \('{other}'\).*\[{position}\]"):
        read_heartbeats(path, **options)
    beats = read_heartbeats(path, ignore_columns=[other], **options)
    np.testing.assert_allclose(beats.signals, FORMS[form][:n_beats], rtol=1e-6)


@FILES
@given(
    form=forms,
    other=st.sampled_from(sorted(OTHERS)),
    position=st.integers(0, 140),
    seed=st.integers(0, 99),
)
@example(form="counts", other="is_anomaly", position=0, seed=0)
@example(form="counts", other="age", position=0, seed=3)
@example(form="counts", other="fold", position=0, seed=9)  # a third of them have the same
def test_a_column_without_a_name_is_known_by_its_values(tmp_path, form, other, position, seed):
    extra = (other, OTHERS[other](np.random.default_rng(seed), MOST))
    signals, labels = FORMS[form][:MOST], BEATS.labels[:MOST]
    path = write(tmp_path / "x.csv", signals, labels, extra, position, False)
    with pytest.raises(DatasetError, match=rf"ignore_columns=\[{position}\]"):
        read_heartbeats(path, label_column=-1, normal_label=1)


@FILES
@given(n_beats=st.integers(10, MOST), header=st.booleans(), seed=st.integers(0, 99), data=st.data())
def test_an_index_is_refused_whatever_its_order(tmp_path, n_beats, header, seed, data):
    """As pandas writes it: first, and without a name."""
    rng = np.random.default_rng(seed)
    index = data.draw(
        st.sampled_from(
            [
                np.arange(n_beats),
                rng.permutation(n_beats),
                rng.permutation(5000)[:n_beats],
                np.concatenate([np.arange(n_beats // 2), np.arange(n_beats - n_beats // 2)]),
                np.arange(n_beats)[::-1],
                100 + 3 * np.arange(n_beats),
            ]
        )
    )
    table = pd.DataFrame(BEATS.signals[:n_beats], index=index).assign(target=BEATS.labels[:n_beats])
    table.to_csv(tmp_path / "x.csv", header=header)
    with pytest.raises(DatasetError, match=r"column 0 .*ignore_columns=\[0\]"):
        read_heartbeats(tmp_path / "x.csv", label_column=-1, normal_label=1)
    beats = read_heartbeats(tmp_path / "x.csv", label_column=-1, normal_label=1, ignore_columns=[0])
    np.testing.assert_array_equal(beats.signals, BEATS.signals[:n_beats])


def test_several_strange_columns_are_all_named_at_once(tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(BEATS.signals).assign(label=BEATS.labels)
    for name, make in OTHERS.items():
        table[name] = make(rng, 400)
    table.to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(DatasetError) as caught:
        read_heartbeats(tmp_path / "x.csv", label_column="label")
    assert f"ignore_columns={list(range(141, 151))}" in str(caught.value)
    beats = read_heartbeats(tmp_path / "x.csv", label_column="label", ignore_columns=[*OTHERS])
    np.testing.assert_array_equal(beats.signals, BEATS.signals)


names_of_samples = st.sampled_from(["{}", "s{}", "V{}", "ms {}", "lead1_{}", "t{}.5"])


@given(pattern=names_of_samples, n=st.integers(2, 200), first=st.integers(-50, 50))
def test_names_that_count_are_names_of_samples(pattern, n, first):
    assert find_odd_names([pattern.format(i) for i in range(first, first + n)], None) == {}


@given(name=st.text(max_size=8), n=st.integers(4, 50), position=st.integers(0, 50))
def test_a_name_unlike_all_others_is_found(name, n, position):
    assume(not any(character.isdigit() for character in name))
    names = [f"s{i}" for i in range(n)]
    position = min(position, n)
    assert [*find_odd_names([*names[:position], name, *names[position:]], None)] == [position]


# What was decided can be read


def test_the_reading_says_what_was_decided(tmp_path):
    path = write(tmp_path / "x.csv", BEATS.signals, BEATS.labels, ("rr", np.ones(400)), 0)
    reading = read_heartbeats(path, ignore_columns=["rr"]).reading
    assert reading["form"].value == ".csv, columns separated by commas"
    assert reading["samples"].value == "140 columns, column 1 ('0') to column 140 ('139')"
    assert reading["left out"].value == "rr"
    assert (reading["label"].value, reading["label"].reason) == ("column 141 ('label')", "its name")
    assert reading["normal label"].assumed
    assert "normal label: 1 (assumed: " in str(reading)
    told = read_heartbeats(path, ignore_columns=["rr"], normal_label=1).reading
    assert not told["normal label"].assumed
