"""The simulator: counts and order, reproducibility, and whether its beats look like beats."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from ecglab import Heartbeats
from ecglab.datasets import make_heartbeats

ECG5000_TRAIN = {1: 292, 2: 177, 3: 10, 4: 19, 5: 2}
ECG5000_TEST = {1: 2627, 2: 1590, 3: 86, 4: 175, 5: 22}
R_PEAK = 0.4  # where the R peak lies, as a fraction of the beat


@pytest.fixture(scope="module")
def beats() -> Heartbeats:
    return make_heartbeats(random_state=0)


def count(beats: Heartbeats) -> dict[int, int]:
    labels, counts = np.unique(beats.labels, return_counts=True)
    return dict(zip(labels.tolist(), counts.tolist(), strict=True))


def of_class(beats: Heartbeats, *labels: int) -> np.ndarray:
    return beats.signals[np.isin(beats.labels, labels)]


def window(signals: np.ndarray, start: float, stop: float) -> np.ndarray:
    """Cut a window, given in fractions of the beat, out of every beat."""
    n_samples = signals.shape[1]
    return signals[:, round(start * n_samples) : round(stop * n_samples)]


def qrs_width(signals: np.ndarray) -> np.ndarray:
    """Fraction of the beat during which the QRS complex exceeds half of its height."""
    heights = np.abs(signals - np.median(signals, axis=1, keepdims=True))
    qrs = window(heights, R_PEAK - 0.15, R_PEAK + 0.15)
    return (qrs > qrs.max(axis=1, keepdims=True) / 2).sum(axis=1) / signals.shape[1]


def p_wave_height(signals: np.ndarray) -> np.ndarray:
    """Height of the P wave above the line between its feet."""
    feet = window(signals, 0.09, 0.12).mean(axis=1) + window(signals, 0.29, 0.32).mean(axis=1)
    return window(signals, 0.19, 0.22).mean(axis=1) - feet / 2


# --- counts and order ---------------------------------------------------------------------------


def test_default_has_the_class_counts_of_ecg5000_in_each_part(beats):
    assert count(beats.part("train")) == ECG5000_TRAIN
    assert count(beats.part("test")) == ECG5000_TEST
    assert beats.signals.shape == (5000, 140)
    assert beats.signals.dtype == np.float32
    assert beats.source == "simulated"


def test_training_part_comes_first_and_is_sorted_by_class(beats):
    assert (beats.split[:500] == "train").all()
    assert (beats.split[500:] == "test").all()
    assert (np.diff(beats.part("train").labels) >= 0).all()


def test_test_part_holds_normal_beats_first_and_then_the_other_classes_interleaved(beats):
    anomalous = beats.part("test").is_anomaly
    assert (np.diff(anomalous.astype(int)) >= 0).all()
    others = beats.part("test").anomalies.labels
    assert (np.diff(others) != 0).sum() > 100


@settings(max_examples=40)
@given(n_beats=st.integers(1, 3000))
def test_any_number_of_beats_adds_up_and_keeps_the_proportions(n_beats):
    beats = make_heartbeats(n_beats, n_samples=20, random_state=0)
    assert len(beats) == n_beats
    for part, published in (("train", ECG5000_TRAIN), ("test", ECG5000_TEST)):
        counts = count(beats.part(part))
        for label, number in published.items():
            assert abs(counts.get(label, 0) - number * n_beats / 5000) < 1


def test_5000_beats_are_the_default():
    np.testing.assert_array_equal(
        make_heartbeats(5000, random_state=3).signals, make_heartbeats(random_state=3).signals
    )


def test_class_counts_are_followed_exactly():
    beats = make_heartbeats(class_counts={"train": {1: 7}, "test": {4: 5, 1: 2}}, random_state=0)
    assert count(beats.part("train")) == {1: 7}
    assert beats.part("test").labels.tolist() == [1, 1, 4, 4, 4, 4, 4]


# --- samples ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_samples", [20, 64, 140, 280])
def test_beats_are_standardised_and_finite_at_every_length(n_samples):
    signals = make_heartbeats(500, n_samples=n_samples, random_state=0).signals.astype(float)
    assert signals.shape == (500, n_samples)
    np.testing.assert_allclose(signals.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(signals.std(axis=1, ddof=1), 1, rtol=1e-5)


# --- reproducibility ----------------------------------------------------------------------------


def test_same_seed_gives_the_same_bits():
    one, two = (make_heartbeats(300, random_state=7) for _ in range(2))
    assert one.signals.tobytes() == two.signals.tobytes()
    np.testing.assert_array_equal(one.labels, two.labels)


def test_another_seed_gives_other_beats():
    one, two = (make_heartbeats(300, random_state=seed) for seed in (7, 8))
    assert not np.array_equal(one.signals, two.signals)


def test_generator_is_used_and_advanced():
    rng = np.random.default_rng(7)
    first, second = (make_heartbeats(50, random_state=rng).signals for _ in range(2))
    np.testing.assert_array_equal(first, make_heartbeats(50, random_state=7).signals)
    assert not np.array_equal(first, second)


def test_global_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make_heartbeats(50, random_state=0)
    make_heartbeats(50)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_provenance_is_enough_to_make_unseeded_beats_again():
    beats = make_heartbeats(60, n_samples=64)
    again = make_heartbeats(
        int(beats.provenance["n_beats"]),
        n_samples=int(beats.provenance["n_samples"]),
        random_state=int(beats.provenance["random_state"]),
    )
    np.testing.assert_array_equal(beats.signals, again.signals)


# --- physiology ---------------------------------------------------------------------------------


@pytest.mark.parametrize("n_samples", [64, 140, 280])
def test_ventricular_beats_have_a_wide_qrs_and_supraventricular_ones_a_narrow_one(n_samples):
    beats = make_heartbeats(n_samples=n_samples, random_state=0)
    width = {k: np.median(qrs_width(of_class(beats, k))) for k in (1, 2, 3, 4)}
    assert width[2] > 1.8 * width[1]
    assert width[3] > 1.8 * width[1]
    assert width[4] < 1.25 * width[1]


def test_normal_beats_have_a_p_wave_and_ventricular_ones_do_not(beats):
    normal = np.median(p_wave_height(of_class(beats, 1)))
    assert normal > 0.4
    for label in (2, 3, 4):
        assert np.median(p_wave_height(of_class(beats, label))) < normal / 2


def test_t_wave_is_concordant_in_normal_beats_and_discordant_in_ventricular_ones(beats):
    def signs_agree(label):
        mean = of_class(beats, label).mean(axis=0, keepdims=True)
        main_deflection = mean[0, round(R_PEAK * 140)]
        return main_deflection * window(mean, 0.7, 0.85).mean() > 0

    assert [signs_agree(label) for label in (1, 2, 3, 4)] == [True, False, False, True]


def test_t_wave_of_the_beat_before_shows_before_the_qrs_of_r_on_t_beats(beats):
    r_on_t, normal = (of_class(beats, label).mean(axis=0, keepdims=True) for label in (2, 1))
    just_before = (0.22, 0.27)
    assert window(r_on_t, *just_before).mean() > window(normal, *just_before).mean() + 0.3


def test_half_of_the_normal_beats_have_a_near_twin(beats):
    correlation = np.corrcoef(of_class(beats, 1)[:1000])
    np.fill_diagonal(correlation, 0)
    assert np.median(correlation.max(axis=1)) > 0.97


# --- difficulty ---------------------------------------------------------------------------------


def pca_errors(beats: Heartbeats, n_components: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Errors of beats unseen by a PCA of normal beats, their labels, and a label-free threshold."""
    normal, anomalous = beats.normal, beats.anomalies
    order = np.random.default_rng(0).permutation(len(normal))
    fit, validation, test = np.split(order, [round(0.6 * len(normal)), round(0.8 * len(normal))])
    pca = PCA(n_components, svd_solver="full").fit(normal.signals[fit])

    def error(signals):
        return np.square(signals - pca.inverse_transform(pca.transform(signals))).mean(axis=1)

    errors = error(np.concatenate([normal.signals[test], anomalous.signals]))
    labels = np.concatenate([normal.labels[test], anomalous.labels])
    return errors, labels, float(np.quantile(error(normal.signals[validation]), 0.95))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_principal_components_of_normal_beats_separate_the_anomalies(seed):
    errors, labels, _ = pca_errors(make_heartbeats(random_state=seed), n_components=2)
    assert 0.98 < roc_auc_score(labels != 1, errors) < 0.999


def test_supraventricular_beats_are_harder_to_find_than_r_on_t_beats(beats):
    errors, labels, threshold = pca_errors(beats, n_components=2)
    recall = {label: (errors[labels == label] > threshold).mean() for label in (2, 4)}
    assert recall[2] > 0.98
    assert 0.5 < recall[4] < 0.95


def test_a_larger_bottleneck_makes_detection_worse(beats):
    auc = {}
    for n_components in (2, 64):
        errors, labels, _ = pca_errors(beats, n_components)
        auc[n_components] = roc_auc_score(labels != 1, errors)
    assert auc[64] < 0.9 < 0.98 < auc[2]


# --- bad arguments ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_beats": 0}, "n_beats must be a whole number, at least 1, not 0"),
        ({"n_beats": 10.5}, "n_beats must be a whole number"),
        ({"n_beats": True}, "n_beats must be a whole number"),
        ({"n_samples": 19}, "n_samples must be a whole number, at least 20, not 19"),
        ({"n_beats": 5, "class_counts": {"train": {1: 5}}}, "Pass one of them"),
        ({"class_counts": {"validation": {1: 5}}}, "not 'validation'"),
        ({"class_counts": {"train": {6: 5}}}, "no class 6"),
        ({"class_counts": {"train": {1: -1}}}, r'class_counts\["train"\]\[1\] must be a whole'),
        ({"class_counts": {"train": {1: 0}}}, "no beat at all"),
        ({"random_state": -1}, "non-negative"),
    ],
)
def test_bad_arguments_are_refused_with_what_to_do(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_heartbeats(**arguments)
