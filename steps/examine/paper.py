"""What one model is asked in an examination, and its answers as rows."""

import gc
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from steps.anchors import Anchor
from steps.canaries import Canary
from steps.consolidate.adapter import load_adapter
from steps.examine.asking import AnswerBook, Asked, ask_anchors, ask_canaries, ask_probes
from steps.examine.items import ProbeItem
from steps.examine.marking import right
from steps.examine.suites import ask_suites, suite_answers
from steps.model.loading import Base, load_base
from steps.model.runner import Runner
from steps.records import AnchorAnswer, Answer, CanaryAnswer, SuiteAnswer, content_id
from steps.settings import Settings, SuiteSettings
from steps.workspace import Workspace, file_sha256

Who = Literal["base", "champion", "candidate"]
NOT_KEPT = "(not kept)"


@dataclass(frozen=True)
class Paper:
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


@dataclass(frozen=True)
class Answers:
    """What one model answered."""

    probes: list[Answer]
    anchors: list[AnchorAnswer]
    canaries: list[CanaryAnswer]
    suites: list[SuiteAnswer]


def ask_all(
    paper: Paper,
    *,
    who: Who,
    adapter: Path | None,
    base_digest: str,
    settings: Settings,
    workspace: Workspace,
    says: str | None = None,
) -> Answers:
    """Ask the base, with ``adapter`` if there is one, everything that its answer book does not hold yet.

    Args:
        who: in whose name the answers are given; ``says`` is what progress lines call the model, if something else.
        base_digest: of the base's files.
    """
    limit, says = settings.examine.max_new_tokens, says or who
    book = answer_book(adapter, base_digest=base_digest, settings=settings, workspace=workspace)
    if book.missing(paper.keys):
        base = loaded(adapter, settings)
        runner = Runner(base, settings.examine.batch_tokens)
        ask_probes(runner, paper.asked, book=book, who=says, max_new_tokens=limit)
        ask_anchors(runner, paper.anchors, book=book, who=says, max_new_tokens=limit)
        ask_canaries(runner, paper.canaries, book=book, who=says, max_new_tokens=limit)
        ask_suites(base, settings, paper.suites, book=book, who=says)
        del runner, base
        gc.collect()
    return Answers(
        probes=_answers(who, paper.items, book),
        anchors=_anchor_answers(who, paper.anchors, book),
        canaries=_canary_answers(who, paper.canaries, book),
        suites=suite_answers(paper.suites, book=book, who=who),
    )


def without_words(answers: Answers) -> Answers:
    """The same marks without what was said."""
    return replace(
        answers,
        probes=[row.model_copy(update={"answer": NOT_KEPT}) for row in answers.probes],
        canaries=[row.model_copy(update={"answer": NOT_KEPT}) for row in answers.canaries],
    )


def answer_book(adapter: Path | None, *, base_digest: str, settings: Settings, workspace: Workspace) -> AnswerBook:
    """Open the book of the base with ``adapter``, as it is asked with these settings."""
    digest = file_sha256(adapter) if adapter else "none"
    how = [settings.model.dtype, settings.model.device, settings.examine.max_new_tokens]
    return AnswerBook(workspace.state / "answers", content_id(base_digest, digest, *how))


def loaded(adapter: Path | None, settings: Settings) -> Base:
    """Load the base, with ``adapter`` if there is one, to be asked."""
    base = load_base(settings.model)
    if adapter:
        load_adapter(base.model, adapter).eval()
    return base


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
            strict=c.strict,
        )
        for c in canaries
    ]
