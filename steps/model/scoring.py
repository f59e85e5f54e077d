"""Likelihood: how probable a model finds each token of a completion."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from transformers import PreTrainedModel

from steps.model.forward import packed_logits
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
    groups = group(sequences, batch_tokens=batch_tokens) if packed else [[n] for n in range(len(sequences))]
    results: list[np.ndarray] = [np.empty(0)] * len(pairs)
    for members in groups:
        row = pack([sequences[n] for n in members])
        spans = [index[len(pairs[n][0]) - 1 : -1] for n, index in zip(members, row.index, strict=True)]
        where, inverse = np.unique(np.concatenate(spans), return_inverse=True)
        logprobs = packed_logits(model, row, where).log_softmax(dim=-1)
        targets = np.concatenate([np.asarray(pairs[n][1], dtype=np.int64) for n in members])
        chosen = torch.from_numpy(inverse).to(logprobs.device), torch.from_numpy(targets).to(logprobs.device)
        values = logprobs[chosen].cpu().numpy()
        for number, part in zip(members, np.split(values, np.cumsum([len(s) for s in spans])[:-1]), strict=True):
            results[number] = part
        advance(len(members))
    return results
