"""All of tonight's dreams: of each experience that goes into the weights, and of the model itself."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from steps.anchors import read_anchors
from steps.dream.budget import Candidate, Plan, carried_over, plan
from steps.dream.calibration import Calibration, calibrated, dreamer_digest, remembered
from steps.dream.lessons import is_shown
from steps.dream.rehearsal import normalised, rehearsal_dream, write_rehearsal
from steps.dream.shares import earned, night_rows, shared, writer_rows
from steps.dream.writer import make_writer
from steps.kinds.kind import ASKED, Dreaming
from steps.kinds.messages import begun_with
from steps.kinds.table import KINDS, kind_of
from steps.model.chat_model import ChatModel
from steps.model.loading import base_folder, base_sha256, load_base
from steps.model.opened import opened
from steps.model.token_model import TokenModel
from steps.model.window import obstacle_to
from steps.night import Night
from steps.records import Dream, Experience, Probe, Triaged, content_id
from steps.review.decisions import accepted_experiences, withdrawn
from steps.settings import Settings
from steps.workspace import Workspace, read_records


def persisted(workspace: Workspace, night: str) -> list[Experience]:
    """Tonight's experiences that triage sends into the weights, of kinds that are learned from."""
    verdicts = {t.experience: t for t in read_records(workspace.dataset("triage", night), Triaged)}
    corpus = read_records(workspace.dataset("corpus", night), Experience)
    ready = {key for key, row in verdicts.items() if row.verdict == "persist" and not row.waits}
    return [e for e in corpus if kind_of(e).learned and e.id in ready]


def taught_before(night: Night) -> dict[str, tuple[int, ...]]:
    """By tonight's experiences and those that wait, the numbers of their parts that are not to be taught tonight."""
    waited = {row.night for row in carried_over(night)}
    triaged = [night.workspace.dataset("triage", n) for n in sorted({*waited, night.date})]
    rows = [row for path in triaged for row in read_records(path, Triaged)]
    untaught = {row.experience: (*row.known, *row.withheld, *(one.sentence for one in row.held)) for row in rows}
    for _, _, part in withdrawn(night.workspace, night.date):  # while it waited for a night with room, perhaps
        if part.experience in untaught:
            untaught[part.experience] = (*untaught[part.experience], part.sentence)
    return untaught | _but_accepted(night)


def _but_accepted(night: Night) -> dict[str, tuple[int, ...]]:
    """Of what was held back and is accepted now, all other parts: they are not tonight's."""
    return {
        experience.id: tuple(n for n in range(len(kind_of(experience).parts(experience))) if n not in parts)
        for experience, parts in accepted_experiences(night)
    }


def dream_all(
    night: Night, found: list[Candidate], probes: Sequence[Probe], taught: Mapping[str, tuple[int, ...]]
) -> tuple[list[Dream], Plan, Counter[str], dict[str, Any]]:
    """Return the dreams, each once, what was planned, how many were refused by reason, and how they were made.

    ``taught``: by experience, the numbers of its parts that earlier nights taught.
    """
    with _dreamer(night.settings, night.workspace) as dreamer:
        return _dreamt(night, found, probes, taught, *dreamer)


def _dreamt(
    night: Night,
    found: list[Candidate],
    probes: Sequence[Probe],
    taught: Mapping[str, tuple[int, ...]],
    base: TokenModel,
    writer: ChatModel,
    measured: Calibration,
) -> tuple[list[Dream], Plan, Counter[str], dict[str, Any]]:
    settings, workspace = night.settings, night.workspace
    dreamer = dreamer_digest(settings, base.sha256)
    known = earned(measured, night_rows(workspace, before=night.date, dreamer=dreamer))
    refused: Counter[str] = Counter()
    planned, sharing = plan(night, found, probes, base), shared(known, floor=settings.dream.exploration)
    experiences, chosen = planned.experiences, frozenset(one.key for one in planned.tonight)
    dreaming = Dreaming(
        night.date,
        settings,
        writer,
        base,
        refused,
        plan=sharing,
        passages=chosen,
        known=taught,
        obstacle=lambda **turn: obstacle_to(base.tokenizer, base.window)(**turn),
        earlier=lambda: dreamt_before(night),
    )
    dreams = [
        dream
        for kind in KINDS.values()
        if (own := [e for e in experiences if e.kind == kind.name])
        for dream in kind.lessons(own, dreaming)
    ]
    anchors = {normalised(a.question) for a in read_anchors(settings.anchors)}
    examined = {normalised(p.question) for p in probes} | anchors
    shown = {experience.id: experience for experience in experiences if kind_of(experience).suite not in ASKED}
    unseen = [one for path in night.datasets("unseen", tonight=False) for one in read_records(path, Dream)]
    held, begun = {one.id for one in unseen}, {begun_with(one) for one in unseen}
    kept: dict[str, Dream] = {}
    for one in [
        *(dream for dream in dreams if not dream.rehearsal),
        *_rehearsal(dreaming, forbidden=examined),
        *(dream for dream in dreams if dream.rehearsal),
    ]:
        if any(normalised(text) in examined for text in asked_in(one, shown)):
            refused["asks what a probe asks"] += 1
        elif one.id in held or (is_shown(one, shown) and begun_with(one) in begun):
            refused["held out on an earlier night"] += 1
        elif one.id in kept:
            refused["dreamt already"] += 1
        else:
            kept[one.id] = one
    how = {"packed": base.packed, "engine": settings.dream.engine, "dreamer": dreamer, "calibration": measured.says}
    return list(kept.values()), planned, refused, how | {"writers": writer_rows(measured, sharing, dreaming.tallies)}


def asked_in(dream: Dream, shown: Mapping[str, Experience]) -> list[str]:
    """All that a user asks in a lesson, in the talk before it, too."""
    source = shown.get(dream.experience or "")
    before = kind_of(source).lesson(source, dream).get("messages", ()) if source else ()
    return [dream.question, *dream.asked, *(m.get("content") or "" for m in before if m["role"] == "user")]


def dreamt_before(night: Night) -> list[Dream]:
    """What earlier nights taught, and what they held out."""
    paths = [path for name in ("dreams", "unseen") for path in night.datasets(name, tonight=False)]
    return [dream for path in paths for dream in read_records(path, Dream)]


def calibrate(settings: Settings, workspace: Workspace) -> Calibration:
    """Measure the writers with this dreamer, unless that was done; return what is known of them.

    Raises:
        SlumberError: the model is missing, or the writer's server cannot be reached.
    """
    found = remembered(settings, workspace, base_sha256=base_sha256(base_folder(settings.model)))
    if found is None:
        with _dreamer(settings, workspace) as (_, _, found):
            pass
    return found


@contextmanager
def _dreamer(settings: Settings, workspace: Workspace) -> Iterator[tuple[TokenModel, ChatModel, Calibration]]:
    """The model that verifies, the one that writes, and what is known of their ways of writing."""
    how: dict[str, Any] = {"engine": settings.dream.engine, "batch_tokens": settings.dream.batch_tokens}
    with opened(partial(load_base, settings.model), settings, **how) as base:
        writer = make_writer(settings.dream, base)
        yield base, writer, calibrated(settings, workspace, writer=writer, base=base, base_sha256=base.sha256)


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
    return [rehearsal_dream(dreaming.night, *one) for one in written]
