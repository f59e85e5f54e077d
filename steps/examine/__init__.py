"""Examine: what base, champion and candidate answer, closed and open book, and what they can still do in general."""

import gc
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from steps.anchors import Anchor, read_anchors
from steps.canaries import Canary, read_canaries
from steps.consolidate.adapter import load_adapter
from steps.examine.asking import AnswerBook, Asked, ask_anchors, ask_canaries, ask_probes
from steps.examine.items import ProbeItem, probe_items
from steps.examine.marking import right
from steps.examine.nightly import nightly_canaries
from steps.examine.planted import shuffled_adapter
from steps.examine.retired import retire
from steps.examine.suites import ask_suites, suite_answers, suite_keys
from steps.manifest import StepRecord, read_manifest, run_once, step_digest
from steps.model.loading import base_folder, base_sha256, load_base
from steps.model.runner import Runner
from steps.records import AnchorAnswer, Answer, CanaryAnswer, content_id
from steps.settings import Settings, SuiteSettings
from steps.workspace import Workspace, file_sha256, write_records

Who = Literal["base", "champion", "candidate"]


def examine(*, settings: Settings, workspace: Workspace, night: str, champion: Path | None) -> StepRecord:
    """Examine tonight's candidate beside the base and the champion; write one row per answer, by kind of item.

    Args:
        champion: folder of the champion's adapter, or None while the base itself serves.

    A night that trained nothing asks nothing (``skipped``). Figures: accuracy by model, condition and cohort, general
    abilities by model and ability, canaries that surfaced by model, and how many probes are ``retired``.

    Raises:
        SlumberError: model, adapter, anchor or canary suite is missing.
    """
    folder = workspace.night(night) / "examination"
    names = ("answers", "anchors", "canaries", "retired", "suites", "shuffled")
    outputs = [folder / f"{name}.jsonl" for name in names]
    candidate = workspace.night(night) / "adapter"
    base_digest = base_sha256(base_folder(settings.model))
    made = candidate if candidate.is_dir() else None  # nothing was, on a night without anything new
    adapters: dict[Who, Path | None] = {"base": None, "champion": champion, "candidate": made}
    digests = {who: file_sha256(path) if path else "none" for who, path in adapters.items()}
    items, retired = retire(probe_items(workspace, night), workspace=workspace, night=night)
    anchors = read_anchors(settings.anchors)
    canaries = all_canaries(settings, workspace, night)
    parameters = [
        settings.examine.model_dump(mode="json"),
        settings.model.dtype,
        base_digest,
        digests,
        [(i.probe.id, i.probe.answers, i.document) for i in items],
        [c.id for c in canaries],
        [r.to_json() for r in retired],
        list(suite_keys(settings)),
    ]
    digest = step_digest(parameters=parameters, inputs=[settings.anchors])

    def work() -> dict[str, Any]:
        trained = read_manifest(workspace, night=night, step="consolidate")
        if trained is None or "skipped" in trained.figures:
            for path in outputs:
                write_records(path, [])
            return {"skipped": "no candidate was trained tonight"}
        paper = _Paper(items, anchors, canaries, suite_keys(settings))
        ask = partial(_ask, settings, workspace, base_digest)
        books: dict[str, AnswerBook] = {}
        for who, adapter in adapters.items():
            if digests[who] not in books:
                books[digests[who]] = ask(who, adapter, digests[who], paper)
        answers = [row for who in adapters for row in _answers(who, items, books[digests[who]])]
        general = [row for who in adapters for row in _anchor_answers(who, anchors, books[digests[who]])]
        forbidden = [row for who in adapters for row in _canary_answers(who, canaries, books[digests[who]])]
        suites = [row for who in adapters for row in suite_answers(settings, book=books[digests[who]], who=who)]
        tonight = [replace(i, document=None) for i in items if i.probe.night == night]
        with shuffled_adapter(candidate, seed=night) as planted:
            book = ask("shuffled adapter", planted, f"shuffled {digests['candidate']}", _Paper(tonight))
        shuffled = _answers("candidate", tonight, book)
        for path, rows in zip(outputs, (answers, general, forbidden, retired, suites, shuffled), strict=True):
            write_records(path, rows)
        figures = _figures(answers, general, forbidden)
        return {"base": base_digest, "digests": digests, "retired": len(retired), **figures}

    return run_once(workspace, night=night, step="examine", digest=digest, outputs=outputs, work=work)


def all_canaries(settings: Settings, workspace: Workspace, night: str) -> list[Canary]:
    """Return the canaries of the suite and of the nights so far, each once."""
    return list({c.id: c for c in [*read_canaries(settings.canaries), *nightly_canaries(workspace, night)]}.values())


@dataclass(frozen=True)
class _Paper:
    """What one model is asked; ``suites`` by their keys."""

    items: list[ProbeItem]
    anchors: list[Anchor] = field(default_factory=list)
    canaries: list[Canary] = field(default_factory=list)
    suites: dict[str, SuiteSettings] = field(default_factory=dict)

    @property
    def asked(self) -> list[Asked]:
        closed = [Asked(i.probe.question, None) for i in self.items]
        return closed + [Asked(i.probe.question, i.document) for i in self.items if i.document]

    @property
    def keys(self) -> list[str]:
        given = [item.id for item in (*self.anchors, *self.canaries)]
        return [*(item.key for item in self.asked), *given, *self.suites]


def _ask(
    settings: Settings,
    workspace: Workspace,
    base_digest: str,
    who: str,
    adapter: Path | None,
    adapter_digest: str,
    paper: _Paper,
) -> AnswerBook:
    """Ask one model everything that its book does not hold yet."""
    limit = settings.examine.max_new_tokens
    how = content_id(base_digest, adapter_digest, settings.model.dtype, settings.model.device, limit)
    book = AnswerBook(workspace.state / "answers", how)
    if book.missing(paper.keys):
        base = load_base(settings.model)
        if adapter:
            load_adapter(base.model, adapter).eval()
        runner = Runner(base, settings.examine.batch_tokens)
        ask_probes(runner, paper.asked, book=book, who=who, max_new_tokens=limit)
        ask_anchors(runner, paper.anchors, book=book, who=who, max_new_tokens=limit)
        ask_canaries(runner, paper.canaries, book=book, who=who, max_new_tokens=limit)
        ask_suites(base, settings, paper.suites, book=book, who=who)
        del runner, base
        gc.collect()
    return book


def _answers(who: Who, items: list[ProbeItem], book: AnswerBook) -> list[Answer]:
    rows = []
    for item in items:
        probe = item.probe
        for condition, document in (("closed", None), ("open", item.document)):
            if condition == "open" and document is None:
                continue
            reply = str(book[Asked(probe.question, document).key]["reply"])
            rows.append(
                Answer(
                    probe=probe.name or probe.id,
                    id=probe.id,
                    question=probe.question,
                    type=probe.type,
                    cohort=probe.night,
                    source=item.source,
                    model=who,
                    condition=condition,
                    answer=reply,
                    correct=right(reply, probe.answers),
                )
            )
    return rows


def _anchor_answers(who: Who, anchors: list[Anchor], book: AnswerBook) -> list[AnchorAnswer]:
    return [
        AnchorAnswer(
            id=a.id,
            ability=a.ability,
            model=who,
            answer=str(book[a.id]["reply"]),
            correct=bool(book[a.id]["correct"]),
            score=float(book[a.id]["score"]),
        )
        for a in anchors
    ]


def _canary_answers(who: Who, canaries: list[Canary], book: AnswerBook) -> list[CanaryAnswer]:
    return [
        CanaryAnswer(
            id=c.id,
            kind=c.kind,
            question=c.question,
            model=who,
            answer=str(book[c.id]["reply"]),
            surfaced=str(book[c.id]["surfaced"]) or None,
        )
        for c in canaries
    ]


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
