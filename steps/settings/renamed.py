"""Old names in a ``params.yaml``: they go on working."""

from typing import Any

from steps.settings.learning import ConsolidateSettings

OLD_KEYS = {
    "night.cron": "schedule.cron",
    "night.timezone": "schedule.timezone",
    "night.inbox": "schedule.inbox",
    "consolidate.first_layer": "consolidate.frozen_fraction",
    "consolidate.mix_share": "consolidate.rehearsal_fraction",
    "consolidate.contrast": "consolidate.ridge",
    "consolidate.alpha": "consolidate.scale",
}
DROPPED = {
    "ingest.near_duplicate": "what is new is told part by part, and no longer by how much two texts have in common",
    "triage.known_containment": "what is new is told part by part, and no longer by how much two texts have in common",
}


def without_dropped(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values without those that are settings no more, and why each that was met is none."""
    values, met = dict(values), {}
    for name, why in DROPPED.items():
        section, key = name.split(".")
        keys = values.get(section)
        if isinstance(keys, dict) and key in keys:
            values[section] = {other: kept for other, kept in keys.items() if other != key}
            met[name] = why
    return values, met


def with_new_names(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values under today's names, and the new name of each old one that was met.

    Raises:
        ValueError: an old and a new name stand there together, or an old value cannot be translated.
    """
    values, met = dict(values), {}
    for old, new in OLD_KEYS.items():
        (section, old_key), (new_section, new_key) = old.split("."), new.split(".")
        keys = values.get(section)
        if isinstance(keys, dict) and old_key in keys:
            if new_key in (values.get(new_section) or {}):
                raise ValueError(_both(old, new))
            value = _scale(keys) if old_key == "alpha" else keys[old_key]
            values[section] = {key: kept for key, kept in keys.items() if key != old_key}
            values[new_section] = (values.get(new_section) or {}) | {new_key: value}
            met[old] = new
    return values, met


def _both(old: str, new: str) -> str:
    return f"'{old}' is the old name of '{new}', and both are set: remove '{old}'"


def _scale(keys: dict[str, Any]) -> float:
    alpha, rank = keys["alpha"], keys.get("rank", ConsolidateSettings().rank)
    if not _positive(alpha):
        raise ValueError(f"'consolidate.alpha' must be a positive number, not {alpha!r}")
    return alpha / rank if _positive(rank) else 1.0  # an impossible rank is refused under its own name


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
