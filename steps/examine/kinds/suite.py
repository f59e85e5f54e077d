"""What a suite is, and the rows that are stored of it: what was said and how likely, never a mark."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field

from steps.dream.lessons import lesson_of
from steps.kinds.messages import begun_with
from steps.lesson import Lesson
from steps.records import Dream, Experience, Record, content_id
from steps.settings import GateSettings

Role = Literal["base", "champion", "candidate", "shuffled"]
"""Who was asked; "shuffled": the candidate with its weights shuffled, which can have learned nothing."""


@dataclass(frozen=True)
class Turn:
    """A turn of the assistant after ``messages``: its likelihood, and if it is ``answered``, what is said in its place.

    ``completion``: None where it is only answered. ``disliked``: it had better not be said. ``longest``: tokens that an
    answer may have, if more than in an examination.
    """

    messages: tuple[dict[str, Any], ...]
    completion: str | None = None
    calls: tuple[dict[str, Any], ...] = ()
    tools: tuple[dict[str, Any], ...] = ()
    answered: bool = False
    disliked: bool = False
    longest: int = 0

    @property
    def likelihood_key(self) -> str:
        # Under the key "turn" stands what was read where a template left a system message out.
        return content_id("turn, all of it", self.messages, self.completion, self.calls, self.tools)

    @property
    def answer_key(self) -> str:
        # Answers under the key "answered turn" were as long as the longest that was asked for beside them.
        return content_id("answered turn, cut by itself", self.messages, self.tools, self.longest)


@dataclass(frozen=True)
class Item:
    """One held-out lesson as it is asked. ``key``: what an answer is held against, turn by turn. ``about``: a key of
    what it was held out with, of which items are no independent ones.

    ``watched``: no lesson, but an ordinary question by whose answers it is watched whether a model drifts.
    """

    suite: str
    id: str
    cohort: str
    source: str
    question: str
    turns: tuple[Turn, ...]
    key: tuple[str, ...] = ()
    about: str = ""
    watched: bool = False


class KindReply(Record):
    """What one model made of one item.

    ``log_probabilities``: of each turn whose likelihood is asked, summed over its ``tokens`` (natural logarithm).
    ``replies``: what was said, turn by turn; none where words are not kept; ``complete``: whether each came to its end.
    ``calls``: whether each of ``key`` calls a tool. ``signs``: -1 for what had better not be said. ``about``: as of an
    ``Item``. Examinations from before have neither ``about`` nor ``calls`` nor ``complete``.
    """

    suite: str
    id: str
    cohort: str
    source: str
    question: str
    model: Role
    log_probabilities: tuple[float, ...] = ()
    tokens: tuple[int, ...] = ()
    signs: tuple[int, ...] = ()
    replies: tuple[str, ...] = ()
    complete: tuple[bool, ...] = ()
    key: tuple[str, ...] = ()
    calls: tuple[bool, ...] = ()
    about: str = ""
    watched: bool = Field(False, description="an ordinary question, by which drift is watched")


@dataclass(frozen=True)
class Measure:
    """A number of each item, more of which is better. ``unit``: of it.

    ``learned``: it tells whether tonight's lessons were learned; ``epsilon``: the setting of the gate that says how
    much of it earlier nights may lose. A measure without may only not be lower for certain.
    """

    name: str
    unit: str
    epsilon: str | None = None
    learned: bool = False


LIKELIHOOD = Measure("nats per token", "nats per token", "epsilon_demonstrations", learned=True)


def likelihood(row: KindReply) -> dict[str, float]:
    """The measure LIKELIHOOD of all turns of a row together."""
    return {LIKELIHOOD.name: sum(row.log_probabilities) / sum(row.tokens)} if row.tokens else {}


class Suite(ABC):
    """One suite. ``name``: as ``Kind.suite`` has it; ``says``: the gate's condition in a line."""

    name: ClassVar[str]
    says: ClassVar[str]
    measures: ClassVar[tuple[Measure, ...]]

    @abstractmethod
    def items(self, lessons: Mapping[str, Sequence[tuple[Dream, Lesson]]]) -> list[Item]:
        """Return what is asked of held-out lessons, which are given by experience."""

    @abstractmethod
    def measured(self, row: KindReply) -> dict[str, float]:
        """Return the measures of one row by their names; what it does not say has none."""

    def signs(self, item: Item) -> tuple[int, ...]:
        """1 for each turn that is to be likely, -1 for each that is not."""
        return tuple(1 for turn in item.turns if turn.completion is not None)

    def told(self, row: KindReply) -> str:
        """What a page shows of a row: what was said, or its measures."""
        numbers = (f"{name} {value:+.2f}" for name, value in self.measured(row).items())
        return " / ".join(row.replies) or ", ".join(numbers)

    def drift(self, candidate: Sequence[KindReply], champion: Sequence[KindReply], settings: GateSettings) -> "Drift":
        """Compare what two models say to ordinary questions; without any there is nothing to say."""
        return Drift("", {}, False)


@dataclass(frozen=True)
class Drift:
    """How free answers changed: in words, in figures, and whether it is ``too_much``."""

    says: str
    figures: dict[str, Any]
    too_much: bool


def held_out(dreams: Sequence[Dream], corpus: Mapping[str, Experience]) -> dict[str, list[tuple[Dream, Lesson]]]:
    """Return held-out dreams as lessons, by their experience; what is no longer in the corpus is left out."""
    found: dict[str, list[tuple[Dream, Lesson]]] = {}
    for dream in dreams:
        if dream.experience and dream.experience in corpus:
            found.setdefault(dream.experience, []).append((dream, lesson_of(dream, corpus)))
    return found


def about(dream: Dream) -> str:
    """A key of what a dream was held out with."""
    return content_id(begun_with(dream))
