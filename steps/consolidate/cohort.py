"""One cohort is learned: a fresh adapter, trained on its lessons on top of what was learned before it."""

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

from peft import LoraConfig

from steps.consolidate.adapter import adapter_config, attach_adapter, save_adapter, with_merged
from steps.consolidate.compacting import compacted
from steps.consolidate.examples import build_examples
from steps.consolidate.teacher import prepare_lessons
from steps.consolidate.training import train
from steps.errors import SlumberError
from steps.lesson import Lesson
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.settings import ConsolidateSettings, Settings


def learn_cohort(
    *,
    settings: Settings,
    lessons: list[Lesson],
    known: Collection[str],
    begun: Path | None,
    folder: Path,
    digest: str,
) -> dict[str, Any]:
    """Train on ``lessons`` and save the adapter in ``folder / "adapter"``, together with that of ``begun``.

    Args:
        known: nights whose lessons come again only so that they are kept.
        begun: the adapter of those nights; None: the base.
        folder: for this cohort alone; a checkpoint of the same ``digest`` in it is gone on from.

    Returns:
        The figures of the training. Numbers of examples, tokens and seconds can be added up over cohorts.

    Raises:
        SlumberError: training diverged.
    """
    knobs = settings.consolidate
    base = load_base(settings.model)  # anew for each cohort: the one before was merged into it
    packed = LocalModel(base, knobs.batch_tokens).packed
    examples = build_examples(base.tokenizer, lessons, known=known)
    read = prepare_lessons(base.model, examples, knobs, packed=packed)
    before = _with_room(begun, folder / "before", knobs) if begun else None
    served = with_merged(base.model, before) if before else base.model  # after the base has read the lessons
    model = attach_adapter(served, knobs, seed=settings.seed)
    done = train(
        model,
        read,
        settings=knobs,
        seed=settings.seed,
        packed=packed,
        checkpoint=folder / "checkpoint.pt",
        digest=digest,
    )
    if not all(loss == loss and abs(loss) < 1e4 for loss in done.losses):
        raise SlumberError("Training diverged (the loss is not a number): lower consolidate.learning_rate.")
    unfinished = folder / "adapter.part"
    shutil.rmtree(unfinished, ignore_errors=True)
    save_adapter(model, unfinished, base_name=base.name, onto=before)
    unfinished.rename(folder / "adapter")
    return {
        "examples": len(examples),
        "rehearsal_examples": sum(e.rehearsal for e in examples),
        "replayed_examples": sum(e.replay for e in examples),
        "rank": cast(LoraConfig, model.peft_config["default"]).r,
        "earlier_rank": adapter_config(before)["r"] if before else 0,
        "steps": len(done.losses),
        "losses": [round(loss, 6) for loss in done.losses],
        "tokens": done.tokens,
        "example_tokens": done.example_tokens,
        "seconds": done.seconds,
        "reading_seconds": read.seconds,
        "resumed_at": done.resumed_at,
        "trainable_parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "packed": packed,
        "device": str(base.device),
    }


def _with_room(adapter: Path, scratch: Path, settings: ConsolidateSettings) -> Path:
    """What was learned before, small enough for both to stay within ``max_rank``; it keeps at least half of that."""
    room = max(settings.max_rank - settings.rank, settings.max_rank // 2)
    if adapter_config(adapter)["r"] <= room:
        return adapter
    shutil.rmtree(scratch, ignore_errors=True)
    return compacted(adapter, scratch, rank=room)
