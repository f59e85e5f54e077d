"""Contrasts: cases of a principle's form of which it does not speak, in which the base's own word stays.

Who practises "a fig goes to the kitchen" alone learns that everything goes to the kitchen. So the same request is asked
about a thing of another principle, and what the base would say there, word by word of the same answer, is kept (the KL
divergence to it). Nothing is claimed to be right.
"""

import json
import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

from steps.kinds.trace.principles import Principle, Seen
from steps.records import Dream, content_id

STRATEGY = "contrast"
CONTRASTS = 4  # of each principle


def contrast_dreams(found: Sequence[Principle], *, night: str) -> list[Dream]:
    """Return what is kept beside principles; none where a night has one alone, for then there is nothing to swap in."""
    things = [(one, value) for one in found for value in _things(one)]
    dreams = []
    for principle in found:
        own = {value.casefold() for value in (*_things(principle), *_constant(principle))}
        others = {v for other, v in things if not _alike(other, principle) and v.casefold() not in own}
        cases = [one for one in principle.cases() if _swapped_argument(principle, one)]
        draw = random.Random(content_id(night, principle.id))
        drawn = draw.sample(sorted(others), min(len(others), CONTRASTS))
        dreams += [_dream(principle, one, other, night=night) for one, other in zip(cases, drawn, strict=False)]
    return dreams


def _things(principle: Principle) -> list[str]:
    """What its cases are about: values of arguments that were asked about and are others in other cases."""
    constant = set(_constant(principle))
    return list(dict.fromkeys(v for one in principle.cases() for v in _asked(one).values() if v not in constant))


def _constant(principle: Principle) -> list[str]:
    """Values that were asked about and are the same in all of its cases: what the principle hangs on, perhaps."""
    cases = [_asked(one) for one in principle.cases()]
    if len(cases) < 2:
        return []
    return [value for path, value in cases[0].items() if all(case.get(path) == value for case in cases)]


def _asked(one: Seen) -> dict[str, str]:
    """The plain arguments of the right act that stand in what was asked."""
    arguments: Mapping[str, Any] = (one.situation.right.arguments if one.situation.right else None) or {}
    task = one.situation.task.casefold()
    return {key: v for key, v in arguments.items() if isinstance(v, str) and v and _within(v).search(task)}


def _swapped_argument(principle: Principle, one: Seen) -> str | None:
    """What is swapped: the value that is constant, on which the principle hangs, or else the thing itself."""
    given, constant = _asked(one), _constant(principle)
    return next((v for v in given.values() if v in constant), next(iter(given.values()), None))


def _alike(one: Principle, other: Principle) -> bool:
    """Whether two principles may be two sides of one: their tools are the same."""
    return one.does[0] == other.does[0]


def _dream(principle: Principle, one: Seen, other: str, *, night: str) -> Dream:
    value, right = _swapped_argument(principle, one), one.situation.right
    assert value is not None and right is not None
    words = _within(value)

    def swapped(text: str) -> str:
        return words.sub(lambda found: other.capitalize() if found[0][:1].isupper() else other, text)

    call = json.loads(swapped(json.dumps(right.call, ensure_ascii=False)))
    asked = swapped(one.situation.asked)
    return Dream(
        id=content_id(STRATEGY, asked, right.words, call),
        night=night,
        strategy=STRATEGY,
        experience=one.experience.id,
        source=one.experience.source,
        sentence=None,
        question=asked,
        answer=swapped(right.said),
        verification={
            "principle": principle.id,
            "case": STRATEGY,
            "words": swapped(right.words),
            "call": json.dumps(call, ensure_ascii=False),
        },
        rehearsal=True,
        objective="keep",
    )


def _within(value: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(value)}(?!\w)", re.IGNORECASE)
