"""How many examination items a decision needs."""

from typing import Annotated

import typer

from orchestration.cli.options import ParamsOption, TenantOption, WorkspaceOption, deployment


def power(
    epsilon: Annotated[
        float | None,
        typer.Option(
            min=0.001, max=0.5, help="The loss to rule out, as a share: 0.02 is 2 points (default: the gate's)."
        ),
    ] = None,
    tenant: TenantOption = None,
    workspace: WorkspaceOption = None,
    params: ParamsOption = None,
) -> None:
    """Show how many items rule out a loss, and what the last night's examination could have seen."""
    found = deployment(tenant=tenant, workspace=workspace, params=params)
    from rich.console import Console

    from orchestration.power import earlier_table, needed_table, seen_table
    from orchestration.running import last_verdict

    gate, console = found.settings.gate, Console()
    console.print(needed_table(gate, epsilon=epsilon if epsilon is not None else gate.epsilon_anchors))
    console.print(earlier_table(gate))
    verdict = last_verdict(found.workspace)
    if verdict and verdict.checks:
        console.print(seen_table(verdict))
