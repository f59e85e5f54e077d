"""Whether a night is running in a workspace, whether one was begun and not finished, and how the last one ended."""

from datetime import UTC, datetime

import filelock
from pydantic import BaseModel, ValidationError

from orchestration.alerts import open_alerts
from steps.gate.verdict import read_verdict
from steps.night import Night
from steps.records import Verdict
from steps.structured import is_asked, write_line
from steps.workspace import Workspace, write_text

_BEGUN = "night.begun.json"


class Begun(BaseModel):
    """The night that began last, until its last asset is made: a killed one leaves it behind."""

    night: str
    run_id: str
    time: str

    def told(self) -> str:
        """Say that it was not finished, and what to do."""
        return (
            f"night {self.night} was begun at {self.time} and not finished: "
            f"`slumber night --night {self.night}` goes on where it stopped"
        )


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


def note_begun(night: Night) -> None:
    """Note that a night begins."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    begun = Begun(night=night.date, run_id=night.run_id or "", time=now)
    write_text(night.workspace.state / _BEGUN, begun.model_dump_json() + "\n")


def note_ended(night: Night) -> None:
    """Note that a night came to its end, and say so to programs that read what it says; people are shown a table.

    What another run began stays noted.
    """
    begun = _begun(night.workspace)
    if begun is None or begun.run_id != night.run_id:
        return
    (night.workspace.state / _BEGUN).unlink(missing_ok=True)
    if is_asked():
        verdict = read_verdict(night.workspace, night.date).verdict
        seconds = (datetime.now(UTC) - datetime.fromisoformat(begun.time)).total_seconds()
        write_line(f"Night {night.date}: {verdict} after {seconds:.0f} s", verdict=verdict, seconds=round(seconds))


def unfinished(workspace: Workspace) -> Begun | None:
    """Return the night that was begun last if it did not come to its end and nothing is running now."""
    return _begun(workspace) if holder(workspace) is None else None


def count_alerts(workspace: Workspace) -> int:
    """Count what `slumber status` shows as alerts of nights: those that failed or were missed, and one unfinished."""
    alerts, left = open_alerts(workspace), unfinished(workspace)
    return len(alerts) + (left is not None and left.night not in [alert["night"] for alert in alerts])


def _begun(workspace: Workspace) -> Begun | None:
    try:
        return Begun.model_validate_json((workspace.state / _BEGUN).read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None
