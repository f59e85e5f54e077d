"""Requests to a model as logs keep them: each repeats the talk before it, so that the longest of each talk is kept."""

import hashlib
import json
from collections.abc import Iterator, Sequence

from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import Found
from steps.kinds.entry import RecordRejected

_SAID = ("role", "content", "tool_calls", "tool_call_id")


def longest(records: Sequence[tuple[int, Made]]) -> Iterator[tuple[int, Made]]:
    """Yield the records whose messages do not begin another one's of the same user and session; and all refusals.

    A hash goes on from message to message, so that the time taken grows with what is said and no faster.
    """
    ways = [() if isinstance(made, RecordRejected) else _way(made) for _, made in records]
    gone_on = {step for way in ways for step in way[:-1]}
    ends: set[bytes] = set()
    for (place, made), way in zip(records, ways, strict=True):
        if not way:
            yield place, made
        elif way[-1] not in gone_on and (way[-1] not in ends or _told_more(made)):
            ends.add(way[-1])
            yield place, made


def _told_more(made: Made) -> bool:
    return not isinstance(made, RecordRejected) and "feedback" in made


def _way(record: Found) -> tuple[bytes, ...]:
    """What was said up to each message, as hashes."""
    so_far, way = hashlib.sha256(json.dumps([record.get(key) for key in ("user", "session")]).encode()), []
    for message in record["messages"]:
        said = [message.get(key) or None for key in _SAID]
        so_far.update(json.dumps(said, sort_keys=True, default=str).encode())
        way.append(so_far.digest())
    return tuple(way)
