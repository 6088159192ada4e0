"""The exceptions of a sweep. A notebook that fails is none of them: it is a result."""

from ecglab.errors import EcglabError

__all__ = ["GridError", "SweepError", "SweepStorageError"]


class SweepError(EcglabError):
    """A sweep could not go on. What is finished is kept: start it again to go on from there."""


class GridError(SweepError):
    """A grid, or the notebook that it names, cannot be swept; nothing has been run.

    The message names the file and the key, says what is wrong and what to do.
    """


class SweepStorageError(SweepError):
    """The output folder cannot be read or written: full, read-only, gone, forbidden."""
