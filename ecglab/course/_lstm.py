"""Exercises of notebook 03, train an LSTM autoencoder."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecglab.autoencoders import import_torch
from ecglab.course._feedback import UNANSWERED, Feedback, as_numbers
from ecglab.evaluation import Split


def check_step_counts(answer: Any, n_samples: int, patches: Sequence[int]) -> Feedback:
    """Check how many steps a recurrent network takes for a beat, for several patch sizes."""
    if answer is ...:
        return UNANSWERED
    truth = [-(-n_samples // patch) for patch in patches]
    given = list(np.ravel(np.asarray(answer, dtype=object)))
    if len(given) != len(truth):
        return Feedback(False, f"Give {len(truth)} numbers, one for each patch size.")
    if given == truth:
        return Feedback(True, "Each of them waits for the one before.")
    if given == [n_samples // patch for patch in patches]:
        return Feedback(False, "The last patch need not be full: round up, not down.")
    return Feedback(False, "How many patches are needed to cover all samples of a beat?")


def check_unit_norm(answer: Any, signals: npt.ArrayLike) -> Feedback:
    """Check beats that were brought to an L2 norm of 1."""
    if answer is ...:
        return UNANSWERED
    signals, given = np.asarray(signals, dtype=np.float64), as_numbers(answer)
    if given is None:
        return Feedback(False, f"Give an array of numbers, not a {type(answer).__name__}.")
    if given.shape != signals.shape:
        return Feedback(False, f"The shape should be {signals.shape}, and yours is {given.shape}.")
    norms = np.linalg.norm(signals, axis=1, keepdims=True)
    if np.allclose(given, signals / norms, atol=1e-6):
        return Feedback(
            True,
            "Now look at the norms. Where beats were standardised one by one, as on ECG5000, they "
            "are all the same, and only the unit has changed.",
        )
    if np.allclose(given, signals / np.linalg.norm(signals)):
        return Feedback(False, "You divided by the norm of *all* beats together: use axis=1.")
    return Feedback(False, "Divide each row by the square root of the sum of its squares.")


def check_strangest_normal(
    answer: Any, scores: npt.ArrayLike, is_anomaly: npt.ArrayLike
) -> Feedback:
    """Check the position of the normal beat with the highest score."""
    if answer is ...:
        return UNANSWERED
    scores, is_anomaly = np.asarray(scores), np.asarray(is_anomaly, dtype=bool)
    if not isinstance(answer, int | np.integer) or isinstance(answer, bool):
        return Feedback(
            False, "The answer should be one whole number, the position of a beat in split.test."
        )
    if answer == np.where(is_anomaly, -np.inf, scores).argmax():
        return Feedback(True, "Plot it. Would you call it normal?")
    if answer == scores[~is_anomaly].argmax():
        return Feedback(
            False, "That counts the normal beats alone; the position in split.test is asked for."
        )
    if answer == scores.argmax():
        return Feedback(False, "That is the strangest of all beats, and it is an anomaly.")
    return Feedback(False, "Look for the largest score among the beats that are not anomalies.")


def check_train_step(answer: Any) -> Feedback:
    """Check a function that does one step of training: `(network, optimizer, beats)` to the loss.

    It is tried on a small network, twice in a row, beside the steps as they should be.
    """
    if answer is ...:
        return UNANSWERED
    if not callable(answer):
        return Feedback(False, f"Give the function itself, not a {type(answer).__name__}.")
    truth = _train_twice(_take_step)
    try:
        given = _train_twice(answer)
    except Exception as error:
        return Feedback(False, f"It stopped with {type(error).__name__}: {error}")
    if given.losses == [None, None] and not np.any(given.moved):
        return UNANSWERED
    if not np.any(given.moved):
        return Feedback(
            False,
            "No weight has moved. Is there a backward() before the step(), and nothing that "
            "clears the gradients in between?",
        )
    if not np.allclose(given.moved[0], truth.moved[0], atol=1e-6):
        return Feedback(
            False,
            "The first step goes elsewhere. The loss is the mean *absolute* difference between "
            "what the network returns and the beats that went in; and one step is enough.",
        )
    if not np.allclose(given.moved[1], truth.moved[1], atol=1e-6):
        return Feedback(
            False, "The second step still holds the gradient of the first: optimizer.zero_grad()."
        )
    if any(isinstance(loss, bool) or not isinstance(loss, float) for loss in given.losses):
        return Feedback(False, "It trains. Now return the loss as a number: loss.item().")
    if not np.allclose(given.losses, truth.losses, atol=1e-6):
        return Feedback(False, "It trains, but the number that it returns is not the loss.")
    return Feedback(True, "Everything that PyTorch trains goes through these five calls.")


def check_gru(answer: Any, split: Split) -> Feedback:
    """Check a trained recurrent autoencoder whose cells are GRUs."""
    if answer is ...:
        return UNANSWERED
    torch = import_torch()
    if not isinstance(answer, torch.nn.Module):
        return Feedback(False, "Hand over the network itself, an nn.Module.")
    layers = [type(module) for module in answer.modules()]
    if torch.nn.LSTM in layers:
        return Feedback(False, "There is still an nn.LSTM in it.")
    if torch.nn.GRU not in layers:
        return Feedback(False, "There is no nn.GRU in it.")
    beats = split.validation.normal.signals
    with torch.no_grad():
        rebuilt = answer(torch.tensor(beats)).numpy()
    if rebuilt.shape != beats.shape:
        return Feedback(False, f"It returns {rebuilt.shape} for beats of shape {beats.shape}.")
    if np.abs(beats - rebuilt).mean() > 0.8 * np.abs(beats).mean():
        return Feedback(
            False,
            "It rebuilds the normal validation beats hardly better than a flat line does. Was it "
            "trained for a few epochs, on all training beats?",
        )
    return Feedback(True, "A GRU has two gates and no cell state, so it is a little faster.")


class _Trained(NamedTuple):
    """What two steps did: how far the weights had moved after each, and what it returned."""

    moved: list[list[float]]
    losses: list[Any]


def _train_twice(step: Callable[..., Any]) -> _Trained:
    torch = import_torch()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = torch.nn.Linear(6, 6)
        beats = torch.randn(8, 6)
    start = [weight.detach().clone() for weight in network.parameters()]
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    moved, losses = [], []
    for _ in range(2):
        losses.append(step(network, optimizer, beats))
        steps = zip(network.parameters(), start, strict=True)
        moved.append([float((now.detach() - before).abs().sum()) for now, before in steps])
    return _Trained(moved, losses)


def _take_step(network: Any, optimizer: Any, beats: Any) -> float:
    optimizer.zero_grad()
    loss = (network(beats) - beats).abs().mean()
    loss.backward()
    optimizer.step()
    return float(loss.item())
