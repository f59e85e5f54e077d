"""Commands of the day: the champion answers."""

from typing import Annotated

import typer

from orchestration.cli.options import ParamsOption, WorkspaceOption, deployment

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is.")]


def serve(workspace: WorkspaceOption = None, params: ParamsOption = None) -> None:
    """Answer as an OpenAI-compatible server with the champion, until Ctrl-C."""
    found = deployment(workspace=workspace, params=params)
    from awake.server import serve as served
    from orchestration.ui import check_port

    check_port(found.settings.serve.port, setting="serve.port")
    served(found.settings, found.workspace, say=typer.echo)


def key(name: NameArgument, workspace: WorkspaceOption = None, params: ParamsOption = None) -> None:
    """Make an API key for the server and show it, this once."""
    found = deployment(workspace=workspace, params=params)
    from awake.keys import new_key
    from steps.errors import SlumberError

    if found.settings.keys is None:
        raise SlumberError("Name the file of the keys first: serve.keys in params.yaml.")
    typer.echo(new_key(found.settings.keys, name))
