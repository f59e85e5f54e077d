"""A compacted adapter is the nearest one of its rank, and a night makes room for itself."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from steps.checkpoint import adapter_config
from steps.consolidate.adapter import WEIGHTS
from steps.consolidate.compacting import compacted


@pytest.fixture
def adapter(tmp_path):
    """A saved adapter of rank 6 of a layer with 9 inputs and 7 outputs."""
    torch.manual_seed(0)
    folder = tmp_path / "adapter"
    folder.mkdir()
    weights = {"x.lora_A.weight": torch.randn(6, 9), "x.lora_B.weight": torch.randn(7, 6)}
    save_file(weights, folder / WEIGHTS)
    (folder / "adapter_config.json").write_text('{"r": 6, "lora_alpha": 12}')
    return folder


def change(folder):
    weights, config = load_file(folder / WEIGHTS), adapter_config(folder)
    return config["lora_alpha"] / config["r"] * weights["x.lora_B.weight"] @ weights["x.lora_A.weight"]


@pytest.mark.parametrize("rank", [1, 3, 5])
def test_it_is_as_near_as_an_adapter_of_its_rank_can_be(adapter, tmp_path, rank):
    small = compacted(adapter, tmp_path / "small", rank=rank)
    values = torch.linalg.svdvals(change(adapter))
    assert torch.linalg.norm(change(adapter) - change(small)) == pytest.approx(values[rank:].norm().item(), rel=1e-4)
    assert adapter_config(small) == {"r": rank, "lora_alpha": 2 * rank}
    rows = load_file(small / WEIGHTS)["x.lora_A.weight"]
    old = load_file(adapter / WEIGHTS)["x.lora_A.weight"]
    outside = rows - rows @ torch.linalg.pinv(old) @ old
    assert outside.norm() < 1e-4 * rows.norm(), "it looks only where it looked before"


@pytest.mark.parametrize("rank", [6, 40])
def test_one_that_is_small_enough_stays_as_it_is(adapter, tmp_path, rank):
    same = compacted(adapter, tmp_path / "same", rank=rank)
    assert (same / WEIGHTS).read_bytes() == (adapter / WEIGHTS).read_bytes() and adapter_config(same)["r"] == 6
