"""Champions to swap between, registered, signed and promoted as a night does it. Their verdicts are planted."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from steps.checkpoint import NO_ADAPTER
from steps.consolidate.adapter import WEIGHTS, attach_adapter, save_adapter
from steps.model.loading import load_base
from steps.records import Verdict
from steps.registry import Registry, reading, registration
from steps.registry.promotion import promote
from steps.registry.version import verdict_digest
from steps.settings import Settings
from steps.workspace import file_sha256


def make_adapter(folder: Path, settings: Settings, *, seed: int, noise: float) -> Path:
    """Write an adapter as large as one night's that says something else than the base, by so much ``noise``."""
    base = load_base(settings.model)
    save_adapter(attach_adapter(base.model, settings.consolidate, seed=seed), folder, base_name=base.name)
    weights, drawn = load_file(folder / WEIGHTS), torch.Generator().manual_seed(seed)
    changed = {k: torch.randn(w.shape, generator=drawn) * noise if "lora_B" in k else w for k, w in weights.items()}
    save_file(changed, folder / WEIGHTS, metadata={"format": "pt"})
    return folder


def crown(registry: Registry, adapter: Path, *, night: str) -> str:
    """Register an adapter as a night's candidate and let it serve; return its version."""
    before = reading.champion(registry)
    assert before is not None
    none = {"champion_version": NO_ADAPTER, "champion": NO_ADAPTER}
    named = {"champion_version": before.version, "champion": before.adapter_sha256 or NO_ADAPTER}
    binding = {"adapter": file_sha256(adapter), **(none if before.is_night_zero else named)}
    planted = Verdict(night=night, verdict="PROMOTE", reasons=("planted by the load benchmark",), binding=binding)
    version = registration.register_candidate(
        registry,
        night=night,
        adapter=adapter,
        verdict=planted,
        files={},
        metrics={},
        params={},
        tags={},
        dataset_hashes={},
        description_md="An adapter of noise: what is measured is the server.",
    )
    return promote(registry, version, verdict_digest=verdict_digest(planted)).version
