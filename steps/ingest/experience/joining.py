"""Talks of which one repeats another: each request repeats the talk before it, so that the longest of each is kept."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence

from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import Found
from steps.ingest.experience.talk import last_answer, with_preferences
from steps.kinds.entry import RecordRejected

_SAID = ("role", "content", "tool_calls", "tool_call_id")


def longest(records: Iterable[tuple[int, Made]]) -> Iterator[tuple[int, Made]]:
    """Yield the talks that do not begin another one of the same user and session; and all refusals.

    What was said of a shorter one goes to the longer, each remark with the place of its answer. A hash goes on from
    message to message, so that the time taken grows with what is said and no faster.
    """
    given = [*records]
    talks = {n: made for n, (_, made) in enumerate(given) if not isinstance(made, RecordRejected)}
    ways = {n: _way(made) for n, made in talks.items()}
    kept: dict[bytes, int] = {}  # which talk is the longest of those that say so much
    for n in sorted(ways, key=lambda n: (len(ways[n]), -n)):
        kept.update(dict.fromkeys(ways[n], n))
    for n, way in ways.items():
        if (other := kept[way[-1]]) != n and "feedback" in talks[n]:
            remarks = [*_remarks(talks[other]), *_remarks(talks[n])]
            talks[other] = {**talks[other], "feedback": remarks}
    for n, (place, made) in enumerate(given):
        if n not in talks:
            yield place, made
        elif kept[ways[n][-1]] == n:
            yield place, talks[n]


def longest_with_preferences(records: Iterable[tuple[int, Made]]) -> Iterator[tuple[int, Made]]:
    """Yield the longest talks, each with the preferences that its feedback makes."""
    for place, made in longest(records):
        yield from [(place, one) for one in ([made] if isinstance(made, RecordRejected) else with_preferences(made))]


def _remarks(record: Found) -> list[object]:
    """What was said of a talk, each remark with the place of the answer that it is about."""
    said = record.get("feedback")
    remarks = said if isinstance(said, list) else [] if said is None else [said]
    about = {"message": last_answer(record["messages"])}
    return [{**about, **(one if isinstance(one, dict) else {"rating": one})} for one in remarks]


def _way(record: Found) -> Sequence[bytes]:
    """What was said up to each message, as hashes."""
    so_far, way = hashlib.sha256(json.dumps([record.get(key) for key in ("user", "session")]).encode()), []
    for message in record["messages"]:
        said = [message.get(key) or None for key in _SAID]
        so_far.update(json.dumps(said, sort_keys=True, default=str).encode())
        way.append(so_far.digest())
    return way
