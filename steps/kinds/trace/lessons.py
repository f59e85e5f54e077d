"""Lessons of traces: the principles of a night, each practised on cases; what was refused is in none of them."""

import json
from collections.abc import Sequence
from typing import Any

from steps.kinds.conversation.turns import corrections
from steps.kinds.kind import Dreaming
from steps.kinds.trace.practising import CaseSource, NoCases, WrittenCases, practised
from steps.kinds.trace.principles import Principle, principles, teaching
from steps.model.chat_model import Sampling
from steps.records import Dream, Experience, content_id

STRATEGY = "practice"


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
    by_id = {experience.id: experience for experience in experiences}
    return [dream for dream in dreams if _fits(dream, by_id[str(dream.experience)], dreaming)]


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
                id=content_id(STRATEGY, case.asked, case.said),
                night=night,
                strategy=STRATEGY,
                experience=seen.experience.id,
                source=seen.experience.source,
                sentence=part_of(seen.experience, seen.number or 0),
                question=case.asked,
                answer=case.said,
                verification={
                    "principle": principle.id,
                    "case": case.origin,
                    "traces": float(principle.traces),
                    "words": case.words,
                    **({"call": json.dumps(case.call, ensure_ascii=False)} if case.call else {}),
                },
                objective="imitate",
            )
        )
    return found


def taught(experience: Experience, dream: Dream) -> dict[str, Any]:
    """What the model that learns is shown: a case of the trace after the messages that led to it, others by themselves.

    Tries that were refused stand nowhere before it.
    """
    messages: tuple[dict[str, Any], ...] = ({"role": "user", "content": dream.question},)
    if dream.verification.get("case") == "trace":
        own = next((one for one in teaching(experience) if one.asked == dream.question), None)
        given = experience.payload["messages"]
        system = tuple(given[:1]) if given[0]["role"] in ("system", "developer") else ()
        if own is not None:  # else an earlier version of this code has read the trace otherwise
            messages = (*system, *(given[place] for place in own.before))
    call = dream.verification.get("call")
    return {
        "messages": messages,
        "completion": str(dream.verification.get("words", dream.answer)),
        "calls": (json.loads(str(call)),) if call else (),
        "tools": tuple(experience.payload.get("tools") or ()),
    }


def _fits(dream: Dream, experience: Experience, dreaming: Dreaming) -> bool:
    why = dreaming.obstacle(**taught(experience, dream))
    if why:
        dreaming.refused[why] += 1
    return why is None


def part_of(experience: Experience, number: int) -> int:
    """The number of the part that a situation is: they stand after what users corrected."""
    return len(corrections(experience.payload)) + number


def _is_known(principle: Principle, dreaming: Dreaming) -> bool:
    """Whether all traces that show it were taught before, or are not to be taught."""
    return all(
        part_of(one.experience, one.number or 0) in dreaming.known.get(one.experience.id, ())
        for one in principle.support
    )
