"""Which notes a night's experiences make: what triage called temporary, and the passages of what it persisted.

A note is a few sentences under one heading that end on one day, cut between sentences: a small model finds a fact in it
that it overlooks in a page.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from steps.ingest.tables import version_of
from steps.kinds.document.moments import undated
from steps.kinds.entry import created_on
from steps.kinds.table import kind_of
from steps.memory.notes import Note, Why, note_id
from steps.records import Experience, Triaged
from steps.triage.validity import validity

NOTE_CHARS = 400
_UNDATED_DAYS = 1  # "tomorrow", and nothing says from when: the day after the night is the last one it can mean


class Page(NamedTuple):
    """What is to stand in memory of one page from now on; None: as it was, if it stands there."""

    name: str
    notes: list[Note] | None
    otherwise: list[Note]
    """What stands there if the page was known before."""


def pages_of(
    corpus: Iterable[Experience],
    triaged: Mapping[str, Triaged],
    *,
    night: str,
    why: Callable[[Experience, tuple[int, ...]], Why],
) -> Iterator[Page]:
    """Yield what a night says of each page, in order.

    Args:
        why: of what was persisted, by the numbers of its parts: whether it is in the weights now.
    """
    for experience in corpus:
        row = triaged.get(experience.id)
        if row is None:
            continue
        page = _page(experience)
        if row.verdict == "discard":
            ended = row.valid_until is not None and row.valid_until < date.fromisoformat(night)
            again = [] if experience.same_as or ended else _notes(experience, row, page, night=night, why=why)
            yield Page(page, None, again)
        else:
            made = _notes(experience, row, page, night=night, why=why)
            yield Page(page, made, made)


def _page(experience: Experience) -> str:
    if not kind_of(experience).versioned:
        return experience.id  # of a kind whose records have no versions
    return str(version_of(experience, night=0, seq=0).page)


def _notes(
    experience: Experience,
    row: Triaged,
    page: str,
    *,
    night: str,
    why: Callable[[Experience, tuple[int, ...]], Why],
) -> list[Note]:
    user, temporary = row.owner or experience.payload.get("user"), row.verdict == "temporary"
    record = f" line {experience.record}" if experience.record else ""
    made: dict[str, Note] = {}
    for title, parts, text, end in _pieces(experience, row, night=night):
        own = kind_of(experience).of_one_user(experience).issuperset(parts)
        if own and not user:
            continue  # what somebody unknown says of himself is told to nobody
        owner = user if own else None
        number = note_id(page, owner, title, text)
        passing = temporary or not set(row.withheld).isdisjoint(parts)
        reason: Why = "own" if owner else "expires" if passing else why(experience, parts)
        made[number] = Note(
            id=number,
            page=page,
            title=title,
            text=text,
            source=f"{experience.source}{record}",
            owner=owner,
            created_at=created_on(experience.created_at) or date.fromisoformat(night),
            valid_until=end,
            why=reason,
            night=night,
            experience=experience.id,
            kind=experience.kind,
            parts=parts,
        )
    return list(made.values())


def _pieces(
    experience: Experience, row: Triaged, *, night: str
) -> Iterator[tuple[str, tuple[int, ...], str, date | None]]:
    """Yield title, numbers of the parts, text and end of each note."""
    today, created = date.fromisoformat(night), created_on(experience.created_at)
    held: list[tuple[int, str]] = []
    under: tuple[tuple[str, ...], date | None, bool, bool] = (), None, False, False
    own, waits = kind_of(experience).of_one_user(experience), {one.sentence for one in row.held}

    def cut() -> Iterator[tuple[str, tuple[int, ...], str, date | None]]:
        if held:
            above = [head for head in under[0] if head.casefold() != experience.title.casefold()]
            numbers, texts = zip(*held, strict=True)
            yield " > ".join([experience.title, *above]), numbers, " ".join(texts), under[1]
            held.clear()

    for number, (*heads, text) in enumerate(kind_of(experience).notes(experience)):
        ends = validity(text, night=today, created=created)
        end = ends.until if ends else row.valid_until
        if undated(text):
            end = today + timedelta(days=_UNDATED_DAYS)
        if number in waits:
            continue  # until somebody has decided
        if not text or (end is not None and end < today) or (undated(text) and row.verdict != "temporary"):
            continue
        here = (tuple(heads), end, number in own, number in row.withheld)
        if here != under or sum(len(said) + 1 for _, said in held) + len(text) > NOTE_CHARS:
            yield from cut()
            under = here
        held.append((number, text))
    yield from cut()
