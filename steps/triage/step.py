"""Triage: a verdict with a reason for each experience of the night."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field

from steps.ingest.index import met_before, update_index
from steps.ingest.index_file import opened_index
from steps.kinds.kind import DOCUMENTS
from steps.kinds.table import kind_of
from steps.manifest import Figures, StepRecord
from steps.night import Night
from steps.records import Experience, Held, Signals, Triaged, Withdrawn
from steps.review.decisions import open_questions
from steps.settings import Settings, TriageSettings
from steps.step import Step
from steps.triage.contradicted import Contradicted, overruled_before
from steps.triage.deciding import judge
from steps.triage.known import Answered, Familiar, Known
from steps.triage.signals import Support, trust
from steps.workspace import each_record, write_records

REMARKS, SHOWN_CHARS = 12, 160


class TriageFigures(Figures):
    """Verdicts, how many experiences wait to be learned from later, and a row for each experience.

    ``held``: how many parts of them wait for a person's decision. ``withdrawn``: what pages no longer say, so that
    it is neither rehearsed nor examined.
    """

    verdicts: dict[str, int] = Field(title="triage")
    waits: int
    held: int = 0
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
        asked = sorted(open_questions(night.workspace, before=night.date))
        overruled = sorted({f"{part.experience} {part.sentence}" for part in overruled_before(night)})
        decided = [*([asked] if asked else []), *([overruled] if overruled else [])]
        knobs = [night.settings.triage.model_dump(mode="json"), night.settings.gate.min_probes]
        return [*knobs, night.date, met, *decided]

    def inputs(self, night: Night) -> list[Path]:
        return [night.dataset("corpus")]

    def outputs(self, night: Night) -> list[Path]:
        return [night.dataset("triage")]

    def work(self, night: Night) -> TriageFigures:
        corpus, settings, day = night.dataset("corpus"), night.settings, date.fromisoformat(night.date)
        with opened_index(night.workspace) as tables:
            tonight = (record for _, record in each_record(corpus, Experience))
            known = Known(tables, night.workspace, tonight, night=day.toordinal())
            contradicted = Contradicted(night, settings.triage, known)
            support = Support(record for _, record in each_record(corpus, Experience))
            rows, answered = [], Answered()
            for _, new in each_record(corpus, Experience):
                met = answered.and_met(new, known.familiar(new))
                rows.append(_row(new, night.date, settings, known, met, contradicted, support.of(new)))
                answered.add(new, rows[-1])
        write_records(night.dataset("triage"), rows)
        update_index(night.workspace, until=night.date)
        return TriageFigures(
            verdicts=dict(sorted(Counter(row.verdict for row in rows).items())),
            waits=sum(row.waits for row in rows),
            held=sum(len(row.held) for row in rows),
            rows=[_shown(row) for row in rows],
            withdrawn=[{"source": row.source, "said": text} for row in rows for text in _texts(row.withdraws)],
        )

    def remarks(self, night: Night, record: StepRecord[TriageFigures]) -> list[str]:
        gone = record.figures.withdrawn
        lines = [f"{one['source']} no longer says: {_cut(one['said'])}" for one in gone[:REMARKS]]
        lines += [f"and {len(gone) - REMARKS} more"] if len(gone) > REMARKS else []
        held = record.figures.held
        return [*lines, *([f"held until somebody decides (`slumber review`): {held}"] if held else [])]


def _shown(row: Triaged) -> dict[str, Any]:
    """A verdict with its signals, as tables show it."""
    said = row.model_dump(mode="json", include={"source", "kind", "verdict", "reason", "valid_until"})
    signals = row.signals.model_dump(mode="json", exclude={"ends"}) if row.signals else {}
    return said | signals


def _texts(withdrawn: Iterable[Withdrawn]) -> list[str]:
    return list(dict.fromkeys(one.text for one in withdrawn))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"


def decide(
    new: Experience,
    *,
    night: str,
    settings: TriageSettings,
    met: Familiar,
    gone: Sequence[Withdrawn] = (),
    support: int = 1,
    min_probes: int = 0,
) -> Triaged:
    """Return the verdict on ``new``: expired and known material is discarded, short-lived material is temporary.

    Args:
        min_probes: with fewer questions than these the gate cannot judge a night.
        met: what of it earlier nights taught.
        gone: what the version before it said.
        support: how many sources of the night say it.
    """
    found = judge(new, night=night, settings=settings, met=met)
    verdict, reason, waits = found.verdict, found.reason, False
    if verdict != "discard" and not kind_of(new).learned:
        waits, verdict, reason = True, "persist", f"kept; learning from {new.kind}s comes later"
    elif verdict == "persist" and (obstacle := kind_of(new).obstacle(new)):
        waits, reason = True, f"kept, and waits: {obstacle}"
    elif verdict == "persist" and met.known:
        reason = f"{reason}; {len(met.known)} of its {met.parts} parts are known"
    taught = met.parts - len({*met.known, *found.withheld})
    if verdict == "persist" and not waits and kind_of(new).suite == DOCUMENTS and taught < min_probes:
        counted = f"{taught} sentences or rows" if taught != 1 else "one sentence or row"
        reason = f"{reason}; {counted}: a night of these alone may wait for more (gate.min_probes: {min_probes})"
    if found.withheld and not waits:
        reason = f"{reason}; {len(found.withheld)} of its parts end sooner or are a user's own, and are not taught"
    if gone:
        reason = f"{reason}; it no longer says {len(_texts(gone))} of what it said"
    return Triaged(
        experience=new.id,
        source=new.source,
        kind=new.kind,
        verdict=verdict,
        reason=reason,
        valid_until=found.ends,
        owner=found.owner,
        waits=waits,
        known=met.known,
        withheld=found.withheld,
        withdraws=tuple(gone),
        signals=Signals(
            novelty=1 - len(met.known) / met.parts if met.parts else 0.0,
            ends=found.ends,
            owner=found.owner,
            support=support,
            personal=found.personal,
            trust=trust(new, settings),
        ),
    )


def _row(
    new: Experience,
    night: str,
    settings: Settings,
    known: Known,
    met: Familiar,
    others: Contradicted,
    support: int,
) -> Triaged:
    row = decide(
        new,
        night=night,
        settings=settings.triage,
        met=met,
        gone=known.withdrawn(new),
        support=support,
        min_probes=settings.gate.min_probes,
    )
    held = [one for one in others.held[new.id] if one.sentence not in row.withheld]
    waits = {*row.withheld, *(one.sentence for one in held)}
    held = [_with_overruled(one, new, known) for one in held]
    row = _with_answered(row, [*known.answered(new, but=waits), *others.overruled(new, but=waits)], held)
    if not (again := others.said_again(new, known)):
        return row
    reason = f"{row.reason}; {len(again)} of it say again what a correction took the place of"
    return row.model_copy(update={"withdraws": (*row.withdraws, *again), "reason": reason})


def _with_overruled(held: Held, new: Experience, known: Known) -> Held:
    """What waits, with what earlier nights answered otherwise: if it is accepted, it takes the place of that, too."""
    others = [number for number in range(len(kind_of(new).answers(new))) if number != held.sentence]
    return held.model_copy(update={"overrules": (*held.overrules, *known.answered(new, but=others))})


def _with_answered(row: Triaged, gone: Sequence[Withdrawn], held: Sequence[Held]) -> Triaged:
    """What is answered otherwise now is withdrawn, and what contradicts others waits, if the new answer is learned."""
    if row.verdict != "persist" or row.waits or not (gone or held):
        return row
    reason = f"{row.reason}; it answers otherwise what was answered before" if gone else row.reason
    if held:
        wait = "a part of it waits" if len(held) == 1 else f"{len(held)} parts of it wait"
        reason = f"{reason}; {wait} for a decision (slumber review): {held[0].why}"
    changed = {"withdraws": tuple(dict.fromkeys((*row.withdraws, *gone))), "held": tuple(held), "reason": reason}
    return row.model_copy(update=changed)
