"""A candidate that must not pass: tonight's adapter with its weights in random order, for the gate's own test."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from steps.consolidate.adapter import WEIGHTS


@contextmanager
def shuffled_adapter(adapter: Path, *, seed: str) -> Iterator[Path]:
    """Yield a copy of a saved adapter in which each tensor has the same entries in an order drawn by ``seed``."""
    random = torch.Generator().manual_seed(int.from_bytes(seed.encode()) % 2**63)
    with tempfile.TemporaryDirectory(prefix="slumber-planted-") as temporary:
        planted = Path(temporary) / "adapter"
        shutil.copytree(adapter, planted)
        weights = {
            name: weight.flatten()[torch.randperm(weight.numel(), generator=random)].reshape(weight.shape)
            for name, weight in load_file(adapter / WEIGHTS).items()
        }
        save_file(weights, planted / WEIGHTS, metadata={"format": "pt"})
        yield planted
