"""What is timed: each row a piece of work, done our way and the usual way on the same data."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from timing import Seconds

from ecglab import AutoencoderDetector, load_detector
from ecglab.datasets import fetch_ecg5000
from ecglab.evaluation import Split, evaluate, measure, pooled_split

__all__ = ["ROWS", "Row", "Task", "Way"]

COMMITTED = Path(__file__).parents[1] / "notebooks" / "models" / "dense"
N_SCORED = 100_000
N_RESAMPLES = 2000
TEXTBOOK: dict[str, Any] = {"patch": 1, "batch_size": 1, "precision": "float32", "max_epochs": 1}
TEXTBOOK_EPOCHS = 150
Beats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Way:
    """One way to do the work of a row.

    Parameters
    ----------
    how : str
        What the table says of it.
    work : callable
        Is given the number of the repetition, which is its seed where it needs one.
    share : float
        Share of the row's work that `work` does: less than one where it is a slice, more where it
        does the work several times.
    judge : callable, optional
        From what `work` returned to the ROC-AUC on the test beats.
    """

    how: str
    work: Callable[[int], Any]
    share: float = 1.0
    judge: Callable[[Any], float] | None = None


def _nothing(result: Any) -> float:
    return 0.0


@dataclass(frozen=True)
class Task:
    """The ways to do a piece of work, ready to run, and the least that ours must compute and move.

    Parameters
    ----------
    ours : Way
        Ours.
    usual : mapping of str to Way
        The others, by a name.
    multiply_adds, bytes : callable
        From what `ours.work` returned to what its arithmetic and its data come to.
    """

    ours: Way
    usual: Mapping[str, Way]
    multiply_adds: Callable[[Any], float] = _nothing
    bytes: Callable[[Any], float] = _nothing


@dataclass(frozen=True)
class Row:
    """A row of the table, or several: one for each of the usual ways.

    Parameters
    ----------
    name : str
        What is done.
    prepare : callable
        Loads what is needed, warms up, and returns the `Task`.
    goals : mapping of str to float
        The ratio that is wanted, by the name of the usual way.
    quality : float
        The least ROC-AUC at which the time of ours counts.
    ahead : mapping of str to float
        By how much the ROC-AUC of ours must lie above that of a usual way.
    why : str
        Where a goal is missed, the reason.
    optional : mapping of str to str
        Usual ways that need a package which may be missing, and its name.
    on_busy_machine : bool
        Whether the row is repeated on a busy machine, with everybody's own threads.
    """

    name: str
    prepare: Callable[[], Task]
    goals: Mapping[str, float]
    quality: float = 0.0
    ahead: Mapping[str, float] = field(default_factory=dict)
    why: str = ""
    optional: Mapping[str, str] = field(default_factory=dict)
    on_busy_machine: bool = False


@cache
def _split() -> Split:
    return pooled_split(fetch_ecg5000(), 0)


@cache
def _many() -> Beats:
    signals = fetch_ecg5000().signals
    return np.resize(signals, (N_SCORED, signals.shape[1]))


def _roc_auc(scores: npt.ArrayLike) -> float:
    return float(measure(scores, _split().test.is_anomaly, 0.0)["ROC-AUC"])


def _judge(detector: AutoencoderDetector) -> float:
    return _roc_auc(detector.reconstruction_error(_split().test.signals))


def _squares(signals: Beats, rebuilt: Any) -> Beats:
    return np.square(signals - np.asarray(rebuilt)).mean(axis=1)


def _train(name: str, number: int) -> AutoencoderDetector:
    split = _split()
    detector = AutoencoderDetector(name, random_state=number)
    return detector.fit(split.train.signals, validation_signals=split.validation.normal.signals)


def forward_multiply_adds(detector: AutoencoderDetector) -> int:
    """Count the multiply-adds of one beat: every weight once, an LSTM's once a step."""
    arrays = detector.autoencoder_.get_weights().values()
    steps = getattr(getattr(detector.autoencoder_, "network_", None), "n_steps", 1)
    return steps * sum(array.size for array in arrays if array.ndim == 2)


def _training_multiply_adds(detector: AutoencoderDetector) -> float:
    """Count those of a training: there and twice back for a training beat, there for another."""
    split, n_epochs = _split(), len(detector.history_)
    beats = 3 * len(split.train) + len(split.validation.normal)
    return forward_multiply_adds(detector) * beats * n_epochs


def _training_bytes(detector: AutoencoderDetector) -> float:
    split = _split()
    beats = split.train.signals.nbytes + split.validation.normal.signals.nbytes
    return beats * len(detector.history_)


def _scoring_limits(detector: AutoencoderDetector, n_beats: int) -> dict[str, Any]:
    n_bytes = n_beats * (detector.n_features_in_ * 4 + 8)
    return {
        "multiply_adds": lambda _: forward_multiply_adds(detector) * n_beats,
        "bytes": lambda _: n_bytes,
    }


def _training_task(name: str, how: str, usual: Mapping[str, Way]) -> Task:
    _warm_up(name)
    return Task(
        Way(how, partial(_train, name), judge=_judge),
        usual,
        multiply_adds=_training_multiply_adds,
        bytes=_training_bytes,
    )


def _warm_up(name: str) -> AutoencoderDetector:
    """Train on next to nothing, so that libraries are loaded and their first calls are over."""
    from ecglab.autoencoders import make_autoencoder

    autoencoder = make_autoencoder(name).set_params(max_epochs=1)
    return AutoencoderDetector(autoencoder, random_state=0).fit(_split().train.signals[:128])


# Training


def _lstm_training() -> Task:
    import torch
    from torch.nn import functional

    n_slice = 40
    beats = torch.from_numpy(np.array(_split().train.signals[:n_slice, None, :, None]))

    def textbook(number: int) -> None:
        network = _textbook_network().train()
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
        for beat in beats:
            optimizer.zero_grad()
            functional.l1_loss(network(beat), beat).backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    textbook(0)
    share = n_slice / (len(_split().train) * TEXTBOOK_EPOCHS)
    how = f"PyTorch, one beat a step, one sample at a time, {TEXTBOOK_EPOCHS} epochs; a slice"
    ours = "batches, patches of 10 samples, at most 40 epochs"
    return _training_task("lstm", ours, {"textbook": Way(how, textbook, share)})


def _textbook_network() -> Any:
    from ecglab.autoencoders import LSTMAutoencoder

    beats = _split().train.signals[:1]
    return LSTMAutoencoder(**TEXTBOOK).fit(beats, beats).network_


def _keras_training() -> Task:
    from ecglab.autoencoders import import_keras

    keras, split = import_keras(), _split()
    train, validation = split.train.signals, split.validation.normal.signals

    def plain(number: int, epochs: int = 100) -> Any:
        keras.utils.set_random_seed(number)
        widths = (64, 32, 16, 32, 64)
        layers = [keras.layers.Dense(width, activation="relu") for width in widths]
        model = keras.Sequential([keras.Input((140,)), *layers, keras.layers.Dense(140)])
        model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
        stop = keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
        model.fit(
            train,
            train,
            batch_size=32,
            epochs=epochs,
            validation_data=(validation, validation),
            callbacks=[stop],
            verbose=0,
        )
        return model

    def judge(model: Any) -> float:
        beats = split.test.signals
        return _roc_auc(_squares(beats, model.predict(beats, verbose=0)))

    plain(0, epochs=1)
    usual = {"Keras": Way("Keras' fit, batches of 32", plain, judge=judge)}
    return _training_task("dense", "batches of 32, an epoch in one call", usual)


def _torch_training() -> Task:
    import torch
    from sklearn.preprocessing import MinMaxScaler

    split = _split()
    scaler = MinMaxScaler((-1, 1)).fit(split.train.signals)

    def scaled(beats: Beats) -> Any:
        return torch.from_numpy(scaler.transform(beats).astype(np.float32))

    train, validation = scaled(split.train.signals), scaled(split.validation.normal.signals)
    test = scaled(split.test.signals)

    def judge(network: Any) -> float:
        with torch.no_grad():
            return _roc_auc(_squares(test.numpy(), network(test)))

    plain = partial(_dataloader_training, train, validation)
    plain(0, epochs=1)
    usual = {"DataLoader loop": Way("a loop over a DataLoader", plain, judge=judge)}
    if find_spec("pyod"):
        usual["PyOD"] = _pyod_way()
    return _training_task("dense_torch", "the same network, batches of 32", usual)


def _dataloader_training(train: Any, validation: Any, number: int, epochs: int = 100) -> Any:
    """Train the network of "dense_torch" as PyTorch's tutorials do, with early stopping."""
    import torch
    from torch import nn

    torch.manual_seed(number)
    widths, layers = (140, 96, 48, 24, 48, 96), []
    for n_in, n_out in pairwise(widths):
        layers += [nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out), nn.Tanh(), nn.Dropout(0.1)]
    network = nn.Sequential(*layers, nn.Linear(96, 140), nn.Tanh())
    optimizer, loss_of = torch.optim.Adam(network.parameters(), lr=1e-3), nn.MSELoss()
    data = torch.utils.data.TensorDataset(train)
    loader = torch.utils.data.DataLoader(data, batch_size=32, shuffle=True)
    best, weights, since = np.inf, {}, 0
    for _ in range(epochs):
        network.train()
        for (beats,) in loader:
            optimizer.zero_grad()
            loss_of(network(beats), beats).backward()
            optimizer.step()
        network.eval()
        with torch.no_grad():
            loss = loss_of(network(validation), validation).item()
        since += 1
        if loss < best:
            best, since = loss, 0
            weights = {name: value.clone() for name, value in network.state_dict().items()}
        if since >= 10:
            break
    network.load_state_dict(weights)
    return network


def _pyod_way() -> Way:
    from pyod.models.auto_encoder import AutoEncoder

    train, test = _split().train.signals, _split().test.signals

    def fit(number: int, epochs: int = 10) -> Any:
        return AutoEncoder(epoch_num=epochs, random_state=number, verbose=0).fit(train)

    fit(0, epochs=1)
    how = "PyOD's AutoEncoder, its own settings"
    return Way(how, fit, judge=lambda model: _roc_auc(model.decision_function(test)))


# Scoring


def _dense_scoring() -> Task:
    detector, many = load_detector(COMMITTED), _many()
    model = detector.autoencoder_.model_

    def predict(number: int) -> Beats:
        return _squares(many, model.predict(many, verbose=0))

    usual = {"Keras": Way("Keras' predict, the same network", predict)}
    if find_spec("pyod"):
        from pyod.models.auto_encoder import AutoEncoder

        other = AutoEncoder(epoch_num=1, random_state=0, verbose=0).fit(_split().train.signals)
        usual["PyOD"] = Way("PyOD's AutoEncoder", lambda _: other.decision_function(many))
    for way in usual.values():
        way.work(0)
    detector.reconstruction_error(many)
    ours = Way("reconstruction_error", lambda _: detector.reconstruction_error(many))
    return Task(ours, usual, **_scoring_limits(detector, N_SCORED))


def _lstm_scoring() -> Task:
    import torch

    detector, many, n_alone = _warm_up("lstm"), _many(), 200
    network = _textbook_network().eval()

    def alone(number: int) -> None:
        with torch.inference_mode():
            for beat in torch.from_numpy(many[:n_alone, None, :, None]):
                torch.square(beat - network(beat)).mean().item()

    alone(0)
    detector.reconstruction_error(many[:2000])
    how = "one beat, one sample at a time; a slice"
    ours = Way("reconstruction_error, float32", lambda _: detector.reconstruction_error(many))
    usual = {"textbook": Way(how, alone, n_alone / N_SCORED)}
    return Task(ours, usual, **_scoring_limits(detector, N_SCORED))


def _one_beat() -> Task:
    detector, beat = load_detector(COMMITTED), _many()[:1]
    model, often, seldom = detector.autoencoder_.model_, 200, 20

    def ours(number: int) -> None:
        for _ in range(often):
            detector.reconstruction_error(beat)

    def predict(number: int) -> None:
        for _ in range(seldom):
            _squares(beat, model.predict(beat, verbose=0))

    ours(0)
    predict(0)
    usual = {"Keras": Way("Keras' predict", predict, seldom)}
    return Task(Way("reconstruction_error", ours, often), usual, **_scoring_limits(detector, 1))


# The rest


def _bootstrap() -> Task:
    from sklearn import metrics

    n_beats, n_slice = 5000, 40
    rng = np.random.default_rng(0)
    is_anomaly = rng.random(n_beats) < 0.4
    scores, threshold = rng.normal(size=n_beats) + 3 * is_anomaly, 1.5

    def loop(number: int) -> None:
        for _ in range(n_slice):
            drawn = rng.integers(n_beats, size=n_beats)
            truth, values = is_anomaly[drawn], scores[drawn]
            flagged = values > threshold
            metrics.roc_auc_score(truth, values)
            metrics.average_precision_score(truth, values)
            for metric in (
                metrics.accuracy_score,
                metrics.precision_score,
                metrics.recall_score,
                metrics.f1_score,
            ):
                metric(truth, flagged)

    def ours(number: int) -> object:
        return evaluate(scores, is_anomaly, threshold, n_resamples=N_RESAMPLES)

    loop(0)
    ours(0)
    how = "a loop over scikit-learn's metrics (six of our seven); a slice"
    drawn = 8 * N_RESAMPLES * n_beats
    return Task(
        Way("evaluate", ours),
        {"scikit-learn": Way(how, loop, n_slice / N_RESAMPLES)},
        bytes=lambda _: 2 * drawn,  # the positions that are drawn, written once and read once
    )


def _import(statement: str, number: int) -> Seconds:
    """Time an import in a fresh process, without the start of Python itself."""
    code = f"import time; start = time.perf_counter(); {statement}; " + (
        "print(time.perf_counter() - start)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Seconds(done.stdout.split()[-1])


def _importing(ours: str, usual: Mapping[str, str]) -> Task:
    ways = {
        name: Way(statement, partial(_import, statement))
        for name, statement in usual.items()
        if find_spec(statement.split()[1].partition(".")[0])
    }
    for way in ways.values():
        way.work(0)  # into the system's cache of files
    return Task(Way(ours, partial(_import, ours)), ways)


PYOD = {"PyOD": "pyod"}
PYOD_IMPORT = "import pyod.models.auto_encoder"

ROWS: tuple[Row, ...] = (
    Row(
        "LSTM autoencoder, training",
        _lstm_training,
        goals={"textbook": 300},
        quality=0.993,
        why="Most of the time is arithmetic inside PyTorch's LSTM layers. Larger batches or fewer "
        "epochs would save time and train other weights, which is a question of quality first.",
        on_busy_machine=True,
    ),
    Row(
        "dense autoencoder in Keras, training",
        _keras_training,
        goals={"Keras": 4},
        quality=0.99,
        why="Both run the same compiled step, which takes most of the time: many operations of "
        "TensorFlow on arrays of a few kilobytes, most of them Adam's. A fused Adam or XLA rounds "
        "otherwise and would move every trained weight.",
        on_busy_machine=True,
    ),
    Row(
        "dense autoencoder in PyTorch, training",
        _torch_training,
        goals={"DataLoader loop": 4, "PyOD": 1},
        quality=0.985,
        ahead={"PyOD": 0.01},
        why="Both do the same steps: what the DataLoader costs beyond them is all that can be "
        "saved. PyOD trains for ten epochs, whatever has been learnt by then. A fused Adam, or "
        "one step over all parameters laid end to end, rounds otherwise and would move weights.",
        optional=PYOD,
        on_busy_machine=True,
    ),
    Row(
        f"scoring {N_SCORED:,} beats, dense",
        _dense_scoring,
        goals={"Keras": 8, "PyOD": 4},
        why="Products of matrices are half of it; the rest checks the beats (finite, not constant) "
        "and computes residuals in double precision, which PyOD and Keras do not do.",
        optional=PYOD,
        on_busy_machine=True,
    ),
    Row(
        f"scoring {N_SCORED:,} beats, LSTM",
        _lstm_scoring,
        goals={"textbook": 50},
        why="The products of the LSTM's matrices alone take most of the time at the rate that this "
        'processor reaches; bfloat16 would halve it, at three digits (precision="bfloat16").',
        on_busy_machine=True,
    ),
    Row(
        "one beat, dense, warm",
        _one_beat,
        goals={"Keras": 100},
        why="What is left is scikit-learn's check of the input, and reading the weights out of "
        "TensorFlow, so that a change in the model counts at once.",
        on_busy_machine=True,
    ),
    Row(
        f"bootstrap of all metrics, {N_RESAMPLES:,} resamples of 5,000 beats",
        _bootstrap,
        goals={"scikit-learn": 100},
        why="Drawing and counting ten million positions is most of it.",
        on_busy_machine=True,
    ),
    Row(
        "import ecglab",
        partial(
            _importing,
            "import ecglab",
            {"scikit-learn": "import sklearn.neighbors", "PyOD": PYOD_IMPORT},
        ),
        goals={"PyOD": 100},
        why="What is left is Python's search for the package and its two small modules.",
        optional=PYOD,
    ),
    Row(
        "importing the detector",
        partial(_importing, "from ecglab import AutoencoderDetector", {"PyOD": PYOD_IMPORT}),
        goals={},
        optional=PYOD,
    ),
)
"""All rows of `make bench`, in the order of the table."""
