"""The exercises of notebook 09."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.signal import find_peaks

from ecglab import course
from ecglab.autoencoders import make_autoencoder
from ecglab.datasets import make_record
from ecglab.recordings import analyse


@pytest.fixture(scope="module")
def record():
    return make_record(6, shares={"V": 0.2}, random_state=0)


@pytest.fixture(scope="module")
def analysis(record):
    quick = make_autoencoder("conv").set_params(max_epochs=15)
    return analyse(record, train_minutes=3, autoencoder=quick)


def graded(check, right, wrong):
    assert check(right)
    assert "Replace the ..." in repr(check(...))
    for answer, hint in wrong:
        assert not check(answer)
        assert hint in repr(check(answer))


def test_set_aside(record):
    aside = pd.DataFrame({"time": [0.1], "symbol": ["N"], "reason": ["flat line"]})
    one, two = (replace(record, set_aside=pd.concat([aside] * n)) for n in (1, 2))
    graded(
        lambda answer: course.check_set_aside(answer, {"one": one, "two": two}),
        right=3,
        wrong=[(2, "Add them all up"), (2 * len(record), "were kept"), (-1, "one row for each")],
    )


def test_early_share(analysis):
    strange, early = analysis.is_strange, analysis.is_early
    graded(
        lambda answer: course.check_early_share(answer, analysis),
        right=early[strange].mean(),
        wrong=[((early & strange).mean(), "*all* beats"), (-1.0, "one value for each beat")],
    )


def test_patient():
    table = pd.DataFrame(
        [[0.9, 0.1, 0.5], [0.2, 0.8, 0.5], [0.1, 0.0, 0.0]], index=list("abc"), columns=list("abc")
    )
    graded(
        lambda answer: course.check_patient(answer, table),
        right="c",
        wrong=[("b", "fewest"), ("a", "Leave the diagonal out"), ("z", "one of ['a', 'b', 'c']")],
    )


def early(times, factor=0.85, middle=np.median):
    intervals = np.diff(times)
    return np.append(False, intervals < factor * middle(intervals))


def test_early_rule():
    graded(
        course.check_early_rule,
        right=early,
        wrong=[
            (lambda times: early(times)[1:], "mind the first beat"),
            (lambda times: np.roll(early(times), -1), "the beat before"),
            (lambda times: early(times, middle=np.mean), "Take the median"),
            (lambda times: early(times, 0.5), "0.85 times"),
            (lambda times: np.diff(times), "True or False"),
            (lambda times: None, "answers with return"),
        ],
    )


def test_upside_down():
    samples, rate = np.zeros(3600), 360.0
    places = np.arange(200, 3500, 300)
    samples[places] = 1.0

    def upwards(signal, rate):
        return find_peaks(signal, height=0.5)[0]

    def both_ways(signal, rate):
        return upwards(np.abs(signal), rate)

    graded(
        lambda answer: course.check_upside_down(answer, samples, rate, places / rate),
        right=both_ways,
        wrong=[
            (upwards, "upside down it gives no list"),
            (lambda signal, rate: both_ways(signal, rate)[::2], "finds 55% of the beats"),
            (lambda signal, rate: np.arange(0, 3600, 10), "of its peaks are beats"),
            (lambda signal, rate: None, "answers with return"),
        ],
    )
