"""What serves by a person's override, and what serves again when it has ended."""

from datetime import UTC, datetime

from steps.registry import reading
from steps.registry.gateway import Registry
from steps.registry.version import Version, way_back


def ended_override(registry: Registry) -> tuple[Version | None, str | None]:
    """Return what serves by no valid override, and the last version before it that may serve again."""
    versions, now = reading.history(registry), datetime.now(UTC)
    champion = next((version for version in versions if "champion" in version.aliases), None)
    if champion is None or not champion.refused or champion.override_holds(now):
        return None, None
    may_serve = (v for v in way_back(champion, versions) if not v.refused or v.override_holds(now))
    return champion, next((v.version for v in may_serve if not v.must_forget), None)


def override_that_ended(registry: Registry) -> str | None:
    """Say that what serves does so by an override that has ended, or None."""
    ended, before = ended_override(registry)
    if ended is None:
        return None
    back = f"to version {before}, `slumber rollback {before}`" if before else "to `previous`, `slumber rollback`"
    return f"{ended_text(ended)} The next night goes back {back} does so at once."


def ended_text(version: Version) -> str:
    """Say why ``version``, which serves, may not."""
    if "override_until" not in version.tags:
        return f"Version {version.version} serves, which the gate refused ({version.verdict}), without any override."
    return (
        f"The override of {version.tags.get('override_by', 'nobody')}, by which version {version.version} serves, "
        f"ended on {version.tags['override_until'][:10]}."
    )
