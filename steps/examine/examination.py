"""The examination of a night: what base, champion and candidate are asked, and what is planted beside them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from steps.anchors import read_anchors
from steps.canaries import Canary, read_canaries
from steps.checkpoint import NO_ADAPTER
from steps.examine.census import taught_facts, wanted
from steps.examine.eval_set import EvalSet, Replies, ask_all, predictions, without_scores, without_words
from steps.examine.forgotten import ask_forgotten
from steps.examine.items import ProbeItem, fact_questions, probe_items
from steps.examine.kinds.suite import Item
from steps.examine.kinds.table import kind_items
from steps.examine.min_token_prob import ask_token_scores, with_scores
from steps.examine.nightly import nightly_canaries
from steps.examine.planted import ENOUGH, mistaught_adapter, shuffled_adapter
from steps.examine.reading import marked, marked_anchors, right_replies, write_examination
from steps.examine.replies import Examination, ProbeReply
from steps.examine.retired import retire
from steps.examine.suites import suite_keys
from steps.model.loading import base_folder, base_sha256
from steps.night import Night
from steps.records import ModelRole, Probe, Retired, content_id
from steps.settings import Settings
from steps.workspace import Workspace, file_sha256


def examine_candidate(night: Night) -> dict[str, Any]:
    """Ask all and write the examination; return its figures. See ``ExamineStep``."""
    settings, workspace, request = night.settings, night.workspace, night.forgetting
    folder = night.folder / "examination"
    forgetting, rebuilt, adapters = request is not None, night.rebuilds, adapters_of(night)
    candidate, serving = night.folder / "adapter", adapters["champion"]
    asked, retired = eval_set_of(night)
    base_digest = base_sha256(base_folder(settings.model))
    how: dict[str, Any] = {"base_digest": base_digest, "settings": settings, "workspace": workspace}
    ask: Callable[..., Replies] = partial(ask_all, **how)
    found = {who: ask(asked, who=who, adapter=adapter) for who, adapter in adapters.items()}
    earlier = [i for i in asked.items if i.probe.night < night.date or rebuilt]
    replies = right_replies(row for one in found.values() for row in marked(one.probes))
    rate = partial(ask_token_scores, earlier, replies, **how)
    for who in ("champion", "candidate"):
        scored = rate(who=who, adapter=adapters[who])
        found[who] = replace(found[who], probes=with_scores(found[who].probes, scored))
    known = [i for i in asked.items if i.probe.night == night.date or rebuilt]
    tonight = EvalSet([replace(item, document=None) for item in known])
    few = replace(tonight, items=_drawn(tonight.items, seed=night.date))
    within = night.folder if settings.compute.engine == "ray" else None  # where other machines find it, too
    same = {"settings": settings, "workspace": workspace, "night": night.date, "within": within}
    mistaught = [] if rebuilt else _by_mistaught(few, ask, **same)
    drawn_kinds = _drawn_kinds(asked.kinds, met_by_champion(night) if rebuilt else [night.date], seed=night.date)
    with shuffled_adapter(candidate, seed=night.date, within=within) as planted:
        part = replace(tonight if rebuilt else few, kinds=drawn_kinds)
        mixed = ask(part, who="candidate", adapter=planted, says="shuffled adapter")
        shuffled = mixed.probes
        if rebuilt:
            scored = rate(who="candidate", adapter=planted, says="shuffled adapter")
            shuffled = with_scores(shuffled, scored)
    if forgetting:
        shuffled = without_scores(shuffled)
        found = {who: replace(one, probes=without_scores(one.probes)) for who, one in found.items()}
    if forgetting and serving:
        predictions(serving, **how).delete()
        found["champion"] = without_words(found["champion"])
    gone = ask_forgotten(request.questions if request else [], adapters, base_digest=base_digest, settings=settings)
    examination = Examination(
        answers=[row for one in found.values() for row in one.probes],
        anchors=[row for one in found.values() for row in one.anchors],
        canaries=[row for one in found.values() for row in one.canaries],
        suites=[row for one in found.values() for row in one.suites],
        retired=retired,
        shuffled=shuffled,
        mistaught=mistaught,
        forgotten=gone,
        kinds=[
            *(row for one in found.values() for row in one.kinds),
            *(row.model_copy(update={"model": "shuffled"}) for row in mixed.kinds),
        ],
    )
    write_examination(folder, examination)
    return {"base": base_digest, "retired": len(retired), **_figures(examination)}


def adapters_of(night: Night) -> dict[ModelRole, Path | None]:
    """What is asked beside the base; no candidate on a night without anything new."""
    made = night.folder / "adapter"
    return {
        "base": None,
        "champion": night.champion.adapter if night.champion else None,
        "candidate": made if made.is_dir() else None,
    }


def digests_of(night: Night) -> dict[str, str]:
    return {who: file_sha256(path) if path else NO_ADAPTER for who, path in adapters_of(night).items()}


def met_by_champion(night: Night) -> list[str]:
    return list(night.champion.nights) if night.champion else []


def eval_set_of(night: Night) -> tuple[EvalSet, list[Retired]]:
    """All that is asked tonight; of a candidate that was built again, what both adapters were trained on, too.

    So is what earlier nights taught, where their probes are too few (``steps/examine/census.py``).
    """
    asked, retired = whole_eval_set(night.settings, night.workspace, night.date)
    met, trained_on = met_by_champion(night), list[Probe]()
    if night.rebuilds:
        trained_on = fact_questions(night.workspace, night.date)
    elif wanted(asked.items, night.date, met, night.settings.gate):
        trained_on = taught_facts(night.workspace, night.date, met)
    items = [*asked.items, *(ProbeItem(probe, None, probe.source) for probe in trained_on)]
    return replace(asked, items=items), retired


def examine_base(*, settings: Settings, workspace: Workspace) -> None:
    """Ask the base what every night would ask it first: anchors, canaries, suites. Nights find the answers.

    Raises:
        SlumberError: model, anchor or canary suite is missing.
    """
    asked = EvalSet([], read_anchors(settings.anchors), read_canaries(settings.canaries), suite_keys(settings))
    digest = base_sha256(base_folder(settings.model))
    ask_all(asked, who="base", adapter=None, base_digest=digest, settings=settings, workspace=workspace)


def whole_eval_set(settings: Settings, workspace: Workspace, night: str) -> tuple[EvalSet, list[Retired]]:
    """Return all that is asked tonight, and the earlier probes that are not asked any more."""
    items, retired = retire(probe_items(workspace, night), workspace=workspace, night=night)
    canaries = all_canaries(settings, workspace, night)
    kinds = kind_items(workspace, night)
    return EvalSet(items, read_anchors(settings.anchors), canaries, suite_keys(settings), kinds), retired


def all_canaries(settings: Settings, workspace: Workspace, night: str) -> list[Canary]:
    """Return the canaries of the suite and of the nights so far, each once."""
    return list({c.id: c for c in [*read_canaries(settings.canaries), *nightly_canaries(workspace, night)]}.values())


def _by_mistaught(asked: EvalSet, ask: Callable[..., Replies], **tonight: Any) -> list[ProbeReply]:
    """What an adapter answers that was taught wrong answers; nothing if tonight has no two facts to confuse."""
    with mistaught_adapter(**tonight) as planted:
        return ask(asked, who="candidate", adapter=planted, says="mistaught adapter").probes if planted else []


def _drawn(items: Sequence[ProbeItem], *, seed: str) -> list[ProbeItem]:
    """Answerable items, ENOUGH of them drawn by ``seed``: what is planted knows none of them or all wrong."""
    answerable = [item for item in items if item.probe.answers]
    return sorted(answerable, key=lambda item: content_id(seed, item.probe.id))[:ENOUGH]


def _drawn_kinds(items: Sequence[Item], nights: Collection[str], *, seed: str) -> list[Item]:
    """Of each suite at most ENOUGH of these nights', drawn by ``seed``."""
    drawn: dict[str, list[Item]] = {}
    for item in sorted(items, key=lambda item: content_id(seed, item.id)):
        if item.cohort in nights and not item.watched and len(drawn.setdefault(item.suite, [])) < ENOUGH:
            drawn[item.suite].append(item)
    return [item for those in drawn.values() for item in those]


def _figures(found: Examination) -> dict[str, Any]:
    """Counts as [right, asked], of canaries [surfaced, asked], so that no share is quoted without its count."""
    probes: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    abilities: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in marked(found.answers):
        _count(probes[f"{row.model}/{row.condition}/{row.cohort}"], row.correct)
        _count(probes[f"{row.model}/{row.condition}"], row.correct)
    for one in marked_anchors(found.anchors):
        _count(abilities[f"{one.model}/{one.ability}"], one.correct)
        _count(abilities[one.model], one.correct)
    surfaced: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for canary in found.canaries:
        _count(surfaced[canary.model], canary.surfaced is not None)
    return {"probes": dict(probes), "anchors": dict(abilities), "canaries": dict(surfaced)}


def _count(cell: list[int], correct: bool) -> None:
    cell[0] += correct
    cell[1] += 1
