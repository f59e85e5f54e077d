"""Generation in packed rows: every prompt and every sample of a batch lives in one row of the cache.

A shared prefix (worked examples, a document, the system prompt) is computed and stored once however many samples
continue it, and each decoding step is one pass over one token per living branch. Finished branches drop out at once.
A model that cannot run packed rows continues one prompt after the other in its own way.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from transformers import PreTrainedModel
from transformers.cache_utils import Cache, DynamicLayer

from steps.model.chat_model import GREEDY, Sampling
from steps.model.forward import hidden_states, layer_count
from steps.model.head import head_of
from steps.model.packing import Tokens, group, pack
from steps.model.plain import continued


def generate(
    model: PreTrainedModel,
    prompts: Sequence[Tokens],
    *,
    max_new_tokens: int,
    stop: Callable[[list[int]], bool],
    sampling: Sampling = GREEDY,
    seed: int = 0,
    batch_tokens: int = 2048,
    packed: bool = True,
    advance: Callable[[int], None] = lambda done: None,
) -> list[list[int]]:
    """Continue each prompt; return the new tokens, with the one that made it stop.

    Args:
        prompts: token ids; the same prompt may stand there many times to be sampled many times.
        stop: called with a branch's new tokens after each token; True ends it.
        seed: each branch draws from its own generator seeded by (seed, number), so batching does not change a sample.
        batch_tokens: room of one row, prompts and continuations together.
        packed: False asks the model's own ``generate`` prompt by prompt, for models that cannot run packed rows.
        advance: told how many branches have just ended.
    """
    if not packed:
        with torch.inference_mode():
            return [
                _alone(model, prompt, np.random.default_rng((seed, n)), max_new_tokens, stop, sampling, advance)
                for n, prompt in enumerate(prompts)
            ]
    room = [list(prompt) + [-1 - number] * max_new_tokens for number, prompt in enumerate(prompts)]
    texts: list[list[int]] = [[] for _ in prompts]
    with torch.inference_mode():
        for members in group(room, batch_tokens=batch_tokens):
            row = _Row(model, [prompts[n] for n in members])
            random = {n: np.random.default_rng((seed, n)) for n in members}
            alive = list(members)
            while alive:
                tokens = _choose(row.logits, sampling, [random[n] for n in alive])
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


def _alone(
    model: PreTrainedModel,
    prompt: Tokens,
    random: np.random.Generator,
    max_new_tokens: int,
    stop: Callable[[list[int]], bool],
    sampling: Sampling,
    advance: Callable[[int], None],
) -> list[int]:
    def choose(logits: torch.Tensor) -> int:
        return _choose(logits, sampling, [random])[0]

    text = continued(model, prompt, max_new_tokens=max_new_tokens, choose=choose, stop=stop)
    advance(1)
    return text


class _Row:
    """The cache of one packed row. ``logits``: [branches, vocabulary] for the next token of each living branch."""

    def __init__(self, model: PreTrainedModel, prompts: Sequence[Tokens]):
        self.model = model
        packed = pack(prompts)
        self.cache = Cache(layers=[_GrowingLayer() for _ in range(layer_count(model.config))])
        hidden = hidden_states(
            model, ids=packed.ids, positions=packed.positions, visible_mask=packed.visible_mask, cache=self.cache
        )
        ends = np.array([index[-1] for index in packed.index])
        self.keys = packed.positions
        self.positions = packed.positions[ends] + 1
        self.visible_mask = packed.visible_mask[ends]
        self.logits = self._head(hidden[torch.from_numpy(ends).to(hidden.device)])

    def step(self, going: list[int], tokens: list[int]) -> None:
        """Feed one token to each branch in ``going`` (slots of the last logits); the others end."""
        new = np.eye(len(going), dtype=bool)
        self.visible_mask = np.concatenate([self.visible_mask[going], new], axis=1)
        self.positions = self.positions[going]
        self.keys = np.concatenate([self.keys, self.positions])
        hidden = hidden_states(
            self.model,
            ids=np.array(tokens),
            positions=self.positions,
            visible_mask=self.visible_mask,
            keys=self.keys,
            cache=self.cache,
        )
        self.positions = self.positions + 1
        self.logits = self._head(hidden)

    def _head(self, hidden: torch.Tensor) -> torch.Tensor:
        return head_of(self.model)(hidden)


class _GrowingLayer(DynamicLayer):
    """A cache layer that writes in place into spare room: concatenation would copy the whole cache every step."""

    def update(self, key_states, value_states, *args, **kwargs):
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._used, self._room = 0, 0
        used = self._used + key_states.shape[-2]
        if used > self._room:
            self._room = max(2 * self._room, used + 256)
            self._keys = _grown(getattr(self, "_keys", None), key_states, self._used, self._room)
            self._values = _grown(getattr(self, "_values", None), value_states, self._used, self._room)
        self._keys[:, :, self._used : used] = key_states
        self._values[:, :, self._used : used] = value_states
        self._used = used
        self.keys, self.values = self._keys[:, :, :used], self._values[:, :, :used]
        return self.keys, self.values


def _grown(old: torch.Tensor | None, like: torch.Tensor, used: int, room: int) -> torch.Tensor:
    new = like.new_empty((*like.shape[:2], room, like.shape[-1]))
    if old is not None:
        new[:, :, :used] = old[:, :, :used]
    return new


def _choose(logits: torch.Tensor, sampling: Sampling, random: list[np.random.Generator]) -> list[int]:
    if sampling.temperature == 0:
        return logits.argmax(dim=-1).tolist()
    best, tokens = logits.topk(min(sampling.top_k, logits.shape[-1]), dim=-1)
    shares = torch.softmax(best / sampling.temperature, dim=-1).cumsum(dim=-1).cpu().numpy()
    draws = [int(np.searchsorted(row, r.random() * row[-1])) for row, r in zip(shares, random, strict=True)]
    return [int(row[min(draw, len(row) - 1)]) for row, draw in zip(tokens.cpu().numpy(), draws, strict=True)]
