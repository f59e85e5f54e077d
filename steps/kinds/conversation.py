"""Conversations, with what the owner thought of them. They wait to be learned from."""

from typing import Literal

from steps.kinds.entry import Feedback
from steps.kinds.messages import MessagesKind, Talk
from steps.orders import is_order
from steps.records import Experience
from steps.sentences import sentences


class ConversationEntry(Talk):
    kind: Literal["conversation"]
    feedback: Feedback = None


class Conversation(MessagesKind):
    name = "conversation"
    entry = ConversationEntry

    def notes(self, experience: Experience) -> list[tuple[str, ...]]:
        """What the user said, but for questions: of an assistant's words nobody knows whether they are true."""
        said = [m.get("content") or "" for m in experience.payload.get("messages", ()) if m.get("role") == "user"]
        told = [part for text in said for part in sentences(text)]
        return [("" if part.rstrip().endswith("?") or is_order(part) else part,) for part in told]
