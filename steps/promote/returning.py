"""Going back: by a person's command, or because an override has ended. What returns is checked as what comes."""

from steps.errors import SlumberError
from steps.promote.approval import approve
from steps.promote.promotion import check_adapter
from steps.registry import Registry, RegistryUnreachable, Version, erasure, marking, promotion, reading, withdrawal
from steps.registry.checks import check_may_return
from steps.registry.overrides import ended_override, ended_text
from steps.registry.signing import ensure_key
from steps.registry.watch import strayed
from steps.settings import Settings
from steps.workspace import Workspace


def rollback(
    *, settings: Settings, workspace: Workspace, version: str | None = None, by: str | None = None, reason: str = ""
) -> tuple[Version, Version]:
    """Let the previous champion, or the named former one, serve again; return what served and what serves now.

    Args:
        by, reason: for the audit trail; nobody named is who runs this.

    Raises:
        SlumberError: it may not serve, or its adapter is not what was registered, or does not answer.
    """
    registry = Registry(settings, workspace)
    ensure_key(registry)
    number = version or registry.aliases().get("previous")
    if number is None:
        raise SlumberError(f"The registry {registry.name!r} has no previous champion to roll back to.")
    target = reading.version(registry, number)
    if version is None and target.withdrawn_at:
        raise SlumberError(
            f"`previous` is version {number}, which the morning watch withdrew on {target.withdrawn_at[:10]}: name the "
            f"version that is to serve (`slumber rollback {number}` for this one)."
        )
    return let_return(registry, target, author=by, reason=reason)


def let_return(
    registry: Registry,
    target: Version,
    *,
    serving: str | None = None,
    action: str = "rollback",
    author: str | None = None,
    reason: str = "",
) -> tuple[Version, Version]:
    """Let a former champion serve again; see ``steps.registry.promotion.rollback``.

    Raises:
        SlumberError: as ``rollback``; the champion is unchanged.
    """
    check_may_return(registry, target)
    check_adapter(registry, target, tried=True)
    return promotion.rollback(registry, target.version, serving=serving, action=action, author=author, reason=reason)


def apply_decisions(*, settings: Settings, workspace: Workspace) -> list[str]:
    """Do, at the start of a night, what people decided since the last one; return what was done, a sentence each.

    A promotion that was cut off is finished. An override that has ended leads back to the champion before it. A
    candidate whose tag ``approved_by`` was set in MLflow serves, if the checks of ``promote`` let it. Where an alias
    was moved by hand, it is said, and nothing done.
    """
    registry, said = Registry(settings, workspace), []
    if withdrawn := withdrawal.finish(registry):
        said.append(withdrawn)
    if finished := _finished_promotion(registry):
        said.append(finished)
    if astray := strayed(registry):
        said.append(astray)
    said += _back_from_override(registry)
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


def _finished_promotion(registry: Registry) -> str | None:
    """Let serve what was about to when its night was cut off, with all checks anew; return a sentence, if one was."""
    version = promotion.unfinished(registry)
    if version is None:
        return None
    try:
        check_adapter(registry, version, tried=True)
        promotion.promote(registry, version, verdict_digest=version.tags.get("verdict_digest", ""))
    except RegistryUnreachable:
        raise
    except SlumberError as refusal:
        return f"The promotion of version {version.version} was cut off, and it cannot serve: {refusal}"
    return f"The promotion of version {version.version} (night {version.night}), which was cut off, is finished."


def _back_from_override(registry: Registry) -> list[str]:
    """Let the champion before an override that has ended serve again, or the last before it that is whole."""
    ended, before = ended_override(registry)
    if ended is None:
        return []
    said = [ended_text(ended)]
    for target in before:
        try:
            _, new = let_return(registry, target, serving=ended.version, action="expire")
        except RegistryUnreachable:
            raise
        except SlumberError as refusal:
            said.append(f"Version {target.version} cannot serve again: {refusal}")
            continue
        marking.note(registry, ended, f"**Its override has ended;** version {new.version} serves again.")
        return [" ".join([*said, f"Version {new.version} of night {new.night} serves again."])]
    return [" ".join([*said, "Nothing that served before it can serve again: decide with `slumber rollback N`."])]
