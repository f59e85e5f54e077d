"""The table of `slumber tenants list`."""

from datetime import UTC, datetime

from rich import box
from rich.table import Table
from rich.text import Text

from orchestration.environment import Deployment
from orchestration.running import last_verdict
from orchestration.tenancy import turn_of
from steps.errors import SlumberError
from steps.registry import Registry, reading
from steps.registry.version import serving
from steps.tenants import tenants_of


def tenants_table(found: Deployment) -> Table:
    """A row for each tenant; one whose state cannot be read says so, and the others are shown.

    Raises:
        SlumberError: the registry, which all of them share, is away: not to be waited for once for each.
    """
    reading.whole(Registry(found.settings, found.workspace))
    table = Table(title=f"Tenants in {found.workspace.root}", box=box.SIMPLE, pad_edge=False, title_justify="left")
    for name in ("tenant", "champion", "last night", "waits since (UTC)"):
        table.add_column(name, overflow="fold")
    for name in tenants_of(found.workspace):
        try:
            cells = _cells(found.of_tenant(name), name)
        except (SlumberError, OSError, ValueError) as error:
            cells = ("cannot be read", str(error), "")
        table.add_row(*map(Text, (name, *cells)))
    return table


def _cells(own: Deployment, name: str) -> tuple[str, str, str]:
    champion = serving(reading.history(Registry(own.settings, own.workspace)))
    verdict, turn = last_verdict(own.workspace), turn_of(own.workspace, name)
    since = datetime.fromtimestamp(turn.material, UTC).isoformat(sep=" ", timespec="minutes") if turn.material else "-"
    return (
        "everybody's" if champion is None or champion.is_night_zero else f"version {champion.version}",
        f"{verdict.night}: {verdict.verdict}" if verdict else "none",
        "the last night failed" if turn.failed else since.removesuffix("+00:00"),
    )
