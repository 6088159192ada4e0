"""AAMI's five classes of beats, and the marks that make a record one with a pacemaker."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["AAMI_CLASSES", "Escapes", "aami_classes", "is_paced"]

Escapes = Literal["S", "N"]

AAMI_CLASSES: Mapping[str, str] = {
    "N": "NLRB",
    "S": "AaJSejn",
    "V": "VEr",
    "F": "F",
    "Q": "Q/f?",
}
"""PhysioNet's codes of the beats in each of AAMI's classes: normal and bundle branch block (N),
supraventricular ectopic (S), ventricular ectopic (V), fusion of V and N (F), paced or unclassified
(Q). All other codes mark no beat."""

_CLASS_OF = {symbol: name for name, symbols in AAMI_CLASSES.items() for symbol in symbols}
_ESCAPES = "ejn"
_PACED = "/"


def aami_classes(symbols: npt.ArrayLike, *, escapes: Escapes = "S") -> npt.NDArray[np.str_]:
    """Map PhysioNet's codes to AAMI's classes N, S, V, F and Q.

    Parameters
    ----------
    symbols : array_like of str, shape (n_marks,)
        Annotation codes, such as the `symbol` of wfdb's ``Annotation``.
    escapes : {"S", "N"}, default "S"
        Where supraventricular escape beats (e, j, n) belong. The standard [1]_, and its reference
        program ``bxb``, count them as S; de Chazal et al. [2]_, and most papers on classifying
        beats after them, as N.

    Returns
    -------
    ndarray of str, shape (n_marks,)
        A class for each beat, "" where the code marks no beat.

    Raises
    ------
    ValueError
        If `escapes` is neither of the two.

    References
    ----------
    .. [1] ANSI/AAMI EC57:2012, "Testing and reporting performance results of cardiac rhythm and
       ST segment measurement algorithms".
    .. [2] P. de Chazal, M. O'Dwyer and R. B. Reilly, "Automatic classification of heartbeats using
       ECG morphology and heartbeat interval features", IEEE Transactions on Biomedical Engineering
       51 (2004) 1196-1206, doi 10.1109/TBME.2004.827359, table 1.

    Examples
    --------
    >>> aami_classes(["N", "A", "r", "j", "+"]).tolist()
    ['N', 'S', 'V', 'S', '']
    """
    if escapes not in ("S", "N"):
        raise ValueError(f"escapes must be 'S' (EC57) or 'N' (de Chazal et al.), not {escapes!r}.")
    class_of = {**_CLASS_OF, **dict.fromkeys(_ESCAPES, escapes)}
    return np.array([class_of.get(str(symbol), "") for symbol in np.asarray(symbols)], dtype="<U1")


def is_paced(symbols: npt.ArrayLike) -> bool:
    """Say whether a record holds paced beats, in which case EC57 leaves all of it out.

    Parameters
    ----------
    symbols : array_like of str, shape (n_marks,)
        The reference's annotation codes.

    Returns
    -------
    bool
        True if one of them is "/". Of MIT-BIH, these are records 102, 104, 107 and 217.
    """
    return bool((np.asarray(symbols, dtype=np.str_) == _PACED).any())
