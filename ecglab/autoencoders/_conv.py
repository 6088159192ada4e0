"""The convolutional autoencoder, in PyTorch."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor, nn

from ecglab.autoencoders._torch import Network, TorchAutoencoder, make_activation


@dataclass(kw_only=True, eq=False, repr=False)
class ConvAutoencoder(TorchAutoencoder):
    """Convolutional autoencoder: each layer halves the beat in time, and the decoder mirrors it.

    Between the two, a linear layer narrows what is left to the code.

    Parameters
    ----------
    channels : sequence of int, default (8, 16, 32)
        Channels that the layers of the encoder compute, each at half the time steps of the one
        before.
    kernel : int, default 7
        Time steps that a convolution looks at, an odd number.
    code : int, default 4
        Length of the code. A longer one reproduces anomalies better, too, and need not detect them
        better.
    activation : str, default "elu"
        Activation between the convolutions: "elu", "gelu", "leaky_relu", "linear", "relu",
        "sigmoid" or "tanh".
    device, n_threads, precision, n_members, schedule
        As in `TorchAutoencoder`.
    loss, noise, learning_rate, batch_size, max_epochs, patience, random_state, progress
        As in `Autoencoder`.

    References
    ----------
    J. Masci et al., "Stacked convolutional auto-encoders for hierarchical feature extraction",
    ICANN 2011, doi 10.1007/978-3-642-21735-7_7.
    """

    channels: Sequence[int] = field(default=(8, 16, 32), kw_only=False)
    kernel: int = 7
    code: int = 4
    activation: str = "elu"
    learning_rate: float = 3e-3
    batch_size: int | str = 64
    max_epochs: int = 50

    def _make_network(self, n_samples: int, n_channels: int) -> Network:
        return ConvNetwork(n_samples, n_channels, self)


class ConvNetwork(Network):
    """Convolutions that halve a beat again and again, as a `ConvAutoencoder` says."""

    def __init__(self, n_samples: int, n_channels: int, of: ConvAutoencoder) -> None:
        super().__init__()
        channels, kernel, activation = of.channels, of.kernel, of.activation
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
            nn.Linear(n_values, of.code),
        )
        self.decoder = nn.Sequential(
            nn.Linear(of.code, n_values),
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
