"""Teacher labels: the frozen base with the document in context says how probable each next token is.

Top-k probabilities per completion position, computed once and cached as safetensors (context distillation on soft
labels: Cartridges 2506.06266, Kujanpää 2412.14964). The rest of the vocabulary is kept as one number.
"""

from collections.abc import Iterable, Iterator
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

    unaided: [N] the token that the base would write there without the document.
    ``starts[e]``: [len(examples) + 1] first position of example e.
    """

    tokens: torch.Tensor
    logprobs: torch.Tensor
    unaided: torch.Tensor
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
        return Labels(stored["tokens"].long(), stored["logprobs"].float(), stored["unaided"].long(), starts)
    count, every = int(starts[-1]), range(len(examples))
    tokens = torch.zeros(count, top_k, dtype=torch.int32)
    logprobs = torch.zeros(count, top_k, dtype=torch.float32)
    read = _Reading(model, examples, starts, batch_tokens if packed else 0)
    for where, logits in read("teacher labels", [e.teacher_prompt for e in examples], every):
        best, ids = logits.log_softmax(dim=-1).topk(top_k, dim=-1)
        tokens[where], logprobs[where] = ids.int().cpu(), best.cpu()
    unaided = tokens[:, 0].clone()
    alone = [n for n in every if examples[n].prompt != examples[n].teacher_prompt]
    for where, logits in read("without the document", [e.prompt for e in examples], alone):
        unaided[where] = logits.argmax(dim=-1).int().cpu()
    with atomic_path(cache) as temporary:
        save_file({"tokens": tokens, "logprobs": logprobs, "unaided": unaided}, temporary)
    return Labels(tokens.long(), logprobs, unaided.long(), starts)


@dataclass(frozen=True)
class _Reading:
    """Logits of the base at the completions of examples; ``batch_tokens`` 0: one example at a time."""

    model: PreTrainedModel
    examples: list[Example]
    starts: np.ndarray
    batch_tokens: int

    @torch.inference_mode()
    def __call__(
        self, what: str, prompts: list[tuple[int, ...]], numbers: Iterable[int]
    ) -> Iterator[tuple[slice, torch.Tensor]]:
        """Yield, for each of the examples ``numbers``, its positions and its logits [positions, vocabulary]."""
        numbers = list(numbers)
        sequences = [prompts[n] + self.examples[n].completion for n in numbers]
        with progress(what, len(numbers)) as meter:
            for members in group(sequences, batch_tokens=self.batch_tokens):
                row = pack([sequences[place] for place in members])
                spans = [
                    index[len(prompts[numbers[place]]) - 1 : -1]
                    for place, index in zip(members, row.index, strict=True)
                ]
                logits = packed_logits(self.model, row, np.concatenate(spans)).split([len(s) for s in spans])
                for place, own in zip(members, logits, strict=True):
                    number = numbers[place]
                    yield slice(int(self.starts[number]), int(self.starts[number + 1])), own
                meter.advance(len(members))
