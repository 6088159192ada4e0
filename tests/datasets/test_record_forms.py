"""Anybody's recordings: the right lead, clock and marks, or a question; never a plausible wrong."""

import contextlib
from dataclasses import replace

import edfio
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from records import quiet_wfdb, simulate, write_marks, write_wfdb

from ecglab.datasets import _wfdb, read_record
from ecglab.datasets._edf import open_edf
from ecglab.datasets._record import cut_record
from ecglab.errors import DatasetError

RATE = 360
RNG = np.random.default_rng(0)
SECONDS = 60
N = SECONDS * RATE
TIMES = np.arange(N) / RATE


@pytest.fixture(scope="module")
def raw():
    """Return a minute of an ECG in which every rare beat is marked."""
    return simulate(1.0, {"V": 0.1}, float(RATE), 1)


@pytest.fixture(scope="module")
def detected(raw):
    """Return the beats that are found when all is right."""
    return cut_record(replace(raw, marks=None), source="")


def other(kind):
    """Return a signal that is no ECG."""
    beat = TIMES % 0.85
    pulse = np.exp(-(((beat - 0.3) / 0.09) ** 2) / 2)
    return {
        "respiration": np.sin(2 * np.pi * 0.27 * TIMES) + 0.02 * RNG.normal(size=N),
        "pulse": pulse + 0.01 * RNG.normal(size=N),
        "trend": 70 + np.cumsum(RNG.normal(size=N)) * 0.01,
        "steps": np.repeat(RNG.normal(70, 3, N // 300 + 1), 300)[:N],
        "noise": RNG.normal(size=N),
        "sine": np.sin(2 * np.pi * 1.2 * TIMES),
        "alpha": np.sin(2 * np.pi * 10 * TIMES) * (1 + np.sin(TIMES)) + 0.3 * RNG.normal(size=N),
        "labels": RNG.integers(0, 3, N).astype(float),
        "constant": np.full(N, 3.0),
    }[kind]


KINDS = ["respiration", "pulse", "trend", "steps", "noise", "sine", "alpha", "labels", "constant"]
ECG_NAMES = [
    "ECG_Raw",
    "ECG_mV",
    "ecg",
    "ecg_signal",
    "chest_ecg",
    "EKG+",
    "ECGL",
    "II",
    "V5",
    "aVF",
]
OTHER_NAMES = ["RSP", "HR", "x", "glucose", "ECG_Rate", "PPG", "channel", "EMG1", "C3", "quality"]


def write_edf(path, signals, rate=RATE, notes=()):
    edfio.Edf(
        [edfio.EdfSignal(values, rate, label=name) for name, values in signals.items()],
        annotations=[edfio.EdfAnnotation(at, None, text) for at, text in notes],
    ).write(path)
    return path


def write_csv(path, columns, **options):
    pd.DataFrame(columns).to_csv(path, **{"index": False, "float_format": "%.5f", **options})
    return path


def assert_beats(record, detected, atol=0.03):
    assert record.times == pytest.approx(detected.times, abs=0.02)
    assert np.abs(record.signals - detected.signals).mean() < atol


# A lead is chosen because it is an ECG


@settings(deadline=None, max_examples=15)
@given(
    ecg=st.sampled_from(ECG_NAMES),
    others=st.lists(st.tuples(st.sampled_from(OTHER_NAMES), st.sampled_from(KINDS)), max_size=3),
    place=st.integers(0, 3),
    as_edf=st.booleans(),
)
def test_the_ecg_is_found_wherever_it_stands(
    raw, detected, tmp_path_factory, ecg, others, place, as_edf
):
    folder = tmp_path_factory.mktemp("table")
    columns = {name: other(kind) for name, kind in others}
    columns = dict([*list(columns.items())[:place], (ecg, raw.values), *columns.items()])
    if as_edf:
        record = read_record(write_edf(folder / "a.edf", columns))
    else:
        record = read_record(write_csv(folder / "a.csv", columns), sampling_rate=RATE)
    assert record.lead == ecg
    assert record.reading["lead"].value == ecg
    assert_beats(record, detected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["value", "ECG", "Fp1"])
def test_what_does_not_look_like_an_ecg_is_refused_and_listed(tmp_path, name, kind):
    path = write_csv(tmp_path / "a.csv", {name: other(kind)})
    with pytest.raises(DatasetError, match=rf"Its signals are: {name}"):
        read_record(path, sampling_rate=RATE)


def test_what_is_no_ecg_by_its_name_is_not_read_because_nothing_else_is_there(raw, tmp_path):
    path = write_edf(tmp_path / "a.edf", {"Fp1": raw.values})
    with pytest.raises(DatasetError, match=r"Its signals are: Fp1\. Pass the name"):
        read_record(path)
    assert read_record(path, lead="Fp1").lead == "Fp1"


@pytest.mark.parametrize("change", [lambda x: -x, lambda x: 1000 * x, lambda x: x[:, None]])
def test_a_single_unnamed_column_is_an_ecg_if_it_looks_like_one(raw, detected, tmp_path, change):
    np.save(tmp_path / "a.npy", change(raw.values))
    record = read_record(tmp_path / "a.npy", sampling_rate=RATE)
    assert record.times == pytest.approx(detected.times, abs=0.02)


# A time column is believed


def test_a_column_that_rises_throughout_is_the_time_even_without_a_name(raw, detected, tmp_path):
    kept = np.delete(np.arange(N), slice(20_000, 20_073))
    np.savetxt(tmp_path / "a.txt", np.c_[TIMES[kept], raw.values[kept]])
    record = read_record(tmp_path / "a.txt")
    assert (record.lead, record.sampling_rate, record.duration) == ("column 1", RATE, SECONDS)
    (gap,) = record.bad_stretches.itertuples(index=False)
    assert (gap.start, gap.stop) == pytest.approx((20_000 / RATE, 20_073 / RATE))
    assert record.reading["gaps"].value == "1 gaps, 0.203 s in all"
    assert np.isin(record.times.round(2), detected.times.round(2)).all()


GAPS = st.lists(st.tuples(st.integers(300, N - 300), st.integers(40, 3000)), max_size=6)
CLOCKS = {
    "time": lambda t: t,
    "t [ms]": lambda t: 1000 * t,
    "Zeit (s)": lambda t: t + 1.7e9,
    "elapsed_us": lambda t: 1e6 * t,
    "": lambda t: t,
    "timestamp": lambda t: pd.Timestamp("2024-02-28 23:59") + pd.to_timedelta(t, unit="s"),
}


@settings(deadline=None, max_examples=15)
@given(gaps=GAPS, clock=st.sampled_from(list(CLOCKS)), rounded=st.booleans(), given_=st.booleans())
def test_gaps_are_where_the_time_leaps(raw, tmp_path_factory, gaps, clock, rounded, given_):
    kept = np.ones(N, dtype=bool)
    for start, length in gaps:
        kept[start : start + length] = False
    edges = np.flatnonzero(np.diff(kept.astype(int)))
    assume(kept.mean() > 0.6 and np.diff(edges, prepend=0).min(initial=99) > 30)
    assume(kept[-50:].all())
    times = np.round(TIMES, 3 if rounded else 9)[kept]
    path = tmp_path_factory.mktemp("gaps") / "a.csv"
    columns = {clock: CLOCKS[clock](times), "ECG": raw.values[kept]}
    write_csv(path, columns, float_format="%.9f")
    record = read_record(path, sampling_rate=RATE if given_ else None)
    missing = np.full(N, np.nan)
    missing[kept] = raw.values[kept]
    expected = cut_record(replace(raw, values=missing, marks=None), source="")
    assert record.sampling_rate == RATE
    assert record.times == pytest.approx(expected.times, abs=2 / RATE)
    assert record.duration == pytest.approx(SECONDS, abs=0.01)


def test_a_rate_that_contradicts_the_time_is_an_error_that_names_both(raw, tmp_path):
    path = write_csv(tmp_path / "a.csv", {"time": TIMES, "ECG": raw.values})
    with pytest.raises(DatasetError, match=r"says 360 Hz, but a sampling rate of 500 Hz"):
        read_record(path, sampling_rate=500)


def test_a_time_that_goes_back_is_refused_with_its_row(raw, tmp_path):
    times = TIMES.copy()
    times[5000:] -= 3
    path = write_csv(tmp_path / "a.csv", {"time": times, "ECG": raw.values})
    with pytest.raises(DatasetError, match=r"the time \(time\) goes back at row 5001"):
        read_record(path, sampling_rate=RATE)


def test_a_time_that_is_uneven_is_refused(raw, tmp_path):
    path = write_csv(tmp_path / "a.csv", {"time": TIMES**1.1, "ECG": raw.values})
    with pytest.raises(DatasetError, match=r"not evenly spaced|was passed"):
        read_record(path, sampling_rate=RATE)


def test_an_index_is_a_count_and_no_lead(raw, detected, tmp_path):
    pd.Series(raw.values).to_csv(tmp_path / "series.csv")
    pd.DataFrame(raw.values).to_csv(tmp_path / "frame.csv", index=False)
    for name in ("series.csv", "frame.csv"):
        record = read_record(tmp_path / name, sampling_rate=RATE)
        assert record.duration == SECONDS
        assert_beats(record, detected)
        with pytest.raises(DatasetError, match="pass sampling_rate"):
            read_record(tmp_path / name)


def test_comments_units_and_decimal_commas(raw, detected, tmp_path):
    pairs = np.c_[TIMES, raw.values]
    np.savetxt(tmp_path / "named.txt", pairs, header="t ecg")
    np.savetxt(tmp_path / "below.txt", pairs, header="from a recorder", footer="end")
    rows = [f"{t:.6f};{v:.4f}".replace(".", ",") for t, v in pairs]
    (tmp_path / "comma.csv").write_text("\n".join(rows))
    (tmp_path / "units.csv").write_text("\n".join(["Time;ECG", "[s];[mV]", *rows]))
    for name in ("named.txt", "below.txt", "comma.csv", "units.csv"):
        record = read_record(tmp_path / name)
        assert record.sampling_rate == RATE
        assert_beats(record, detected)


# Marks are questioned


def write_marked(folder, values, marks, symbols, extension="atr", rate=RATE):
    if len(marks):
        write_marks(folder / f"r.{extension}", marks, symbols)
    return write_wfdb(folder, {"MLII": values}, rate, name="r")


@pytest.mark.parametrize("extension", ["qrs", "wqrs", "gqrs", "xqrs", "ecglab"])
def test_a_detector_says_where_a_beat_is_but_not_what(raw, tmp_path, extension):
    samples = np.round(raw.marks.times * RATE).astype(int)
    path = write_marked(tmp_path, raw.values, samples, "N" * len(samples), extension)
    record = read_record(path, annotations=extension)
    assert record.symbols is None
    assert set(record.labels.tolist()) == {0}
    assert record.times == pytest.approx(raw.marks.times[: len(record)], abs=1)
    assert record.reading["label"].value == "none"


def test_marks_that_end_behind_the_signal_are_refused_or_warned_of(raw, tmp_path, caplog):
    samples = np.round(raw.marks.times * RATE).astype(int)
    path = write_marked(tmp_path, raw.values, samples * 4, raw.marks.symbols)
    with pytest.raises(DatasetError, match=r"of its \d+ marks lie behind the end"):
        read_record(path)
    later = np.concatenate([samples, N + samples[:20]])
    write_marked(tmp_path, raw.values, later, [*raw.marks.symbols, *"N" * 20])
    record = read_record(path)
    assert f"20 of {len(later)} marks lie behind the end" in caplog.text
    assert "20 of" in record.reading["beats"].reason
    write_marked(tmp_path, raw.values, samples[:50], raw.marks.symbols[:50])
    assert "the last mark is at" in read_record(path).reading["beats"].reason


@settings(deadline=None, max_examples=15)
@given(factor=st.floats(0.3, 0.95), shift=st.floats(0, 0.3))
def test_marks_at_another_time_base_are_refused(raw, tmp_path_factory, factor, shift):
    """They lie anywhere but on QRS complexes."""
    samples = np.round((raw.marks.times * factor + shift) * RATE).astype(int)
    path = write_marked(tmp_path_factory.mktemp("base"), raw.values, samples, raw.marks.symbols)
    with pytest.raises(DatasetError, match="does not fit the signal"):
        read_record(path)


@settings(deadline=None, max_examples=8)
@given(every=st.integers(3, 40), as_edf=st.booleans(), anywhere=st.booleans())
def test_a_few_notes_are_not_the_beats(raw, detected, tmp_path_factory, every, as_edf, anywhere):
    """Someone has marked some beats, or moments: R peaks are detected, and that is noted."""
    folder = tmp_path_factory.mktemp("notes")
    times, symbols = raw.marks.times[::every], raw.marks.symbols[::every]
    if anywhere:
        times, symbols = np.array([3.3, 24.0, 47.1]), np.array(["V", "N", "Q"])
    if as_edf:
        notes = zip(times.tolist(), symbols.tolist(), strict=True)
        path = write_edf(folder / "a.edf", {"ECG": raw.values}, notes=notes)
    else:
        path = write_marked(folder, raw.values, np.round(times * RATE).astype(int), symbols)
    record = read_record(path)
    assert record.symbols is None
    assert "R peaks are detected instead" in record.reading["beats"].reason
    assert record.times == pytest.approx(detected.times, abs=0.02)


# Rates, arrays, headers


@pytest.mark.parametrize("rate", [50, 52, 55.5, 59, 60, 75, 99])
def test_low_rates_are_read(rate, tmp_path):
    low = simulate(2.0, {}, 200.0)
    times = np.arange(0, 120, 1 / rate)
    np.save(tmp_path / "a.npy", np.interp(times, np.arange(len(low.values)) / 200, low.values))
    record = read_record(tmp_path / "a.npy", sampling_rate=rate)
    found = np.sort([*record.times, *record.set_aside["time"]])
    near = np.abs(low.marks.times[:, None] - found).min(axis=1)
    assert (near < 0.05).mean() > 0.97
    assert len(found) < 1.03 * len(low.marks.times)


def test_an_array_on_its_side_is_turned(raw, detected, tmp_path):
    rows = np.stack([raw.values, *RNG.normal(size=(11, N))])
    np.save(tmp_path / "a.npy", rows)
    record = read_record(tmp_path / "a.npy", sampling_rate=RATE)
    assert_beats(record, detected)
    assert "lies on its side" in record.reading["format"].reason
    np.save(tmp_path / "a.npy", np.tile(raw.values, (12, 1)))
    with pytest.raises(DatasetError, match="looks transposed"):
        read_record(tmp_path / "a.npy", sampling_rate=RATE)
    assert_beats(read_record(tmp_path / "a.npy", lead=3, sampling_rate=RATE), detected)


@pytest.mark.parametrize("seconds", [3, 10])
def test_a_short_strip_is_read_if_it_is_called_an_ecg(raw, tmp_path, seconds):
    path = write_csv(tmp_path / "a.csv", {"ECG": raw.values[: seconds * RATE]})
    assert read_record(path, sampling_rate=RATE).lead == "ECG"


def test_every_flipped_byte_of_an_arrays_header_gives_beats_or_our_error(raw, tmp_path):
    np.save(tmp_path / "a.npy", raw.values[: 20 * RATE])
    content = (tmp_path / "a.npy").read_bytes()
    for at in range(0, 128):
        for value in (0x28, content[at] ^ 1):
            damaged = bytearray(content)
            damaged[at] = value
            (tmp_path / "a.npy").write_bytes(damaged)
            with contextlib.suppress(DatasetError):
                read_record(tmp_path / "a.npy", sampling_rate=RATE)


DATES = ["0:0:0 0/0/0", "12:00:00 12/31/1999", "25:00:00", "10:00 01/02/99", "12:00:00 1999-01-02"]


@pytest.mark.parametrize("when", DATES)
def test_odd_dates_do_not_matter(raw, tmp_path, when):
    path = write_marked(tmp_path, raw.values, [], "")
    expected = read_record(path)
    first, _, rest = path.read_text().partition("\n")
    path.write_text(f"{first} {when}\n{rest}")
    np.testing.assert_array_equal(read_record(path).signals, expected.signals)


@pytest.mark.parametrize(("skew", "other"), [(0, 5), (5, 0), (5, 2), (7, 7)])
def test_skew_is_undone_without_false_alarms(raw, tmp_path, caplog, skew, other):
    leads = {"MLII": np.roll(raw.values, skew), "V1": raw.values}
    path = write_wfdb(tmp_path, leads, RATE, name="r")
    lines = path.read_text().splitlines()
    lines[1] = lines[1].replace(" 16 ", f" 16:{skew} ", 1)
    lines[2] = lines[2].replace(" 16 ", f" 16:{other} ", 1)
    path.write_text("\n".join(lines))
    plain = cut_record(raw, source="")
    record = read_record(path)
    assert len(record.set_aside) <= len(plain.set_aside) + 1
    assert np.abs(np.median(record.times[:100] - plain.times[:100])) < 0.01
    assert "checksum" not in caplog.text


@pytest.mark.parametrize("fmt", ["8", "16", "24", "32", "61", "80", "160", "212", "310", "311"])
def test_slices_of_a_record_are_what_the_library_reads_of_it_in_every_format(
    tmp_path, fmt, monkeypatch
):
    monkeypatch.setattr(_wfdb, "_BLOCK", 500)  # several are needed
    numbers = RNG.integers(-(2**31), 2**31, (1200, 2))  # as many bytes as any of them needs
    with quiet_wfdb() as wfdb:
        about = {"fs": RATE, "units": ["mV"] * 2, "sig_name": ["MLII", "V1"], "fmt": ["32"] * 2}
        scale = {"adc_gain": [200.0, 100.0], "baseline": [3, -5]}
        wfdb.wrsamp("r", d_signal=numbers, **about, **scale, write_dir=str(tmp_path))
        header = tmp_path / "r.hea"
        header.write_text(header.read_text().replace(".dat 32 ", f".dat {fmt} "))
        expected = wfdb.rdrecord(str(tmp_path / "r")).p_signal
    signals = _wfdb.open_wfdb(header, None)
    for position in (0, 1):
        values = signals.read(position).values
        np.testing.assert_array_equal(values[:], expected[:, position])
        for part in (slice(0, 0), slice(247, 253), slice(499, 1001), slice(1190, 1300)):
            np.testing.assert_array_equal(values[part], expected[part, position])


def test_slices_of_an_edf_file_are_what_the_library_reads_of_it(tmp_path):
    path = write_edf(tmp_path / "a.edf", {"ECG": RNG.normal(size=N), "EMG": RNG.normal(size=N)})
    values, expected = open_edf(path).read(0).values, edfio.read_edf(path).signals[0].data
    np.testing.assert_array_equal(values[:], expected)
    for part in (slice(0, 0), slice(359, 361), slice(N - 5, N + 5)):
        np.testing.assert_array_equal(values[part], expected[part])


def test_several_samples_a_frame_are_read_at_their_own_rate(raw, detected, tmp_path):
    path = write_marked(tmp_path, raw.values, [], "")
    text = path.read_text().replace(f"{RATE} {N}", f"{RATE // 2} {N // 2}")
    path.write_text(text.replace(".dat 16 ", ".dat 16x2 "))
    record = read_record(path)
    assert record.sampling_rate == RATE
    assert_beats(record, detected)
