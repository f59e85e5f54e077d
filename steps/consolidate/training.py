"""The training loop: packed rows, soft labels, checkpoints; a killed run goes on where it stopped."""

import math
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import cast

import numpy as np
import torch
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from transformers import PreTrainedModel

from steps.consolidate.directions import init_lora_a
from steps.consolidate.examples import Example
from steps.consolidate.frozen import FrozenPrefix
from steps.consolidate.fused import fused_layers
from steps.consolidate.objectives.table import Part, counted, row_loss
from steps.consolidate.ranks import Ranks
from steps.consolidate.rows import plan_rows
from steps.consolidate.teacher import Labels, Lessons
from steps.model.forward import states_at
from steps.model.head import Head
from steps.model.packing import pack
from steps.progress import progress, say
from steps.settings import ConsolidateSettings
from steps.workspace import atomic_path


@dataclass
class Training:
    """What a training run did. ``tokens`` were computed; ``example_tokens`` is what they stand for without packing.

    ``seconds``: of all, with the ``opening`` before the first step. ``tokens_by_kind``: ``example_tokens`` by the kind
    of experience that they come of.
    """

    losses: list[float]
    tokens: int
    example_tokens: int
    seconds: float
    opening: float = 0.0
    resumed_at: int = 0
    tokens_by_kind: Counter[str] = field(default_factory=Counter)


def train(
    model: PeftModel,
    lessons: Lessons,
    *,
    settings: ConsolidateSettings,
    seed: int,
    packed: bool,
    checkpoint: Path,
    digest: str,
) -> Training:
    """Train the adapter of ``model`` in place, alone or with the other ranks that this process was joined with.

    ``checkpoint`` is a file that is rewritten atomically every ``checkpoint_steps``; one of another ``digest``, or a
    damaged one, is ignored. The run is deterministic on one machine: rows, initialisation and dropout follow from
    ``seed``. Several ranks walk the same rows, so that any number of them goes on with a checkpoint of any other.
    """
    ranks = Ranks.here()
    examples, labels, frozen = lessons.examples, lessons.labels, lessons.frozen
    rows = plan_rows(
        examples,
        epochs=settings.epochs,
        per_fact=settings.wordings_per_epoch,
        rehearsal_fraction=settings.rehearsal_fraction,
        replay=settings.replay,
        batch_tokens=settings.batch_tokens,
        seed=seed,
        packed=packed,
    )
    start = time.perf_counter()
    init_lora_a(model, lessons.stats, ridge=settings.ridge)
    ranks.begin_alike(list(get_peft_model_state_dict(model).values()))
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, len(rows), settings.warmup))
    done = Training([], 0, 0, 0.0)
    if checkpoint.exists():
        _restore(checkpoint, digest, model, optimizer, schedule, done)
    torch.use_deterministic_algorithms(True, warn_only=model.device.type != "cpu")
    before, done.opening = done.seconds, time.perf_counter() - start
    dropout_of_the_adapter_alone(model)
    with progress("consolidating", len(rows)) as meter, frozen.skipped(), fused_layers(model):
        meter.advance(len(done.losses))
        for step in range(len(done.losses), len(rows)):
            torch.manual_seed(seed + step)  # dropout, if any, is the same after a resume
            row, mine = [examples[n] for n in rows[step]], ranks.share(rows[step], examples)
            own_loss, own_tokens = row_loss_and_gradient(
                model,
                [examples[n] for n in mine],
                mine,
                labels,
                frozen=frozen,
                settings=settings,
                packed=packed,
                total=total_weight(row, settings),
            )
            ranks.sum_gradients(weights)
            loss, tokens = ranks.sum_figures(own_loss, own_tokens, device=model.device)
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            done.losses.append(loss)
            done.tokens += round(tokens)
            done.example_tokens += sum(len(e.sequence) for e in row)
            done.seconds = before + time.perf_counter() - start
            meter.advance(note=f"loss {loss:.3f}  {done.tokens / done.seconds:.0f} tokens/s")
            if ranks.first and (step + 1) % settings.checkpoint_steps == 0:
                _store(checkpoint, digest, model, optimizer, schedule, done)
    model.eval()
    torch.use_deterministic_algorithms(False)
    for number in (n for row in rows for n in row):
        done.tokens_by_kind[examples[number].of] += len(examples[number].sequence)
    return done


def dropout_of_the_adapter_alone(model: PeftModel) -> None:
    """Let the adapter drop out and nothing else: the base is what the teacher is, and its own dropout is noise."""
    model.eval()
    for name, module in model.named_modules():
        if name.rsplit(".", 1)[-1] == "lora_dropout":
            module.train()


def row_loss_and_gradient(
    model: PeftModel,
    members: list[Example],
    numbers: list[int],
    labels: Labels,
    *,
    frozen: FrozenPrefix,
    settings: ConsolidateSettings,
    packed: bool,
    total: float | None = None,
) -> tuple[float, int]:
    """Run forward and backward over one row; without packing, over its examples one by one, and pairs together.

    ``total``: the weight of the whole row that ``members`` are a part of; None: they are all of it.
    """
    if not members:
        return 0.0, 0
    total = total_weight(members, settings) if total is None else total
    base, value, tokens = cast(PreTrainedModel, model.get_base_model()), 0.0, 0
    together = list(zip(members, numbers, strict=True))
    for part in [together] if packed else _one_by_one(together):
        rows = [part] if packed else [[one] for one in part]
        hidden = [_completions(base, row, frozen, packed=packed) for row in rows]
        loss, weights = row_loss(
            part,
            hidden[0][0] if len(hidden) == 1 else torch.cat([states for states, *_ in hidden]),
            hidden[0][1],
            labels,
            settings,
        )
        share = weights / total
        (loss * share).backward()
        value += float(loss.detach()) * share
        tokens += sum(count for *_, count in hidden)
    return value, tokens


def total_weight(row: list[Example], settings: ConsolidateSettings) -> float:
    """What the mean of a row's loss is divided by; a pair counts as its preferred side."""
    return sum(counted(e, settings) for e in row if not e.rejected)


def _completions(
    base: PreTrainedModel, part: Part, frozen: FrozenPrefix, *, packed: bool
) -> tuple[torch.Tensor, Head, int]:
    """Return what the head makes some completions of, [N, width], the head, and how many tokens were computed."""
    row = pack([e.sequence for e, _ in part])
    where = np.concatenate([index[len(e.prompt) - 1 : -1] for (e, _), index in zip(part, row.index, strict=True)])
    entering = frozen.entering(row, [n for _, n in part])
    return *states_at(base, row, where, packed=packed, entering=entering), len(row.ids)


def _one_by_one(row: Part) -> list[Part]:
    """Each example alone, but what is rejected with what is preferred to it."""
    parts: list[Part] = []
    for one in row:
        if one[0].rejected:
            parts[-1].append(one)
        else:
            parts.append([one])
    return parts


def _rate(step: int, steps: int, warmup: float) -> float:
    rise = max(1, round(warmup * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def _store(path: Path, digest: str, model: PeftModel, optimizer, schedule, done: Training) -> None:
    state = {
        "digest": digest,
        "adapter": get_peft_model_state_dict(model),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "done": [done.losses, done.tokens, done.example_tokens, done.seconds],
    }
    with atomic_path(path) as temporary:
        torch.save(state, temporary)


def _restore(path: Path, digest: str, model: PeftModel, optimizer, schedule, done: Training) -> None:
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
    except (RuntimeError, EOFError, ValueError, UnpicklingError):
        say(f"The checkpoint {path} is damaged: training starts from its beginning.")
        return
    if state["digest"] != digest:
        return
    set_peft_model_state_dict(model, state["adapter"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    done.losses, done.tokens, done.example_tokens, done.seconds = state["done"]
    done.resumed_at = len(done.losses)
