"""The audit trail: who changed what in the registry, when and why.

Each entry is a tag of its own on the registered model: two writers at once cannot overwrite each other, and the trail
lives as long as the registry, not as long as a workspace. Entries hold names, numbers and the reasons that people give;
nothing of the experiences.
"""

import contextlib
import getpass
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX = "audit."
DAMAGED = "damaged"


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


def append(client: Any, name: str, entry: Entry) -> None:
    """Write ``entry`` to the trail of the registered model ``name``."""
    key = f"{PREFIX}{datetime.fromisoformat(entry.time):%Y%m%dT%H%M%S.%fZ}.{uuid.uuid4().hex[:8]}"
    client.set_registered_model_tag(name, key, entry.model_dump_json(by_alias=True))


def read_trail(tags: dict[str, str]) -> list[Entry]:
    """Return the entries among a registered model's tags, oldest first; one edited by hand is shown as damaged."""
    return [_read(key, tags[key]) for key in sorted(tags) if key.startswith(PREFIX)]


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


def _read(key: str, text: str) -> Entry:
    try:
        return Entry.model_validate_json(text)
    except ValidationError:
        return Entry(time="", action=DAMAGED, version="", reason=f"the tag {key} was changed by hand")
