"""What is looked up before the champion is asked: notes of everybody, of the tenant, and of the user who asks."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from transformers import PreTrainedTokenizerBase

from steps.diary import person
from steps.errors import SlumberError
from steps.memory.encoder import Encoder, encoder
from steps.memory.files import memory_path, opened
from steps.memory.looking_up import look_up
from steps.memory.notes import Note
from steps.memory.prompting import last_question, note_line
from steps.model.chat_model import Messages
from steps.settings import Settings
from steps.workspace import Workspace


class Recall:
    """Looks notes up. What cannot be read is said in ``problem``, and the question is asked without notes.

    Args:
        today: tells the day, by which notes end; in the time zone of the schedule. If none does, it is what the clock
            says, and never before what has gone by since the start: what has ended does not come back because
            somebody sets the clock back.
        reader: who encodes the question.
    """

    def __init__(
        self,
        settings: Settings,
        workspace: Workspace,
        *,
        today: Callable[[], date] | None = None,
        reader: Encoder | None = None,
    ):
        self._knobs, self._workspace, self._reader = settings.memory, workspace, reader
        self._today = today or _running_day(ZoneInfo(settings.schedule.timezone))
        self.problem: str | None = None

    def begin(self) -> None:
        """Load the encoder if there is anything to look up: the first question need not wait for it."""
        if self._knobs.enabled and memory_path(self._workspace, None).exists():
            self.notes([{"role": "user", "content": "What is water?"}], tenant=None, user=None)

    def notes(self, chat: Messages, *, tenant: str | None, user: str | None) -> list[Note]:
        """Return the notes that may answer what the user asked last, the best first."""
        place = last_question(chat)
        paths = [memory_path(self._workspace, whose) for whose in dict.fromkeys((None, tenant))]
        there = [path for path in paths if path.exists()]
        if not (self._knobs.enabled and there) or place is None or not chat[place]["content"].strip():
            return []
        try:
            with ExitStack() as stack:
                found = look_up(
                    [stack.enter_context(opened(path)) for path in there],
                    chat[place]["content"],
                    encoder=self._reader or encoder(),
                    today=self._today(),
                    user=person(user, tenant),
                    persisted=self._knobs.persisted,
                    most=self._knobs.notes,
                    min_score=self._knobs.min_score,
                )
        except SlumberError as error:
            self.problem = f"Nothing is looked up: {error}"
            return []
        self.problem = None
        return [near.note for near in found]

    def within(self, notes: list[Note], tokenizer: PreTrainedTokenizerBase) -> list[Note]:
        """Return those of the notes, the best first, that have room together in ``memory.tokens``."""
        kept, room = [], self._knobs.tokens
        for note in notes:
            tokens = len(tokenizer.encode(note_line(note), add_special_tokens=False))
            if tokens <= room:
                kept.append(note)
                room -= tokens
        return kept


def _running_day(zone: ZoneInfo) -> Callable[[], date]:
    """Return what tells the day by two clocks: the one that people set, and the one that nobody does."""
    start, began = time.time(), time.monotonic()

    def today() -> date:
        gone_by = start + time.monotonic() - began
        return datetime.fromtimestamp(max(time.time(), gone_by), zone).date()

    return today


def told(notes: list[Note]) -> list[dict[str, Any]]:
    """What the client learns of the notes that an answer was given with."""
    return [
        {
            "id": note.id,
            "source": note.source,
            "noted": note.created_at.isoformat(),
            "holds_until": note.valid_until.isoformat() if note.valid_until else None,
            "why": note.why,
        }
        for note in notes
    ]
