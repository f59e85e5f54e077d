"""One forward pass over a packed row, and the output head on just the positions that matter."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.cache_utils import Cache

from steps.model.packing import Packed, Tokens, additive_mask, pack

_TOLERANCE = 2e-2  # relative; bfloat16 rounds differently in differently shaped products
_POSITIONS = 128  # given to the head at once: 25 MB of logits for a vocabulary of 49,152


def hidden_states(
    model: PreTrainedModel,
    *,
    ids: np.ndarray,
    positions: np.ndarray,
    visible_mask: np.ndarray,
    cache: Cache | None = None,
    entering: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the last hidden states [T, width] of a row, through the backbone alone (an adapter stays active).

    ``entering`` [T, width] stands in for the embeddings of ``ids``.
    """
    device = model.device
    given = {"inputs_embeds": entering[None].to(device)} if entering is not None else {}
    output = model.get_decoder()(
        **(given or {"input_ids": torch.from_numpy(ids)[None].to(device)}),
        position_ids=torch.from_numpy(positions)[None].to(device),
        attention_mask=additive_mask(visible_mask, dtype=model.dtype, device=device),
        past_key_values=cache,
        use_cache=cache is not None,
    )
    return output.last_hidden_state[0]


def packed_logits(model: PreTrainedModel, packed: Packed, where: np.ndarray) -> torch.Tensor:
    """Return float32 logits [len(where), vocabulary] at positions ``where`` of a packed row."""
    hidden = hidden_states(model, ids=packed.ids, positions=packed.positions, visible_mask=packed.visible_mask)
    return model.get_output_embeddings()(hidden[torch.from_numpy(where).to(hidden.device)]).float()


def blocks(model: PreTrainedModel) -> nn.ModuleList | None:
    """The backbone's list of blocks, found by its length; None where there is none."""
    count = model.config.num_hidden_layers
    lists = (m for m in model.get_decoder().modules() if isinstance(m, nn.ModuleList) and len(m) == count)
    return next(lists, None)


@torch.no_grad()
def logits_by_part(head: nn.Module, hidden: torch.Tensor) -> Iterator[tuple[slice, torch.Tensor]]:
    """Yield float32 logits [up to 128, vocabulary] of ``hidden`` [N, width], which the caller may overwrite.

    They lie in memory that the next part uses again: all logits of a row are the largest tensor there is, and fresh
    memory costs as much as the product that fills it.
    """
    weight, bias = cast(torch.Tensor, head.weight), getattr(head, "bias", None)
    room = hidden.new_empty(min(_POSITIONS, len(hidden)), len(weight))
    for start in range(0, len(hidden), _POSITIONS):
        part = slice(start, min(start + _POSITIONS, len(hidden)))
        logits = torch.mm(hidden[part], weight.T, out=room[: part.stop - start])
        yield part, (logits if bias is None else logits.add_(bias)).float()


def exponentiate_(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Turn logits [N, vocabulary] in place into probabilities but for a factor.

    Returns: that factor's inverse [N, 1], and what is to be subtracted from a logit to have its log-probability [N, 1].
    """
    top = logits.amax(dim=-1, keepdim=True)
    total = logits.sub_(top).exp_().sum(dim=-1, keepdim=True)
    return total, top + total.log()


@dataclass(frozen=True)
class PackingCheck:
    """Whether packed rows give this model's own answers, and the largest relative difference seen."""

    exact: bool
    difference: float


@torch.no_grad()
def check_packing(model: PreTrainedModel, sequences: list[Tokens]) -> PackingCheck:
    """Compare packed logits with those of plain separate passes on a small sample.

    A model that ignores 4-D masks or positions (state-space layers, ALiBi), or that scales its logits after the head,
    differs; callers then give every sequence a row of its own.
    """
    packed = pack(sequences)
    try:
        ours = [packed_logits(model, packed, index) for index in packed.index]
    except (RuntimeError, ValueError, TypeError, AttributeError, NotImplementedError):
        return PackingCheck(exact=False, difference=float("inf"))
    worst = 0.0
    for tokens, logits in zip(sequences, ours, strict=True):
        plain = model(input_ids=torch.tensor([list(tokens)], device=model.device)).logits[0].float()
        worst = max(worst, float((plain - logits).abs().max() / plain.abs().max().clamp_min(1e-6)))
    return PackingCheck(exact=worst < _TOLERANCE, difference=worst)
