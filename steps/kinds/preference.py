"""Preferences: of two answers the better one. They wait to be learned from."""

from typing import Any, ClassVar, Literal

from steps.kinds.entry import Text
from steps.kinds.messages import Chat, Messages, MessagesKind
from steps.records import Experience


class PreferenceEntry(Chat):
    kind: Literal["preference"]
    prompt: Text | Messages
    chosen: Text | Messages
    rejected: Text | Messages


class Preference(MessagesKind):
    name = "preference"
    entry = PreferenceEntry
    chats = ("prompt", "chosen", "rejected")
    trust: ClassVar = "user"

    def idle(self, experience: Experience) -> str | None:
        chosen, rejected = (_said(experience.payload[side]) for side in ("chosen", "rejected"))
        return "its two answers are the same" if chosen == rejected else None


def _said(side: str | list[dict[str, Any]]) -> list[Any]:
    """What an answer says, whatever its spaces."""
    if isinstance(side, str):
        return side.split()
    return [[m["role"], (m.get("content") or "").split(), m.get("tool_calls")] for m in side]
