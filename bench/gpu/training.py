"""Consolidation beside TRL's SFTTrainer and a plain loop of peft and torch: the same lessons, layers, rank and tokens.

All stand on one base, which nobody changes; each puts a fresh adapter on it and takes it off again. What the base reads
before training is counted as ours. Operations are counted on a few of the lessons (to count slows what is counted), and
told for all of them by the tokens.
"""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from bench.gpu.device import Measured, timed
from bench.gpu.lessons import made_lessons
from bench.gpu.shapes import Shape
from steps.consolidate.adapter import attach_adapter
from steps.consolidate.examples import Example, build_examples
from steps.consolidate.teacher import prepare_lessons
from steps.consolidate.training import train
from steps.model.choosing import chosen_path
from steps.model.loading import Base
from steps.settings import Settings

LOOP = "peft + torch, a padded loop"
_RATE = 0.002  # of plain training, as of the benchmark's peers


def measure_training(base: Base, shape: Shape, settings: Settings) -> tuple[list[Measured], dict[str, str]]:
    """Measure each; return what was measured, ours first, and what could not be, with the reason."""
    examples = build_examples(base.tokenizer, made_lessons(shape.facts))
    few = examples[: max(4, len(examples) // 20)]
    packed, missing = chosen_path(base).packed, dict[str, str]()
    measured = [_measured("Slumber", base, examples, few, lambda part: _ours(base, part, settings, packed=packed))]
    measured.append(_measured(LOOP, base, examples, few, lambda part: _padded_loop(base, part, settings)))
    for packing in (False, True):
        name = f"TRL SFTTrainer, {'packed' if packing else 'padded'}"
        try:
            peer = partial(_trl, base, settings=settings, packing=packing)
            measured.append(_measured(name, base, examples, few, peer))
        except ImportError as error:
            missing["TRL"] = f"not installed here ({error}): {LOOP} stands in its place"
        except (RuntimeError, ValueError, TypeError) as error:  # no memory, or another release of TRL
            missing[name] = f"{type(error).__name__}: {str(error)[:200]}"
    return measured, missing


def _measured(
    what: str, base: Base, examples: list[Example], few: list[Example], work: Callable[[list[Example]], int]
) -> Measured:
    with FlopCounterMode(display=False) as counter:  # and the device is warm afterwards
        counted = work(few)
    tokens, seconds, peak = timed(base.device, lambda: work(examples))
    return Measured(what, tokens, seconds, peak, counter.get_total_flops() / counted * tokens)


def _ours(base: Base, examples: list[Example], settings: Settings, *, packed: bool) -> int:
    """Read and train; return the tokens of the examples, trained on once an epoch, without packing."""
    knobs = settings.consolidate
    lessons = prepare_lessons(base.model, examples, knobs, packed=packed)
    model = attach_adapter(base.model, knobs, seed=settings.seed)
    try:
        with tempfile.TemporaryDirectory(prefix="slumber-gpu-") as scratch:
            done = train(
                model,
                lessons,
                settings=knobs,
                seed=settings.seed,
                packed=packed,
                checkpoint=Path(scratch) / "checkpoint.pt",
                digest="gpu",
            )
    finally:
        model.unload()
    return done.example_tokens


def _padded_loop(base: Base, examples: list[Example], settings: Settings) -> int:
    """What one writes by hand: rows of like lengths, padded, next-token loss on the answers, AdamW."""
    knobs = settings.consolidate
    model: Any = attach_adapter(base.model, knobs, seed=settings.seed)
    model.train()
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=_RATE, weight_decay=knobs.weight_decay)
    ordered = sorted(examples, key=lambda example: len(example.sequence))
    total = sum(len(example.sequence) for example in ordered)
    size = max(1, round(knobs.batch_tokens * len(ordered) / total))
    try:
        for _ in range(knobs.epochs):
            for start in range(0, len(ordered), size):
                batch = _padded(ordered[start : start + size], base)
                model(**batch, use_cache=False).loss.backward()
                torch.nn.utils.clip_grad_norm_(weights, 1.0)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
    finally:
        model.unload()
        base.model.eval()
    return total * knobs.epochs


def _padded(examples: list[Example], base: Base) -> dict[str, torch.Tensor]:
    width = max(len(example.sequence) for example in examples)
    ids = torch.full((len(examples), width), int(base.tokenizer.pad_token_id))
    labels, mask = torch.full_like(ids, -100), torch.zeros_like(ids)
    for row, example in enumerate(examples):
        end = len(example.sequence)
        ids[row, :end] = torch.tensor(example.sequence)
        labels[row, len(example.prompt) : end] = ids[row, len(example.prompt) : end]
        mask[row, :end] = 1
    return {
        name: made.to(base.device) for name, made in (("input_ids", ids), ("labels", labels), ("attention_mask", mask))
    }


def _trl(base: Base, examples: list[Example], settings: Settings, *, packing: bool) -> int:
    """``trl.SFTTrainer`` at the settings of ``bench.peers.train_sft``, on a model that is there already.

    Raises:
        ImportError: TRL, or what it takes its rows from, is not installed.
    """
    import trl  # noqa: F401
    from datasets import Dataset

    from bench.trainers import batch_size, quiet_trl, run, trainer_arguments

    quiet_trl()
    from trl import SFTConfig, SFTTrainer

    rows = [{"input_ids": list(e.sequence), "labels": [-100] * len(e.prompt) + list(e.completion)} for e in examples]
    lengths, knobs = [len(row["input_ids"]) for row in rows], settings.consolidate
    model = attach_adapter(base.model, knobs, seed=settings.seed)
    how: dict[str, Any] = {"seed": settings.seed, "epochs": knobs.epochs}
    try:
        with tempfile.TemporaryDirectory(prefix="slumber-gpu-") as scratch:
            batch = 1 if packing else batch_size(lengths, knobs.batch_tokens)
            config = SFTConfig(
                **trainer_arguments(settings, base.device, scratch=scratch, batch=batch, **how),
                packing=packing,
                max_length=max(knobs.batch_tokens, *lengths) if packing else None,
                train_sampling_strategy="random" if packing else "group_by_length",
            )
            trainer = SFTTrainer(
                model=model, args=config, train_dataset=Dataset.from_list(rows), processing_class=base.tokenizer
            )
            run(trainer, "TRL SFT")
    finally:
        model.unload()
        base.model.requires_grad_(False).eval()
    return sum(lengths) * knobs.epochs
