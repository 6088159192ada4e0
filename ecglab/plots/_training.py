"""Figures of a trained autoencoder: how its loss fell, and what it makes of a beat."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from ecglab.heartbeats import Heartbeats
from ecglab.plots._style import (
    AMPLITUDE_AXIS,
    RESIDUAL_COLOR,
    SAMPLE_AXIS,
    AxesArray,
    class_color,
    class_symbol,
    draw_panels,
    label_outer,
    legend_beside,
    plain_log_ticks,
    tell_apart,
)


def plot_loss(history: pd.DataFrame, *, loss_name: str = "loss") -> Axes:
    """Draw the training and validation loss of each epoch, and mark the best epoch.

    Parameters
    ----------
    history : pandas.DataFrame
        Columns ``loss`` and ``validation_loss``, index the epoch.
    loss_name : str, default "loss"
        What the loss is, for the axis.
    """
    _, ax = plt.subplots(figsize=(7, 3.4))
    ax.plot(history["loss"], color="black", label="training")
    ax.plot(history["validation_loss"], color="#56B4E9", label="validation")
    best = int(history.index[int(history["validation_loss"].argmin())])
    ax.plot([best], [history["validation_loss"].min()], "o", color="#56B4E9", label="best epoch")
    ax.set(xlabel="epoch", ylabel=f"{loss_name} (logarithmic)", yscale="log")
    plain_log_ticks(ax.yaxis)
    ax.legend()
    return ax


def plot_losses(losses: Mapping[str, npt.ArrayLike], *, loss_name: str = "loss") -> Axes:
    """Draw one loss of several trainings against the epoch.

    Parameters
    ----------
    losses : mapping of str to array_like of shape (n_epochs,)
        By the name of the training: its loss after each epoch, from the first one.
    loss_name : str, default "loss"
        What the loss is, for the axis.
    """
    _, ax = plt.subplots(figsize=(9, 3.4))
    for name, look in tell_apart(losses):
        loss = np.asarray(losses[name])
        ax.plot(np.arange(1, len(loss) + 1), loss, label=name, **look)
    ax.set(xlabel="epoch", ylabel=f"{loss_name} (logarithmic)", yscale="log")
    plain_log_ticks(ax.yaxis)
    legend_beside(ax)
    return ax


def plot_reconstructions(
    beats: Heartbeats,
    reconstructions: npt.ArrayLike,
    titles: Sequence[str] | None = None,
    *,
    signals: npt.ArrayLike | None = None,
    amplitude: str = AMPLITUDE_AXIS,
) -> AxesArray:
    """Draw real against reconstructed beats, the residual shaded between them.

    Parameters
    ----------
    beats : Heartbeats
        The real beats, one panel each; at most eight are readable.
    reconstructions : array_like of shape (n_beats, n_samples)
        What the autoencoder made of them, in the same order.
    titles : sequence of str, optional
        One title a panel; the class when left out.
    signals : array_like of shape (n_beats, n_samples), optional
        The real beats as the autoencoder saw them, where that is not `beats.signals` (scaled).
    amplitude : str, default "amplitude (standardised)"
        Label of the vertical axis.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (n_beats,)
    """
    real = beats.signals if signals is None else np.asarray(signals)
    n_columns = len(beats) if len(beats) <= 5 else 4
    axes = draw_panels(len(beats), n_columns, min(3 * n_columns, 12.5), 2.8)
    samples = np.arange(beats.n_samples)
    titles = titles or [class_symbol(label) for label in beats.labels]
    for ax, label, beat, copy, title in zip(
        axes, beats.labels, real, np.asarray(reconstructions), titles, strict=True
    ):
        ax.fill_between(samples, beat, copy, color=RESIDUAL_COLOR, linewidth=0)
        ax.plot(samples, beat, color=class_color(label), label="real")
        ax.plot(samples, copy, color="black", linestyle="--", linewidth=1.2, label="reconstructed")
        ax.set_title(title, fontsize=11)
    axes[0].legend(fontsize=9)
    label_outer(axes, SAMPLE_AXIS, amplitude)
    return axes
