"""How notes are put before a question: quoted, dated, and named as notes, which tell and order nothing."""

from collections.abc import Sequence

from steps.memory.notes import Note
from steps.model.chat_model import Messages


def note_line(note: Note) -> str:
    """Return a note as the model reads it."""
    until = f", holds until {note.valid_until}" if note.valid_until else ""
    title = f"{note.title}: " if note.title else ""
    return f"- (of {note.created_at}{until}) {title}{' '.join(note.text.split())}"


def with_notes(messages: Messages, notes: Sequence[Note]) -> list[dict]:
    """Return a chat whose last question has the notes before it; it is asked as the examination asks with a document.

    Of the wordings that were tried this one let the embedded model find the most facts (docs/log.md).
    """
    chat = [dict(message) for message in messages]
    place = last_question(chat)
    if not notes or place is None:
        return chat
    lines = "\n".join(map(note_line, notes))
    chat[place]["content"] = (
        f"Read these notes and answer the question.\n\nNotes:\n{lines}\n\nQuestion: {chat[place]['content']}"
    )
    return chat


def last_question(chat: Messages) -> int | None:
    """Return the place of what the user said last, None if he said nothing."""
    return next((place for place in reversed(range(len(chat))) if chat[place]["role"] == "user"), None)
