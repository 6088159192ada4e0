"""The attention autoencoder, a small transformer in PyTorch."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ecglab.autoencoders._torch import Network, TorchAutoencoder


@dataclass(kw_only=True, eq=False, repr=False)
class AttentionAutoencoder(TorchAutoencoder):
    """Transformer autoencoder: patches of a beat look at one another, then narrow to a code.

    Each patch becomes a vector, to which one is added that stands for its place. In a transformer
    layer every patch takes up something of all others, more of those that match. The encoder's
    vectors narrow to the code by a linear layer; the decoder mirrors the encoder.

    Parameters
    ----------
    code : int, default 4
        Length of the code.
    width : int, default 32
        Length of the vector that stands for a patch; a multiple of `n_heads`.
    n_heads : int, default 4
        Ways to look at the other patches, side by side, in each layer.
    n_layers : int, default 1
        Transformer layers of the encoder, and of the decoder.
    patch : int, default 10
        Samples in one patch. A last one that the beat does not fill is filled with its last sample.
    device, n_threads, precision, n_members, schedule
        As in `TorchAutoencoder`.
    loss, noise, learning_rate, batch_size, max_epochs, patience, random_state, progress
        As in `Autoencoder`.

    References
    ----------
    A. Vaswani et al., "Attention is all you need", NeurIPS 2017, arXiv:1706.03762.
    """

    code: int = field(default=4, kw_only=False)
    width: int = 32
    n_heads: int = 4
    n_layers: int = 1
    patch: int = 10
    learning_rate: float = 3e-3
    batch_size: int | str = 64
    max_epochs: int = 50

    def _make_network(self, n_samples: int, n_channels: int) -> Network:
        return AttentionNetwork(n_samples, n_channels, self)


class AttentionNetwork(Network):
    """Transformer layers over patches of a beat, as an `AttentionAutoencoder` says."""

    def __init__(self, n_samples: int, n_channels: int, of: AttentionAutoencoder) -> None:
        super().__init__()
        self.n_samples, self.n_channels = n_samples, n_channels
        self.patch = patch = min(of.patch, n_samples)
        width = of.width
        n_steps = -(-n_samples // patch)

        def layers() -> nn.Sequential:
            return nn.Sequential(*(_Layer(width, of.n_heads) for _ in range(of.n_layers)))

        self.places = nn.Parameter(torch.randn(2, n_steps, width) * 0.1)
        self.read = nn.Linear(patch * n_channels, width)
        self.encoder = layers()
        self.narrow = nn.Linear(n_steps * width, of.code)
        self.widen = nn.Sequential(
            nn.Linear(of.code, n_steps * width), nn.Unflatten(1, (n_steps, width))
        )
        self.decoder = layers()
        self.write = nn.Linear(width, patch * n_channels)

    def encode(self, beats: Tensor) -> Tensor:
        """Narrow beats down to codes."""
        n_missing = -self.n_samples % self.patch
        edge = beats[:, -1:].expand(-1, n_missing, -1)
        patches = torch.cat([beats, edge], dim=1).reshape(len(beats), len(self.places[0]), -1)
        codes: Tensor = self.narrow(self.encoder(self.read(patches) + self.places[0]).flatten(1))
        return codes

    def decode(self, codes: Tensor) -> Tensor:
        """Widen codes to beats again."""
        patches = self.write(self.decoder(self.widen(codes) + self.places[1]))
        beats: Tensor = patches.reshape(len(codes), -1, self.n_channels)
        return beats[:, : self.n_samples]


class _Layer(nn.TransformerEncoderLayer):
    """A transformer layer without dropout, normalised before it looks rather than after."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__(width, n_heads, 2 * width, dropout=0.0, batch_first=True, norm_first=True)
