"""Where the waves of a beat lie around its R peak."""

__all__ = ["physiological_window"]

LIMITS_MS = {"p": (-250, -50), "qrs": (-50, 60), "st_t": (60, 400)}
"""First and last millisecond of each window, from the R peak."""


def physiological_window(
    name: str, r_peak: float, sampling_rate: float, n_samples: int | None = None
) -> tuple[int, int]:
    """Find the samples in which a wave of a normal adult's beat lies.

    - "qrs", -50 to 60 ms from the R peak: the complex lasts 110 ms at most [1]_, and its R peak
      comes within 50 ms of its onset (a later one is a delayed intrinsicoid deflection).
    - "p", -250 to -50 ms: P wave and PR segment. The PR interval, from the onset of the P wave to
      that of the QRS complex, lasts 200 ms at most [2]_.
    - "st_t", 60 to 400 ms: from the end of the QRS complex to that of the T wave. The QT interval,
      counted from the onset of the QRS complex and corrected for the heart rate, stays below 450 ms
      in men and 460 ms in women [3]_.

    Parameters
    ----------
    name : {"p", "qrs", "st_t"}
        Which window.
    r_peak : float
        Position of the R peak in the beat, in samples from its start.
    sampling_rate : float
        Samples a second, as the beats are now.
    n_samples : int, optional
        Length of the beat. When given, the window is clipped to it.

    Returns
    -------
    start, stop : int
        First sample inside the window and first one behind it. Without `n_samples`, they may lie
        outside the beat.

    Raises
    ------
    ValueError
        If there is no such window, if `sampling_rate` is not positive, if the window holds no
        sample at this rate, or if all of it lies outside the beat.

    Notes
    -----
    The limits are the upper ends of what is normal in adults at rest, at 60 beats a minute. At
    faster rates PR and QT shorten, and the next P wave may fall into the last window. In ectopic
    beats and those conducted with delay the waves lie elsewhere, which is what a detector is to
    notice. The beats of ECG5000 were stretched to a common length, each by a factor of its own, so
    they have no common sampling rate.

    References
    ----------
    .. [1] B. Surawicz et al., "AHA/ACCF/HRS recommendations for the standardization and
       interpretation of the electrocardiogram. Part III: intraventricular conduction disturbances",
       Journal of the American College of Cardiology 53 (2009) 976-981,
       doi 10.1016/j.jacc.2008.12.013.
    .. [2] F. M. Kusumoto et al., "2018 ACC/AHA/HRS guideline on the evaluation and management of
       patients with bradycardia and cardiac conduction delay", Circulation 140 (2019) e382-e482,
       doi 10.1161/CIR.0000000000000628 (a PR interval above 200 ms is first-degree block).
    .. [3] P. M. Rautaharju et al., "... Part IV: the ST segment, T and U waves, and the QT
       interval", Journal of the American College of Cardiology 53 (2009) 982-991,
       doi 10.1016/j.jacc.2008.12.014.

    Examples
    --------
    >>> physiological_window("qrs", r_peak=100, sampling_rate=360)
    (82, 122)
    >>> physiological_window("p", r_peak=20, sampling_rate=100, n_samples=140)
    (0, 15)
    """
    if name not in LIMITS_MS:
        raise ValueError(f"there is no window {name!r}: choose one of {', '.join(LIMITS_MS)}.")
    if not sampling_rate > 0:
        raise ValueError(
            f"sampling_rate must be a number of samples a second, not {sampling_rate}."
        )
    start, stop = (round(r_peak + limit * sampling_rate / 1000) for limit in LIMITS_MS[name])
    if n_samples is not None:
        start, stop = max(start, 0), min(stop, n_samples)
    if start >= stop:
        raise ValueError(
            f"the window {name!r} of a beat with its R peak at sample {r_peak}, {sampling_rate} "
            f"samples a second and {n_samples or 'any number of'} samples is empty. Check the "
            "position of the R peak (in samples) and the sampling rate (a second)."
        )
    return start, stop
