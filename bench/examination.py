"""Examination of one arm after one night: probes as the arm serves them, with the document given, and the anchors."""

import gc
from dataclasses import dataclass
from pathlib import Path

from bench.arms import Arm
from bench.benchmark_run import BenchmarkRun
from bench.records import AnchorMark, Mark
from bench.retrieval import Index
from bench.stream import Night
from steps.anchors import read_anchors
from steps.consolidate.adapter import load_adapter
from steps.examine.asking import Asked, anchor_key, ask_anchors, ask_probes
from steps.examine.eval_set import anchor_reply
from steps.examine.predictions import PredictionCache
from steps.examine.reading import marked_anchors
from steps.kinds.passages import PassageIndex
from steps.kinds.table import kind_of
from steps.marking import right
from steps.model.loading import base_folder, base_sha256, load_base
from steps.model.local import LocalModel
from steps.records import Experience, Probe, content_id
from steps.workspace import file_sha256


@dataclass(frozen=True)
class Question:
    """A probe of one cohort, how it is served, and the document that answers it."""

    cohort: int
    probe: Probe
    served: str | None
    given: str | None


def examine_arm(
    benchmark: BenchmarkRun,
    arm: Arm,
    *,
    after: int,
    adapter: Path | None,
    cohorts: list[Night],
    given: bool,
    anchors: bool,
) -> tuple[list[Mark], list[AnchorMark]]:
    """Ask the arm's model the probes of ``cohorts``; ``after`` nights have been slept.

    Predictions are kept per model, so that an arm that serves another one's adapter asks only what is new.
    """
    index = _index(benchmark, after or len(benchmark.stream.nights)) if arm.retrieves else None
    questions = [q for night in cohorts for q in _questions(benchmark, night, index)]
    suite = read_anchors(benchmark.settings.anchors) if anchors else []
    cache = _asked(benchmark, arm, questions, adapter=adapter, given=given, suite=suite)
    marks = []
    for q in questions:
        conditions = [("served", q.served)] + ([("given", q.given)] if given and q.given else [])
        for condition, document in conditions:
            reply = str(cache[Asked(q.probe.question, document).key]["reply"])
            marks.append(
                Mark(
                    arm=arm.name,
                    after=after,
                    cohort=q.cohort,
                    probe=q.probe.name or q.probe.id,
                    type=q.probe.type,
                    source=f"{q.cohort}/{q.probe.source}",
                    condition=condition,
                    answer=reply,
                    correct=right(reply, q.probe.answers),
                    outdated=after >= benchmark.stream.outdated.get(q.probe.name or "", after + 1),
                    temporary=q.probe.source in benchmark.stream.temporary,
                )
            )
    general = [
        AnchorMark(
            arm=arm.name,
            after=after,
            id=a.id,
            ability=a.ability,
            correct=a.correct,
            score=a.score,
        )
        for a in marked_anchors(anchor_reply("candidate", anchor, cache) for anchor in suite)
    ]
    return marks, general


def _asked(
    benchmark: BenchmarkRun, arm: Arm, questions: list[Question], *, adapter, given: bool, suite
) -> PredictionCache:
    settings = benchmark.settings
    limit = settings.examine.max_new_tokens
    digest = content_id(
        base_sha256(base_folder(settings.model)), file_sha256(adapter) if adapter else None, settings.model.dtype, limit
    )
    cache = PredictionCache(benchmark.folder / "answers", digest)
    asked = [Asked(q.probe.question, q.served) for q in questions]
    asked += [Asked(q.probe.question, q.given) for q in questions if given and q.given]
    if cache.missing([a.key for a in asked]) or cache.missing(map(anchor_key, suite)):
        base = load_base(settings.model)
        if adapter:
            load_adapter(base.model, adapter).eval()
        model = LocalModel(base, settings.examine.batch_tokens)
        ask_probes(model, asked, cache=cache, who=arm.name, max_new_tokens=limit)
        ask_anchors(model, suite, cache=cache, who=arm.name, max_new_tokens=limit)
        del model, base
        gc.collect()
    return cache


def _questions(benchmark: BenchmarkRun, night: Night, index: Index | None) -> list[Question]:
    documents = {e.id: e for e in benchmark.documents(night)}
    return [
        Question(
            cohort=night.number,
            probe=probe,
            served=index.best(probe.question) if index else None,
            given=_given(probe, documents.get(probe.experience or "")),
        )
        for probe in benchmark.probes(night)
    ]


def _given(probe: Probe, own: Experience | None) -> str | None:
    passage = PassageIndex().for_probe(probe, own)
    return passage.context if passage else None


def _index(benchmark: BenchmarkRun, nights: int) -> Index:
    return Index(
        [
            s.context
            for night in benchmark.stream.nights[:nights]
            for e in benchmark.documents(night)
            for s in kind_of(e).passages(e)
        ]
    )
