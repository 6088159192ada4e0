"""The progress bar over the epochs, the same for either framework."""

from typing import Any


class EpochBar:
    """A bar that grows with each epoch and shows the validation loss.

    Parameters
    ----------
    max_epochs : int
        Epochs at most.
    shown : bool, default True
        False makes a bar that shows nothing.
    """

    def __init__(self, max_epochs: int, shown: bool = True) -> None:
        from tqdm.auto import tqdm

        self._bar: Any = tqdm(total=max_epochs, unit="epoch", disable=not shown)

    def advance(self, validation_loss: float) -> None:
        """Count an epoch."""
        self._bar.set_postfix(validation_loss=f"{validation_loss:.4f}")
        self._bar.update()

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._bar.close()
