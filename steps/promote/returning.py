"""Going back: by a person's command, or because an override has ended."""

from steps.errors import SlumberError
from steps.promote.approval import approve
from steps.registry import Registry, RegistryUnreachable, Version, erasure, marking, promotion, reading
from steps.registry.overrides import ended_override, ended_text
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
    ended, before = ended_override(registry)
    if ended is not None:
        _, new = promotion.rollback(registry, before, serving=ended.version, action="expire")
        marking.note(registry, ended, f"**Its override has ended;** version {new.version} serves again.")
        said.append(f"{ended_text(ended)} Version {new.version} of night {new.night} serves again.")
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
