"""Whose run a folder holds, and with which settings: what is done in it is not done again."""

import json
from pathlib import Path
from typing import Any

from steps.errors import SlumberError
from steps.records import content_id
from steps.settings import Settings
from steps.workspace import write_json

_NO_PART = {"ui", "serve", "schedule", "registry", "datasets", "deep", "tenants", "memory", "watch", "notify"}


def claim(path: Path, nights: Any, settings: Settings, *, of: str) -> None:
    """Note in ``path`` what is taught there with which settings, or see that it is the same as before.

    Args:
        nights: whatever tells one run's material from another's, as JSON.
        of: what other material is called ("other nights").

    Raises:
        SlumberError: the folder holds a run of other material, or one that was begun with other settings, or of a
            version that did not note them.
    """
    given = settings.model_dump(mode="json", exclude=_NO_PART)
    mine = {section: content_id(value) for section, value in given.items()}
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"nights": nights, "settings": mine}
    if not isinstance(before, dict) or "nights" not in before:
        raise SlumberError(f"{path.parent} holds a run that noted no settings: name another folder with --out.")
    if before["nights"] != nights:
        raise SlumberError(f"{path.parent} holds a run of {of}: name another folder with --out.")
    then = before["settings"]
    if other := sorted(name for name in then.keys() | mine.keys() if then.get(name) != mine.get(name)):
        raise SlumberError(
            f"{path.parent} holds a run that was begun with other settings ({', '.join(other)}): name another folder "
            "with --out, or take the settings it was begun with."
        )
    write_json(path, {"nights": nights, "settings": mine})
