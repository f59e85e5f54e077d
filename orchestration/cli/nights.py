"""Commands about whole nights: run one, look at them, bring back what they learned from."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.options import (
    InboxOption,
    JsonOption,
    NightOption,
    ParamsOption,
    TenantOption,
    WorkspaceOption,
    chosen_night,
    deployment,
    write_result,
)


def night(
    night: NightOption = None,
    inbox: InboxOption = None,
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
    json: JsonOption = None,
) -> None:
    """Run one night, from the files in the inbox to a verdict. Run it again after a crash: it resumes.

    With --json, FILE holds night, verdict, reasons, counts, timings, anchors, examination (one object per answer) and
    ledger.

    Exit codes: 0 the night ended with a verdict, whatever it is; 1 unexpected failure; 2 a mistake or something
    missing; 3 data refused by a critical expectation; 4 another night is running in this workspace.
    """
    found = deployment(tenant=tenant, workspace=workspace, params=params, inbox=inbox)
    when = chosen_night(night, found)
    from orchestration.night import run_night_of

    outcome = run_night_of(found, when)
    from rich.console import Console

    from orchestration.summary import night_json, show_night

    write_result(json, night_json(outcome, found.workspace))
    show_night(outcome, settings=found.settings, workspace=found.workspace, console=Console())


def status(tenant: TenantOption = None, workspace: WorkspaceOption = None, params: ParamsOption = None) -> None:
    """Show who serves, how the last night ended, what failed, and whether a night is running."""
    found = deployment(tenant=tenant, workspace=workspace, params=params, there=True)
    from rich.console import Console

    from orchestration.status import status_table

    Console().print(status_table(found))


def metrics(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Write them there in one go, for node_exporter (FILE ends on .prom)."
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Print the nights' figures as OpenMetrics: the last night, what waits, what was missed, what is wrong."""
    found = deployment(workspace=workspace, params=params, there=True)
    from orchestration.night_metrics import metrics_text
    from steps.workspace import write_text

    text = metrics_text(found)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out.expanduser().absolute(), text)


def history(
    audit: Annotated[bool, typer.Option("--audit", help="Who changed what, when and why, oldest first.")] = False,
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """List all versions in the model registry, newest first, or the audit trail of all changes."""
    found = deployment(tenant=tenant, workspace=workspace, params=params, there=True)
    from rich.console import Console

    from orchestration.history import audit_table, history_table

    Console().print(audit_table(found) if audit else history_table(found))


def data(
    night: Annotated[str, typer.Argument(metavar="NIGHT", help="The night, such as 2026-11-22.")],
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Bring back the exact datasets of a night, as DVC versioned them."""
    found = deployment(tenant=tenant, workspace=workspace, params=params, there=True)
    from steps.datasets import restore_night
    from steps.workspace import check_night

    check_night(night)
    with found.workspace.lock(night):
        for name, md5 in restore_night(settings=found.settings, workspace=found.workspace, night=night).items():
            typer.echo(f"{md5}  {found.workspace.dataset(name, night)}")


def earlier(
    night: NightOption = None,
    source: Annotated[Path, typer.Option("--from", help="The workspace to copy from.")] = Path("."),
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Copy what earlier nights left into another workspace (a stage of dvc.yaml)."""
    found = deployment(workspace=workspace, params=params)
    from steps.datasets import copy_earlier
    from steps.workspace import Workspace

    copied = copy_earlier(source=Workspace(source.absolute()), target=found.workspace, night=chosen_night(night, found))
    typer.echo(f"{len(copied)} files of earlier nights are in {found.workspace.root}.")
