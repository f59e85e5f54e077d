"""Going back: by a person's command, or because an override has ended."""

from datetime import UTC, datetime

from steps.errors import SlumberError
from steps.promote.approval import approve
from steps.registry import Registry, RegistryUnreachable, Version, erasure, marking, promotion, reading, way_back
from steps.settings import Settings
from steps.workspace import Workspace


def rollback(*, settings: Settings, workspace: Workspace, version: str | None = None) -> tuple[Version, Version]:
    """Let the previous champion, or the named former one, serve again; return what served and what serves now."""
    return promotion.rollback(Registry(settings, workspace), version)


def apply_decisions(*, settings: Settings, workspace: Workspace) -> list[str]:
    """Do, at the start of a night, what people decided since the last one; return what was done, a sentence each.

    An override that has ended leads back to the champion before it. A candidate whose tag ``approved_by`` was set in
    MLflow serves, if the checks of ``promote`` let it.
    """
    registry, said = Registry(settings, workspace), []
    ended, before = _ended(registry)
    if ended is not None:
        _, new = promotion.rollback(registry, before, serving=ended.version, action="expire")
        marking.note(registry, ended, f"**Its override has ended;** version {new.version} serves again.")
        said.append(f"{_sentence(ended)} Version {new.version} of night {new.night} serves again.")
    if erased := erasure.erase(registry):
        said.append(f"Versions that had learned what was forgotten on request were erased: {', '.join(erased)}.")
    for version in reading.waiting(registry):
        if not version.approved_by:
            continue
        try:
            said.append(approve(settings=settings, workspace=workspace, version=version.version).message)
        except RegistryUnreachable:
            raise
        except SlumberError as refusal:
            said.append(f"{version.approved_by} approved version {version.version}, which was not promoted: {refusal}")
    return said


def override_that_ended(registry: Registry) -> str | None:
    """Say that what serves does so by an override that has ended, or None."""
    ended, before = _ended(registry)
    if ended is None:
        return None
    back = f"to version {before}, `slumber rollback {before}`" if before else "to `previous`, `slumber rollback`"
    return f"{_sentence(ended)} The next night goes back {back} does so at once."


def _ended(registry: Registry) -> tuple[Version | None, str | None]:
    """Return what serves by no valid override, and the last version before it that may serve again."""
    versions, now = reading.history(registry), datetime.now(UTC)
    champion = next((version for version in versions if "champion" in version.aliases), None)
    if champion is None or not champion.refused or champion.override_holds(now):
        return None, None
    may_serve = (v for v in way_back(champion, versions) if not v.refused or v.override_holds(now))
    return champion, next((v.version for v in may_serve if not v.must_forget), None)


def _sentence(version: Version) -> str:
    if "override_until" not in version.tags:
        return f"Version {version.version} serves, which the gate refused ({version.verdict}), without any override."
    return (
        f"The override of {version.tags.get('override_by', 'nobody')}, by which version {version.version} serves, "
        f"ended on {version.tags['override_until'][:10]}."
    )
