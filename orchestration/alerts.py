"""Alerts: one line per failed night in ``.slumber/alerts.jsonl``, shown by `slumber status`."""

import json
import os
from datetime import UTC, datetime
from typing import Any

from steps.workspace import VERDICT, Workspace


def record_alert(workspace: Workspace, *, night: str | None, run_id: str, message: str) -> None:
    """Append an alert; the line is on the disk when this returns."""
    workspace.state.mkdir(parents=True, exist_ok=True)
    row = {
        "night": night,
        "run_id": run_id,
        "message": message,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with (workspace.state / "alerts.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row, ensure_ascii=False) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def open_alerts(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the alerts, oldest first, of nights that have not come to a verdict since."""
    path = workspace.state / "alerts.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = []
    for line in lines:
        try:
            alert = json.loads(line)
            raised = datetime.fromisoformat(alert["time"]).timestamp()
        except (ValueError, KeyError, TypeError):
            continue  # a line torn by a crash
        verdict = workspace.night_dir(alert["night"]) / VERDICT if alert.get("night") else None
        if verdict is None or not verdict.exists() or verdict.stat().st_mtime < raised:
            found.append(alert)
    return found
