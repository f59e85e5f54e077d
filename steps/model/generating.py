"""Generation in packed rows: every prompt and every sample of a batch lives in one row of the cache.

A shared prefix (worked examples, a document, the system prompt) is computed and stored once however many samples
continue it, and each decoding step is one pass over one token per living branch. Finished branches drop out at once.
A model that cannot run packed rows continues one prompt after the other in its own way.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from transformers import PreTrainedModel

from steps.model.chat_model import GREEDY, Sampling
from steps.model.packing import Tokens, group
from steps.model.plain import continued
from steps.model.row import Row


def generate(
    model: PreTrainedModel,
    prompts: Sequence[Tokens],
    *,
    max_new_tokens: int,
    stop: Callable[[list[int]], bool],
    sampling: Sampling = GREEDY,
    seed: int = 0,
    numbers: Sequence[int] | None = None,
    batch_tokens: int = 2048,
    packed: bool = True,
    advance: Callable[[int], None] = lambda done: None,
) -> list[list[int]]:
    """Continue each prompt; return the new tokens, with the one that made it stop.

    Args:
        prompts: token ids; the same prompt may stand there many times to be sampled many times.
        stop: called with a branch's new tokens after each token; True ends it.
        seed: each branch draws from its own generator seeded by (seed, number), so batching does not change a sample.
        numbers: those of the prompts, ascending, if they are a row of more (``rows``); None: 0, 1, ...
        batch_tokens: room of one row, prompts and continuations together.
        packed: False asks the model's own ``generate`` prompt by prompt, for models that cannot run packed rows.
        advance: told how many branches have just ended.
    """
    drawn_by = [np.random.default_rng((seed, n)) for n in (range(len(prompts)) if numbers is None else numbers)]
    if not packed:
        with torch.inference_mode():
            return [
                _alone(model, prompt, random, max_new_tokens, stop, sampling, advance)
                for prompt, random in zip(prompts, drawn_by, strict=True)
            ]
    texts: list[list[int]] = [[] for _ in prompts]
    with torch.inference_mode():
        for members in rows(prompts, max_new_tokens=max_new_tokens, batch_tokens=batch_tokens):
            row = Row(model)
            row.join([prompts[n] for n in members])
            alive = list(members)
            while alive:
                tokens = choose(row.logits, sampling, [drawn_by[n] for n in alive])
                going = []
                for slot, (number, token) in enumerate(zip(alive, tokens, strict=True)):
                    texts[number].append(token)
                    if not stop(texts[number]) and len(texts[number]) < max_new_tokens:
                        going.append(slot)
                advance(len(alive) - len(going))
                alive = [alive[slot] for slot in going]
                if alive:
                    row.step(going, [texts[n][-1] for n in alive])
    return texts


def rows(prompts: Sequence[Tokens], *, max_new_tokens: int, batch_tokens: int, packed: bool = True) -> list[list[int]]:
    """Return which prompts are continued in one row. Those of one row, in ascending order, make that row again."""
    if not packed:
        return [[n] for n in range(len(prompts))]
    room = [list(prompt) + [-1 - number] * max_new_tokens for number, prompt in enumerate(prompts)]
    return group(room, batch_tokens=batch_tokens)


def _alone(
    model: PreTrainedModel,
    prompt: Tokens,
    random: np.random.Generator,
    max_new_tokens: int,
    stop: Callable[[list[int]], bool],
    sampling: Sampling,
    advance: Callable[[int], None],
) -> list[int]:
    def chosen(logits: torch.Tensor) -> int:
        return choose(logits, sampling, [random])[0]

    text = continued(model, prompt, max_new_tokens=max_new_tokens, choose=chosen, stop=stop)
    advance(1)
    return text


def choose(logits: torch.Tensor, sampling: Sampling, random: list[np.random.Generator]) -> list[int]:
    """Return the next token of each branch; ``logits``: [branches, vocabulary]."""
    if sampling.temperature == 0:
        return logits.argmax(dim=-1).tolist()
    best, tokens = logits.topk(min(sampling.top_k, logits.shape[-1]), dim=-1)
    shares = torch.softmax(best / sampling.temperature, dim=-1).cumsum(dim=-1).cpu().numpy()
    draws = [int(np.searchsorted(row, r.random() * row[-1])) for row, r in zip(shares, random, strict=True)]
    return [int(row[min(draw, len(row) - 1)]) for row, draw in zip(tokens.cpu().numpy(), draws, strict=True)]
