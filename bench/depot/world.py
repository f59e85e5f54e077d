"""The world: cases of each principle, what the depot answers to an action, and what it never says.

Everything follows from the data and a seed; no case of the day or of the night's practice has a word of the morning's.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from bench.depot.data import Depot, DepotPrinciple, Things
from steps.records import content_id

DAY, PRACTICE, MORNING, NEAR = 4, 8, 6, 4  # cases a side: met by day, practised, asked; near misses a principle


@dataclass(frozen=True)
class Case:
    """One thing that is to be done. ``side``: which side of the principle speaks of it; None: neither does."""

    principle: DepotPrinciple
    side: int | None
    thing: str
    cue: str

    @property
    def id(self) -> str:
        return content_id(self.principle.id, self.thing, self.cue)

    @property
    def asked(self) -> str:
        """The case in a sentence and a question."""
        return self._filled(self.principle.ask)

    @property
    def actions(self) -> tuple[str, ...]:
        """What can be done: one side's action, the other's, and two that are never right."""
        return self.principle.actions

    @property
    def right(self) -> str | None:
        return None if self.side is None else self.principle.sides[self.side].action

    @property
    def rule(self) -> str | None:
        """The principle's side that holds for it, in words."""
        return None if self.side is None else self.principle.sides[self.side].rule

    def said(self, action: str) -> str:
        """An action in natural words, which repeat the case."""
        return self._filled(self.principle.say, action)

    def arguments(self, action: str) -> dict[str, str]:
        """The arguments with which the principle's tool does an action."""
        if self.principle.values:
            value = self.principle.values[action].replace("{x}", self.thing)
            return {"kind": self.cue.lower(), "number": value}
        return {"what": self.thing, **({"which": self.cue} if self.cue else {}), "choice": action}

    def answered(self, action: str) -> tuple[bool, str]:
        """Whether the depot does an action, and what it answers: an error names the reason."""
        if action == self.right:
            return True, f"ok: {self.said(action)}"
        return False, f"error: not done. {self.rule}" if self.rule else "error: nobody knows what to do with it"

    def _filled(self, template: str, action: str = "") -> str:
        one = f"{'an' if self.thing[0] in 'aeiou' else 'a'} {self.thing}"
        known = {"a": one, "A": one[:1].upper() + one[1:], "x": self.thing, "cue": self.cue, "action": action}
        return template.format(**known)


def day_cases(depot: Depot, night: int, *, seed: int, a_side: int = DAY) -> list[Case]:
    """What comes up on the day before a night: so many cases of each side of its principles, in a random order."""
    cases = [c for one in depot.of_night(night) for c in _of_sides(depot, one, "train", seed=seed, a_side=a_side)]
    random.Random(f"day-{seed}-{night}").shuffle(cases)
    return cases


def practice_cases(depot: Depot, principle: DepotPrinciple, side: int, *, seed: int) -> Iterator[Case]:
    """Yield what one side of a principle can be practised on, in a random order."""
    yield from _cases(depot, principle, side, "train", seed=seed)


def morning_cases(depot: Depot, principle: DepotPrinciple) -> list[Case]:
    """What is asked of a principle every morning: the same for every seed, so that mornings can be compared."""
    return list(_of_sides(depot, principle, "test", seed=0, a_side=MORNING))


def near_misses(depot: Depot, principle: DepotPrinciple) -> list[Case]:
    """Cases of the same form that neither side speaks of."""
    words = depot.words(principle.near, "test")
    random.Random(f"near-{principle.id}").shuffle(words)
    return [Case(principle, None, word, principle.near.cue) for word in words[:NEAR]]


def tool_of(principle: DepotPrinciple) -> dict[str, Any]:
    """The definition of a principle's tool, in OpenAI's form."""
    names = ("kind", "number") if principle.values else ("what", "choice")
    parameters = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    return {"type": "function", "function": {"name": principle.tool, "parameters": parameters}}


def _of_sides(
    depot: Depot, one: DepotPrinciple, split: Literal["train", "test"], *, seed: int, a_side: int
) -> Iterator[Case]:
    for side in range(len(one.sides)):
        cases = _cases(depot, one, side, split, seed=seed)
        yield from cases[:a_side]


def _cases(
    depot: Depot, principle: DepotPrinciple, side: int, split: Literal["train", "test"], *, seed: int
) -> list[Case]:
    things: Things = principle.sides[side]
    words = depot.words(things, split)
    random.Random(f"{seed}-{principle.id}-{split}").shuffle(words)
    if principle.sides[0].lists == principle.sides[1].lists:  # told apart by the cue: no thing is of one side alone
        words = words[side::2] + words[1 - side :: 2]
    return [Case(principle, side, word, things.cue) for word in words]
