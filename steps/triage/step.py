"""Triage: a verdict with a reason for each experience of the night."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import Field

from steps.ingest.index import met_before, opened_index, update_index
from steps.kinds.document.moments import undated
from steps.kinds.entry import created_on
from steps.kinds.table import kind_of
from steps.manifest import Figures, StepRecord
from steps.night import Night
from steps.records import Experience, Held, Triaged, Withdrawn
from steps.review.contradictions import held_back
from steps.review.documents import search_documents
from steps.sentences import sentences
from steps.settings import TriageSettings
from steps.step import Step
from steps.triage.known import Familiar, Known
from steps.triage.validity import Validity, validity
from steps.workspace import each_record, write_records

# A handbook is not temporary because one of its many sentences is.
MIN_ENDING_SHARE = 0.1
REMARKS, SHOWN_CHARS = 12, 160


class TriageFigures(Figures):
    """Verdicts, how many experiences wait to be learned from later, and a row for each experience.

    ``withdrawn``: what pages no longer say, so that it is neither rehearsed nor examined.
    """

    verdicts: dict[str, int] = Field(title="triage")
    waits: int
    rows: list[dict[str, Any]] = Field(title="triaged")
    withdrawn: list[dict[str, str]] = Field([], title="no_longer_said")


class TriageStep(Step[TriageFigures]):
    """Decide what goes into the weights, into temporary memory, or nowhere.

    Raises:
        SlumberError: the night has no corpus yet.
    """

    name = "triage"
    asset = "corpus"
    figures = TriageFigures

    def parameters(self, night: Night) -> Any:
        met = met_before(night.workspace, night.date, "corpus", "triage", "carried")
        return [night.settings.triage.model_dump(mode="json"), night.date, met]

    def inputs(self, night: Night) -> list[Path]:
        return [night.dataset("corpus")]

    def outputs(self, night: Night) -> list[Path]:
        return [night.dataset("triage")]

    def work(self, night: Night) -> TriageFigures:
        corpus, settings, day = night.dataset("corpus"), night.settings.triage, date.fromisoformat(night.date)
        with opened_index(night.workspace) as tables:
            tonight = (record for _, record in each_record(corpus, Experience))
            known = Known(tables, night.workspace, tonight, night=day.toordinal())
            held = _held(night, settings)
            rows = [_row(new, night.date, settings, known, held[new.id]) for _, new in each_record(corpus, Experience)]
        write_records(night.dataset("triage"), rows)
        update_index(night.workspace, until=night.date)
        shown = {"source", "kind", "verdict", "reason", "valid_until"}
        return TriageFigures(
            verdicts=dict(sorted(Counter(row.verdict for row in rows).items())),
            waits=sum(row.waits for row in rows),
            rows=[row.model_dump(mode="json", include=shown) for row in rows],
            withdrawn=[{"source": row.source, "said": text} for row in rows for text in _texts(row.withdraws)],
        )

    def remarks(self, night: Night, record: StepRecord[TriageFigures]) -> list[str]:
        gone = record.figures.withdrawn
        lines = [f"{one['source']} no longer says: {_cut(one['said'])}" for one in gone[:REMARKS]]
        return [*lines, f"and {len(gone) - REMARKS} more"] if len(gone) > REMARKS else lines


def _texts(withdrawn: Iterable[Withdrawn]) -> list[str]:
    return list(dict.fromkeys(one.text for one in withdrawn))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"


def decide(
    new: Experience, *, night: str, settings: TriageSettings, met: Familiar, gone: Sequence[Withdrawn] = ()
) -> Triaged:
    """Return the verdict on ``new``: expired and known material is discarded, short-lived material is temporary.

    Args:
        met: what of it earlier nights taught.
        gone: what the version before it said.
    """
    today = date.fromisoformat(night)
    end = validity(new.text, night=today, created=created_on(new.created_at))
    if end is not None and end.share < MIN_ENDING_SHARE:
        end = None
    verdict, reason = _verdict(new, end, today=today, settings=settings, met=met)
    waits = verdict != "discard" and not kind_of(new).learned
    if waits:
        verdict, reason = "persist", f"kept; learning from {new.kind}s comes later"
    elif verdict == "persist" and (obstacle := kind_of(new).obstacle(new)):
        waits, reason = True, f"kept, and waits: {obstacle}"
    elif verdict == "persist" and met.known:
        reason = f"{reason}; {len(met.known)} of its {met.parts} parts are known"
    if gone:
        reason = f"{reason}; it no longer says {len(_texts(gone))} of what it said"
    return Triaged(
        experience=new.id,
        source=new.source,
        kind=new.kind,
        verdict=verdict,
        reason=reason,
        valid_until=end.until if end else None,
        waits=waits,
        known=met.known,
        withdraws=tuple(gone),
    )


def _row(new: Experience, night: str, settings: TriageSettings, known: Known, held: Sequence[Held]) -> Triaged:
    row = decide(new, night=night, settings=settings, met=known.familiar(new), gone=known.withdrawn(new))
    return _with_answered(row, known.answered(new, but={one.sentence for one in held}), held)


def _held(night: Night, settings: TriageSettings) -> dict[str, list[Held]]:
    """What of each experience waits for a decision."""
    found: dict[str, list[Held]] = defaultdict(list)

    def met() -> Iterator[Experience]:
        return (record for _, record in each_record(night.dataset("corpus"), Experience))

    for one in held_back(met, settings, night=night.date, search=search_documents(night)):
        found[one.experience].append(one)
    return found


def _with_answered(row: Triaged, gone: Sequence[Withdrawn], held: Sequence[Held]) -> Triaged:
    """What is answered otherwise now is withdrawn, and what contradicts others waits, if the new answer is learned."""
    if row.verdict != "persist" or row.waits or not (gone or held):
        return row
    reason = f"{row.reason}; it answers otherwise what was answered before" if gone else row.reason
    reason = f"{reason}; {len(held)} of it wait for a decision (slumber review): {held[0].why}" if held else reason
    changed = {"withdraws": tuple(dict.fromkeys((*row.withdraws, *gone))), "held": tuple(held), "reason": reason}
    return row.model_copy(update=changed)


def _verdict(
    new: Experience, end: Validity | None, *, today: date, settings: TriageSettings, met: Familiar
) -> tuple[Any, str]:
    if new.same_as:
        return "discard", "another file of tonight says the very same, and is learned from"
    if end is not None and end.until < today:
        return "discard", f"expired: it held until {end.until} ('{end.words}')"
    if word := kind_of(new).versioned and _holds_for_a_day(new):
        return "temporary", f"it says '{word}', and no date says from when"
    if idle := kind_of(new).idle(new):
        return "discard", idle
    if met.all:
        return "discard", "nothing new: all that it says was met on earlier nights"
    if end is not None and end.until <= today + timedelta(days=settings.volatile_days):
        return "temporary", f"it holds until {end.until} only ('{end.words}')"
    if end is not None:
        return "persist", f"it holds until {end.until}, longer than {settings.volatile_days} days"
    return "persist", "new, and names no end of its validity"


def _holds_for_a_day(document: Experience) -> str | None:
    """A word such as "tomorrow" without a date, if half of a document hangs on such words."""
    found = [undated(part) for part in sentences(document.text)]
    words = [word for word in found if word]
    return words[0] if words and 2 * len(words) >= len(found) else None
