"""What the watch knows of its champion, in one small file: it goes on from there when the server starts again."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from steps.watch.figures import Comparison, Difference, Tally
from steps.workspace import Workspace, write_text

State = Literal["watching", "passed", "unproven", "withdrawn", "replaced", "stuck"]
STATES: dict[State, str] = {
    "watching": "watched",
    "passed": "answers everybody: no loss",
    "unproven": "answers everybody: nothing was proven",
    "withdrawn": "withdrawn",
    "replaced": "replaced",
    "stuck": "fails, and nothing could take its place",
}
"""In words."""


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

    @property
    def failed(self) -> bool:
        """Whether people were served worse by it."""
        return self.state in ("withdrawn", "stuck")

    def nameless(self) -> "Watched":
        """The same without users' names."""
        found = self.comparison
        if found is None:
            return self
        own, before = (tally.model_copy(update={"flooding": {}}) for tally in (found.champion, found.before))
        return self.model_copy(update={"comparison": found.model_copy(update={"champion": own, "before": before})})

    def rows(self) -> list[dict[str, Any]]:
        """Both versions, a row each, by what is counted; differences are the watched version's, in points."""
        found = self.comparison
        own, before = (found.champion, found.before) if found else (Tally(), Tally())
        feedback, answers = (found.feedback, found.answers) if found else (Difference(), Difference())
        return [
            _row(self.version, own, STATES[self.state], feedback.points(), answers.points()),
            _row(self.before, before, "before it", "", ""),
        ]


def _row(version: str, tally: Tally, state: str, feedback: str, answers: str) -> dict[str, Any]:
    counted = tally.model_dump(include={"sessions", "rated", "good", "bad", "corrections"})
    failed = {"refused, empty, failed": f"{tally.refused}/{tally.empty}/{tally.errors}"}
    differences = {"feedback (at most)": feedback, "answered (at most)": answers}
    return {"version": version, **counted, **failed, **differences, "state": state}


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
