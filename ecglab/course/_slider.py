"""One threshold looked at closely, and a slider that moves it."""

import os
from base64 import b64encode
from io import BytesIO
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from ecglab._optional import import_optional
from ecglab.evaluation import REALISTIC_PREVALENCE, precision_at
from ecglab.heartbeats import Heartbeats
from ecglab.plots import plot_decision

SLIDER_STEPS = 200
PREVALENCE_RANGE = (0.001, 0.5)


def describe_threshold(
    scores: npt.ArrayLike,
    beats: Heartbeats,
    threshold: float,
    prevalence: float = REALISTIC_PREVALENCE,
) -> pd.DataFrame:
    """Draw what one threshold does, and say it in numbers.

    Parameters
    ----------
    scores, beats
        As for `threshold_slider`.
    threshold : float
        Where to cut.
    prevalence : float, default `REALISTIC_PREVALENCE`
        Share of anomalies for which precision is restated, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        One row a figure, column ``value``. The picture (`ecglab.plots.plot_decision`) stays
        matplotlib's current figure, so that a notebook shows it.

    Raises
    ------
    ValueError
        If there is not one score a beat, a class is missing, or the prevalence is not a share.
    """
    plot_decision(scores, beats, threshold)
    return _summarise(np.asarray(scores, dtype=np.float64), beats.is_anomaly, threshold, prevalence)


class ThresholdSlider:
    """A threshold to move by hand. In a notebook, end a cell with it.

    Where the notebook runs under a Jupyter server or VS Code, two sliders are shown, and the
    figures and pictures follow them. Everywhere else (a committed notebook, the book, papermill)
    the output is the picture at the first threshold, and the same text each time.

    Parameters
    ----------
    scores, beats, start, prevalence
        As for `threshold_slider`.

    Attributes
    ----------
    threshold, prevalence : ipywidgets.FloatLogSlider
        The sliders; setting their ``value`` moves them.
    table : pandas.DataFrame
        The figures at the present place, as `describe_threshold` returns them.
    widget : ipywidgets.VBox
        All of it, to be shown in another way than by ending a cell with it.
    """

    def __init__(
        self, scores: npt.ArrayLike, beats: Heartbeats, start: float, prevalence: float
    ) -> None:
        widgets = import_optional("ipywidgets")
        self._scores, self._beats = _check_scores(scores, start), beats
        _check_prevalence(prevalence)
        everything = np.append(self._scores, start)
        self.threshold = _make_slider("threshold", start, everything.min(), everything.max(), ".3g")
        self.prevalence = _make_slider("prevalence", prevalence, *PREVALENCE_RANGE, ".1%")
        self._figures = widgets.HTML()
        self._picture = widgets.Image(format="png", layout={"max_width": "100%"})
        self.widget = widgets.VBox([self.threshold, self.prevalence, self._figures, self._picture])
        self._show()
        self._text = self.table.to_string()
        self.threshold.observe(self._show, names="value")
        self.prevalence.observe(self._restate, names="value")

    def _show(self, change: object = None) -> None:
        """Draw and compute anew, after the threshold has moved."""
        axes = plot_decision(self._scores, self._beats, self.threshold.value)
        self._picture.value = _as_png(axes[0].get_figure(root=True))
        self._restate()

    def _restate(self, change: object = None) -> None:
        """Compute the figures anew; a moved prevalence changes nothing else."""
        self.table = _summarise(
            self._scores, self._beats.is_anomaly, self.threshold.value, self.prevalence.value
        )
        self._figures.value = self.table.to_html(float_format="{:.4g}".format)

    def __repr__(self) -> str:
        """Return the figures at the first threshold."""
        return self._text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Show the sliders where somebody can move them, else the picture.

        The text is the same either way, and it is all that nbval compares: the widget's random
        identifier never stands beside it in a committed notebook.
        """
        if _somebody_can_move_it():
            return {**self.widget._repr_mimebundle_(), "text/plain": self._text}
        picture = b64encode(self._picture.value).decode("ascii")
        return {"image/png": picture, "text/plain": self._text}


def threshold_slider(
    scores: npt.ArrayLike,
    beats: Heartbeats,
    *,
    start: float,
    prevalence: float = REALISTIC_PREVALENCE,
) -> ThresholdSlider:
    """Make a slider that moves the threshold over the scores of some beats.

    Parameters
    ----------
    scores : array_like of shape (n_beats,)
        Anomaly scores of `beats`, above zero; those above the threshold are flagged.
    beats : Heartbeats
        Normal beats and anomalies.
    start : float
        The threshold to begin with, above zero.
    prevalence : float, default `REALISTIC_PREVALENCE`
        Share of anomalies for which precision is restated, to begin with.

    Returns
    -------
    ThresholdSlider
        Shown by a notebook when a cell ends with it.

    Raises
    ------
    ValueError
        If there is not one score a beat, a score or the start is not above zero, a class is
        missing, or the prevalence does not lie between 0.001 and 0.5.
    ImportError
        If ipywidgets is not installed.
    """
    return ThresholdSlider(scores, beats, start, prevalence)


def _summarise(
    scores: npt.NDArray[np.float64],
    is_anomaly: npt.NDArray[np.bool_],
    threshold: float,
    prevalence: float,
) -> pd.DataFrame:
    """Say in numbers what a threshold does."""
    flagged, share = scores > threshold, float(is_anomaly.mean())
    rates = float(flagged[is_anomaly].mean()), float(flagged[~is_anomaly].mean())
    rows = {
        # Further digits of a trained network's scores depend on the processor.
        "threshold": float(f"{threshold:.4g}"),
        "recall": rates[0],
        "false-positive rate": rates[1],
        f"precision on these beats ({100 * share:.3g} % anomalies)": precision_at(share, *rates),
        f"precision at {100 * prevalence:.3g} % anomalies": precision_at(prevalence, *rates),
    }
    return pd.DataFrame({"value": rows}).astype(float)


def _make_slider(
    description: str, value: float, lowest: float, highest: float, readout_format: str
) -> Any:
    """Make a slider over numbers of any size; it ends a little beyond both limits.

    Beyond the scores, everything is flagged or nothing is; and rounding cannot cut off an end.
    """
    low, high = np.log10(lowest) - 0.02, np.log10(highest) + 0.02
    return import_optional("ipywidgets").FloatLogSlider(
        value=value,
        min=low,
        max=high,
        step=(high - low) / SLIDER_STEPS,
        description=description,
        readout_format=readout_format,
        continuous_update=False,  # a picture takes longer to draw than the hand to move on
        layout={"width": "600px"},
    )


def _check_scores(scores: npt.ArrayLike, start: float) -> npt.NDArray[np.float64]:
    """Return the scores as floats that a logarithmic slider can run over, or say why not."""
    scores = np.asarray(scores, dtype=np.float64)
    if not (np.isfinite([*scores, start]).all() and min([*scores, start]) > 0):
        raise ValueError(
            "the slider's scale is logarithmic, so that every score and the start must be finite "
            f"and above zero. The lowest score is {scores.min():g}, the start is {start:g}. "
            "Adding a constant to all of them changes nothing else."
        )
    return scores


def _check_prevalence(prevalence: float) -> None:
    low, high = PREVALENCE_RANGE
    if not low <= prevalence <= high:
        raise ValueError(
            f"prevalence is a share between {low:g} and {high:g} on the slider, not {prevalence}. "
            "For others, use describe_threshold."
        )


def _as_png(figure: Figure) -> bytes:
    """Turn a figure into a picture, and take it from the figures that a notebook shows itself."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return buffer.getvalue()


def _somebody_can_move_it() -> bool:
    """Tell whether a front end with sliders started this kernel.

    A kernel cannot ask. But Jupyter servers name their session in the environment and VS Code its
    file in the namespace, while nbclient, nbval and papermill do neither.
    """
    import __main__

    return "JPY_SESSION_NAME" in os.environ or hasattr(__main__, "__vsc_ipynb_file__")
