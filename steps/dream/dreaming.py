"""All of tonight's dreams: of each experience that goes into the weights, and of the model itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from steps.anchors import read_anchors
from steps.dream.rehearsal import normalised, write_rehearsal
from steps.dream.writer import make_writer
from steps.kinds.kind import Dreaming
from steps.kinds.table import KINDS, kind_of
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.records import Dream, Experience, Probe, Triaged, content_id
from steps.settings import Settings
from steps.workspace import Workspace, read_records


def persisted(workspace: Workspace, night: str) -> list[Experience]:
    """Tonight's experiences that triage sends into the weights, of kinds that are learned from."""
    verdicts = {t.experience: t for t in read_records(workspace.dataset("triage", night), Triaged)}
    corpus = read_records(workspace.dataset("corpus", night), Experience)
    ready = {key for key, row in verdicts.items() if row.verdict == "persist" and not row.waits}
    return [e for e in corpus if kind_of(e).learned and e.id in ready]


def taught_before(workspace: Workspace, night: str) -> dict[str, tuple[int, ...]]:
    """By tonight's experiences, the numbers of their parts that earlier nights taught."""
    return {row.experience: row.known for row in read_records(workspace.dataset("triage", night), Triaged)}


def dream_all(
    settings: Settings,
    night: str,
    experiences: Sequence[Experience],
    probes: Sequence[Probe],
    known: Mapping[str, tuple[int, ...]],
) -> tuple[list[Dream], Counter[str], dict[str, Any]]:
    """Return the dreams, each once, how many were refused by reason, and how they were made.

    ``known``: see ``Dreaming``.
    """
    base = LocalModel(load_base(settings.model), settings.dream.batch_tokens)
    refused: Counter[str] = Counter()
    dreaming = Dreaming(night, settings, make_writer(settings.dream, base), base, refused, known)
    dreams = [
        dream
        for kind in KINDS.values()
        if (own := [e for e in experiences if e.kind == kind.name])
        for dream in kind.lessons(own, dreaming)
    ]
    anchors = {normalised(a.question) for a in read_anchors(settings.anchors)}
    examined = {normalised(p.question) for p in probes} | anchors
    kept: dict[str, Dream] = {}
    for one in [
        *(dream for dream in dreams if not dream.rehearsal),
        *_rehearsal(dreaming, forbidden=examined),
        *(dream for dream in dreams if dream.rehearsal),
    ]:
        if any(normalised(text) in examined for text in (one.question, *one.asked)):
            refused["asks what a probe asks"] += 1
        elif one.id in kept:
            refused["dreamt already"] += 1
        else:
            kept[one.id] = one
    return list(kept.values()), refused, {"packed": base.packed, "engine": settings.dream.engine}


def one_each(dreams: list[Dream]) -> list[Dream]:
    """The first dream of each strategy."""
    return list({d.strategy: d for d in reversed(dreams)}.values())[::-1]


def _rehearsal(dreaming: Dreaming, *, forbidden: set[str]) -> list[Dream]:
    """What the model asks and answers of itself alone."""
    settings, knobs = dreaming.settings, dreaming.settings.dream
    written = write_rehearsal(
        dreaming.writer,
        knobs.rehearsals,
        temperature=knobs.temperature,
        top_k=knobs.top_k,
        seed=int(content_id(settings.seed, dreaming.night), 16),  # every night other topics: it grows with memory
        forbidden=forbidden,
    )
    return [
        Dream(
            id=content_id("rehearsal", question, answer),
            night=dreaming.night,
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
