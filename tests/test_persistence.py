"""Saved detectors: identical scores after loading, and nothing in a folder is ever trusted."""

import hashlib
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save
from sklearn.preprocessing import FunctionTransformer, QuantileTransformer, RobustScaler

from ecglab import AutoencoderDetector, load_detector
from ecglab import scoring as scoring_room
from ecglab.autoencoders import AUTOENCODERS, DenseTorchAutoencoder, make_autoencoder
from ecglab.datasets import make_heartbeats
from ecglab.errors import DetectorFileError
from ecglab.scoring import SCORINGS


@pytest.fixture(scope="module")
def beats():
    return make_heartbeats(300, random_state=0)


def trained(beats, autoencoder=None, **arguments):
    if autoencoder is None:
        autoencoder = DenseTorchAutoencoder((8, 3), output_activation="linear", max_epochs=2)
    return AutoencoderDetector(autoencoder, random_state=0, **arguments).fit(
        beats.normal.signals[:100],
        validation_signals=beats.signals[100:],
        validation_is_anomaly=beats.is_anomaly[100:],
    )


@pytest.fixture(scope="module")
def detector(beats):
    return trained(beats, scaler="standard", scoring="weighted")


@pytest.fixture
def folder(detector, tmp_path):
    return detector.save(tmp_path / "saved")


def assert_same(loaded, original, beats):
    assert np.array_equal(
        loaded.reconstruction_error(beats.signals), original.reconstruction_error(beats.signals)
    )
    assert np.array_equal(loaded.predict(beats.signals), original.predict(beats.signals))
    assert np.array_equal(loaded.encode(beats.signals), original.encode(beats.signals))
    assert loaded.threshold_ == original.threshold_
    assert loaded.label_free_ == original.label_free_
    assert loaded.history_.equals(original.history_)


@pytest.mark.parametrize("name", sorted(AUTOENCODERS))
def test_every_autoencoder_scores_identically_after_loading(name, beats, tmp_path):
    original = trained(beats, make_autoencoder(name, max_epochs=1))
    assert_same(load_detector(original.save(tmp_path / "saved")), original, beats)


@pytest.mark.parametrize("scoring", sorted(SCORINGS))
def test_every_scoring_survives(scoring, beats, tmp_path):
    original = trained(beats, scoring=scoring, threshold="youden")
    assert_same(load_detector(original.save(tmp_path / "saved")), original, beats)


@pytest.mark.parametrize("scaler", ["auto", "standard", "unit", "symmetric", RobustScaler()])
def test_scalers_survive(scaler, beats, tmp_path):
    original = trained(beats, scaler=scaler)
    assert_same(load_detector(original.save(tmp_path / "saved")), original, beats)


def test_names_of_columns_and_the_arguments_of_a_rule_survive(beats, tmp_path):
    table = pd.DataFrame(beats.normal.signals).add_prefix("sample ")
    arguments = {"scaler": "unit", "threshold_params": {"quantile": 0.9}, "n_jobs": 1}
    original = AutoencoderDetector("dense_torch", random_state=0, **arguments)
    original.set_params(autoencoder=DenseTorchAutoencoder((8, 3), max_epochs=1)).fit(table)
    loaded = load_detector(original.save(tmp_path / "saved"))
    assert loaded.feature_names_in_.tolist() == table.columns.tolist()
    assert loaded.get_params(deep=False)["threshold_params"] == {"quantile": 0.9}
    assert loaded.scaler == "unit"
    assert loaded.n_jobs is None  # of the machine
    assert np.array_equal(loaded.predict(table), original.predict(table))


def test_folders_of_the_first_version_still_load(beats):
    """The course's own detector is one; its recorded threshold and weights are what is loaded."""
    folder = Path(__file__).parents[1] / "notebooks" / "models" / "dense"
    config = json.loads((folder / "config.json").read_text())
    assert config["format_version"] == 1
    detector = load_detector(folder)
    assert detector.threshold_ == config["threshold"]["value"]
    assert detector.random_state == config["random_state"]
    assert detector.autoencoder_.hidden == (64, 32, 16)
    assert detector.history_.index[0] == 1
    rebuilt = detector.reconstruct(beats.signals)
    weights = load_file(folder / "weights.safetensors")
    layers = [weights[name] for name in sorted(weights) if name.startswith("autoencoder/")]
    hidden = beats.signals.astype(np.float32)
    for number, (kernel, bias) in enumerate(zip(layers[::2], layers[1::2], strict=True)):
        hidden = hidden @ kernel + bias
        hidden = hidden if 2 * number + 2 == len(layers) else np.maximum(hidden, 0)
    np.testing.assert_allclose(rebuilt, hidden, atol=1e-4)


def test_scores_are_identical_in_another_process(detector, folder, beats, tmp_path):
    np.save(tmp_path / "beats.npy", beats.signals)
    code = (
        "import sys, numpy as np; from ecglab import load_detector\n"
        "errors = load_detector(sys.argv[1]).reconstruction_error(np.load(sys.argv[2]))\n"
        "np.save(sys.argv[3], errors)"
    )
    paths = [folder, tmp_path / "beats.npy", tmp_path / "errors.npy"]
    subprocess.run([sys.executable, "-c", code, *map(str, paths)], check=True)
    assert np.array_equal(np.load(paths[2]), detector.reconstruction_error(beats.signals))


def test_a_loaded_detector_can_be_trained_again_and_saved_again(folder, beats, tmp_path):
    loaded = load_detector(folder)
    saved_again = load_detector(loaded.save(tmp_path / "again"))
    assert_same(saved_again, loaded, beats)
    loaded.fit(beats.normal.signals)
    assert np.isfinite(loaded.threshold_)


def test_saving_over_a_saved_detector_replaces_it(folder, beats):
    other = trained(beats, DenseTorchAutoencoder((5, 2), max_epochs=1))
    other.save(folder)
    assert_same(load_detector(folder), other, beats)
    assert sorted(os.listdir(folder)) == ["config.json", "weights.safetensors"]


def test_saving_among_other_files_is_refused(detector, tmp_path):
    (tmp_path / "thesis.tex").write_text("do not lose me")
    with pytest.raises(DetectorFileError, match=r"thesis\.tex"):
        detector.save(tmp_path)
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_what_cannot_be_saved_says_so(beats, tmp_path):
    with pytest.raises(DetectorFileError, match="not trained yet"):
        AutoencoderDetector().save(tmp_path / "a")
    for scaler in (QuantileTransformer(n_quantiles=10), FunctionTransformer(np.abs)):
        with pytest.raises(DetectorFileError, match="cannot be saved without pickle"):
            trained(beats, scaler=scaler).save(tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_scoring_that_could_not_be_found_again_is_not_saved(beats, tmp_path):
    class MeanSquaredError(scoring_room.MeanAbsoluteError):
        """Of the same name as one of ecglab's, and another."""

    with pytest.raises(DetectorFileError, match="a MeanSquaredError cannot be saved"):
        trained(beats, scoring=MeanSquaredError()).save(tmp_path / "a")


def test_numbers_of_any_kind_survive_and_the_machine_does_not(beats, tmp_path):
    autoencoder = DenseTorchAutoencoder((8, 3), max_epochs=1, patience=10**7, device="cpu")
    original = AutoencoderDetector(
        autoencoder, random_state=np.int64(3), validation_fraction=np.int64(50)
    ).fit(beats.normal.signals)
    loaded = load_detector(original.save(tmp_path / "saved"))
    assert loaded.random_state == 3
    assert loaded.autoencoder.patience == 10**7
    assert loaded.autoencoder.device == "auto"


def test_a_threshold_that_could_not_be_read_back_is_not_saved(beats, tmp_path):
    detector = trained(beats)
    detector.threshold_ = np.inf
    with pytest.raises(DetectorFileError, match="the threshold is inf"):
        detector.save(tmp_path / "a")


def test_keras_arguments_that_would_import_something_are_refused(beats, tmp_path):
    folder = trained(beats, make_autoencoder("dense", max_epochs=1)).save(tmp_path / "a")
    evil = {"module": "os", "class_name": "function", "config": "system", "registered_name": "x"}
    for hostile in (evil, {"mapping": evil}):
        change_config(folder, set_param("autoencoder_", activation=hostile))
        refuse(folder, "KeyError: 'name'")


def test_an_unwritable_place_is_named(detector, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DetectorFileError, match="cannot be written"):
        detector.save(tmp_path / "file" / "saved")


@pytest.mark.parametrize("name", ["saved", "new"])
def test_without_room_a_saved_detector_stays_and_a_new_folder_is_not_made(
    detector, folder, tmp_path, full_disk, name
):
    """There is room enough for the configuration alone."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with full_disk(), pytest.raises(DetectorFileError, match=f"{name} cannot be written"):
        detector.save(tmp_path / name)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert os.listdir(tmp_path) == ["saved"]


def test_a_save_that_cannot_replace_both_files_replaces_neither(detector, folder, tmp_path):
    (folder / "weights.safetensors").unlink()
    (folder / "weights.safetensors").mkdir()
    before = (folder / "config.json").read_bytes()
    with pytest.raises(DetectorFileError, match=r"weights\.safetensors is a folder"):
        detector.save(folder)
    assert (folder / "config.json").read_bytes() == before
    assert sorted(os.listdir(folder)) == ["config.json", "weights.safetensors"]


# Damaged and hostile folders


def change_config(folder, change):
    path = folder / "config.json"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))


def change_arrays(folder, change):
    """Change the arrays and make the checksum fit, as somebody with intent would."""
    path = folder / "weights.safetensors"
    arrays = load_file(path)
    change(arrays)
    content = save(arrays)
    path.write_bytes(content)
    change_config(folder, lambda c: c.update(sha256=hashlib.sha256(content).hexdigest()))


def refuse(folder, message):
    with pytest.raises(DetectorFileError, match=message):
        load_detector(folder)


@pytest.mark.parametrize("name", ["config.json", "weights.safetensors"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    refuse(folder, f"{name} is missing")


@pytest.mark.parametrize("name", ["config.json", "weights.safetensors"])
@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_truncated_file_is_named(folder, name, keep):
    path = folder / name
    content = path.read_bytes()
    path.write_bytes(content[: keep if keep == 0 or keep == 10 else int(keep * len(content))])
    refuse(folder, name.replace(".", r"\."))


def test_a_flipped_bit_is_noticed(folder):
    path = folder / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    refuse(folder, "sha256 differs")


def test_weights_of_another_detector_are_noticed(folder, beats, tmp_path):
    other = trained(beats, DenseTorchAutoencoder((8, 3), max_epochs=1)).save(tmp_path / "other")
    os.replace(other / "weights.safetensors", folder / "weights.safetensors")
    refuse(folder, "from another detector")


@pytest.mark.parametrize("version", [0, 3, "1", None])
def test_another_format_version_is_refused_with_both_versions(folder, version):
    change_config(folder, lambda config: config.update(format_version=version))
    refuse(folder, "reads the versions 1 to 2")


def test_something_else_is_not_taken_for_a_detector(folder):
    (folder / "config.json").write_text('{"model": "resnet"}')
    refuse(folder, "not the config of an ecglab detector")
    (folder / "config.json").write_text("[" * 100_000)
    refuse(folder, "not valid JSON")


def test_a_pickle_in_place_of_either_file_does_not_run(folder, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "ran"),))

    for name in ("config.json", "weights.safetensors"):
        content = pickle.dumps(Bomb())
        (folder / name).write_bytes(content)
        if name == "weights.safetensors":
            # even with a fitting checksum
            (folder / "config.json").write_text(
                json.dumps(
                    {
                        "format": "ecglab-detector",
                        "format_version": 1,
                        "sha256": hashlib.sha256(content).hexdigest(),
                    }
                )
            )
        with pytest.raises(DetectorFileError):
            load_detector(folder)
    assert not (tmp_path / "ran").exists()


def part(config, name):
    """Return the description of a trained part of the detector."""
    return config["detector"]["fitted"][name]


def set_param(name, **params):
    return lambda config: part(config, name)["params"].update(params)


def set_fitted(**values):
    return lambda config: config["detector"]["fitted"].update(values)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: part(c, "autoencoder_").update(name="os.system"),
        lambda c: part(c, "autoencoder_").update(name="ecglab.detector.load_detector"),
        lambda c: part(c, "autoencoder_").update(name="StandardScaler"),
        set_param("autoencoder_", unheard_of=1),
        set_param("autoencoder_", hidden="ABC"),
        set_param("autoencoder_", hidden=[10**9]),
        set_param("autoencoder_", hidden=[-4]),
        set_param("autoencoder_", hidden=[9, 3]),
        set_param("autoencoder_", activation="__import__('os')"),
        set_param("autoencoder_", activation={"module": "os", "config": "system"}),
        set_param("autoencoder_", hidden=[[8], [3]]),
        lambda c: part(c, "scaler_").update(name="FunctionTransformer"),
        lambda c: part(c, "scaler_")["fitted"].update(__class__="x"),
        lambda c: part(c, "scaler_")["fitted"].update(transform="x"),
        lambda c: part(c, "scoring_").update(name="Scoring"),
        lambda c: part(c, "scoring_").update(name="make_scoring"),
        set_fitted(threshold_=float("nan")),
        set_fitted(threshold_="high"),
        set_fitted(autoencoder_=None),
        set_fitted(scaler_=[]),
        set_fitted(beat_shape_=[139]),
        lambda c: part(c, "autoencoder_")["fitted"].update(beat_shape_=[10**12]),
        lambda c: part(c, "autoencoder_")["fitted"].update(beat_shape_=[]),
        lambda c: part(c, "autoencoder_")["fitted"].update(beat_shape_="140"),
        lambda c: part(c, "autoencoder_")["fitted"].update(beat_shape_=[139]),
        lambda c: c["detector"]["fitted"].pop("threshold_"),
        lambda c: c["detector"].update(name="StandardScaler"),
        lambda c: c.update(detector=[]),
    ],
)
def test_a_config_changed_by_hand_is_refused(folder, change):
    change_config(folder, change)
    refuse(folder, r"config\.json does not describe a detector")


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.clear(),
        lambda a: a.pop(next(n for n in a if n.startswith("autoencoder_/"))),
        lambda a: a.update({"autoencoder_/extra": np.zeros(3, np.float32)}),
        lambda a: a.update({n: v * np.nan for n, v in a.items() if "weight" in n}),
        lambda a: a.update({n: v[:-1] for n, v in a.items() if "weight" in n}),
        lambda a: [a.pop(n) for n in list(a) if n.startswith("scoring_/")],
        lambda a: a.update({"scoring_/weights_": a["scoring_/weights_"][:-1]}),
    ],
)
def test_arrays_changed_with_a_fitting_checksum_are_refused(folder, change):
    change_arrays(folder, change)
    refuse(folder, "does not describe a detector")


def test_mutated_folders_load_or_are_refused_but_never_fail_otherwise(folder, detector, beats):
    """Random damage to the config: a clear error, or a detector that still scores."""
    original = (folder / "config.json").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        damaged = bytearray(original)
        for position in rng.integers(len(damaged), size=3):
            damaged[position] = rng.integers(256)
        (folder / "config.json").write_bytes(damaged)
        try:
            load_detector(folder)
        except DetectorFileError:
            refused += 1
    assert refused > 20
