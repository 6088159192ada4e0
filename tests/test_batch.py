"""Scoring files larger than memory: same scores as in memory, whole files or none."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ecglab import AutoencoderDetector
from ecglab.autoencoders import DenseTorchAutoencoder
from ecglab.batch import TableWriter, sample_heartbeats, score_file
from ecglab.datasets import make_heartbeats, read_heartbeats
from ecglab.errors import DatasetError, OutputError


@pytest.fixture(scope="module")
def beats():
    return make_heartbeats(400, random_state=0)


@pytest.fixture(scope="module")
def detector(beats):
    autoencoder = DenseTorchAutoencoder((8, 3), max_epochs=2)
    return AutoencoderDetector(autoencoder, random_state=0).fit(beats.normal.signals)


@pytest.fixture(scope="module")
def table(beats):
    frame = pd.DataFrame(beats.signals, columns=[f"s{i}" for i in range(beats.n_samples)])
    return frame.assign(label=beats.labels)


@pytest.fixture
def path(table, tmp_path):
    table.to_csv(tmp_path / "beats.csv", index=False)
    return tmp_path / "beats.csv"


def read_scores(out):
    return pd.read_csv(out) if out.suffix == ".csv" else pd.read_parquet(out)


@pytest.mark.parametrize("form", [".csv", ".parquet"])
@pytest.mark.parametrize("chunk_beats", [7, 400, 8192])
def test_a_file_is_scored_as_its_beats_in_memory(
    detector, beats, path, tmp_path, form, chunk_beats
):
    out = tmp_path / f"scores{form}"
    summary = score_file(detector, path, out, chunk_beats=chunk_beats)
    scores = read_scores(out)
    in_memory = detector.reconstruction_error(beats.signals)
    assert list(scores.columns) == ["beat", "score", "is_anomaly", "label"]
    np.testing.assert_array_equal(scores["beat"], np.arange(400))
    np.testing.assert_allclose(scores["score"], in_memory, rtol=1e-5)
    np.testing.assert_array_equal(scores["is_anomaly"], scores["score"] > detector.threshold_)
    np.testing.assert_array_equal(scores["label"], beats.labels)
    assert summary.n_beats == 400
    assert summary.n_anomalies == scores["is_anomaly"].sum()
    assert summary.n_labelled_anomalies == beats.is_anomaly.sum()
    assert summary.n_detected == (scores["is_anomaly"] & beats.is_anomaly).sum()
    assert summary.n_false_alarms == (scores["is_anomaly"] & ~beats.is_anomaly).sum()


def test_labels_stay_as_the_file_has_them(detector, beats, table, tmp_path):
    texts = np.where(beats.is_anomaly, "V", "N")
    table.assign(label=texts).to_parquet(tmp_path / "beats.parquet")
    out = tmp_path / "scores.parquet"
    summary = score_file(detector, tmp_path / "beats.parquet", out)
    assert read_scores(out)["label"].tolist() == texts.tolist()
    assert summary.n_labelled_anomalies == beats.is_anomaly.sum()


@pytest.mark.parametrize("form", [".csv", ".parquet"])
def test_texts_that_look_like_numbers_stay_texts_in_every_piece(detector, table, tmp_path, form):
    """The first two are numbered 1 and 2, just as they are written; the third is not."""
    texts = np.repeat(["1", "2", "4"], [150, 100, 150])
    table.assign(label=texts).to_parquet(tmp_path / "beats.parquet", row_group_size=100)
    out = tmp_path / f"scores{form}"
    score_file(detector, tmp_path / "beats.parquet", out, chunk_beats=50, normal_label="1")
    assert read_scores(out)["label"].astype(str).tolist() == texts.tolist()


def test_without_labels_there_is_neither_column_nor_count(detector, path, tmp_path):
    out = tmp_path / "scores.csv"
    summary = score_file(detector, path, out, label_column=None, ignore_columns=["label"])
    assert list(read_scores(out).columns) == ["beat", "score", "is_anomaly"]
    assert summary.n_labelled_anomalies is summary.n_detected is summary.n_false_alarms is None


def test_rows_set_aside_leave_their_numbers_out(detector, path, tmp_path):
    lines = path.read_text().splitlines()
    lines[4] = lines[4].replace(".", "x")  # the fourth beat: line 1 is the header
    path.write_text("\n".join(lines))
    out = tmp_path / "scores.csv"
    summary = score_file(detector, path, out, chunk_beats=50, on_bad="drop")
    assert read_scores(out)["beat"].tolist() == [*range(3), *range(4, 400)]
    assert (summary.n_beats, summary.n_set_aside) == (399, 1)


@pytest.mark.parametrize("form", [".csv", ".parquet"])
def test_a_flat_line_passes_neither_for_normal_nor_for_an_anomaly(
    detector, table, tmp_path, caplog, form
):
    table = table.copy()
    table.iloc[5, :-1] = 0.25
    table.to_csv(tmp_path / "beats.csv", index=False)
    out = tmp_path / f"scores{form}"
    summary = score_file(detector, tmp_path / "beats.csv", out)
    scores = read_scores(out)
    assert np.flatnonzero(scores["score"].isna()).tolist() == [5]
    assert np.flatnonzero(scores["is_anomaly"].isna()).tolist() == [5]
    assert summary.n_unscored == 1
    assert "1 flat beats have no score, the first in row 5" in caplog.text


def test_beats_of_another_length_are_refused(detector, path, tmp_path):
    with pytest.raises(DatasetError, match=r"beats of 139 samples, but .* trained on beats of 140"):
        score_file(detector, path, tmp_path / "scores.csv", ignore_columns=["s0"])


# Whole or not at all


def test_a_fault_in_the_last_row_leaves_nothing_behind(detector, path, tmp_path):
    path.write_text(path.read_text() + "1,2,3\n")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DatasetError, match="line 402"):
        score_file(detector, path, tmp_path / "scores.csv", chunk_beats=10)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("form", [".csv", ".parquet"])
def test_scores_of_an_earlier_run_stay_until_the_new_ones_are_complete(
    detector, path, tmp_path, form
):
    out = tmp_path / f"scores{form}"
    score_file(detector, path, out)
    earlier = out.read_bytes()
    content = path.read_text()
    path.write_text(content + "1,2,3\n")
    with pytest.raises(DatasetError):
        score_file(detector, path, out)
    assert out.read_bytes() == earlier
    path.write_text("\n".join(content.splitlines()[:201]))
    score_file(detector, path, out)
    assert len(read_scores(out)) == 200


@pytest.mark.parametrize("form", [".csv", ".parquet"])
def test_where_there_is_no_room_the_error_says_so_and_nothing_is_left(
    detector, path, tmp_path, full_disk, form
):
    out = tmp_path / "out"
    out.mkdir()
    with full_disk(), pytest.raises(OutputError, match=rf"scores\{form} cannot be written"):
        score_file(detector, path, out / f"scores{form}")
    assert not list(out.iterdir())


def test_a_fault_that_is_not_of_the_output_is_not_blamed_on_it(table, tmp_path):
    def write_until_the_input_is_gone():
        with TableWriter(tmp_path / "scores.csv") as writer:
            writer.write(table)
            raise ConnectionResetError("the network drive that beats are read from")

    with pytest.raises(ConnectionResetError):
        write_until_the_input_is_gone()
    assert not list(tmp_path.iterdir())


def test_outputs_that_cannot_be_are_refused_before_anything_is_read(detector, path, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    for out, kind, message in (
        (tmp_path / "scores.txt", ValueError, "must end in one of .csv, .parquet"),
        (tmp_path / "absent" / "scores.csv", OutputError, "cannot be written"),
        (tmp_path / "folder.csv", OutputError, "is a folder"),
        (path, OutputError, "is the table of beats itself"),
    ):
        with pytest.raises(kind, match=message):
            score_file(detector, path, out)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["beats.csv", "folder.csv"]


# Sampling


def test_a_sample_of_everything_is_the_file(path):
    whole, sample = read_heartbeats(path), sample_heartbeats(path, 400)
    np.testing.assert_array_equal(sample.signals, whole.signals)
    np.testing.assert_array_equal(sample.labels, whole.labels)


@pytest.mark.parametrize("chunk", [16, 8192])
def test_a_sample_is_drawn_without_replacement_from_the_whole_file(path, table, monkeypatch, chunk):
    monkeypatch.setattr("ecglab.batch._CHUNK", chunk)
    # The position of a beat stands behind the second decimal of its first sample.
    hidden = table["s0"].astype(float).round(2) + np.arange(400) * 1e-5
    table.assign(s0=hidden)[["s0", "s1", "s2", "label"]].to_csv(path, index=False)
    drawn = [sample_heartbeats(path, 40, random_state=seed) for seed in range(30)]
    first = np.array([sample.signals[:, 0] for sample in drawn], dtype=float)
    positions = np.round((first - np.floor(first * 100 + 0.01) / 100) * 1e5).astype(int)
    assert (np.diff(positions, axis=1) > 0).all()  # in the order of the file, none twice
    # The mean position of 1200 draws has a standard deviation of 3.3 around 199.5.
    assert abs(positions.mean() - 199.5) < 15
    for sample, rows in zip(drawn, positions, strict=True):
        np.testing.assert_array_equal(sample.labels, table["label"].to_numpy()[rows])


def test_the_same_seed_draws_the_same_sample(path):
    first, second, other = (sample_heartbeats(path, 40, random_state=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.signals, second.signals)
    assert not np.array_equal(first.signals, other.signals)
    assert first.provenance["drawn"] == "40 of 400 beats, random_state=1"


def test_a_sample_needs_a_size(path):
    with pytest.raises(ValueError, match="n_beats"):
        sample_heartbeats(path, 0)


# Memory

PEAKS = """
import sys
import numpy as np
from ecglab.batch import score_file

class Detector:  # as cheap as can be: what is measured is the memory of the way there and back
    n_features_in_, threshold_ = 140, 1.0
    def reconstruction_error(self, X):
        return np.abs(X).mean(axis=1).astype(float)

out, *paths = sys.argv[1:]
for path in paths:
    summary = score_file(Detector(), path, out, label_column="label", normal_label=1)
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(summary.n_beats, peak.split()[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
@pytest.mark.slow
@pytest.mark.parametrize(("form", "n_beats"), [(".parquet", 25_000), (".csv", 12_500)])
def test_memory_does_not_grow_with_the_file(tmp_path, form, n_beats):
    """A process of its own scores a file twice, and then one of eight times as many beats.

    Of Parquet, the memory grows with the size of a row group; here, these are of one size.
    getrusage would not do: a process inherits the peak of the one that started it.
    """
    signals = np.random.default_rng(0).normal(size=(n_beats, 140)).astype(np.float32)
    frame = pd.DataFrame(signals, columns=[f"s{i}" for i in range(140)])
    frame["label"] = np.resize([1, 2], len(frame))
    small, large = (tmp_path / f"{name}{form}" for name in ("small", "large"))
    if form == ".csv":
        text = frame[:500].to_csv(index=False, float_format="%.4g").encode()
        head, _, body = text.partition(b"\n")
        for path, times in ((small, n_beats // 500), (large, 8 * n_beats // 500)):
            path.write_bytes(head + b"\n" + body * times)
    else:
        for path, times in ((small, 1), (large, 8)):
            pd.concat([frame] * times).to_parquet(path, index=False, row_group_size=n_beats // 2)
    files = [str(path) for path in (tmp_path / f"scores{form}", small, small, large)]
    run = subprocess.run(
        [sys.executable, "-c", PEAKS, *files], capture_output=True, text=True, check=True
    )
    scored, peaks = zip(*(map(int, line.split()) for line in run.stdout.splitlines()), strict=True)
    assert scored == (n_beats, n_beats, 8 * n_beats)
    grown, on_top = 1024 * (peaks[2] - peaks[1]), 7 * signals.nbytes
    assert grown < on_top / 2
