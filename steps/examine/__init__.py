"""Examine: what base, champion and candidate answer, closed and open book, and what they can still do in general."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from steps.anchors import read_anchors
from steps.canaries import Canary, read_canaries
from steps.consolidate.start import Served
from steps.examine.firmness import ask_firmness, right_replies, with_firmness
from steps.examine.forgotten import ask_forgotten
from steps.examine.items import ProbeItem, fact_questions, probe_items
from steps.examine.nightly import nightly_canaries
from steps.examine.paper import Answers, Paper, Who, answer_book, ask_all, without_words
from steps.examine.planted import ENOUGH, mistaught_adapter, shuffled_adapter
from steps.examine.retired import retire
from steps.examine.suites import suite_keys
from steps.manifest import StepRecord, read_manifest, run_once, step_digest
from steps.model.loading import base_folder, base_sha256
from steps.records import AnchorAnswer, Answer, CanaryAnswer, Probe, Retired, content_id
from steps.settings import Settings
from steps.workspace import Workspace, file_sha256, write_records

EXAMINATION = ("answers", "anchors", "canaries", "suites", "retired", "shuffled", "mistaught", "forgotten")


def examine(
    *,
    settings: Settings,
    workspace: Workspace,
    night: str,
    champion: Served | None,
    forgotten: Sequence[Probe] | None = None,
) -> StepRecord:
    """Examine tonight's candidate beside the base and the champion; write one row per answer, by kind of item.

    Args:
        champion: what serves, or None while the base itself does.
        forgotten: questions about what was to be forgotten, if the candidate was built again for that. Then what both
            adapters were trained on is asked, too. Of these questions, and of all that the champion says, only marks
            are kept, no words: it knows still what was to be forgotten, and says it where nobody asks.

    A night that trained nothing asks nothing (``skipped``). Figures: accuracy by model, condition and cohort, general
    abilities by model and ability, canaries that surfaced by model, how many probes are ``retired``, and which nights
    the champion has ``met``.

    Raises:
        SlumberError: model, adapter, anchor or canary suite is missing.
    """
    folder = workspace.night(night) / "examination"
    met = list(champion.nights) if champion else []
    outputs = [folder / f"{name}.jsonl" for name in EXAMINATION]
    candidate = workspace.night(night) / "adapter"
    base_digest = base_sha256(base_folder(settings.model))
    made = candidate if candidate.is_dir() else None  # nothing was, on a night without anything new
    serving = champion.adapter if champion else None
    adapters: dict[Who, Path | None] = {"base": None, "champion": serving, "candidate": made}
    digests = {who: file_sha256(path) if path else "none" for who, path in adapters.items()}
    paper, retired = whole_paper(settings, workspace, night)
    if forgotten is not None:
        trained_on = [ProbeItem(probe, None, probe.source) for probe in fact_questions(workspace, night)]
        paper = replace(paper, items=[*paper.items, *trained_on])
    parameters = [
        settings.examine.model_dump(mode="json"),
        settings.model.dtype,
        base_digest,
        digests,
        met,
        [(i.probe.id, i.probe.answers, i.document) for i in paper.items],
        [c.id for c in paper.canaries],
        [r.to_json() for r in retired],
        list(paper.suites),
        None if forgotten is None else [probe.id for probe in forgotten],
    ]
    digest = step_digest(parameters=parameters, inputs=[settings.anchors])

    def work() -> dict[str, Any]:
        trained = read_manifest(workspace, night=night, step="consolidate")
        if trained is None or "skipped" in trained.figures:
            write_examination(folder, {})
            return {"skipped": "no candidate was trained tonight"}
        ask = partial(ask_all, base_digest=base_digest, settings=settings, workspace=workspace)
        found = {who: ask(paper, who=who, adapter=adapter) for who, adapter in adapters.items()}
        earlier = [i for i in paper.items if i.probe.night < night or forgotten is not None]
        replies = right_replies(row for one in found.values() for row in one.probes)
        firmness = partial(
            ask_firmness, earlier, replies, base_digest=base_digest, settings=settings, workspace=workspace
        )
        for who in ("champion", "candidate"):
            held = firmness(who=who, adapter=adapters[who])
            found[who] = replace(found[who], probes=with_firmness(found[who].probes, held))
        known = [i for i in paper.items if i.probe.night == night or forgotten is not None]
        tonight = Paper([replace(item, document=None) for item in known])
        if forgotten is not None and serving:
            answer_book(serving, base_digest=base_digest, settings=settings, workspace=workspace).burn()
            found["champion"] = without_words(found["champion"])
        few = replace(tonight, items=_drawn(tonight.items, seed=night))
        same = {"settings": settings, "workspace": workspace, "night": night}
        mistaught = _by_mistaught(few, ask, **same) if forgotten is None else []
        with shuffled_adapter(candidate, seed=night) as planted:
            asked = few if forgotten is None else tonight
            shuffled = ask(asked, who="candidate", adapter=planted, says="shuffled adapter").probes
            if forgotten is not None:
                held = firmness(who="candidate", adapter=planted, says="shuffled adapter")
                shuffled = with_firmness(shuffled, held)
        rows: dict[str, list] = {
            "answers": [row for one in found.values() for row in one.probes],
            "anchors": [row for one in found.values() for row in one.anchors],
            "canaries": [row for one in found.values() for row in one.canaries],
            "suites": [row for one in found.values() for row in one.suites],
            "retired": retired,
            "shuffled": shuffled,
            "mistaught": mistaught,
            "forgotten": ask_forgotten(forgotten or [], adapters, base_digest=base_digest, settings=settings),
        }
        write_examination(folder, rows)
        figures = _figures(rows["answers"], rows["anchors"], rows["canaries"])
        return {
            "base": base_digest,
            "digests": digests,
            "met": met,
            "retired": len(retired),
            "forgetting": forgotten is not None,
            **figures,
        }

    return run_once(workspace, night=night, step="examine", digest=digest, outputs=outputs, work=work)


def examine_base(*, settings: Settings, workspace: Workspace) -> None:
    """Ask the base what every night would ask it first: anchors, canaries, suites. Nights find the answers in its book.

    Raises:
        SlumberError: model, anchor or canary suite is missing.
    """
    paper = Paper([], read_anchors(settings.anchors), read_canaries(settings.canaries), suite_keys(settings))
    digest = base_sha256(base_folder(settings.model))
    ask_all(paper, who="base", adapter=None, base_digest=digest, settings=settings, workspace=workspace)


def whole_paper(settings: Settings, workspace: Workspace, night: str) -> tuple[Paper, list[Retired]]:
    """Return all that is asked tonight, and the earlier probes that are not asked any more."""
    items, retired = retire(probe_items(workspace, night), workspace=workspace, night=night)
    canaries = all_canaries(settings, workspace, night)
    return Paper(items, read_anchors(settings.anchors), canaries, suite_keys(settings)), retired


def write_examination(folder: Path, rows: dict[str, list[Any]]) -> None:
    """Write the files of an examination; what has no rows is an empty file."""
    for name in EXAMINATION:
        write_records(folder / f"{name}.jsonl", rows.get(name, []))


def all_canaries(settings: Settings, workspace: Workspace, night: str) -> list[Canary]:
    """Return the canaries of the suite and of the nights so far, each once."""
    return list({c.id: c for c in [*read_canaries(settings.canaries), *nightly_canaries(workspace, night)]}.values())


def _by_mistaught(paper: Paper, ask: Callable[..., Answers], **tonight: Any) -> list[Answer]:
    """What an adapter answers that was taught wrong answers; nothing if tonight has no two facts to confuse."""
    with mistaught_adapter(**tonight) as planted:
        return ask(paper, who="candidate", adapter=planted, says="mistaught adapter").probes if planted else []


def _drawn(items: Sequence[ProbeItem], *, seed: str) -> list[ProbeItem]:
    """Answerable items, ENOUGH of them drawn by ``seed``: what is planted knows none of them or all wrong."""
    answerable = [item for item in items if item.probe.answers]
    return sorted(answerable, key=lambda item: content_id(seed, item.probe.id))[:ENOUGH]


def _figures(answers: list[Answer], general: list[AnchorAnswer], forbidden: list[CanaryAnswer]) -> dict[str, Any]:
    """Counts as [right, asked], of canaries [surfaced, asked], so that no share is quoted without its count."""
    probes: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    abilities: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in answers:
        _count(probes[f"{row.model}/{row.condition}/{row.cohort}"], row.correct)
        _count(probes[f"{row.model}/{row.condition}"], row.correct)
    for one in general:
        _count(abilities[f"{one.model}/{one.ability}"], one.correct)
        _count(abilities[one.model], one.correct)
    surfaced: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in forbidden:
        _count(surfaced[row.model], row.surfaced is not None)
    return {"probes": dict(probes), "anchors": dict(abilities), "canaries": dict(surfaced)}


def _count(cell: list[int], correct: bool) -> None:
    cell[0] += correct
    cell[1] += 1
