"""Attention by blocks is attention: what a mask hides is left out, and nothing else."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from steps.model import block_attention
from steps.model.block_attention import by_blocks, parts_of
from steps.model.masks import additive_mask
from steps.model.packing import pack

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(block_attention, "_PART", 8)
    monkeypatch.setattr(block_attention, "_LEAST", 16)


def mask_of(row, dtype=torch.float32):
    return additive_mask(row.visible_mask, dtype=dtype, device=CPU)


def texts(count, length, shared):
    start = list(range(5, 5 + shared))
    return [[*start, *(1000 + 100 * n + m for m in range(length))] for n in range(count)]


@pytest.mark.parametrize(("count", "length", "shared"), [(9, 7, 5), (4, 20, 0), (1, 90, 0)])
@pytest.mark.parametrize("grouped", [False, True])
def test_it_is_what_torch_gives_and_so_are_its_gradients(count, length, shared, grouped, monkeypatch):
    row = pack(texts(count, length, shared))
    mask, seen = mask_of(row), []
    real = F.scaled_dot_product_attention
    monkeypatch.setattr(block_attention, "_by_parts", lambda *a, r=block_attention._by_parts: seen.append(1) or r(*a))
    torch.manual_seed(0)
    heads = 2 if grouped else 6
    one, two = ([torch.randn(1, h, len(row.ids), 8, requires_grad=True) for h in (6, heads, heads)] for _ in range(2))
    for mine, yours in zip(one, two, strict=True):
        mine.data.copy_(yours.data)
    wanted = real(*one, attn_mask=mask, enable_gqa=grouped, scale=0.3)
    with by_blocks(len(row.ids), CPU):
        got = F.scaled_dot_product_attention(*two, attn_mask=mask, enable_gqa=grouped, scale=0.3)
    assert seen, "it went by blocks"
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-5)
    weight = torch.randn_like(wanted)
    for result in (wanted, got):
        (result * weight).sum().backward()
    for mine, yours in zip(one, two, strict=True):
        torch.testing.assert_close(yours.grad, mine.grad, rtol=1e-4, atol=1e-5)


def test_few_queries_and_what_is_worth_nothing_are_read_whole():
    row = pack(texts(9, 7, 5))
    assert parts_of(mask_of(row)) is not None
    assert parts_of(mask_of(row)[:, :, :9]) is None, "few queries"
    assert parts_of(torch.zeros(1, 1, 64, 64)) is None, "everything is seen"
    assert parts_of(torch.ones(1, 1, 64, 64, dtype=torch.bool)) is None and parts_of(torch.zeros(2, 1, 64, 64)) is None
    assert by_blocks(9, CPU).__class__.__name__ == "nullcontext"


def test_the_parts_hold_all_that_is_seen_and_a_mask_of_a_wider_cache_too():
    row = pack(texts(9, 7, 5))
    older = np.zeros((len(row.ids), 30), dtype=bool)
    older[:, 3] = True
    visible = np.concatenate([older, row.visible_mask], axis=1)
    found = np.zeros_like(visible)
    for queries, keys, mask in parts_of(additive_mask(visible, dtype=torch.float32, device=CPU)):
        found[np.ix_(range(queries.start, queries.stop), keys.numpy())] = (mask[0, 0] == 0).numpy()
    assert (found == visible).all()


def test_other_functions_and_other_masks_are_left_alone():
    query = torch.randn(1, 2, 64, 8)
    with by_blocks(64, CPU):
        causal = F.scaled_dot_product_attention(query, query, query, is_causal=True)
        assert torch.equal(torch.ones(3) + 1, torch.full((3,), 2.0))
    torch.testing.assert_close(causal, F.scaled_dot_product_attention(query, query, query, is_causal=True))
