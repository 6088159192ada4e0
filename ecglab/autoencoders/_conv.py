"""The convolutional autoencoder, in PyTorch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ecglab.autoencoders._torch import TorchAutoencoder

if TYPE_CHECKING:
    from ecglab.autoencoders._torch_networks import Network

__all__ = ["ConvAutoencoder"]


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
    loss, noise, learning_rate, batch_size, max_epochs, patience, random_state, device, n_threads, \
precision, progress
        As in `TorchAutoencoder`.

    References
    ----------
    J. Masci et al., "Stacked convolutional auto-encoders for hierarchical feature extraction",
    ICANN 2011, doi 10.1007/978-3-642-21735-7_7.
    """

    def __init__(
        self,
        channels: Sequence[int] = (8, 16, 32),
        *,
        kernel: int = 7,
        code: int = 4,
        activation: str = "elu",
        loss: str = "mse",
        noise: float = 0.0,
        learning_rate: float = 3e-3,
        batch_size: int = 64,
        max_epochs: int = 50,
        patience: int = 10,
        random_state: int = 0,
        device: str = "auto",
        n_threads: int | None = 1,
        precision: str = "auto",
        progress: bool = False,
    ) -> None:
        super().__init__(
            loss=loss,
            noise=noise,
            learning_rate=learning_rate,
            batch_size=batch_size,
            max_epochs=max_epochs,
            patience=patience,
            random_state=random_state,
            device=device,
            n_threads=n_threads,
            precision=precision,
            progress=progress,
        )
        self.channels = channels
        self.kernel = kernel
        self.code = code
        self.activation = activation

    def _make_network(self, n_samples: int, n_channels: int) -> "Network":
        from ecglab.autoencoders._torch_networks import ConvNetwork

        return ConvNetwork(
            n_samples,
            n_channels,
            channels=self.channels,
            kernel=self.kernel,
            code=self.code,
            activation=self.activation,
        )
