"""What was said by day, as records: exchanges of one talk are one conversation, with what was thought of its answers.

A client sends the whole talk with each request, so an exchange whose messages begin with an earlier one and its answer
goes on with that. Traces are looked at again for some days, for people correct late; what came as it is before is known
by its hash (``steps.ingest.seen``) and is not read twice.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from steps.diary import Exchange, Window
from steps.ingest.readers import Known, ParsedRecord
from steps.kinds.conversation.kind import ConversationEntry
from steps.kinds.conversation.turns import corrections
from steps.night import Night

FOLDER = "traces/"
_KEPT = ("role", "content", "name", "tool_calls", "tool_call_id")


def window(night: Night) -> Window:
    """What a night looks at: to the end of its day, from the last night before it, and as many days as are set."""
    zone, today = ZoneInfo(night.settings.schedule.timezone), date.fromisoformat(night.date)
    earlier = night.nights("corpus", tonight=False)[-1:]
    since = 0
    if earlier:
        since = _start(date.fromisoformat(earlier[0]) - timedelta(days=night.settings.ingest.trace_days), zone)
    return Window(since, _start(today + timedelta(days=1), zone))


@dataclass
class Day:
    """What was counted of a day. New talks are those that were not met before as they are, or that have gone on."""

    counts: Counter[str] = field(default_factory=Counter)
    experiments: Counter[str] = field(default_factory=Counter)

    def told(self) -> dict[str, int] | None:
        """All counts by what they count; None where nobody said anything."""
        return {name: self.counts[name] for name in COUNTED if name in self.counts} or None

    def met(self, talk: Mapping[str, Any]) -> None:
        """Count a talk, as it is kept, that is new."""
        self.counts["new"] += 1
        self.counts["new and corrected"] += bool(corrections(talk))
        self.counts["new and rated"] += any(one.get("rating") is not None for one in talk.get("feedback") or ())


COUNTED = ("exchanges read", "unreadable", "conversations", "new", "new and corrected", "new and rated")


def read_days(
    exchanges: Iterable[Exchange], known: Known, *, max_bytes: int, day: Day | None = None
) -> Iterator[ParsedRecord]:
    """Yield a record for each conversation that did not come as it is before, and for each trace without one.

    ``day``: counts what is read.
    """
    read, day = [], day or Day()
    for one in exchanges:
        day.counts["exchanges read"] += 1
        day.experiments[one.experiment or "-"] += 1
        if one.fault:
            day.counts["unreadable"] += 1
            yield ParsedRecord(f"{FOLDER}{one.trace}", None, rule="ignored", reason=one.fault)
        else:
            read.append(one)
    for first, value in conversations(read):
        file, raw = f"{FOLDER}{first}", json.dumps(value, sort_keys=True, ensure_ascii=False).encode()
        day.counts["conversations"] += 1
        hash_, repeats = known(file, raw)
        if repeats is not None:
            continue
        if len(raw) > max_bytes:
            reason = f"it has {len(raw)} bytes, the limit (ingest.max_file_bytes) is {max_bytes}"
            yield ParsedRecord(file, None, rule="too_large", reason=reason)
            continue
        try:
            yield ParsedRecord(file, None, entry=ConversationEntry.model_validate(value), hash=hash_)
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(map(str, fault["loc"]))
            yield ParsedRecord(file, None, rule="not_a_record", reason=f"{where}: {fault['msg']}", hash=hash_)


def conversations(exchanges: Iterable[Exchange]) -> list[tuple[str, dict[str, Any]]]:
    """Return each talk as a record of kind conversation, with the trace that it began with, in order of their time."""
    ends: dict[str, Exchange] = {}  # by what had been said after the answer
    before: dict[str, Exchange] = {}  # what an exchange goes on with, by its trace
    ordered = sorted(exchanges, key=lambda one: (one.began, one.trace))
    for one in ordered:
        said = [_key(message) for message in one.messages]
        for length in range(len(said) - 1, 0, -1):
            if earlier := ends.get("\n".join(said[:length])):
                before[one.trace] = earlier
                break
        ends["\n".join([*said, _key(one.reply)])] = one
    gone_on = {earlier.trace for earlier in before.values()}
    taken: set[str] = set()
    found = []
    for one in ordered:
        if one.trace not in gone_on:
            chain = [one]
            while chain[0].trace in before:
                chain.insert(0, before[chain[0].trace])
            new = [part.trace for part in chain if part.trace not in taken]  # a talk may branch: answered again
            found.append((new[0], _record(chain, {*new})))
            taken.update(new)
    return found


def _record(chain: list[Exchange], new: set[str]) -> dict[str, Any]:
    last = chain[-1]
    messages = [{key: m[key] for key in _KEPT if m.get(key) is not None} for m in (*last.messages, last.reply)]
    remarks = [
        {"message": len(part.messages), **{k: v for k, v in vars(remark).items() if v is not None}}
        for part in chain
        if part.trace in new
        for remark in sorted(part.remarks, key=lambda remark: remark.at)
    ]
    places = {str(len(part.messages)): part.trace for part in chain}
    more = {"user": last.user, "session": last.session, "feedback": remarks or None}
    return {
        "kind": "conversation",
        "messages": messages,
        "created_at": datetime.fromtimestamp(last.began / 1000, UTC).isoformat(),
        "traces": places,
        **{key: value for key, value in more.items() if value is not None},
    }


def _key(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    said = content if isinstance(content, str) else json.dumps(content, sort_keys=True)
    calls = json.dumps(message.get("tool_calls"), sort_keys=True) if message.get("tool_calls") else ""
    return json.dumps([message.get("role"), (said or "").strip(), calls])


def _start(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
