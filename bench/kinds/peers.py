"""TRL's SFTTrainer and DPOTrainer on a night's own demonstrations and preferences, and the night's adapter shape."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from peft import PeftModel

from bench.peers import PeerRun
from bench.trainers import batch_size, quiet_trl, run, trainer_arguments
from bench.training import trainable
from steps.consolidate.adapter import save_adapter
from steps.consolidate.examples import Example
from steps.lesson import Lesson
from steps.model.loading import load_base
from steps.settings import Settings

DPO_RATE = 2e-4  # of AdamW on all of the adapter; chosen, not tuned


def talk_rows(examples: Sequence[Example]) -> list[dict[str, list[int]]]:
    """Each talk once, with labels on all turns that are learned: what TRL calls assistant-only loss.

    ``examples``: turns of a talk after each other, as they are built; each begins with the one before it.
    """
    rows: list[dict[str, list[int]]] = []
    for example in examples:
        ids, learned = list(example.sequence), len(example.prompt)
        labels = [-100] * learned + ids[learned:]
        if example.follows:
            before = rows.pop()["labels"]
            labels[: len(before)] = before
        rows.append({"input_ids": ids, "labels": labels})
    return rows


def train_sft(settings: Settings, examples: Sequence[Example], out: Path) -> PeerRun:
    """Fine-tune on the talks with ``trl.SFTTrainer`` for a night's epochs, and save the adapter in ``out``."""
    quiet_trl()
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    base, rows = load_base(settings.model), talk_rows(examples)
    lengths = [len(row["input_ids"]) for row in rows]
    batch = batch_size(lengths, settings.consolidate.batch_tokens)
    epochs = settings.consolidate.epochs
    with tempfile.TemporaryDirectory(prefix="slumber-peer-") as scratch:
        arguments = trainer_arguments(
            settings, base.device, scratch=scratch, seed=settings.seed, batch=batch, epochs=epochs
        )
        trainer = SFTTrainer(
            model=trainable(base.model, settings.consolidate, start=None, seed=settings.seed),
            args=SFTConfig(**arguments, max_length=None, train_sampling_strategy="group_by_length"),
            train_dataset=Dataset.from_list(rows),
            processing_class=base.tokenizer,
        )
        seconds = run(trainer, "TRL SFT")
    save_adapter(cast(PeftModel, trainer.model), out, base_name=base.name)
    return PeerRun(seconds, trainer.state.global_step, trainer.state.max_steps, epochs * sum(lengths))


def train_dpo(settings: Settings, lessons: Sequence[Lesson], tokens: int, out: Path, *, beta: float) -> PeerRun:
    """Prefer with ``trl.DPOTrainer``, reference computed once as a night does, and save the adapter in ``out``.

    ``tokens``: of both sides of all pairs, prompts too, for its speed. TRL tokenises by the template itself, which
    writes a line break after the turn that a night does not learn.
    """
    quiet_trl()
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    base = load_base(settings.model)
    epochs = settings.consolidate.epochs
    batch = max(1, round(settings.consolidate.batch_tokens * len(lessons) / tokens))
    with tempfile.TemporaryDirectory(prefix="slumber-peer-") as scratch:
        arguments: dict[str, Any] = trainer_arguments(
            settings, base.device, scratch=scratch, seed=settings.seed, batch=batch, epochs=epochs
        )
        start = time.perf_counter()
        trainer = DPOTrainer(
            model=trainable(base.model, settings.consolidate, start=None, seed=settings.seed),
            args=DPOConfig(
                **arguments | {"learning_rate": DPO_RATE}, beta=beta, max_length=None, precompute_ref_log_probs=True
            ),
            train_dataset=Dataset.from_list([_pair(lesson) for lesson in lessons]),
            processing_class=base.tokenizer,
        )
        reading = time.perf_counter() - start
        seconds = reading + run(trainer, "TRL DPO")
    model = cast(PeftModel, trainer.model)
    if "ref" in model.peft_config:
        model.delete_adapter("ref")
    save_adapter(model, out, base_name=base.name)
    return PeerRun(seconds, trainer.state.global_step, trainer.state.max_steps, epochs * tokens)


def _pair(lesson: Lesson) -> dict[str, Any]:
    def said(text: str | None) -> list[dict[str, str]]:
        return [{"role": "assistant", "content": text or ""}]

    messages = [{"role": m["role"], "content": m["content"]} for m in lesson.messages]
    return {"prompt": messages, "chosen": said(lesson.completion), "rejected": said(lesson.rejected)}
