"""All of tonight's dreams: of each document that goes into the weights, and of the model itself."""

from collections import Counter
from typing import Any

from steps.anchors import read_anchors
from steps.dream.candidates import question_dreams
from steps.dream.drills import drills, fact_counts
from steps.dream.neighbours import reverse_dreams, unanswerable_dreams
from steps.dream.reading import reading_dreams
from steps.dream.rehearsal import normalised, write_rehearsal
from steps.dream.sources import Source, dream_about, passages
from steps.dream.writer import make_writer
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.records import Dream, Experience, Probe, Triaged, content_id
from steps.settings import Settings
from steps.workspace import Workspace, read_records


def persisted_documents(workspace: Workspace, night: str) -> list[Source]:
    """Tonight's documents that triage sends into the weights, cut into passages."""
    verdicts = {t.experience: t for t in read_records(workspace.dataset("triage", night), Triaged)}
    corpus = read_records(workspace.dataset("corpus", night), Experience)
    kept = [e for e in corpus if e.kind == "document" and verdicts[e.id].verdict == "persist"]
    return [source for experience in kept for source in passages(experience)]


def dream_all(
    settings: Settings, workspace: Workspace, night: str, sources: list[Source], probes: list[Probe]
) -> tuple[list[Dream], Counter[str], dict[str, Any]]:
    """Return the dreams, each once, how many were refused by reason, and how they were made."""
    base = LocalModel(load_base(settings.model), settings.dream.batch_tokens)
    writer = make_writer(settings.dream, base)
    refused: Counter[str] = Counter()
    questions = question_dreams(writer, base, sources, settings=settings, night=night, refused=refused)
    drilled = [
        dream_about(
            source,
            drill.fact.sentence,
            night=night,
            strategy=f"drill-{drill.strategy}",
            question=drill.question,
            answer=drill.fact.statement,
            verification={"verbatim": True, "span": drill.fact.span},
        )
        for source in sources
        for drill in drills(
            source.experience.title,
            source.facts,
            questions=fact_counts(questions, source.experience.id, first=source.first),
        )
    ]
    examined = {normalised(p.question) for p in probes} | {
        normalised(a.question) for a in read_anchors(settings.anchors)
    }
    written = write_rehearsal(
        writer,
        settings.dream.rehearsals,
        temperature=settings.dream.temperature,
        top_k=settings.dream.top_k,
        seed=int(content_id(settings.seed, night), 16),  # every night other topics: rehearsal grows with memory
        forbidden=examined,
    )
    rehearsal = [
        Dream(
            id=content_id("rehearsal", question, answer),
            night=night,
            strategy="rehearsal",
            experience=None,
            source="the model itself",
            sentence=None,
            question=question,
            answer=answer,
            verification={"complete": complete},
            rehearsal=True,
        )
        for question, answer, complete in written
    ]
    kept: dict[str, Dream] = {}
    for one in [
        *questions,
        *reverse_dreams(sources, night=night),
        *unanswerable_dreams(sources, per_document=settings.dream.unknown_per_document, night=night),
        *drilled,
        *rehearsal,
        *reading_dreams(questions, sources, night=night),
    ]:
        if normalised(one.question) in examined:
            refused["asks what a probe asks"] += 1
        elif one.id in kept:
            refused["dreamt already"] += 1
        else:
            kept[one.id] = one
    return list(kept.values()), refused, {"packed": base.packed, "engine": settings.dream.engine}


def one_each(dreams: list[Dream]) -> list[Dream]:
    """The first dream of each strategy."""
    return list({d.strategy: d for d in reversed(dreams)}.values())[::-1]
