"""One command per step, for looking closely and for dvc.yaml. Each does what the night's asset does, and no more."""

import typer

from orchestration.cli.options import (
    InboxOption,
    JsonOption,
    NightOption,
    ParamsOption,
    WorkspaceOption,
    chosen_night,
    deployment,
    write_result,
)


def ingest(
    night: NightOption = None,
    inbox: InboxOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
    json: JsonOption = None,
) -> None:
    """Read the inbox and validate what it held. FILE then holds `ledger`, one object per input record."""
    found = deployment(workspace=workspace, params=params, inbox=inbox)
    from orchestration.summary import ledger_json
    from steps.ingest import ingest
    from steps.validate import validate

    arguments = _arguments(found, night)
    with found.workspace.lock(arguments["night"]):
        ingest(**arguments, inbox=found.inbox)
        record = validate(**arguments)
    write_result(json, {"night": arguments["night"], "ledger": ledger_json(found.workspace, arguments["night"])})
    _say(record)


def validate(night: NightOption = None, workspace: WorkspaceOption = None, params: ParamsOption = None) -> None:
    """Check what ingest wrote against the expectations, and write the night's data."""
    from steps.validate import validate

    _run(validate, night, workspace, params)


def triage(night: NightOption = None, workspace: WorkspaceOption = None, params: ParamsOption = None) -> None:
    """Decide what goes into the weights, into temporary memory, or nowhere."""
    from steps.triage import triage

    _run(triage, night, workspace, params)


def dream(night: NightOption = None, workspace: WorkspaceOption = None, params: ParamsOption = None) -> None:
    """Let the model write training examples with the source in its context."""
    _run(lambda **arguments: _step("dream")(**arguments), night, workspace, params)


def consolidate(night: NightOption = None, workspace: WorkspaceOption = None, params: ParamsOption = None) -> None:
    """Train the adapter."""

    def run(**arguments):
        from orchestration.serving import training_start

        return _step("consolidate")(**arguments, start=training_start(**arguments))

    _run(run, night, workspace, params)


def examine(night: NightOption = None, workspace: WorkspaceOption = None, params: ParamsOption = None) -> None:
    """Ask base, champion and candidate."""

    def run(**arguments):
        from orchestration.serving import compared_champion

        return _step("examine")(**arguments, champion=compared_champion(**arguments))

    _run(run, night, workspace, params)


def gate(
    night: NightOption = None, workspace: WorkspaceOption = None, params: ParamsOption = None, json: JsonOption = None
) -> None:
    """Decide whether the candidate may serve. Nothing is promoted from here."""
    found = deployment(workspace=workspace, params=params)
    arguments = _arguments(found, night)
    with found.workspace.lock(arguments["night"]):
        verdict = _step("gate")(**arguments)
    write_result(json, verdict.model_dump(mode="json"))
    typer.echo(
        "\n".join([f"{verdict.verdict} of night {verdict.night}", *(f"  {reason}" for reason in verdict.reasons)])
    )


def promote(night: NightOption = None, workspace: WorkspaceOption = None, params: ParamsOption = None) -> None:
    """Register the night's candidate, and let it serve if its recorded verdict says PROMOTE."""
    found = deployment(workspace=workspace, params=params)
    from orchestration.serving import opened_registry
    from steps.promote import promote, register

    arguments = _arguments(found, night)
    with found.workspace.lock(arguments["night"]):
        opened_registry(found.settings, found.workspace)
        register(**arguments)
        typer.echo(promote(**arguments).message)


def report(night: NightOption = None, workspace: WorkspaceOption = None, params: ParamsOption = None) -> None:
    """Write the morning report again, and say where it is."""
    found = deployment(workspace=workspace, params=params)
    from orchestration.links import night_links
    from orchestration.summary import version_of
    from steps.errors import SlumberError
    from steps.report import report

    arguments = _arguments(found, night)
    if not found.workspace.night(arguments["night"]).is_dir():
        raise SlumberError(f"There was no night {arguments['night']} in {found.workspace.root}: see `slumber history`.")
    with found.workspace.lock(arguments["night"]):
        version = version_of(arguments["night"], settings=found.settings, workspace=found.workspace)
        run_id = version.tags.get("dagster_run_id") if version else None
        links = night_links(settings=found.settings, workspace=found.workspace, run_id=run_id, version=version)
        typer.echo(report(**arguments, links=links))


def _step(name: str):
    """Import a step that needs torch, which takes seconds, late."""
    import importlib

    return getattr(importlib.import_module(f"steps.{name}"), name)


def _arguments(found, night) -> dict:
    return {"settings": found.settings, "workspace": found.workspace, "night": chosen_night(night, found)}


def _run(step, night, workspace, params) -> None:
    found = deployment(workspace=workspace, params=params)
    arguments = _arguments(found, night)
    with found.workspace.lock(arguments["night"]):
        _say(step(**arguments))


def _say(record) -> None:
    """Print one line of what a step did."""
    simple = {name: value for name, value in record.figures.items() if isinstance(value, int | float | str)}
    figures = ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in simple.items()
    )
    done = "was done already" if record.reused else f"took {record.seconds:.1f} s"
    typer.echo(f"{record.step} of {record.night} {done}: {figures}")
