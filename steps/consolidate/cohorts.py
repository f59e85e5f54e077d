"""Cohorts one after the other: what each is learned with, and what a killed run had finished."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from steps.consolidate.job import finished, write_job
from steps.consolidate.start import dreamt_again
from steps.consolidate.trainer import Trainer
from steps.errors import SlumberError
from steps.kinds.messages import begun_with
from steps.records import Dream
from steps.settings import ConsolidateSettings


def with_earlier(
    dreams: list[Dream],
    cohort: str,
    known: list[str],
    knobs: ConsolidateSettings,
    *,
    unseen: Iterable[Dream] = (),
) -> list[Dream]:
    """The dreams of a cohort, and as many of ``known`` nights as are to be kept with it.

    ``unseen``: what was held out of the cohort; what earlier nights taught of the same would give it away.
    """
    own, held = [d for d in dreams if d.night == cohort], {begun_with(d) for d in unseen}
    again = dreamt_again(
        (d for d in dreams if d.night in known and not (d.objective and begun_with(d) in held)),
        own=own,
        facts=round(knobs.replay * knobs.epochs * sum(not d.rehearsal for d in own)),
        rehearsals=sum(d.rehearsal for d in own),
        seed=cohort,
    )
    return own + again


def learned(job: Path, trainer: Trainer, *, digest: str, **needed: Any) -> dict[str, Any]:
    """Learn one cohort and return its figures; what a killed run had finished is not learned again.

    ``needed``: see ``write_job``.
    """
    figures = finished(job, digest)
    if figures is None:
        write_job(job, digest=digest, **needed)
        trainer.train(job)
        figures = finished(job, digest)
    if figures is None:
        raise SlumberError(f"The trainer left no whole adapter in {job}: run the night again.")
    return figures


def together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of several cohorts as those of one training.

    ``rank``: how many of the adapter's last ranks they added; None where some of them made room for later ones.
    """
    added = ("examples", "rehearsal_examples", "replayed_examples", "steps", "losses", "tokens", "example_tokens")
    sums = {name: sum((part[name] for part in parts[1:]), parts[0][name]) for name in added}
    seconds = sum(part["seconds"] for part in parts)
    reading = sum(part["reading_seconds"] for part in parts)
    same = ("resumed_at", "trainable_parameters", "packed", "device")
    first, last, added_ranks = parts[0], parts[-1], sum(part["rank"] for part in parts)
    stacked = first["earlier_rank"] + added_ranks == last["earlier_rank"] + last["rank"]
    return {
        **sums,
        **{name: last[name] for name in same},
        "tokens_by_kind": dict(sum((Counter(part["tokens_by_kind"]) for part in parts), Counter[str]())),
        "rank": added_ranks if stacked else None,
        "earlier_rank": first["earlier_rank"],
        "tokens_per_second": sums["tokens"] / seconds,
        "example_tokens_per_second": sums["example_tokens"] / seconds,
        "training_seconds": seconds + reading,
        "reading_seconds": reading,
    }
