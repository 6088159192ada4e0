"""The one PyTorch training loop, which the PyTorch autoencoders share."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional

from ecglab.autoencoders._base import Autoencoder, FloatArray, batch_size_of, check_choice
from ecglab.autoencoders._frameworks import import_torch
from ecglab.autoencoders._progress import EpochBar

_CHUNK = 512  # beats that go through the network at once; more no longer fit the cache
_LOSSES = ("mae", "mse")
_PRECISIONS = ("auto", "bfloat16", "float32")
_SCHEDULES = ("constant", "one_cycle")


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "leaky_relu": nn.LeakyReLU,
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}


class Network(nn.Module, ABC):
    """An encoder and a decoder."""

    @abstractmethod
    def encode(self, beats: Tensor) -> Tensor:
        """Narrow beats down to codes of shape (n_beats, n_code)."""

    @abstractmethod
    def decode(self, codes: Tensor) -> Tensor:
        """Widen codes to beats again."""

    def forward(self, beats: Tensor) -> Tensor:
        """Reconstruct beats."""
        return self.decode(self.encode(beats))


class _Ensemble(Network):
    """Networks side by side: their codes are joined, their reconstructions averaged.

    In training each answers for itself, so that each learns to rebuild beats on its own.
    """

    def __init__(self, members: Sequence[Network]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def encode(self, beats: Tensor) -> Tensor:
        return torch.cat([member.encode(beats) for member in self._networks()], dim=1)

    def decode(self, codes: Tensor) -> Tensor:
        own = codes.chunk(len(self.members), dim=1)
        pairs = zip(self._networks(), own, strict=True)
        return torch.stack([member.decode(code) for member, code in pairs]).mean(dim=0)

    def forward(self, beats: Tensor) -> Tensor:
        if not self.training:
            return super().forward(beats)
        return torch.stack([member(beats) for member in self._networks()])

    def _networks(self) -> list[Network]:
        return cast("list[Network]", list(self.members))


@dataclass(kw_only=True, eq=False, repr=False)
class TorchAutoencoder(Autoencoder):
    """What every autoencoder in PyTorch has in common: all but the network itself.

    A subclass writes `_make_network`.

    Parameters
    ----------
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
    n_members : int
        Networks to train on the same beats from different initial weights. Their codes are joined
        and their reconstructions averaged, in which much of what is chance drops out.
    schedule : {"constant", "one_cycle"}
        Course of the step size: `learning_rate` throughout; or up to it and down to almost nothing
        in the course of `max_epochs`, which needs fewer epochs, but all of them: set `patience` no
        lower.
    loss, noise, learning_rate, batch_size, max_epochs, patience, random_state, progress
        As in `Autoencoder`.

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
    L. N. Smith and N. Topin, "Super-convergence: very fast training of neural networks using large
    learning rates", 2018, arXiv:1708.07120 (one cycle).
    """

    device: str = "auto"
    n_threads: int | None = 1
    precision: str = "auto"
    n_members: int = 1
    schedule: str = "constant"

    network_: Network = field(init=False)
    device_: str = field(init=False)

    _bfloat16_pays = False  # whether "auto" should take bfloat16: a matter of measurement
    _max_gradient_norm: ClassVar[float | None] = None

    @abstractmethod
    def _make_network(self, n_samples: int, n_channels: int) -> Network:
        """Make the network, with initial weights from PyTorch's global random numbers."""

    def _build(self, n_samples: int, n_channels: int) -> None:
        check_choice("loss", self.loss, _LOSSES)
        check_choice("precision", self.precision, _PRECISIONS)
        check_choice("schedule", self.schedule, _SCHEDULES)
        if self.n_members < 1:
            raise ValueError(f"n_members must be 1 or more, not {self.n_members!r}.")
        import_torch()  # now, where TensorFlow may have been loaded since
        self.device_ = find_device(self.device)
        # Always drawn on the processor, so that they are the same wherever the training runs.
        with own_random_numbers(self._seeds()["weights"], "cpu"):
            members = [self._make_network(n_samples, n_channels) for _ in range(self.n_members)]
        network = members[0] if len(members) == 1 else _Ensemble(members)
        self.network_ = network.to(self.device_).eval()

    def _train(self, signals: FloatArray, validation_signals: FloatArray) -> pd.DataFrame:
        train = _as_tensor(signals).to(self.device_)
        generator = torch.Generator().manual_seed(self._seeds()["batches"])
        # On a processor PyTorch would step through the parameters one by one, to the same result.
        optimizer = torch.optim.Adam(
            self.network_.parameters(),
            lr=self.learning_rate,
            foreach=True if self.device_ == "cpu" else None,
        )
        schedule = self._make_schedule(optimizer, len(train))
        best = _BestEpoch(self.network_, self.patience)
        losses: list[tuple[float, float]] = []
        with (
            self._computing(),
            own_random_numbers(self._seeds()["dropout"], self.device_),
            closing(EpochBar(self.max_epochs, shown=self.progress)) as bar,
        ):
            while len(losses) < self.max_epochs and not best.is_long_ago:
                loss = self._train_epoch(train, optimizer, schedule, generator)
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

    def _make_schedule(
        self, optimizer: torch.optim.Optimizer, n_beats: int
    ) -> torch.optim.lr_scheduler.LRScheduler:
        if self.schedule == "constant":
            return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0)
        n_steps = self.max_epochs * -(-n_beats // batch_size_of(self.batch_size, n_beats))
        return torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.learning_rate, total_steps=max(n_steps, 2)
        )

    def _train_epoch(
        self,
        train: Tensor,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        generator: torch.Generator,
    ) -> float:
        """Go once through the beats in random order; return the mean loss."""
        self.network_.train()
        total = torch.zeros((), device=self.device_)
        order = torch.randperm(len(train), generator=generator).to(self.device_)
        for rows in torch.split(order, batch_size_of(self.batch_size, len(train))):
            beats = train[rows]
            optimizer.zero_grad()
            with self._autocast(training=True):
                outputs = self.network_(self._corrupt(beats, generator))
            loss = self._criterion()(outputs.float(), beats.expand_as(outputs))
            loss.backward()  # type: ignore[no-untyped-call]
            if self._max_gradient_norm is not None:
                torch.nn.utils.clip_grad_norm_(self.network_.parameters(), self._max_gradient_norm)
            optimizer.step()
            schedule.step()
            total += loss.detach() * len(rows)
        self.network_.eval()
        return float(total) / len(train)

    def _corrupt(self, beats: Tensor, generator: torch.Generator) -> Tensor:
        """Add noise to beats that go in, if there is to be any."""
        if not self.noise:
            return beats
        noise = torch.randn(beats.shape, generator=generator)
        return beats + self.noise * noise.to(self.device_)

    def _loss_of(self, signals: FloatArray) -> float:
        residuals = self._apply(self.network_, signals).astype(np.float64) - signals
        return float((np.abs(residuals) if self.loss == "mae" else np.square(residuals)).mean())

    def _criterion(self) -> Callable[[Tensor, Tensor], Tensor]:
        loss: Callable[[Tensor, Tensor], Tensor] = {
            "mae": functional.l1_loss,
            "mse": functional.mse_loss,
        }[self.loss]
        return loss

    def _autocast(self, training: bool) -> Any:
        """Compute in bfloat16 what may be, if that is wanted and worth it."""
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

    def _apply(self, function: Callable[[Tensor], Tensor], signals: FloatArray) -> FloatArray:
        """Apply the network, or a part of it, in pieces that fit in memory."""
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

    def __init__(self, network: Network, patience: int) -> None:
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


def _as_tensor(array: npt.NDArray[Any]) -> Tensor:
    """Copy an array, whatever its memory layout, into a tensor."""
    tensor: Tensor = torch.from_numpy(np.array(array, order="C"))
    return tensor


def find_device(name: str) -> str:
    """Resolve "auto", and see that a device that was asked for is there."""
    if name == "auto":
        with warnings.catch_warnings():
            # That there is no driver is the answer, and nothing that one could act on.
            warnings.simplefilter("ignore", UserWarning)
            has_cuda = torch.cuda.is_available()
        if has_cuda:
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
    # Public since PyTorch 2.10 or so; before that, float32 is always right.
    capabilities: Mapping[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


@contextmanager
def own_random_numbers(seed: int, device: str = "auto") -> Iterator[None]:
    """Seed PyTorch's random numbers for the duration, and give the caller's own back after it.

    Parameters
    ----------
    seed : int
        The seed.
    device : str, default "auto"
        Where numbers are drawn beside the processor, whose own are kept in any case: as for
        `TorchAutoencoder`.
    """
    kind = torch.device(find_device(device) if device == "auto" else device).type
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


def make_activation(name: str) -> nn.Module:
    """Make an activation by name."""
    if name not in ACTIVATIONS:
        raise ValueError(f"there is no activation {name!r}; there are {sorted(ACTIVATIONS)}.")
    return ACTIVATIONS[name]()
