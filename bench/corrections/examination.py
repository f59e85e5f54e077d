"""The morning: everything that holds after a night is asked, greedily, to the end of the answer's tokens."""

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.benchmark_run import BenchmarkRun
from bench.corrections.arms import Arm, notes
from bench.corrections.data import Corrections, Topic, session
from bench.corrections.marking import is_right, says, says_old
from bench.corrections.records import CorrectionMark, Metric
from bench.corrections.remembering import remembered
from bench.records import AnchorMark
from bench.retrieval import Index
from steps.anchors import Anchor, read_anchors
from steps.consolidate.adapter import load_adapter
from steps.examine.asking import Asked, anchor_key, ask_anchors, ask_probes
from steps.examine.eval_set import anchor_reply
from steps.examine.predictions import PredictionCache
from steps.examine.reading import marked_anchors
from steps.model.loading import base_folder, base_sha256, load_base
from steps.model.local import LocalModel
from steps.records import content_id
from steps.workspace import file_sha256


@dataclass(frozen=True)
class Item:
    """A question and what makes a reply right; ``near``: what must not be said."""

    cohort: int
    correction: str
    kind: str
    metric: Metric
    place: int
    question: str
    answers: tuple[str, ...]
    old: tuple[str, ...] = ()

    def correct(self, reply: str) -> bool:
        return not says(reply, self.answers) if self.metric == "near" else is_right(reply, self.answers, self.old)


def items(corrections: Corrections, after: int) -> Iterator[Item]:
    """What is asked after night ``after``: of each topic the correction that holds, and all neighbours."""
    for topic in corrections.topics:
        number = topic.held_after(after)
        if number is not None:
            yield from _of_correction(topic, number)
    for neighbour in corrections.neighbours():
        yield Item(0, neighbour.question, neighbour.relation, "neighbour", 0, neighbour.question, neighbour.answers)


def _of_correction(topic: Topic, number: int) -> Iterator[Item]:
    one, old = topic.corrections[number], topic.old_values(number)

    def asked(metric: Metric, question: str, answers: tuple[str, ...], place: int = 0, old: tuple[str, ...] = ()):
        return Item(one.night, session(topic, number), topic.first_kind(number), metric, place, question, answers, old)

    yield asked("efficacy", topic.question, one.answers, old=old)
    for place, question in enumerate(topic.paraphrases):
        yield asked("paraphrase", question, one.answers, place, old)
    yield asked("portability", one.portability.question, one.portability.answers)
    yield asked("near", topic.near, topic.near_value or one.answers)


def examine(
    benchmark: BenchmarkRun,
    corrections: Corrections,
    arm: Arm,
    *,
    after: int,
    adapter: Path | None,
    anchors: bool,
    seed: int,
) -> tuple[list[CorrectionMark], list[AnchorMark]]:
    """Ask one arm all that holds after night ``after``; ``anchors``: the suite of general abilities, too.

    Replies are kept by model, so that an unchanged one is never asked the same thing twice.
    """
    each = list(items(corrections, after))
    served = _served(benchmark, corrections, arm, after, [item.question for item in each])
    asked = [(item, Asked(item.question, said)) for item, said in zip(each, served, strict=True)]
    suite = read_anchors(benchmark.settings.anchors) if anchors else []
    cache = _asked(benchmark, arm.name, [question for _, question in asked], adapter=adapter, suite=suite)
    marks = []
    for item, question in asked:
        reply = str(cache[question.key]["reply"])
        mark = CorrectionMark(
            arm=arm.name,
            seed=seed,
            after=after,
            cohort=item.cohort,
            correction=item.correction,
            kind=item.kind,
            metric=item.metric,
            place=item.place,
            question=item.question,
            answer=reply,
            correct=item.correct(reply),
            old=says_old(reply, item.old),
            served=question.document,
        )
        marks.append(mark)
    general = [
        AnchorMark(arm=arm.name, after=after, id=a.id, ability=a.ability, correct=a.correct, score=a.score)
        for a in marked_anchors(anchor_reply("candidate", anchor, cache) for anchor in suite)
    ]
    return marks, general


def _served(
    benchmark: BenchmarkRun, corrections: Corrections, arm: Arm, after: int, questions: list[str]
) -> Sequence[str | None]:
    """What stands before each question."""
    if arm.looks_up == "memory":
        return remembered(benchmark, after, questions)
    if arm.looks_up == "best":
        index = Index(list(notes(benchmark, corrections, after)))
        return [index.best(question) for question in questions]
    return [None] * len(questions)


def _asked(
    benchmark: BenchmarkRun, who: str, questions: list[Asked], *, adapter: Path | None, suite: list[Anchor]
) -> PredictionCache:
    settings = benchmark.settings
    limit = settings.examine.max_new_tokens
    model = base_sha256(base_folder(settings.model)), file_sha256(adapter) if adapter else None
    cache = PredictionCache(benchmark.folder / "answers", content_id(*model, settings.model.dtype, limit))
    if cache.missing([one.key for one in questions]) or cache.missing(map(anchor_key, suite)):
        base = load_base(settings.model)
        if adapter:
            load_adapter(base.model, adapter).eval()
        asked = LocalModel(base, settings.examine.batch_tokens)
        ask_probes(asked, questions, cache=cache, who=who, max_new_tokens=limit)
        ask_anchors(asked, suite, cache=cache, who=who, max_new_tokens=limit)
        del asked, base
        gc.collect()
    return cache
