"""The one PyTorch training loop, which the PyTorch autoencoders share."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecglab.autoencoders._base import Autoencoder, FloatArray
from ecglab.autoencoders._frameworks import import_torch
from ecglab.autoencoders._progress import EpochBar

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ecglab.autoencoders._torch_networks import Network

__all__ = ["TorchAutoencoder"]

_CHUNK = 512  # beats that go through the network at once; more no longer fit the cache
_LOSSES = ("mae", "mse")
_LARGEST_BATCH = 64
_STEPS_AN_EPOCH = 27  # at least, with batch_size="auto": what ECG5000's pooled split has with 64
_PRECISIONS = ("auto", "bfloat16", "float32")


class TorchAutoencoder(Autoencoder):
    """What every autoencoder in PyTorch has in common: all but the network itself.

    A subclass writes `_make_network`, and lists the parameters below among its own, because
    scikit-learn reads them off the constructor.

    Parameters
    ----------
    loss : {"mse", "mae"}
        Loss to minimise.
    noise : float
        Standard deviation of the Gaussian noise added to the beats that go in during training, not
        to those that should come out (a denoising autoencoder, Vincent et al. 2008).
    learning_rate : float
        Step size of Adam.
    batch_size : int or "auto"
        Beats in one gradient step. "auto" takes 64, or fewer where there are few beats, so that an
        epoch still has enough steps for the network to learn something.
    max_epochs : int
        Passes over the training beats at most.
    patience : int
        Training ends when the validation loss has not improved for so many epochs; the weights of
        the best epoch are kept.
    random_state : int
        Seed of the initial weights, of the order of the beats, of the noise and of dropout. The
        same seed gives the same weights on the same machine.
    device : str
        Where to compute: "cpu", "cuda", "cuda:1", "mps", ... "auto" takes CUDA where there is one,
        else Apple's MPS, else the processor.
    n_threads : int or None
        Threads of PyTorch on the processor, for the duration of each call; None leaves PyTorch's
        setting. On networks as small as these a second thread gains little, and on a busy machine
        it makes a step many times slower.
    precision : {"auto", "float32", "bfloat16"}
        Arithmetic of the network. "auto" trains in bfloat16 where the processor computes in it and
        this network gains from it, and reconstructs in float32. "bfloat16" does both in bfloat16:
        faster still, but a reconstruction is then good to three digits, and may change in the
        third with the beats that it is computed together with. Weights are float32 in any case.
    progress : bool
        Whether to show a progress bar over the epochs.

    Attributes
    ----------
    network_ : torch.nn.Module
        The network, with its methods ``encode`` and ``decode``.
    device_ : str
        Where it computes.
    history_ : pandas.DataFrame
        Columns ``loss`` and ``validation_loss``, one row an epoch, index ``epoch`` from 1.

    References
    ----------
    P. Vincent et al., "Extracting and composing robust features with denoising autoencoders",
    ICML 2008, doi 10.1145/1390156.1390294.
    """

    network_: "Network"
    device_: str

    _bfloat16_pays = False  # whether "auto" should take bfloat16: a matter of measurement
    _max_gradient_norm: float | None = None

    def __init__(
        self,
        *,
        loss: str,
        noise: float,
        learning_rate: float,
        batch_size: int | str,
        max_epochs: int,
        patience: int,
        random_state: int,
        device: str,
        n_threads: int | None,
        precision: str,
        progress: bool,
    ) -> None:
        self.loss = loss
        self.noise = noise
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.random_state = random_state
        self.device = device
        self.n_threads = n_threads
        self.precision = precision
        self.progress = progress

    @abstractmethod
    def _make_network(self, n_samples: int, n_channels: int) -> "Network":
        """Make the network, with initial weights from PyTorch's global random numbers."""

    def _build(self, n_samples: int, n_channels: int) -> None:
        _check_choice("loss", self.loss, _LOSSES)
        _check_choice("precision", self.precision, _PRECISIONS)
        self.device_ = find_device(self.device)
        # Always drawn on the processor, so that they are the same wherever the training runs.
        with own_random_numbers(self._seeds()["weights"], "cpu"):
            self.network_ = self._make_network(n_samples, n_channels).to(self.device_).eval()

    def _train(self, signals: FloatArray, validation_signals: FloatArray) -> pd.DataFrame:
        torch = import_torch()
        train = _as_tensor(signals).to(self.device_)
        generator = torch.Generator().manual_seed(self._seeds()["batches"])
        optimizer = torch.optim.Adam(self.network_.parameters(), lr=self.learning_rate)
        best = _BestEpoch(self.network_, self.patience)
        losses: list[tuple[float, float]] = []
        with (
            self._computing(),
            own_random_numbers(self._seeds()["dropout"], self.device_),
            closing(EpochBar(self.max_epochs, shown=self.progress)) as bar,
        ):
            while len(losses) < self.max_epochs and not best.is_long_ago:
                loss = self._train_epoch(train, optimizer, generator)
                validation_loss = self._loss_of(validation_signals)
                best.offer(validation_loss)
                losses.append((loss, validation_loss))
                bar.advance(validation_loss)
        best.restore()
        return pd.DataFrame(
            losses,
            columns=["loss", "validation_loss"],
            index=pd.RangeIndex(1, len(losses) + 1, name="epoch"),
        )

    def _train_epoch(
        self, train: "Tensor", optimizer: "torch.optim.Optimizer", generator: "torch.Generator"
    ) -> float:
        """Go once through the beats in random order; return the mean loss."""
        torch = import_torch()
        self.network_.train()
        total = torch.zeros((), device=self.device_)
        order = torch.randperm(len(train), generator=generator).to(self.device_)
        for rows in torch.split(order, _batch_size(self.batch_size, len(train))):
            beats = train[rows]
            optimizer.zero_grad()
            with self._autocast(training=True):
                outputs = self.network_(self._corrupt(beats, generator))
            loss = self._criterion()(outputs.float(), beats)
            loss.backward()  # type: ignore[no-untyped-call]
            if self._max_gradient_norm is not None:
                torch.nn.utils.clip_grad_norm_(self.network_.parameters(), self._max_gradient_norm)
            optimizer.step()
            total += loss.detach() * len(rows)
        self.network_.eval()
        return float(total) / len(train)

    def _corrupt(self, beats: "Tensor", generator: "torch.Generator") -> "Tensor":
        """Add noise to beats that go in, if there is to be any."""
        if not self.noise:
            return beats
        noise = import_torch().randn(beats.shape, generator=generator)
        return beats + self.noise * noise.to(self.device_)

    def _loss_of(self, signals: FloatArray) -> float:
        residuals = self._apply(self.network_, signals).astype(np.float64) - signals
        return float((np.abs(residuals) if self.loss == "mae" else np.square(residuals)).mean())

    def _criterion(self) -> Callable[["Tensor", "Tensor"], "Tensor"]:
        functional = import_torch().nn.functional
        loss: Callable[[Tensor, Tensor], Tensor] = {
            "mae": functional.l1_loss,
            "mse": functional.mse_loss,
        }[self.loss]
        return loss

    def _autocast(self, training: bool) -> Any:
        """Compute in bfloat16 what may be, if that is wanted and worth it."""
        torch = import_torch()
        wanted = self.precision == "bfloat16" or (
            self.precision == "auto"
            and training
            and self._bfloat16_pays
            and self.device_ == "cpu"
            and _processor_has_bfloat16()
        )
        kind = torch.device(self.device_).type
        return torch.autocast(kind, torch.bfloat16, enabled=wanted)

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """Set the number of threads for the duration."""
        torch = import_torch()
        before = torch.get_num_threads()
        try:
            torch.set_num_threads(before if self.n_threads is None else self.n_threads)
            yield
        finally:
            torch.set_num_threads(before)

    def _seeds(self) -> dict[str, int]:
        """Derive one seed for each use of random numbers."""
        uses = ("weights", "batches", "dropout")
        state = np.random.SeedSequence(self.random_state).generate_state(len(uses))
        return {use: int(seed) for use, seed in zip(uses, state, strict=True)}

    def _apply(self, function: Callable[["Tensor"], "Tensor"], signals: FloatArray) -> FloatArray:
        """Apply the network, or a part of it, in pieces that fit in memory."""
        torch = import_torch()
        with self._computing(), torch.inference_mode(), self._autocast(training=False):
            pieces = torch.split(_as_tensor(signals), _CHUNK)
            outputs = [function(piece.to(self.device_)).float().cpu() for piece in pieces]
            return torch.cat(outputs).numpy()

    def _reconstruct(self, signals: FloatArray) -> FloatArray:
        return self._apply(self.network_, signals)

    def _encode(self, signals: FloatArray) -> FloatArray:
        return self._apply(self.network_.encode, signals)

    def _get_weights(self) -> dict[str, npt.NDArray[Any]]:
        state = self.network_.state_dict()
        return {name: tensor.cpu().numpy().copy() for name, tensor in state.items()}

    def _set_weights(self, weights: Mapping[str, Any]) -> None:
        state = {name: _as_tensor(np.asarray(array)) for name, array in weights.items()}
        self.network_.load_state_dict(state)


class _BestEpoch:
    """The weights of the best epoch so far, and how long ago that was."""

    def __init__(self, network: "Network", patience: int) -> None:
        self.network = network
        self.patience = patience
        self.loss = np.inf
        self.epochs_since = 0
        self.weights: Any = None

    def offer(self, loss: float) -> None:
        """Take note of an epoch."""
        self.epochs_since += 1
        if loss < self.loss:
            self.loss, self.epochs_since = loss, 0
            self.weights = deepcopy(self.network.state_dict())

    @property
    def is_long_ago(self) -> bool:
        """Whether to stop."""
        return self.epochs_since >= self.patience

    def restore(self) -> None:
        """Go back to the best epoch."""
        if self.weights is None:
            raise FloatingPointError(
                "training diverged: the validation loss was NaN or infinite in every epoch. "
                "Scale the beats, or lower learning_rate."
            )
        self.network.load_state_dict(self.weights)


def _as_tensor(array: npt.NDArray[Any]) -> "Tensor":
    """Copy an array, whatever its memory layout, into a tensor."""
    tensor: Tensor = import_torch().from_numpy(np.array(array, order="C"))
    return tensor


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")


def _batch_size(wanted: int | str, n_beats: int) -> int:
    """Resolve "auto"."""
    if isinstance(wanted, str):
        _check_choice("batch_size", wanted, ("auto",))
        return min(_LARGEST_BATCH, max(1, n_beats // _STEPS_AN_EPOCH))
    return wanted


def find_device(name: str) -> str:
    """Resolve "auto", and see that a device that was asked for is there."""
    torch = import_torch()
    if name == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.zeros(1, device=name).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ValueError(
            f"PyTorch cannot compute on the device {name!r} here: {str(error).splitlines()[0]} "
            'device="auto" takes what there is.'
        ) from error
    return name


def _processor_has_bfloat16() -> bool:
    """Tell whether the processor multiplies bfloat16 itself; emulation would be slower."""
    torch = import_torch()
    # Public since PyTorch 2.10 or so; before that, float32 is always right.
    capabilities: Mapping[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


@contextmanager
def own_random_numbers(seed: int, device: str) -> Iterator[None]:
    """Seed PyTorch's random numbers for the duration, and give the caller's own back after it."""
    torch = import_torch()
    kind = torch.device(device).type
    cards = range(torch.cuda.device_count()) if kind == "cuda" else []
    mps_state = torch.mps.get_rng_state() if kind == "mps" else None
    try:
        with torch.random.fork_rng(devices=cards):
            # torch.manual_seed would reseed every device, those not kept here among them.
            torch.default_generator.manual_seed(seed)
            if kind == "cuda":
                torch.cuda.manual_seed_all(seed)
            if kind == "mps":
                torch.mps.manual_seed(seed)
            yield
    finally:
        if mps_state is not None:
            torch.mps.set_rng_state(mps_state)
