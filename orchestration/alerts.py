"""Alerts: one line per failed or missed night in ``.slumber/alerts.jsonl``, shown by `slumber status`."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from steps.workspace import VERDICT, Workspace

FAILED: Final = "FAILED"
MISSED: Final = "MISSED"


def record_alert(workspace: Workspace, *, night: str | None, run_id: str, message: str, event: str = FAILED) -> None:
    """Append an alert; the line is on the disk when this returns."""
    workspace.state.mkdir(parents=True, exist_ok=True)
    row = {
        "night": night,
        "run_id": run_id,
        "message": message,
        "event": event,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    path = workspace.state / "alerts.jsonl"
    torn = path.exists() and path.read_bytes()[-1:] not in (b"\n", b"")  # by a crash: the next begins a line of its own
    with path.open("a", encoding="utf-8") as stream:
        stream.write("\n" * torn + json.dumps(row, ensure_ascii=False) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def open_alerts(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the alerts, oldest first, of nights that have not come to a verdict since.

    A missed night is made up for by any later one.
    """
    path = workspace.state / "alerts.jsonl"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    found = []
    for line in lines:
        try:
            alert = json.loads(line)
            raised = datetime.fromisoformat(alert["time"]).timestamp()
        except (ValueError, KeyError, TypeError):
            continue  # a line torn by a crash
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
