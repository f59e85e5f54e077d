"""The arms: ways to get from a day's traces to the next morning's actions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.depot.nights import PRACTISED, DepotNights, at_least
from steps.errors import SlumberError
from steps.kinds.trace.lessons import dreams_of
from steps.kinds.trace.practising import NoCases
from steps.kinds.trace.principles import principles
from steps.records import Dream, content_id

Lessons = Callable[[DepotNights, int], list[Dream]]


@dataclass(frozen=True)
class Arm:
    """``learns``: the lessons of a night; None: nothing is trained. ``rehearsed``: earlier nights' lessons and what
    the base says of itself come along. ``reads``: what stands before a case. ``at_once``: all nights, at the end.
    """

    name: str
    says: str
    learns: Lessons | None = None
    rehearsed: bool = False
    reads: Literal["nothing", "oracle", "retrieved"] = "nothing"
    at_once: bool = False


def of_principles(nights: DepotNights, number: int) -> list[Dream]:
    """Principles merged over traces, practised on their own cases and the world's."""
    source, night = nights.cases(number), nights.date(number)
    return [dream for one in nights.principles(number) for dream in dreams_of(one, source, night=night)]


def of_instances(nights: DepotNights, number: int) -> list[Dream]:
    """What each trace shows by itself, as often as it takes to train as long as on principles."""
    each = (one for experience in nights.traces(number) for one in principles([experience]))
    found = [dream for one in each for dream in dreams_of(one, NoCases(), night=nights.date(number))]
    return at_least(found, PRACTISED * len(nights.depot.of_night(number)))


def of_rules(nights: DepotNights, number: int) -> list[Dream]:
    """The reasons as texts, asked for in several ways; no case."""
    night = nights.date(number)
    found = []
    for one in nights.principles(number):
        if why := one.reason:
            begins = " ".join(why.split()[:3])
            for question in (f"Which rule of the depot begins with '{begins}'?", f"Complete this rule: {begins} ..."):
                known = {"night": night, "strategy": "rule", "experience": None, "source": "depot", "sentence": None}
                number_ = content_id("rule", question, why)
                found.append(Dream(id=number_, question=question, answer=why, objective="imitate", **known))
    return at_least(found, PRACTISED * len(nights.depot.of_night(number)))


ARMS = {
    arm.name: arm
    for arm in (
        Arm("no-update", "the untouched base"),
        Arm("oracle", "the base with the one lesson that applies before the case", reads="oracle"),
        Arm("retrieved", "the base with the lesson that shares most words with the case (BM25)", reads="retrieved"),
        Arm("rules", "lessons as text, no case; with rehearsal", of_rules, rehearsed=True),
        Arm("instances", "each trace's own cases, not merged; with rehearsal", of_instances, rehearsed=True),
        Arm("no-rehearsal", "principles practised on cases, without rehearsal", of_principles),
        Arm("slumber", "principles practised on cases, with rehearsal", of_principles, rehearsed=True),
        Arm("at-once", "all nights' practised cases at once, at the end", of_principles, rehearsed=True, at_once=True),
    )
}


def chosen_arms(names: Sequence[str]) -> list[Arm]:
    """Return the arms in the order in which they run; the base is always one.

    Raises:
        SlumberError: there is no such arm.
    """
    if unknown := [name for name in names if name not in ARMS]:
        raise SlumberError(f"There is no arm {unknown[0]!r}: the arms are {', '.join(ARMS)}.")
    return [arm for arm in ARMS.values() if arm.name in {"no-update", *names}]
