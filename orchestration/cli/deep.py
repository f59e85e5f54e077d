"""The command for a deep sleep."""

from typing import Annotated

import typer

from orchestration.cli.options import ParamsOption, TenantOption, WorkspaceOption, deployment


def deep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say whether one is due and why, and do nothing.")] = False,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
    tenant: TenantOption = None,
) -> None:
    """Rebuild the champion from the base over all that still holds, smaller; it serves if nothing is worse.

    It costs as much training as those nights did. Due when the adapter's ranks, the drift that the gate allows, or
    too many facts that hold no more are used up (settings: deep.*).
    """
    found = deployment(workspace=workspace, params=params, there=True, tenant=tenant)
    from orchestration.deep import deep_text, run_deep, why

    given = why(found)
    for reason in given:
        typer.echo(f"{'due' if reason.due else 'not due'}  {reason.line}")
    if not given:
        serves = "Everybody's champion" if found.tenant else "The base"
        typer.echo(f"{serves} serves: there is nothing to rebuild.")
    if not dry_run and given:
        typer.echo(deep_text(run_deep(found)))
