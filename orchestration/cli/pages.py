"""Commands around the nights: prepare the model, serve the pages."""

from typing import Annotated

import typer

from orchestration.cli.options import InboxOption, ParamsOption, TenantOption, WorkspaceOption, deployment

ExamineOption = Annotated[
    bool,
    typer.Option(
        "--examine", help="Also ask the base what every night compares with, and try who can write dreams; minutes."
    ),
]


def setup(workspace: WorkspaceOption = None, params: ParamsOption = None, examine: ExamineOption = False) -> None:
    """Prepare the base model. Done already, it does nothing; half done, it starts over."""
    found = deployment(workspace=workspace, params=params)
    if found.settings.model.base == "embedded":
        from steps.model.embedded import embedded_model

        typer.echo(f"The model is in {embedded_model()}.")
    else:
        from steps.model.loading import base_folder

        typer.echo(f"The model is in {base_folder(found.settings.model)}.")
    if examine:
        from steps.examine.examination import examine_base
        from steps.registry import Registry
        from steps.registry.signing import ensure_key

        ensure_key(Registry(found.settings, found.workspace))  # what is remembered of the base bears its seal
        examine_base(settings=found.settings, workspace=found.workspace)
        typer.echo("The base has been examined.")
        from steps.dream.dreaming import calibrate

        typer.echo(f"Writers: {calibrate(found.settings, found.workspace).says}")


OnlyOption = Annotated[
    str | None,
    typer.Option(
        "--only",
        metavar="PART",
        help="One part, in the foreground, as a container runs it: nights (the process in which they run), daemon, "
        "dagster or mlflow.",
    ),
]


def ui(
    only: OnlyOption = None,
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
    inbox: InboxOption = None,
) -> None:
    """Serve the Dagster and MLflow pages of a workspace (on loopback, unless ui.host says otherwise), until Ctrl-C."""
    found = deployment(tenant=tenant, workspace=workspace, params=params, inbox=inbox)
    from orchestration.ui import serve, serve_part

    if only:
        serve_part(found, only, say=typer.echo)
    else:
        serve(found, say=typer.echo)
