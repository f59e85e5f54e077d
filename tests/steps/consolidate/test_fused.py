"""Adapted layers in one operation compute what PEFT's own compute, forwards and backwards."""

from collections import OrderedDict

import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import Linear
from torch import nn

from steps.consolidate.fused import fused_layers


def adapted(*, dropout=0.0):
    """A small network whose two linear layers, one of them with a bias, carry a trained adapter."""
    torch.manual_seed(5)
    parts = OrderedDict(one=nn.Linear(8, 12, bias=False), bend=nn.GELU(), two=nn.Linear(12, 6))
    config = LoraConfig(r=3, lora_alpha=5, lora_dropout=dropout, target_modules=["one", "two"], init_lora_weights=False)
    return get_peft_model(nn.Sequential(parts), config)


def layers(model):
    return [m for m in model.modules() if isinstance(m, Linear)]


def passed(model, x):
    """Output of a pass and the gradients it leaves, those of the input first."""
    model.zero_grad()
    x = x.clone().requires_grad_()
    y = model(x)
    (y * torch.linspace(-1, 1, y.numel()).view_as(y)).sum().backward()
    return y.detach(), [x.grad, *(p.grad.clone() for p in model.parameters() if p.requires_grad)]


@pytest.mark.parametrize("shape", [(8,), (5, 8), (2, 5, 8)])
def test_the_same_output_and_gradients_as_pefts_own(shape):
    model, x = adapted(), torch.randn(shape, generator=torch.Generator().manual_seed(1))
    expected, slopes = passed(model, x)
    with fused_layers(model):
        assert all("forward" in vars(layer) for layer in layers(model))
        ours, found = passed(model, x)
    assert ours.shape == expected.shape and torch.allclose(ours, expected, atol=1e-5)
    assert len(found) == len(slopes) == 5 and all(slope.abs().max() > 0.01 for slope in slopes)
    assert all(torch.allclose(left, right, atol=1e-5) for left, right in zip(found, slopes, strict=True))
    assert all(p.grad is None for p in model.parameters() if not p.requires_grad)


def test_an_input_that_needs_no_gradient_gets_none():
    model, x = adapted(), torch.randn(4, 8)
    with fused_layers(model):
        model(x).sum().backward()
    assert x.grad is None and all(p.grad is not None for p in model.parameters() if p.requires_grad)


def test_the_layers_are_pefts_own_again_afterwards():
    model, x = adapted(), torch.randn(4, 8)
    before = model(x)
    with pytest.raises(ValueError, match="stop"), fused_layers(model):
        raise ValueError("stop")
    assert not any("forward" in vars(layer) for layer in layers(model))
    assert torch.equal(model(x), before)


def test_layers_with_dropout_are_left_alone():
    model = adapted(dropout=0.1)
    with fused_layers(model):
        assert len(layers(model)) == 2 and not any("forward" in vars(layer) for layer in layers(model))
