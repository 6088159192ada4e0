"""The dense autoencoder in PyTorch, with batch normalisation and dropout."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from ecglab.autoencoders._torch import Network, TorchAutoencoder, make_activation


@dataclass(kw_only=True, eq=False, repr=False)
class DenseTorchAutoencoder(TorchAutoencoder):
    """Fully connected autoencoder with batch normalisation and dropout, in PyTorch.

    ``hidden=(96, 48, 24)`` builds 96-48-24-48-96 between the input and the output layer. Each of
    these layers is followed by batch normalisation, the activation and dropout.

    Parameters
    ----------
    hidden : sequence of int, default (96, 48, 24)
        Units of the encoder's layers; the last one is the code.
    dropout : float, default 0.1
        Share of the units that are silenced at random in a training step.
    batch_norm : bool, default True
        Whether to normalise each unit over the beats of a batch.
    linear_code : bool, default False
        Whether the code is a weighted sum of the layer before and nothing else, so that no
        activation bends the distances between codes.
    activation : str, default "tanh"
        Activation of every other layer but the last: "elu", "gelu", "leaky_relu", "linear", "relu",
        "sigmoid" or "tanh".
    output_activation : str, default "tanh"
        Activation of the output layer. "tanh" reaches values between -1 and 1 only: scale the
        beats to that range. "linear" reaches any.
    device, n_threads, precision, n_members, schedule
        As in `TorchAutoencoder`.
    loss, noise, learning_rate, batch_size, max_epochs, patience, random_state, progress
        As in `Autoencoder`.

    References
    ----------
    S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network training by reducing
    internal covariate shift", ICML 2015, arXiv:1502.03167.

    N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting",
    Journal of Machine Learning Research 15 (2014) 1929-1958.
    """

    hidden: Sequence[int] = field(default=(96, 48, 24), kw_only=False)
    dropout: float = 0.1
    batch_norm: bool = True
    linear_code: bool = False
    activation: str = "tanh"
    output_activation: str = "tanh"

    def _make_network(self, n_samples: int, n_channels: int) -> Network:
        return DenseNetwork(n_samples, n_channels, self)


@dataclass(kw_only=True, eq=False, repr=False)
class DenseEnsembleAutoencoder(DenseTorchAutoencoder):
    """Four plain dense autoencoders with a code of six numbers each, trained in one cycle.

    `DenseTorchAutoencoder` with other defaults: those that `benchmarks/out_detect.py` settled on,
    together with ``scoring=Combined(("windowed", "neighbours"))``. Its training takes a few seconds
    on ECG5000. The parameters are those of `DenseTorchAutoencoder`.
    """

    hidden: Sequence[int] = field(default=(128, 64, 6), kw_only=False)
    dropout: float = 0.0
    batch_norm: bool = False
    linear_code: bool = True
    activation: str = "gelu"
    output_activation: str = "linear"
    n_members: int = 4
    schedule: str = "one_cycle"
    learning_rate: float = 2e-3
    batch_size: int | str = "auto"
    max_epochs: int = 30
    patience: int = 30


class DenseNetwork(Network):
    """Fully connected layers, as a `DenseTorchAutoencoder` says."""

    def __init__(self, n_samples: int, n_channels: int, of: DenseTorchAutoencoder) -> None:
        super().__init__()

        def layer(n_in: int, n_out: int) -> list[nn.Module]:
            norm = [_BatchNorm(n_out)] if of.batch_norm else []
            drop = [nn.Dropout(of.dropout)] if of.dropout else []
            return [nn.Linear(n_in, n_out), *norm, make_activation(of.activation), *drop]

        n_values = n_samples * n_channels
        down, up = (n_values, *of.hidden), tuple(of.hidden)[::-1]
        *outer, innermost = pairwise(down)
        self.encoder = nn.Sequential(
            *(part for sizes in outer for part in layer(*sizes)),
            *([nn.Linear(*innermost)] if of.linear_code else layer(*innermost)),
        )
        self.decoder = nn.Sequential(
            *(part for sizes in pairwise(up) for part in layer(*sizes)),
            nn.Linear(up[-1], n_values),
            make_activation(of.output_activation),
            nn.Unflatten(1, (n_samples, n_channels)),
        )

    def encode(self, beats: Tensor) -> Tensor:
        """Narrow beats down to codes."""
        codes: Tensor = self.encoder(beats.flatten(1))
        return codes

    def decode(self, codes: Tensor) -> Tensor:
        """Widen codes to beats again."""
        beats: Tensor = self.decoder(codes)
        return beats


class _BatchNorm(nn.BatchNorm1d):
    """Batch normalisation that takes its running statistics for a batch of one beat.

    One beat has no variance to normalise by, and the last batch of an epoch may hold but one.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        if len(inputs) > 1:
            return super().forward(inputs)
        return functional.batch_norm(
            inputs, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )
