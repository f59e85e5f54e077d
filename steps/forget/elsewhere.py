"""What was forgotten on another machine, or after this workspace was copied: it may lie here still.

The registry's audit trail names every request by its number; a workspace notes those that it was part of.
"""

from collections.abc import Iterable

from steps.errors import SlumberError
from steps.forget.request import refuse_while_forgetting
from steps.registry import Registry, reading
from steps.settings import Settings
from steps.stores import is_shared
from steps.workspace import Workspace, write_text


def refuse_what_is_to_be_forgotten(settings: Settings, workspace: Workspace) -> None:
    """Check that nothing is learned here that is being forgotten, or was forgotten on a machine with the same registry.

    Raises:
        SlumberError: it could be; or that registry is away.
    """
    refuse_while_forgetting(workspace)
    if is_shared(settings, workspace):
        refuse_what_others_forgot(Registry(settings, workspace))


def refuse_what_others_forgot(registry: Registry) -> None:
    """Check that this workspace was part of every request to forget, so that no night learns it again.

    Raises:
        SlumberError: it was not, as far as its notes say; or the registry is away.
    """
    missing = _missing(registry)
    if missing:
        raise SlumberError(
            f"Something was forgotten on another machine, or before this workspace was restored (request "
            f"{', '.join(missing)} in `slumber history --audit`), and may lie here still: run the same command "
            "`slumber forget ...` here, then `slumber forget --elsewhere`, which says that nothing of it is left."
        )


def note_forgotten(workspace: Workspace, requests: Iterable[str]) -> None:
    """Note requests that this workspace was part of."""
    known = _noted(workspace) or []
    write_text(workspace.state / "forgotten.txt", "".join(f"{one}\n" for one in dict.fromkeys([*known, *requests])))


def note_all(registry: Registry) -> list[str]:
    """Note all requests that the audit trail names, as a person says; return those that were new here."""
    missing = _missing(registry)
    note_forgotten(registry.workspace, missing)
    return missing


def _missing(registry: Registry) -> list[str]:
    workspace = registry.workspace
    named = [e.reason.removeprefix("request ") for e in reading.trail(registry) if e.action == "forget"]
    noted = _noted(workspace)
    if noted is None and (not workspace.nights("corpus") or workspace.nights("forgotten")):
        note_forgotten(workspace, named)  # it holds nothing, or has forgotten before there were notes
        return []
    return [request for request in dict.fromkeys(named) if request not in (noted or ())]


def _noted(workspace: Workspace) -> list[str] | None:
    path = workspace.state / "forgotten.txt"
    return path.read_text(encoding="utf-8").split() if path.is_file() else None
