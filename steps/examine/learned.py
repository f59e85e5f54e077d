"""Whose dreams were learned: tonight's probes by the writer and the shape of the fact that they ask for."""

from collections.abc import Iterable, Sequence
from typing import Any

from steps.dream.lessons import fact_of
from steps.kinds.document.shapes import shape_of
from steps.kinds.document.sources import units
from steps.kinds.document.writers import writer_of
from steps.kinds.writing import RULES
from steps.marking import holds
from steps.night import Night
from steps.records import Answer, Dream, Experience, Probe
from steps.sentences import content_words
from steps.workspace import read_records


def learned_by_writer(night: Night, answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """Return how many facts of each writer, shape by shape, were asked for and are known, closed book, afterwards.

    Only what tonight's probes ask and the base did not know counts, each fact once: it is known if any probe that asks
    for it is answered. No rows where only the rules wrote: there is nothing to compare.
    """
    dreams = [d for d in read_records(night.dataset("dreams"), Dream) if d.strategy == "question" and not d.rehearsal]
    if all(writer_of(dream) == RULES for dream in dreams):
        return []
    corpus = {e.id: e for e in read_records(night.dataset("corpus"), Experience)}
    probes = {p.id: p for name in ("probes", "holdouts") for p in read_records(night.dataset(name), Probe) if p.answers}
    said = [a for a in answers if a.cohort == night.date and a.condition == "closed"]
    before = {a.probe for a in said if a.model == "base" and a.correct}
    after = {a.probe: a.correct for a in said if a.model == "candidate" and a.probe not in before}
    facts: dict[tuple[str, str], dict[str, bool]] = {}
    for key, known in after.items():
        dream = _asked_of(probes[key], dreams) if key in probes else None
        if dream is not None:
            cell = facts.setdefault((_shape(dream, corpus), writer_of(dream)), {})
            fact = str(fact_of(dream))
            cell[fact] = cell.get(fact, False) or known
    return [
        {"shape": shape, "writer": writer, "probes": len(found), "learned": sum(found.values())}
        for (shape, writer), found in sorted(facts.items())
    ]


def _asked_of(probe: Probe, dreams: Sequence[Dream]) -> Dream | None:
    """The dream about the fact that a probe asks for: its answer stands in the dream's, and most words are shared."""
    wanted = content_words(probe.question)
    near = [
        (len(wanted & content_words(f"{dream.question} {dream.answer}")), dream)
        for dream in dreams
        if probe.experience in (None, dream.experience) and holds(dream.answer, probe.answers)
    ]
    shared, best = max(near, key=lambda one: one[0], default=(0, None))
    return best if shared else None


def _shape(dream: Dream, corpus: dict[str, Experience]) -> str:
    document = corpus.get(dream.experience or "")
    found = units(document) if document else []
    at = dream.sentence
    return shape_of(found[at][1]) if at is not None and at < len(found) else "prose"
