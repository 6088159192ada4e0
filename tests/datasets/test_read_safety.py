"""Files that are hostile, damaged or too large: one kind of error, and never much memory."""

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecglab.datasets import iter_heartbeats, read_heartbeats
from ecglab.errors import DatasetError

SIGNALS = np.random.default_rng(0).normal(size=(12, 6)).round(4)
LABELS = np.array([1, 1, 2, 1, 1, 3, 1, 2, 1, 1, 1, 2])
CSV = pd.DataFrame(SIGNALS).assign(label=LABELS).to_csv(index=False).encode()


def write(path, content):
    path.write_bytes(content)
    return path


def zip_with(**settings_by_name):
    """Pack the table under some names, with other attributes of the members if given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in settings_by_name:
            archive.writestr(name, CSV)
    return buffer.getvalue()


# Zips


def test_the_only_table_in_a_zip_is_read_whatever_else_is_in_it(tmp_path, pack):
    content = pack({"a/beats.csv": CSV, "a/README.md": b"x", "__MACOSX/a/beats.csv": b"\x00"})
    beats = read_heartbeats(write(tmp_path / "x.zip", content))
    assert len(beats) == 12
    assert beats.provenance["member"] == "a/beats.csv"


def test_among_several_tables_one_must_be_named(tmp_path, pack):
    path = write(tmp_path / "x.zip", pack({"a/one.csv": CSV, "b/two.csv": CSV, "two.csv": CSV}))
    with pytest.raises(DatasetError, match=r"holds 3 files.*'a/one.csv', 'b/two.csv'.* member\."):
        read_heartbeats(path)
    assert len(read_heartbeats(path, member="one.csv")) == 12
    assert len(read_heartbeats(path, member="b/two.csv")) == 12
    with pytest.raises(DatasetError, match=r"holds 2 'two\.csv'"):
        read_heartbeats(path, member="two.csv")
    with pytest.raises(DatasetError, match=r"holds 0 'three\.csv'"):
        read_heartbeats(path, member="three.csv")


def test_an_encrypted_zip_is_refused(tmp_path, pack):
    content = bytearray(pack({"beats.csv": CSV}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    with pytest.raises(DatasetError, match="is encrypted"):
        read_heartbeats(write(tmp_path / "x.zip", bytes(content)))


def test_a_zip_without_a_table_and_no_zip_at_all_are_refused(tmp_path, pack):
    with pytest.raises(DatasetError, match=r"holds 0 files.*nothing that can be read"):
        read_heartbeats(write(tmp_path / "x.zip", pack({"beats.xlsx": CSV})))
    with pytest.raises(DatasetError, match="cannot be unpacked: File is not a zip file"):
        read_heartbeats(write(tmp_path / "y.zip", CSV))


@pytest.mark.parametrize("pack_with", [gzip.compress, bz2.compress, lzma.compress])
def test_only_what_a_checksum_or_a_length_says_is_called_damage(tmp_path, pack_with):
    name = {gzip: "x.csv.gz", bz2: "x.csv.bz2", lzma: "x.csv.xz"}[sys.modules[pack_with.__module__]]
    content = pack_with(CSV)
    assert len(read_heartbeats(write(tmp_path / name, content))) == 12
    with pytest.raises(DatasetError, match="is damaged and cannot be read"):
        read_heartbeats(write(tmp_path / name, content[:-20]))
    with pytest.raises(DatasetError) as caught:
        read_heartbeats(write(tmp_path / "no.npz", b"x" * 100))
    assert "damaged" not in str(caught.value)


# Bombs and limits


ROW_OF_ZEROS = b"0," * 499 + b"0\n"


class _Zeros(io.RawIOBase):
    """So many bytes of a table of zeros, without holding them."""

    def __init__(self, size):
        self._left = size

    def readable(self):
        return True

    def readinto(self, buffer):
        size = min(len(buffer), self._left) // len(ROW_OF_ZEROS) * len(ROW_OF_ZEROS)
        buffer[:size] = ROW_OF_ZEROS * (size // len(ROW_OF_ZEROS))
        self._left -= size
        return size


@pytest.fixture(scope="module")
def bomb(tmp_path_factory):
    """Make 300 kB that unpack to 300 MB, as gzip and as zip."""
    folder = tmp_path_factory.mktemp("bombs")
    with (
        gzip.open(folder / "x.csv.gz", "wb") as file,
        io.BufferedReader(_Zeros(3 * 10**8)) as zeros,
    ):
        while block := zeros.read(2**20):
            file.write(block)
    with (
        zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.csv", "w") as member,
        io.BufferedReader(_Zeros(3 * 10**8)) as zeros,
    ):
        while block := zeros.read(2**20):
            member.write(block)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x.csv.gz", "x.zip"])
def test_a_bomb_goes_no_further_than_the_size_limit(bomb, name):
    assert (bomb / name).stat().st_size < 10**6
    tracemalloc.start()
    with pytest.raises(DatasetError, match="more than 10,000,000 bytes"):
        read_heartbeats(bomb / name, label_column=None, header=False, size_limit=10**7)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5e8


@pytest.mark.slow
def test_a_bomb_that_lies_about_its_size_is_noticed_too(bomb, tmp_path):
    """A zip that declares a small member is cut off at what it declares."""
    content = bytearray((bomb / "x.zip").read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (1000).to_bytes(4, "little")
    path = write(tmp_path / "x.zip", bytes(content))
    tracemalloc.start()
    with pytest.raises(DatasetError):
        read_heartbeats(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.zip"])
def test_a_file_over_the_size_limit_is_refused_and_the_way_out_named(tmp_path, pack, name):
    content = {"x.csv": CSV, "x.csv.gz": gzip.compress(CSV), "x.zip": pack({"x.csv": CSV})}[name]
    path = write(tmp_path / name, content)
    with pytest.raises(DatasetError, match=f"more than {len(CSV) - 1:,} bytes.*iter_heartbeats"):
        read_heartbeats(path, size_limit=len(CSV) - 1)
    assert len(read_heartbeats(path, size_limit=len(CSV))) == 12
    assert sum(map(len, iter_heartbeats(path, size_limit=1))) == 12  # reads in pieces


def test_ten_gigabytes_are_refused_without_reading_them(tmp_path):
    path = tmp_path / "x.csv"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)  # a sparse file, which takes no room on the disk
    with pytest.raises(DatasetError, match="Read it in pieces"):
        read_heartbeats(path)
    with pytest.raises(DatasetError, match="more than 1,048,576 characters"):
        next(iter_heartbeats(path))


def test_a_large_parquet_file_is_refused_by_what_it_says_of_itself(tmp_path):
    path = tmp_path / "x.parquet"
    pd.DataFrame(np.zeros((20_000, 20)), columns=[f"s{i}" for i in range(20)]).to_parquet(path)
    assert path.stat().st_size < 50_000
    with pytest.raises(DatasetError, match="20,000 beats, more than 50,000 bytes"):
        read_heartbeats(path, label_column=None, size_limit=50_000)


def test_an_array_that_lies_about_its_shape_is_refused(tmp_path):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 140)}
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("X.npy", buffer.getvalue() + bytes(800))
    with pytest.raises(DatasetError, match=r"x\.npz cannot be read"):
        read_heartbeats(write(tmp_path / "x.npz", archive.getvalue()))


def test_a_pickle_in_an_npz_is_never_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "trapped"),)

    buffer = io.BytesIO()
    np.savez(buffer, X=np.array([[Trap()]], dtype=object))
    with pytest.raises(DatasetError, match="Object arrays cannot be loaded"):
        read_heartbeats(write(tmp_path / "x.npz", buffer.getvalue()))
    assert not (tmp_path / "trapped").exists()


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.csv")
    with pytest.raises(DatasetError, match="a folder or a device"):
        read_heartbeats(tmp_path / "x.csv")


@pytest.mark.parametrize("name", ["a\0b.csv", "x" * 5000 + ".csv"])
def test_an_impossible_name_is_a_dataset_error(tmp_path, name):
    with pytest.raises(DatasetError):
        read_heartbeats(tmp_path / name)


def test_reading_loads_no_pyarrow_before_it_is_needed(tmp_path):
    path = write(tmp_path / "x.csv", CSV)
    code = (
        "import sys; from ecglab.datasets import read_heartbeats; "
        f"read_heartbeats({str(path)!r}); print('pyarrow.parquet' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_without_pyarrow_the_error_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"ecglab\[parquet\]"):
        read_heartbeats(write(tmp_path / "x.parquet", b"PAR1"))


# Mutations


def encode_all(signals, labels, texts, encode, pack):
    """Write the same small table in every form, by file name."""
    files = {f"x{form}": encode(form, signals, labels) for form in (".txt", ".tsv", ".ts", ".arff")}
    frame = pd.DataFrame(signals, columns=[f"s{i}" for i in range(signals.shape[1])])
    files["x.csv"] = frame.assign(label=texts).to_csv(index=False).encode()
    files["ecg.csv"] = (
        frame.assign(y=(labels == 1) * 1.0).to_csv(index=False, header=False).encode()
    )
    files["german.csv"] = frame.assign(label=labels).to_csv(sep=";", decimal=",").encode()
    arrays, columns = io.BytesIO(), io.BytesIO()
    np.savez_compressed(arrays, X=signals, y=texts)
    frame.assign(label=texts).to_parquet(columns)
    files |= {"x.npz": arrays.getvalue(), "x.parquet": columns.getvalue()}
    files["x.csv.gz"] = gzip.compress(files["x.csv"])
    files["x.parquet.gz"] = gzip.compress(files["x.parquet"])
    files["x.zip"] = pack({"a/x.csv": files["x.csv"]})
    return files


def mutate(content, rng):
    """Flip, cut, insert and repeat bytes."""
    content = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        start = int(rng.integers(len(content) + 1))
        length = int(rng.integers(1, 1 + max(1, min(64, len(content) - start))))
        kind = rng.integers(5)
        if kind == 0 and start < len(content):
            content[start] ^= 1 << int(rng.integers(8))
        elif kind == 1 and rng.random() < 0.2:
            del content[start:]
        elif kind == 2:
            del content[start : start + length]
        elif kind == 3:
            content[start:start] = rng.bytes(length)
        else:
            content[start:start] = content[start : start + length]
    return bytes(content)


def read_or_refuse(path, **options):
    """Read a file that may be damaged: either beats come out, or a DatasetError."""
    try:
        beats = read_heartbeats(path, **options)
    except DatasetError:
        return False
    assert np.isfinite(beats.signals).all()
    assert len(beats) == len(beats.labels) > 0
    return True


@pytest.fixture(scope="module")
def real_files(ecg5000, encode, pack):
    """Write a few real beats in every form."""
    chosen = ecg5000.part("test")[2610:2640]  # the last normal beats, and the first others
    texts = np.where(chosen.is_anomaly, "V", "N")
    return encode_all(chosen.signals[:, ::10], chosen.labels, texts, encode, pack)


FORMS = [
    *("x.txt", "x.tsv", "x.ts", "x.arff", "x.csv", "ecg.csv", "german.csv", "x.npz", "x.parquet"),
    *("x.csv.gz", "x.parquet.gz", "x.zip"),
]
OPTIONS = [{}, {"on_bad": "drop"}, {"label_column": -1, "header": False}]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # NumPy warns of strange headers before it refuses them
@pytest.mark.parametrize("name", FORMS)
@given(seed=st.integers(0, 2**32 - 1), options=st.sampled_from(OPTIONS))
def test_mutated_real_files_raise_no_other_error(real_files, tmp_path, name, seed, options):
    content = mutate(real_files[name], np.random.default_rng(seed))
    read_or_refuse(write(tmp_path / name, content), size_limit=2**24, **options)


@pytest.mark.filterwarnings("ignore")
def test_mutations_are_neither_too_small_nor_too_large_to_show_a_fault(real_files, tmp_path):
    assert set(real_files) == set(FORMS)
    rng = np.random.default_rng(0)
    outcomes = [
        read_or_refuse(write(tmp_path / name, mutate(real_files[name], rng)), on_bad="drop")
        for name in FORMS * 20
    ]
    assert 0.02 < np.mean(outcomes) < 0.9  # both ways have been taken


@given(content=st.binary(max_size=300), form=st.sampled_from(["csv", "txt", "ts", "arff", "npz"]))
def test_bytes_of_any_kind_raise_no_other_error(tmp_path, content, form):
    read_or_refuse(write(tmp_path / f"x.{form}", content))


lines = st.lists(
    st.lists(
        st.sampled_from(["1", "0.5", "-2e3", "N", "", "nan", '"', "1,5", "#", "é"]), max_size=5
    ),
    max_size=6,
)


@given(table=lines, separator=st.sampled_from([",", ";", "\t", " "]), drop=st.booleans())
def test_tables_of_any_kind_raise_no_other_error(tmp_path, table, separator, drop):
    content = "\n".join(separator.join(row) for row in table).encode()
    path = write(tmp_path / "x.csv", content)
    read_or_refuse(path, on_bad="drop" if drop else "error")
    read_or_refuse(path, label_column=None, header=True)
