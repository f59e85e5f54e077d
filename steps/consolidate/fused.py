"""The adapted linear layer as one operation: PEFT's own writes every intermediate product to memory.

y = x W' + s (x A') B', with the adapter's share added in place, and the gradient written out by hand.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from peft import PeftModel
from peft.tuners.lora import Linear
from torch import nn
from torch.nn import functional as F

from steps.model.narrow import NarrowLinear


@contextmanager
def fused_layers(model: PeftModel) -> Iterator[None]:
    """While the block runs, plain LoRA layers of ``model`` compute in one operation; others stay as they are."""
    layers = [m for m in model.modules() if isinstance(m, Linear) and _is_plain(m)]
    for layer in layers:
        setattr(layer, "forward", partial(_forward, layer))  # noqa: B010 for a method is hidden for a while
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward


def _is_plain(layer: Linear) -> bool:
    name = layer.active_adapters[0]
    return (
        len(layer.active_adapters) == 1
        and type(layer.get_base_layer()) in (nn.Linear, NarrowLinear)
        and isinstance(layer.lora_dropout[name], nn.Identity)
        and not layer.use_dora[name]
        and not layer.lora_bias[name]
        and not layer.fan_in_fan_out
        and layer.lora_A[name].weight.dtype == layer.get_base_layer().weight.dtype
    )


def _forward(layer: Linear, x: torch.Tensor) -> torch.Tensor:
    name, base = layer.active_adapters[0], layer.get_base_layer()
    return _Fused.apply(
        x, base.weight, base.bias, layer.lora_A[name].weight, layer.lora_B[name].weight, layer.scaling[name]
    )


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, down, up, scale: float):
        flat = x.reshape(-1, x.shape[-1])
        narrow = flat @ down.T
        ctx.save_for_backward(flat, weight, down, up, narrow)
        ctx.scale, ctx.shape = scale, x.shape
        return F.linear(flat, weight, bias).addmm_(narrow, up.T, alpha=scale).reshape(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx, upstream):
        x, weight, down, up, narrow = ctx.saved_tensors
        slope = upstream.reshape(-1, upstream.shape[-1])
        back = (slope @ up).mul_(ctx.scale)
        wide = None
        if ctx.needs_input_grad[0]:
            wide = (slope @ weight).addmm_(back, down).reshape(ctx.shape)
        downs = back.T @ x if ctx.needs_input_grad[3] else None
        return wide, None, None, downs, (slope.T @ narrow).mul_(ctx.scale), None
