"""Consolidate: tonight's dreams and general rehearsal become a LoRA adapter on top of the champion's.

In a deep sleep it is built from the base anew, on the dreams of all nights.
"""

import shutil
from pathlib import Path
from typing import Any

from steps.consolidate.adapter import adapter_config, attach_adapter, rank_of, save_adapter, stacks, with_merged
from steps.consolidate.compacting import compacted
from steps.consolidate.examples import build_examples
from steps.consolidate.start import Start, dreamt_again, is_deep_sleep
from steps.consolidate.superseded import superseded
from steps.consolidate.teacher import prepare_lessons
from steps.consolidate.training import train
from steps.errors import SlumberError
from steps.manifest import StepRecord, run_once, step_digest
from steps.model.loading import base_folder, base_sha256, load_base
from steps.model.runner import Runner
from steps.records import Dream, Experience
from steps.settings import ConsolidateSettings, Settings
from steps.workspace import Workspace, check_space, file_sha256, read_records

_BYTES_NEEDED = 500_000_000  # checkpoint and adapter of a small model, with room


def consolidate(
    *, settings: Settings, workspace: Workspace, night: str, start: Start | None, rebuild: bool = False
) -> StepRecord:
    """Train tonight's candidate into ``.slumber/nights/<night>/adapter``, or nothing if tonight brought nothing new.

    Args:
        start: what serves now, or None while the base itself does. Nights that it has not learned from, because their
            candidates were refused, count as new.
        rebuild: from the base on all that the nights dreamt, even if tonight dreamt nothing (to forget something).

    Figures: examples, optimiser steps, losses, tokens and tokens/s, or ``skipped`` with the reason.

    Raises:
        SlumberError: the model is missing, the disk is full, or training diverged.
    """
    nights = [n for n in workspace.nights("dreams") if n <= night]
    inputs = [workspace.dataset(name, n) for n in nights for name in ("dreams", "corpus")]
    folder = workspace.night(night) / "adapter"
    base_digest = base_sha256(base_folder(settings.model))
    if rebuild or is_deep_sleep(nights, start, every=settings.consolidate.deep_sleep):
        start = None
    parameters = [
        settings.consolidate.model_dump(mode="json"),
        settings.model.dtype,
        settings.seed,
        base_digest,
        (start.nights, file_sha256(start.adapter)) if start else None,
    ]
    digest = step_digest(parameters=parameters, inputs=inputs)

    def work() -> dict[str, Any]:
        shutil.rmtree(folder, ignore_errors=True)
        dreams = [d for n in nights for d in read_records(workspace.dataset("dreams", n), Dream)]
        if not any((rebuild or d.night == night) and not d.rehearsal for d in dreams):
            return {"skipped": "nothing is left to learn" if rebuild else "nothing new tonight", "examples": 0}
        check_space(workspace.state, needed_bytes=_BYTES_NEEDED)
        dreams = list({d.id: d for d in dreams}.values())
        replaced = superseded(dreams)
        left_out = {(d.answer, replaced[d.id]) for d in dreams if d.id in replaced}
        dreams = [d for d in dreams if d.id not in replaced]
        corpus = {e.id: e for n in nights for e in read_records(workspace.dataset("corpus", n), Experience)}
        base = load_base(settings.model)
        begun = start if start and stacks(start.adapter, base.model, settings.consolidate) else None
        known = begun.nights if begun else ()
        new = [d for d in dreams if d.night not in known]
        again = dreamt_again(
            (d for d in dreams if d.night in known),
            facts=round(settings.consolidate.replay * settings.consolidate.epochs * sum(not d.rehearsal for d in new)),
            rehearsals=sum(d.rehearsal for d in new),
            seed=night,
        )
        packed = Runner(base, settings.consolidate.batch_tokens).packed
        examples = build_examples(base.tokenizer, [*new, *again], corpus, known=known)
        scratch = workspace.night(night) / "consolidate"
        lessons = prepare_lessons(base.model, examples, settings.consolidate, packed=packed)
        fresh = len({d.night for d in new if not d.rehearsal})
        before = _with_room(begun.adapter, scratch / "before", settings.consolidate, nights=fresh) if begun else None
        served = with_merged(base.model, before) if before else base.model  # after the base has read the lessons
        model = attach_adapter(served, settings.consolidate, seed=settings.seed, nights=fresh)
        done = train(
            model,
            lessons,
            settings=settings.consolidate,
            seed=settings.seed,
            packed=packed,
            checkpoint=scratch / "checkpoint.pt",
            digest=digest,
        )
        if not all(loss == loss and abs(loss) < 1e4 for loss in done.losses):
            raise SlumberError("Training diverged (the loss is not a number): lower consolidate.learning_rate.")
        unfinished = folder.with_name("adapter.part")
        shutil.rmtree(unfinished, ignore_errors=True)
        save_adapter(model, unfinished, base_name=base.name, onto=before)
        unfinished.rename(folder)
        earlier_rank = adapter_config(before)["r"] if before else 0
        shutil.rmtree(scratch, ignore_errors=True)
        return {
            "examples": len(examples),
            "rehearsal_examples": sum(e.rehearsal for e in examples),
            "replayed_examples": sum(e.replay for e in examples),
            "superseded": [{"was": was, "is now": now} for was, now in sorted(left_out)],
            "nights": nights,
            "begins_with": f"the champion of night {begun.nights[-1]}" if begun else "the base",
            "rank": model.peft_config["default"].r,
            "earlier_rank": earlier_rank,
            "steps": len(done.losses),
            "losses": [round(loss, 6) for loss in done.losses],
            "tokens": done.tokens,
            "example_tokens": done.example_tokens,
            "tokens_per_second": done.tokens / done.seconds,
            "example_tokens_per_second": done.example_tokens / done.seconds,
            "training_seconds": lessons.seconds + done.seconds,
            "reading_seconds": lessons.seconds,
            "resumed_at": done.resumed_at,
            "trainable_parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
            "packed": packed,
            "device": str(base.device),
        }

    return run_once(workspace, night=night, step="consolidate", digest=digest, outputs=[folder], work=work)


def _with_room(adapter: Path, scratch: Path, settings: ConsolidateSettings, *, nights: int) -> Path:
    """The champion's adapter, small enough for both to stay within ``max_rank``; it keeps at least half of that."""
    room = max(settings.max_rank - rank_of(settings, nights), settings.max_rank // 2)
    if adapter_config(adapter)["r"] <= room:
        return adapter
    shutil.rmtree(scratch, ignore_errors=True)
    return compacted(adapter, scratch, rank=room)
