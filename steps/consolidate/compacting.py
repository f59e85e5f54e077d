"""A saved adapter of a smaller rank that does nearly the same: the best approximation, by singular values."""

import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from steps.checkpoint import adapter_config
from steps.consolidate.adapter import WEIGHTS, write_config


def compacted(adapter: Path, destination: Path, *, rank: int) -> Path:
    """Copy a saved adapter with at most ``rank`` ranks: of each layer's change B A the largest singular values stay.

    No other change of that rank is nearer to it (Eckart and Young 1936). alpha / r, by which PEFT scales, stays as it
    is. Each new row of A is a combination of old ones, so that the adapter still looks only where it looked before.
    """
    shutil.copytree(adapter, destination)
    config, weights = adapter_config(adapter), load_file(adapter / WEIGHTS)
    if rank >= config["r"]:
        return destination
    for name in [name for name in weights if "lora_A" in name]:
        other = name.replace("lora_A", "lora_B")
        weights[name], weights[other] = _truncated(weights[name], weights[other], rank)
    config["lora_alpha"] = config["lora_alpha"] * rank / config["r"]
    config["r"] = rank
    save_file(weights, destination / WEIGHTS, metadata={"format": "pt"})
    write_config(destination, config)
    return destination


def _truncated(a: torch.Tensor, b: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A [r, in] and B [out, r] of a smaller r; B A itself, [out, in], is never made."""
    outer, left = torch.linalg.qr(b.double())
    inner, right = torch.linalg.qr(a.double().T)
    u, values, v = torch.linalg.svd(left @ right.T)
    root = values[:rank].sqrt()
    new_b, new_a = outer @ u[:, :rank] * root, root[:, None] * (v[:rank] @ inner.T)
    return new_a.to(a.dtype).contiguous(), new_b.to(b.dtype).contiguous()
