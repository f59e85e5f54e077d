"""Tables of `slumber status` and `slumber history`."""

from datetime import datetime

import filelock
from rich.table import Table
from rich.text import Text

from orchestration.alerts import open_alerts
from orchestration.environment import Deployment
from steps.records import Verdict
from steps.registry import Registry, Version, tracking_uri
from steps.workspace import Workspace


def status_table(found: Deployment) -> Table:
    """Who serves, the last night and its verdict, what failed since, and who holds the workspace."""
    table = Table(title=f"Slumber in {found.workspace.root}", show_header=False, title_justify="left", pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    champion = next((v for v in versions(found) if "champion" in v.aliases), None)
    rows = [
        (
            "champion",
            f"version {champion.version} of night {champion.night}" if champion else "none yet: no night was run",
        ),
        ("last night", _last(found.workspace)),
        ("running", holder(found.workspace) or "nothing"),
    ]
    rows += [("alert", f"{a['time']}  night {a['night']}: {a['message']}") for a in open_alerts(found.workspace)[-5:]]
    for name, text in rows:
        table.add_row(name, Text(text, style="red" if name == "alert" else ""))
    return table


def history_table(found: Deployment) -> Table:
    """All versions, newest first."""
    table = Table("version", "night", "verdict", "aliases", "learned", "forgot", "registered")
    for version in versions(found):
        when = datetime.fromtimestamp(version.created_ms / 1000).strftime("%Y-%m-%d %H:%M")
        aliases = ", ".join(version.aliases)
        learned, forgot = (version.tags.get(name, "-") for name in ("learned", "forgot"))
        table.add_row(version.version, version.night, version.verdict, aliases, learned, forgot, when)
    return table


def versions(found: Deployment) -> list[Version]:
    """Return the registry's versions, newest first, without creating a database only to find it empty."""
    local = found.workspace.state / "mlflow" / "mlflow.db"
    if tracking_uri(found.settings, found.workspace) == f"sqlite:///{local.absolute()}" and not local.exists():
        return []
    return Registry(found.settings, found.workspace).history()


def holder(workspace: Workspace) -> str | None:
    """Say who holds the workspace's lock, or None. A killed night leaves its name behind, but not the lock."""
    named = workspace.state / "night.holder"
    if not named.exists():
        return None
    lock = filelock.FileLock(workspace.state / "night.lock")
    try:
        with lock.acquire(timeout=0):
            return None
    except filelock.Timeout:
        return named.read_text(encoding="utf-8") if named.exists() else "a night"


def last_verdict(workspace: Workspace) -> Verdict | None:
    """Return the latest night's verdict, None before the first."""
    found = sorted((workspace.state / "nights").glob("????-??-??/verdict.json"))
    return Verdict.from_json(found[-1].read_text(encoding="utf-8")) if found else None


def _last(workspace: Workspace) -> str:
    verdict = last_verdict(workspace)
    return f"{verdict.night}: {verdict.verdict} ({'; '.join(verdict.reasons)})" if verdict else "none"
