"""What happens on a day: who asks what, how they correct it, and what else is said (``data/bench/day``)."""

from datetime import date, timedelta
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from steps.settings import REPOSITORY

FOLDER = REPOSITORY / "data" / "bench" / "day"
DAYS = ("monday", "tuesday")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Talk(_Part):
    """A question, and how its answer is corrected if it lacks ``right``: by the next turn (``correct``), by a field of
    feedback (``field``), or by such a field once all has been said (``late``). ``changes``: what was right before.
    """

    user: str
    session: str
    ask: str
    right: str
    correct: str | None = None
    field: str | None = None
    late: str | None = None
    changes: str | None = None


class Said(_Part):
    """Something that asks for nothing."""

    user: str
    session: str
    ask: str


class Own(_Part):
    """What a user tells of himself, and how he asks for it later."""

    user: str
    session: str
    tell: str
    ask: str
    right: str


class Expires(_Part):
    """What the inbox says that ends soon, and how it is asked for."""

    ask: str
    right: str


class Step(_Part):
    """One call of the agent's tool, and what came of it."""

    arguments: dict[str, Any]
    result: str


class Agent(_Part):
    """An agent that calls its tool until it is called right."""

    user: str
    session: str
    task: str
    tool: dict[str, Any]
    steps: tuple[Step, ...]


class Day(_Part):
    """All that happens on one day. ``inbox``: files by name."""

    inbox: dict[str, str] = {}
    talks: tuple[Talk, ...]
    small_talk: tuple[Said, ...] = ()
    own: tuple[Own, ...] = ()
    expires: tuple[Expires, ...] = ()
    agent: Agent | None = None


def read_day(name: str, *, today: date) -> Day:
    """Read a day of the script; {friday} is the next Friday after ``today``, at least three days ahead."""
    ahead = (4 - today.weekday()) % 7
    friday = today + timedelta(days=ahead if ahead >= 3 else ahead + 7)
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    text = text.replace("{friday_words}", f"{friday.day} {friday:%B}").replace(
        "{friday}", f"{friday.day} {friday:%B %Y}"
    )
    return Day.model_validate(yaml.safe_load(text))
