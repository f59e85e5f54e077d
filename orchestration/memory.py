"""What `slumber memory` does."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from orchestration.environment import Deployment
from orchestration.memory_tables import SHOWN_ID
from steps.diary import person
from steps.errors import SlumberError
from steps.ingest.normalise import whole_characters
from steps.memory.files import memory_path, opened
from steps.memory.notes import WHY, Edit, Note, note_id
from steps.memory.store import Memory, Near


@contextmanager
def reading(found: Deployment, tenant: str | None) -> Iterator[Memory]:
    """Open a memory that is there.

    Raises:
        SlumberError: it is not.
    """
    path = path_of(found, tenant)
    if not path.exists():
        whose = f"of {tenant}" if tenant else "here"
        raise SlumberError(f"There is no memory {whose} yet: a night writes it, or `slumber memory add`.")
    with opened(path) as memory:
        yield memory


def path_of(found: Deployment, tenant: str | None) -> Path:
    """Where a tenant's notes lie.

    Raises:
        SlumberError: no key can have such a name.
    """
    if tenant is not None and not re.fullmatch(r"[A-Za-z0-9_.-]+", tenant):
        raise SlumberError(f"{tenant!r} is no name of an API key: those have letters, digits, dots, dashes.")
    return memory_path(found.workspace, tenant)


def chosen_notes(found: Deployment, tenant: str | None, *, user: str | None, why: str | None) -> list[Note]:
    """Return the notes of a memory, or of them one user's own, or those that are there for one reason."""
    if why is not None and why not in WHY:
        raise SlumberError(f"{why!r} is no reason: take one of {', '.join(WHY)}.")
    with reading(found, tenant) as memory:
        notes = memory.notes()
    owner = person(user, tenant)
    return [note for note in notes if owner in (None, note.owner) and why in (None, note.why)]


def searched(found: Deployment, question: str, *, tenant: str | None, user: str | None) -> list[Near]:
    """Look a question up as the server does."""
    from contextlib import ExitStack

    from steps.memory.encoder import encoder
    from steps.memory.looking_up import look_up

    knobs = found.settings.memory
    paths = [path_of(found, whose) for whose in dict.fromkeys((None, tenant))]
    with ExitStack() as stack:
        return look_up(
            [stack.enter_context(opened(path)) for path in paths if path.exists()],
            whole_characters(question),
            encoder=encoder(),
            today=date.fromisoformat(found.tonight()),
            user=person(user, tenant),
            persisted=knobs.persisted,
            most=knobs.notes,
            min_score=knobs.min_score,
        )


def added(
    found: Deployment, text: str, *, title: str, until: str | None, user: str | None, source: str, tenant: str | None
) -> str:
    """Write a note and say so.

    Raises:
        SlumberError: it says nothing, its end is past, or nobody of that name would ever be answered with it.
    """
    from steps.memory.encoder import encoder

    _check_owner(found, tenant)
    text, today, owner = _text(text), date.fromisoformat(found.tonight()), person(user, tenant)
    number = note_id(f"added: {source}", owner, title, text)
    note = Note(
        id=number,
        page=f"added: {source}",
        title=title,
        text=text,
        source=source,
        owner=owner,
        created_at=today,
        valid_until=_day(until, today=today),
        why="added",
    )
    (vector,) = encoder().encode([note.said])
    with opened(path_of(found, tenant)) as memory, memory.connection:
        there = memory.of_page(note.page).get(number)
        if there:
            note = note.model_copy(update={"history": (*there.history, _as_it_was(there, today))})
        memory.add(note, vector)
    said = "was there already, and holds as you say now" if there else "is looked up from now on"
    return f"{number[:SHOWN_ID]} {said}."


def _check_owner(found: Deployment, tenant: str | None) -> None:
    """Refuse who is neither a tenant nor has a key: a misspelt tenant's words would lie where nobody removes them."""
    from awake.keys import Owner, read_keys

    if tenant and not found.tenant and found.settings.keys and Owner(tenant) not in read_keys(found.settings.keys):
        raise SlumberError(
            f"{tenant!r} is no tenant (`slumber tenants list`), and no owner of an API key for everybody's champion."
        )


def edited(
    found: Deployment, start: str, *, text: str | None, title: str | None, until: str | None, tenant: str | None
) -> str:
    """Change a note and say so."""
    if text is None and title is None and until is None:
        raise SlumberError("Say what is to change: --text, --title or --until.")
    from steps.memory.encoder import encoder

    today = date.fromisoformat(found.tonight())
    with reading(found, tenant) as memory:
        old = memory.find(start)
        change = {
            "text": old.text if text is None else _text(text),
            "title": old.title if title is None else title,
            "valid_until": old.valid_until if until is None else _day(until, today=today),
        }
        note = old.model_copy(update={**change, "history": (*old.history, _as_it_was(old, today))})
        (vector,) = encoder().encode([note.said])
        with memory.connection:
            if memory.find(old.id) != old:  # or it is gone: a night writes, too
                raise SlumberError(f"{old.id[:SHOWN_ID]} was changed meanwhile: look at it again.")
            memory.add(note, vector)
    return f"{note.id[:SHOWN_ID]} is changed; what it said before stays in its history until it is forgotten."


def to_forget(found: Deployment, starts: Sequence[str], *, user: str | None, tenant: str | None) -> list[Note]:
    """Return the notes that are to go.

    Raises:
        SlumberError: there are none.
    """
    with reading(found, tenant) as memory:
        owner = person(user, tenant)
        going = [memory.find(start) for start in starts] or [n for n in memory.notes() if n.owner == owner]
    if not going:
        raise SlumberError(f"There is nothing of {user!r} in memory.")
    return going


def forgotten(found: Deployment, notes: Sequence[Note], *, tenant: str | None) -> str:
    """Delete notes and say so."""
    from steps.memory.forgetting import forget_notes

    with reading(found, tenant) as memory:
        count = forget_notes(memory, [note.id for note in notes])
    weights = [note for note in notes if note.why == "persisted" and note.experience]
    more = f" Still in the weights: `slumber forget {weights[0].experience}`." if weights else ""
    return f"{count} {'note is' if count == 1 else 'notes are'} gone.{more}"


def _as_it_was(note: Note, today: date) -> Edit:
    return Edit(on=today, title=note.title, text=note.text, valid_until=note.valid_until)


def _text(text: str) -> str:
    text = whole_characters(text).strip()
    if not text:
        raise SlumberError("A note must say something.")
    return text


def _day(until: str | None, *, today: date) -> date | None:
    if until is None or until == "never":
        return None
    try:
        day = date.fromisoformat(until)
    except ValueError:
        raise SlumberError(f"{until!r} is no day: write it as a date such as 2026-12-04, or never.") from None
    if day < today:
        raise SlumberError(f"{until} is past: nobody would be told of it.")
    return day
