"""The peers: TRL's SFTTrainer and SDFTTrainer on a night's own examples, adapter shape and learning rate.

Checked with TRL 1.16. Each run loads the base itself, and leaves nothing but the adapter in ``out``.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from peft import PeftModel

from bench.peer_examples import PeerExample, sdft_rows, sft_rows
from bench.trainers import batch_size, quiet_trl, run, trainer_arguments
from bench.training import trainable
from steps.consolidate.adapter import save_adapter
from steps.errors import SlumberError
from steps.model.loading import load_base
from steps.settings import Settings

_SAMPLED_TOKENS = 40  # what SDFT's student may say; as long as an answer in an examination


@dataclass(frozen=True)
class PeerRun:
    """What a run did. ``seconds`` are of training alone; ``tokens`` those trained on, prompts too, without padding."""

    seconds: float
    steps: int
    planned_steps: int
    tokens: int

    @property
    def tokens_per_second(self) -> float:
        return self.tokens / self.seconds


def train_sft(
    *,
    settings: Settings,
    examples: list[PeerExample],
    start: Path | None,
    out: Path,
    seed: int,
    packing: bool = False,
    tokens: int | None = None,
) -> PeerRun:
    """Fine-tune with ``trl.SFTTrainer``, the loss on the answers alone, and save the adapter in ``out``.

    ``start`` is the adapter to go on from, or None for a fresh one. ``packing`` is TRL's own: by best fit into rows of
    ``batch_tokens``, the same rows in every epoch. Examples do not read one another, also without flash attention:
    transformers 5 makes the mask from the positions (a test holds it to that; earlier versions did not). ``tokens``:
    how many to train on, with a learning rate that has come down by then; None: a night's epochs.

    Raises:
        SlumberError: the extra ``bench`` is not installed, there are no examples, or ``start`` is not complete.
    """
    _check(examples)
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    base = load_base(settings.model)
    rows = sft_rows(base.tokenizer, examples)
    lengths = [len(row["input_ids"]) for row in rows]
    budget = settings.consolidate.batch_tokens
    epochs = settings.consolidate.epochs if tokens is None else tokens / sum(lengths)
    with tempfile.TemporaryDirectory(prefix="slumber-peer-") as scratch:
        batch = 1 if packing else batch_size(lengths, budget)
        config = SFTConfig(
            **trainer_arguments(settings, base.device, scratch=scratch, seed=seed, batch=batch, epochs=epochs),
            packing=packing,
            max_length=max(budget, *lengths) if packing else None,
            train_sampling_strategy="random" if packing else "group_by_length",
        )
        trainer = SFTTrainer(
            model=trainable(base.model, settings.consolidate, start=start, seed=seed),
            args=config,
            train_dataset=Dataset.from_list(rows),
            processing_class=base.tokenizer,
        )
        seconds = run(trainer, "TRL SFT")
    save_adapter(cast(PeftModel, trainer.model), out, base_name=base.name)
    return PeerRun(seconds, trainer.state.global_step, trainer.state.max_steps, round(epochs * sum(lengths)))


def train_sdft(
    *, settings: Settings, examples: list[PeerExample], start: Path | None, out: Path, seed: int, max_seconds: float
) -> PeerRun:
    """Self-distil with ``trl.experimental.sdft`` (2601.19897) and save the adapter in ``out``.

    The student answers each question itself, once and in at most 40 tokens; the teacher, which is the base without any
    adapter, scores that answer with the document before it. The written answers only set the size of a batch. A run
    that ``max_seconds`` ends early stops at the learning rate that it had come to: compare ``planned_steps``.

    Raises:
        SlumberError: as ``train_sft``.
    """
    _check(examples)
    from datasets import Dataset
    from trl.experimental.sdft import SDFTConfig, SDFTTrainer

    class CountingTrainer(SDFTTrainer):
        tokens = 0

        def compute_loss(self, model, inputs, *args, **kwargs):
            self.tokens += int(inputs["prompt_mask"].sum() + inputs["completion_mask"].sum())
            return super().compute_loss(model, inputs, *args, **kwargs)

    base = load_base(settings.model)
    lengths = [len(row["input_ids"]) for row in sft_rows(base.tokenizer, examples)]
    # A last batch that is not full is left out by TRL's sampler: with one that is too large, nothing would be trained.
    batch = min(batch_size(lengths, settings.consolidate.batch_tokens), len(examples))
    with tempfile.TemporaryDirectory(prefix="slumber-peer-") as scratch:
        config = SDFTConfig(
            **trainer_arguments(
                settings, base.device, scratch=scratch, seed=seed, batch=batch, epochs=settings.consolidate.epochs
            ),
            teacher_model_kind="base",
            teacher_prompt_template="{privileged_context}{prompt}",
            num_generations=1,
            max_completion_length=_SAMPLED_TOKENS,
            max_prompt_length=None,  # else the teacher's prompt is cut from the left at 512 tokens
        )
        trainer = CountingTrainer(
            model=trainable(base.model, settings.consolidate, start=start, seed=seed),
            args=config,
            train_dataset=Dataset.from_list(sdft_rows(examples)),
            processing_class=base.tokenizer,
        )
        seconds = run(trainer, "TRL SDFT", max_seconds=max_seconds)
    save_adapter(cast(PeftModel, trainer.model), out, base_name=base.name)
    return PeerRun(seconds, trainer.state.global_step, trainer.state.max_steps, trainer.tokens)


def _check(examples: list[PeerExample]) -> None:
    if not examples:
        raise SlumberError("There are no examples to train a peer on: give the night something to dream about first.")
    quiet_trl()
