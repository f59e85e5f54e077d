"""What was said by day, as a night is given it: exchanges, each with what people thought of the answer.

Where they lie is the registry's business (``steps.registry.traces``); a test may tell them. Beside it stands what of a
day is not there: entries that wait on disk for MLflow, and feedback on answers that are not in the diary.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from steps.ingest.normalise import visible
from steps.journal import append_row, read_rows
from steps.workspace import Workspace

FOLDER = "diary"
"""Where the server's entries wait, in the workspace's state."""
_ASTRAY = "astray.jsonl"


@dataclass(frozen=True)
class Window:
    """From when to when exchanges began, in milliseconds since 1970, the end excluded."""

    since: int
    until: int


@dataclass(frozen=True)
class Remark:
    """What somebody thought of an answer, and when it was last changed (milliseconds since 1970)."""

    at: int
    rating: Any = None
    correction: str | None = None
    comment: str | None = None
    user: str | None = None


@dataclass(frozen=True)
class Exchange:
    """One answer: the chat before it and the ``reply``, in OpenAI's form. ``fault`` says why it cannot be read.

    ``user``, here and of remarks: a ``person``. ``experiment``: the name of where it lies.
    """

    trace: str
    began: int
    messages: Sequence[Mapping[str, Any]]
    reply: Mapping[str, Any]
    session: str | None = None
    user: str | None = None
    tenant: str | None = None
    version: str | None = None
    experiment: str | None = None
    remarks: tuple[Remark, ...] = field(default=())
    fault: str = ""


class Diary(Protocol):
    """Where exchanges are kept. All raise SlumberError if it cannot be read."""

    def absent(self) -> list[str]:
        """Which of the places that the settings name are not there."""
        ...

    def state(self, window: Window) -> list[tuple[str, int]]:
        """Which exchanges lie in the window, and when each was last changed, the oldest first; cheap."""
        ...

    def exchanges(self, window: Window) -> Iterator[Exchange]:
        """Yield the exchanges of the window, the oldest first."""
        ...


ANONYMOUS = "anonymous"
"""Who gave feedback without a name, as MLflow has it."""


def person(user: str | None, tenant: str | None) -> str | None:
    """Return who a user is beyond one API key: TENANT/USER, or USER of one who came without a key; None is nobody.

    Two tenants name their users as they like, and the same name is not the same person. What no one sees in a name
    tells nobody apart, and is shown to no terminal.
    """
    user = (" ".join(visible(user).splitlines()).strip() or None) if user else None
    return f"{tenant}/{user}" if tenant and user and user != ANONYMOUS else user


def waiting_entries(folder: Path) -> list[Path]:
    """Return the entries that are not in MLflow yet, in their order."""
    return sorted(path for path in folder.glob("*.json") if not path.name.startswith(".") and path.is_file())


def note_astray(state: Path, completion: str) -> None:
    """Count feedback on an answer that is not in the diary: deleted, never given here, or another tenant's.

    Only when, and which; what was said of it is of no use to anybody. ``state``: of the workspace.
    """
    append_row(state / _ASTRAY, {"at": time.time_ns() // 10**6, "completion": completion})


def astray(workspace: Workspace, *, since: int = 0) -> list[int]:
    """Return when such feedback came, in milliseconds since 1970, of what came from ``since`` on."""
    times = (row.get("at") for row in read_rows(workspace.state / _ASTRAY))
    return [at for at in times if isinstance(at, int) and at >= since]
