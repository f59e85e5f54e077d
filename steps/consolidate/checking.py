"""Whether an adapter learns what it should on a model, and is an ordinary PEFT adapter afterwards."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import torch
from peft import PeftModel
from torch.nn import functional as F
from transformers import PreTrainedModel

from steps.consolidate.adapter import attach_adapter, save_adapter
from steps.consolidate.examples import Example
from steps.consolidate.fused import fused_layers
from steps.consolidate.teacher import Lessons, prepare_lessons
from steps.consolidate.training import dropout_of_the_adapter_alone, row_loss_and_gradient
from steps.model.checking import Compared
from steps.model.packing import Tokens
from steps.settings import ConsolidateSettings

_COMPLETION = 6  # last tokens of each sequence, which are learned
_SEED = 1
_SIZE = 0.02  # of a weight of B, so that the adapter does something
_RELATIVE = 1e-3  # to which a gradient agrees in float32; in coarser formats so many steps of theirs
_STEPS = 16
_TIMES_NOISE = 4


def check_adapter(
    model: PreTrainedModel, sequences: Sequence[Tokens], settings: ConsolidateSettings, *, packed: bool
) -> list[Compared]:
    """Compare one gradient, and a saved adapter loaded by PEFT, with what PEFT and plain calls of the model give.

    Args:
        sequences: token ids, each at least 8 long. The model is afterwards what it was before.

    Raises:
        SlumberError: the model has no layers that can be adapted.
    """
    examples = [_example(number, tokens) for number, tokens in enumerate(sequences)]
    knobs = settings.model_copy(update={"dropout": 0.0})
    tolerance = max(_RELATIVE, _STEPS * torch.finfo(model.dtype).eps)
    with tempfile.TemporaryDirectory(prefix="slumber-adapter-") as folder:
        try:
            read = prepare_lessons(model, examples, knobs, packed=packed)
            before = _said(model, sequences)
            adapted = attach_adapter(model, knobs, seed=_SEED)
            _grow(adapted)
            far, noise = _gradients_apart(adapted, read, knobs, packed=packed)
            told = _said(model, sequences)
            save_adapter(adapted, Path(folder) / "adapter", base_name="checked")
            adapted.unload()
            loaded = PeftModel.from_pretrained(model, Path(folder) / "adapter").eval()
            again = _said(model, sequences)
            loaded.unload()
        except (RuntimeError, ValueError, TypeError, AttributeError, LookupError) as error:
            line = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
            return [Compared("an adapter", None, tolerance, line)]
    lost = None if not torch.equal(before, told) else "the adapter changes nothing of what the model says"
    apart = float((told - again).abs().mean())
    return [
        Compared("one gradient", far, max(tolerance, _TIMES_NOISE * noise)),
        Compared("an adapter, loaded by PEFT", None if lost else apart, tolerance, lost),
    ]


def _example(number: int, tokens: Tokens) -> Example:
    prompt, completion = tuple(tokens[:-_COMPLETION]), tuple(tokens[-_COMPLETION:])
    return Example(str(number), prompt, prompt, completion, objective="imitate", fact=str(number))


def _grow(adapted: PeftModel) -> None:
    """A fresh adapter does nothing, for its B is nothing."""
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            drawn = torch.randn(weight.shape, generator=torch.Generator().manual_seed(_SEED + len(name)))
            weight.data.copy_(_SIZE * drawn)


@torch.no_grad()
def _said(model: PreTrainedModel, sequences: Sequence[Tokens]) -> torch.Tensor:
    """Log-probabilities [sequences * completion] of what would be learned, by the model's own call."""
    return torch.cat([_log_probabilities(model, tokens) for tokens in sequences]).cpu()


def _log_probabilities(model: PreTrainedModel, tokens: Tokens, *, copies: int = 1) -> torch.Tensor:
    """[copies * completion] of a sequence that is given so many times at once."""
    ids = torch.tensor([list(tokens)] * copies, device=model.device)
    said = model(input_ids=ids, use_cache=False).logits[:, -_COMPLETION - 1 : -1].float()
    return -F.cross_entropy(said.flatten(0, 1), ids[:, -_COMPLETION:].flatten(), reduction="none")


def _gradients_apart(
    adapted: PeftModel, read: Lessons, settings: ConsolidateSettings, *, packed: bool
) -> tuple[float, float]:
    """Distance of our gradient from that of plain operations, and of that from itself in another shape.

    Both as a share of its length.
    """
    model, weights = (
        cast(PreTrainedModel, adapted.get_base_model()),
        [p for p in adapted.parameters() if p.requires_grad],
    )
    dropout_of_the_adapter_alone(adapted)
    numbers = list(range(len(read.examples)))
    with read.frozen.skipped(), fused_layers(adapted):
        row_loss_and_gradient(
            adapted, read.examples, numbers, read.labels, frozen=read.frozen, settings=settings, packed=packed
        )
    ours = _taken(weights)
    plain = []
    for copies in (1, 2):
        said = [_log_probabilities(model, example.sequence, copies=copies) for example in read.examples]
        (-torch.cat(said).mean()).backward()
        plain.append(_taken(weights))
    theirs, again = plain
    return float((ours - theirs).norm() / theirs.norm()), float((again - theirs).norm() / theirs.norm())


def _taken(weights: list[torch.nn.Parameter]) -> torch.Tensor:
    found = [torch.zeros_like(w) if w.grad is None else w.grad.detach().clone() for w in weights]
    for weight in weights:
        weight.grad = None
    return torch.cat([one.flatten().float() for one in found])
