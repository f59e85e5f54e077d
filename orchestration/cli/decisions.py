"""Commands by which a person decides: who serves, and what is to be forgotten."""

from dataclasses import replace
from typing import Annotated

import typer

from orchestration.advice import for_tenant
from orchestration.cli.options import ParamsOption, TenantOption, WorkspaceOption, agree, deployment


def rollback(
    version: Annotated[str | None, typer.Argument(metavar="[VERSION]", help="Default: the previous champion.")] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides; goes on record.")] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; goes on record.")] = "",
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Let the previous champion, or the named former one, serve again."""
    found = deployment(tenant=tenant, workspace=workspace, params=params, there=True)
    from orchestration.history import rolled_back
    from steps.promote.returning import rollback as roll_back

    with found.lock("rollback"):
        before, after = roll_back(
            settings=found.settings, workspace=found.workspace, version=version, by=by, reason=reason
        )
        typer.echo(for_tenant(rolled_back(found, before, after), tenant))


def approve(
    version: Annotated[str | None, typer.Argument(metavar="[VERSION]", help="Default: the one that waits.")] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides; goes on record.")] = None,
    override: Annotated[
        bool, typer.Option("--override", help="Let it serve for some days although the gate refused it.")
    ] = False,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, with --override.")] = None,
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Let a candidate serve that passed the gate and waits for approval (registry.approval: manual)."""
    found = deployment(tenant=tenant, workspace=workspace, params=params, there=True)
    from steps.errors import SlumberError
    from steps.promote import approval
    from steps.registry import Registry, reading

    if override and version is None:
        raise SlumberError("Name the version that --override is for: see `slumber history`.")
    if reason is not None and not override:
        raise SlumberError("--reason goes with --override: an approval needs only --by.")
    given = {"settings": found.settings, "workspace": found.workspace, "version": version, "by": by}
    with found.lock("approval"):
        decided = approval.override(**given, reason=reason) if override else approval.approve(**given)
        candidate = reading.version(Registry(found.settings, found.workspace), str(decided.candidate))
        made_in = candidate.made_in(found.workspace)
        if made_in.night_dir(decided.night).is_dir():  # not on another machine than the night's
            from steps.lifecycle import step_of

            step_of("report").run(replace(found.night(decided.night), workspace=made_in))
    typer.echo(for_tenant(decided.message, tenant))


def forget(
    record: Annotated[str | None, typer.Argument(metavar="[RECORD]", help="The id of one experience.")] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="FILE", help="All records of this file of the inbox.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before removing it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")] = False,
    elsewhere: Annotated[
        bool, typer.Option("--elsewhere", help="Say that nothing of what other machines forgot is left here.")
    ] = False,
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Forget an experience and all that was derived from it: data, old versions, weights.

    The nights since then are learned again without it, and the outcome serves if the gate lets it. The inbox is left
    as it is; what is forgotten is not learned from it again. Without arguments, a request that was cut off is finished.
    """
    found = deployment(tenant=tenant, workspace=workspace, params=params, there=True)
    from steps.errors import SlumberError

    if record is not None and source is not None:
        raise SlumberError("Name a record or a --source, not both.")
    if elsewhere:
        from steps.forget.elsewhere import note_all
        from steps.registry import Registry

        if record is not None or source is not None:
            raise SlumberError("--elsewhere names no record: forget that first.")
        noted = note_all(Registry(found.settings, found.workspace))
        typer.echo(f"Noted: request {', '.join(noted)}." if noted else "Nothing was forgotten that is not noted here.")
        return
    from orchestration.request import planned_request, request_text

    if dry_run:
        typer.echo(request_text(planned_request(found, source=source, record=record)))
        typer.echo("Nothing was removed.")
        return
    from orchestration.forgetting import forgotten_text, run_forget

    def confirm(request) -> None:
        typer.echo(request_text(request))
        agree(yes=yes)

    done = run_forget(found, source=source, record=record, confirm=confirm)
    typer.echo(for_tenant(forgotten_text(done), tenant))
