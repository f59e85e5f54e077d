"""Commands of the day: the champion answers."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.options import ParamsOption, TenantOption, WorkspaceOption, deployment

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is.")]


def serve(workspace: WorkspaceOption = None, params: ParamsOption = None) -> None:
    """Answer as an OpenAI-compatible server with the champion, until Ctrl-C."""
    found = deployment(workspace=workspace, params=params)
    from awake.server import serve as served
    from orchestration.notify import notify
    from orchestration.ui import check_port
    from steps.structured import is_asked, write_line

    say = write_line if is_asked() else typer.echo

    def alarm(night: str, says: str) -> None:
        for line in notify(found.settings, found.workspace, event="WITHDRAWN", night=night, run_id="", reasons=[says]):
            say(line)

    check_port(found.settings.serve.port, setting="serve.port")
    served(found.settings, found.workspace, say=say, alarm=alarm)


def export(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The new folder that is written.")],
    to: Annotated[str, typer.Option("--to", metavar="PROGRAM", help="vllm, llama.cpp, transformers or peft.")],
    version: Annotated[
        str | None, typer.Option("--version", metavar="N", help="A version that served (default: the champion).")
    ] = None,
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Write the champion for another server, and print the command that serves it."""
    found = deployment(tenant=tenant, workspace=workspace, params=params, there=True)
    from steps.errors import SlumberError
    from steps.export.exporting import TARGETS, export

    target = next((one for one in TARGETS if one == to), None)
    if target is None:
        raise SlumberError(f"--to {to!r} is none of {', '.join(TARGETS)}.")
    written = export(found.settings, found.workspace, target, out, number=version)
    typer.echo(f"Version {written.version.version} (night {written.version.night}) is in {written.folder}.", err=True)
    typer.echo(written.command)


def watch(
    release: Annotated[
        str | None,
        typer.Option("--release", metavar="VERSION", help="Let the next night learn what a withdrawn version learned."),
    ] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides; goes on record.")] = None,
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Show how a fresh champion serves people beside the version before it, and what was withdrawn."""
    found = deployment(tenant=tenant, workspace=workspace, params=params, there=True)
    from steps.errors import SlumberError
    from steps.registry import Registry, withdrawal

    if release is None:
        from rich.console import Console

        from orchestration.watch import watch_table

        Console().print(watch_table(found))
        return
    if not by:
        raise SlumberError("Say who decides: --by NAME goes with --release.")
    with found.lock("release"):
        version = withdrawal.release(Registry(found.settings, found.workspace), release, by=by)
    typer.echo(f"The lessons of {', '.join(version.held_nights)} are learned with the next night.")


def key(
    name: NameArgument,
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Make an API key for the server and show it, this once. With it one asks everybody's champion, or a tenant's."""
    found = deployment(tenant=tenant, workspace=workspace, params=params)
    from awake.keys import new_key
    from steps.errors import SlumberError

    if found.settings.keys is None:
        raise SlumberError("Name the file of the keys first: serve.keys in params.yaml.")
    typer.echo(new_key(found.settings.keys, name, tenant=tenant))
