"""What serves by a person's override, and what serves again when it has ended."""

from steps.registry import reading
from steps.registry.gateway import Registry
from steps.registry.signing import missing_key, override_decided_here
from steps.registry.version import Version, serving, way_back


def override_holds(registry: Registry, version: Version) -> bool:
    """Whether an override that was decided in this deployment lets ``version`` serve still."""
    return version.override_holds(reading.registry_time(registry)) and override_decided_here(registry, version)


def ended_override(registry: Registry) -> tuple[Version | None, list[Version]]:
    """Return what serves by no valid override, and what may serve in its place, the champion before it first."""
    versions = reading.history(registry)
    champion = serving(versions)
    if champion is None or not champion.refused or override_holds(registry, champion):
        return None, []
    before = [*way_back(champion, versions), *(v for v in versions if v.is_night_zero)]
    whole = [v for v in before if not v.must_forget and not v.withdrawn_at]
    return champion, [v for v in whole if not v.refused or override_holds(registry, v)]


def override_that_ended(registry: Registry) -> str | None:
    """Say that what serves does so by an override that has ended, or None; without the key nobody knows."""
    if missing_key(registry):
        return None
    ended, before = ended_override(registry)
    if ended is None:
        return None
    number = before[0].version if before else "N"
    back = f"The next night goes back to version {number}, `slumber rollback {number}` does so at once."
    return f"{ended_text(ended)} {back}"


def ended_text(version: Version) -> str:
    """Say why ``version``, which serves, may not."""
    if "override_until" not in version.tags:
        return f"Version {version.version} serves, which the gate refused ({version.verdict}), without any override."
    return (
        f"The override of {version.tags.get('override_by', 'nobody')}, by which version {version.version} serves, "
        f"ended on {version.tags['override_until'][:10]}, or was not decided in this deployment."
    )
