"""From hidden states to logits: the output head with what its family does after it, a scale or a soft cap.

Granite divides its logits, Cohere multiplies them, Gemma bends them towards a bound. All of it is one formula,
cap tanh(scale (W h + b) / cap), whose slope is known, so that the loss can be fused with the head.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from weakref import WeakKeyDictionary

import torch
from transformers import PretrainedConfig, PreTrainedModel

from steps.model.narrow import linear

_POSITIONS = 128  # given to the head at once: 25 MB of logits for a vocabulary of 49,152
_SCALES = ("logits_scaling", "logit_scale", "lm_head_multiplier", "output_multiplier")
_SAMPLE = 8  # tokens by which the scale is found


@dataclass(frozen=True)
class Head:
    """The head of a model. Without a ``weight`` the states are the logits already."""

    weight: torch.Tensor | None = None
    bias: torch.Tensor | None = None
    scale: float = 1.0
    cap: float | None = None

    @torch.no_grad()
    def by_part(self, states: torch.Tensor) -> Iterator[tuple[slice, torch.Tensor]]:
        """Yield float32 logits [up to 128, vocabulary] of ``states`` [N, width], which the caller may overwrite.

        They lie in memory that the next part uses again: all logits of a row are the largest tensor there is, and fresh
        memory costs as much as the product that fills it.
        """
        room = None
        if self.weight is not None:
            room = states.new_empty(min(_POSITIONS, len(states)), len(self.weight))
        for start in range(0, len(states), _POSITIONS):
            part = slice(start, min(start + _POSITIONS, len(states)))
            if room is None or self.weight is None:
                yield part, states[part].float().clone()
                continue
            logits = torch.mm(states[part], self.weight.T, out=room[: part.stop - start])
            yield part, self._bent(logits if self.bias is None else logits.add_(self.bias))

    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        """Return float32 logits [N, vocabulary] of all states at once, through which gradients flow."""
        if self.weight is None:
            return states.float()
        logits = linear(states, self.weight, self.bias)
        return _bent(logits, self.scale, self.cap).float()

    def slope(self, logits: torch.Tensor) -> torch.Tensor | None:
        """How much each logit moves with what enters the cap, [N, vocabulary]; None where that is 1."""
        return None if self.cap is None else 1 - (logits / self.cap) ** 2

    def back(self, gradient: torch.Tensor, slope: torch.Tensor | None) -> torch.Tensor:
        """Return the gradient at the states, given that at the logits, which it may overwrite, and ``slope``."""
        if self.weight is None:
            return gradient
        if slope is not None:
            gradient = gradient.mul_(slope)
        back = gradient.to(self.weight.dtype) @ self.weight
        return back if self.scale == 1 else back * self.scale

    def _bent(self, logits: torch.Tensor) -> torch.Tensor:
        if self.scale != 1:
            logits.mul_(self.scale)
        if self.cap is not None:
            logits.div_(self.cap).tanh_().mul_(self.cap)
        return logits.float()


_known: WeakKeyDictionary[PreTrainedModel, tuple[float, float | None]] = WeakKeyDictionary()


def head_of(model: PreTrainedModel) -> Head:
    """The head of a model; which of its configuration's numbers scales the logits is found by trying, once.

    The same name means to divide in one family and to multiply in another.
    """
    head = cast(Any, model.get_output_embeddings())
    if model not in _known:
        _known[model] = _scale_and_cap(model, head)
    scale, cap = _known[model]
    return Head(head.weight, getattr(head, "bias", None), scale, cap)


@torch.no_grad()
def _scale_and_cap(model: PreTrainedModel, head: Any) -> tuple[float, float | None]:
    config: PretrainedConfig = model.config.get_text_config()
    numbers = [float(getattr(config, name)) for name in _SCALES if getattr(config, name, None)]
    cap = getattr(config, "final_logit_softcapping", None)
    if not numbers and not cap:
        return 1.0, None
    caught: list[torch.Tensor] = []
    hook = head.register_forward_hook(lambda module, args, output: caught.append(output.float()))
    try:
        said = model(input_ids=torch.arange(_SAMPLE, device=model.device)[None], use_cache=False).logits.float()
    finally:
        hook.remove()
    raw = caught[-1][:, -said.shape[1] :]
    scales = {1.0, *numbers, *(1 / number for number in numbers), math.prod(numbers)}
    tried = {(s, c): _bent(raw, s, c) for s in scales for c in {None, cap}}
    return min(tried, key=lambda one: float((tried[one] - said).abs().max()))


def _bent(logits: torch.Tensor, scale: float, cap: float | None) -> torch.Tensor:
    scaled = logits if scale == 1 else logits * scale
    return scaled if cap is None else torch.tanh(scaled / cap) * cap
