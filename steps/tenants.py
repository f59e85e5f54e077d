"""Tenants: each has a workspace of its own within the deployment's, so that nothing of one lies where another's does.

<root>/tenants/<name>/               a workspace like any other (``steps.workspace``), with its own inbox
<root>/tenants/<name>/inbox/         the tenant's material

What a tenant shares with everybody are the settings, the base model, and MLflow, where all that is its own bears its
name. A deployment without the folder ``tenants`` is as it was before there were any.
"""

import json
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from steps.errors import NightRunning, SlumberError
from steps.settings import Settings
from steps.stores import tracking_uri
from steps.workspace import TENANTS, Workspace, held_alone, write_json, write_text

INBOX, _LAST = "inbox", "last_night.json"
NIGHT_LOG = "night.log"
"""In a tenant's state: what his last night of a round said."""
_MARK = ".slumber/tenant"
# Lower case, as some file systems do not tell cases apart; no dot, which would be a path, and another model's name.
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


class NoTenant(SlumberError):
    """There is no tenant of that name."""


def check_tenant(name: str) -> str:
    """Return ``name`` if a tenant may be called so.

    Raises:
        SlumberError: it may not.
    """
    if _NAME.fullmatch(name):
        return name
    raise SlumberError(
        f"{name!r} is no name of a tenant: take 1 to 40 lower-case letters, digits and dashes, with no dash at an end."
    )


def tenants_of(shared: Workspace) -> list[str]:
    """Return the names of a deployment's tenants, sorted."""
    return sorted(_names(shared))


def has_tenants(shared: Workspace) -> bool:
    """Whether there are any; it costs as much however many there are."""
    return any(_names(shared))


def _names(shared: Workspace) -> Iterator[str]:
    folder = shared.root / TENANTS
    for path in folder.iterdir() if folder.is_dir() else ():
        if is_tenant(shared, path.name):
            yield path.name


def is_tenant(shared: Workspace, name: str) -> bool:
    """Whether there is such a tenant. A link is none: it may lead anywhere."""
    place = shared.of_tenant(name).root
    return bool(_NAME.fullmatch(name)) and not place.is_symlink() and (place / _MARK).is_file()


def tenant_of(workspace: Workspace) -> tuple[Workspace, str] | None:
    """Whose workspace it is: the deployment's and the tenant's name; None if it is a deployment's own."""
    return (Workspace(workspace.root.parents[1]), workspace.root.name) if (workspace.root / _MARK).is_file() else None


def made(workspace: Workspace) -> tuple[int, int] | None:
    """What tells a tenant from one of the same name who was added after he had been removed; None: he is gone."""
    try:
        found = (workspace.root / _MARK).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def tenant_workspace(shared: Workspace, name: str) -> Workspace:
    """Return the workspace of a tenant.

    Raises:
        SlumberError: it is no name, or there is no such tenant (``NoTenant``).
    """
    if not is_tenant(shared, check_tenant(name)):
        raise NoTenant(f"There is no tenant {name!r} in {shared.root}: `slumber tenants add {name}` makes it.")
    return shared.of_tenant(name)


def tenant_settings(settings: Settings, shared: Workspace, name: str) -> Settings:
    """Return the deployment's settings as they hold for a tenant: its own inbox, model, experiments and data store.

    Traces of other programs (``ingest.experiments``) are everybody's and no tenant's.
    """
    root = tenant_workspace(shared, name).root
    remote, artifacts = settings.datasets.remote, settings.registry.artifacts
    checkpoints = settings.compute.checkpoints
    own = {
        "schedule": {"inbox": root / INBOX},
        "ingest": {"experiments": []},
        "registry": {
            "model_name": f"{settings.registry.model_name}.{name}",
            "experiment": f"{settings.registry.experiment}.{name}",
            "tracking_uri": tracking_uri(settings, shared),
            "artifacts": f"{artifacts.rstrip('/')}/{TENANTS}/{name}" if artifacts else None,
        },
        "datasets": {"remote": f"{remote.rstrip('/')}/{TENANTS}/{name}" if remote else None},
        "compute": {"checkpoints": f"{checkpoints.rstrip('/')}/{TENANTS}/{name}" if checkpoints else None},
    }
    return settings.model_copy(
        update={section: getattr(settings, section).model_copy(update=values) for section, values in own.items()}
    )


def add_tenant(shared: Workspace, name: str) -> Workspace:
    """Make a tenant, and return its workspace.

    Raises:
        SlumberError: it is no name, or there is such a tenant already.
    """
    root = shared.of_tenant(check_tenant(name)).root
    if is_tenant(shared, name):
        raise SlumberError(f"There is a tenant {name!r} in {shared.root} already.")
    if root.exists() or root.is_symlink():
        raise SlumberError(f"{root} is there already, and no tenant's: remove it, or take another name.")
    part = root.with_name(f".{name}.{uuid.uuid4().hex[:8]}.added")  # killed, it leaves nothing under the name
    (part / INBOX).mkdir(parents=True)
    part.chmod(0o700)
    write_text(part / _MARK, f"{name}\n")
    try:
        part.rename(root)
    except OSError:
        shutil.rmtree(part, ignore_errors=True)
        if not root.exists():
            raise
        raise SlumberError(f"{root} was made by somebody else just now: look with `slumber tenants list`.") from None
    return Workspace(root)


@contextmanager
def one_round(shared: Workspace) -> Iterator[None]:
    """Hold the deployment's round of tenants' nights.

    Raises:
        NightRunning: another process does.
    """
    refused = NightRunning(f"Another round of tenants' nights is running in {shared.root}: wait for its end.")
    with held_alone(shared.state / "tenants.lock", lambda: refused):
        yield


@dataclass(frozen=True)
class LastNight:
    """When a tenant's last night began (seconds since 1970), and its exit code; None: it was cut off."""

    at: float
    night: str
    code: int | None = None


def note_night(workspace: Workspace, last: LastNight) -> None:
    """Write down that a tenant had his turn."""
    write_json(workspace.state / _LAST, asdict(last))


def last_night(workspace: Workspace) -> LastNight | None:
    """Return a tenant's last night, None before the first, or if its note is damaged: he then has his turn."""
    try:
        return LastNight(**json.loads((workspace.state / _LAST).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
