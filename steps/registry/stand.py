"""What a tenant's night stands on: everybody's champion, until a version of the tenant's own serves.

Each night that begins with it writes down which version that was, in its folder: run again, after everybody's champion
has moved on, the night goes on from the same one.
"""

import json
from pathlib import Path

from steps.registry.version import Version
from steps.workspace import Workspace, write_json

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


def stood_on(tenant: Workspace) -> dict[str, str]:
    """The shared versions that nights of a tenant began with, by night."""
    notes = {path.parent.name: _read(path) for path in sorted((tenant.state / "nights").glob(f"*/{_NOTE}"))}
    return {night: note["version"] for night, note in notes.items() if note.get("adapter_sha256") and note["version"]}


def _read(path: Path) -> dict[str, str | None]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
