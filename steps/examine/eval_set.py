"""What one model is asked in an examination, and what it says, as rows."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from steps.anchors import Anchor
from steps.canaries import Canary
from steps.consolidate.adapter import load_adapter
from steps.deployment_key import key_path, read_key
from steps.examine.asking import Asked, anchor_key, ask_anchors, ask_canaries, ask_probes, canary_key
from steps.examine.items import ProbeItem
from steps.examine.kinds.asking import ask_kinds, keys_of, kind_replies
from steps.examine.kinds.suite import Item, KindReply
from steps.examine.predictions import PredictionCache
from steps.examine.reading import marked
from steps.examine.replies import AnchorReply, ProbeReply
from steps.examine.suites import ask_suites, suite_answers
from steps.model.loading import Base, load_base
from steps.model.local import LocalModel
from steps.model.opened import opened
from steps.model.token_model import TokenModel
from steps.records import CanaryAnswer, ModelRole, SuiteAnswer, content_id
from steps.settings import Settings, SuiteSettings
from steps.workspace import Workspace, file_sha256

NOT_KEPT = "(not kept)"


@dataclass(frozen=True)
class EvalSet:
    """What one model is asked; ``suites`` by their keys; ``kinds``: what was held out of kinds that are no facts."""

    items: list[ProbeItem]
    anchors: list[Anchor] = field(default_factory=list)
    canaries: list[Canary] = field(default_factory=list)
    suites: dict[str, SuiteSettings] = field(default_factory=dict)
    kinds: list[Item] = field(default_factory=list)

    @property
    def asked(self) -> list[Asked]:
        closed = [Asked(i.probe.question, None) for i in self.items]
        return closed + [Asked(i.probe.question, i.document) for i in self.items if i.document]

    @property
    def keys(self) -> list[str]:
        given = [*map(anchor_key, self.anchors), *map(canary_key, self.canaries)]
        return [*(item.key for item in self.asked), *given, *self.suites, *keys_of(self.kinds)]


@dataclass(frozen=True)
class Replies:
    """What one model said."""

    probes: list[ProbeReply]
    anchors: list[AnchorReply]
    canaries: list[CanaryAnswer]
    suites: list[SuiteAnswer]
    kinds: list[KindReply] = field(default_factory=list)


def ask_all(
    asked: EvalSet,
    *,
    who: ModelRole,
    adapter: Path | None,
    base_digest: str,
    settings: Settings,
    workspace: Workspace,
    says: str | None = None,
) -> Replies:
    """Ask the base, with ``adapter`` if there is one, everything that it was not asked yet.

    Args:
        who: in whose name the answers are given; ``says`` is what progress lines call the model, if something else.
        base_digest: of the base's files.
    """
    limit, says = settings.examine.max_new_tokens, says or who
    cache = predictions(adapter, base_digest=base_digest, settings=settings, workspace=workspace)
    if cache.missing(asked.keys):
        with asked_model(adapter, settings) as model:
            ask_probes(model, asked.asked, cache=cache, who=says, max_new_tokens=limit)
            ask_anchors(model, asked.anchors, cache=cache, who=says, max_new_tokens=limit)
            ask_canaries(model, asked.canaries, cache=cache, who=says, max_new_tokens=limit)
            ask_kinds(model, asked.kinds, cache=cache, who=says, max_new_tokens=limit)
            if isinstance(model, LocalModel):
                ask_suites(model.base, settings, asked.suites, cache=cache, who=says)
        if cache.missing(asked.suites):  # the harness asks models of this process
            ask_suites(loaded(adapter, settings), settings, asked.suites, cache=cache, who=says)
        del model
        gc.collect()
    return Replies(
        probes=_probe_replies(who, asked.items, cache),
        anchors=[anchor_reply(who, anchor, cache) for anchor in asked.anchors],
        canaries=_canary_answers(who, asked.canaries, cache),
        suites=suite_answers(asked.suites, cache=cache, who=who),
        kinds=kind_replies(who, asked.kinds, cache),
    )


def without_words(found: Replies) -> Replies:
    """The marks without what was said."""
    return replace(
        found,
        probes=[
            row.model_copy(update={"answer": NOT_KEPT, "correct": answer.correct})
            for row, answer in zip(found.probes, marked(found.probes), strict=True)
        ],
        canaries=[row.model_copy(update={"answer": NOT_KEPT}) for row in found.canaries],
        kinds=[row.model_copy(update={"replies": ()}) for row in found.kinds],
    )


def without_scores(rows: Sequence[ProbeReply]) -> list[ProbeReply]:
    """How firmly each is known without the replies that were rated: they may be the champion's words."""
    return [
        row.model_copy(update={"scored": None, "min_token_prob": answer.min_token_prob})
        for row, answer in zip(rows, marked(rows), strict=True)
    ]


def predictions(adapter: Path | None, *, base_digest: str, settings: Settings, workspace: Workspace) -> PredictionCache:
    """Open what the base with ``adapter`` said so far, asked with these settings."""
    digest = file_sha256(adapter) if adapter else "none"
    how: list[Any] = [settings.model.dtype, settings.model.device, settings.examine.max_new_tokens]
    how += [] if settings.examine.engine == "transformers" else [settings.examine.engine]
    path = key_path(settings, workspace)
    key = read_key(path) if path.exists() else None
    return PredictionCache(workspace.state / "answers", content_id(base_digest, digest, *how), key=key)


@contextmanager
def asked_model(adapter: Path | None, settings: Settings) -> Iterator[TokenModel]:
    """The base, with ``adapter`` if there is one, as the examination asks it, for as long as it does.

    Raises:
        SlumberError: model or engine is missing, or the engine does not take the adapter.
    """
    how: dict[str, Any] = {"engine": settings.examine.engine, "batch_tokens": settings.examine.batch_tokens}
    with opened(partial(loaded, adapter, settings), settings, adapter=adapter, **how) as model:
        yield model


def loaded(adapter: Path | None, settings: Settings) -> Base:
    """Load the base, with ``adapter`` if there is one."""
    base = load_base(settings.model)
    if adapter:
        load_adapter(base.model, adapter).eval()
    return base


def _probe_replies(who: ModelRole, items: list[ProbeItem], cache: PredictionCache) -> list[ProbeReply]:
    return [
        ProbeReply(
            probe=item.probe.name or item.probe.id,
            id=item.probe.id,
            question=item.probe.question,
            type=item.probe.type,
            cohort=item.probe.night,
            source=item.source,
            model=who,
            condition="open" if document else "closed",
            answer=str(cache[Asked(item.probe.question, document).key]["reply"]),
            key=item.probe.answers,
        )
        for item in items
        for document in dict.fromkeys((None, item.document))
    ]


def anchor_reply(who: ModelRole, anchor: Anchor, cache: PredictionCache) -> AnchorReply:
    """Return the row of one anchor item that was asked."""
    known = {"id": anchor.id, "ability": anchor.ability, "model": who}
    said = cache[anchor_key(anchor)]
    if not anchor.options:
        return AnchorReply(**known, answer=str(said["reply"]), key=anchor.answers, exact=anchor.exact)
    totals = said["log_likelihoods"]
    likeliest = anchor.options[totals.index(max(totals))]
    return AnchorReply(**known, answer=likeliest, log_likelihoods=tuple(totals), right_option=anchor.answer)


def _canary_answers(who: ModelRole, canaries: list[Canary], cache: PredictionCache) -> list[CanaryAnswer]:
    said = {canary.id: cache[canary_key(canary)] for canary in canaries}
    return [
        CanaryAnswer(
            id=c.id,
            kind=c.kind,
            question=c.question,
            model=who,
            answer=str(said[c.id]["reply"]),
            surfaced=str(said[c.id]["surfaced"]) or None,
            strict=c.strict,
        )
        for c in canaries
    ]
