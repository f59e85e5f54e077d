"""What was said by day, as records: exchanges of one talk are one conversation, with what was thought of its answers.

A client sends the whole talk with each request, so an exchange whose messages begin with an earlier one and its answer
goes on with that, whatever system messages stand there now: many tell the time. Traces are looked at again for some
days, for people correct late; what came as it is before is known by its hash (``steps.ingest.seen``) and is not read
twice.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from steps.diary import Exchange, Window
from steps.ingest.parsed import Known, ParsedRecord
from steps.kinds.conversation.kind import ConversationEntry
from steps.kinds.conversation.turns import corrections
from steps.night import Night
from steps.settings import Settings
from steps.workspace import Workspace

FOLDER = "traces/"
_KEPT = ("role", "content", "name", "tool_calls", "tool_call_id")
_UNSPOKEN = ("system", "developer")


def window(night: Night) -> Window:
    """What a night looks at: to the end of its day, from the last night before it, and as many days as are set."""
    earlier = night.nights("corpus", tonight=False)[-1:]
    return Window(_since(night.settings, earlier[0]) if earlier else 0, _start(night.settings, night.date, days=1))


def last_day(night: Night) -> int:
    """When the day of the last night before this one began, in milliseconds since 1970; 0 before the first."""
    earlier = night.nights("corpus", tonight=False)[-1:]
    return _start(night.settings, earlier[0], days=0) if earlier else 0


def too_late_for(settings: Settings, workspace: Workspace, began: int) -> int | None:
    """Return where the day of the last night ended, if no later one finds by its time what ``began`` then, else None.

    All in milliseconds since 1970. So it is with what waited on disk for long, and what was stamped by a clock that
    was set back.
    """
    last = workspace.nights("corpus")[-1:]
    return _start(settings, last[0], days=1) if last and began < _since(settings, last[0]) else None


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
    exchanges: Iterable[Exchange], known: Known, *, max_bytes: int, zone: tzinfo = UTC, day: Day | None = None
) -> Iterator[ParsedRecord]:
    """Yield a record for each conversation that did not come as it is before, and for each trace without one.

    ``zone``: by whose days "tomorrow" was said. ``day``: counts what is read.
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
    for first, value in conversations(read, zone=zone):
        said = json.dumps(value, sort_keys=True, ensure_ascii=False)
        file, raw = f"{FOLDER}{first}", said.encode(errors="surrogatepass")  # half characters are refused below
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


def conversations(exchanges: Iterable[Exchange], *, zone: tzinfo = UTC) -> list[tuple[str, dict[str, Any]]]:
    """Return each talk as a record of kind conversation, with the trace that it began with, in order of their time."""
    ends: dict[str, list[Exchange]] = defaultdict(list)  # by what had been said after the answer
    before: dict[str, Exchange] = {}  # what an exchange goes on with, by its trace
    each = {one.trace: one for one in exchanges}  # people who talk while pages are turned push a trace onto the next
    ordered = sorted(each.values(), key=lambda one: (one.began, one.trace))
    for one in ordered:
        ends["\n".join([*map(_key, _spoken(one.messages)), _key(one.reply)])].append(one)
    for one in ordered:
        said = [_key(message) for message in _spoken(one.messages)]
        for length in range(len(said) - 1, 0, -1):
            if earlier := [two for two in ends.get("\n".join(said[:length]), ()) if _may_be_one(two, one)]:
                before[one.trace] = max(earlier, key=lambda two: _nearness(two, one))
                break
    gone_on = {earlier.trace for earlier in before.values()}
    taken: set[str] = set()
    found = []
    for one in ordered:
        if one.trace not in gone_on:
            chain = [one]
            while chain[0].trace in before:
                chain.insert(0, before[chain[0].trace])
            new = [part.trace for part in chain if part.trace not in taken]  # a talk may branch: answered again
            found.append((new[0], _record(chain, {*new}, zone)))
            taken.update(new)
    return found


def _record(chain: list[Exchange], new: set[str], zone: tzinfo) -> dict[str, Any]:
    last = chain[-1]
    messages = [{key: m[key] for key in _KEPT if m.get(key) is not None} for m in (*last.messages, last.reply)]
    remarks = [
        {"message": _place(part, last), **{k: v for k, v in vars(remark).items() if v is not None}}
        for part in chain
        if part.trace in new
        for remark in sorted(part.remarks, key=lambda remark: remark.at)
    ]
    places = {str(_place(part, last)): part.trace for part in chain}
    more = {"user": last.user, "session": last.session, "feedback": remarks or None}
    return {
        "kind": "conversation",
        "messages": messages,
        "created_at": datetime.fromtimestamp(last.began / 1000, zone).isoformat(),
        "traces": places,
        **{key: value for key, value in more.items() if value is not None},
    }


def _spoken(messages: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What tells a talk from others: not what an application says before it, such as the time or pages it has found."""
    return [message for message in messages if message.get("role") not in _UNSPOKEN]


def _place(part: Exchange, last: Exchange) -> int:
    """Where the answer of an exchange stands among the messages of a later one of its talk."""
    if part is last:
        return len(last.messages)
    spoken = [place for place, m in enumerate(last.messages) if m.get("role") not in _UNSPOKEN]
    return spoken[len(_spoken(part.messages))]


def _may_be_one(earlier: Exchange, one: Exchange) -> bool:
    """Whether two exchanges may be of one talk: two people who ask the same are answered the same."""
    return all(a is None or b is None or a == b for a, b in zip(_who(earlier), _who(one), strict=True))


def _nearness(earlier: Exchange, one: Exchange) -> tuple[bool, bool, int]:
    """The same people's first, then the last before it; all are later if the clock was set back."""
    is_before = earlier.began <= one.began
    return _who(earlier) == _who(one), is_before, earlier.began if is_before else -earlier.began


def _who(one: Exchange) -> tuple[str | None, ...]:
    return one.tenant, one.user, one.session


def _key(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    said = content if isinstance(content, str) else json.dumps(content, sort_keys=True)
    calls = json.dumps(message.get("tool_calls"), sort_keys=True) if message.get("tool_calls") else ""
    return json.dumps([message.get("role"), (said or "").strip(), calls])


def _since(settings: Settings, last: str) -> int:
    """From when on the night after ``last`` looks at what was said."""
    return _start(settings, last, days=-settings.ingest.trace_days)


def _start(settings: Settings, night: str, *, days: int) -> int:
    """When the day of a night begins, or one so many days later."""
    day, zone = date.fromisoformat(night) + timedelta(days=days), ZoneInfo(settings.schedule.timezone)
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
