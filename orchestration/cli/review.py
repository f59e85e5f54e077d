"""`slumber review`: what waits for a person, and what is decided about it."""

from collections import Counter
from typing import Annotated

import typer

from orchestration.advice import for_tenant
from orchestration.cli.options import ParamsOption, TenantOption, WorkspaceOption, deployment
from steps.errors import SlumberError

app = typer.Typer(
    help="Show what was held back because sources disagree, and decide whether it is learned.",
    invoke_without_command=True,
    no_args_is_help=False,
)
IdsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="As the list shows them; a beginning will do.")
]
UserOption = Annotated[str | None, typer.Option("--user", metavar="NAME", help="All that waits of this user.")]
ALIKE = 20  # rows that are shown of what waits for the same reason
ByOption = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides (default: this account).")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]


@app.callback()
def review(
    context: typer.Context, tenant: TenantOption = None, workspace: WorkspaceOption = None, params: ParamsOption = None
) -> None:
    """List what waits for a decision."""
    context.obj = {"tenant": tenant, "workspace": workspace, "params": params}  # may stand before the word, too
    if context.invoked_subcommand is not None:
        return
    found = deployment(tenant=tenant, workspace=workspace, params=params, there=True)
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from steps.review.decisions import undecided

    waiting = undecided(found.workspace)
    if not waiting:
        typer.echo("Nothing waits for a decision.")
        return
    table = Table(title="Held back until somebody decides")
    for head in ("id", "night", "who", "asked", "says", "against", "which says", "why", "if accepted, goes"):
        table.add_column(head, overflow="fold")
    alike = Counter[str]()
    for one in waiting:
        alike[one.why] += 1
        if alike[one.why] <= ALIKE:
            who, gone = one.user or one.source, "\n".join(dict.fromkeys(part.text for part in one.overrules))
            cells = (one.id[:8], one.night, who, one.question, one.says, one.against, one.other, one.why, gone)
            table.add_row(*map(Text, cells))  # not markup: it is what people wrote
    console = Console()
    console.width = max(console.width, 120)
    console.print(table)
    for why, count in alike.items():
        if count > ALIKE:
            typer.echo(f"and {count - ALIKE} more, {count} in all, because: {why}")
    said = (
        "`slumber review accept ID` has it learned on the next night; `slumber review reject ID` never. `--user NAME` "
        "in the place of IDs means all that waits of that user."
    )
    typer.echo(for_tenant(said, tenant))


@app.command()
def accept(
    context: typer.Context,
    ids: IdsArgument = None,
    user: UserOption = None,
    by: ByOption = None,
    reason: ReasonOption = "",
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Have what was held back learned on the next night."""
    found = _found(context, tenant=tenant, workspace=workspace, params=params)
    _decide(found, ids, user, accept=True, by=by, reason=reason)


@app.command()
def reject(
    context: typer.Context,
    ids: IdsArgument = None,
    user: UserOption = None,
    by: ByOption = None,
    reason: ReasonOption = "",
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Never have what was held back learned."""
    found = _found(context, tenant=tenant, workspace=workspace, params=params)
    _decide(found, ids, user, accept=False, by=by, reason=reason)


def _found(context: typer.Context, **given):
    """The deployment that the options behind the word name, or else those before it."""
    return deployment(**{name: value or context.obj[name] for name, value in given.items()}, there=True)


def _decide(found, ids, user, *, accept: bool, by, reason: str) -> None:
    from steps.registry.audit import this_user
    from steps.review.decisions import decide, undecided

    if bool(ids) == bool(user):
        raise SlumberError("Name what is decided by its ids, or by --user all of one user.")
    if user:
        ids = [one.id for one in undecided(found.workspace) if one.user == user]
        if not ids:
            raise SlumberError(f"Nothing of {user} waits for a decision: `slumber review` lists what does.")
    for one in decide(found.workspace, ids, accept=accept, by=by or this_user(), reason=reason):
        typer.echo(f"{one.id[:8]} {'is learned on the next night' if accept else 'is not learned'}: {one.says}")
        for said in dict.fromkeys(part.text for part in one.overrules) if accept else ():
            typer.echo(f"  in the place of: {said}")
