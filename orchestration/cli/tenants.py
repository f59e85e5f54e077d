"""`slumber tenants` and `slumber nights`: who has a champion of his own, and whose turn it is to sleep."""

import signal
from typing import Annotated

import typer

from orchestration.cli.options import NightOption, ParamsOption, WorkspaceOption, agree, chosen_night, deployment

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and dashes.")]

app = typer.Typer(
    help="Tenants: each with an inbox, nights, a memory and a champion of his own, on everybody's.",
    no_args_is_help=True,
)


@app.command()
def add(name: NameArgument, workspace: WorkspaceOption = None, params: ParamsOption = None) -> None:
    """Add a tenant. Everybody's champion serves him until a night of his own is promoted."""
    found = deployment(workspace=workspace, params=params)
    from steps.tenants import INBOX, add_tenant

    made = add_tenant(found.workspace, name)
    typer.echo(
        f"{name} has an inbox, {made.root / INBOX}; then `slumber night --tenant {name}`, or `slumber nights` for all, "
        f"and `slumber key NAME --tenant {name}` for a key to the server."
    )


@app.command("list")
def list_tenants(workspace: WorkspaceOption = None, params: ParamsOption = None) -> None:
    """List the tenants: who serves them, how their last night ended, what waits."""
    found = deployment(workspace=workspace, params=params, there=True)
    from rich.console import Console

    from orchestration.tenant_table import tenants_table

    Console().print(tenants_table(found))


@app.command()
def remove(
    name: NameArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before removing him.")] = False,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Remove a tenant for good: keys, versions, traces, memory, data, and the inbox."""
    found = deployment(workspace=workspace, params=params, there=True)
    from orchestration.tenancy import remove_tenant

    own = found.of_tenant(name)
    typer.echo(
        f"{own.workspace.root} goes with the inbox and all that was learned, the model "
        f"{own.settings.registry.model_name!r} with its versions, runs and traces, and the keys. There is no way back."
    )
    agree(yes=yes)
    for line in remove_tenant(found, name):
        typer.echo(line)
    typer.echo(f"{name} is removed.")


def nights(
    night: NightOption = None,
    everyone: Annotated[bool, typer.Option("--all", help="Also tenants for whom nothing waits.")] = False,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Run the nights of all tenants whose turn it is, who has waited longest first (settings: tenants).

    Exit codes: 0 every night ended with a verdict, or waits for the next time; 1 some failed.
    """
    found = deployment(workspace=workspace, params=params, there=True)
    when = chosen_night(night, found)
    from orchestration.tenancy import run_tenants
    from steps.structured import is_asked, write_line

    say = write_line if is_asked() else typer.echo
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nights that run are ended, too
    try:
        slept = run_tenants(found, when, everyone=everyone, say=say)
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
    waits, failed = (sum(one.code is None for one in slept), [one.tenant for one in slept if one.code])
    say(f"Night {when}: {len(slept) - waits} tenants slept, {len(failed)} failed, {waits} wait for the next time.")
    if failed:
        why = f"Failed: {', '.join(failed)} (night.log in the tenant's state says why, if his night began)."
        write_line(why, level="error") if is_asked() else typer.echo(why, err=True)
        raise typer.Exit(1)
