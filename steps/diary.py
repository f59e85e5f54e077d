"""What was said by day, as a night is given it: exchanges, each with what people thought of the answer.

Where they lie is the registry's business (``steps.registry.traces``); a test may tell them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Window:
    """From when to when exchanges began, in milliseconds since 1970, the end excluded."""

    since: int
    until: int


@dataclass(frozen=True)
class Remark:
    """What somebody thought of an answer, and when it was last changed (milliseconds since 1970)."""

    at: int
    rating: Any = None
    correction: str | None = None
    comment: str | None = None
    user: str | None = None


@dataclass(frozen=True)
class Exchange:
    """One answer: the chat before it and the ``reply``, in OpenAI's form. ``fault`` says why it cannot be read.

    ``experiment``: the name of where it lies.
    """

    trace: str
    began: int
    messages: Sequence[Mapping[str, Any]]
    reply: Mapping[str, Any]
    session: str | None = None
    user: str | None = None
    tenant: str | None = None
    version: str | None = None
    experiment: str | None = None
    remarks: tuple[Remark, ...] = field(default=())
    fault: str = ""


class Diary(Protocol):
    """Where exchanges are kept. Both raise SlumberError if it cannot be read."""

    def state(self, window: Window) -> list[tuple[str, int]]:
        """Which exchanges lie in the window, and when each was last changed, the oldest first; cheap."""
        ...

    def exchanges(self, window: Window) -> Iterator[Exchange]:
        """Yield the exchanges of the window, the oldest first."""
        ...
