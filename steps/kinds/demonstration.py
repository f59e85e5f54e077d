"""Demonstrations: how the assistant should answer. They wait to be learned from."""

from typing import Literal

from pydantic import field_validator

from steps.kinds.messages import Message, MessagesKind, Talk
from steps.records import Experience


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
    name = "demonstration"
    entry = DemonstrationEntry

    def idle(self, experience: Experience) -> str | None:
        said = [message for message in experience.payload.get("messages", []) if message["role"] == "assistant"]
        shows = any(m.get("tool_calls") or any(map(str.isalnum, m.get("content") or "")) for m in said)
        return None if shows else "it shows no answer"
