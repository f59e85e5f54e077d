"""Lessons of traces: the principles of a night, each practised on cases; what was refused is in none of them."""

from collections.abc import Sequence

from steps.kinds.conversation.turns import corrections
from steps.kinds.kind import Dreaming
from steps.kinds.trace.practising import CaseSource, NoCases, WrittenCases, practised
from steps.kinds.trace.principles import Principle, principles
from steps.model.chat_model import Sampling
from steps.records import Dream, Experience, content_id


def practice_dreams(experiences: Sequence[Experience], dreaming: Dreaming) -> list[Dream]:
    """Return the lessons of tonight's traces; where a server writes dreams, it writes further cases, too."""
    knobs = dreaming.settings.dream
    source: CaseSource = NoCases()
    if knobs.server:
        sampling = Sampling(knobs.temperature, knobs.top_k)
        source = WrittenCases(dreaming.writer, sampling, dreaming.settings.seed, dreaming.refused)
    dreams: list[Dream] = []
    for principle in principles(experiences):
        if why := principle.refused:
            dreaming.refused[f"principle: {why}"] += 1
        elif not _is_known(principle, dreaming):
            dreams += dreams_of(principle, source, night=dreaming.night)
    return dreams


def dreams_of(principle: Principle, source: CaseSource, *, night: str) -> list[Dream]:
    """Return a lesson for each case that a principle is practised on.

    What is written is imitated, not distilled: a model that reads the lesson does what it says whether it applies or
    not, so that it is no teacher of when (docs/log.md).
    """
    own = {one.situation.asked: one for one in principle.support}
    found = []
    for case in practised(principle, source):
        seen = own.get(case.asked, principle.support[0])
        found.append(
            Dream(
                id=content_id("practice", case.asked, case.said),
                night=night,
                strategy="practice",
                experience=seen.experience.id,
                source=seen.experience.source,
                sentence=part_of(seen.experience, seen.number or 0),
                question=case.asked,
                answer=case.said,
                verification={"principle": principle.id, "case": case.origin, "traces": float(principle.traces)},
                messages=({"role": "user", "content": case.asked},),
                objective="imitate",
            )
        )
    return found


def part_of(experience: Experience, number: int) -> int:
    """The number of the part that a situation is: they stand after what users corrected."""
    return len(corrections(experience.payload)) + number


def _is_known(principle: Principle, dreaming: Dreaming) -> bool:
    """Whether all traces that show it were taught before, or are not to be taught."""
    return all(
        part_of(one.experience, one.number or 0) in dreaming.known.get(one.experience.id, ())
        for one in principle.support
    )
