"""Finding, reading and verifying ECG5000: on a small archive of the same build, and for real."""

import hashlib
import io
import re
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecglab.datasets import _ecg5000, fetch_ecg5000
from ecglab.datasets._ecg5000 import FORMS, find_fault, read_part, row_weighted_mean
from ecglab.datasets._fetch import user_cache
from ecglab.errors import DatasetError, DatasetUnavailableError

FORMS_AND_ZIP = [*FORMS, ".zip"]


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def _put(small_archive, pack, form, folder):
    """Put a complete copy of the small archive into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if form == ".zip":
        (folder / "ECG5000.zip").write_bytes(pack(small_archive.files(".ts")))
    else:
        small_archive.write(form, folder)


def _load(home):
    """Fetch from a folder, without a download."""
    return fetch_ecg5000(home, download_if_missing=False)


def _assert_is(beats, small_archive):
    """Check every array against what the archive was made from."""
    parts = ("TRAIN", "TEST")
    signals = np.concatenate([small_archive.signals[part] for part in parts])
    np.testing.assert_array_equal(beats.signals, signals.astype(np.float32))
    np.testing.assert_array_equal(
        beats.labels, np.concatenate([small_archive.labels[part] for part in parts])
    )
    assert beats.split.tolist() == ["train"] * 30 + ["test"] * 40
    assert beats.source == "ECG5000"


# Finding


@pytest.mark.parametrize("subfolder", ["ecg5000", "ECG5000", "."])
@pytest.mark.parametrize("form", FORMS_AND_ZIP)
def test_every_form_is_found_in_every_place_and_gives_the_same_beats(
    small_archive, pack, home, form, subfolder
):
    _put(small_archive, pack, form, home / subfolder)
    _assert_is(_load(home), small_archive)


@pytest.mark.parametrize("form", FORMS)
def test_windows_line_ends_change_nothing(small_archive, home, form):
    for name, content in small_archive.files(form).items():
        (home / name).write_bytes(content.replace(b"\n", b"\r\n"))
    _assert_is(_load(home), small_archive)


def test_the_environment_is_read_at_each_call(small_archive, pack, home, monkeypatch):
    _put(small_archive, pack, ".txt", home / "ecg5000")
    with pytest.raises(DatasetUnavailableError):
        _load(None)
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(home))
    _assert_is(_load(None), small_archive)
    monkeypatch.setenv("ECGLAB_DATA_HOME", "")
    monkeypatch.chdir(home)
    with pytest.raises(DatasetUnavailableError):
        _load(None)


def test_the_users_cache_is_looked_in_after_the_environment(small_archive, pack, home, monkeypatch):
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(home))
    _put(small_archive, pack, ".zip", user_cache() / "ecg5000")
    assert _load(None).provenance["form"] == ".ts in ECG5000.zip"
    _put(small_archive, pack, ".txt", home / "ecg5000")
    assert _load(None).provenance["form"] == ".txt"


def test_an_explicit_folder_is_the_only_one_looked_in(small_archive, pack, home, monkeypatch):
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(home))
    _put(small_archive, pack, ".txt", home)
    _put(small_archive, pack, ".txt", user_cache())
    with pytest.raises(DatasetUnavailableError):
        _load(home / "elsewhere")


def test_a_tilde_stands_for_the_users_folder(small_archive, pack, home, monkeypatch):
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    _put(small_archive, pack, ".txt", home / "beats")
    _assert_is(_load("~/beats"), small_archive)
    monkeypatch.setenv("ECGLAB_DATA_HOME", "~/beats")
    _assert_is(_load(None), small_archive)


def test_a_missing_archive_lists_the_places_looked_in(home, monkeypatch):
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(home))
    with pytest.raises(DatasetUnavailableError) as caught:
        fetch_ecg5000(download_if_missing=False)
    message = str(caught.value)
    for folder in (home / "ecg5000", home / "ECG5000", home, user_cache() / "ecg5000"):
        assert f"  {folder}\n" in message
    assert "ECGLAB_DATA_HOME" in message
    assert "make_heartbeats" in message


@pytest.mark.parametrize(("missing", "present"), [("TRAIN", "TEST"), ("TEST", "TRAIN")])
def test_one_part_without_the_other_is_an_error_even_if_a_download_could_help(
    small_archive, home, missing, present
):
    small_archive.write(".tsv", home)
    (home / f"ECG5000_{missing}.tsv").unlink()
    pattern = rf"ECG5000_{missing}.tsv is missing: {re.escape(str(home))} holds ECG5000_{present}"
    with pytest.raises(DatasetError, match=pattern) as caught:
        fetch_ecg5000(home)
    assert caught.type is DatasetError


def test_a_lone_file_does_not_hide_a_complete_copy(small_archive, pack, home):
    (home / "ECG5000_TRAIN.txt").write_bytes(b"")
    _put(small_archive, pack, ".arff", home)
    _assert_is(_load(home), small_archive)


def test_a_file_that_cannot_be_read_is_told(small_archive, home):
    small_archive.write(".txt", home)
    with pytest.raises(DatasetError, match=r"Cannot look for .*: File name too long"):
        _ecg5000._is_file(home / ("x" * 5000))


# Downloading


@pytest.fixture
def publish(monkeypatch):
    """Return a function that makes an archive one that can be downloaded."""

    def make(url, content):
        monkeypatch.setattr(_ecg5000, "URLS", [url])
        monkeypatch.setattr(_ecg5000, "ZIP_SHA256", hashlib.sha256(content).hexdigest())

    return make


def test_what_is_missing_is_downloaded_once_and_kept_as_the_zip(
    small_archive, pack, serve, answer, home, publish
):
    content = pack(small_archive.files(".txt"))
    requests_for_the_body = []

    def respond(handler):
        requests_for_the_body.extend(["GET"] * (handler.command == "GET"))
        answer(content)(handler)

    publish(serve(respond), content)
    for _ in range(2):
        _assert_is(fetch_ecg5000(home, progress=False), small_archive)
    assert requests_for_the_body == ["GET"]
    assert [path for path in home.rglob("*") if path.is_file()] == [
        home / "ecg5000" / "ECG5000.zip"
    ]


def test_the_download_goes_to_the_folder_of_the_environment(
    small_archive, pack, serve, answer, home, monkeypatch, publish
):
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(home))
    content = pack(small_archive.files(".txt"))
    publish(serve(answer(content)), content)
    fetch_ecg5000(progress=False)
    assert (home / "ecg5000" / "ECG5000.zip").is_file()


def test_the_official_archive_without_a_network_is_unavailable_within_ten_seconds(home):
    start = time.monotonic()
    with pytest.raises(DatasetUnavailableError) as caught:
        fetch_ecg5000(home, progress=False)
    assert time.monotonic() - start < 10
    for url in _ecg5000.URLS:
        assert url in str(caught.value)
    assert list(home.iterdir()) == []


# Zips


def test_the_members_may_lie_in_any_folder_of_the_zip(small_archive, pack, home):
    members = {f"a/b/{name}": content for name, content in small_archive.files(".arff").items()}
    members["__MACOSX/a/b/._ECG5000_TRAIN.arff"] = b"rubbish"
    (home / "ECG5000.zip").write_bytes(pack(members))
    _assert_is(_load(home), small_archive)


def test_a_zip_without_both_parts_is_refused(small_archive, pack, home):
    files = small_archive.files(".txt")
    (home / "ECG5000.zip").write_bytes(
        pack({"ECG5000_TRAIN.txt": files["ECG5000_TRAIN.txt"], "ECG5000_TEST.ts": b""})
    )
    with pytest.raises(DatasetError, match=r"ECG5000\.zip does not hold ECG5000_TRAIN and"):
        _load(home)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04"])
def test_what_is_no_zip_is_refused(small_archive, home, content):
    (home / "ECG5000.zip").write_bytes(content)
    with pytest.raises(
        DatasetError, match=r"ECG5000\.zip cannot be unzipped.*Delete it and fetch again"
    ):
        _load(home)


def test_a_zip_bomb_is_refused(pack, home):
    bomb = b"0" * (_ecg5000._MEMBER_LIMIT + 1)
    (home / "ECG5000.zip").write_bytes(pack({"ECG5000_TRAIN.txt": bomb, "ECG5000_TEST.txt": b""}))
    with pytest.raises(DatasetError, match=r"ECG5000_TRAIN\.txt holds more than 67,108,864 bytes"):
        fetch_ecg5000(home, download_if_missing=False)


def test_a_zip_bomb_that_lies_about_its_size_is_never_inflated(pack, home):
    """A member of 100 MiB says that it has 1000 bytes; no more than these are ever in memory."""
    bomb = pack({"ECG5000_TRAIN.txt": b"0" * 100 * 2**20, "ECG5000_TEST.txt": b"1"})
    lie = bomb.replace(struct.pack("<L", 100 * 2**20), struct.pack("<L", 1000))
    (home / "ECG5000.zip").write_bytes(lie)
    tracemalloc.start()
    with pytest.raises(DatasetError, match="is damaged and cannot be read"):
        fetch_ecg5000(home, download_if_missing=False)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * 2**20


def test_an_encrypted_zip_is_refused(small_archive, pack, home):
    content = bytearray(pack(small_archive.files(".txt")))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for match in re.finditer(re.escape(signature), bytes(content)):
            content[match.start() + flags] |= 0x1
    (home / "ECG5000.zip").write_bytes(content)
    with pytest.raises(DatasetError, match=r"ECG5000\.zip/ECG5000_TRAIN\.txt is encrypted"):
        _load(home)


@given(where=st.floats(0, 1), insertion=st.binary(max_size=2), cut=st.booleans())
def test_a_damaged_zip_is_refused_or_harmless(small_archive, pack, home, where, insertion, cut):
    content = pack(small_archive.files(".ts"))
    start = round(where * (len(content) - 1))
    rest = b"" if cut else content[start + len(insertion) :]
    (home / "ECG5000.zip").write_bytes(content[:start] + insertion + rest)
    try:
        beats = _load(home)
    except DatasetError:
        return
    _assert_is(beats, small_archive)


# Verifying


def _rewrite(folder, name, change):
    """Change the lines of a file."""
    path = folder / name
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")


def _swap(lines, i, j):
    lines[i], lines[j] = lines[j], lines[i]
    return lines


def _edit(line, position, change):
    fields = line.split("\t")
    fields[position] = change(fields[position])
    return "\t".join(fields)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[:33], "holds 33 of 40 beats: the file looks truncated; delete it and"),
        (lambda rows: [*rows, rows[0]], "holds 41 of 40 beats: the file is not the published one"),
        (lambda rows: [_edit(rows[0], 0, lambda _: "2"), *rows[1:]], "beats by class, where"),
        (lambda rows: [_edit(rows[0], 0, lambda _: "77"), *rows[1:]], "beats by class, where"),
        (lambda rows: _swap(rows, 0, -1), "in another order than"),
        (
            lambda rows: [rows[0], _edit(rows[1], 3, lambda v: f"{float(v) + 0.1}"), *rows[2:]],
            "beat 2 does not have mean 0 and standard deviation 1",
        ),
        (
            lambda rows: [rows[0], _edit(rows[1], 3, lambda _: "1e300"), *rows[2:]],
            "line 2, value 4: '1e300' is too large",
        ),
        (
            lambda rows: [
                "\t".join([*row.split("\t")[:1], *row.split("\t")[:0:-1]]) for row in rows
            ],
            r"its beats are not the published ones \(sample 0\)",
        ),
        (lambda rows: _swap(rows, 0, 24), "its beats are not the published ones"),
        (lambda rows: [row.rsplit("\t", 1)[0] for row in rows], "beats of 11 samples, where 12"),
        (lambda rows: [*rows[:5], "1\t2", *rows[6:]], "line 6: 2 values, but 13"),
    ],
    ids=[
        "truncated",
        "too-long",
        "wrong-label",
        "unknown-label",
        "reordered",
        "wrong-sample",
        "absurd-sample",
        "reversed",
        "reordered-in-class",
        "narrow",
        "ragged",
    ],
)
def test_a_file_that_is_not_the_published_one_is_refused(small_archive, home, change, message):
    small_archive.write(".tsv", home)
    _rewrite(home, "ECG5000_TEST.tsv", change)
    with pytest.raises(DatasetError, match=f"ECG5000_TEST.tsv.*{message}") as caught:
        fetch_ecg5000(home)
    assert caught.type is DatasetError


def test_values_that_overflow_into_nan_are_not_let_through(small_archive):
    signals = small_archive.signals["TRAIN"].copy()
    signals[3] = np.nan
    fault = find_fault(small_archive.parts[0], signals, small_archive.labels["TRAIN"])
    assert "beat 4 does not have mean 0" in fault


def test_a_text_file_must_be_the_published_one_to_the_byte(small_archive, home):
    small_archive.write(".txt", home)
    path = home / "ECG5000_TRAIN.txt"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(DatasetError, match=r"TRAIN\.txt differs from .* in its bytes \(sha256\)"):
        _load(home)


def test_swapped_parts_are_refused(small_archive, home):
    small_archive.write(".ts", home)
    train, test = home / "ECG5000_TRAIN.ts", home / "ECG5000_TEST.ts"
    train.rename(home / "x")
    test.rename(train)
    (home / "x").rename(test)
    with pytest.raises(DatasetError, match=r"ECG5000_TRAIN\.ts holds 40 of 30 beats"):
        _load(home)


def test_a_form_with_fewer_digits_is_accepted(small_archive, encode, home):
    for part in ("TRAIN", "TEST"):
        rounded = small_archive.signals[part].round(4)
        content = encode(".ts", rounded, small_archive.labels[part])
        (home / f"ECG5000_{part}.ts").write_bytes(content)
    beats = _load(home)
    np.testing.assert_allclose(
        beats.part("train").signals, small_archive.signals["TRAIN"], atol=6e-5
    )


# The result


@pytest.mark.parametrize("form", FORMS_AND_ZIP)
def test_the_provenance_names_files_and_checksums_but_no_folder(small_archive, pack, home, form):
    _put(small_archive, pack, form, home / "ecg5000")
    provenance = dict(_load(home).provenance)
    read = ".ts" if form == ".zip" else form
    assert provenance.pop("form") == (".ts in ECG5000.zip" if form == ".zip" else form)
    assert "10.1007/s10618-014-0388-4" in provenance.pop("citation")
    assert "ODC-By" in provenance.pop("licence")
    expected = small_archive.files(read)
    if form == ".zip":
        expected["ECG5000.zip"] = pack(small_archive.files(".ts"))
    assert provenance == {
        f"sha256 of {name}": hashlib.sha256(content).hexdigest()
        for name, content in expected.items()
    }


def test_importing_the_datasets_loads_neither_pooch_nor_requests():
    code = "import sys, ecglab.datasets; print({'pooch', 'requests', 'tqdm'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


# The real archive


def test_the_real_archive_has_its_published_counts(ecg5000):
    assert ecg5000.signals.shape == (5000, 140)
    counts = ecg5000.count_classes()
    assert counts["train"].tolist() == [292, 177, 10, 19, 2]
    assert counts["test"].tolist() == [2627, 1590, 86, 175, 22]
    assert ecg5000.split[0] == "train"
    assert ecg5000.split[-1] == "test"
    assert (ecg5000.labels[500:3127] == 1).all()


@pytest.fixture(scope="module")
def real_parts(ecg5000_home):
    """Read the real files, without verifying them."""
    folder = ecg5000_home / "ecg5000"
    contents = {part: (folder / f"ECG5000_{part}.txt").read_bytes() for part in ("TRAIN", "TEST")}
    return {part: read_part(content, ".txt", part) for part, content in contents.items()}


@pytest.mark.parametrize("form", [".tsv", ".ts", ".arff", ".zip"])
def test_the_real_beats_are_the_same_in_every_form(ecg5000, real_parts, encode, pack, home, form):
    files = {
        f"ECG5000_{part}{'.ts' if form == '.zip' else form}": encode(
            ".ts" if form == ".zip" else form, *real_parts[part]
        )
        for part in ("TRAIN", "TEST")
    }
    if form == ".zip":
        files = {"ECG5000.zip": pack(files)}
    for name, content in files.items():
        (home / name).write_bytes(content)
    beats = fetch_ecg5000(home, download_if_missing=False)
    np.testing.assert_array_equal(beats.signals, ecg5000.signals)
    np.testing.assert_array_equal(beats.labels, ecg5000.labels)


def test_the_real_text_files_may_have_windows_line_ends(ecg5000, ecg5000_home, home):
    for path in Path(ecg5000_home, "ecg5000").glob("*.txt"):
        (home / path.name).write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    beats = fetch_ecg5000(home, download_if_missing=False)
    np.testing.assert_array_equal(beats.signals, ecg5000.signals)


def test_a_truncated_real_file_is_recognised(ecg5000_home, home):
    for path in Path(ecg5000_home, "ecg5000").glob("*.txt"):
        lines = path.read_bytes().splitlines(keepends=True)
        (home / path.name).write_bytes(b"".join(lines[:4312]))
    with pytest.raises(DatasetError, match=r"ECG5000_TEST\.txt holds 4312 of 4500 beats: .*trunc"):
        fetch_ecg5000(home)


@pytest.mark.parametrize("part", _ecg5000.PARTS, ids=["train", "test"])
def test_the_real_fingerprint_tells_wrong_beats(real_parts, part):
    signals, labels = real_parts[part.name]
    assert find_fault(part, signals, labels) is None
    assert find_fault(part, signals.round(3), labels) is None
    assert "sample 0" in find_fault(part, signals[:, ::-1], labels)
    shuffled = signals[np.argsort(labels + np.random.default_rng(0).random(len(labels)) / 2)]
    assert find_fault(part, shuffled, np.sort(labels)) is not None
    mean = row_weighted_mean(signals)
    assert all(abs(mean[i] - value) < 1e-6 for i, value in part.row_weighted_mean.items())


def test_the_real_archive_is_read_in_a_moment(ecg5000_home):
    start = time.monotonic()
    fetch_ecg5000(ecg5000_home, download_if_missing=False)
    assert time.monotonic() - start < 5  # 0.15 s on an idle machine


def test_what_was_zipped_is_what_is_hashed(small_archive, pack):
    """The test's zips are reproducible, or checks against their checksum would mean nothing."""
    content = pack(small_archive.files(".txt"))
    assert content == pack(small_archive.files(".txt"))
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
