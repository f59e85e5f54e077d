"""What training is told of each position of the completions: the teacher's words, the base's, and the reference's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from transformers import PreTrainedModel

from steps.consolidate.examples import Example
from steps.model.scoring import token_logprobs


@dataclass(frozen=True)
class Labels:
    """For the completion positions of all examples, one after another: [N, k] token ids and log-probabilities.

    unaided: [N] the token that the base would write there without the document.
    written: [N] log-probability of the written token by the reference, as the student is asked: the base, but for what
    ``against`` says. 0 where no objective asks for it.
    ``starts[e]``: [len(examples) + 1] first position of example e.
    """

    tokens: torch.Tensor
    logprobs: torch.Tensor
    unaided: torch.Tensor
    written: torch.Tensor
    starts: np.ndarray

    def of(self, example: int) -> slice:
        return slice(int(self.starts[example]), int(self.starts[example + 1]))


def against(
    labels: Labels,
    model: PreTrainedModel,
    examples: Sequence[Example],
    numbers: Sequence[int],
    *,
    batch_tokens: int,
    packed: bool,
) -> Labels:
    """Return labels in which ``model``, as it is now, is the reference of the examples ``numbers``; it reads them once.

    What was preferred on earlier nights stays held against the base: against a model that prefers it already it would
    be pushed a step further every night.
    """
    written = labels.written.clone()
    pairs = [(examples[n].prompt, examples[n].completion) for n in numbers]
    for number, said in zip(
        numbers, token_logprobs(model, pairs, batch_tokens=batch_tokens, packed=packed), strict=True
    ):
        written[labels.of(number)] = torch.from_numpy(np.asarray(said, dtype=np.float32))
    return replace(labels, written=written)
