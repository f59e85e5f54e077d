"""The command that looks at a model before a night is spent on it."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.options import JsonOption, ParamsOption, WorkspaceOption, deployment, write_result


def doctor(
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="A folder or hub id (default: model.base).")
    ] = None,
    cost: Annotated[bool, typer.Option("--cost/--no-cost", help="Also measure what a night would cost.")] = True,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
    json: JsonOption = None,
) -> None:
    """Check that the base model can be slept with, how it will be run, and what a night costs with it.

    A night checks its base as well, once for each; what is right neither in packed rows nor sequence by sequence is
    refused with exit code 2.
    """
    found = deployment(workspace=workspace, params=params)
    settings = found.settings
    if model is not None:
        here = Path(model).expanduser().absolute()
        named = settings.model.model_copy(update={"base": str(here) if here.is_dir() else model})
        settings = settings.model_copy(update={"model": named})
    from rich.console import Console

    from orchestration.doctor import cost_table, findings_table, model_rows, model_table
    from steps.doctor import check_base
    from steps.model.loading import load_base

    base, console = load_base(settings.model), Console()
    findings = check_base(base, settings)
    rows = model_rows(base, findings, settings)
    console.print(findings_table(findings, name=base.name))
    console.print(model_table(base, findings, settings))
    result = {"packed": findings.packed, "model": rows, "tried": [one.model_dump() for one in findings.tried]}
    if cost:
        from steps.costing import measured_cost

        spent = measured_cost(base, settings)
        console.print(cost_table(spent))
        result["cost"] = {
            "fixed_seconds": spent.fixed,
            "seconds_per_fact": spent.fact,
            "parts": [vars(part) for part in spent.parts],
        }
    write_result(json, result)
