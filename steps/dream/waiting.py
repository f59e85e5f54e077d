"""A night that brings too little to be judged waits for the next ones, with the probes that ask about it."""

from collections.abc import Collection

from steps.dream.budget import Candidate, Plan, carried_over
from steps.kinds.passages import PassageIndex
from steps.night import Night
from steps.records import Experience, Probe
from steps.workspace import read_records


def brought_along(night: Night, found: list[Candidate]) -> list[Probe]:
    """Return the probes of earlier nights that ask about what waited until now, as probes of tonight."""
    rows = carried_over(night)
    waited = {(row.experience, row.first) for row in rows} & {one.key for one in found}
    probes = []
    for earlier in sorted({row.night for row in rows}):
        corpus = read_records(night.workspace.dataset("corpus", earlier), Experience)
        documents, index = {e.id: e for e in corpus}, PassageIndex(corpus)
        for probe in read_records(night.workspace.dataset("probes", earlier), Probe):
            passage = index.for_probe(probe, documents.get(probe.experience or ""))
            if passage and (passage.experience.id, passage.first) in waited:
                probes.append(probe.model_copy(update={"night": night.date, "experience": passage.experience.id}))
    return probes


def too_little(probes: list[Probe], night: Night) -> str | None:
    """Say so if the gate could not tell from ``probes`` whether tonight is learned."""
    asked, needed = sum(bool(probe.answers) for probe in probes), night.settings.gate.min_probes
    if asked >= needed:
        return None
    return f"tonight has {asked} probes with answers, and the gate needs {needed} (gate.min_probes)"


def postponed(plan: Plan, suites: Collection[str]) -> Plan:
    """The plan of a night that teaches nothing of these ``suites`` and carries all of it over."""
    waits = [one for one in plan.tonight if one.passage.suite in suites]
    return Plan([one for one in plan.tonight if one not in waits], [*plan.later, *((one, None) for one in waits)])
