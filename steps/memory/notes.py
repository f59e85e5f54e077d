"""A note: a few sentences under their title, with where they come from, whose they are, and until when they hold."""

from datetime import date
from typing import Literal

from pydantic import Field

from steps.records import Record, content_id

Why = Literal["expires", "own", "refused", "waits", "unlearned", "persisted", "added"]
WHY: dict[Why, str] = {
    "expires": "it holds for a while only",
    "own": "one user's own",
    "refused": "the gate would not let it in",
    "waits": "it waits for a night with room",
    "unlearned": "nothing can be learned from it yet",
    "persisted": "persisted source",
    "added": "added by hand",
}
"""Why a note is in memory, in words."""


class Edit(Record):
    """What a note said before it was edited."""

    on: date
    title: str
    text: str
    valid_until: date | None


class Note(Record):
    """What is looked up. ``id`` is made of its page, owner and first words, and stays when it is edited.

    ``page``: what a later version takes the place of; ``parts``: the numbers of what of its experience it says.
    """

    id: str
    page: str
    title: str
    text: str
    source: str = Field(description="trace, or file of the inbox")
    owner: str | None = Field(None, description="the user whose it is; None: everyone's")
    created_at: date
    valid_until: date | None = Field(None, description="the last day on which it is looked up")
    why: Why
    night: str | None = None
    experience: str | None = None
    parts: tuple[int, ...] = ()
    kind: str = Field("document", description="of the experience that it comes from")
    history: tuple[Edit, ...] = Field((), description="what it said before, oldest first")

    @property
    def said(self) -> str:
        """What is compared with a question."""
        return f"{self.title}\n{self.text}" if self.title else self.text

    def holds(self, today: date) -> bool:
        """Whether it may still be looked up."""
        return self.valid_until is None or self.valid_until >= today


def note_id(page: str, owner: str | None, title: str, text: str) -> str:
    """Return the id of a note by what it says first, whose it is, and on which page."""
    return content_id("note", page, owner, title, text)
