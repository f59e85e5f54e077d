"""What is examined: the probes of every night so far, each with the document it asks about."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from steps.dream.lessons import fact_of
from steps.kinds.passages import PassageIndex
from steps.records import Dream, Experience, Probe, content_id
from steps.workspace import Workspace, read_records

NO_DOCUMENT = "(no document)"
"""The source of all probes that ask about nothing that was met: one cluster, whatever they call their sources."""


@dataclass(frozen=True)
class ProbeItem:
    """A probe and the document for the open-book condition (None where no document of its cohort fits).

    ``experience``: the document itself. ``source``: its file; what the probe's owner wrote names no cluster.
    """

    probe: Probe
    document: str | None
    source: str | None
    experience: Experience | None = None


def probe_items(workspace: Workspace, night: str) -> list[ProbeItem]:
    """Return owner's and held-out probes of all nights up to ``night``, oldest cohort first."""
    probes = {n: _probes(workspace, n) for n in workspace.nights("probes") if n <= night}
    named = {probe.experience for own in probes.values() for probe in own}
    documents: dict[str, Experience] = {}
    found: dict[str, ProbeItem] = {}
    for cohort, own in probes.items():
        corpus = read_records(workspace.dataset("corpus", cohort), Experience)
        documents |= {e.id: e for e in corpus if e.id in named}
        index = PassageIndex(corpus)
        for probe in own:
            passage = index.for_probe(probe, documents.get(probe.experience or ""))
            document = passage.experience if passage else None
            source = document.source if document else NO_DOCUMENT
            found.pop(probe.id, None)  # asked again after it had changed and changed back: the later night's counts
            found[probe.id] = ProbeItem(probe, passage.context if passage else None, source, document)
    return list(found.values())


def _probes(workspace: Workspace, cohort: str) -> list[Probe]:
    held = workspace.dataset("holdouts", cohort)
    own = read_records(workspace.dataset("probes", cohort), Probe)
    return own + (read_records(held, Probe) if held.exists() else [])


def fact_questions(workspace: Workspace, night: str) -> list[Probe]:
    """One question that was trained on for each fact of the nights up to ``night``.

    They tell whether two adapters that learned from the same dreams know the same; nothing else may be asked with them.
    """
    return facts_of(dreams_until(workspace, night))


def dreams_until(workspace: Workspace, night: str) -> list[Dream]:
    """The dreams of the nights up to ``night``."""
    nights = [n for n in workspace.nights("dreams") if n <= night]
    return [d for n in nights for d in read_records(workspace.dataset("dreams", n), Dream)]


def facts_of(dreams: Iterable[Dream], *, wordings: int = 1) -> list[Probe]:
    """At most so many questions, each in other words, for each fact that was dreamt about."""
    found: dict[str, Probe] = {}
    asked = Counter[str]()
    for dream in dreams:
        span, fact = str(dream.verification.get("span", "")), fact_of(dream)
        number = content_id("probe", dream.question, span)
        if dream.strategy == "question" and span and fact and asked[fact] < wordings and number not in found:
            asked[fact] += 1
            found[number] = Probe(
                id=number,
                night=dream.night,
                question=dream.question,
                answers=(span,),
                type="trained",
                origin="dream",
                source=dream.source,
                experience=dream.experience,
            )
    return list(found.values())
