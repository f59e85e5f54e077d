"""Alerts: one line per failed or missed night in ``.slumber/alerts.jsonl``, shown by `slumber status`."""

from datetime import UTC, datetime
from typing import Any, Final

from steps.journal import append_row, read_rows
from steps.workspace import DEEP, NIGHTS, PROMOTION, VERDICT, Workspace

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
    """Return the alerts, oldest first, of nights that were not brought to their end since.

    A missed night is made up for by any later one.
    """
    found = []
    for alert in read_rows(workspace.state / "alerts.jsonl"):
        try:
            raised = datetime.fromisoformat(alert["time"]).timestamp()
        except (ValueError, KeyError, TypeError):
            continue  # nothing of ours
        if _decided(workspace, alert) < raised + 1:  # it is noted in whole seconds
            found.append(alert)
    return found


def _decided(workspace: Workspace, alert: dict[str, Any]) -> float:
    """When what an alert is about was decided last, in seconds since 1970.

    A verdict stays as it was where a night that is run again finds it done; who serves is decided each time.
    """
    night = alert.get("night")
    if not night:
        return 0.0
    folders = [workspace.of(work).night_dir(night) for work in (NIGHTS, DEEP)]
    if alert.get("event") == MISSED:
        folders = [path for path in (workspace.state / NIGHTS).glob("????-??-??") if path.name >= night]
    paths = [folder / name for folder in folders for name in (VERDICT, PROMOTION)]
    return max((path.stat().st_mtime for path in paths if path.exists()), default=0.0)
