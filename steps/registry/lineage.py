"""Who serves now: the champion that tonight's candidate is compared with, and the base that both stand on."""

from collections.abc import Callable
from pathlib import Path

from steps.checkpoint import AdapterCheckpoint
from steps.gate.verdict import RESCUED
from steps.model.embedded import NAME
from steps.model.loading import base_folder, base_sha256
from steps.registry import Registry, Version, reading, registration
from steps.registry.overrides import override_holds
from steps.registry.stand import COPY, note_stand, noted_stand
from steps.settings import ModelSettings, Settings
from steps.workspace import Workspace, file_sha256

_EVER = "9999-12-31"


def base_identity(settings: ModelSettings) -> dict[str, str]:
    """What identifies the base for ever: a name and the digest of its files; no path, no device."""
    folder = base_folder(settings)
    name = NAME if settings.base == "embedded" else folder.name if settings.local else settings.base
    return {"name": name, "sha256": base_sha256(folder)}


def opened_registry(settings: Settings, workspace: Workspace) -> Registry:
    """Return the registry with night zero in it.

    Raises:
        SlumberError: it cannot be reached, or was started with another base.
    """
    registry = Registry(settings, workspace)
    registration.ensure_night_zero(registry, base=base_identity(settings.model))
    return registry


def compared_champion(*, settings: Settings, workspace: Workspace, night: str) -> AdapterCheckpoint | None:
    """Bring the champion that the night's candidate is compared with; None if that is the base.

    A night that is run again after its promotion finds its own adapter serving. It is compared with what served before,
    so that it arrives at the same verdict.
    """
    registry = opened_registry(settings, workspace)
    made = [workspace.night_dir(night) / "adapter", workspace.night_dir(night) / RESCUED / "adapter"]
    own = {file_sha256(adapter) for adapter in made if adapter.is_dir()}
    champion = _before(registry, lambda version: version.adapter_sha256 in own)
    return _brought(registry, champion, workspace, into=workspace.state / "champion")


def training_start(*, settings: Settings, workspace: Workspace, night: str) -> AdapterCheckpoint | None:
    """Bring the champion that the night's training goes on from; None if that is the base.

    A night that is run again goes on from what served before it, whatever has become of its own adapter.
    """
    registry = opened_registry(settings, workspace)
    return _brought(registry, served_before(registry, night), workspace, into=workspace.state / "start")


def shared_champion(
    settings: Settings, shared: Workspace, *, tenant: Workspace, night: str
) -> AdapterCheckpoint | None:
    """Bring everybody's champion to a tenant whose ``night`` stands on it; None if that is the base.

    It has no number among the tenant's versions, and none of the tenant's nights is a part of it.

    Args:
        settings, shared: of the deployment.
    """
    registry = opened_registry(settings, shared)
    noted = next((v for v in reading.history(registry) if v.version == noted_stand(tenant, night)), None)
    gone = noted is not None and (noted.must_forget or noted.adapter_deleted_at or noted.withdrawn_at)
    version = served_before(registry, _EVER) if noted is None or gone else noted
    note_stand(tenant, night, version)
    adapter = reading.adapter_of(registry, version, tenant.state / COPY) if version else None
    return AdapterCheckpoint(adapter, ()) if adapter else None


def served_before(registry: Registry, night: str) -> Version | None:
    """The champion, or the last that served before, of which no night since ``night`` is a part.

    Nothing goes on from what had learned what was to be forgotten, from what is deleted or was withdrawn, or from what
    was refused and serves by no override any more.
    """

    def unwanted(version: Version) -> bool:
        gone = bool(version.must_forget or version.adapter_deleted_at or version.withdrawn_at)
        ended = version.refused and not override_holds(registry, version)
        return not version.is_night_zero and (version.night >= night or gone or ended)

    return _before(registry, unwanted)


def _brought(
    registry: Registry, version: Version | None, workspace: Workspace, *, into: Path
) -> AdapterCheckpoint | None:
    """Bring the adapter of ``version``, with the nights that it learned from; None if it has none."""
    adapter = reading.adapter_of(registry, version, into) if version else None
    if version is None or adapter is None:
        return None
    return AdapterCheckpoint(adapter, version.learned_from(workspace), version.version)


def _before(registry: Registry, unwanted: Callable[[Version], bool]) -> Version | None:
    """The champion, or the last that served before those ``unwanted``."""
    champion, seen = reading.champion(registry), set()
    while champion and champion.version not in seen and (champion.erased or unwanted(champion)):
        seen.add(champion.version)
        before = champion.tags.get("champion_before")
        champion = reading.version(registry, before) if before else None
    return champion
