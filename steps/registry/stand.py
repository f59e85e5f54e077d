"""What a tenant stands on: everybody's champion, until a version of the tenant's own serves.

Each night that begins with it writes down which version that was, in its folder: run again, after everybody's champion
has moved on, the night goes on from the same one.
"""

import json
from pathlib import Path
from typing import Any

from steps.checkpoint import AdapterCheckpoint
from steps.registry import reading
from steps.registry.gateway import Registry
from steps.registry.lineage import opened_registry, served_before
from steps.registry.version import Version
from steps.settings import Settings
from steps.workspace import Workspace, write_json

COPY = "shared"
"""Folder of a tenant's state to which everybody's adapter is brought."""
_EVER = "9999-12-31"


def shared_champion(
    settings: Settings, shared: Workspace, *, tenant: Workspace, night: str
) -> AdapterCheckpoint | None:
    """Bring everybody's champion to a tenant whose ``night`` stands on it; None if that is the base.

    It has no number among the tenant's versions, and none of the tenant's nights is a part of it.

    Args:
        settings, shared: of the deployment.
    """
    registry = opened_registry(settings, shared)
    version = _noted(registry, tenant, night) or served_before(registry, _EVER)
    note = {"version": version.version, "adapter_sha256": version.adapter_sha256} if version else {}
    if note != _read(tenant, night):
        write_json(_path(tenant, night), note)
    adapter = reading.adapter_of(registry, version, tenant.state / COPY) if version else None
    return AdapterCheckpoint(adapter, ()) if adapter else None


def stands_on(tenant: Workspace, night: str) -> str | None:
    """Digest of everybody's adapter that a tenant's night stands on; None if that is the base, or it is no tenant's."""
    return _read(tenant, night).get("adapter_sha256")


def stood_on(tenant: Workspace) -> set[str]:
    """The shared versions that any night of a tenant began with."""
    nights = (path.parent.name for path in (tenant.state / "nights").glob("*/stands_on.json"))
    return {version for night in nights if (version := _read(tenant, night).get("version"))}


def _noted(registry: Registry, tenant: Workspace, night: str) -> Version | None:
    """The version that the night began with, unless it has gone meanwhile."""
    number = _read(tenant, night).get("version")
    found = next((v for v in reading.history(registry) if v.version == number), None)
    gone = found is not None and (found.must_forget or found.adapter_deleted_at or found.withdrawn_at)
    return None if gone else found


def _path(tenant: Workspace, night: str) -> Path:
    return tenant.night_dir(night) / "stands_on.json"


def _read(tenant: Workspace, night: str) -> dict[str, Any]:
    path = _path(tenant, night)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
