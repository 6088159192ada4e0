"""Exercises are graded both ways: the right answer passes; the stub and wrong ones get a hint."""

import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from ecglab import course
from ecglab.autoencoders import DenseAutoencoder, import_keras
from ecglab.datasets import make_heartbeats
from ecglab.errors import FewBeatsWarning
from ecglab.evaluation import compare_seeds, pooled_split
from ecglab.similarity import nearest_neighbours
from ecglab.thresholds import f1_threshold, false_positive_rate_threshold


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


def test_nearest(split):
    train, test = split.train.signals, split.test.signals
    squares = np.array([np.square(train - beat).mean(axis=1) for beat in test])
    others = np.array([np.square(test - beat).mean(axis=1) for beat in test])
    np.fill_diagonal(others, np.inf)
    graded(
        lambda answer: course.check_nearest(answer, split),
        right=squares.min(axis=1),
        wrong=[
            (squares.max(axis=1), "*least* alike"),
            (squares.mean(axis=1), "the nearest alone"),
            (squares.min(axis=1) * test.shape[1], "take the mean"),
            (others.min(axis=1), "from all training beats"),
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


def test_modes():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Dropout(0.5))
    beats = torch.randn(6, 8)

    def scores():
        with torch.no_grad():
            return (beats - network(beats)).square().mean(dim=1).numpy()

    network.train()
    one, other = scores(), scores()
    network.eval()
    calm = scores()
    graded(
        lambda answer: course.check_modes(answer, other, network, beats),
        right=one,
        wrong=[
            (calm, "call network.train()"),
            (other, "Twice the same array"),
            (one[:2], "two arrays of scores"),
            ("scores", "two arrays of scores"),
            (1000 * one, "no mean squared residual"),
        ],
    )


def test_youden():
    scores, is_anomaly = [1.0, 2.0, 3.0, 4.0, 5.0], [False, False, True, False, True]
    graded(
        lambda answer: course.check_youden(answer, scores, is_anomaly),
        right=2 / 3,
        wrong=[(1.0, "That is the recall there"), (3.0, "third array"), (0.1, "largest")],
    )


# 05 look inside


def test_surprise():
    rng = np.random.default_rng(0)
    mean, log_variance = rng.normal(size=(2, 6, 3))
    parts = (mean**2 + np.exp(log_variance) - 1 - log_variance) / 2
    spread = np.exp(log_variance / 2)
    graded(
        lambda answer: course.check_surprise(answer, mean, log_variance),
        right=parts.sum(axis=1),
        wrong=[
            (parts, "add up the numbers of each code"),
            (parts.sum(axis=0), "One number a beat"),
            (2 * parts.sum(axis=1), "divides by 2"),
            (parts.mean(axis=1), "that is their mean"),
            ((mean**2 + spread - 1 - log_variance).sum(axis=1) / 2, "is the standard deviation"),
            (-parts.sum(axis=1), "never below 0"),
            (np.zeros(6), "four terms"),
            ("much", "array of numbers"),
        ],
    )


def trained_with_blanks(split, blank_given=False, blank_wanted=False, half=None, n_epochs=20):
    """Train what the exercises of notebook 05 ask for, and what goes wrong with them."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Sequential(torch.nn.Linear(140, 64), torch.nn.ReLU(), torch.nn.Linear(64, 8)),
        torch.nn.Sequential(torch.nn.Linear(8, 64), torch.nn.ReLU(), torch.nn.Linear(64, 140)),
    )
    learning = network if half is None else network[half]
    optimizer = torch.optim.Adam(learning.parameters(), lr=0.003)
    beats = torch.tensor(split.train.signals)
    blanked = beats.clone()
    blanked[:, 60:100] = 0
    given, wanted = (blanked if blank else beats for blank in (blank_given, blank_wanted))
    for _ in range(n_epochs):
        for rows in torch.randperm(len(beats)).split(64):
            loss = torch.nn.functional.mse_loss(network(given[rows]), wanted[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network


def test_filler(split):
    graded(
        lambda answer: course.check_filler(answer, split),
        right=trained_with_blanks(split, blank_given=True),
        wrong=[
            (
                trained_with_blanks(split, blank_given=True, blank_wanted=True),
                "with the *whole* beat",
            ),
            (trained_with_blanks(split, n_epochs=0), "fills the gap with zeros"),
            (torch.nn.Identity(), "fills the gap with zeros"),
            (0.02, "the network itself"),
            (trained_with_blanks(split)[0], "give the whole network"),
            (trained_with_blanks(split)[1], "does not take beats"),
        ],
    )


def test_mended(split):
    graded(
        lambda answer: course.check_mended(answer, split),
        right=trained_with_blanks(split),
        wrong=[
            (
                trained_with_blanks(split, half=0, n_epochs=40),
                "which weights was the optimiser given",
            ),
            (trained_with_blanks(split, half=1), "which weights was the optimiser given"),
            (trained_with_blanks(split, n_epochs=0), "in which order"),
            (None, "the network itself"),
        ],
    )


# 06 choose a threshold


@pytest.fixture(scope="module")
def scored():
    """Scores of 400 normal beats and 200 anomalies that overlap."""
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.lognormal(0, 1, 400), rng.lognormal(2, 1, 200)])
    return scores, np.arange(600) >= 400


def js(scores, is_anomaly, flag=np.greater):
    """List J at every score."""
    flags = [flag(scores, cut) for cut in np.unique(scores)]
    return np.array([of[is_anomaly].mean() - of[~is_anomaly].mean() for of in flags])


def best_accuracy(scores, is_anomaly):
    cuts = np.unique(scores)
    return cuts[np.argmax([((scores > cut) == is_anomaly).mean() for cut in cuts])]


def raise_it(*arguments):
    raise KeyError("scores")


def test_youden_cut():
    graded(
        course.check_youden_cut,
        right=lambda scores, strange: np.unique(scores)[js(scores, strange).argmax()],
        wrong=[
            (lambda scores, strange: js(scores, strange).max(), "That is the largest J"),
            (
                lambda scores, strange: np.unique(scores)[
                    js(scores, strange, np.greater_equal).argmax()
                ],
                "*above* the cut",
            ),
            (best_accuracy, "best accuracy"),
            (lambda scores, strange: scores.max(), "can be had"),
            (lambda scores, strange: "0.5", "one number, the cut"),
            (lambda scores, strange: None, "answers with return"),
            (raise_it, "It stops with KeyError"),
            (0.7, "function itself"),
        ],
    )


def count(new, normal, how):
    return np.array([how(normal, score).sum() for score in new])


def test_p_values():
    graded(
        course.check_p_values,
        right=lambda new, normal: (1 + count(new, normal, np.greater_equal)) / (len(normal) + 1),
        wrong=[
            (lambda new, normal: count(new, normal, np.greater) / len(normal), "your colleague's"),
            (
                lambda new, normal: (1 + count(new, normal, np.greater)) / (len(normal) + 1),
                "*as* high",
            ),
            (
                lambda new, normal: count(new, normal, np.greater_equal) / len(normal),
                "p-value of 0",
            ),
            (lambda new, normal: count(new, normal, np.less) / len(normal), "(1 + k) / (n + 1)"),
            (lambda new, normal: 0.5, "one p-value for each"),
            (lambda new, normal: None, "answers with return"),
        ],
    )


def test_flag_by_cost():
    graded(
        course.check_flag_by_cost,
        right=lambda probability, cost: probability > 1 / (1 + cost),
        wrong=[
            (lambda probability, cost: probability > 0.5, "cost the same"),
            (lambda probability, cost: probability * cost < 1 - probability, "other way round"),
            (lambda probability, cost: probability > 1 / cost, "Where are they even"),
            (lambda probability, cost: probability > 1 / 11, "for other prices"),
            (lambda probability, cost: probability > 0.9, "Compare probability"),
            (lambda probability, cost: probability * cost, "True or False"),
            (lambda probability, cost: None, "answers with return"),
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


# 07 compare detectors


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


def interval(differences, ratio, quantile=None, ddof=1, power=0.5):
    n, mean = len(differences), np.mean(differences)
    quantile = stats.t.ppf(0.975, n - 1) if quantile is None else quantile
    half = quantile * np.std(differences, ddof=ddof) * (1 / n + ratio) ** power
    return mean - half, mean + half


def test_corrected_interval():
    graded(
        course.check_corrected_interval,
        right=interval,
        wrong=[
            (lambda d, ratio: interval(d, ratio)[::-1], "lower end comes first"),
            (lambda d, ratio: interval(d, 0), "plain t-test"),
            (lambda d, ratio: interval(d, ratio, ddof=0), "ddof=1"),
            (lambda d, ratio: interval(d, ratio, power=1), "square root"),
            (lambda d, ratio: interval(d, ratio, quantile=1.959964), "Student's"),
            (lambda d, ratio: (0.0, 1.0), "term by term"),
            (lambda d, ratio: 0.002, "two numbers"),
            (lambda d, ratio: None, "answers with return"),
        ],
    )


def test_the_exercise_and_the_package_compute_the_same_interval(board):
    runs = board[board["split"] == "pooled"]
    row = compare_seeds(runs, "middle").loc[("pooled", "weak")]
    by_seed = runs.pivot(index="seed", columns="detector", values="ROC-AUC")
    low, high = interval(by_seed["weak"] - by_seed["middle"], 2249 / 1751)
    assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))


class Distance:
    """Distance to the mean normal beat; what its subclasses do wrong is all that they change."""

    def fit(self, signals):
        self.mean = signals.mean(axis=0)
        return self

    def score_samples(self, signals):
        return -np.linalg.norm(signals - self.mean, axis=1)


class Polarity(Distance):
    def score_samples(self, signals):
        return -super().score_samples(signals)


class Crowd(Distance):
    def score_samples(self, signals):
        return super().score_samples(signals) + signals.mean(axis=0).std() + len(signals)


class Silent(Distance):
    def score_samples(self, signals):
        pass


class Forgetful(Distance):
    def fit(self, signals):
        super().fit(signals)
        return signals


class Guess(Distance):
    def score_samples(self, signals):
        return signals[:, 70].astype(float)


class Short(Distance):
    def score_samples(self, signals):
        return super().score_samples(signals)[:-1]


class Unfinished:
    def fit(self, signals):
        return self


def test_contender(split):
    graded(
        lambda answer: course.check_contender(answer, split),
        right=Distance,
        wrong=[
            (Polarity, "other way round"),
            (Crowd, "beside it"),
            (Silent, "Replace the ..."),
            (Forgetful, "return self"),
            (Guess, "It runs"),
            (Short, "one number for each beat"),
            (Unfinished, "no method score_samples"),
            (Distance(), "function itself"),
        ],
    )


def test_levelled_noise_and_slow_waves_are_what_they_say():
    rng = np.random.default_rng(0)
    signals = rng.normal(size=(40, 140)) * np.linspace(0.1, 3, 40)[:, None]
    levelled = course.level_noise(signals)
    np.testing.assert_allclose(levelled / levelled[:, :1], signals / signals[:, :1])
    np.testing.assert_allclose(course.level_noise(7 * signals), levelled)
    slow = course.slow_waves(signals)
    np.testing.assert_allclose(course.slow_waves(slow), slow, atol=1e-12)
    waves = np.abs(np.fft.rfft(slow))
    assert waves[:, 50:].max() < 1e-9 < waves[:, :50].min()


def test_beats_are_found_again(split, beats):
    found = course.find_beats(split.test, beats)
    np.testing.assert_array_equal(beats.signals[found], split.test.signals)
    with pytest.raises(KeyError):
        course.find_beats(split.test, split.train)


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


# 08 sweep parameters


def test_number_of_runs():
    graded(
        lambda answer: course.check_number_of_runs(answer, [3, 5, 10]),
        right=150,
        wrong=[(18, "adds the axes up"), (15, "seeds are an axis"), (7, "Multiply")],
    )


TEMPLATE = Path(__file__).parents[2] / "notebooks" / "templates" / "train_detector.ipynb"


def loss_grid(losses=("mse", "mae"), code=8, noise=None, seeds=(0, 1, 2)):
    return {
        "notebook": str(TEMPLATE),
        "axes": {
            "autoencoder_params": [{"hidden": [96, code], "loss": loss} for loss in losses],
            "noise": noise or {"log": [0.1, 10, 4]},
            "random_state": list(seeds),
        },
    }


def test_loss_grid():
    graded(
        course.check_loss_grid,
        right=loss_grid(),
        wrong=[
            ([0.1, 10], "dictionary with a notebook"),
            (loss_grid() | {"axes": {"nois": [1]}}, "It is no grid"),
            (loss_grid(losses=("mse",)), "'mae' in another"),
            (loss_grid(code=24), "size of the code"),
            (loss_grid(noise=[0.0, 0.1, 1.0, 10.0]), "from 0.1 to 10"),
            (loss_grid(noise={"linear": [0.1, 10, 4]}), "so 'log'"),
            (loss_grid(seeds=(0,)), "Three seeds"),
        ],
    )


def test_simplest_code():
    graded(
        course.check_simplest_code,
        right=lambda table: table[table["high"] >= 0]["code"].min(),
        wrong=[
            (lambda table: table["code"].min(), "clearly behind"),
            (lambda table: table["code"][table["difference"].idxmax()], "the first itself"),
            (lambda table: table[table["high"] > 0]["code"].max(), "Of those, the smallest"),
            (lambda table: 3, "one of the codes"),
            (lambda table: None, "answers with return"),
            (8, "function itself"),
        ],
    )


def test_loud_run(monkeypatch, beats, split):
    monkeypatch.setattr("ecglab.course._sweep.load_heartbeats", lambda: beats)
    residuals = split.validation.signals - split.train.signals.mean(axis=0)
    auc = roc_auc_score(split.validation.is_anomaly, (residuals**2).mean(axis=1))
    run = {"noise": 100.0, "status": "done", "random_state": 0, "validation ROC-AUC": auc}
    graded(
        course.check_loud_run,
        right=pd.DataFrame([run]),
        wrong=[
            (0.97, "the table that sweep.run returns"),
            (pd.DataFrame([run | {"noise": 3.0}]), "noise of 30 or more"),
            (pd.DataFrame([run | {"status": "failed"}]), "is done"),
            (pd.DataFrame([run | {"validation ROC-AUC": 0.6}]), "the mean beat reaches"),
        ],
    )
