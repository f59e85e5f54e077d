"""Options that the commands share, and the deployment that they name."""

from pathlib import Path
from typing import Annotated

import typer

NightOption = Annotated[
    str | None,
    typer.Option(
        "--night", metavar="DATE", help="The night, such as 2026-11-22 (default: today in schedule.timezone)."
    ),
]
InboxOption = Annotated[
    Path | None,
    typer.Option("--inbox", metavar="DIR", help="The day's material (default: schedule.inbox of the settings)."),
]
WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        metavar="DIR",
        help="Where all data and state are kept (default: the current folder if it holds params.yaml or .slumber, "
        "else the checkout, else the current folder).",
    ),
]
ParamsOption = Annotated[
    Path | None,
    typer.Option(
        "--params",
        metavar="FILE",
        help="The settings (default: the workspace's params.yaml, else the checkout's, else the built-in defaults).",
    ),
]
TENANT = "slumber.tenant"
"""Under which a command's context keeps whose deployment it is about."""


def named(context: typer.Context, tenant: str | None) -> str | None:
    """Return the tenant that was named, and note him in the command's context.

    Raises:
        SlumberError: his name is empty, as that of a variable which a script has not set: it would mean everybody.
    """
    from steps.errors import SlumberError

    if tenant == "":
        raise SlumberError("--tenant has an empty name: name a tenant, or leave it out for everybody's.")
    if tenant:
        context.meta[TENANT] = tenant
    return tenant


TenantOption = Annotated[
    str | None,
    typer.Option("--tenant", metavar="NAME", help="One of `slumber tenants` (default: everybody's).", callback=named),
]
JsonOption = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", dir_okay=False, help="Also write the result there, as JSON.")
]


def agree(*, yes: bool) -> None:
    """Ask whether to go on, unless ``yes``.

    Raises:
        SlumberError: somebody said no, or nobody is there to answer.
    """
    from steps.errors import SlumberError

    try:
        agreed = yes or typer.confirm("Go on?")
    except typer.Abort:
        raise SlumberError("Nothing was removed: nobody answered. --yes goes on without asking.") from None
    if not agreed:
        raise SlumberError("Nothing was removed.")


def deployment(
    *,
    workspace: Path | None,
    params: Path | None,
    inbox: Path | None = None,
    tenant: str | None = None,
    there: bool = False,
):
    """Return the deployment that the options name, with the libraries prepared for it.

    ``there``: the command tells of what was done, so that a workspace which does not exist is a misspelt one.

    Raises:
        SlumberError: a file, the workspace or the tenant is missing, or a setting is impossible.
    """
    from orchestration.environment import Deployment, prepare_libraries
    from steps.errors import SlumberError

    found = Deployment.find(workspace=workspace, params=params, inbox=inbox, tenant=tenant)
    if there and not found.workspace.root.exists():
        raise SlumberError(f"There is no workspace {found.workspace.root}: name another one with --workspace.")
    prepare_libraries(found.settings)
    return found


def chosen_night(night: str | None, found) -> str:
    """Return the night asked for, or tonight's.

    Raises:
        SlumberError: it is not a date.
    """
    from steps.workspace import check_night

    return check_night(night) if night is not None else found.tonight()


def write_result(path: Path | None, value) -> None:
    """Write ``value`` as JSON, atomically, if a path was given."""
    if path is not None:
        from steps.workspace import write_json

        write_json(path.expanduser().absolute(), value)
