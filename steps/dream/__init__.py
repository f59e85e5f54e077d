"""Dream: the model writes its own rehearsal data with the source in context; each dream is verified before it is used.

question      each fact turned into a question by rule and said in other words by the model, verified by a round trip
reverse       the same fact asked backwards
unanswerable  what the text leaves open: lessons in not knowing
drill         generator-free, for the facts that few questions or none ask for
rehearsal     self-synthesised general examples, so that the model stays what it was
reading       questions with the document given, so that it goes on reading what is put before it
"""

from collections import Counter
from typing import Any

from steps.anchors import read_anchors
from steps.dream.candidates import question_dreams
from steps.dream.dreamers import make_dreamer
from steps.dream.drills import drills, fact_counts
from steps.dream.holdouts import hold_out, leaks
from steps.dream.neighbours import reverse_dreams, unanswerable_dreams
from steps.dream.reading import reading_dreams
from steps.dream.rehearsal import normalised, write_rehearsal
from steps.dream.sources import Source, dream_about, passages
from steps.errors import DataRefused
from steps.manifest import StepRecord, run_once, step_digest
from steps.model.loading import base_folder, base_sha256, load_base
from steps.model.runner import Runner
from steps.records import Dream, Experience, Probe, Triaged, content_id
from steps.settings import Settings
from steps.validate.checking import check_records
from steps.workspace import Workspace, read_records, write_records


def dream(*, settings: Settings, workspace: Workspace, night: str) -> StepRecord:
    """Write tonight's dreams and, for documents without owner's probes, held-out probes.

    Reads tonight's corpus, triage and probes. Figures: documents, dreams by strategy, refusals by reason, coverage.

    Raises:
        SlumberError: the model or the dreamer's server is missing.
        DataRefused: a dream leaks a probe, or the dreams fail a critical expectation.
    """
    inputs = [workspace.dataset(name, night) for name in ("corpus", "triage", "probes")]
    outputs = [workspace.dataset(name, night) for name in ("dreams", "holdouts")]

    def work() -> dict[str, Any]:
        sources = persisted_documents(workspace, night)
        probes = read_records(workspace.dataset("probes", night), Probe)
        dreams, refused, extra = (
            _dream_all(settings, workspace, night, sources, probes) if sources else ([], Counter(), {})
        )
        checked = check_records(dataset="dreams", records=dreams, night=night, workspace=workspace)
        refused.update(f"expectation {rule}" for _, rule, _ in checked.refused)
        train, held = hold_out(checked.kept, probes, sources, share=settings.dream.holdout_share, night=night)
        leaked = leaks(train, [*probes, *held])
        if leaked:
            raise DataRefused(
                f"{len(leaked)} dreams repeat a probe's wording, the first {leaked[0]!r}: training refused."
            )
        write_records(outputs[0], train)
        write_records(outputs[1], held)
        covered = {(d.experience, d.sentence) for d in train if d.strategy == "question"}
        return {
            "documents": len({s.experience.id for s in sources}),
            "passages": len(sources),
            "sentences": sum(len(s.sentences) for s in sources),
            "sentences_with_question": len(covered),
            "strategies": dict(Counter(d.strategy for d in train)),
            "kept": len(train),
            "held_out": len(held),
            "refused": dict(refused),
            "leaks": len(leaked),
            "expectations": checked.table,
            "examples": [d.model_dump(include={"strategy", "source", "question", "answer"}) for d in _one_each(train)],
            **extra,
        }

    base = base_sha256(base_folder(settings.model))
    parameters = [settings.dream.model_dump(mode="json"), settings.seed, base]
    digest = step_digest(parameters=parameters, inputs=[*inputs, settings.anchors])
    return run_once(workspace, night=night, step="dream", digest=digest, outputs=outputs, work=work)


def persisted_documents(workspace: Workspace, night: str) -> list[Source]:
    """Tonight's documents that triage sends into the weights, cut into passages."""
    verdicts = {t.experience: t for t in read_records(workspace.dataset("triage", night), Triaged)}
    corpus = read_records(workspace.dataset("corpus", night), Experience)
    kept = [e for e in corpus if e.kind == "document" and verdicts[e.id].verdict == "persist"]
    return [source for experience in kept for source in passages(experience)]


def _dream_all(
    settings: Settings, workspace: Workspace, night: str, sources: list[Source], probes: list[Probe]
) -> tuple[list[Dream], Counter[str], dict[str, Any]]:
    runner = Runner(load_base(settings.model), settings.dream.batch_tokens)
    dreamer = make_dreamer(settings.dream, runner)
    refused: Counter[str] = Counter()
    questions = question_dreams(dreamer, runner, sources, settings=settings, night=night, refused=refused)
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
        dreamer,
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
    return list(kept.values()), refused, {"packed": runner.packed, "engine": settings.dream.engine}


def _one_each(dreams: list[Dream]) -> list[Dream]:
    return list({d.strategy: d for d in reversed(dreams)}.values())[::-1]
