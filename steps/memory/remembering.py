"""Bringing nights into memory, each once: what is new is written, what a page no longer says leaves.

All that a night changes is one transaction. A killed one has changed nothing, and is brought by the next.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from pydantic import BaseModel

from steps.consolidate.left_out import LeftOut
from steps.consolidate.superseded import Gone
from steps.memory.encoder import Encoder
from steps.memory.made import Page, pages_of
from steps.memory.notes import Edit, Note, Why
from steps.memory.store import Memory
from steps.progress import progress
from steps.records import Carried, Experience, Triaged
from steps.workspace import PROMOTION, VERDICT, Workspace, each_record, read_records

_AT_ONCE = 256  # texts that are encoded between two lines of progress


class Change(BaseModel):
    """How many notes came, were written anew and left."""

    written: int = 0
    changed: int = 0
    removed: int = 0

    def __add__(self, other: "Change") -> "Change":
        return Change(**{name: value + getattr(other, name) for name, value in self.model_dump().items()})


def to_bring(memory: Memory, workspace: Workspace, night: str, *, persisted: bool) -> list[str]:
    """Return the nights up to this one that are not in memory, oldest first, and this one whatever is there."""
    there = dict(memory.connection.execute("SELECT night, with_persisted FROM nights"))
    nights = [n for n in workspace.nights("triage") if n <= night]
    return [n for n in nights if n == night or n not in there or (persisted and not there[n])]


def bring(
    memory: Memory, workspace: Workspace, night: str, *, persisted: bool, encoder: Encoder, left_out: LeftOut
) -> Change:
    """Write down what a night brought. ``persisted``: also what the weights have learned."""
    promoted, waiting = _outcome(workspace, night), _waiting(workspace, night, left_out)
    pages = [page for page in _pages(workspace, night, promoted, waiting) if _is_latest(memory, page.name, night)]
    wanted = {page.name: _wanted(memory, page, persisted=persisted) for page in pages}
    standing = {name: memory.of_page(name) for name in wanted}
    new = [
        note
        for name, notes in wanted.items()
        for note in notes or ()
        if note.id not in standing[name] and not memory.is_gone(note.id)
    ]
    vectors = _encoded(encoder, new)
    with memory.connection:
        # What stands there is read again: while texts were encoded, people may have edited and forgotten.
        standing = {name: memory.of_page(name) for name in wanted}
        fresh = [(note, vector) for note, vector in zip(new, vectors, strict=True) if not memory.is_gone(note.id)]
        change = Change(written=len(fresh))
        for note, vector in fresh:
            memory.add(note, vector)
        for name, notes in wanted.items():
            if notes is None:
                continue
            ids = {note.id for note in notes}
            change.removed += memory.drop(number for number in standing[name] if number not in ids)
            change.changed += _renewed(memory, [n for n in notes if n.id in standing[name]], standing[name])
            memory.connection.execute("INSERT OR REPLACE INTO pages VALUES (?, ?)", (name, night))
        change += _withdraw(memory, Gone.until(workspace, night), night, encoder)
        change.changed += _settle(memory, night, promoted, waiting)
        memory.connection.execute("INSERT OR REPLACE INTO nights VALUES (?, ?)", (night, persisted))
    return change


def _waiting(workspace: Workspace, night: str, left_out: LeftOut) -> Callable[[str, tuple[int, ...]], bool]:
    """Whether parts of an experience wait: for a night with room, or since their kind was left out, for its next."""
    path = workspace.dataset("carried", night)
    carried: dict[str, set[int]] = {}
    for row in read_records(path, Carried) if path.exists() else ():
        carried.setdefault(row.experience, set()).update(row.waiting)
    left = left_out.experiences([n for n in workspace.nights("dreams") if n <= night])
    return lambda experience, parts: experience in left or bool(carried.get(experience, set()) & {*parts})


def _outcome(workspace: Workspace, night: str) -> Why:
    """Where what a night learned is now."""
    try:
        promotion = json.loads((workspace.night_dir(night) / PROMOTION).read_text(encoding="utf-8"))
        verdict = json.loads((workspace.night_dir(night) / VERDICT).read_text(encoding="utf-8"))["verdict"]
    except (FileNotFoundError, ValueError, KeyError):
        return "waits"  # the night did not come to its end
    if promotion.get("promoted") or verdict == "NO_OP":
        return "persisted"
    return "waits" if promotion.get("waiting") else "refused"


def _pages(
    workspace: Workspace, night: str, promoted: Why, waiting: Callable[[str, tuple[int, ...]], bool]
) -> Iterable[Page]:
    triaged = {row.experience: row for row in read_records(workspace.dataset("triage", night), Triaged)}
    corpus = (experience for _, experience in each_record(workspace.dataset("corpus", night), Experience))

    def why(experience: Experience, parts: tuple[int, ...]) -> Why:
        if triaged[experience.id].waits:
            return "unlearned"
        return "waits" if waiting(experience.id, parts) else promoted

    return pages_of(corpus, triaged, night=night, why=why)


def _withdraw(memory: Memory, gone: Gone, night: str, encoder: Encoder) -> Change:
    """Take out of notes what is not said any more, or was answered otherwise since; a note of nothing else leaves."""
    removed, shorter = [], []
    for note in map(memory.find, memory.of_experiences(gone.parts)):
        parts = tuple(n for n in note.parts if gone.since(note.experience, n, taught=note.night or "") is None)
        if not note.parts or parts == note.parts:
            continue
        removed.append(note.id)
        text = _without(note, gone)
        if parts and text and (text != note.text or note.history):  # what is said otherwise there cannot be cut out
            was = Edit(on=date.fromisoformat(night), **note.model_dump(include={"title", "text", "valid_until"}))
            shorter.append(note.model_copy(update={"text": text, "parts": parts, "history": (*note.history, was)}))
    count = memory.drop(removed) - len(shorter)
    for note, vector in zip(shorter, _encoded(encoder, shorter), strict=True):
        memory.add(note, vector)
    return Change(removed=count, changed=len(shorter))


def _without(note: Note, gone: Gone) -> str:
    text = note.text
    for said in gone.texts(note.experience, taught=note.night or ""):  # as a whole: not "At 9" of "At 90 metres"
        text = re.sub(rf"(?<!\S){re.escape(said)}(?!\S)", "", text, count=1) if said else text
    return " ".join(text.split())


def _is_latest(memory: Memory, page: str, night: str) -> bool:
    row = memory.connection.execute("SELECT night FROM pages WHERE page = ?", (page,)).fetchone()
    return row is None or row[0] <= night


def _wanted(memory: Memory, page: Page, *, persisted: bool) -> list[Note] | None:
    notes = page.notes
    if notes is None:  # discarded: what it says stays if it stood there
        notes = page.otherwise if memory.of_page(page.name) else None
    return notes if persisted or notes is None else [note for note in notes if note.why != "persisted"]


def _encoded(encoder: Encoder, notes: Sequence[Note]) -> list:
    vectors: list = []
    if notes:
        with progress("notes", len(notes)) as meter:
            for start in range(0, len(notes), _AT_ONCE):
                some = [note.said for note in notes[start : start + _AT_ONCE]]
                vectors += list(encoder.encode(some))
                meter.advance(len(some))
    return vectors


def _renewed(memory: Memory, notes: Iterable[Note], standing: dict[str, Note]) -> int:
    """Give notes that stand there the end and the place of tonight's; what a person edited stays as it was edited."""
    count = 0
    for note in notes:
        old = standing[note.id]
        kept = {"title": old.title, "text": old.text, "valid_until": old.valid_until} if old.history else {}
        renewed = note.model_copy(update={**kept, "history": old.history})
        if renewed != old:
            memory.change(renewed)
            count += 1
    return count


def _settle(memory: Memory, night: str, promoted: Why, waiting: Callable[[str, tuple[int, ...]], bool]) -> int:
    """Note of earlier nights' passages, which tonight learned or left again, where they are now."""
    count = Counter[str]()
    for note in memory.unsettled():
        if note.night is None or note.night >= night or promoted == "waits":
            continue
        now: Why = "waits" if waiting(note.experience or "", note.parts) else promoted
        if note.why != now:
            memory.change(note.model_copy(update={"why": now}))
            count[now] += 1
    return count.total()
