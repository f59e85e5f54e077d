"""Whether a night is running in a workspace, and how the last one ended."""

import filelock

from steps.records import Verdict
from steps.workspace import Workspace


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
