"""One row of a cache in which many texts grow, each seeing its own words alone; texts join and leave at any step."""

from collections.abc import Sequence

import numpy as np
import torch
from transformers import PreTrainedModel
from transformers.cache_utils import Cache, DynamicLayer

from steps.model.forward import hidden_states, layer_count
from steps.model.head import head_of
from steps.model.packing import Tokens, pack


class Row:
    """The living branches of one row. ``logits``: [branches, vocabulary], for the next token of each, in their order.

    ``width``: how many tokens the cache holds, those of branches that have ended among them.
    """

    def __init__(self, model: PreTrainedModel):
        self.model = model
        self._layers = [_GrowingLayer() for _ in range(layer_count(model.config))]
        self.cache = Cache(layers=[*self._layers])
        self.keys = np.empty(0, dtype=np.int64)
        self.positions = np.empty(0, dtype=np.int64)
        self.visible_mask = np.empty((0, 0), dtype=bool)
        self.logits = torch.empty(0)

    @property
    def width(self) -> int:
        return len(self.keys)

    def join(self, prompts: Sequence[Tokens]) -> None:
        """Add a branch for each prompt, after those that live already; what the prompts share is computed once."""
        packed = pack(prompts)
        hidden = self._fed(
            packed.ids, packed.positions, packed.visible_mask, old=np.zeros((len(packed.ids), self.width), dtype=bool)
        )
        ends = np.array([index[-1] for index in packed.index])
        logits = self._head(hidden[torch.from_numpy(ends).to(hidden.device)])
        width = self.width
        older = np.pad(self.visible_mask, ((0, 0), (0, width - self.visible_mask.shape[1])))
        newer = np.pad(packed.visible_mask[ends], ((0, 0), (width - len(packed.ids), 0)))
        self.visible_mask = np.concatenate([older, newer]) if len(older) else newer
        self.positions = np.concatenate([self.positions, packed.positions[ends] + 1])
        self.logits = torch.cat([self.logits, logits]) if len(self.logits) else logits

    def step(self, going: list[int], tokens: list[int]) -> None:
        """Feed one token to each branch in ``going`` (slots of the last logits); the others end."""
        old, new = self.visible_mask[going], np.eye(len(going), dtype=bool)
        positions = self.positions[going]
        hidden = self._fed(np.array(tokens), positions, new, old=old)
        self.visible_mask = np.concatenate([old, new], axis=1)
        self.positions = positions + 1
        self.logits = self._head(hidden)

    def compact(self) -> None:
        """Drop from the cache what no living branch sees."""
        seen = np.flatnonzero(self.visible_mask.any(axis=0))
        for layer in self._layers:
            layer.keep(seen)
        self.keys, self.visible_mask = self.keys[seen], self.visible_mask[:, seen]

    def _fed(self, ids: np.ndarray, positions: np.ndarray, new: np.ndarray, *, old: np.ndarray) -> torch.Tensor:
        self.keys = np.concatenate([self.keys, positions])
        return hidden_states(
            self.model,
            ids=ids,
            positions=positions,
            visible_mask=np.concatenate([old, new], axis=1),
            keys=self.keys,
            cache=self.cache,
        )

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

    def keep(self, places: np.ndarray) -> None:
        """Keep these places alone, in their order, in the same memory: new rooms would leave the heap in pieces."""
        index, self._used = torch.from_numpy(places).to(self._keys.device), len(places)
        for whole in (self._keys, self._values):
            whole[:, :, : self._used] = whole[:, :, index]
        self.keys, self.values = self._keys[:, :, : self._used], self._values[:, :, : self._used]


def _grown(old: torch.Tensor | None, like: torch.Tensor, used: int, room: int) -> torch.Tensor:
    new = like.new_empty((*like.shape[:2], room, like.shape[-1]))
    if old is not None:
        new[:, :, :used] = old[:, :, :used]
    return new
