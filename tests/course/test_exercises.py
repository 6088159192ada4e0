"""Exercises are graded both ways: the right answer passes; the stub and wrong ones get a hint."""

import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.decomposition import PCA

from ecglab import course
from ecglab.autoencoders import DenseAutoencoder, import_keras
from ecglab.datasets import make_heartbeats
from ecglab.errors import FewBeatsWarning
from ecglab.evaluation import pooled_split
from ecglab.similarity import nearest_neighbours
from ecglab.thresholds import f1_threshold, false_positive_rate_threshold, recall_threshold


@pytest.fixture(scope="module")
def beats():
    return make_heartbeats(random_state=0)


@pytest.fixture(scope="module")
def split(beats):
    return pooled_split(beats, 0)


def test_a_figure_inside_its_band_gives_the_same_sentence_everywhere():
    sentences = {course.check_band("ROC-AUC", value, 0.9, 1) for value in (0.9, 0.95, 1.0)}
    assert sentences == {"ROC-AUC lies between 0.9 and 1, as it should."}


@pytest.mark.parametrize("value", [0.89, 1.01, float("nan")])
def test_a_figure_outside_its_band_stops_the_notebook(value):
    with pytest.raises(AssertionError, match=r"ROC-AUC is .*between 0.9 and 1"):
        course.check_band("ROC-AUC", value, 0.9, 1)


def graded(check, right, wrong):
    """Grade the right answer, the stub and wrong answers, each with a word of its hint."""
    assert check(right)
    assert repr(check(right)).startswith("Right. ")
    stub = check(...)
    assert not stub
    assert "Replace the ..." in repr(stub)
    for answer, hint in wrong:
        reply = check(answer)
        assert not reply, answer
        assert hint in repr(reply)
        assert repr(reply).startswith("Not yet. ")


def test_anomaly_share(beats):
    graded(
        lambda answer: course.check_anomaly_share(answer, beats),
        right=beats.is_anomaly.mean(),
        wrong=[
            (100 * beats.is_anomaly.mean(), "percentage"),
            (1 - beats.is_anomaly.mean(), "share of normal beats"),
            (beats.is_anomaly.sum(), "Divide by the number"),
            (0.5, "mean of True and False"),
            ("a lot", "one number"),
            (True, "one number"),
        ],
    )


def test_majority_accuracy(beats):
    test = beats.part("test")
    graded(
        lambda answer: course.check_majority_accuracy(answer, beats),
        right=(~test.is_anomaly).mean(),
        wrong=[
            (test.is_anomaly.mean(), "how often this rule is wrong"),
            (0.99, "right for each normal beat"),
        ],
    )


def test_majority_accuracy_of_all_beats_is_told_from_that_of_the_test_part():
    beats = make_heartbeats(class_counts={"train": {1: 90, 2: 10}, "test": {1: 10, 2: 10}})
    reply = course.check_majority_accuracy((~beats.is_anomaly).mean(), beats)
    assert not reply
    assert "the question is about the test part" in repr(reply)


def test_majority_accuracy_rounded_is_asked_for_in_full():
    # The counts of ECG5000: over all beats the share of normal ones is 0.5838, in the test part
    # 0.58378, so a rounded answer cannot tell whether the right beats were taken.
    beats = make_heartbeats(
        class_counts={"train": {1: 292, 2: 208}, "test": {1: 2627, 2: 1873}}, random_state=0
    )
    test = beats.part("test")
    assert course.check_majority_accuracy((~test.is_anomaly).mean(), beats)
    for answer in (0.58, 0.584, (~beats.is_anomaly).mean()):
        reply = course.check_majority_accuracy(answer, beats)
        assert not reply
        assert "check which beats" in repr(reply)


def test_twin_share(beats):
    has_twin = nearest_neighbours(beats.signals)[1] > 0.98
    pvc = np.isin(beats.labels, [2, 3])
    graded(
        lambda answer: course.check_twin_share(answer, beats, 0.98),
        right=has_twin[pvc].mean(),
        wrong=[
            (has_twin.mean(), "among all beats"),
            (has_twin[beats.is_anomaly].mean(), "among all anomalies"),
            (1 - has_twin[pvc].mean(), "without a near-twin"),
            (100 * has_twin[pvc].mean(), "percentage"),
            (round(has_twin[pvc].mean(), 2), "all its digits"),
            (2.0, "np.isin"),
        ],
    )


def test_precision():
    def of(recall, rate, share):
        return recall * share / (recall * share + rate * (1 - share))

    def untouched(recall, rate, share): ...

    graded(
        course.check_precision,
        right=of,
        wrong=[
            (untouched, "Replace the ..."),
            (lambda recall, rate, share: recall * share, "not *alarms*"),
            (
                lambda recall, rate, share: recall * share / (recall * share + rate),
                "1 - prevalence",
            ),
            (lambda recall, rate, share: 1 - of(recall, rate, share), "Out of one beat"),
            (lambda recall, rate, share: [recall, rate], "one number"),
            (lambda recall: recall, "TypeError"),
            (0.28, "the function itself"),
        ],
    )


def test_template(split):
    train, test = split.train.signals, split.test.signals
    squares = np.square(test - train.mean(axis=0))
    graded(
        lambda answer: course.check_template(answer, split),
        right=squares.mean(axis=1),
        wrong=[
            (np.square(test - test.mean(axis=0)).mean(axis=1), "of the *test* beats"),
            (squares.sum(axis=1), "take the mean"),
            (np.abs(test - train.mean(axis=0)).mean(axis=1), "square, average"),
            (squares, "one number a test beat"),
            ("all", "one number a test beat"),
        ],
    )


def test_weight_count():
    graded(
        lambda answer: course.check_weight_count(answer, 140, (32, 16, 8)),
        right=DenseAutoencoderWeights.of((32, 16, 8)),
        wrong=[
            (2 * (140 * 32 + 32 * 16 + 16 * 8), "biases are missing"),
            (140 * 32 + 32 + 32 * 16 + 16 + 16 * 8 + 8, "encoder alone"),
            (7, "pairwise"),
        ],
    )


class DenseAutoencoderWeights:
    """Count with Keras what the exercise counts on paper."""

    @staticmethod
    def of(hidden):
        beats = np.zeros((2, 140))
        return DenseAutoencoder(hidden, max_epochs=1).fit(beats, beats).model_.count_params()


def test_quantile_cut():
    scores = np.random.default_rng(0).exponential(size=500)
    graded(
        lambda answer: course.check_quantile_cut(answer, scores),
        right=np.quantile(scores, 0.99),
        wrong=[
            (np.quantile(scores, 0.95), "one false alarm in twenty"),
            (np.quantile(scores, 0.01), "*above* the cut"),
            (np.quantile(scores, 0.9), "normal validation"),
        ],
    )


def test_most_missed(beats):
    test = beats[np.isin(beats.labels, [1, 2, 4])]
    # 10 of 1767 of class 2 pass, but 5 of 194 of class 4: more beats there, a larger share here.
    flagged = test.is_anomaly.copy()
    flagged[np.flatnonzero(test.labels == 2)[:10]] = False
    flagged[np.flatnonzero(test.labels == 4)[:5]] = False
    graded(
        lambda answer: course.check_most_missed(answer, test, flagged),
        right=4,
        wrong=[
            (2, "*share*"),
            (1, "normal beat cannot"),
            (9, "one of the classes [2, 4]"),
            ([4], "one of the classes"),
            ("SP/EB", "one of the classes"),
        ],
    )
    assert course.check_most_missed(np.int64(4), test, flagged)


def test_narrow_code(split):
    normal = split.train.signals[:500], split.validation.normal.signals[:100]
    right = DenseAutoencoder((64, 2), max_epochs=40, learning_rate=0.003).fit(*normal)
    graded(
        lambda answer: course.check_narrow_code(answer, split),
        right=right,
        wrong=[
            (0.99, "the DenseAutoencoder itself"),
            (DenseAutoencoder((64, 16)), "Its code has 16 numbers"),
            (DenseAutoencoder((64, 2)), "not trained yet"),
            (
                DenseAutoencoder((64, 2), output_activation="sigmoid", max_epochs=1).fit(*normal),
                "linear output",
            ),
        ],
    )


def keras_network(units=(16,), activation="linear", n_samples=140):
    keras = import_keras()
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(each, activation=activation) for each in units]
    return keras.Sequential([keras.Input((140,)), *layers, keras.layers.Dense(n_samples)])


def trained(network, beats, loss="mse", epochs=30):
    network.compile(optimizer=import_keras().optimizers.Adam(0.01), loss=loss)
    network.fit(beats, beats, epochs=epochs, batch_size=64, verbose=0)
    return network


def test_swapped_loss(split):
    normal, anomalies = split.train.signals[:640], split.test.anomalies.signals[:640]
    untrained = keras_network()
    untrained.compile(loss="mae")
    graded(
        lambda answer: course.check_swapped_loss(answer, split),
        right=trained(keras_network(), normal, "mae", epochs=15),
        wrong=[
            (0.99, "a Keras model"),
            (keras_network(n_samples=5), "not a beat"),
            (keras_network(), "not 'mae'"),
            (untrained, "hardly rebuilds"),
            (trained(keras_network((64,)), np.tile(anomalies, (2, 1)), "mae"), "normal beats only"),
        ],
    )


def test_linear_network(split):
    pca = PCA(n_components=2, random_state=0).fit(split.train.signals)
    down = [pca.components_.T, -pca.mean_ @ pca.components_.T]
    as_pca = keras_network((2,))
    as_pca.set_weights([*down, pca.components_, pca.mean_])
    graded(
        lambda answer: course.check_linear_network(answer, split),
        right=as_pca,
        wrong=[
            (0.99, "a Keras model"),
            (keras_network((2,), "relu"), "with relu"),
            (keras_network((8,)), "Its code has 8 numbers"),
            (keras_network((2,)), "larger steps"),
        ],
    )


def test_step_counts():
    graded(
        lambda answer: course.check_step_counts(answer, 140, (10, 16)),
        right=[14, 9],
        wrong=[([14, 8], "round up"), ([14], "Give 2 numbers"), ([1, 2], "cover all samples")],
    )
    assert course.check_step_counts(np.array([14, 9]), 140, (10, 16))


def test_unit_norm():
    signals = np.random.default_rng(0).normal(size=(5, 8))
    norms = np.linalg.norm(signals, axis=1, keepdims=True)
    graded(
        lambda answer: course.check_unit_norm(answer, signals),
        right=signals / norms,
        wrong=[
            (signals / np.linalg.norm(signals), "axis=1"),
            (signals / norms**2, "square root"),
            (signals[:2], "shape should be"),
            ("all of them", "array of numbers"),
        ],
    )


def test_strangest_normal():
    scores, is_anomaly = [5.0, 1.0, 3.0, 9.0], [True, False, False, True]
    graded(
        lambda answer: course.check_strangest_normal(answer, scores, is_anomaly),
        right=2,
        wrong=[
            (1, "position in split.test"),
            (3, "it is an anomaly"),
            (0, "not anomalies"),
            ([2], "one whole number"),
            (3.0, "one whole number"),
        ],
    )


def take_step(network, optimizer, beats, *, clear=True, power=1, move=True, give=lambda loss: loss):
    """Do what exercise 2 of notebook 3 asks for, or all but one part of it."""
    if clear:
        optimizer.zero_grad()
    loss = (network(beats) - beats).abs().pow(power).mean()
    loss.backward()
    if move:
        optimizer.step()
    return give(loss.item())


def test_train_step():
    def untouched(network, optimizer, beats): ...

    def cleared_too_late(network, optimizer, beats):
        loss = (network(beats) - beats).abs().mean()
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        return loss.item()

    graded(
        course.check_train_step,
        right=take_step,
        wrong=[
            (untouched, "Replace the ..."),
            (cleared_too_late, "No weight has moved"),
            (partial(take_step, move=False), "No weight has moved"),
            (partial(take_step, power=2), "mean *absolute*"),
            (partial(take_step, clear=False), "zero_grad()"),
            (partial(take_step, give=lambda loss: None), "loss.item()"),
            (partial(take_step, give=lambda loss: 2 * loss), "not the loss"),
            (lambda network: 0.0, "TypeError"),
            (0.5, "the function itself"),
        ],
    )


class Recurrent(torch.nn.Module):
    """Reads beats of any length and returns them, one number for each sample."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer(1, 16, batch_first=True)
        self.output = torch.nn.Linear(16, 1)

    def forward(self, beats):
        return self.output(self.layer(beats[:, :, None])[0])[:, :, 0]


def test_gru(split):
    class Cut(Recurrent):
        def forward(self, beats):
            return super().forward(beats)[:, 1:]

    torch.manual_seed(0)
    right = Recurrent(torch.nn.GRU)
    beats = torch.tensor(split.train.signals[:256])
    optimizer = torch.optim.Adam(right.parameters(), lr=0.01)
    for _ in range(60):
        take_step(right, optimizer, beats)
    graded(
        lambda answer: course.check_gru(answer, split),
        right=right,
        wrong=[
            (0.5, "an nn.Module"),
            (Recurrent(torch.nn.LSTM), "still an nn.LSTM"),
            (torch.nn.Linear(140, 140), "no nn.GRU"),
            (Cut(torch.nn.GRU), "for beats of shape"),
            (Recurrent(torch.nn.GRU), "than a flat line does"),
        ],
    )


def test_inverse_variance():
    residuals = np.random.default_rng(0).normal(size=(50, 6)) * np.arange(1, 7)
    variance = np.square(residuals).mean(axis=0)
    inverse = 1 / variance
    graded(
        lambda answer: course.check_inverse_variance(answer, residuals),
        right=inverse / inverse.mean(),
        wrong=[
            (inverse, "divide by their mean"),
            (variance / variance.mean(), "other way round"),
            (np.ones(6), "Square the residuals"),
            (np.ones(5), "One weight a sample"),
            ("inverse", "array of numbers"),
        ],
    )


def test_label_use():
    graded(
        course.check_label_use,
        right=["learned weights"],
        wrong=[
            (["uniform"], "*anomalies*"),
            (["learned weights", "uniform"], "too many"),
            (["learned weights", "QRS window"], "no label"),
            (["magic"], "Choose from these names"),
            (1, "Choose from these names"),
            ([["learned weights"], ["magic", "uniform"]], "Choose from these names"),
        ],
    )
    for right in ("learned weights", {"learned weights"}, np.array(["learned weights"])):
        assert course.check_label_use(right)


def test_youden():
    scores, is_anomaly = [1.0, 2.0, 3.0, 4.0, 5.0], [False, False, True, False, True]
    graded(
        lambda answer: course.check_youden(answer, scores, is_anomaly),
        right=2 / 3,
        wrong=[(1.0, "That is the recall there"), (3.0, "third array"), (0.1, "largest")],
    )


# 05 choose a threshold


@pytest.fixture(scope="module")
def scored():
    """Scores of 400 normal beats and 200 anomalies that overlap."""
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.lognormal(0, 1, 400), rng.lognormal(2, 1, 200)])
    return scores, np.arange(600) >= 400


def test_recall_price(scored):
    scores, strange = scored
    flagged = scores > recall_threshold(scores, strange, 1.0)
    right = flagged[~strange].mean()
    graded(
        lambda answer: course.check_recall_price(answer, scores, strange),
        right=right,
        wrong=[
            (100 * right, "percentage"),
            (flagged.mean(), "*all* beats"),
            (1 - right, "that pass"),
            (recall_threshold(scores, strange, 1.0), "the cut itself"),
            (0.5, "normal_scores"),
            ("many", "one number"),
        ],
    )


def test_rare_precision():
    graded(
        lambda answer: course.check_rare_precision(answer, 0.99, 0.05),
        right=0.00099 / (0.00099 + 0.05 * 0.999),
        wrong=[
            (0.00005 / (0.00005 + 0.99 * 0.999), "swapped"),
            (0.00099, "Divide by all alarms"),
            (100 * 0.00099 / (0.00099 + 0.05 * 0.999), "percentage"),
            (0.0198 / (0.0198 + 0.05 * 0.98), "2% of the beats"),
            (0.99, "True alarms"),
        ],
    )


def test_beats_needed():
    for rate, right in ((0.001, 999), (0.05, 19), (0.01, 99)):
        graded(
            lambda answer, rate=rate: course.check_beats_needed(answer, rate),
            right=right,
            wrong=[
                (right + 1, "one beat fewer"),
                (10 * right, "Fewer will do"),
                (5, "no such score"),
            ],
        )
        # What the exercise says is what the rule does.
        with warnings.catch_warnings():
            warnings.simplefilter("error", FewBeatsWarning)
            false_positive_rate_threshold(np.arange(right), rate)
        with pytest.warns(FewBeatsWarning):
            false_positive_rate_threshold(np.arange(right - 1), rate)


def test_unmoved_rules():
    rules = {"a": ("quantile", {}), "b": ("extreme_value", {}), "c": ("f1", {}), "d": ("cost", {})}
    graded(
        lambda answer: course.check_unmoved_rules(answer, rules),
        right=["b", "a"],
        wrong=[
            (["a"], "1 more"),
            ("a", "1 more"),
            (["a", "b", "c"], "'c' looks at labelled"),
            (["quantile"], "Choose from these names"),
            (4, "list of names"),
            (None, "list of names"),
            ([["a"]], "list of names"),
        ],
    )


def test_the_leaky_way_never_loses_and_an_honest_cut_never_gains(scored):
    scores, strange = scored
    cuts = np.quantile(scores, np.linspace(0.01, 0.99, 50))
    gains = [course.leaky_gain(scores, strange, cut) for cut in cuts]
    assert min(gains) >= 0
    assert max(gains) > 0.1
    assert course.leaky_gain(scores, strange, f1_threshold(scores, strange)) == 0


# 06 compare detectors


@pytest.fixture(scope="module")
def board():
    """Three detectors, ten seeds, two splits; a seed's difficulty is shared by all detectors."""
    rng = np.random.default_rng(0)
    rows = []
    for split, offsets in (
        ("pooled", {"weak": -0.05, "middle": 0.0, "strong": 0.002}),
        ("official", {"weak": -0.05, "middle": 0.002, "strong": 0.0}),
    ):
        for seed in range(10):
            shared = rng.normal(0, 0.002)
            for detector, offset in offsets.items():
                auc = 0.98 + offset + shared + rng.normal(0, 0.002)
                rows.append({"detector": detector, "split": split, "seed": seed, "ROC-AUC": auc})
    table = pd.DataFrame(rows).assign(n_train=1751, n_test=2249)
    return table.assign(label_free=table["detector"] != "middle")


def test_rank(board):
    graded(
        lambda answer: course.check_rank(answer, board, "weak"),
        right=2,
        wrong=[(3, "the detector itself"), (20, "Average over the seeds first")],
    )
    graded(
        lambda answer: course.check_rank(answer, board, "strong"),
        right=1,
        wrong=[(0, "label-tuned")],
    )
    graded(
        lambda answer: course.check_rank(answer, board, "middle"),
        right=0,
        wrong=[(1, "another split")],
    )


def test_covers_zero(board):
    graded(
        lambda answer: course.check_covers_zero(answer, board, "weak", "middle"),
        right=False,
        wrong=[(True, "where is zero"), ("no", "True or False"), (0.3, "True or False")],
    )
    graded(
        lambda answer: course.check_covers_zero(answer, board, "strong", "middle"),
        right=np.True_,
        wrong=[(False, "where is zero")],
    )


def test_too_wide():
    sweep = pd.DataFrame(
        {
            "split": ["pooled"] * 5 + ["official"] * 2,
            "components": [1, 2, 8, 32, 64, 1, 2],
            "ROC-AUC": [0.97, 0.99, 0.975, 0.96, 0.7, 0.9, 0.8],
        }
    )
    graded(
        lambda answer: course.check_too_wide(answer, sweep),
        right=32,
        wrong=[
            (64, "already so with fewer"),
            (2, "where it is highest"),
            (3, "one of [1, 2, 8, 32, 64]"),
            (8, "compare with the first"),
        ],
    )


def test_vote():
    wrong = np.array([0] * 180 + [2] * 10 + [3] * 6 + [5] * 4)
    graded(
        lambda answer: course.check_vote(answer, wrong, 5),
        right=0.95,
        wrong=[
            (0.05, "vote is wrong"),
            (0.9, "*all* of them"),
            (190, "how many beats"),
            (0.5, "fewer than half"),
        ],
    )


# 07 sweep parameters


def test_number_of_runs():
    graded(
        lambda answer: course.check_number_of_runs(answer, [3, 5, 10]),
        right=150,
        wrong=[(18, "adds the axes up"), (15, "seeds are an axis"), (7, "Multiply")],
    )


def test_worst_code():
    results = pd.DataFrame({"code": [2, 2, 24, 24, 64], "auc": [0.99, 0.98, 0.97, 0.96, 0.9]})
    graded(
        lambda answer: course.check_worst_code(answer, results, "auc"),
        right=np.int64(64),
        wrong=[(2, "the best"), (3, "one of [2, 24, 64]"), (24, "lowest mean")],
    )


def test_log_axis():
    graded(
        course.check_log_axis,
        right={"log": [0.0001, 0.01, 5]},
        wrong=[
            ([0.0001, 0.01], "dictionary with one key"),
            ({"linear": [1e-4, 1e-2, 5]}, "should be 'log'"),
            ({"learning_rate": {"log": [1e-4, 1e-2, 5]}}, "names the parameter"),
            ({"log": [1e-4, 1e-2]}, "list of three"),
            ({"log": [1e-2, 1e-4, 5]}, "lower one first"),
            ({"log": [1e-4, 1e-2, 3]}, "Five values"),
        ],
    )
