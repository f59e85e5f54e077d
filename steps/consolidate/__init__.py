"""Consolidate: tonight's dreams and general rehearsal become a LoRA adapter on top of the champion's.

What that has not learned yet is learned cohort by cohort, in the order of the nights. Everything at once would cost as
much, and more of what the base could do (docs/recipe.md, the arm of joint training).
"""

import json
import shutil
from pathlib import Path
from typing import Any

from steps.consolidate.cohort import learn_cohort
from steps.consolidate.start import Served, dreamt_again, goes_on
from steps.consolidate.superseded import superseded
from steps.manifest import StepRecord, code_sha256, run_once, step_digest
from steps.model.loading import base_folder, base_sha256
from steps.records import Dream, Experience
from steps.settings import ConsolidateSettings, Settings
from steps.workspace import NIGHT_BYTES, Workspace, check_space, file_sha256, read_records, write_json


def consolidate(
    *, settings: Settings, workspace: Workspace, night: str, start: Served | None, rebuild: bool = False
) -> StepRecord:
    """Train tonight's candidate into ``.slumber/nights/<night>/adapter``, or nothing if tonight brought nothing new.

    Args:
        start: what serves now, or None while the base itself does. Nights that it has not learned from, because their
            candidates were refused, are learned before tonight.
        rebuild: learn all that ``start`` has not learned, even if tonight dreamt nothing (to forget something).

    Figures: examples, optimiser steps, losses, tokens and tokens/s, or ``skipped`` with the reason.

    Raises:
        SlumberError: the model is missing, the disk is full, or training diverged.
    """
    nights = [n for n in workspace.nights("dreams") if n <= night]
    inputs = [workspace.dataset(name, n) for n in nights for name in ("dreams", "corpus")]
    folder, scratch = workspace.night(night) / "adapter", workspace.night(night) / "consolidate"
    base_digest = base_sha256(base_folder(settings.model))
    begun = start if start and goes_on(start, nights, settings) else None
    parameters = [
        settings.consolidate.model_dump(mode="json"),
        settings.model.dtype,
        settings.seed,
        base_digest,
        (begun.nights, file_sha256(begun.adapter)) if begun else None,
        code_sha256("consolidate"),  # of cohorts that a killed run had learned, too
    ]
    digest = step_digest(parameters=parameters, inputs=inputs)

    def work() -> dict[str, Any]:
        shutil.rmtree(folder, ignore_errors=True)
        dreams = [d for n in nights for d in read_records(workspace.dataset("dreams", n), Dream)]
        dreams = list({d.id: d for d in dreams}.values())
        replaced = superseded(dreams)
        left_out = {(d.answer, replaced[d.id]) for d in dreams if d.id in replaced}
        dreams = [d for d in dreams if d.id not in replaced]
        known = list(begun.nights) if begun else []
        cohorts = [n for n in nights if n not in known and any(d.night == n and not d.rehearsal for d in dreams)]
        if not cohorts or not (rebuild or night in cohorts):
            return {"skipped": "nothing is left to learn" if rebuild else "nothing new tonight", "examples": 0}
        check_space(workspace.state, needed_bytes=NIGHT_BYTES)
        corpus = {e.id: e for n in nights for e in read_records(workspace.dataset("corpus", n), Experience)}
        adapter, parts = begun.adapter if begun else None, []
        for cohort in cohorts:
            part = _learned(
                scratch / cohort,
                digest,
                settings=settings,
                dreams=_with_earlier(dreams, cohort, known, settings.consolidate),
                corpus=corpus,
                known=tuple(known),
                begun=adapter,
            )
            adapter = scratch / cohort / "adapter"
            parts.append(part)
            known.append(cohort)
        adapter.rename(folder)
        shutil.rmtree(scratch, ignore_errors=True)
        return {
            "superseded": [{"was": was, "is now": now} for was, now in sorted(left_out)],
            "nights": nights,
            "cohorts": cohorts,
            "begins_with": f"the champion of night {begun.nights[-1]}" if begun else "the base",
            **_together(parts),
        }

    return run_once(workspace, night=night, step="consolidate", digest=digest, outputs=[folder], work=work)


def _with_earlier(dreams: list[Dream], cohort: str, known: list[str], knobs: ConsolidateSettings) -> list[Dream]:
    """The dreams of a cohort, and as many of ``known`` nights as are to be kept with it."""
    own = [d for d in dreams if d.night == cohort]
    again = dreamt_again(
        (d for d in dreams if d.night in known),
        facts=round(knobs.replay * knobs.epochs * sum(not d.rehearsal for d in own)),
        rehearsals=sum(d.rehearsal for d in own),
        seed=cohort,
    )
    return own + again


def _learned(folder: Path, digest: str, **arguments: Any) -> dict[str, Any]:
    """Learn one cohort; what a killed run had finished is not learned again."""
    finished = folder / "learned.json"
    if finished.exists() and (folder / "adapter").is_dir():
        record = json.loads(finished.read_text(encoding="utf-8"))
        if (record["digest"], record["adapter"]) == (digest, file_sha256(folder / "adapter")):
            return record["figures"]
    finished.unlink(missing_ok=True)
    shutil.rmtree(folder / "adapter", ignore_errors=True)
    figures = learn_cohort(folder=folder, digest=digest, **arguments)
    write_json(finished, {"digest": digest, "adapter": file_sha256(folder / "adapter"), "figures": figures})
    return figures


def _together(parts: list[dict[str, Any]]) -> dict[str, Any]:
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
        "rank": added_ranks if stacked else None,
        "earlier_rank": first["earlier_rank"],
        "tokens_per_second": sums["tokens"] / seconds,
        "example_tokens_per_second": sums["example_tokens"] / seconds,
        "training_seconds": seconds + reading,
        "reading_seconds": reading,
    }
