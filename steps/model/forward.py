"""One forward pass over a row, packed or plain, on just the positions that matter."""

from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.cache_utils import Cache

from steps.model.block_attention import by_blocks
from steps.model.head import Head, head_of
from steps.model.masks import attention_masks
from steps.model.packing import Packed
from steps.model.plain import plain_logits


def states_at(
    model: PreTrainedModel, row: Packed, where: np.ndarray, *, packed: bool, entering: torch.Tensor | None = None
) -> tuple[torch.Tensor, Head]:
    """Return what the head makes logits of, [len(where), width], at positions ``where`` of a row, and that head.

    Without ``packed`` the row is one sequence, and the model itself, head and all, is asked.
    ``entering`` [T, width] stands in for the embeddings of a packed row.
    """
    if not packed:
        return plain_logits(model, row.ids.tolist(), where), Head()
    hidden = hidden_states(
        model, ids=row.ids, positions=row.positions, visible_mask=row.visible_mask, entering=entering
    )
    return hidden[torch.from_numpy(where).to(hidden.device)], head_of(model)


def hidden_states(
    model: PreTrainedModel,
    *,
    ids: np.ndarray,
    positions: np.ndarray,
    visible_mask: np.ndarray,
    keys: np.ndarray | None = None,
    cache: Cache | None = None,
    entering: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the last hidden states [T, width] of a row, through the backbone alone (an adapter stays active).

    ``keys``: positions of all that is in the cache afterwards; None: the row's own. ``entering`` [T, width] stands in
    for the embeddings of ``ids``.
    """
    device = model.device
    masks = attention_masks(
        model.config,
        visible_mask,
        queries=positions,
        keys=positions if keys is None else keys,
        dtype=model.dtype,
        device=device,
    )
    given = {"inputs_embeds": entering[None].to(device)} if entering is not None else {}
    with by_blocks(len(positions), device):
        output = model.get_decoder()(
            **(given or {"input_ids": torch.from_numpy(ids)[None].to(device)}),
            position_ids=torch.from_numpy(positions)[None].to(device),
            attention_mask=masks,
            past_key_values=cache,
            use_cache=cache is not None,
        )
    return output.last_hidden_state[0]


def layer_count(config: Any) -> int:
    """How many layers the language model of a configuration has; one that sees and hears has others besides."""
    return config.get_text_config().num_hidden_layers


def blocks(model: PreTrainedModel) -> nn.ModuleList | None:
    """The backbone's list of blocks, found by its length; None where there is none."""
    count = layer_count(model.config)
    lists = (m for m in model.get_decoder().modules() if isinstance(m, nn.ModuleList) and len(m) == count)
    return next(lists, None)


def exponentiate_(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Turn logits [N, vocabulary] in place into probabilities but for a factor.

    Returns: that factor's inverse [N, 1], and what is to be subtracted from a logit to have its log-probability [N, 1].
    """
    top = logits.amax(dim=-1, keepdim=True)
    total = logits.sub_(top).exp_().sum(dim=-1, keepdim=True)
    return total, top + total.log()
