"""The audit trail: who changed what in the registry, when and why.

Each entry is an MLflow run of its own, in an experiment whose page is the trail as a table: two writers at once cannot
overwrite each other, and the trail lives as long as the registry, not as long as a workspace. Entries hold names,
numbers and the reasons that people give; nothing of the experiences.
"""

import contextlib
import getpass
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from steps.records import content_id

Seal = Callable[[dict[str, str | None]], str]
PREFIX = "audit."
DAMAGED = "damaged"
PERSONS = ("approve", "override", "rollback")
PAGE = 1000
_SENTENCES = {
    "register": "version {version} is registered",
    "wait": "version {version} waits for approval",
    "approve": "version {version} is approved",
    "delete": "the adapter of version {version} is deleted",
    "forget": "something is to be forgotten on request",
    "release": "the lessons of version {version} are learned again",
    "erase": "all that version {version} holds is deleted",
}


class Entry(BaseModel):
    """One change: ``before`` and ``after`` are the champions around it, written as ``from`` and ``to``.

    ``signature``: of the deployment. ``prev``: the signature of the entry before it, so that none can be taken away;
    of the first that is signed, a digest of those before it. ``seen``: how many entries were found damaged by then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    time: str
    action: str
    version: str
    before: str | None = Field(None, alias="from")
    after: str | None = Field(None, alias="to")
    author: str = ""
    reason: str = ""
    prev: str = ""
    seen: str = ""
    signature: str = ""

    @field_validator("time")
    @classmethod
    def _has_a_zone(cls, value: str) -> str:
        if value and datetime.fromisoformat(value).tzinfo is None:  # a damaged entry has none at all
            raise ValueError("a time without a zone")
        return value

    @property
    def signed(self) -> dict[str, str | None]:
        """What its signature is about."""
        return self.model_dump(exclude={"signature"})

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


def read_trail(runs: Iterable[Mapping[str, str]], tags: Mapping[str, str], sealed: Seal | None = None) -> list[Entry]:
    """Return the entries, oldest first; one that this deployment did not write so is shown as damaged.

    Entries from before there were signatures count as long as none of them is changed, added or taken away.

    Args:
        runs: tags of the runs of the trail.
        tags: of the registered model, which held the entries as JSON until 2026-11-27.
        sealed: the deployment's seal; without it nothing is checked.
    """
    found = [_read_json(key, tags[key]) for key in tags if key.startswith(PREFIX)] + [_read(run) for run in runs]
    found.sort(key=lambda entry: (entry.time, entry.signature))
    if sealed is None:
        return found
    ours = {entry.signature for entry in found if entry.signature == sealed(entry.signed)}
    if not ours:
        return [entry if not entry.signature else _not_ours(entry) for entry in found]
    older = digest(entry for entry in found if not entry.signature and entry.action != DAMAGED)
    vouched = any(entry.prev == older for entry in found if entry.signature in ours)
    trail = [
        entry
        if entry.signature in ours or entry.action == DAMAGED or (vouched and not entry.signature)
        else _not_ours(entry)
        for entry in found
    ]
    gaps = [entry for entry in found if entry.signature in ours and entry.prev not in {*ours, older}]
    if vouched or any(entry.prev in ours for entry in found):
        trail += [_damaged(f"an entry before that of {entry.time} was taken away", time=entry.time) for entry in gaps]
    return sorted(trail, key=lambda entry: (entry.time, entry.signature))


def digest(entries: Iterable[Entry]) -> str:
    """Digest of entries from before there were signatures."""
    return content_id(*[entry.signed for entry in entries])


def following(trail: Iterable[Entry]) -> dict[str, str]:
    """What the next entry says of those before it."""
    before = list(trail)
    last = next((entry.signature for entry in reversed(before) if entry.signature and entry.action != DAMAGED), "")
    sound = [entry for entry in before if entry.action != DAMAGED]
    return {"prev": last or digest(sound), "seen": str(len(before) - len(sound))}


def last_change(trail: Sequence[Entry]) -> Entry | None:
    """Return the last entry by which another version serves."""
    return next((entry for entry in reversed(trail) if entry.after), None)


def unseen_damage(trail: Iterable[Entry]) -> int:
    """How many entries were found damaged since a person last decided something, and may have looked."""
    entries = list(trail)
    seen = next((entry.seen for entry in reversed(entries) if entry.action in PERSONS and entry.signature), "0")
    damaged = sum(entry.action == DAMAGED for entry in entries)
    return max(0, damaged - int(seen or 0)) if (seen or "0").isdigit() else damaged


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
        entry = Entry.model_validate(told)
    except ValidationError:
        entry = None
    if entry is None or not entry.time:
        return _damaged(f"the run {tags.get('mlflow.runName', '?')!r} of the trail was changed by hand")
    return entry


def _read_json(key: str, text: str) -> Entry:
    try:
        return Entry.model_validate_json(text)
    except ValidationError:
        return _damaged(f"the tag {key} was changed by hand")


def _damaged(reason: str, *, time: str = "") -> Entry:
    return Entry(time=time, action=DAMAGED, version="", reason=reason)


def _not_ours(entry: Entry) -> Entry:
    return _damaged(f"this deployment did not write what it says: {entry.sentence}"[:300], time=entry.time)
