"""The dense autoencoder in PyTorch, with batch normalisation and dropout."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ecglab.autoencoders._torch import TorchAutoencoder

if TYPE_CHECKING:
    from ecglab.autoencoders._torch_networks import Network

__all__ = ["DenseTorchAutoencoder"]


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
    activation : str, default "tanh"
        Activation of every layer but the last: "elu", "gelu", "leaky_relu", "linear", "relu",
        "sigmoid" or "tanh".
    output_activation : str, default "tanh"
        Activation of the output layer. "tanh" reaches values between -1 and 1 only: scale the
        beats to that range. "linear" reaches any.
    loss, noise, learning_rate, batch_size, max_epochs, patience, random_state, device, n_threads, \
precision, progress
        As in `TorchAutoencoder`.

    References
    ----------
    S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network training by reducing
    internal covariate shift", ICML 2015, arXiv:1502.03167.

    N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting",
    Journal of Machine Learning Research 15 (2014) 1929-1958.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (96, 48, 24),
        *,
        dropout: float = 0.1,
        batch_norm: bool = True,
        activation: str = "tanh",
        output_activation: str = "tanh",
        loss: str = "mse",
        noise: float = 0.0,
        learning_rate: float = 1e-3,
        batch_size: int = 32,
        max_epochs: int = 100,
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
        self.hidden = hidden
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.activation = activation
        self.output_activation = output_activation

    def _make_network(self, n_samples: int, n_channels: int) -> "Network":
        from ecglab.autoencoders._torch_networks import DenseNetwork

        return DenseNetwork(
            n_samples,
            n_channels,
            hidden=self.hidden,
            dropout=self.dropout,
            batch_norm=self.batch_norm,
            activation=self.activation,
            output_activation=self.output_activation,
        )
