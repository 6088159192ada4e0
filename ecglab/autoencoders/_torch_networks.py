"""The networks in PyTorch. Importing this module loads PyTorch.

Each takes beats of shape (n_beats, n_samples, n_channels) and gives them back in that shape.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["ConvNetwork", "DenseNetwork", "LSTMNetwork", "Network"]

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


class DenseNetwork(Network):
    """Fully connected layers; parameters as in `DenseTorchAutoencoder`."""

    def __init__(
        self,
        n_samples: int,
        n_channels: int,
        *,
        hidden: Sequence[int],
        dropout: float,
        batch_norm: bool,
        activation: str,
        output_activation: str,
    ) -> None:
        super().__init__()

        def layer(n_in: int, n_out: int) -> list[nn.Module]:
            norm = [_BatchNorm(n_out)] if batch_norm else []
            drop = [nn.Dropout(dropout)] if dropout else []
            return [nn.Linear(n_in, n_out), *norm, make_activation(activation), *drop]

        n_values = n_samples * n_channels
        down, up = (n_values, *hidden), tuple(hidden)[::-1]
        self.encoder = nn.Sequential(*(part for sizes in pairwise(down) for part in layer(*sizes)))
        self.decoder = nn.Sequential(
            *(part for sizes in pairwise(up) for part in layer(*sizes)),
            nn.Linear(up[-1], n_values),
            make_activation(output_activation),
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


class LSTMNetwork(Network):
    """Recurrent layers over patches of a beat; parameters as in `LSTMAutoencoder`."""

    def __init__(
        self,
        n_samples: int,
        n_channels: int,
        *,
        embedding: int,
        n_layers: int,
        patch: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.n_samples, self.n_channels = n_samples, n_channels
        self.patch = min(patch, n_samples)
        self.n_steps = -(-n_samples // self.patch)
        n_values = self.patch * n_channels
        widths = [2 * embedding] * (n_layers - 1) + [embedding]
        self.encoder = _lstm_layers([n_values, *widths])
        self.decoder = _lstm_layers([embedding, *widths[::-1]])
        self.output = nn.Linear(widths[0], n_values)
        self.dropout = nn.Dropout(dropout)

    def encode(self, beats: Tensor) -> Tensor:
        """Read a beat patch by patch; the last hidden state is the code."""
        n_missing = self.n_steps * self.patch - self.n_samples
        edge = beats[:, -1:].expand(-1, n_missing, -1)
        steps = torch.cat([beats, edge], dim=1).reshape(len(beats), self.n_steps, -1)
        return self._run(self.encoder, steps)[:, -1]

    def decode(self, codes: Tensor) -> Tensor:
        """Write a beat patch by patch, shown its code at every step."""
        steps = codes[:, None].expand(-1, self.n_steps, -1)
        patches: Tensor = self.output(self._run(self.decoder, steps))
        beats = patches.reshape(len(codes), -1, self.n_channels)
        return beats[:, : self.n_samples]

    def _run(self, layers: nn.ModuleList, steps: Tensor) -> Tensor:
        for number, layer in enumerate(layers):
            steps, _ = layer(self.dropout(steps) if number else steps)
        return steps


class ConvNetwork(Network):
    """Convolutions that halve a beat again and again; parameters as in `ConvAutoencoder`."""

    def __init__(
        self,
        n_samples: int,
        n_channels: int,
        *,
        channels: Sequence[int],
        kernel: int,
        code: int,
        activation: str,
    ) -> None:
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, so that it has a middle, not {kernel}.")
        widths = (n_channels, *channels)
        lengths = [n_samples]
        for _ in channels:
            lengths.append(-(-lengths[-1] // 2))
        shape = (widths[-1], lengths[-1])
        n_values = widths[-1] * lengths[-1]

        def down(level: int) -> list[nn.Module]:
            convolution = nn.Conv1d(
                widths[level], widths[level + 1], kernel, stride=2, padding=kernel // 2
            )
            return [convolution, make_activation(activation)]

        def up(level: int) -> list[nn.Module]:
            convolution = nn.ConvTranspose1d(
                widths[level + 1],
                widths[level],
                kernel,
                stride=2,
                padding=kernel // 2,
                output_padding=lengths[level] - (2 * lengths[level + 1] - 1),
            )
            return [make_activation(activation), convolution]

        levels = range(len(channels))
        self.encoder = nn.Sequential(
            *(part for level in levels for part in down(level)),
            nn.Flatten(),
            nn.Linear(n_values, code),
        )
        self.decoder = nn.Sequential(
            nn.Linear(code, n_values),
            nn.Unflatten(1, shape),
            *(part for level in reversed(levels) for part in up(level)),
        )

    def encode(self, beats: Tensor) -> Tensor:
        """Narrow beats down to codes."""
        codes: Tensor = self.encoder(beats.transpose(1, 2))
        return codes

    def decode(self, codes: Tensor) -> Tensor:
        """Widen codes to beats again."""
        beats: Tensor = self.decoder(codes)
        return beats.transpose(1, 2)


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


def make_activation(name: str) -> nn.Module:
    """Make an activation by name."""
    if name not in ACTIVATIONS:
        raise ValueError(f"there is no activation {name!r}; there are {sorted(ACTIVATIONS)}.")
    return ACTIVATIONS[name]()


def _lstm_layers(widths: Sequence[int]) -> nn.ModuleList:
    return nn.ModuleList(nn.LSTM(*sizes, batch_first=True) for sizes in pairwise(widths))
