"""How a Hugging Face trainer runs here: at a night's own settings, silent, offline, and with nothing left on disk."""

import logging
import math
import os
import time
import warnings
from contextlib import ExitStack
from typing import Any

import torch
from transformers import Trainer, TrainerCallback
from transformers.trainer_callback import PrinterCallback

from bench.training import PLAIN_RATE
from steps.errors import SlumberError
from steps.progress import progress
from steps.settings import Settings


def quiet_trl() -> None:
    """Import TRL without its telemetry, notices and progress bars.

    Raises:
        SlumberError: the extra ``bench`` is not installed.
    """
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    try:
        import datasets
        import trl  # noqa: F401
        from huggingface_hub import constants
    except ImportError:
        raise SlumberError("The peers need TRL, the trainers of Hugging Face: pip install -e '.[bench]'.") from None
    constants.HF_HUB_DISABLE_TELEMETRY = True  # TRL reports each trainer; the variable was read at import, too early
    logging.getLogger("trl").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", message="`gradient_checkpointing`", category=FutureWarning)  # TRL always sets it
    datasets.disable_progress_bars()


def batch_size(lengths: list[int], batch_tokens: int) -> int:
    """Return how many examples of these lengths make a batch of about ``batch_tokens``, at least one."""
    return max(1, round(batch_tokens * len(lengths) / sum(lengths)))


def trainer_arguments(
    settings: Settings, device: torch.device, *, scratch: str, seed: int, batch: int, epochs: float
) -> dict[str, Any]:
    """Arguments for any TRL trainer: the schedule of ``consolidate`` at ``PLAIN_RATE``, no files or prints.

    TRL's own defaults would compute in bfloat16 and save memory by gradient checkpointing; both only cost time here.
    """
    chosen = settings.consolidate
    return {
        "output_dir": scratch,
        "seed": seed,
        "num_train_epochs": epochs,
        "per_device_train_batch_size": batch,
        "gradient_accumulation_steps": 1,
        "learning_rate": PLAIN_RATE,
        "weight_decay": chosen.weight_decay,
        "max_grad_norm": 1.0,
        "lr_scheduler_type": "cosine",
        "warmup_steps": chosen.warmup,  # below 1 it is a share of all steps
        "bf16": False,
        "gradient_checkpointing": False,
        "use_cpu": device.type == "cpu",
        "dataloader_pin_memory": device.type == "cuda",
        "save_strategy": "no",
        "logging_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
    }


def run(trainer: Trainer, what: str, *, max_seconds: float = math.inf) -> float:
    """Train to the end, or to the end of the step in which ``max_seconds`` are spent; return the seconds it took."""
    trainer.remove_callback(PrinterCallback)
    with ExitStack() as stack:
        trainer.add_callback(_Watch(what, stack, max_seconds))
        start = time.perf_counter()
        trainer.train()
        return time.perf_counter() - start


class _Watch(TrainerCallback):
    """Shows the progress, and ends the run when its time is spent. ``stack`` closes the bar, also after an error."""

    def __init__(self, what: str, stack: ExitStack, max_seconds: float):
        self.what, self.stack, self.max_seconds = what, stack, max_seconds

    def on_train_begin(self, args, state, control, **kwargs):
        self.start = time.perf_counter()
        self.meter = self.stack.enter_context(progress(self.what, state.max_steps))

    def on_step_end(self, args, state, control, **kwargs):
        self.meter.advance()
        if time.perf_counter() - self.start >= self.max_seconds:
            control.should_training_stop = True
