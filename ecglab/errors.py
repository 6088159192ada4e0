"""The errors and warnings of ecglab's own, so that a caller can catch or silence them."""

from collections.abc import Callable

__all__ = [
    "DatasetError",
    "DatasetUnavailableError",
    "DetectorFileError",
    "EcglabError",
    "FewBeatsWarning",
    "GridError",
    "Message",
    "OutputError",
    "SweepError",
    "SweepStorageError",
]


Argument = str | tuple[str, object]


def _in_python(argument: Argument) -> str:
    return argument if isinstance(argument, str) else f"{argument[0]}={argument[1]!r}"


class Message:
    """What happened and why, and what to do; arguments are kept apart from the words around them.

    So Python can say ``header=False`` where the command line says ``--header no``.

    Parameters
    ----------
    text : str
        What happened, and why.
    advice : str, optional
        What to do, with ``{}`` in place of each argument.
    *arguments : str or tuple of str and object
        The name of an argument, or its name and a value for it.
    """

    def __init__(self, text: str = "", advice: str = "", *arguments: Argument) -> None:
        self.text = text
        self.advice = advice
        self.arguments = arguments

    def __str__(self) -> str:
        """Say it in words of Python."""
        return self.phrase(_in_python)

    def phrase(self, say: Callable[[Argument], str]) -> str:
        """Say it, each argument in the words that a function has for it."""
        return f"{self.text} {self.advice.format(*map(say, self.arguments))}".strip()


class EcglabError(Exception):
    """Base class of every error that ecglab raises itself; see `Message` for what it takes."""

    def __init__(self, text: str = "", advice: str = "", *arguments: Argument) -> None:
        self.message = Message(text, advice, *arguments)
        super().__init__(str(self.message))


class DatasetError(EcglabError):
    """A dataset could not be found, downloaded, read or verified.

    The message names the file or address, says what is wrong with it and what to do next.
    """


class DatasetUnavailableError(DatasetError):
    """A dataset is neither at hand nor can it be downloaded; nothing is wrong with any file.

    Only this one may be answered by carrying on with other data. The first line of its message
    says in one sentence what is missing; the lines after it say where it was looked for.
    """

    @property
    def reason(self) -> str:
        """The first line of the message, without its full stop or colon."""
        return str(self).split("\n", 1)[0].rstrip(".:")


class DetectorFileError(EcglabError):
    """A saved detector could not be written or read.

    The message names the file, says what is wrong with it and what to do next.
    """


class OutputError(EcglabError):
    """A result could not be written; what was there before is as it was.

    The message names the file or folder, says why and what to do next.
    """


class SweepError(EcglabError):
    """A sweep could not go on. What is finished is kept: start it again to go on from there.

    A notebook that fails is no such error: it is a result.
    """


class GridError(SweepError):
    """A grid, or the notebook that it names, cannot be swept; nothing has been run.

    The message names the file and the key, says what is wrong and what to do.
    """


class SweepStorageError(SweepError):
    """The output folder of a sweep cannot be read or written: full, read-only, gone, forbidden."""


class FewBeatsWarning(UserWarning):
    """A threshold was chosen from fewer beats than can carry what it is to promise.

    The message says how many there are, how many are needed, and what else could be asked of them.
    """
