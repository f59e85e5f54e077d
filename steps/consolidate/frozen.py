"""The frozen lower layers are computed once: what enters the first adapted layer never changes while training.

A token's hidden state below the adapter depends on its own path through the packed tree alone, so it is the same in
every row and every epoch.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

from steps.consolidate.examples import Example
from steps.model.forward import blocks, hidden_states
from steps.model.packing import Packed, group, pack
from steps.progress import progress

_TOLERANCE = 1e-2  # relative; the same arithmetic in rows of another shape rounds differently


class _Reached(Exception):
    """The first adapted layer was reached: nothing above it is needed."""


class FrozenPrefix:
    """Hidden states [all tokens of all examples, width] that enter layer ``first``; 0 or no cache means none is used.

    Models whose backbone scales its embeddings or whose blocks return more than hidden states (Granite, GPT-2, Falcon)
    fail the comparison made here, and are trained through all layers: the same result, only slower.
    """

    def __init__(self, model: PreTrainedModel, examples: list[Example], *, first: int, batch_tokens: int):
        self._layers = blocks(model) or nn.ModuleList()
        self._first = first if len(self._layers) else 0
        self._starts = np.concatenate([[0], np.cumsum([len(e.sequence) for e in examples])])
        self._states: torch.Tensor | None = None
        if self._first and examples:
            self._states = self._computed(model, examples, batch_tokens)
            if self._states is not None and not self._agrees(model, examples):
                self._states = None

    @property
    def used(self) -> bool:
        return self._states is not None

    def entering(self, row: Packed, numbers: list[int]) -> torch.Tensor | None:
        """Return the states [T, width] of a packed row of examples ``numbers``, or None if there is no cache."""
        if self._states is None:
            return None
        entering = self._states.new_empty(len(row.ids), self._states.shape[1])
        for number, index in zip(numbers, row.index, strict=True):
            entering[index] = self._states[self._starts[number] : self._starts[number + 1]]
        return entering

    @contextmanager
    def skipped(self) -> Iterator[None]:
        """While the block runs, the frozen layers hand on what they are given."""
        skipping = list(self._layers[: self._first]) if self.used else []
        for layer in skipping:
            layer.forward = _hand_on
        try:
            yield
        finally:
            for layer in skipping:
                del layer.forward

    def _computed(self, model: PreTrainedModel, examples: list[Example], batch_tokens: int) -> torch.Tensor | None:
        caught: list[torch.Tensor | None] = []

        def catch(layer, args, kwargs):
            caught.append(args[0] if args else kwargs.get("hidden_states"))
            raise _Reached

        states = None
        sequences = [e.sequence for e in examples]
        hook = self._layers[self._first].register_forward_pre_hook(catch, with_kwargs=True)
        try:
            with progress("frozen layers", len(examples)) as meter, torch.no_grad():
                for members in group(sequences, batch_tokens=batch_tokens):
                    row = pack([sequences[n] for n in members])
                    with suppress(_Reached):
                        hidden_states(model, ids=row.ids, positions=row.positions, visible_mask=row.visible_mask)
                    entered = caught.pop()
                    if entered is None or entered.ndim != 3:  # blocks that are given more than hidden states
                        return None
                    (reached,) = entered
                    if states is None:
                        states = reached.new_empty((int(self._starts[-1]), reached.shape[-1]), device="cpu")
                    for number, index in zip(members, row.index, strict=True):
                        states[self._starts[number] : self._starts[number + 1]] = reached[index].cpu()
                    meter.advance(len(members))
        finally:
            hook.remove()
        return states

    @torch.no_grad()
    def _agrees(self, model: PreTrainedModel, examples: list[Example]) -> bool:
        numbers = [0, len(examples) - 1][: len(examples)]
        row = pack([examples[n].sequence for n in numbers])
        plain = hidden_states(model, ids=row.ids, positions=row.positions, visible_mask=row.visible_mask)
        try:
            with self.skipped():
                ours = hidden_states(
                    model,
                    ids=row.ids,
                    positions=row.positions,
                    visible_mask=row.visible_mask,
                    entering=self.entering(row, numbers),
                )
        except (RuntimeError, ValueError, TypeError, AttributeError, LookupError):
            return False  # blocks that hand on more than hidden states
        return bool((plain - ours).abs().max() <= _TOLERANCE * plain.abs().max())


def _hand_on(hidden_states: torch.Tensor, *args, **kwargs) -> torch.Tensor:
    return hidden_states
