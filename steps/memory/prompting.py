"""How notes are put before a question: quoted, dated, named as notes: they tell something and order nothing."""

from collections.abc import Sequence

from steps.memory.notes import Note
from steps.model.chat import question_message
from steps.model.chat_model import Messages


def note_line(note: Note) -> str:
    """Return a note as the model reads it, in one line."""
    until = f", holds until {note.valid_until}" if note.valid_until else ""
    title = f"{note.title}: " if note.title else ""
    return f"- (note of {note.created_at}{until}) {title}{' '.join(note.text.split())}"


def with_notes(messages: Messages, notes: Sequence[Note]) -> list[dict]:
    """Return a chat whose last question has the notes before it, as an examination puts a document there.

    Of eight wordings none let the embedded model find more facts than chance explains (docs/log.md).
    """
    chat = [dict(message) for message in messages]
    place = last_question(chat)
    if notes and place is not None:
        chat[place]["content"] = question_message(chat[place]["content"], "\n".join(map(note_line, notes)))
    return chat


def last_question(chat: Messages) -> int | None:
    """Return the place of what the user said last, None if he said nothing."""
    return next((place for place in reversed(range(len(chat))) if chat[place]["role"] == "user"), None)
