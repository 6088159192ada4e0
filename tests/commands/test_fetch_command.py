"""`ecglab fetch`: where the data is, and that it is what was published."""

from pathlib import Path


def test_says_where_the_verified_data_is(run, ecg5000_home):
    said = run("fetch", "--data-home", ecg5000_home)
    assert said.code == 0
    assert said.out.startswith("ECG5000: 5000 beats of 140 samples, 500 to train and 4500 to test")
    assert str(ecg5000_home / "ecg5000" / "ECG5000_TRAIN.txt") in said.out


def test_speaks_to_programs(run, ecg5000_home):
    facts = run("fetch", "--data-home", ecg5000_home, "--json").facts
    assert all(Path(file).is_file() for file in facts["files"])
    assert facts["sha256"]["ECG5000_TEST.txt"].startswith("baf4ad57")
    assert (facts["n_beats"], facts["n_train"], facts["n_test"]) == (5000, 500, 4500)


def test_as_a_process(console, ecg5000_home):
    process = console("fetch", "--data-home", ecg5000_home)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "verified to be the published ones" in out


def test_without_data_and_network_it_says_so_and_leaves_nothing(run, tmp_path):
    said = run("fetch", "--data-home", tmp_path / "home", "--quiet")
    assert said.code == 1
    assert said.err.startswith("ecglab: ECG5000")
    assert "Traceback" not in said.err
    assert said.out == ""
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_damaged_copy_is_named(run, tmp_path, made_up_archive):
    made_up_archive.write(".txt", tmp_path / "ecg5000")
    said = run("fetch", "--data-home", tmp_path)
    assert said.code == 1
    assert "ECG5000_TRAIN.txt holds 30 of 500 beats" in said.err
