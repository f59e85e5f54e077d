"""Teacher labels: the frozen base with the document in context says how probable each next token is.

Top-k probabilities per completion position, computed once and cached as safetensors (context distillation on soft
labels: Cartridges 2506.06266, Kujanpää 2412.14964). The rest of the vocabulary is kept as one number.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from steps.consolidate.examples import Example
from steps.model.forward import packed_logits
from steps.model.packing import group, pack
from steps.progress import progress
from steps.workspace import atomic_path

TEACHER_TOKENS = 1024  # room for a document and many questions about it, so that it is read once


@dataclass(frozen=True)
class Labels:
    """For the completion positions of all examples, one after another: [N, k] token ids and log-probabilities.

    ``starts[e]``: [len(examples) + 1] first position of example e.
    """

    tokens: torch.Tensor
    logprobs: torch.Tensor
    starts: np.ndarray

    def of(self, example: int) -> slice:
        return slice(int(self.starts[example]), int(self.starts[example + 1]))


def teacher_labels(
    model: PreTrainedModel, examples: list[Example], *, top_k: int, batch_tokens: int, packed: bool, cache: Path
) -> Labels:
    """Compute the labels of all examples, or load them from ``cache`` (named by the digest of what they depend on)."""
    starts = np.concatenate([[0], np.cumsum([len(e.completion) for e in examples])])
    if cache.exists():
        stored = load_file(cache)
        return Labels(stored["tokens"].long(), stored["logprobs"].float(), starts)
    tokens = torch.zeros(int(starts[-1]), top_k, dtype=torch.int32)
    logprobs = torch.zeros(int(starts[-1]), top_k, dtype=torch.float32)
    sequences = [e.teacher_prompt + e.completion for e in examples]
    groups = group(sequences, batch_tokens=batch_tokens) if packed else [[n] for n in range(len(sequences))]
    with progress("teacher labels", len(examples)) as meter, torch.inference_mode():
        for members in groups:
            row = pack([sequences[n] for n in members])
            spans = [i[len(examples[n].teacher_prompt) - 1 : -1] for n, i in zip(members, row.index, strict=True)]
            logits = packed_logits(model, row, np.concatenate(spans))
            offsets = np.cumsum([0, *(len(s) for s in spans)])
            for slot, number in enumerate(members):
                best, ids = logits[offsets[slot] : offsets[slot + 1]].log_softmax(dim=-1).topk(top_k, dim=-1)
                where = slice(int(starts[number]), int(starts[number + 1]))
                tokens[where], logprobs[where] = ids.int().cpu(), best.cpu()
            meter.advance(len(members))
    with atomic_path(cache) as temporary:
        save_file({"tokens": tokens, "logprobs": logprobs}, temporary)
    return Labels(tokens.long(), logprobs, starts)
