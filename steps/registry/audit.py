"""The audit trail: who changed what in the registry, when and why.

Each entry is an MLflow run of its own, in an experiment whose page is the trail as a table: two writers at once cannot
overwrite each other, and the trail lives as long as the registry, not as long as a workspace. Entries hold names,
numbers and the reasons that people give; nothing of the experiences.
"""

import contextlib
import getpass
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX = "audit."
DAMAGED = "damaged"
PAGE = 1000
_SENTENCES = {
    "register": "version {version} is registered",
    "wait": "version {version} waits for approval",
    "approve": "version {version} is approved",
    "delete": "the adapter of version {version} is deleted",
    "forget": "something is to be forgotten on request",
    "erase": "all that version {version} holds is deleted",
}


class Entry(BaseModel):
    """One change: ``before`` and ``after`` are the champions around it, written as ``from`` and ``to``."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    time: str
    action: str
    version: str
    before: str | None = Field(None, alias="from")
    after: str | None = Field(None, alias="to")
    author: str = ""
    reason: str = ""

    @property
    def sentence(self) -> str:
        """What the page shows of it in one line."""
        moved = f"version {self.after} serves" + (f", {self.before} no more" if self.before else "")
        told = moved if self.after else _SENTENCES.get(self.action, "version {version}").format(**self.model_dump())
        by = ": ".join(part for part in (self.author, self.reason) if part)
        return f"{self.action}: {told}" + (f" ({by})" if by else "")


def experiment_of(model: str) -> str:
    """Return the name of the experiment that holds the trail of the registered ``model``."""
    return f"{model} audit trail"


def append(client: Any, experiment_id: str, entry: Entry) -> None:
    """Write ``entry`` to the trail, in one call: a killed process leaves all of it or nothing."""
    told = {f"{PREFIX}{name}": value for name, value in entry.model_dump(by_alias=True).items() if value is not None}
    milliseconds = int(datetime.fromisoformat(entry.time).timestamp() * 1000)
    run = client.create_run(experiment_id, start_time=milliseconds, tags=told, run_name=entry.sentence[:250])
    client.set_terminated(run.info.run_id, "FINISHED", end_time=milliseconds)


def stored(client: Any, experiment_id: str) -> list[dict[str, str]]:
    """Return the tags of all entries, also of those that somebody deleted in MLflow's pages."""
    from mlflow.entities import ViewType

    found: list[dict[str, str]] = []
    token: str | None = ""
    while token is not None:
        page = client.search_runs([experiment_id], "", ViewType.ALL, PAGE, ["attributes.start_time ASC"], token or None)
        found, token = [*found, *(dict(run.data.tags) for run in page)], page.token or None
    return found


def newest(client: Any, experiment_id: str) -> list[dict[str, str]]:
    """Return the tags of the last entries, newest first: more than a page shows."""
    from mlflow.entities import ViewType

    runs = client.search_runs([experiment_id], "", ViewType.ALL, 25, ["attributes.start_time DESC"])
    return [dict(run.data.tags) for run in runs]


def read_trail(runs: Iterable[Mapping[str, str]], tags: Mapping[str, str]) -> list[Entry]:
    """Return the entries, oldest first; one edited by hand is shown as damaged.

    Args:
        runs: tags of the runs of the trail.
        tags: of the registered model, which held the entries as JSON until 2026-11-27.
    """
    found = [_read_json(key, tags[key]) for key in tags if key.startswith(PREFIX)] + [_read(run) for run in runs]
    return sorted(found, key=lambda entry: entry.time)


def now(*, after: str = "") -> str:
    """The time of an entry, in UTC with microseconds; whatever the clock says, not before ``after``, the last one's."""
    clock = datetime.now(UTC)
    with contextlib.suppress(ValueError):
        clock = max(clock, datetime.fromisoformat(after) + timedelta(microseconds=1))
    return clock.isoformat(timespec="microseconds")


def this_user() -> str:
    """The author of what nobody signs by name: the account that this process runs under."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        return "unknown"


def _read(tags: Mapping[str, str]) -> Entry:
    told = {key.removeprefix(PREFIX): value for key, value in tags.items() if key.startswith(PREFIX)}
    try:
        return Entry.model_validate(told)
    except ValidationError:
        name = tags.get("mlflow.runName", "?")
        return Entry(time="", action=DAMAGED, version="", reason=f"the run {name!r} of the trail was changed by hand")


def _read_json(key: str, text: str) -> Entry:
    try:
        return Entry.model_validate_json(text)
    except ValidationError:
        return Entry(time="", action=DAMAGED, version="", reason=f"the tag {key} was changed by hand")
