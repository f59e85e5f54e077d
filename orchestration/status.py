"""What `slumber status` says."""

from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from orchestration.advice import for_tenant
from orchestration.environment import Deployment
from orchestration.history import override_told, versions
from orchestration.missed import missed, missed_told, read_noted
from orchestration.running import holder, last_verdict, night_alerts
from orchestration.watch import held_lines, watch_line
from steps.agreed import agreed
from steps.deep.reasons import reasons
from steps.diary import FOLDER, astray, waiting_entries
from steps.forget.request import pending
from steps.manifest import read_manifests
from steps.night import Night, Told
from steps.records import Carried
from steps.registry import Registry, Version, reading
from steps.registry.overrides import override_that_ended
from steps.registry.signing import missing_key
from steps.registry.version import serving
from steps.registry.watch import strayed
from steps.review.decisions import undecided
from steps.settings import Settings
from steps.taught import taught
from steps.workspace import Workspace, read_records

_PRINCIPLES, _ALERTS = 5, 8  # shown


def status_table(found: Deployment) -> Table:
    """Who serves and why, what waits, the last night and its verdict, what failed, and who holds the workspace."""
    workspace = found.workspace
    table = Table(title=f"Slumber in {workspace.root}", show_header=False, title_justify="left", pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    champion = serving(versions(found))
    rows = [
        ("champion", _serves(found, champion)),
        *(_decisions(found, champion) if champion else ()),
        *((("watch", line),) if (line := watch_line(found)) else ()),
        ("last night", _last(workspace)),
        *_deep(found),
        *_kinds(found.settings, workspace),
        *_carried(workspace),
        *_held(workspace),
        ("running", holder(workspace) or "nothing"),
        *_days(workspace),
        *_missed(found),
        *(("alert", line) for line in alerts(found)[-_ALERTS:]),
    ]
    for name, text in rows:
        table.add_row(name, Text(for_tenant(text, found.tenant), style="red" if name in ("alert", "missed") else ""))
    return table


def alerts(found: Deployment) -> list[str]:
    """What is wrong and waits for a person, a line each: nights, oldest first, then who serves and what he knows."""
    registry, champion = Registry(found.settings, found.workspace), serving(versions(found))
    lines = [missing_key(registry)]
    if champion:
        lines += [strayed(registry), override_that_ended(registry), _unforgotten(found.workspace, champion)]
    return [*night_alerts(found.workspace), *(line for line in lines if line)]


def _unforgotten(workspace: Workspace, champion: Version) -> str | None:
    if pending(workspace):
        return "a request to forget is unfinished: `slumber forget` finishes it, nights wait for it"
    if champion.must_forget:
        return (
            f"version {champion.version} knows what was to be forgotten on request: the next night goes on from what "
            "served before it"
        )
    return None


def _missed(found: Deployment) -> list[tuple[str, str]]:
    """Nights that were due, of which nobody was told yet: an alert says the rest."""
    schedule, noted = found.settings.schedule, read_noted(found.workspace)
    nights = [night for night in missed(schedule, found.workspace) if noted and night > noted.told]
    return [("missed", missed_told(schedule, nights))] if nights and not holder(found.workspace) else []


def _deep(found: Deployment) -> list[tuple[str, str]]:
    """Whether a deep sleep is due, and why."""
    due = [reason.line for reason in reasons(found.settings, found.workspace, at_hand=True) if reason.due]
    return [("deep sleep", f"due (`slumber deep`): {'; '.join(due)}")] if due else []


def _decisions(found: Deployment, champion: Version) -> list[tuple[str, str]]:
    """What people decided, and what they are to decide."""
    registry = Registry(found.settings, found.workspace)
    rows = [("waiting", f"version {v.version} of night {v.night}: {_approval(v)}") for v in reading.waiting(registry)]
    if champion.refused and not override_that_ended(registry):
        rows.append(("override", override_told(champion)))
    return [*rows, *(("held", line) for line in held_lines(found))]


def _days(workspace: Workspace) -> list[tuple[str, str]]:
    """What is not in MLflow of what was said by day."""
    rows, waiting, lost = [], len(waiting_entries(workspace.state / FOLDER)), astray(workspace)
    if waiting:
        rows.append(("diary", f"{waiting} entries wait for MLflow: `slumber serve` brings them"))
    if lost:
        last = datetime.fromtimestamp(lost[-1] / 1000, UTC).isoformat(timespec="minutes")
        rows.append(("feedback", f"{len(lost)} times on an answer that is not in the diary, the last {last}"))
    return rows


def _held(workspace: Workspace) -> list[tuple[str, str]]:
    """What contradicts what is trusted, and is not learned until a person decides."""
    count = len(undecided(workspace))
    return [("review", f"{count} held back until somebody decides: `slumber review`")] if count else []


def _serves(found: Deployment, champion: Version | None) -> str:
    """Who answers: a tenant that no night of its own has promoted is answered by everybody's champion."""
    if found.shared and (champion is None or champion.is_night_zero):
        return f"everybody's: {_serves(found.shared, serving(versions(found.shared)))}"
    return _named(champion) if champion else "none yet: no night was run"


def _named(champion: Version) -> str:
    base = " (the untouched base)" if champion.is_night_zero else ""
    return f"version {champion.version} of night {champion.night}{base}"


def _carried(workspace: Workspace) -> list[tuple[str, str]]:
    """What the last night had no time for."""
    nights = workspace.nights("carried")
    path = workspace.dataset("carried", nights[-1]) if nights else None
    rows = list(read_records(path, Carried)) if path and path.is_file() else []
    if not rows:
        return []
    sentences, files = sum(row.sentences for row in rows), len({row.source for row in rows})
    return [("carried over", f"{sentences} sentences of {files} sources wait for the next nights: {path}")]


def _kinds(settings: Settings, workspace: Workspace) -> list[tuple[str, str]]:
    """What each kind brought to the last night, where there were others than facts, and what traces agree on."""
    verdict = last_verdict(workspace)
    told = taught(read_manifests(workspace, verdict.night), verdict) if verdict else []
    rows = [("kinds", "\n".join(one.line() for one in told))] if told else []
    if verdict and any(one.kind == "trace" for one in told):
        found = agreed(Night.of(settings, workspace, verdict.night, lineage=Told()))
        lines = [one.line() for one in found[:_PRINCIPLES]]
        lines += [f"and {len(found) - _PRINCIPLES} more" for _ in range(len(found) > _PRINCIPLES)]
        rows += [("principles", "\n".join(lines))] if lines else []
    return rows


def _approval(version: Version) -> str:
    if version.approved_by:
        return f"approved by {version.approved_by}, serves from the start of the next night"
    return f"`slumber approve {version.version} --by NAME` lets it serve"


def _last(workspace: Workspace) -> str:
    verdict = last_verdict(workspace)
    return "\n".join([f"{verdict.night}: {verdict.verdict}", *verdict.lines()]) if verdict else "none"
