"""Principles: what was right in many situations, merged over traces, with what speaks for each and what against it.

The same act under the same condition is one principle. The condition is what people or tools gave as the reason, or
else what was asked, without what is of one case alone. A counter-example is the very same case, or the very same
reason, in which the act was refused. Other refusals only warn.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rapidfuzz.fuzz import token_sort_ratio

from steps.kinds.trace.acts import Act
from steps.kinds.trace.signature import Signature, reason_skeleton, shown, signature, skeleton
from steps.kinds.trace.situations import Situation, situations
from steps.records import Experience, content_id

_ALIKE = 70  # of 100, by which what was asked counts as the same condition
_COMPARED = 300  # characters of it
_REPEATED = 2  # traces that have to end well where nothing else says what was right


@dataclass(frozen=True)
class Seen:
    """A situation in its trace. ``number``: its place among those of the trace that teach; None: it teaches nothing."""

    experience: Experience
    situation: Situation
    number: int | None = None

    @property
    def by(self) -> str:
        """Whose trace it is: a user's, or else the file's."""
        return str(self.experience.payload.get("user") or self.experience.source)


@dataclass
class Principle:
    """``does``: the act in general; ``act``: the same as people read it.

    ``because``: the reasons that were given, with how often; ``reasons``: those without what is of one case alone;
    ``asked``: its cases.
    """

    does: Signature
    act: str
    condition: str
    support: list[Seen] = field(default_factory=list)
    against: list[Seen] = field(default_factory=list)
    because: Counter[str] = field(default_factory=Counter)
    reasons: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        return content_id("principle", self.does, self.condition.casefold())

    @property
    def reason(self) -> str | None:
        """The one that was given most; None if none was."""
        return next((reason for reason, _ in self.because.most_common(1)), None)

    @property
    def when(self) -> str:
        """When it holds: its reason, or what was asked."""
        return self.reason or f"When it is asked: {self.condition}"

    @property
    def traces(self) -> int:
        return len({one.experience.id for one in self.support})

    @property
    def sources(self) -> int:
        return len({one.by for one in self.support})

    @property
    def counter(self) -> int:
        """How many traces speak against it."""
        return len({one.experience.id for one in self.against})

    @property
    def refused(self) -> str | None:
        """Why it is not taught, or None."""
        if self.counter > self.traces:
            return "more traces speak against it than for it"
        told = {by for one in self.support for by in one.situation.evidence}
        if told <= {"outcome"} and self.traces < _REPEATED:
            return "one trace ended well with it, and nothing else speaks for it"
        return None

    def cases(self) -> Iterator[Seen]:
        """What it can be practised on: its cases, each once, but those in which it was refused as often as right."""
        taken = Counter(_case(one.situation) for one in self.support)
        denied = Counter(_case(one.situation) for one in self.against)
        seen: set[str] = set()
        for one in self.support:
            case = _case(one.situation)
            if case not in seen and taken[case] > denied[case]:
                seen.add(case)
                yield one


def teaching(experience: Experience) -> list[Situation]:
    """Return the situations of a trace that show what is right, in order: its parts."""
    return [one for one in situations(experience) if one.teaches]


def principles(experiences: Iterable[Experience]) -> list[Principle]:
    """Merge what traces show, in the order in which it was first seen."""
    seen = [one for experience in experiences for one in _seen(experience)]
    found: dict[Signature, list[Principle]] = {}
    for one in seen:
        if one.number is not None:
            _enter(found, one)
    for one in seen:
        for refusal in one.situation.refused:
            if group := found.get(signature(refusal.act, one.situation.task)):
                heard = _reasons(refusal.heard, refusal.act)
                for principle in group:
                    if _case(one.situation) in principle.asked or not principle.reasons.isdisjoint(heard):
                        principle.against.append(one)
    return [principle for group in found.values() for principle in group]


def warnings(experiences: Sequence[Experience]) -> Counter[tuple[str, str]]:
    """Return what was refused, each act in general with what was said of it, and how often: it is only told."""
    return Counter(
        (shown(refusal.act, one.task), refusal.why)
        for experience in experiences
        for one in situations(experience)
        for refusal in one.refused
    )


def _seen(experience: Experience) -> Iterator[Seen]:
    number = 0
    for one in situations(experience):
        yield Seen(experience, one, number if one.teaches else None)
        number += one.teaches


def _enter(found: dict[Signature, list[Principle]], one: Seen) -> None:
    act = one.situation.right
    assert act is not None
    general = act, one.situation.task, [refusal.act for refusal in one.situation.refused]
    does = signature(*general)
    condition = skeleton(one.situation.asked, act)[:_COMPARED]
    reasons = _reasons(one.situation.reasons, act)
    group = found.setdefault(does, [])
    principle = next((p for p in group if _same(p, condition, reasons.keys())), None)
    if principle is None:
        principle = Principle(does, shown(*general), condition)
        group.append(principle)
    principle.support.append(one)
    principle.because.update(dict.fromkeys(reasons.values(), 1))
    principle.reasons |= reasons.keys()
    principle.asked.add(_case(one.situation))


def _same(principle: Principle, condition: str, reasons: Iterable[str]) -> bool:
    if not principle.reasons.isdisjoint(reasons):
        return True
    return token_sort_ratio(principle.condition, condition, processor=str.casefold) >= _ALIKE


def _reasons(said: Iterable[str], act: Act) -> dict[str, str]:
    """What was said of an act, by what it means."""
    found = {reason_skeleton(reason, act): reason for reason in said}
    return {meant: reason for meant, reason in found.items() if meant}


def _case(one: Situation) -> str:
    return " ".join(one.asked.casefold().split())
