"""Adapters of the tiny model that really change what it says."""

import torch
from safetensors.torch import load_file, save_file

from steps.consolidate.adapter import WEIGHTS, attach_adapter, save_adapter
from steps.model.loading import load_base


def adapter_in(folder, settings, *, seed):
    """An adapter that says something else than the base."""
    model = attach_adapter(load_base(settings.model).model, settings.consolidate, seed=seed)
    save_adapter(model, folder, base_name="tiny")
    weights, noise = load_file(folder / WEIGHTS), torch.Generator().manual_seed(seed)
    for name, weight in weights.items():
        if "lora_B" in name:
            weights[name] = torch.randn(weight.shape, generator=noise) * 0.5
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    return folder
