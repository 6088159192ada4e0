"""Rules that look at the scores of normal beats alone."""

import numpy as np
import numpy.typing as npt

from ecglab.thresholds._checks import (
    check_scores,
    check_share,
    fewest_beats,
    smallest_share,
    warn_few_beats,
    whole_beats,
)

__all__ = [
    "extreme_value_threshold",
    "false_positive_rate_threshold",
    "mean_plus_sd_threshold",
    "quantile_threshold",
]

# Two parameters cannot be fitted to fewer than three excesses. Ten are no luxury: how far above the
# start a tenth of them lies still comes out 20 to 40 % wrong, the more the heavier the tail.
_FEWEST_EXCESSES = 3
_FEW_EXCESSES = 10


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
        If a score is not finite, there is none, or `quantile` lies outside (0, 1).

    Warns
    -----
    FewBeatsWarning
        If not one of the beats would lie above the quantile: ``n_beats * (1 - quantile) < 1``.

    See Also
    --------
    false_positive_rate_threshold : Keeps the false-alarm rate that it is given, on average.
    """
    check_share("quantile", quantile, usual=0.95)
    scores = check_scores(normal_scores)
    above = scores.size * (1 - quantile)
    if whole_beats(above) == 0:
        warn_few_beats(
            f"{scores.size} normal beats carry no {100 * quantile:g} % quantile: {above:.2g} of "
            "them would lie above it, so the highest scores alone decide.",
            f"{fewest_beats(1 - quantile)} normal beats",
            ("quantile", 1 - smallest_share(scores.size)),
        )
    return float(np.quantile(scores, quantile))


def mean_plus_sd_threshold(normal_scores: npt.ArrayLike, k: float = 1.0) -> float:
    """Cut `k` standard deviations above the mean of the normal scores. Label-free.

    Parameters
    ----------
    normal_scores : array_like of shape (n_beats,)
        Anomaly scores of normal beats.
    k : float, default 1.0
        How many (population) standard deviations above the mean to cut. What false-alarm rate
        that gives depends on the shape of the distribution, which for errors is skewed.

    Returns
    -------
    float
        The threshold.

    Raises
    ------
    ValueError
        If a score is not finite or there is none.
    """
    scores = check_scores(normal_scores)
    return float(scores.mean() + k * scores.std())


def false_positive_rate_threshold(normal_scores: npt.ArrayLike, rate: float = 0.05) -> float:
    """Cut so that at most a given share of new normal beats is to be expected above. Label-free.

    This is the split-conformal quantile: the ``ceil((n_beats + 1) * (1 - rate))``-th smallest
    score. The interpolated quantile lies lower and flags more beats than it says, the more so the
    fewer there were to choose it from.

    Parameters
    ----------
    normal_scores : array_like of shape (n_beats,)
        Anomaly scores of held-out normal beats, none of them trained on.
    rate : float, default 0.05
        The highest expected false-alarm rate.

    Returns
    -------
    float
        The threshold, one of the scores.

    Raises
    ------
    ValueError
        If a score is not finite, there is none, or `rate` lies outside (0, 1).

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
    check_share("rate", rate, usual=0.05)
    scores = check_scores(normal_scores)
    n_beats = scores.size
    # Of these beats and a new one together: n + 1 - ceil((n + 1) * (1 - rate)).
    may_lie_above = min(whole_beats((n_beats + 1) * rate), n_beats)
    if may_lie_above == 0:
        warn_few_beats(
            f"{n_beats} normal beats cannot promise {100 * rate:g} % false alarms: even above the "
            f"highest score, which is taken, 1 new beat in {n_beats + 1} is to be expected.",
            f"{fewest_beats(rate) - 1} normal beats",
            ("rate", smallest_share(n_beats + 1)),
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
        Anomaly scores of held-out normal beats.
    rate : float, default 0.01
        The share of normal beats to lie above the threshold; less than `tail`.
    tail : float, default 0.1
        The share of the beats that the tail is fitted to. A larger one steadies the fit, and bends
        it where the distribution's body is not shaped like its tail.

    Returns
    -------
    float
        The threshold.

    Raises
    ------
    ValueError
        If a score is not finite, there is none, fewer than 3 scores lie above the quantile,
        `tail` lies outside (0, 1), or `rate` outside (0, `tail`).

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
    check_share("tail", tail, usual=0.1)
    if not 0 < rate < tail:
        raise ValueError(
            f"rate must lie between 0 and tail={tail}, not {rate}: the fit knows nothing of the "
            "beats below. Use a larger tail, or quantile_threshold for a cut among many beats."
        )
    scores = np.sort(check_scores(normal_scores))
    start = scores[-1 - min(whole_beats(scores.size * tail), scores.size - 1)]
    excesses = scores[scores > start] - start
    seen = (
        f"{excesses.size} of {scores.size} normal beats score above the {100 * (1 - tail):g} % "
        "quantile"
    )
    if excesses.size < _FEWEST_EXCESSES:
        raise ValueError(
            f"{seen}, and no tail can be fitted to fewer than {_FEWEST_EXCESSES}. Use at least "
            f"{fewest_beats(tail, _FEWEST_EXCESSES)} normal beats of different scores, or "
            "quantile_threshold."
        )
    if excesses.size < _FEW_EXCESSES:
        warn_few_beats(
            f"{seen}, and a tail fitted to fewer than {_FEW_EXCESSES} is hardly more than a guess.",
            f"{fewest_beats(tail, _FEW_EXCESSES)} normal beats of different scores, or a larger "
            "tail",
        )
    share_above = excesses.size / scores.size  # less than `tail` where scores are equal
    return float(start) + _pareto_level(excesses, min(rate / share_above, 1.0))


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
