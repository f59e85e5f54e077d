"""One cohort is learned: a fresh adapter, trained on its lessons on top of what was learned before it."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from peft import LoraConfig

from steps.checkpoint import adapter_config
from steps.consolidate.adapter import attach_adapter, save_adapter, with_merged
from steps.consolidate.compacting import compacted
from steps.consolidate.examples import build_examples
from steps.consolidate.job import ADAPTER, CHECKPOINT, START, finish_job, read_job
from steps.consolidate.labels import against
from steps.consolidate.objectives.table import check_lessons, is_compared
from steps.consolidate.ranks import Ranks
from steps.consolidate.teacher import prepare_lessons
from steps.consolidate.training import train
from steps.errors import SlumberError
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.settings import ConsolidateSettings


def learn(folder: Path) -> dict[str, Any]:
    """Do the training job in ``folder``: train on its lessons and save the adapter, together with the start's.

    Joined with other ranks this process does its share; the first of them writes what comes out.

    Returns:
        The figures of the training. Numbers of examples, tokens and seconds can be added up over cohorts.

    Raises:
        SlumberError: a lesson cannot be learned, the base is not the one that the job is for, or training diverged.
    """
    job, lessons = read_job(folder)
    ranks = Ranks.here()
    check_lessons(lessons)
    knobs, begun = job.consolidate, folder / START if (folder / START).is_dir() else None
    base = load_base(job.model)  # anew for each cohort: the one before was merged into it
    if base.sha256 != job.base_sha256:
        raise SlumberError(f"The job in {folder} is for another base model than the one in {base.folder}.")
    packed = LocalModel(base, knobs.batch_tokens).packed
    examples = build_examples(base.tokenizer, lessons, known=job.known)
    read = prepare_lessons(base.model, examples, knobs, packed=packed)
    before = _with_room(begun, folder / f"before-{ranks.rank}", knobs) if begun else None
    served = with_merged(base.model, before) if before else base.model  # after the base has read the lessons
    news = [n for n, example in enumerate(examples) if is_compared(example) and not example.replay] if before else []
    if news:
        labels = against(read.labels, served, examples, news, batch_tokens=knobs.batch_tokens, packed=packed)
        read = replace(read, labels=labels)
    model = attach_adapter(served, knobs, seed=job.seed)
    done = train(
        model,
        read,
        settings=knobs,
        seed=job.seed,
        packed=packed,
        checkpoint=folder / CHECKPOINT,
        digest=job.digest,
    )
    if not all(loss == loss and abs(loss) < 1e4 for loss in done.losses):
        raise SlumberError("Training diverged (the loss is not a number): lower consolidate.learning_rate.")
    figures = {
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
        "tokens_by_kind": dict(done.tokens_by_kind),
        "reading_seconds": read.seconds,
        "resumed_at": done.resumed_at,
        "trainable_parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "packed": packed,
        "device": str(base.device),
    }
    if ranks.first:
        unfinished = folder / "adapter.part"
        shutil.rmtree(unfinished, ignore_errors=True)
        save_adapter(model, unfinished, base_name=job.base_name, onto=before)
        shutil.rmtree(folder / ADAPTER, ignore_errors=True)  # of a run that was cut off before its last word
        unfinished.rename(folder / ADAPTER)
        finish_job(folder, job, figures)
    ranks.wait()
    return figures


def _with_room(adapter: Path, scratch: Path, settings: ConsolidateSettings) -> Path:
    """What was learned before, small enough for both to stay within ``max_rank``; it keeps at least half of that."""
    room = max(settings.max_rank - settings.rank, settings.max_rank // 2)
    if adapter_config(adapter)["r"] <= room:
        return adapter
    shutil.rmtree(scratch, ignore_errors=True)
    return compacted(adapter, scratch, rank=room)
