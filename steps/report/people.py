"""What the page says of the people of the day: what they corrected, what waits for a decision, memory, the watch."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from steps.corrected import corrected
from steps.errors import SlumberError
from steps.night import Night
from steps.records import Answer
from steps.review.decisions import undecided
from steps.watch.record import STATES, Watched

Figures = Mapping[str, Mapping[str, Any]]


def people(night: Night, answers: Iterable[Answer], *, figures: Figures, pages: str | None) -> dict[str, Any] | None:
    """Return what people corrected and how they fared; None for a night without conversations.

    ``figures``: of the night's steps. ``pages``: what a trace's id is added to for the address of its page.
    """
    try:
        found = corrected(night, answers)
    except ValueError:
        raise SlumberError(f"A dataset of night {night.date} is damaged: run that night again.") from None
    day = figures["ingest"].get("day") or {}
    if not found and not figures["ingest"].get("kinds", {}).get("conversation"):
        return None
    return {
        "rows": found,
        "states": Counter(one.state for one in found),
        "day": {name: number for name, number in day.items() if number},
        "experiments": figures["ingest"].get("experiments") or {},
        "memory": _memory(figures["remember"]),
        "watch": _watch(figures["promote"].get("watch")),
        "pages": pages if pages and urlsplit(pages).scheme in ("http", "https") else None,
    }


def for_review(night: Night) -> list[dict[str, str]]:
    """Return what waits for a person by now, the oldest first."""
    waiting = [one for one in undecided(night.workspace) if one.night <= night.date]
    return [one.model_dump(include={"id", "night", "source", "question", "says", "against", "why"}) for one in waiting]


def _memory(figures: Mapping[str, Any]) -> str | None:
    if not figures or figures.get("skipped"):
        return figures.get("skipped")
    told = ("written", "changed", "removed", "ended")
    return ", ".join(f"{figures.get(name, 0)} {name}" for name in told) + f"; {figures.get('notes', 0)} kept"


def _watch(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    try:
        watched = Watched.model_validate(told) if told else None
    except ValidationError:  # another version of it
        return None
    if watched is None:
        return None
    return {
        "version": watched.version,
        "failed": watched.failed,
        "state": STATES[watched.state],
        "said": watched.problem or watched.said,
        "rows": watched.rows(),
    }
