"""What a reader decided about a file, and why, so that a wrong decision is seen at a glance."""

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Decision", "Reading"]


@dataclass(frozen=True)
class Decision:
    """One thing that a reader had to decide.

    Parameters
    ----------
    topic : str
        What it is about, in a word or two: ``"label"``, ``"lead"``, ``"sampling rate"``.
    value : str
        What was decided.
    reason : str
        What the decision rests on.
    assumed : bool, default False
        Whether it is a guess: neither the file nor the caller says so.
    """

    topic: str
    value: str
    reason: str
    assumed: bool = False

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.topic}: {self.value} ({'assumed: ' * self.assumed}{self.reason})"


@dataclass(frozen=True)
class Reading:
    """The decisions of a reader about one file, in the order in which they were made.

    Examples
    --------
    >>> reading = Reading((Decision("lead", "MLII", "the usual lead for beats"),))
    >>> print(reading)
    lead: MLII (the usual lead for beats)
    >>> reading["lead"].value
    'MLII'
    """

    decisions: tuple[Decision, ...] = ()

    def __str__(self) -> str:
        """List the decisions, a line each."""
        return "\n".join(map(str, self.decisions))

    def __iter__(self) -> Iterator[Decision]:
        """Go through the decisions."""
        return iter(self.decisions)

    def __len__(self) -> int:
        """Return the number of decisions."""
        return len(self.decisions)

    def __getitem__(self, topic: str) -> Decision:
        """Return the decision about a topic.

        Raises
        ------
        KeyError
            If nothing had to be decided about it.
        """
        for decision in self.decisions:
            if decision.topic == topic:
                return decision
        raise KeyError(topic)

    def with_decision(
        self, topic: str, value: str, reason: str, *, assumed: bool = False
    ) -> "Reading":
        """Return these decisions and one more."""
        return Reading((*self.decisions, Decision(topic, value, reason, assumed)))

    def as_records(self) -> list[dict[str, str | bool]]:
        """Return the decisions as JSON can hold them: one object each, with its four fields."""
        return [vars(decision).copy() for decision in self.decisions]
