"""Whether a night is running in a workspace, which were begun and not finished, and how the last one ended."""

from datetime import UTC, datetime
from pathlib import Path

import filelock
from pydantic import BaseModel, ValidationError

from orchestration.alerts import open_alerts
from steps.gate.verdict import read_verdict
from steps.night import Night
from steps.records import Verdict
from steps.structured import is_asked, write_line
from steps.workspace import BEGUN, DEEP, NIGHTS, Workspace, write_text


class Begun(BaseModel):
    """A note in a night's folder from its beginning until its last asset is made: a killed one leaves it behind.

    ``deep``: it is that of a deep sleep over the nights up to this one.
    """

    night: str
    time: str
    deep: bool = False

    def told(self) -> str:
        """Say that it was not finished, and what to do."""
        if self.deep:
            return (
                f"the deep sleep over the nights up to {self.night} was begun at {self.time} and not finished: "
                "`slumber deep` goes on where it stopped, or begins anew if there was a night since"
            )
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
    """Note that a night begins, or a deep sleep: what an earlier one of that had begun is not gone on with any more."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    begun = Begun(night=night.date, time=now, deep=night.deep)
    for path in _notes(night.workspace, DEEP) if night.deep else ():
        path.unlink()
    write_text(night.folder / BEGUN, begun.model_dump_json() + "\n")


def note_ended(night: Night) -> None:
    """Note that a night came to its end, and say so to programs that read what it says; people are shown a table."""
    begun = _begun(night.folder / BEGUN)
    (night.folder / BEGUN).unlink(missing_ok=True)
    if begun and is_asked():
        verdict = read_verdict(night.workspace, night.date).verdict
        seconds = (datetime.now(UTC) - datetime.fromisoformat(begun.time)).total_seconds()
        write_line(f"Night {night.date}: {verdict} after {seconds:.0f} s", verdict=verdict, seconds=round(seconds))


def unfinished(workspace: Workspace) -> list[Begun]:
    """Return the nights, and then the deep sleep, that were begun and did not come to their end, oldest first.

    None while something runs.
    """
    if holder(workspace) is not None:
        return []
    notes = [path for work in (NIGHTS, DEEP) for path in _notes(workspace, work)]
    return [begun for path in notes if (begun := _begun(path))]


def night_alerts(workspace: Workspace) -> list[str]:
    """What is wrong with nights, a line each: begun and not finished, where nothing else is told; failed or missed."""
    alerts = open_alerts(workspace)
    nights = [alert.get("night") for alert in alerts]
    lines = [left.told() for left in unfinished(workspace) if left.night not in nights]
    return lines + [f"{a['time']}  night {a.get('night')}: {a.get('message')}" for a in alerts]


def _notes(workspace: Workspace, work: str) -> list[Path]:
    return sorted((workspace.state / work).glob(f"????-??-??/{BEGUN}"))


def _begun(path: Path) -> Begun | None:
    try:
        return Begun.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None
