"""Notebook 08: annotations as the judge, and its exercises."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

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


def test_judge_counts_beats_after_the_training_part_only(analysis, record):
    verdict = course.judge(analysis)
    late = record.times >= 180
    normal, strange = (late & (record.symbols == symbol) for symbol in "NV")
    assert verdict["false alarms"] == analysis.is_strange[normal].mean()
    assert verdict["V and F found"] == analysis.is_strange[strange].mean()
    assert verdict["V and F"] == strange.sum()
    assert verdict["detector"] > 0.95
    assert verdict["PCA on chosen beats"] > 0.9


def test_judged_by_itself_a_detector_is_as_good_as_at_home(analysis, record):
    at_home, judged = course.judge(analysis), course.judge_across(analysis, record)
    assert judged["ROC-AUC"] == pytest.approx(at_home["detector"], abs=1e-12)
    assert judged["false alarms"] == pytest.approx(at_home["false alarms"], abs=1e-12)
    other = make_record(6, shares={}, random_state=1)
    assert np.isnan(course.judge_across(analysis, other)["ROC-AUC"])


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
        wrong=[((early & strange).mean(), "*all* beats"), (-1.0, "less than 0.85")],
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
