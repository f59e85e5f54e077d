"""Who serves now: the champion that tonight's candidate is compared with, and the base that both stand on."""

from pathlib import Path

from steps.consolidate.start import Start
from steps.model.embedded import NAME
from steps.model.loading import base_folder, base_sha256
from steps.registry import Registry, Version
from steps.settings import ModelSettings, Settings
from steps.workspace import Workspace, file_sha256


def base_identity(settings: ModelSettings) -> dict[str, str]:
    """What identifies the base for ever: a name and the digest of its files; no path, no device."""
    folder = base_folder(settings)
    local = Path(settings.base).expanduser().is_dir()
    name = NAME if settings.base == "embedded" else folder.name if local else settings.base
    return {"name": name, "sha256": base_sha256(folder)}


def opened_registry(settings: Settings, workspace: Workspace) -> Registry:
    """Return the registry with night zero in it.

    Raises:
        SlumberError: it cannot be reached, or was started with another base.
    """
    registry = Registry(settings, workspace)
    registry.ensure_night_zero(base=base_identity(settings.model))
    return registry


def champion_adapter(*, settings: Settings, workspace: Workspace, night: str) -> Path | None:
    """Bring the adapter of the champion that the night's candidate is compared with; None if that is the base."""
    start = training_start(settings=settings, workspace=workspace, night=night)
    return start.adapter if start else None


def training_start(*, settings: Settings, workspace: Workspace, night: str) -> Start | None:
    """Bring the champion that the night goes on from and is compared with; None if the base serves.

    A night that is run again after its promotion finds its own adapter serving. It goes on from what served before, so
    that it arrives at the same verdict.
    """
    registry = opened_registry(settings, workspace)
    champion: Version | None = registry.champion()
    candidate = workspace.night(night) / "adapter"
    digest = file_sha256(candidate) if candidate.is_dir() else None
    seen: set[str] = set()
    while digest and champion and champion.adapter_sha256 == digest and champion.version not in seen:
        seen.add(champion.version)
        before = champion.tags.get("champion_before")
        champion = registry.version(before) if before else None
    adapter = registry.adapter_of(champion, workspace.state / "champion") if champion else None
    return Start(adapter, champion.night) if champion and adapter else None
