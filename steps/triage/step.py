"""Triage: a verdict with a reason for each experience of the night."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import Field

from steps.ingest.shingles import Shingle, fact_shingles
from steps.kinds.entry import created_on
from steps.kinds.table import kind_of
from steps.manifest import Figures
from steps.night import Night
from steps.records import Experience, Triaged
from steps.settings import TriageSettings
from steps.step import Step
from steps.triage.validity import Validity, validity
from steps.workspace import read_records, write_records

# A handbook is not temporary because one of its many sentences is.
MIN_ENDING_SHARE = 0.1


class TriageFigures(Figures):
    """Verdicts, how many experiences wait to be learned from later, and a row for each experience."""

    verdicts: dict[str, int] = Field(title="triage")
    waits: int
    rows: list[dict[str, Any]] = Field(title="triaged")


class TriageStep(Step[TriageFigures]):
    """Decide what goes into the weights, into temporary memory, or nowhere.

    Raises:
        SlumberError: the night has no corpus yet.
    """

    name = "triage"
    asset = "corpus"
    figures = TriageFigures

    def parameters(self, night: Night) -> Any:
        return [night.settings.triage.model_dump(mode="json"), night.date]

    def inputs(self, night: Night) -> list[Path]:
        return [night.dataset("corpus"), *night.datasets("corpus", tonight=False)]

    def outputs(self, night: Night) -> list[Path]:
        return [night.dataset("triage")]

    def work(self, night: Night) -> TriageFigures:
        corpus, *earlier = self.inputs(night)
        experiences = read_records(corpus, Experience)
        known = known_shingles(old for path in earlier for old in read_records(path, Experience))
        rows = [decide(new, night=night.date, settings=night.settings.triage, known=known) for new in experiences]
        write_records(night.dataset("triage"), rows)
        shown = {"source", "kind", "verdict", "reason", "valid_until"}
        return TriageFigures(
            verdicts=dict(sorted(Counter(row.verdict for row in rows).items())),
            waits=sum(row.waits for row in rows),
            rows=[row.model_dump(mode="json", include=shown) for row in rows],
        )


def known_shingles(experiences: Iterable[Experience]) -> set[Shingle]:
    """Return the shingles of all texts met on earlier nights."""
    return {shingle for experience in experiences for shingle in fact_shingles(experience.text)}


def decide(new: Experience, *, night: str, settings: TriageSettings, known: set[Shingle]) -> Triaged:
    """Return the verdict on ``new``: expired and known material is discarded, short-lived material is temporary."""
    today = date.fromisoformat(night)
    end = validity(new.text, night=today, created=created_on(new.created_at))
    if end is not None and end.share < MIN_ENDING_SHARE:
        end = None
    verdict, reason = _verdict(new, end, today=today, settings=settings, known=known)
    waits = verdict != "discard" and not kind_of(new).learned
    if waits:
        verdict, reason = "persist", f"kept; learning from {new.kind}s comes later"
    return Triaged(
        experience=new.id,
        source=new.source,
        kind=new.kind,
        verdict=verdict,
        reason=reason,
        valid_until=end.until if end else None,
        waits=waits,
    )


def _verdict(
    new: Experience, end: Validity | None, *, today: date, settings: TriageSettings, known: set[Shingle]
) -> tuple[Any, str]:
    if end is not None and end.until < today:
        return "discard", f"expired: it held until {end.until} ('{end.words}')"
    own = fact_shingles(new.text)
    share = sum(shingle in known for shingle in own) / len(own) if own else 0.0
    tells_facts = any(fact for shingle, fact in own.items() if shingle not in known)
    if known and share >= settings.known_containment and not tells_facts:
        return "discard", f"nothing new: {share:.0%} of it was met on earlier nights, and no new number or name"
    if end is not None and end.until <= today + timedelta(days=settings.volatile_days):
        return "temporary", f"it holds until {end.until} only ('{end.words}')"
    if end is not None:
        return "persist", f"it holds until {end.until}, longer than {settings.volatile_days} days"
    if known and share >= settings.known_containment:
        return "persist", f"{share:.0%} of it is known, but a number or name is new"
    return "persist", "new, and names no end of its validity"
