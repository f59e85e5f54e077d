"""Triage: a verdict with a reason for each experience of the night."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import Field

from steps.ingest.deduplicate import version_of
from steps.ingest.shingles import Shingle, fact_shingles
from steps.kinds.document.moments import undated
from steps.kinds.entry import created_on
from steps.kinds.table import kind_of
from steps.manifest import Figures
from steps.night import Night
from steps.records import Experience, Triaged
from steps.sentences import sentences
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
        known = Known(old for path in earlier for old in read_records(path, Experience))
        rows = [decide(new, night=night.date, settings=night.settings.triage, known=known) for new in experiences]
        write_records(night.dataset("triage"), rows)
        shown = {"source", "kind", "verdict", "reason", "valid_until"}
        return TriageFigures(
            verdicts=dict(sorted(Counter(row.verdict for row in rows).items())),
            waits=sum(row.waits for row in rows),
            rows=[row.model_dump(mode="json", include=shown) for row in rows],
        )


class Known:
    """What earlier nights have met: of documents each block of the latest versions, of other kinds their shingles."""

    def __init__(self, experiences: Iterable[Experience]):
        latest: dict[tuple[str, str], Experience] = {}
        self.shingles: set[Shingle] = set()
        for old in experiences:
            if old.kind == "document":
                latest[version_of(old)] = old
            else:
                self.shingles |= fact_shingles(old.text).keys()
        self.parts = {part for old in latest.values() for part in parts_of(old)}


def parts_of(document: Experience) -> set[tuple[str, str]]:
    """What a document says, part by part, each under its title: under another one it says something else."""
    return {(document.title.casefold(), part) for part in document.text.split("\n\n")}


def decide(new: Experience, *, night: str, settings: TriageSettings, known: Known) -> Triaged:
    """Return the verdict on ``new``: expired and known material is discarded, short-lived material is temporary."""
    today = date.fromisoformat(night)
    end = validity(new.text, night=today, created=created_on(new.created_at))
    if end is not None and end.share < MIN_ENDING_SHARE:
        end = None
    verdict, reason = _verdict(new, end, today=today, settings=settings, known=known)
    waits = verdict != "discard" and not kind_of(new).learned
    if waits:
        verdict, reason = "persist", f"kept; learning from {new.kind}s comes later"
    elif verdict == "persist" and (obstacle := kind_of(new).obstacle(new)):
        waits, reason = True, f"kept, and waits: {obstacle}"
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
    new: Experience, end: Validity | None, *, today: date, settings: TriageSettings, known: Known
) -> tuple[Any, str]:
    if new.same_as:
        return "discard", "another file of tonight says the very same, and is learned from"
    if end is not None and end.until < today:
        return "discard", f"expired: it held until {end.until} ('{end.words}')"
    if word := new.kind == "document" and _holds_for_a_day(new):
        return "temporary", f"it says '{word}', and no date says from when"
    share, told = _familiar(new, known)
    if share >= settings.known_containment and not told:
        return "discard", f"nothing new: {share:.0%} of it was met on earlier nights, and no new number or name"
    if end is not None and end.until <= today + timedelta(days=settings.volatile_days):
        return "temporary", f"it holds until {end.until} only ('{end.words}')"
    if end is not None:
        return "persist", f"it holds until {end.until}, longer than {settings.volatile_days} days"
    if share >= settings.known_containment and new.kind != "document":
        return "persist", f"{share:.0%} of it is known, but a number or name is new"
    return "persist", "new, and names no end of its validity"


def _holds_for_a_day(document: Experience) -> str | None:
    """A word such as "tomorrow" without a date, if half of a document hangs on such words."""
    found = [undated(part) for part in sentences(document.text)]
    words = [word for word in found if word]
    return words[0] if words and 2 * len(words) >= len(found) else None


def _familiar(new: Experience, known: Known) -> tuple[float, bool]:
    """Return which share of ``new`` was met before, and whether it tells a fact that was not.

    Of a document every new word counts: what is allowed on one night may be forbidden on the next.
    """
    if new.kind == "document":
        parts = parts_of(new)
        fresh = parts - known.parts
        return 1 - len(fresh) / len(parts), bool(fresh)
    own = fact_shingles(new.text)
    share = sum(shingle in known.shingles for shingle in own) / len(own) if own and known.shingles else 0.0
    return share, any(fact for shingle, fact in own.items() if shingle not in known.shingles)
