"""The playground's data: exported anew, it is what is committed; what the page cannot compute."""

import json
import shutil
from copy import copy

import export_playground as tool
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from ecglab import AutoencoderDetector, load_detector
from ecglab.autoencoders import make_autoencoder
from ecglab.datasets import make_heartbeats
from ecglab.evaluation import pooled_split


def read_script(text):
    """Return the JSON that a script assigns."""
    _, _, data = text.partition("globalThis.ecglabPlayground = ")
    return json.loads(data.rstrip().removesuffix(";"))


@pytest.fixture(scope="module")
def committed():
    return read_script(tool.SCRIPT.read_text(encoding="utf-8"))


@pytest.fixture
def exported(ecg5000_home, monkeypatch):
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(ecg5000_home))
    return tool.export(tool.COURSE_DETECTOR, 0)


@pytest.fixture(scope="module")
def small_split():
    return pooled_split(make_heartbeats(300, random_state=0), 0)


@pytest.fixture(scope="module")
def small_detector(small_split):
    autoencoder = make_autoencoder("dense", hidden=(8, 3), max_epochs=2)
    return AutoencoderDetector(autoencoder, random_state=0).fit(small_split.train.signals)


def test_exported_anew_it_is_what_is_committed(exported, committed):
    scores = [np.array(data["validation"].pop("scores")) for data in (exported, committed)]
    # The last digits of scores, unlike weights and beats, depend on the processor.
    np.testing.assert_allclose(*scores, rtol=0, atol=1e-6)
    assert exported == committed


def test_exported_twice_it_is_the_same_to_the_byte(exported):
    again = tool.export(tool.COURSE_DETECTOR, 0)
    assert tool.as_script(again) == tool.as_script(exported)
    assert read_script(tool.as_script(exported)) == exported


def test_committed_weights_are_those_of_the_detector(committed):
    detector = load_detector(tool.COURSE_DETECTOR)
    arrays = [
        np.array(layer[part], dtype=np.float32)
        for layer in committed["detector"]["layers"]
        for part in ("kernel", "bias")
    ]
    for array, expected in zip(arrays, detector.autoencoder_.get_weights().values(), strict=True):
        np.testing.assert_array_equal(array, expected)
    assert committed["detector"]["threshold"] == detector.threshold_
    config = json.loads((tool.COURSE_DETECTOR / "config.json").read_text())
    assert committed["provenance"]["sha256 of the weights"] == config["sha256"]


def test_the_file_stays_small():
    assert tool.SCRIPT.stat().st_size < 400_000


def test_no_test_beat_is_in_it(exported, ecg5000):
    test = pooled_split(ecg5000, 0).test.signals.astype(np.float64).round(tool.SIGNAL_DECIMALS)
    shown = np.array([s["signal"] for kind in exported["classes"] for s in kind["samples"]])
    distances = np.abs(shown[:, None, :] - test[None, :, :]).max(axis=2)
    assert distances.min() > 10**-tool.SIGNAL_DECIMALS


def test_samples_span_the_scores_of_their_class(small_detector, small_split):
    data = tool.playground_data(small_detector, small_split.validation, {"data": "simulated"})
    scores, labels = (np.array(data["validation"][key]) for key in ("scores", "labels"))
    for kind in data["classes"]:
        of_class = scores[labels == kind["label"]]
        signals = [sample["signal"] for sample in kind["samples"]]
        shown = dict(
            zip(
                [sample["rank"] for sample in kind["samples"]],
                small_detector.reconstruction_error(signals),
                strict=True,
            )
        )
        assert kind["beats"] == of_class.size
        assert len({tuple(signal) for signal in signals}) == len(signals)
        if of_class.size >= len(tool.SAMPLE_RANKS):
            assert shown["lowest score"] == pytest.approx(of_class.min(), rel=1e-3)
            assert shown["highest score"] == pytest.approx(of_class.max(), rel=1e-3)
            assert shown["lowest score"] <= shown["median score"] <= shown["highest score"]


def test_a_class_of_two_beats_shows_each_once(small_detector, small_split):
    normal, strange = small_split.validation.normal, small_split.validation.anomalies
    label = strange.labels[0]
    few = np.concatenate([strange.signals[strange.labels == label][:2], normal.signals])
    beats = make_heartbeats(len(few), random_state=0)
    labels = np.array([label, label] + [normal.normal_label] * len(normal))
    validation = type(beats)(signals=few, labels=labels)
    data = tool.playground_data(small_detector, validation, {})
    assert [len(kind["samples"]) for kind in data["classes"]] == [5, 2]


def test_another_seed_is_refused(ecg5000_home, monkeypatch):
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(ecg5000_home))
    with pytest.raises(ValueError, match=r"not trained on .* seed 1"):
        tool.export(tool.COURSE_DETECTOR, 1)


def test_a_detector_that_cannot_be_read_is_named_and_nothing_is_written(
    ecg5000_home, monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("ECGLAB_DATA_HOME", str(ecg5000_home))
    folder = tmp_path / "dense"
    shutil.copytree(tool.COURSE_DETECTOR, folder)
    shutil.copy(tool.COURSE_DETECTOR.with_suffix(".json"), tmp_path)
    (folder / "weights.safetensors").write_bytes(b"damaged")
    out = tmp_path / "detector.js"
    monkeypatch.setattr("sys.argv", ["tool", "--detector", str(folder), "--out", str(out)])
    assert tool.main() == 1
    assert str(folder / "weights.safetensors") in capsys.readouterr().err
    assert not out.exists()


def with_scaler(detector, _):
    detector.scaler_ = StandardScaler()


def with_another_score(detector, split):
    detector.recalibrate(split.validation.normal.signals, scoring="mae")


def with_another_activation(detector, _):
    detector.autoencoder_ = make_autoencoder("dense", activation="tanh")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (with_scaler, "StandardScaler"),
        (with_another_score, "MeanAbsoluteError"),
        (with_another_activation, "tanh"),
    ],
)
def test_what_the_page_cannot_compute_is_refused(small_detector, small_split, change, named):
    detector = copy(small_detector)
    change(detector, small_split)
    with pytest.raises(ValueError, match=named):
        tool.playground_data(detector, small_split.validation, {})
