"""A few rows are multiplied the short way, and nothing else changes."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from steps.model import narrow
from steps.model.loading import load_base
from steps.model.narrow import NarrowLinear, linear


@pytest.fixture(autouse=True)
def helps(monkeypatch):
    monkeypatch.setattr(narrow, "_BY_MKL", True)
    monkeypatch.setattr(narrow, "_LEAST", 0)


@pytest.mark.parametrize("shape", [(1, 24), (1, 1, 24), (2, 24), (4, 2, 24), (9, 24), (0, 24), (3, 1100), (5, 1100)])
@pytest.mark.parametrize("bias", [False, True])
def test_it_is_the_product_that_torch_gives(shape, bias):
    x, weight = torch.randn(shape), torch.randn(40, shape[-1])
    added = torch.randn(40) if bias else None
    got, wanted = linear(x, weight, added), F.linear(x, weight, added)
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)
    assert got.shape == wanted.shape and got.is_contiguous()


@pytest.mark.parametrize("rows", [1, 3])
def test_gradients_are_those_of_torch(rows):
    x, weight = torch.randn(rows, 24), torch.randn(40, 24)
    slopes = []
    for product in (linear, F.linear):
        mine, layer = x.clone().requires_grad_(), weight.clone().requires_grad_()
        product(mine, layer).pow(2).sum().backward()
        slopes.append((mine.grad, layer.grad))
    torch.testing.assert_close(slopes[0], slopes[1], rtol=1e-4, atol=1e-3)


def test_only_few_rows_of_float32_go_the_short_way(monkeypatch):
    taken = []
    monkeypatch.setattr(torch, "mm", lambda left, right: taken.append(right.shape) or left @ right)
    for rows, inner in ((1, 24), (8, 24), (9, 24), (4, 1100), (5, 1100)):
        linear(torch.randn(rows, inner), torch.randn(40, inner))
    linear(torch.randn(2, 24, dtype=torch.float64), torch.randn(40, 24, dtype=torch.float64))
    monkeypatch.setattr(narrow, "_LEAST", 1000)
    linear(torch.randn(2, 24), torch.randn(40, 24))
    monkeypatch.setattr(narrow, "_LEAST", 0)
    monkeypatch.setattr(narrow, "_BY_MKL", False)
    linear(torch.randn(2, 24), torch.randn(40, 24))
    assert taken == [(24, 2), (24, 8), (1100, 4)]


def test_the_layers_of_a_loaded_base_do_and_a_copy_has_weights_of_its_own(tiny_settings):
    base = load_base(tiny_settings.model)
    found = [module for module in base.model.modules() if isinstance(module, nn.Linear)]
    assert found and all(type(module) is NarrowLinear for module in found)
    other = copy.deepcopy(base.model)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
        assert base.model(torch.tensor([[5, 6]])).logits.abs().sum() > 0
        assert other(torch.tensor([[5, 6]])).logits.abs().sum() == 0
