"""Preferences: of two answers the better one. They wait to be learned from."""

from typing import Literal

from steps.kinds.entry import Entry, Text
from steps.kinds.messages import Messages, MessagesKind


class PreferenceEntry(Entry):
    kind: Literal["preference"]
    prompt: Text | Messages
    chosen: Text | Messages
    rejected: Text | Messages


class Preference(MessagesKind):
    name = "preference"
    entry = PreferenceEntry
    chats = ("prompt", "chosen", "rejected")
