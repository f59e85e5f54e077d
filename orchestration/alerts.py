"""Alerts: one line per failed or missed night in ``.slumber/alerts.jsonl``, shown by `slumber status`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from steps.journal import append_row, read_rows
from steps.workspace import VERDICT, Workspace

FAILED: Final = "FAILED"
MISSED: Final = "MISSED"


def record_alert(workspace: Workspace, *, night: str | None, run_id: str, message: str, event: str = FAILED) -> None:
    """Append an alert; the line is on the disk when this returns."""
    row = {
        "night": night,
        "run_id": run_id,
        "message": message,
        "event": event,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    append_row(workspace.state / "alerts.jsonl", row)


def open_alerts(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the alerts, oldest first, of nights that have not come to a verdict since.

    A missed night is made up for by any later one.
    """
    found = []
    for alert in read_rows(workspace.state / "alerts.jsonl"):
        try:
            raised = datetime.fromisoformat(alert["time"]).timestamp()
        except (ValueError, KeyError, TypeError):
            continue  # nothing of ours
        if not any(verdict.stat().st_mtime >= raised for verdict in _verdicts(workspace, alert)):
            found.append(alert)
    return found


def _verdicts(workspace: Workspace, alert: dict[str, Any]) -> list[Path]:
    """The verdicts that would close an alert."""
    night = alert.get("night")
    if not night:
        return []
    if alert.get("event") == MISSED:
        found = (workspace.state / "nights").glob(f"????-??-??/{VERDICT}")
        return [path for path in found if path.parent.name >= night]
    path = workspace.night_dir(night) / VERDICT
    return [path] if path.exists() else []
