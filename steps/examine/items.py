"""What is examined: the probes of every night so far, each with the document it asks about."""

from dataclasses import dataclass

from steps.dream.candidates import document_context
from steps.dream.sentences import content_words
from steps.records import Experience, Probe
from steps.workspace import Workspace, read_records


@dataclass(frozen=True)
class ProbeItem:
    """A probe and the document for the open-book condition (None where no document of its cohort fits)."""

    probe: Probe
    document: str | None
    source: str | None


def probe_items(workspace: Workspace, night: str) -> list[ProbeItem]:
    """Return owner's and held-out probes of all nights up to ``night``, oldest cohort first."""
    nights = [n for n in workspace.nights("probes") if n <= night]
    documents: dict[str, Experience] = {}
    found: dict[str, ProbeItem] = {}
    for cohort in nights:
        corpus = read_records(workspace.dataset("corpus", cohort), Experience)
        documents |= {e.id: e for e in corpus if e.kind == "document"}
        probes = read_records(workspace.dataset("probes", cohort), Probe)
        held = workspace.dataset("holdouts", cohort)
        probes += read_records(held, Probe) if held.exists() else []
        for probe in probes:
            document = documents.get(probe.experience or "") or _retrieved(probe, corpus)
            context = document_context(document) if document else None
            source = probe.source or (document.source if document else None)
            found.setdefault(probe.id, ProbeItem(probe, context, source))
    return list(found.values())


def _retrieved(probe: Probe, corpus: list[Experience]) -> Experience | None:
    """Return the cohort's document that shares the most content words with the question, if it shares any."""
    wanted = content_words(probe.question)
    documents = [e for e in corpus if e.kind == "document"]
    best = max(documents, key=lambda e: len(wanted & content_words(document_context(e))), default=None)
    return best if best and wanted & content_words(document_context(best)) else None
