"""Traces of agents at work, with how it ended if that is known. They wait to be learned from."""

from typing import ClassVar, Literal

from steps.kinds.entry import Feedback, Input, Text
from steps.kinds.messages import MessagesKind, Talk, tells_something
from steps.records import Experience


class OutcomeInput(Input):
    status: Text
    feedback: Feedback = None


class TraceEntry(Talk):
    kind: Literal["trace"]
    outcome: OutcomeInput | None = None
    feedback: Feedback = None


class Trace(MessagesKind):
    name = "trace"
    entry = TraceEntry
    trust: ClassVar = "agent"

    def idle(self, experience: Experience) -> str | None:
        payload = experience.payload
        messages, judged = payload.get("messages", []), payload.get("outcome", {}).get("feedback")
        if judged or payload.get("feedback") or any(message.get("tool_calls") for message in messages):
            return None
        return None if tells_something(messages) else "nothing was done in it"
