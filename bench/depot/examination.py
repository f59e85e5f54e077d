"""The morning: every principle that was met is tried on unseen cases, closed book, and on near misses."""

import gc
from collections.abc import Sequence
from pathlib import Path

from bench.depot.arms import Arm
from bench.depot.choosing import chosen
from bench.depot.nights import DepotNights
from bench.depot.records import DepotMark
from bench.depot.world import Case, morning_cases, near_misses
from bench.records import AnchorMark
from bench.retrieval import Index
from steps.anchors import read_anchors
from steps.consolidate.adapter import load_adapter
from steps.examine.asking import anchor_key, ask_anchors
from steps.examine.eval_set import anchor_reply
from steps.examine.predictions import PredictionCache
from steps.examine.reading import marked_anchors
from steps.model.loading import base_folder, base_sha256, load_base
from steps.model.local import LocalModel
from steps.records import content_id
from steps.workspace import file_sha256


def examine(
    nights: DepotNights, arm: Arm, number: int, *, adapter: Path | None, anchors: bool
) -> tuple[list[DepotMark], list[AnchorMark]]:
    """Act in all cases after night ``number`` (0: as the base, in those of all nights); ``anchors``: abilities, too."""
    depot = nights.depot
    met = depot.until(number)
    cases = [case for one in met for case in (*morning_cases(depot, one), *near_misses(depot, one))]
    given = _lessons(nights, arm, number, cases)
    settings = nights.settings
    model = base_sha256(base_folder(settings.model)), file_sha256(adapter) if adapter else None
    cache = PredictionCache(nights.folder / "answers", content_id(*model, settings.model.dtype))
    keys = [content_id("case", case.asked, lesson) for case, lesson in zip(cases, given, strict=True)]
    suite = read_anchors(settings.anchors) if anchors else []
    todo = cache.unasked(dict(zip(keys, zip(cases, given, strict=True), strict=True)))
    if todo or cache.missing(map(anchor_key, suite)):
        asked = LocalModel(load_base(settings.model), settings.examine.batch_tokens)
        if adapter:
            load_adapter(asked.base.model, adapter).eval()
        actions = chosen(asked, [case for case, _ in todo], lessons=[lesson for _, lesson in todo])
        rows = zip(todo, actions, strict=True)
        cache.add({content_id("case", case.asked, lesson): {"action": action} for (case, lesson), action in rows})
        ask_anchors(asked, suite, cache=cache, who=arm.name, max_new_tokens=settings.examine.max_new_tokens)
        del asked
        gc.collect()
    marks = [
        _mark(arm, nights.seed, number, case, str(cache[key]["action"]), lesson)
        for case, key, lesson in zip(cases, keys, given, strict=True)
    ]
    general = [
        AnchorMark(arm=arm.name, after=number, id=a.id, ability=a.ability, correct=a.correct, score=a.score)
        for a in marked_anchors(anchor_reply("candidate", anchor, cache) for anchor in suite)
    ]
    return marks, general


def _lessons(nights: DepotNights, arm: Arm, number: int, cases: Sequence[Case]) -> list[str | None]:
    """What stands before each case; of a near miss an oracle has none to give."""
    if arm.reads == "retrieved":
        index = Index(nights.reasons(number))
        return [index.best(case.asked) for case in cases]
    return [case.rule if arm.reads == "oracle" else None for case in cases]


def _mark(arm: Arm, seed: int, after: int, case: Case, action: str, lesson: str | None) -> DepotMark:
    one = case.principle
    return DepotMark(
        arm=arm.name,
        seed=seed,
        after=after,
        cohort=one.night,
        principle=one.id,
        family=one.family,
        side=case.side,
        asked=case.asked,
        action=action,
        correct=case.right == action,
        fires=action in {side.action for side in one.sides},
        lesson=lesson,
    )
