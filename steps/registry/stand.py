"""What a tenant's night stands on: everybody's champion, until a version of the tenant's own serves.

Each night that begins with it writes down which version that was, in its folder: run again, after everybody's champion
has moved on, the night goes on from the same one.
"""

import json
from collections.abc import Collection
from pathlib import Path

from steps.errors import SlumberError
from steps.registry.version import Version
from steps.workspace import DEEP, NIGHTS, Workspace, write_json

COPY = "shared"
"""Folder of a tenant's state to which everybody's adapter is brought."""
_NOTE = "stands_on.json"


def note_stand(tenant: Workspace, night: str, version: Version | None) -> None:
    """Write down which shared version a tenant's night begins with."""
    note = {"version": version.version, "adapter_sha256": version.adapter_sha256} if version else {}
    if note != _read(tenant.night_dir(night) / _NOTE):
        write_json(tenant.night_dir(night) / _NOTE, note)


def noted_stand(tenant: Workspace, night: str) -> str | None:
    """The number of the shared version that a tenant's night began with, None if it has not yet."""
    return _read(tenant.night_dir(night) / _NOTE).get("version")


def stands_on(tenant: Workspace, night: str) -> str | None:
    """Digest of everybody's adapter that a tenant's night stands on; None if that is the base, or it is no tenant's."""
    return _read(tenant.night_dir(night) / _NOTE).get("adapter_sha256")


def stood_on(tenant: Workspace, versions: Collection[str]) -> list[str]:
    """The nights of a tenant that began with one of these shared versions, and those up to which a deep sleep did.

    Raises:
        SlumberError: of one it cannot be told.
    """
    found = set()
    for work in (NIGHTS, DEEP):
        for path in (tenant.state / work).glob(f"*/{_NOTE}"):
            note = _read(path)
            if note.get("adapter_sha256") and note["version"] in versions:
                found.add(path.parent.name)
    return sorted(found)


def _read(path: Path) -> dict[str, str | None]:
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise SlumberError(
            f"{path} says on what a night stands, and cannot be read: restore it from a backup, or remove the tenant."
        ) from None
