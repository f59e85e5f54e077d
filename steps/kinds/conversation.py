"""Conversations, with what the owner thought of them. They wait to be learned from."""

from typing import Literal

from steps.kinds.entry import Feedback
from steps.kinds.messages import MessagesKind, Talk


class ConversationEntry(Talk):
    kind: Literal["conversation"]
    feedback: Feedback = None


class Conversation(MessagesKind):
    name = "conversation"
    entry = ConversationEntry
