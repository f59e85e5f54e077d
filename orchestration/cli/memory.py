"""Commands about what is looked up: `slumber memory list | show | search | add | edit | forget`."""

from typing import Annotated

import typer

from orchestration.cli.options import ParamsOption, WorkspaceOption, agree, deployment, named

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The note, by its id or the beginning of it.")]
TenantOption = Annotated[
    str | None,
    typer.Option(
        "--tenant",
        metavar="NAME",
        help="Whose memory: a tenant, or an API key's owner (default: shared).",
        callback=named,
    ),
]
UserOption = Annotated[
    str | None, typer.Option("--user", metavar="NAME", help="The user whose own it is, as clients name him.")
]
UntilOption = Annotated[
    str | None,
    typer.Option("--until", metavar="DATE", help="The last day on which it holds, such as 2026-12-04, or never."),
]
TitleOption = Annotated[str | None, typer.Option("--title", metavar="TEXT", help="What it is about.")]

app = typer.Typer(
    name="memory", help="What is looked up and not in the weights: notes, their ends and owners.", no_args_is_help=True
)


@app.command("list")
def list_notes(
    user: UserOption = None,
    why: Annotated[
        str | None,
        typer.Option("--why", help="expires, own, refused, waits, unlearned, persisted or added (default: all)."),
    ] = None,
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """List the notes, oldest first."""
    found = _whose(tenant, workspace, params)
    from rich.console import Console

    from orchestration.memory import chosen_notes
    from orchestration.memory_tables import notes_table

    Console().print(notes_table(chosen_notes(found, tenant, user=user, why=why), found.tonight()))


@app.command()
def show(
    id: IdArgument,
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Show a note in full, with what it said before it was edited."""
    found = _whose(tenant, workspace, params)
    from rich.console import Console

    from orchestration.memory import reading
    from orchestration.memory_tables import note_table

    with reading(found, tenant) as memory:
        Console().print(note_table(memory.find(id)))


@app.command()
def search(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What is looked up.")],
    user: UserOption = None,
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Look a question up as the server does, and show what it finds."""
    found = _whose(tenant, workspace, params)
    from rich.console import Console

    from orchestration.memory import searched
    from orchestration.memory_tables import near_table

    Console().print(near_table(searched(found, question, tenant=tenant, user=user)))


@app.command()
def add(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What it says.")],
    title: TitleOption = None,
    until: UntilOption = None,
    user: UserOption = None,
    source: Annotated[str, typer.Option("--source", metavar="TEXT", help="Where it comes from.")] = "command line",
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Write a note by hand; the server looks it up at once."""
    found = _whose(tenant, workspace, params)
    from orchestration.memory import added

    typer.echo(added(found, text, title=title or "", until=until, user=user, source=source, tenant=tenant))


@app.command()
def edit(
    id: IdArgument,
    text: Annotated[str | None, typer.Option("--text", metavar="TEXT", help="What it says from now on.")] = None,
    title: TitleOption = None,
    until: UntilOption = None,
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Change what a note says, or how long it holds; what it said before stays in its history."""
    found = _whose(tenant, workspace, params)
    from orchestration.memory import edited

    typer.echo(edited(found, id, text=text, title=title, until=until, tenant=tenant))


@app.command()
def forget(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="The notes.")] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="All that is this user's own.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before they go.")] = False,
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Delete notes with their history, to the last byte; no night brings them back.

    What is in the weights, too, is forgotten with `slumber forget`.
    """
    found = _whose(tenant, workspace, params)
    from steps.errors import SlumberError

    if bool(ids) == bool(user):
        raise SlumberError("Name the notes that are to go by their ids, or a --user, and not both.")
    from rich.console import Console

    from orchestration.memory import forgotten, to_forget
    from orchestration.memory_tables import notes_table

    going = to_forget(found, ids or [], user=user, tenant=tenant)
    Console().print(notes_table(going, found.tonight()))
    typer.echo("They go for good.")
    agree(yes=yes)
    typer.echo(forgotten(found, going, tenant=tenant))


def _whose(tenant: str | None, workspace, params):
    """The deployment in which the notes of ``tenant`` lie: his own, or everybody's for one who only owns a key."""
    from steps.tenants import is_tenant

    found = deployment(workspace=workspace, params=params)
    return found.of_tenant(tenant) if tenant and is_tenant(found.workspace, tenant) else found
