"""A night's training: which cohorts are to be learned, on top of what, one after the other."""

import shutil
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from steps.checkpoint import AdapterCheckpoint
from steps.consolidate.bucket import trainer_with_bucket
from steps.consolidate.cohorts import learned, together, with_earlier
from steps.consolidate.compacting import compacted
from steps.consolidate.left_out import still_left_out, taken_up
from steps.consolidate.step import ConsolidateFigures
from steps.consolidate.superseded import Gone, superseded
from steps.dream.lessons import lesson_of, suite_of
from steps.night import Night
from steps.records import Dream, Experience
from steps.workspace import NIGHT_BYTES, check_space, read_records


def train_night(
    night: Night,
    folder: Path,
    *,
    scratch: Path,
    digest: str,
    begun: AdapterCheckpoint | None,
    waits: str | None = None,
    leave_out: Collection[str] = (),
) -> ConsolidateFigures:
    """Train tonight's adapter into ``folder``; nothing is trained if tonight brought nothing new.

    Args:
        digest: of all that it depends on; what a killed run with the same one left in ``scratch`` is gone on with.
        begun: what is learned on top of, None for the base.
        waits: why all that tonight brought waits, if it does.
        leave_out: suites whose lessons of tonight are not taught.
    """
    settings, nights = night.settings, _learnable(night)
    shutil.rmtree(folder, ignore_errors=True)
    dreams = [d for n in nights for d in read_records(night.workspace.dataset("dreams", n), Dream)]
    dreams = list({d.id: d for d in dreams}.values())
    replaced = superseded(dreams, Gone.until(night.workspace, night.date))
    replaced_facts = {(d.answer, replaced[d.id]) for d in dreams if d.id in replaced}
    corpus = {e.id: e for n in nights for e in read_records(night.workspace.dataset("corpus", n), Experience)}
    known, rebuild = list(begun.nights) if begun else [], night.rebuilds
    dreams, again = taken_up(
        [d for d in dreams if d.id not in replaced],
        corpus,
        night.workspace,
        known=nights if rebuild else known,
        tonight=None if rebuild else night.date,
        but=leave_out,
    )
    cohorts = [n for n in nights if n not in known and any(d.night == n and not d.rehearsal for d in dreams)]
    if not cohorts or not (rebuild or night.date in cohorts):
        why = "nothing is left to learn" if rebuild else waits or "nothing new tonight"
        return ConsolidateFigures(skipped=why)
    check_space(night.workspace.state, needed_bytes=NIGHT_BYTES)
    parts, trainer = [], trainer_with_bucket(settings, night.workspace)
    adapter = begun.adapter if begun else None
    for cohort in cohorts:
        part = learned(
            scratch / cohort,
            trainer,
            digest=digest,
            settings=settings,
            lessons=[lesson_of(d, corpus) for d in _together(night, dreams, cohort, known)],
            known=tuple(known),
            begun=adapter,
        )
        adapter = scratch / cohort / "adapter"
        parts.append(part)
        known.append(cohort)
    last = scratch / cohorts[-1] / "adapter"
    if night.deep:
        last = compacted(last, scratch / "compacted", rank=settings.deep.rank)
    last.rename(folder)
    shutil.rmtree(scratch, ignore_errors=True)
    return ConsolidateFigures(
        superseded=[{"was": was, "is now": now} for was, now in sorted(replaced_facts)],
        without=sorted(still_left_out(night.workspace, nights).get(night.date, ())) if rebuild else None,
        taken_up=dict(Counter(str(suite_of(dream, corpus)) for dream in again)) or None,
        nights=nights,
        cohorts=cohorts,
        begins_with=begun.says if begun else "the base",
        **together(parts),
    )


def _together(night: Night, dreams: list[Dream], cohort: str, known: list[str]) -> list[Dream]:
    path = night.workspace.dataset("unseen", cohort)
    unseen = read_records(path, Dream) if path.is_file() else []
    return with_earlier(dreams, cohort, known, night.settings.consolidate, unseen=unseen)


def _learnable(night: Night) -> list[str]:
    """The nights so far, without those whose lessons are held for review.

    Of a deep sleep those that the champion learned from: it learns nothing that does not serve, for nothing asks then
    whether that was learned, and what a gate refused or a person took back would come in by the back door.
    """
    if night.deep:
        served = night.champion.nights if night.champion else ()
        return [n for n in night.nights("dreams") if n in served and n not in night.held]
    return [n for n in night.nights("dreams") if n not in night.held or n == night.date]
