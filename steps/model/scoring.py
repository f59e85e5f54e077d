"""Likelihood: how probable a model finds each token of a completion."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from transformers import PreTrainedModel

from steps.model.forward import exponentiate_, states_at
from steps.model.packing import Tokens, group, pack


@torch.inference_mode()
def token_logprobs(
    model: PreTrainedModel,
    pairs: Sequence[tuple[Tokens, Tokens]],
    *,
    batch_tokens: int,
    packed: bool = True,
    advance: Callable[[int], None] = lambda done: None,
) -> list[np.ndarray]:
    """Return, per (prompt, completion), the natural-log probability of each completion token given all before it.

    Prompts must not be empty. The batch size changes the results by float rounding only.
    """
    sequences = [[*prompt, *completion] for prompt, completion in pairs]
    results: list[np.ndarray] = [np.empty(0)] * len(pairs)
    for members in scored_rows(pairs, batch_tokens=batch_tokens, packed=packed):
        row = pack([sequences[n] for n in members])
        spans = [index[len(pairs[n][0]) - 1 : -1] for n, index in zip(members, row.index, strict=True)]
        where, inverse = np.unique(np.concatenate(spans), return_inverse=True)
        states, head = states_at(model, row, where, packed=packed)
        targets = np.concatenate([np.asarray(pairs[n][1], dtype=np.int64) for n in members])
        values = np.empty(len(targets), dtype=np.float32)
        for part, logits in head.by_part(states):
            asked = np.flatnonzero((part.start <= inverse) & (inverse < part.stop))
            place = torch.from_numpy(inverse[asked] - part.start).to(logits.device)
            chosen = logits[place, torch.from_numpy(targets[asked]).to(logits.device)]
            values[asked] = (chosen - exponentiate_(logits)[1][place, 0]).cpu().numpy()
        for number, own in zip(members, np.split(values, np.cumsum([len(s) for s in spans])[:-1]), strict=True):
            results[number] = own
        advance(len(members))
    return results


def scored_rows(pairs: Sequence[tuple[Tokens, Tokens]], *, batch_tokens: int, packed: bool = True) -> list[list[int]]:
    """Return which pairs are scored in one row. Those of one row, in ascending order, make that row again."""
    if not packed:
        return [[n] for n in range(len(pairs))]
    return group([[*prompt, *completion] for prompt, completion in pairs], batch_tokens=batch_tokens)
