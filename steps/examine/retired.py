"""Probes of earlier nights that no longer hold: replaced, no longer said, or past the end of their validity.

They leave the examination, for a candidate that no longer answers them has forgotten nothing; each leaves a record.
Where it is in doubt which fact a probe asks about, it stays: a probe too many costs nothing, one too few hides a loss.
"""

from datetime import date

from steps.consolidate.superseded import Fact, Gone, replaced_facts
from steps.examine.items import ProbeItem, dreams_until
from steps.kinds.table import kind_of
from steps.marking import holds
from steps.records import Experience, Retired, Triaged
from steps.sentences import telling_words
from steps.workspace import Workspace, read_records


def retire(items: list[ProbeItem], *, workspace: Workspace, night: str) -> tuple[list[ProbeItem], list[Retired]]:
    """Split items into those that still hold and records of those that do not; tonight's all hold."""
    replaced = replaced_facts(dreams_until(workspace, night))
    ended, gone = expired(workspace, night), Gone.until(workspace, night)
    kept, retired = [], []
    for item in items:
        found = _why(item, replaced, ended, gone) if item.probe.night < night else None
        if found is None:
            kept.append(item)
            continue
        why, reason = found
        probe = item.probe
        retired.append(
            Retired(
                id=probe.id,
                probe=probe.name or probe.id,
                question=probe.question,
                cohort=probe.night,
                source=item.source,
                why=why,
                reason=reason,
            )
        )
    return kept, retired


def expired(workspace: Workspace, night: str) -> dict[str, date]:
    """Return the last day of each experience that no longer holds tonight, by its id."""
    rows = [
        row
        for n in workspace.nights("triage")
        if n <= night
        for row in read_records(workspace.dataset("triage", n), Triaged)
    ]
    until = {row.experience: row.valid_until for row in rows}  # a later night's word counts
    return {experience: day for experience, day in until.items() if day and day < date.fromisoformat(night)}


def _why(item: ProbeItem, replaced: dict[Fact, str], ended: dict[str, date], gone: Gone) -> tuple[str, str] | None:
    document = item.experience
    if document is None:
        return None
    if document.id in ended:
        return "expired", f"it held until {ended[document.id]}"
    for (experience, sentence, answer), statement in replaced.items():
        if experience == document.id and sentence is not None and _asks_about(item, document, sentence, answer):
            return "superseded", f"replaced: {statement}"
    for sentence in gone.parts.get(document.id, ()):
        night = gone.since(document.id, sentence, taught=item.probe.night)
        if night and any(_answered_by(item, document, sentence, answer) for answer in item.probe.answers):
            return "superseded", f"not said since {night}"
    return None


def _answered_by(item: ProbeItem, document: Experience, sentence: int, answer: str) -> bool:
    parts = kind_of(document).parts(document)
    told = sentence < len(parts) and holds(parts[sentence][-1], (answer,))
    return told and _asks_about(item, document, sentence, answer)


def _asks_about(item: ProbeItem, document: Experience, sentence: int, answer: str) -> bool:
    """Tell whether a probe asks for this answer, or from it, and shares most words with this very sentence."""
    asked = (item.probe.question, *item.probe.answers)
    if not any(holds(text, (answer,)) or (text and holds(answer, (text,))) for text in asked):
        return False
    wanted = telling_words(" ".join(asked))
    parts = [part[-1] for part in kind_of(document).parts(document)]
    shared = [len(wanted & telling_words(text)) for text in parts]
    return sentence < len(shared) and shared[sentence] == max(shared) and shared.count(max(shared)) == 1
