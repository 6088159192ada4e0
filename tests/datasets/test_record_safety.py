"""Files that are damaged, wrong or malicious: `read_record` fails in its own words, or reads on."""

import contextlib
import hashlib
import logging
import os
import time
from pathlib import Path

import edfio
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from records import read_marks, simulate, write_marks, write_wfdb

from ecglab.datasets import read_record
from ecglab.datasets._fetch import fetch_physionet
from ecglab.errors import DatasetError, DatasetUnavailableError

REAL_DATA_HOME = os.environ.get("ECGLAB_DATA_HOME")
RATE = 250


class Files(dict):
    """Contents by file name; what hypothesis prints of them is short."""

    def __repr__(self):
        return f"Files({', '.join(self)})"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Write half a minute of a simulated lead as every kind of file."""
    folder = tmp_path_factory.mktemp("small")
    raw = simulate(0.5, {"V": 0.2}, RATE)
    samples = np.round(raw.marks.times * RATE).astype(int)
    write_wfdb(folder, {"MLII": raw.values, "V1": -raw.values}, RATE, fmt="212")
    write_marks(folder / "sim.atr", samples, raw.marks.symbols.tolist())
    notes = zip(raw.marks.times.tolist(), raw.marks.symbols.tolist(), strict=True)
    edfio.Edf(
        [edfio.EdfSignal(raw.values, RATE, label="ECG II", physical_dimension="mV")],
        annotations=[edfio.EdfAnnotation(at, None, symbol) for at, symbol in notes],
    ).write(folder / "sim.edf")
    np.save(folder / "sim.npy", raw.values)
    np.savetxt(folder / "sim.csv", raw.values, fmt="%.3f", header="MLII", comments="")
    return Files({path.name: path.read_bytes() for path in folder.iterdir()})


@pytest.fixture
def place(small, tmp_path):
    """Put fresh copies of the files into a folder."""
    for name, content in small.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def edit(path, old, new):
    """Replace a piece of text that must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_truncated_signal_file_is_named_with_both_sizes(place):
    content = (place / "sim.dat").read_bytes()
    (place / "sim.dat").write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetError, match=r"sim\.dat has [\d,]+ bytes, but sim\.hea promises"):
        read_record(place / "sim")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "..", "~", "a/b.dat", "s3://bucket/x", "a::b", "-"]
)
def test_a_header_cannot_reach_files_outside_its_folder(place, name):
    edit(place / "sim.hea", "sim.dat", name)
    with pytest.raises(DatasetError, match=r"as a signal file\. Only a file|cannot be read"):
        read_record(place / "sim")


@pytest.mark.parametrize("size", ["999999999999", "99999999999999999999999"])
def test_hostile_sizes_are_refused_before_memory_is_taken(place, size):
    edit(place / "sim.hea", f"sim 2 {RATE} 7500", f"sim 2 {RATE} {size}")
    start = time.monotonic()
    with pytest.raises(DatasetError, match=r"promises|cannot be read|can be read at once"):
        read_record(place / "sim")
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("fmt", ["516", "524"])
def test_hostile_sizes_of_compressed_signals_are_refused(place, fmt):
    edit(place / "sim.hea", f"sim 2 {RATE} 7500", f"sim 2 {RATE} 999999999999")
    edit(place / "sim.hea", "sim.dat 212", f"sim.dat {fmt}")
    with pytest.raises(DatasetError, match="can be read at once"):
        read_record(place / "sim")


@pytest.mark.parametrize("rate", ["0", "-250", "2.5", "1e9", "nan"])
def test_an_impossible_sampling_rate_is_refused(place, rate):
    edit(place / "sim.hea", f"sim 2 {RATE} ", f"sim 2 {rate} ")
    with pytest.raises(DatasetError):
        read_record(place / "sim")


@pytest.mark.parametrize("rate", [0, -250, float("nan"), 1e12, True, "fast"])
def test_an_impossible_sampling_rate_of_a_table_is_refused(place, rate):
    with pytest.raises(DatasetError, match="sampling rate of"):
        read_record(place / "sim.csv", sampling_rate=rate)


def test_a_wrong_sampling_rate_shows_in_the_heart_rate(place):
    edit(place / "sim.hea", f"sim 2 {RATE} ", "sim 2 60000 ")
    with pytest.raises(DatasetError, match="beats a minute"):
        read_record(place / "sim")
    with pytest.raises(DatasetError, match=r"states a sampling rate of 250 Hz, but 500"):
        read_record(place / "sim.edf", sampling_rate=500)


def test_header_and_signal_that_disagree(place):
    """More signals described than promised, or promised than described; a file that is missing."""
    (place / "sim.dat").unlink()
    with pytest.raises(DatasetError, match=r"sim\.dat is missing"):
        read_record(place / "sim")
    edit(place / "sim.hea", "sim 2 ", "sim 3 ")
    with pytest.raises(DatasetError, match="promises 3 signals and describes 2"):
        read_record(place / "sim")


def test_a_signal_file_without_its_header_says_what_is_missing(place):
    (place / "sim.hea").unlink()
    with pytest.raises(DatasetError, match=r"needs its header, sim\.hea"):
        read_record(place / "sim.dat")


def test_another_signal_than_the_headers_is_noticed(place, caplog):
    content = bytearray((place / "sim.dat").read_bytes())
    content[3000:3300] = bytes(300)
    (place / "sim.dat").write_bytes(content)
    with caplog.at_level(logging.WARNING, logger="ecglab"):
        read_record(place / "sim")
    assert "the checksum of MLII in the header is that of another signal" in caplog.text


def test_a_header_with_its_extension_in_capitals_is_refused_plainly(place):
    (place / "sim.hea").rename(place / "sim.HEA")
    if (place / "sim.hea").is_file():
        pytest.skip("this file system does not tell capitals from small letters")
    with pytest.raises(DatasetError, match=r"in capitals.* Rename it sim\.hea"):
        read_record(place / "sim.HEA")


def test_the_other_files_of_a_record_may_be_named_in_capitals(place):
    assert read_record(place / "sim.DAT").source == read_record(place / "sim.dat").source


def test_a_header_of_segments_is_refused(place):
    (place / "multi.hea").write_text("multi/2 2 250 15000\nsim 7500\nsim 7500\n")
    with pytest.raises(DatasetError, match="segments"):
        read_record(place / "multi")


def test_annotations_that_mark_no_beat_lead_to_detection(place, caplog):
    write_marks(place / "sim.atr", [5], ["+"], aux_note=["(N"])
    with caplog.at_level(logging.WARNING, logger="ecglab"):
        record = read_record(place / "sim")
    assert record.symbols is None
    assert "marks no beat" in caplog.text
    with pytest.raises(DatasetError, match="no heartbeat was found"):
        read_record(place / "sim", annotations="atr")


def test_annotations_beyond_the_end_are_set_aside(place):
    times = np.append(read_marks(place / "sim.atr").sample, 1000 * RATE)
    write_marks(place / "sim.atr", times, ["N"] * len(times))
    record = read_record(place / "sim")
    assert record.set_aside["time"].tolist() == [1000.0]
    assert record.times.max() < 30


@pytest.mark.parametrize("name", ["sim.hea", "sim.atr", "sim.edf", "sim.npy", "sim.csv"])
def test_empty_files_are_errors(place, name):
    (place / name).write_bytes(b"")
    if name == "sim.atr":
        assert read_record(place / "sim").symbols is None
        return
    with pytest.raises(DatasetError, match=r"sim\."):
        read_record(place / name, sampling_rate=RATE if name[-3:] in ("npy", "csv") else None)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["sim.hea", "sim.edf", "sim.npy"])
def test_unreadable_files_are_errors(place, name):
    (place / name).chmod(0)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_record(place / name, sampling_rate=RATE if name == "sim.npy" else None)


def test_ragged_and_mixed_tables_are_errors_that_name_the_line(place):
    lines = (place / "sim.csv").read_text().splitlines()
    for wrong in ("1,2,3", "oops"):
        (place / "wrong.csv").write_text("\n".join([*lines[:50], wrong, *lines[50:]]))
        with pytest.raises(DatasetError, match=rf"wrong\.csv, line 51.*{wrong}"):
            read_record(place / "wrong.csv", sampling_rate=RATE)


def write_rows(path, header, rows):
    path.write_text("\n".join([*header, *rows]) + "\n")
    return path


@pytest.fixture
def two(place):
    """Return the fields of two leads, the second one upside down and shifted."""
    values = np.load(place / "sim.npy")
    return [(f"{v:.3f}", f"{0.5 - v:.3f}") for v in values]


@pytest.mark.parametrize("header", [["MLII,V5"], ["MLII,V5,"], []])
def test_a_separator_at_the_end_of_every_row_shifts_no_lead(place, two, header):
    names = [line.rstrip(",") for line in header]
    plain = write_rows(place / "plain.csv", names, [",".join(row) for row in two])
    ended = write_rows(place / "ended.csv", header, [",".join(row) + "," for row in two])
    for lead in (0, 1):
        expected, found = (read_record(p, lead=lead, sampling_rate=RATE) for p in (plain, ended))
        assert found.lead == expected.lead
        np.testing.assert_array_equal(found.signals, expected.signals)


@pytest.mark.parametrize(
    ("header", "separator", "fault"),
    [
        ("MLII", ",", "several look like one"),
        ("MLII,V5,V1", ",", "the header has 3 names, but the rows have 2 values"),
        ("V5,V5", ",", "two columns of one name"),
    ],
)
def test_names_that_do_not_fit_the_columns_are_refused(place, two, header, separator, fault):
    rows = [separator.join(row) for row in two]
    with pytest.raises(DatasetError, match=fault):
        read_record(write_rows(place / "t.csv", [header], rows), sampling_rate=RATE)


@pytest.mark.parametrize("header", [["MLII,V5"], []])
@pytest.mark.parametrize("row", ["0.1", "0.1,0.2,0.3"])
def test_a_row_that_is_not_as_long_as_the_others_is_named(place, two, header, row):
    rows = [",".join(fields) for fields in two]
    rows.insert(3000, row)
    table = write_rows(place / "t.csv", header, rows)
    with pytest.raises(
        DatasetError, match=rf"line {3001 + len(header)}: {row.count(',') + 1} values, but 2"
    ):
        read_record(table, sampling_rate=RATE)


def test_a_sample_missing_at_the_end_of_a_row_is_no_fault_of_its_length(place, two):
    rows = [",".join(row) for row in two]
    rows[0] = two[0][0] + ","
    table = write_rows(place / "t.csv", ["MLII,V5"], rows)
    assert read_record(table, lead="V5", sampling_rate=RATE).lead == "V5"


def test_one_column_with_decimal_commas_is_not_read_as_two(place, two):
    rows = [f"{1000 * float(v):.2f}".replace(".", ",") for v, _ in two]
    with pytest.raises(DatasetError, match="may be one number with a decimal comma"):
        read_record(write_rows(place / "t.csv", [], rows), sampling_rate=RATE)


def test_two_columns_of_whole_numbers_are_read_once_they_have_names(place, two):
    rows = [f"{1000 * float(v):.0f},7" for v, _ in two]
    with pytest.raises(DatasetError, match="write the names"):
        read_record(write_rows(place / "t.csv", [], rows), sampling_rate=RATE)
    named = write_rows(place / "t.csv", ["MLII,marker"], rows)
    assert read_record(named, sampling_rate=RATE).lead == "MLII"


@pytest.mark.parametrize("name", ["elapsed", "ms", "Date", "when", None])
@pytest.mark.parametrize("rate", [250, 360])
def test_a_column_of_time_is_not_taken_for_the_ecg(place, two, name, rate):
    """At 360 Hz, times in milliseconds are rounded, and their steps differ."""
    header = [] if name is None else [f"{name},channel"]
    rows = [f"{n / rate:.3f},{v}" for n, (v, _) in enumerate(two)]
    table = write_rows(place / "t.csv", header, rows)
    record = read_record(table, sampling_rate=rate)
    assert record.lead == ("column 1" if name is None else "channel")
    assert record.reading["time"].value == (name or "column 0")
    if name != "ms":  # which these are not
        assert read_record(table).sampling_rate == rate


def test_no_code_in_an_array_is_run(place):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (place / "sprung",))

    np.save(place / "trap.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(DatasetError, match=r"trap\.npy cannot be read"):
        read_record(place / "trap.npy", sampling_rate=RATE)
    assert not (place / "sprung").exists()


def test_a_table_with_a_lying_header_is_refused(place):
    content = (place / "sim.npy").read_bytes()
    (place / "sim.npy").write_bytes(content.replace(b"(7500,)", b"(7500000000,)"))
    with pytest.raises(DatasetError, match=r"sim\.npy cannot be read"):
        read_record(place / "sim.npy", sampling_rate=RATE)


# Fuzzing

MUTATION = st.one_of(
    st.tuples(st.just("flip"), st.integers(0, 2**31), st.integers(0, 255)),
    st.tuples(st.just("cut"), st.integers(0, 2**31), st.just(0)),
    st.tuples(st.just("insert"), st.integers(0, 2**31), st.integers(0, 255)),
    st.tuples(st.just("digit"), st.integers(0, 2**31), st.sampled_from(b"0123456789-.e/ ")),
)


def mutate(content, mutations):
    """Damage a file; a "digit" goes where a digit was, so that headers stay readable for longer."""
    content = bytearray(content)
    for kind, where, value in mutations:
        if not content:
            break
        at = where % len(content)
        if kind == "flip":
            content[at] = value
        elif kind == "cut":
            del content[at:]
        elif kind == "insert":
            content.insert(at, value)
        else:
            digits = [n for n, byte in enumerate(content[:4096]) if chr(byte).isdigit()]
            if digits:
                content[digits[where % len(digits)]] = value
    return bytes(content)


def read_damaged(files, folder, name, mutations):
    """Read a damaged copy. Anything but beats or the package's own error fails the test."""
    for file, content in files.items():
        (folder / file).write_bytes(mutate(content, mutations) if file == name else content)
    rate = RATE if name.endswith((".npy", ".csv")) else None
    target = folder / (
        name if name.endswith((".edf", ".npy", ".csv")) else f"{Path(name).stem}.hea"
    )
    with contextlib.suppress(DatasetError):
        record = read_record(target, sampling_rate=rate)
        assert np.isfinite(record.signals).all()
        assert len(record) > 0


FILES = ["sim.hea", "sim.dat", "sim.atr", "sim.edf", "sim.npy", "sim.csv"]


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
@example(mutations=[("digit", 0, 52)])  # eight bytes to a number become four
@given(mutations=st.lists(MUTATION, min_size=1, max_size=6))
def test_damaged_files_give_beats_or_our_own_error(small, tmp_path, name, mutations):
    read_damaged(small, tmp_path, name, mutations)


@pytest.fixture(scope="module")
def real_slice():
    """Return twenty seconds of a real record, header, signals and annotations, or skip."""
    folder = Path(REAL_DATA_HOME or "") / "mitdb"
    if not REAL_DATA_HOME or not (folder / "208.hea").is_file():
        pytest.skip("no real records: set ECGLAB_DATA_HOME to a folder with mitdb/208.hea in it")
    header = (folder / "208.hea").read_text().replace("650000", "7200")
    return Files(
        {
            "208.hea": header.encode(),
            "208.dat": (folder / "208.dat").read_bytes()[: 7200 * 3],
            "208.atr": (folder / "208.atr").read_bytes()[:120] + bytes(2),
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["208.hea", "208.dat", "208.atr"])
@given(mutations=st.lists(MUTATION, min_size=1, max_size=6))
def test_damaged_real_records_give_beats_or_our_own_error(real_slice, tmp_path, name, mutations):
    read_damaged(real_slice, tmp_path, name, mutations)


# PhysioNet, from a real server on this machine


@pytest.fixture
def physionet(serve, small, answer):
    """Serve a database of one record, with its checksums."""
    asked = []
    files = {name: small[name] for name in ("sim.hea", "sim.dat", "sim.atr")}
    listing = "".join(
        f"{hashlib.sha256(content).hexdigest()} {name}\n" for name, content in files.items()
    )
    files["SHA256SUMS.txt"] = listing.encode()

    def respond(handler):
        asked.append(handler.path)
        name = handler.path.rpartition("/")[2]
        if handler.path.startswith("/files/mydb/1.0.0/") and name in files:
            answer(files[name])(handler)
        else:
            handler.send_error(404)

    server = serve(respond).rpartition("/")[0] + "/files"
    return server, files, asked


def test_a_record_is_fetched_from_physionet_once(physionet, tmp_path, monkeypatch):
    server, _, asked = physionet
    header = fetch_physionet("mydb/sim", tmp_path, server=server)
    assert header == tmp_path / "mydb" / "sim.hea"
    assert sorted(path.name for path in header.parent.iterdir()) == [
        "sim.atr",
        "sim.dat",
        "sim.hea",
    ]
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(tmp_path))
    n_asked = len(asked)
    assert len(read_record("mydb/sim")) > 20
    assert len(asked) == n_asked


def test_an_unknown_record_or_database_is_said_so(physionet, tmp_path):
    server, _, _ = physionet
    with pytest.raises(DatasetUnavailableError, match=r"no other\.dat and no other\.hea"):
        fetch_physionet("mydb/other", tmp_path, server=server)
    with pytest.raises(DatasetUnavailableError, match="nodb/sim is not on disk"):
        fetch_physionet("nodb/sim", tmp_path, server=server)


def test_what_is_not_the_published_file_is_not_kept(physionet, tmp_path):
    server, files, _ = physionet
    files["sim.dat"] = files["sim.dat"][:-1] + b"\0\0"
    with pytest.raises(DatasetError, match="not the published file"):
        fetch_physionet("mydb/sim", tmp_path, server=server)
    assert not (tmp_path / "mydb" / "sim.hea").exists()


def test_without_a_network_it_is_noticed_soon(black_hole, tmp_path):
    start = time.monotonic()
    with pytest.raises(DatasetUnavailableError, match="could not be downloaded"):
        fetch_physionet("mydb/sim", tmp_path, server=black_hole.rpartition("/")[0])
    assert time.monotonic() - start < 10
