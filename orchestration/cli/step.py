"""One command per step, for looking closely and for dvc.yaml. Each does what the night's asset does, and no more."""

import inspect
from typing import Any

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
from orchestration.niceness import be_nice
from steps.errors import SlumberError
from steps.forget.elsewhere import refuse_what_is_to_be_forgotten
from steps.lifecycle import STEPS, command_of
from steps.step import Step


def step_commands() -> dict[str, Any]:
    """Return a command for every step, by name, in the order of the night."""
    app = typer.Typer()
    for step in STEPS:
        app.command(step.name, help=_help(step), rich_help_panel="Single steps, in the order of a night")(
            _command(step)
        )
    return dict(typer.main.get_group(app).commands)


def _help(step: Step) -> str:
    """What a step does, for people: its errors say themselves what is wrong, and marks of code are the same as ever."""
    return inspect.cleandoc(step.__doc__ or "").partition("\nRaises:")[0].strip().replace("``", "`")


def _command(step: Step):
    def run(
        night: NightOption = None,
        inbox: InboxOption = None,
        tenant: TenantOption = None,
        workspace: WorkspaceOption = None,
        params: ParamsOption = None,
        json: JsonOption = None,
    ) -> None:
        found = deployment(tenant=tenant, workspace=workspace, params=params, inbox=inbox)
        steps = command_of(step.name)
        be_nice(found.settings.night.nice)
        tonight = found.night(chosen_night(night, found))
        if step.name == "report" and not tonight.folder.is_dir():
            raise SlumberError(f"There was no night {tonight.date} in {found.workspace.root}: see `slumber history`.")
        with found.workspace.lock(tonight.date):
            if step.name != "report":
                refuse_what_is_to_be_forgotten(found.settings, found.workspace)
            records = {one.name: one.run(tonight) for one in steps}
        write_result(json, step.result(tonight, records[step.name]))
        for one in steps:
            typer.echo(one.summary(records[one.name]))
            for remark in one.remarks(tonight, records[one.name]):
                typer.echo(f"  {remark}")
            for name in records[one.name].outputs:
                typer.echo(f"  written: {found.workspace.root / name}")

    return run
