"""What is particular to the autoencoders in PyTorch: threads, devices, precision, architectures."""

import sys
from functools import partial

import numpy as np
import pytest
import torch

from ecglab.autoencoders import (
    AttentionAutoencoder,
    ConvAutoencoder,
    DenseAutoencoder,
    DenseTorchAutoencoder,
    LSTMAutoencoder,
    _torch,
    import_torch,
    make_autoencoder,
)
from ecglab.datasets import make_heartbeats
from ecglab.evaluation import measure, pooled_split

BEATS = np.random.default_rng(0).uniform(-1, 1, (33, 20)).astype(np.float32)
TINY = {
    DenseTorchAutoencoder: {"hidden": (8, 3)},
    LSTMAutoencoder: {"embedding": 3},
    ConvAutoencoder: {"channels": (2, 3), "kernel": 3, "code": 3},
    AttentionAutoencoder: {"code": 3, "width": 4, "n_heads": 2, "patch": 6},
}


@pytest.fixture(params=TINY, ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


def tiny(kind, **params):
    return kind(**{"max_epochs": 1, "batch_size": 16, **TINY[kind], **params})


def fit(autoencoder, beats=BEATS):
    return autoencoder.fit(beats, beats[:4])


def shapes(autoencoder):
    return {name: array.shape for name, array in autoencoder.get_weights().items()}


def test_a_missing_pytorch_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"needs torch.*pip install 'ecglab\[torch\]'"):
        import_torch()


# Threads


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("wanted", "used"), [(1, 1), (3, 3), (None, 2)])
def test_threads_are_set_for_the_duration_and_restored(two_threads, monkeypatch, wanted, used):
    seen = []
    forward = torch.nn.Linear.forward
    monkeypatch.setattr(
        torch.nn.Linear,
        "forward",
        lambda layer, x: (seen.append(torch.get_num_threads()), forward(layer, x))[1],
    )
    autoencoder = fit(tiny(DenseTorchAutoencoder, n_threads=wanted))
    assert torch.get_num_threads() == 2
    autoencoder.reconstruct(BEATS)
    assert set(seen) == {used}
    assert torch.get_num_threads() == 2


def test_threads_and_random_numbers_are_restored_after_an_error(two_threads, monkeypatch):
    autoencoder = tiny(DenseTorchAutoencoder)
    monkeypatch.setattr(autoencoder, "_train_epoch", lambda *_: 1 / 0)
    state = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError):
        fit(autoencoder)
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.get_rng_state(), state)


# Devices


def test_automatic_device_is_the_fastest_that_is_there(monkeypatch):
    there = {"cuda": True, "mps": True}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there["cuda"])
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: there["mps"])
    assert _torch.find_device("auto") == "cuda"
    there["cuda"] = False
    assert _torch.find_device("auto") == "mps"
    there["mps"] = False
    assert _torch.find_device("auto") == "cpu"


@pytest.mark.parametrize("device", ["cuda:99", "mps:7", "abacus", "meta"])
def test_a_device_that_is_not_there_is_named(kind, device):
    with pytest.raises(ValueError, match=f"cannot compute on the device '{device}'"):
        fit(tiny(kind, device=device))


def test_the_processor_can_be_asked_for(kind):
    autoencoder = fit(tiny(kind, device="cpu"))
    assert autoencoder.device_ == "cpu"
    assert {p.device.type for p in autoencoder.network_.parameters()} == {"cpu"}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_learns_what_the_processor_learns(kind):
    there, here = (
        fit(tiny(kind, device=device, precision="float32")) for device in ("cuda", "cpu")
    )
    assert there.network_.state_dict().popitem()[1].device.type == "cuda"
    if kind is not DenseTorchAutoencoder:  # dropout draws other numbers there
        np.testing.assert_allclose(
            there.reconstruct(BEATS), here.reconstruct(BEATS), rtol=1e-2, atol=1e-2
        )


# Precision


def test_bfloat16_stays_near_float32_and_its_weights_are_float32(kind):
    half, full = (fit(tiny(kind, precision=p)) for p in ("bfloat16", "float32"))
    np.testing.assert_allclose(half.reconstruct(BEATS), full.reconstruct(BEATS), atol=0.05)
    assert {w.dtype for w in half.get_weights().values()} <= {np.dtype("f4"), np.dtype("i8")}
    for method in ("reconstruct", "encode"):
        assert getattr(half, method)(BEATS).dtype == np.float32
    full.set_weights((20,), half.get_weights())
    assert not np.array_equal(half.reconstruct(BEATS), full.reconstruct(BEATS))
    half.set_params(precision="float32")
    assert np.array_equal(half.reconstruct(BEATS), full.reconstruct(BEATS))


@pytest.mark.parametrize("native", [True, False])
def test_automatic_precision_trains_as_the_processor_likes_and_reconstructs_exactly(
    monkeypatch, native
):
    monkeypatch.setattr(_torch, "_processor_has_bfloat16", lambda: native)
    automatic, other = (
        fit(tiny(LSTMAutoencoder, device="cpu", precision=precision))
        for precision in ("auto", "bfloat16" if native else "float32")
    )
    for name, array in other.get_weights().items():
        assert np.array_equal(automatic.get_weights()[name], array)
    other.set_params(precision="float32")
    assert np.array_equal(automatic.reconstruct(BEATS), other.reconstruct(BEATS))


def test_processor_is_known_to_compute_in_bfloat16_or_not(monkeypatch):
    for flags, native in (({}, False), ({"amx_bf16": True}, True), ({"avx512_bf16": True}, True)):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda flags=flags: flags, raising=False)
        assert _torch._processor_has_bfloat16() is native
    monkeypatch.delattr(torch.cpu, "get_capabilities")  # older than PyTorch 2.10
    assert _torch._processor_has_bfloat16() is False


# Training


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"loss": "huber"}, "loss must be one of mae, mse, not 'huber'"),
        ({"precision": "half"}, "precision must be one of"),
    ],
)
def test_unknown_choices_are_named(kind, params, message):
    with pytest.raises(ValueError, match=message):
        fit(tiny(kind, **params))


def test_diverged_training_says_so():
    with pytest.raises(FloatingPointError, match=r"training diverged.*lower learning_rate"):
        fit(ConvAutoencoder(learning_rate=1e30, batch_size=4))


def test_dropout_is_repeatable_and_for_training_only():
    one, other = (fit(tiny(DenseTorchAutoencoder, dropout=0.5, max_epochs=3)) for _ in range(2))
    assert np.array_equal(one.reconstruct(BEATS), other.reconstruct(BEATS))
    assert np.array_equal(one.reconstruct(BEATS), one.reconstruct(BEATS))
    assert not one.network_.training


# Several networks as one, and the course of the step size


def test_members_of_an_ensemble_are_joined_in_the_code_and_averaged_in_what_they_rebuild(kind):
    ensemble = fit(tiny(kind, n_members=2))
    beats = torch.as_tensor(BEATS)[:, :, None]
    with torch.inference_mode():
        codes = [member.encode(beats).numpy() for member in ensemble.network_.members]
        rebuilt = [member(beats)[:, :, 0].numpy() for member in ensemble.network_.members]
    assert not np.allclose(*codes, atol=1e-3)
    assert ensemble.n_code == 6
    np.testing.assert_allclose(ensemble.encode(BEATS), np.hstack(codes), atol=1e-5)
    np.testing.assert_allclose(ensemble.reconstruct(BEATS), np.mean(rebuilt, axis=0), atol=1e-5)


def test_every_member_learns_on_its_own():
    """A sum of two networks that answer together could be right where neither is."""
    ensemble = fit(tiny(DenseTorchAutoencoder, n_members=2, dropout=0.0, batch_norm=False))
    alone = fit(tiny(DenseTorchAutoencoder, dropout=0.0, batch_norm=False))
    first = ensemble.network_.members[0].state_dict()
    for name, array in alone.get_weights().items():
        np.testing.assert_allclose(first[name], array, atol=1e-4, err_msg=name)


def test_an_ensemble_has_a_member_at_least(kind):
    with pytest.raises(ValueError, match="n_members must be 1 or more, not 0"):
        fit(tiny(kind, n_members=0))


def test_parameters_that_are_stepped_together_end_where_single_ones_do(kind, monkeypatch):
    together = fit(tiny(kind, max_epochs=3, device="cpu")).get_weights()
    one_by_one = partial(torch.optim.Adam, foreach=False)
    monkeypatch.setattr(torch.optim, "Adam", lambda p, lr, foreach: one_by_one(p, lr=lr))
    for name, array in fit(tiny(kind, max_epochs=3, device="cpu")).get_weights().items():
        np.testing.assert_array_equal(array, together[name])


def test_one_cycle_takes_the_step_size_up_and_down_again(monkeypatch):
    rates, epoch = [], _torch.TorchAutoencoder._train_epoch

    def watched(self, train, optimizer, schedule, generator):
        rates.append(optimizer.param_groups[0]["lr"])
        return epoch(self, train, optimizer, schedule, generator)

    monkeypatch.setattr(_torch.TorchAutoencoder, "_train_epoch", watched)
    cycle = {"schedule": "one_cycle", "learning_rate": 0.01, "max_epochs": 10, "patience": 10}
    fit(tiny(DenseTorchAutoencoder, **cycle))
    peak = int(np.argmax(rates))
    assert 0 < peak < 9
    assert rates[peak] == pytest.approx(0.01, rel=0.05)
    assert rates[0] < 0.001
    assert rates[-1] < 0.001
    assert np.all(np.diff(rates[: peak + 1]) > 0)
    assert np.all(np.diff(rates[peak:]) < 0)


def test_an_unknown_schedule_is_answered_with_the_known_ones(kind):
    with pytest.raises(ValueError, match="schedule must be one of constant, one_cycle"):
        fit(tiny(kind, schedule="cosine"))


# The dense network


def test_a_linear_code_has_nothing_between_its_sum_and_the_decoder():
    parts = list(fit(tiny(DenseTorchAutoencoder, linear_code=True)).network_.encoder)
    assert isinstance(parts[-1], torch.nn.Linear)
    assert len(parts) == len(fit(tiny(DenseTorchAutoencoder)).network_.encoder) - 3


def test_dense_layers_are_those_of_the_public_recipe():
    autoencoder = fit(DenseTorchAutoencoder(max_epochs=1), np.tile(BEATS, 7))
    parts = [*autoencoder.network_.encoder, *autoencoder.network_.decoder]
    linear = [part for part in parts if isinstance(part, torch.nn.Linear)]
    assert [part.in_features for part in linear] == [140, 96, 48, 24, 48, 96]
    assert linear[-1].out_features == 140
    kinds = [type(part).__name__.strip("_") for part in parts[:4]]
    assert kinds == ["Linear", "BatchNorm", "Tanh", "Dropout"]


def test_batch_norm_learns_from_every_beat_but_normalises_no_beat_alone():
    """33 beats in batches of 16 leave one over, which has no variance of its own."""
    autoencoder = fit(tiny(DenseTorchAutoencoder, batch_norm=True))
    weights = autoencoder.get_weights()
    assert weights["encoder.1.num_batches_tracked"] == 2
    assert all(np.isfinite(array).all() for array in weights.values())
    without_last = fit(tiny(DenseTorchAutoencoder, batch_norm=True), BEATS[:32]).get_weights()
    assert not np.array_equal(weights["encoder.0.weight"], without_last["encoder.0.weight"])


def test_tanh_output_stays_between_minus_one_and_one():
    bounded = fit(tiny(DenseTorchAutoencoder, max_epochs=3)).reconstruct(BEATS * 1000)
    assert np.abs(bounded).max() <= 1


def test_unknown_activations_are_named():
    with pytest.raises(ValueError, match="no activation 'step'"):
        fit(tiny(DenseTorchAutoencoder, activation="step"))


def test_same_weights_in_keras_and_pytorch_reconstruct_alike():
    keras = DenseAutoencoder((8, 3), max_epochs=2).fit(BEATS, BEATS)
    ours = DenseTorchAutoencoder(
        (8, 3), dropout=0.0, batch_norm=False, activation="relu", output_activation="linear"
    )
    names = list(shapes(fit(ours)))
    arrays = [array.T for _, array in sorted(keras.get_weights().items())]
    ours.set_weights((20,), dict(zip(names, arrays, strict=True)))
    for method in ("reconstruct", "encode"):
        np.testing.assert_allclose(
            getattr(ours, method)(BEATS), getattr(keras, method)(BEATS), rtol=1e-5, atol=1e-6
        )


# The LSTM


def test_lstm_layers_are_those_of_the_public_recipe():
    autoencoder = fit(LSTMAutoencoder(embedding=5, patch=1, max_epochs=1))
    assert autoencoder.network_.n_steps == 20
    layers = [*autoencoder.network_.encoder, *autoencoder.network_.decoder]
    assert [(layer.input_size, layer.hidden_size) for layer in layers] == [
        (1, 10),
        (10, 5),
        (5, 5),
        (5, 10),
    ]
    assert shapes(autoencoder)["output.weight"] == (1, 10)


def test_third_layer_of_a_stage_is_a_wide_one():
    network = fit(LSTMAutoencoder(embedding=5, n_layers=3, max_epochs=1)).network_
    assert [layer.hidden_size for layer in network.encoder] == [10, 10, 5]
    assert [layer.hidden_size for layer in network.decoder] == [5, 10, 10]


@pytest.mark.parametrize(("patch", "n_steps"), [(1, 20), (4, 5), (7, 3), (20, 1), (99, 1)])
def test_patches_shorten_the_sequence(patch, n_steps):
    autoencoder = fit(tiny(LSTMAutoencoder, patch=patch))
    assert autoencoder.network_.n_steps == n_steps
    assert shapes(autoencoder)["output.weight"] == (min(patch, 20), 6)
    assert autoencoder.reconstruct(BEATS).shape == BEATS.shape


def test_last_patch_is_filled_with_the_last_sample():
    autoencoder = fit(tiny(LSTMAutoencoder, patch=7, device="cpu"))  # three steps of 7, one over
    filled = np.pad(BEATS, [(0, 0), (0, 1)], mode="edge")
    same = LSTMAutoencoder(**TINY[LSTMAutoencoder], patch=7, device="cpu")
    same.set_weights((21,), autoencoder.get_weights())
    np.testing.assert_allclose(same.encode(filled), autoencoder.encode(BEATS), rtol=1e-6)


def test_channels_are_read_side_by_side_in_time():
    beats = np.stack([BEATS, -BEATS], axis=2)
    autoencoder = fit(tiny(LSTMAutoencoder, patch=4), beats)
    assert shapes(autoencoder)["output.weight"] == (8, 6)
    later = beats.copy()
    later[:, 8:, 1] = 0  # a change in the third step cannot alter what was read before it
    read = [autoencoder.network_.encoder[0](patches(b))[0].detach() for b in (beats, later)]
    assert torch.equal(read[0][:, :2], read[1][:, :2])
    assert not torch.equal(read[0][:, 2:], read[1][:, 2:])


def patches(beats):
    return torch.from_numpy(beats).reshape(len(beats), -1, 8)


def test_unit_norm_makes_reconstruction_follow_the_size_of_a_beat():
    autoencoder = fit(tiny(LSTMAutoencoder, unit_norm=True, max_epochs=3))
    reconstructed = autoencoder.reconstruct(BEATS)
    for size in (1e-30, 1e3, 1e30):
        np.testing.assert_allclose(
            autoencoder.reconstruct(BEATS * np.float32(size)) / size, reconstructed, rtol=1e-3
        )
        np.testing.assert_allclose(
            autoencoder.encode(BEATS * np.float32(size)), autoencoder.encode(BEATS), rtol=1e-3
        )


def test_unit_norm_leaves_silence_as_it_is():
    beats = BEATS.copy()
    beats[:3] = 0
    autoencoder = fit(tiny(LSTMAutoencoder, unit_norm=True), beats)
    plain = tiny(LSTMAutoencoder).set_weights((20,), autoencoder.get_weights())
    assert np.array_equal(autoencoder.reconstruct(beats[:3]), plain.reconstruct(beats[:3]))


def test_unit_norm_weighs_beats_alike_in_training():
    sizes = np.random.default_rng(1).uniform(0.1, 10, (len(BEATS), 1)).astype(np.float32)
    one, other = (
        fit(tiny(LSTMAutoencoder, unit_norm=True, precision="float32"), beats)
        for beats in (BEATS, BEATS * sizes)
    )
    for name, array in one.get_weights().items():
        np.testing.assert_allclose(array, other.get_weights()[name], atol=1e-4)


# The convolutions


def test_convolutions_halve_the_beat_and_mirror_it():
    autoencoder = fit(ConvAutoencoder((4, 6, 8), kernel=5, code=2, max_epochs=1))
    assert shapes(autoencoder)["encoder.0.weight"] == (4, 1, 5)
    assert autoencoder.network_.encoder[-1].in_features == 8 * 3  # 20, 10, 5, 3 time steps
    assert autoencoder.encode(BEATS).shape == (33, 2)


def test_a_kernel_must_have_a_middle():
    with pytest.raises(ValueError, match="kernel must be odd"):
        fit(ConvAutoencoder(kernel=4))


# What it is all for


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("dense_torch", {"output_activation": "linear"}),
        ("lstm", {"embedding": 16, "patch": 10}),
        ("conv", {}),
        ("attention", {}),
    ],
)
def test_learns_to_tell_simulated_anomalies_from_normal_beats(name, params):
    split = pooled_split(make_heartbeats(2500, random_state=0), 0)
    autoencoder = make_autoencoder(name, max_epochs=20, **params)
    autoencoder.fit(split.train.signals, split.validation.normal.signals)
    residuals = split.test.signals - autoencoder.reconstruct(split.test.signals)
    scores = np.square(residuals).mean(axis=1)
    assert measure(scores, split.test.is_anomaly, 0)["ROC-AUC"] > 0.9


def test_dense_equals_the_network_that_notebook_04_builds_by_hand():
    """The same weights in the notebook's network, in the mode in which it is used."""

    def layer(n_in, n_out):
        norm = torch.nn.BatchNorm1d(n_out)
        return [torch.nn.Linear(n_in, n_out), norm, torch.nn.Tanh(), torch.nn.Dropout(0.1)]

    beats = np.tanh(make_heartbeats(60, random_state=0).signals)
    ours = DenseTorchAutoencoder(max_epochs=2).fit(beats, beats)
    encoder = [*layer(140, 96), *layer(96, 48), *layer(48, 24)]
    decoder = [*layer(24, 48), *layer(48, 96), torch.nn.Linear(96, 140), torch.nn.Tanh()]
    by_hand = torch.nn.Sequential(*encoder, *decoder)
    weights = ours.network_.state_dict().values()
    names = by_hand.state_dict()
    by_hand.load_state_dict(dict(zip(names, weights, strict=True)))
    with torch.no_grad():
        rebuilt = by_hand.eval()(torch.tensor(beats)).numpy()
    np.testing.assert_allclose(ours.reconstruct(beats), rebuilt, atol=1e-6)


def test_lstm_equals_the_network_that_notebook_03_builds_by_hand():
    """Step by step, as the notebook writes it, with the weights carried over."""
    beats = make_heartbeats(20, random_state=0).signals[:5]
    ours = LSTMAutoencoder(embedding=6, patch=10, max_epochs=1).fit(beats, beats)
    reader = torch.nn.LSTM(10, 12, batch_first=True)
    narrower = torch.nn.LSTM(12, 6, batch_first=True)
    writer = torch.nn.LSTM(6, 6, batch_first=True)
    widener = torch.nn.LSTM(6, 12, batch_first=True)
    output = torch.nn.Linear(12, 10)
    layers = [*ours.network_.encoder, *ours.network_.decoder, ours.network_.output]
    for by_hand, layer in zip([reader, narrower, writer, widener, output], layers, strict=True):
        by_hand.load_state_dict(layer.state_dict())
    with torch.no_grad():
        steps = torch.tensor(beats).reshape(5, -1, 10)
        states, _ = narrower(reader(steps)[0])
        code = states[:, -1]
        shown, _ = widener(writer(code[:, None].expand(-1, steps.shape[1], -1))[0])
        rebuilt = output(shown).reshape(5, 140)
    np.testing.assert_allclose(ours.encode(beats), code, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(ours.reconstruct(beats), rebuilt, rtol=1e-4, atol=1e-5)


def test_automatic_batches_shrink_where_beats_are_few():
    """Otherwise 233 beats, as in ECG5000's TRAIN part, make an epoch of four steps."""
    explicit, automatic = (
        fit(LSTMAutoencoder(embedding=3, max_epochs=2, batch_size=size), np.tile(BEATS, (2, 1)))
        for size in (2, "auto")
    )
    assert np.array_equal(explicit.reconstruct(BEATS), automatic.reconstruct(BEATS))
    with pytest.raises(ValueError, match="batch_size must be one of auto"):
        fit(LSTMAutoencoder(embedding=3, max_epochs=1, batch_size="large"))
