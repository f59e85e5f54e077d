"""What `slumber history` and `slumber rollback` say: the versions, and every change of who serves."""

from datetime import UTC, datetime

from rich import box
from rich.table import Table
from rich.text import Text

from orchestration.environment import Deployment
from steps.errors import SlumberError
from steps.registry import Registry, Version, reading
from steps.registry.stand import stood_on
from steps.registry.version import serving
from steps.tenants import tenants_of

_MOMENTS = {
    "promoted_at": "promoted",
    "rolled_back_at": "rolled back",
    "withdrawn_at": "withdrawn",
    "adapter_deleted_at": "adapter deleted",
}


def versions(found: Deployment) -> list[Version]:
    """Return the registry's versions, newest first."""
    return reading.history(Registry(found.settings, found.workspace))


def history_table(found: Deployment) -> Table:
    """All versions, newest first: what the gate said of each, and what became of it."""
    table = _table("version", "night", "verdict", narrow=("aliases", "learned", "forgot", "since then (UTC)"))
    for version in versions(found):
        learned, forgot = (version.tags.get(name, "-") for name in ("learned", "forgot"))
        aliases = ", ".join(version.aliases)
        if found.shared and version.is_night_zero:  # nobody is asked it: everybody's champion answers in its place
            aliases = aliases.replace("champion", "everybody's champion")
        cells = (version.version, version.night, version.verdict, aliases, learned, forgot)
        table.add_row(*(Text(cell) for cell in (*cells, _since(version))))
    return table


def audit_table(found: Deployment) -> Table:
    """Every change of the registry, oldest first."""
    table = _table("time (UTC)", "action", "version", "from", "to", narrow=("author", "reason"))
    for e in reading.trail(Registry(found.settings, found.workspace)):
        when = e.time[:19].replace("T", " ")
        cells = (when, e.action, e.version, e.before, e.after, e.author, e.reason)
        table.add_row(*(Text(cell or "-") for cell in cells))
    return table


def rolled_back(found: Deployment, before: Version, after: Version) -> str:
    """Say in full what a rollback did: who served and since when, who serves, and how to go forward again."""
    entries = reading.trail(Registry(found.settings, found.workspace))
    changed = next(e.time for e in reversed(entries) if e.after == after.version)
    now = f"Version {after.version} (night {after.night}) serves since {minute(changed)} UTC."
    if found.shared and after.is_night_zero:  # as in the table
        now = f"Everybody's champion answers {found.tenant} since {minute(changed)} UTC."
    if before.version == after.version:
        return f"{now} Before, there was no champion."
    registered = datetime.fromtimestamp(before.created_ms / 1000, UTC).isoformat()  # night zero serves from then on
    since = next((e.time for e in reversed(entries) if e.after == before.version), registered)
    return (
        f"{now} Before, version {before.version} (night {before.night}, {before.verdict}) served since "
        f"{minute(since)} UTC; it is `previous` now, and `slumber rollback {before.version}` lets it serve again."
        f"{_kept_by(found, before)}"
    )


def _kept_by(found: Deployment, version: Version) -> str:
    """Say which tenants' champions go on from a version of everybody's, whoever serves everybody now."""
    kept = []
    for name in tenants_of(found.workspace):
        try:
            own = found.of_tenant(name)
            champion = serving(versions(own)) if stood_on(own.workspace, [version.version]) else None
            kept += [name] if champion and not champion.is_night_zero else []
        except SlumberError as error:
            kept.append(f"{name} (as far as can be told: {error})")
    if not kept:
        return ""
    return (
        f" Tenants whose champions may go on from version {version.version} keep them: {', '.join(kept)}. `slumber "
        "rollback --tenant NAME 1` has everybody's champion answer one."
    )


def override_told(version: Version) -> str:
    """Who overrode the gate, until when and why."""
    by, until, reason = (version.tags.get(f"override_{name}", "-") for name in ("by", "until", "reason"))
    return f"{version.verdict} overridden by {by} until {minute(until)} UTC: {reason}"


def minute(when: str) -> str:
    """A time of the registry as people read it."""
    return when[:16].replace("T", " ")


def _table(*columns: str, narrow: tuple[str, ...]) -> Table:
    """A table whose ``narrow`` columns fold. Cells are Text, not markup: names and reasons are what people wrote."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=True)
    for name in narrow:
        table.add_column(name, overflow="fold")
    return table


def _since(version: Version) -> str:
    tags = {name: minute(when) for name, when in version.tags.items() if name.endswith("_at")}
    lines = ["waits for approval"] if version.waits and not version.approved_by else []
    lines += [f"approved by {version.approved_by}"] if version.approved_by else []
    lines += [override_told(version)] if "override_until" in version.tags else []
    lines += [f"{name} {tags[key]}" for key, name in _MOMENTS.items() if key in tags]
    return "\n".join(lines)
