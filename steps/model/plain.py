"""The path for models that cannot run packed rows: one sequence a row, the model's own masks, cache and head.

Nothing of Slumber's stands between the call and what Hugging Face computes, so that state spaces, convolutions,
position biases and whatever comes next are right without being known. It is slower: what sequences share is computed
each time.
"""

import inspect
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from transformers import GenerationConfig, LogitsProcessor, PreTrainedModel, StoppingCriteria

from steps.model.packing import Tokens


def plain_logits(model: PreTrainedModel, tokens: Tokens, where: np.ndarray) -> torch.Tensor:
    """Return float32 logits [len(where), vocabulary] at positions ``where`` of one sequence; gradients flow."""
    ids = torch.tensor([list(tokens)], device=model.device)
    first = int(where.min())
    keep = {"logits_to_keep": len(tokens) - first} if "logits_to_keep" in _accepted(model) else {}
    said = model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False, **keep).logits[0]
    places = torch.from_numpy(where - (len(tokens) - said.shape[0])).to(said.device)
    return said[places].float()


def continued(
    model: PreTrainedModel,
    prompt: Tokens,
    *,
    max_new_tokens: int,
    choose: Callable[[torch.Tensor], int],
    stop: Callable[[list[int]], bool],
) -> list[int]:
    """Continue one prompt by the model's own ``generate``; return the new tokens.

    Args:
        choose: given float32 logits [1, vocabulary], it returns the next token.
        stop: called with the new tokens after each; True ends it.
    """
    ids = torch.tensor([list(prompt)], device=model.device)
    generate: Any = model.generate
    with own_habits_aside(model):
        said = generate(
            ids,
            attention_mask=torch.ones_like(ids),
            generation_config=GenerationConfig(max_new_tokens=max_new_tokens, do_sample=False, num_beams=1),
            logits_processor=[_Chosen(choose)],
            stopping_criteria=[_Stopped(len(prompt), stop)],
        )
    return said[0, len(prompt) :].tolist()


class _Chosen(LogitsProcessor):
    """Leaves one token to choose from."""

    def __init__(self, choose: Callable[[torch.Tensor], int]):
        self._choose = choose

    def __call__(self, input_ids, scores):
        alone = torch.full_like(scores, -torch.inf)
        alone[0, self._choose(scores.float())] = 0
        return alone


class _Stopped(StoppingCriteria):
    def __init__(self, prompt: int, stop: Callable[[list[int]], bool]):
        self._prompt, self._stop = prompt, stop

    def __call__(self, input_ids, scores, **kwargs):
        ended = self._stop(input_ids[0, self._prompt :].tolist())
        return torch.full((len(input_ids),), ended, dtype=torch.bool, device=input_ids.device)


@contextmanager
def own_habits_aside(model: PreTrainedModel):
    """Put aside what a model's folder wants of generation (penalties, sampling, ends): ``generate`` would add it."""
    kept, model.generation_config = model.generation_config, GenerationConfig()
    try:
        yield
    finally:
        model.generation_config = kept


def _accepted(model: PreTrainedModel) -> Sequence[str]:
    return list(inspect.signature(model.forward).parameters)
