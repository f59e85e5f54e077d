"""Demonstrations: how the assistant should answer. Each of its turns is learned as it stands, word by word."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import field_validator

from steps.ingest.redact import PLACEHOLDER
from steps.kinds.kind import Dreaming, Passage
from steps.kinds.messages import (
    NO_TEXT,
    SHOWN_CHARS,
    Message,
    MessagesKind,
    Talk,
    asked_last,
    bare,
    opening,
    shows_no_text,
)
from steps.kinds.ordered import ORDERED, ordered_at, said
from steps.kinds.trace.acts import acts_of
from steps.model.tools import shown
from steps.model.window import LONGER
from steps.records import Dream, Experience, content_id

SUITE = "demonstrations"
STRATEGY = "demonstration"


class DemonstrationEntry(Talk):
    kind: Literal["demonstration"]

    @field_validator("messages")
    @classmethod
    def _shows_something(cls, messages: list[Message]) -> list[Message]:
        said = [message for message in messages if message.role == "assistant"]
        if not any(message.content or message.tool_calls for message in said):
            raise ValueError("a demonstration needs a message of the assistant that says something")
        return messages


class Demonstration(MessagesKind):
    """A talk whose answers are as they should be. Its parts are the turns of the assistant that are to be learned."""

    name = "demonstration"
    entry = DemonstrationEntry
    learned = True
    suite: ClassVar[str] = SUITE

    def idle(self, experience: Experience) -> str | None:
        places = turns(experience.payload)
        if places and ordered_at(experience.payload["messages"]) <= places[0]:
            return ORDERED
        return None if places else "it shows no answer that is to be learned"

    def parts(self, experience: Experience) -> list[tuple[str, ...]]:
        messages = experience.payload.get("messages", [])
        return [(said(messages[place]),) for place in turns(experience.payload)]

    def passages(self, experience: Experience) -> list[Passage]:
        return [Passage(experience, 0, [part[-1] for part in self.parts(experience)], SUITE)]

    def lessons(self, experiences: Sequence[Experience], dreaming: Dreaming) -> list[Dream]:
        """One for each turn; what the model cannot be shown whole, or holds what was blacked out, is refused.

        So is an answer that gives an order to a model, or comes after one, and a call that its tool refused: of a talk
        that goes on with the right one, that is shown.
        """
        found = []
        for experience in experiences:
            known = dreaming.known.get(experience.id, ())
            places, ordered = turns(experience.payload), ordered_at(experience.payload["messages"])
            acts = acts_of(experience.payload["messages"])
            for number, place in enumerate(places):
                if number in known:
                    continue
                if place >= ordered:
                    dreaming.refused[ORDERED] += len(places) - number
                    break
                if place in acts and all(act.refused for act in acts[place]):
                    dreaming.refused["shows a call that its tool answered with an error"] += 1
                    continue
                taught = self._taught(experience, place)
                answer = shown(taught["completion"], taught["calls"])
                if PLACEHOLDER.search(answer):
                    dreaming.refused["shows what was blacked out"] += 1
                elif shows_no_text(taught["messages"]):
                    dreaming.refused[NO_TEXT] += len(places) - number
                    break
                elif reason := dreaming.obstacle(**{name: taught[name] for name in _SHOWN}):
                    if reason.startswith(LONGER):  # so are the turns after it, and each would be read from the start
                        dreaming.refused[reason] += len(places) - number
                        break
                    dreaming.refused[reason] += 1
                else:
                    found.append(_dream(experience, number, taught["messages"], answer, dreaming.night))
        return found

    def lesson(self, experience: Experience, dream: Dream) -> dict[str, Any]:
        place = turns(experience.payload)[dream.sentence or 0]
        return self._taught(experience, place) | {"talk": experience.id}

    def _taught(self, experience: Experience, place: int) -> dict[str, Any]:
        """What comes before the message at ``place``, and what it says."""
        messages = experience.payload["messages"]
        return {
            "messages": tuple(map(bare, messages[:place])),
            "completion": messages[place].get("content") or "",
            "calls": tuple(messages[place].get("tool_calls") or ()),
            "tools": tuple(experience.payload.get("tools") or ()),
        }


_SHOWN = ("messages", "completion", "calls", "tools")


def turns(payload: Mapping[str, Any]) -> list[int]:
    """The places of the messages that are learned: what the assistant says or calls after somebody asked.

    OpenAI's weight 0 leaves one out; what stands first answers nobody.
    """
    messages = payload.get("messages", [])
    return [
        place
        for place, one in enumerate(messages)
        if one["role"] == "assistant"
        and one.get("weight", 1) != 0
        and (one.get("tool_calls") or any(map(str.isalnum, one.get("content") or "")))
        and any(before["role"] != "system" for before in messages[:place])
    ]


def _dream(experience: Experience, number: int, before: Sequence[Mapping[str, Any]], answer: str, night: str) -> Dream:
    asked = asked_last(before) or experience.title
    return Dream(
        id=content_id(STRATEGY, experience.id, number),
        night=night,
        strategy=STRATEGY,
        experience=experience.id,
        source=experience.source,
        sentence=number,
        question=asked[:SHOWN_CHARS],
        answer=answer[:SHOWN_CHARS],
        objective="imitate",
        verification={"opening": opening(experience.payload["messages"], experience.title)},
    )
