"""From anomaly scores to a cut: a beat whose score lies **above** the threshold is an anomaly.

A *label-free* rule looks at the scores of normal beats alone; a *label-tuned* one needs anomalies
too. Either way the scores must come from validation data, never from the test part. Every rule
returns the threshold as a float, and raises a `ValueError` where there is no score, or one that is
not finite: a diverged training or a damaged beat would choose the cut.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab.errors import FewBeatsWarning

__all__ = [
    "THRESHOLDS",
    "ThresholdRule",
    "choose_threshold",
    "cost_threshold",
    "expected_cost",
    "extreme_value_threshold",
    "f1_threshold",
    "false_positive_rate_threshold",
    "mean_plus_sd_threshold",
    "quantile_threshold",
    "recall_threshold",
    "youden_threshold",
]

# Beats are counted after rounding to so many digits: 10 * (1 - 0.9) is a hair below one beat.
_DIGITS = 9

# Two parameters cannot be fitted to fewer than three excesses. Ten are no luxury: how far above the
# start a tenth of them lies still comes out 20 to 40 % wrong, the more the heavier the tail.
_FEWEST_EXCESSES = 3
_FEW_EXCESSES = 10

# Qualities that differ by less are equal: sums of products round differently in the last digits.
_EQUAL = 1e-9

Counts = npt.NDArray[np.int64]


def quantile_threshold(normal_scores: npt.ArrayLike, quantile: float = 0.95) -> float:
    """Cut where a given share of the normal beats lies below. Label-free.

    Parameters
    ----------
    normal_scores : array_like of shape (n_beats,)
        Anomaly scores of held-out normal beats.
    quantile : float, default 0.95
        The share of normal beats to accept; ``1 - quantile`` is about the false-alarm rate to
        expect, of many beats. Of few, more pass above: see `false_positive_rate_threshold`.

    Returns
    -------
    float
        The threshold, interpolated between two scores.

    Raises
    ------
    ValueError
        If `quantile` lies outside (0, 1).

    Warns
    -----
    FewBeatsWarning
        If not one of the beats would lie above the quantile: ``n_beats * (1 - quantile) < 1``.

    See Also
    --------
    false_positive_rate_threshold : Keeps the false-alarm rate that it is given, on average.
    """
    _check_share("quantile", quantile, usual=0.95)
    scores = _check_scores(normal_scores)
    above = scores.size * (1 - quantile)
    if _whole_beats(above) == 0:
        _warn_few_beats(
            f"{scores.size} normal beats carry no {100 * quantile:g} % quantile: {above:.2g} of "
            "them would lie above it, so the highest scores alone decide.",
            f"{_fewest_beats(1 - quantile)} normal beats",
            ("quantile", 1 - _smallest_share(scores.size)),
        )
    return float(np.quantile(scores, quantile))


def mean_plus_sd_threshold(normal_scores: npt.ArrayLike, k: float = 1.0) -> float:
    """Cut `k` standard deviations above the mean of the normal scores. Label-free.

    Parameters
    ----------
    normal_scores : array_like of shape (n_beats,)
        As for `quantile_threshold`.
    k : float, default 1.0
        How many (population) standard deviations above the mean to cut. What false-alarm rate
        that gives depends on the shape of the distribution, which for errors is skewed.
    """
    scores = _check_scores(normal_scores)
    return float(scores.mean() + k * scores.std())


def false_positive_rate_threshold(normal_scores: npt.ArrayLike, rate: float = 0.05) -> float:
    """Cut so that at most a given share of new normal beats is to be expected above. Label-free.

    This is the split-conformal quantile: the ``ceil((n_beats + 1) * (1 - rate))``-th smallest
    score. The interpolated quantile lies lower and flags more beats than it says, the more so the
    fewer there were to choose it from.

    Parameters
    ----------
    normal_scores : array_like of shape (n_beats,)
        As for `quantile_threshold`; none of them trained on.
    rate : float, default 0.05
        The highest expected false-alarm rate.

    Returns
    -------
    float
        The threshold, one of the scores.

    Raises
    ------
    ValueError
        If `rate` lies outside (0, 1).

    Warns
    -----
    FewBeatsWarning
        If ``n_beats < 1 / rate - 1``, where no cut can promise that rate. The highest score is
        returned; one new beat in ``n_beats + 1`` is to be expected above it.

    Notes
    -----
    The promise holds for new normal beats that are exchangeable with these ones, whatever their
    distribution and whatever the model, on average over the draw of the held-out beats: one cut may
    do worse. Another patient or another day is not exchangeable.

    References
    ----------
    .. [1] V. Vovk, A. Gammerman and G. Shafer, "Algorithmic learning in a random world", Springer
       2005.
    .. [2] S. Bates, E. Candès, L. Lei, Y. Romano and M. Sesia, "Testing for outliers with conformal
       p-values", Annals of Statistics 51 (2023) 149-178, doi 10.1214/22-AOS2244.

    Examples
    --------
    >>> false_positive_rate_threshold([5.0, 1.0, 4.0, 2.0, 3.0, 6.0, 9.0, 7.0, 8.0], rate=0.2)
    8.0
    """
    _check_share("rate", rate, usual=0.05)
    scores = _check_scores(normal_scores)
    n_beats = scores.size
    # Of these beats and a new one together: n + 1 - ceil((n + 1) * (1 - rate)).
    may_lie_above = min(_whole_beats((n_beats + 1) * rate), n_beats)
    if may_lie_above == 0:
        _warn_few_beats(
            f"{n_beats} normal beats cannot promise {100 * rate:g} % false alarms: even above the "
            f"highest score, which is taken, 1 new beat in {n_beats + 1} is to be expected.",
            f"{_fewest_beats(rate) - 1} normal beats",
            ("rate", _smallest_share(n_beats + 1)),
        )
    return float(np.sort(scores)[n_beats - max(may_lie_above, 1)])


def extreme_value_threshold(
    normal_scores: npt.ArrayLike, rate: float = 0.01, *, tail: float = 0.1
) -> float:
    """Cut where a fitted tail says that a given share of normal beats lies above. Label-free.

    Peaks over threshold: a generalised Pareto distribution is fitted to what the highest scores
    exceed the ``1 - tail`` quantile by. So more beats than the few at the very top have a say in a
    far cut, and it may lie beyond the highest score seen.

    Parameters
    ----------
    normal_scores : array_like of shape (n_beats,)
        As for `quantile_threshold`.
    rate : float, default 0.01
        The share of normal beats to lie above the threshold; less than `tail`.
    tail : float, default 0.1
        The share of the beats that the tail is fitted to. A larger one steadies the fit, and bends
        it where the distribution's body is not shaped like its tail.

    Raises
    ------
    ValueError
        If fewer than 3 scores lie above the quantile, `tail` lies outside (0, 1), or `rate` outside
        (0, `tail`).

    Warns
    -----
    FewBeatsWarning
        If fewer than 10 scores lie above the quantile.

    See Also
    --------
    false_positive_rate_threshold : Promises a rate, assumes no shape, and stays within the scores.

    Notes
    -----
    The fit is by probability-weighted moments, in closed form. Measured on samples with 10 to 100
    excesses, its level errs as much as maximum likelihood's or less where the shape is 0 to 0.4,
    without the wild levels that ten excesses can give there; for lighter tails maximum likelihood
    is better by a tenth at most.

    Few excesses put the level too low, by either fit: of 100 such beats, a cut for 1 % lets 1.4 to
    1.7 % pass (an interpolated quantile 2 %), of 500 about 1.1 %. Where the scores' tail is not of
    this shape, more beats do not help, and the rate may be off by half or more.

    References
    ----------
    .. [1] J. Pickands, "Statistical inference using extreme order statistics", Annals of Statistics
       3 (1975) 119-131, doi 10.1214/aos/1176343003.
    .. [2] J. R. M. Hosking and J. R. Wallis, "Parameter and quantile estimation for the generalized
       Pareto distribution", Technometrics 29 (1987) 339-349, doi 10.1080/00401706.1987.10488243.
    .. [3] A. Siffer, P.-A. Fouque, A. Termier and C. Largouet, "Anomaly detection in streams with
       extreme value theory", KDD 2017, doi 10.1145/3097983.3098144.
    """
    _check_share("tail", tail, usual=0.1)
    if not 0 < rate < tail:
        raise ValueError(
            f"rate must lie between 0 and tail={tail}, not {rate}: the fit knows nothing of the "
            "beats below. Use a larger tail, or quantile_threshold for a cut among many beats."
        )
    scores = np.sort(_check_scores(normal_scores))
    start = scores[-1 - min(_whole_beats(scores.size * tail), scores.size - 1)]
    excesses = scores[scores > start] - start
    seen = (
        f"{excesses.size} of {scores.size} normal beats score above the {100 * (1 - tail):g} % "
        "quantile"
    )
    if excesses.size < _FEWEST_EXCESSES:
        raise ValueError(
            f"{seen}, and no tail can be fitted to fewer than {_FEWEST_EXCESSES}. Use at least "
            f"{_fewest_beats(tail, _FEWEST_EXCESSES)} normal beats of different scores, or "
            "quantile_threshold."
        )
    if excesses.size < _FEW_EXCESSES:
        _warn_few_beats(
            f"{seen}, and a tail fitted to fewer than {_FEW_EXCESSES} is hardly more than a guess.",
            f"{_fewest_beats(tail, _FEW_EXCESSES)} normal beats of different scores, or a larger "
            "tail",
        )
    share_above = excesses.size / scores.size  # less than `tail` where scores are equal
    return float(start) + _pareto_level(excesses, min(rate / share_above, 1.0))


def f1_threshold(scores: npt.ArrayLike, is_anomaly: npt.ArrayLike) -> float:
    """Cut where F1 is largest, anomaly being the positive class. Label-tuned.

    Parameters
    ----------
    scores : array_like of shape (n_beats,)
        Anomaly scores of normal beats and anomalies.
    is_anomaly : array_like of bool, shape (n_beats,)
        True for anomalies.

    Returns
    -------
    float
        The threshold: half-way between the lowest score that is called an anomaly and the highest
        one that is not. Where several cuts reach the same F1, the highest of them.

    Raises
    ------
    ValueError
        If the lengths differ, or one of the two classes is missing.
    """
    return _best_cut(
        scores,
        is_anomaly,
        # Twice the anomalies caught, over those that exist and the beats that are flagged.
        lambda caught, alarms: 2 * caught / (caught + alarms + caught.max()),
    )


def youden_threshold(scores: npt.ArrayLike, is_anomaly: npt.ArrayLike) -> float:
    """Cut where recall minus false-alarm rate, Youden's J, is largest. Label-tuned.

    Unlike F1, J does not depend on the share of anomalies, so that a cut chosen where they are
    common stays the best one, in this sense, where they are rare. It weighs one percentage point of
    missed anomalies as much as one of false alarms.

    Parameters
    ----------
    scores, is_anomaly : array_like of shape (n_beats,)
        As for `f1_threshold`.

    Returns
    -------
    float
        Half-way and the highest, as for `f1_threshold`.

    References
    ----------
    W. J. Youden, "Index for rating diagnostic tests", Cancer 3 (1950) 32-35,
    doi 10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3.

    Examples
    --------
    >>> youden_threshold([1.0, 2.0, 6.0, 8.0], [False, False, True, True])
    4.0
    """
    return _best_cut(
        scores,
        is_anomaly,
        # J times both class sizes: whole numbers, in which ties are exact.
        lambda caught, alarms: caught * alarms.max() - alarms * caught.max(),
    )


def recall_threshold(
    scores: npt.ArrayLike, is_anomaly: npt.ArrayLike, recall: float = 0.99
) -> float:
    """Cut as high as still flags a given share of the anomalies. Label-tuned.

    Parameters
    ----------
    scores, is_anomaly : array_like of shape (n_beats,)
        As for `f1_threshold`.
    recall : float, default 0.99
        The least share of these anomalies to flag; 1 asks for all of them.

    Returns
    -------
    float
        The threshold, half-way as for `f1_threshold`.

    Raises
    ------
    ValueError
        As for `f1_threshold`; or if `recall` lies outside (0, 1].

    Warns
    -----
    FewBeatsWarning
        If `recall` is below 1 and yet can only be met by flagging all of these anomalies.

    Examples
    --------
    >>> recall_threshold([1.0, 3.0, 4.0, 6.0], [False, True, False, True], recall=0.5)
    5.0
    """
    if recall != 1:
        _check_share("recall", recall, usual=0.99)
    n_anomalies = int(np.count_nonzero(is_anomaly))
    may_be_missed = _whole_beats(n_anomalies * (1 - recall))
    cut = _best_cut(
        scores, is_anomaly, lambda caught, alarms: caught >= n_anomalies - may_be_missed
    )
    if recall < 1 and may_be_missed == 0:
        _warn_few_beats(
            f"{n_anomalies} anomalies cannot tell a recall of {100 * recall:g} % from one of "
            "100 %: all of them must be flagged, so the lowest score alone decides.",
            f"{_fewest_beats(1 - recall)} anomalies",
            ("recall", 1 - _smallest_share(n_anomalies)),
        )
    return cut


def cost_threshold(
    scores: npt.ArrayLike,
    is_anomaly: npt.ArrayLike,
    *,
    prevalence: float = 0.02,
    miss_cost: float = 10.0,
    false_alarm_cost: float = 1.0,
) -> float:
    """Cut where the expected cost of a beat is lowest. Label-tuned.

    Parameters
    ----------
    scores, is_anomaly : array_like of shape (n_beats,)
        As for `f1_threshold`. The share of anomalies among these beats does not matter.
    prevalence, miss_cost, false_alarm_cost : float
        As for `expected_cost`; the prevalence where the threshold is to be used.

    Returns
    -------
    float
        The threshold, half-way and the highest as for `f1_threshold`. Where it is cheapest to flag
        none of these beats, the highest score; where it is cheapest to flag all, just below the
        lowest.

    Raises
    ------
    ValueError
        As for `f1_threshold` and `expected_cost`.

    See Also
    --------
    expected_cost : What is made as small as possible.

    Examples
    --------
    >>> scores, is_anomaly = [1.0, 2.0, 3.0, 4.0], [False, True, False, True]
    >>> cost_threshold(scores, is_anomaly, prevalence=0.5)
    1.5
    >>> cost_threshold(scores, is_anomaly, prevalence=0.02)
    3.5
    """
    costs = {"miss_cost": miss_cost, "false_alarm_cost": false_alarm_cost}

    def saved(caught: Counts, alarms: Counts) -> npt.NDArray[np.float64]:
        rates = caught / caught.max(), alarms / alarms.max()
        return -expected_cost(*rates, prevalence=prevalence, **costs)

    return _best_cut(scores, is_anomaly, saved, may_flag_nothing=True)


def expected_cost(
    recall: npt.ArrayLike,
    false_positive_rate: npt.ArrayLike,
    *,
    prevalence: float = 0.02,
    miss_cost: float = 10.0,
    false_alarm_cost: float = 1.0,
) -> npt.NDArray[np.float64]:
    """Return what a detector's mistakes cost per beat, where a given share of beats are anomalies.

    Parameters
    ----------
    recall : array_like
        Shares of the anomalies that are flagged.
    false_positive_rate : array_like of a shape that goes with it
        Shares of the normal beats that are flagged.
    prevalence : float, default 0.02
        The share of anomalies among the beats.
    miss_cost, false_alarm_cost : float, default 10.0 and 1.0
        What an anomaly that is not flagged costs, and what a normal beat that is; in any one unit.

    Returns
    -------
    ndarray
        ``prevalence * miss_cost * (1 - recall)
        + (1 - prevalence) * false_alarm_cost * false_positive_rate``, in the unit of the costs.

    Raises
    ------
    ValueError
        If a share lies outside [0, 1], `prevalence` outside (0, 1), or a cost is not positive and
        finite.

    References
    ----------
    C. Drummond and R. C. Holte, "Cost curves: an improved method for visualizing classifier
    performance", Machine Learning 65 (2006) 95-130, doi 10.1007/s10994-006-8199-5.

    Examples
    --------
    >>> float(expected_cost(0.5, 0.25, prevalence=0.2, miss_cost=10.0, false_alarm_cost=1.0))
    1.2
    """
    _check_share("prevalence", prevalence, usual=0.02)
    for name, cost in (("miss_cost", miss_cost), ("false_alarm_cost", false_alarm_cost)):
        if not 0 < cost < np.inf:
            raise ValueError(f"{name} must be a positive, finite number, not {cost}.")
    recall, false_positive_rate = np.asarray(recall, float), np.asarray(false_positive_rate, float)
    for name, rates in (("recall", recall), ("false_positive_rate", false_positive_rate)):
        if not np.all((rates >= 0) & (rates <= 1)):
            raise ValueError(f"{name} must lie between 0 and 1: it is a share, not a percentage.")
    misses = prevalence * miss_cost * (1 - recall)
    return misses + (1 - prevalence) * false_alarm_cost * false_positive_rate


@dataclass(frozen=True)
class ThresholdRule:
    """A way to choose a threshold, and what it must see.

    Parameters
    ----------
    function : callable
        Takes the scores of normal beats; with `needs_anomalies`, the scores of all beats and
        whether each is an anomaly. Returns the threshold.
    needs_anomalies : bool
        True for a label-tuned rule.
    """

    function: Callable[..., float]
    needs_anomalies: bool


THRESHOLDS: dict[str, ThresholdRule] = {
    "quantile": ThresholdRule(quantile_threshold, needs_anomalies=False),
    "mean_plus_sd": ThresholdRule(mean_plus_sd_threshold, needs_anomalies=False),
    "false_positive_rate": ThresholdRule(false_positive_rate_threshold, needs_anomalies=False),
    "extreme_value": ThresholdRule(extreme_value_threshold, needs_anomalies=False),
    "f1": ThresholdRule(f1_threshold, needs_anomalies=True),
    "youden": ThresholdRule(youden_threshold, needs_anomalies=True),
    "recall": ThresholdRule(recall_threshold, needs_anomalies=True),
    "cost": ThresholdRule(cost_threshold, needs_anomalies=True),
}
"""The rules, by name."""


def choose_threshold(
    rule: str, scores: npt.ArrayLike, is_anomaly: npt.ArrayLike, **params: Any
) -> float:
    """Choose a threshold by the name of a rule; a label-free rule is handed no anomaly.

    Parameters
    ----------
    rule : str
        A name as in `THRESHOLDS`.
    scores, is_anomaly : array_like of shape (n_beats,)
        As for `f1_threshold`, whatever the rule.
    **params
        Parameters of the rule, such as ``quantile=0.99``.

    Raises
    ------
    ValueError
        If there is no such rule, the lengths differ, or the rule cannot use the scores.
    TypeError
        If the rule has no such parameter.

    Examples
    --------
    >>> scores, is_anomaly = [1.0, 2.0, 3.0, 9.0], [False, False, False, True]
    >>> choose_threshold("quantile", scores, is_anomaly, quantile=0.5)
    2.0
    >>> choose_threshold("f1", scores, is_anomaly)
    6.0
    """
    if rule not in THRESHOLDS:
        raise ValueError(
            f"there is no threshold rule {rule!r}: choose one of {', '.join(THRESHOLDS)}."
        )
    chosen = THRESHOLDS[rule]
    if chosen.needs_anomalies:
        return chosen.function(scores, is_anomaly, **params)
    scores = np.asarray(scores, dtype=np.float64)
    is_anomaly = _check_labels(scores, is_anomaly)
    if is_anomaly.all():
        raise ValueError(
            f"the rule {rule!r} looks at normal beats, and none of these {scores.size} is one. "
            "Check that is_anomaly is True for anomalies."
        )
    return chosen.function(scores[~is_anomaly], **params)


def _best_cut(
    scores: npt.ArrayLike,
    is_anomaly: npt.ArrayLike,
    quality: Callable[[Counts, Counts], npt.NDArray[Any]],
    *,
    may_flag_nothing: bool = False,
) -> float:
    """Try each distinct score as the lowest one flagged; of equally good cuts, take the highest.

    `quality` is handed, for every cut in ascending order, how many anomalies and how many normal
    beats are flagged. The first cut flags all of them; with `may_flag_nothing`, the last one none.
    """
    scores = _check_scores(scores)
    is_anomaly = _check_labels(scores, is_anomaly)
    if is_anomaly.all() or not is_anomaly.any():
        raise ValueError(
            "this rule needs normal beats and anomalies, and these are all "
            f"{'anomalies' if is_anomaly.any() else 'normal'}. "
            "With normal beats alone, use quantile_threshold."
        )
    levels, level = np.unique(scores, return_inverse=True)
    n_cuts = len(levels) + may_flag_nothing
    caught, alarms = (_count_from_above(level[of], n_cuts) for of in (is_anomaly, ~is_anomaly))
    qualities = quality(caught, alarms)
    best = np.flatnonzero(np.isclose(qualities, qualities.max(), rtol=_EQUAL, atol=0))[-1]
    if best == len(levels):
        return float(levels[-1])
    highest_passed = levels[best - 1] if best else np.nextafter(levels[0], -np.inf)
    return _between(float(highest_passed), float(levels[best]))


def _count_from_above(levels: npt.NDArray[np.intp], n_levels: int) -> Counts:
    """Count the beats at each level or above."""
    return np.cumsum(np.bincount(levels, minlength=n_levels)[::-1])[::-1]


def _between(low: float, high: float) -> float:
    """Half-way from `low` to `high`, and below `high` even when they are neighbouring floats."""
    middle = low + (high - low) / 2
    return middle if middle < high else low


def _pareto_level(excesses: npt.NDArray[np.float64], share: float) -> float:
    """Fit a generalised Pareto distribution and return the level that a share of it exceeds.

    `excesses` are positive and ascending. `shape` is Hosking and Wallis's k, the negative of the
    shape that most others mean.
    """
    n_excesses = excesses.size
    mean = excesses.mean()
    ranks = np.arange(1, n_excesses + 1)
    half_gini = (2 * ranks - n_excesses - 1) @ excesses / (n_excesses * (n_excesses - 1))
    # Kept off zero, where all excesses are equal: the level then is that one value.
    unevenness = np.clip(half_gini / mean, np.finfo(float).eps, 1.0)
    shape = 1 / unevenness - 2
    scale = mean * (1 + shape)
    log_share = np.log(share)
    return float(scale * (-np.expm1(shape * log_share) / shape if shape else -log_share))


def _check_scores(scores: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the scores as a one-dimensional float array, or say why they cannot be used."""
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 1 or scores.size == 0:
        raise ValueError(f"scores must be a list of numbers, one a beat, not shape {scores.shape}.")
    if not np.isfinite(scores).all():
        raise ValueError(
            f"{int((~np.isfinite(scores)).sum())} of {scores.size} scores are NaN or infinite. "
            "A diverged training or a damaged beat does that: look at the loss curve and the data."
        )
    return scores


def _check_labels(
    scores: npt.NDArray[np.float64], is_anomaly: npt.ArrayLike
) -> npt.NDArray[np.bool_]:
    """Return the labels as booleans, one a score."""
    is_anomaly = np.asarray(is_anomaly, dtype=bool)
    if is_anomaly.shape != scores.shape:
        raise ValueError(
            f"there are {scores.shape} scores but {is_anomaly.shape} labels: one a beat is needed."
        )
    return is_anomaly


def _check_share(name: str, share: float, usual: float) -> None:
    """Refuse a share that does not lie strictly between 0 and 1, as a percentage does not."""
    if not 0 < share < 1:
        raise ValueError(f"{name} must lie between 0 and 1, not {share}. {usual} is usual.")


def _whole_beats(number: float) -> int:
    """Round a number of beats down to whole ones."""
    return math.floor(round(number, _DIGITS))


def _fewest_beats(share: float, wanted: int = 1) -> int:
    """Return how many beats it takes for a share of them to hold the `wanted` number."""
    return math.ceil(round(wanted / share, _DIGITS))


def _smallest_share(n_beats: int) -> float:
    """Return the smallest share, in thousandths, that holds one of the beats."""
    return math.ceil(1000 / n_beats) / 1000


def _warn_few_beats(problem: str, needed: str, instead: tuple[str, float] = ("", 0.0)) -> None:
    """Warn the caller of a rule that its beats cannot carry what is asked of them.

    `instead` names a parameter and the value that they could carry; it is left out where no such
    value lies between 0 and 1.
    """
    name, value = instead
    advice = f", or {name}={value:.3g}" if 0 < value < 1 else ""
    # One level up is the rule, two levels up is whoever called it.
    warnings.warn(f"{problem} Use at least {needed}{advice}.", FewBeatsWarning, stacklevel=3)
