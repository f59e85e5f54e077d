"""Traces of agents at work, with how it ended. They wait to be learned from."""

from typing import Literal

from steps.kinds.entry import Feedback, Input, Text
from steps.kinds.messages import MessagesKind, Talk


class OutcomeInput(Input):
    status: Text
    feedback: Feedback = None


class TraceEntry(Talk):
    kind: Literal["trace"]
    outcome: OutcomeInput


class Trace(MessagesKind):
    name = "trace"
    entry = TraceEntry
