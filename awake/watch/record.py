"""What the watch knows of its champion, in one small file: it goes on from there when the server starts again."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from awake.watch.figures import Comparison
from steps.workspace import Workspace, write_text

State = Literal["watching", "passed", "unproven", "withdrawn", "replaced", "stuck"]


class Watched(BaseModel):
    """The watch over one champion.

    ``before``: the version that it is compared with, in the registry. ``seconds``: how long it has been watched while
    MLflow could be read, by a clock that nobody sets. ``problem``: why nothing can be decided.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    night: str
    before: str
    share: float
    state: State = "watching"
    seconds: float = 0.0
    said: str = ""
    problem: str | None = None
    comparison: Comparison | None = None

    @property
    def open(self) -> bool:
        """Whether it may be withdrawn yet; "stuck": it should be, and nothing could take its place so far."""
        return self.state in ("watching", "stuck")


def watch_file(workspace: Workspace) -> Path:
    """Where it lies."""
    return workspace.state / "watch.json"


def read_watch(workspace: Workspace) -> Watched | None:
    """The last watch of a workspace; None before the first. A file that cannot be read is none."""
    try:
        return Watched.model_validate_json(watch_file(workspace).read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


def write_watch(workspace: Workspace, watched: Watched) -> None:
    write_text(watch_file(workspace), watched.model_dump_json(indent=2) + "\n")
