"""Session files of Claude Code: a tree of lines, of which the way to the last one counts; the others were taken back.

Lines that are no talk (summaries, snapshots, what the program says itself) are left out. Of a call that a person
refused the program's sentences are no reason: what he said to it is, and becomes his own turn.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from steps.ingest.chat_parts import text_of_result
from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import Found, a_list, a_text, a_word, between, by_key, inside, objects, when
from steps.ingest.experience.talk import messages_of, talk
from steps.kinds.entry import RecordRejected

_OTHERS = frozenset(
    "summary system progress file-history-snapshot permission-mode queue-operation attachment ai-title custom-title "
    "last-prompt agent-name mode tag pr-link".split()
)
_INTERRUPTED = "[Request interrupted by user"
_REJECTED = re.compile(
    r"\A(?:error: )?(?:The user doesn['’]t want to (?:proceed with this tool use|take this action right now)"
    r"|Permission for this tool use was denied|The agent proposed a plan that was rejected by the user)\b"
)
_REASON = re.compile(r"\bthe user said:\s*(.*?)\s*(?:\n\s*Note: The user['’]s next message\b.*)?\Z", re.DOTALL)
_TAGGED = re.compile(r"\A(?:error: )?<tool_use_error>(.*)</tool_use_error>\s*\Z", re.DOTALL)
_NOT_THEIRS = (
    *("This session is being continued", "<command-name>", "<local-command-", "<command-message>", "Caveat: "),
    *("<bash-input>", "<bash-stdout>", "<bash-stderr>", "<task-notification>", "<user-prompt-submit-hook>"),
)
_REMINDER = re.compile(r"\s*<system-reminder>"), "</system-reminder>"  # by the program, also in what a tool answered


def is_line(value: Found) -> bool:
    """Whether a record is a line of a session."""
    if "sessionId" in value and "parentUuid" in value:
        return True
    return a_word(value.get("type")) in _OTHERS and bool({"leafUuid", "snapshot", "sessionId"} & value.keys())


def read_sessions(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make a trace of each session in a file, and of each agent that a session set to work."""
    keyed = (
        ((a_text(value.get("sessionId")), value.get("isSidechain") is True and a_text(value.get("agentId"))), place)
        for place, value in enumerate(values)
        if a_text(value.get("uuid"))
    )
    read = 0
    for (session, _), places in by_key(keyed).items():
        lines = [values[place] for place in places]
        spoken = [line for line in _way(lines) if line.get("type") in ("user", "assistant")]
        try:
            yield places[0], _trace(session, spoken)
        except RecordRejected as refusal:
            yield places[0], refusal
        read += 1
    if not read:
        yield 0, RecordRejected("ignored", "nothing was said in this session")


def _way(lines: Sequence[Found]) -> Iterator[Found]:
    """Yield the lines from the first to the last one that was said, by their parents.

    Of calls made side by side, the answer of all but one hangs off the way: it belongs to it by the call's id.
    """
    by_id = {a_text(line.get("uuid")): line for line in lines}
    spoken = [line for line in lines if line.get("type") in ("user", "assistant")]
    at = a_text(spoken[-1].get("uuid")) if spoken else None
    way = set()
    while at is not None and at in by_id and at not in way:
        way.add(at)
        line = by_id[at]
        at = a_text(line.get("parentUuid")) or a_text(line.get("logicalParentUuid"))  # of a session cut down to size
    called = {id_ for key in way for id_ in _ids(by_id[key], "tool_use", "id")}
    for line in lines:
        own = a_text(line.get("uuid"))
        if own in way or (called & set(_ids(line, "tool_result", "tool_use_id"))):
            yield line


def _ids(line: Mapping[str, Any], kind: str, key: str) -> list[str | None]:
    return [a_text(block.get(key)) for block in _blocks(line) if block.get("type") == kind]


def _blocks(line: Mapping[str, Any]) -> list[Found]:
    content = inside(line.get("message"), "content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else objects(a_list(content))


def _trace(session: str | None, lines: Iterable[Found]) -> Found:
    messages: list[Found] = []
    place: dict[str, int] = {}  # one message of the model may lie over several lines
    stopped, times, sources = [], [], []
    for line in lines:
        times.append(line.get("timestamp"))
        sources.append(a_text(line.get("agentId")))
        told = [_without_reminders(block) for block in _blocks(line)]
        blocks = [said for block in told if not _said_by_program(line, block) for said in _answered(block)]
        if any(a_word(block.get("text")).startswith(_INTERRUPTED) for block in _blocks(line)):
            stopped.append(len(messages))
        id_ = a_text(inside(line.get("message"), "id"))
        if line["type"] == "assistant" and id_ in place:
            messages[place[id_]]["content"] += blocks
        elif messages and _has_result(blocks) and _has_result(messages[-1]["content"]):
            messages[-1]["content"] += blocks  # answers to calls side by side: what is said of one comes after them all
        elif blocks:
            if line["type"] == "assistant" and id_:
                place[id_] = len(messages)
            messages.append({"role": line["type"], "content": blocks})
    found = [messages_of([message]) for message in messages]
    ends = [0, *accumulate(map(len, found))]  # how many messages there are after each of the session's
    said = [one for some in found for one in some]
    return {
        **talk(
            said,
            feedback=[
                {"message": at, "event": "interrupted by the user"}
                for at in sorted({ends[n] - 1 for n in stopped})
                if at >= 0
            ],
            session=session,
            source=next(filter(None, sources), None),
            created_at=when(*times),
        ),
        "kind": "trace",
    }


def _has_result(blocks: Iterable[Mapping[str, Any]]) -> bool:
    return any(block.get("type") == "tool_result" for block in blocks)


def _answered(block: Found) -> list[Found]:
    """What a tool answered; where a person refused the call, that it was not done, and what he said to it."""
    if block.get("type") != "tool_result":
        return [block]
    text = text_of_result(block)
    if tagged := _TAGGED.match(text):
        return [{**block, "content": tagged[1].strip()}]
    if not _REJECTED.match(text):
        return [block]
    reason = _REASON.search(text)
    said = [{"type": "text", "text": reason[1]}] if reason and reason[1] else []
    return [{**block, "content": "error: not done"}, *said]


def _without_reminders(block: Found) -> Found:
    """A block of a user or a tool without what the program put into it."""
    key = {"text": "text", "tool_result": "content"}.get(a_word(block.get("type")), "")
    said = block.get(key)
    if isinstance(said, list):
        return {**block, key: [_without_reminders(one) for one in objects(said)]}
    return {**block, key: between(said, *_REMINDER)[1]} if isinstance(said, str) else block


def _said_by_program(line: Mapping[str, Any], block: Mapping[str, Any]) -> bool:
    if line.get("type") != "user" or block.get("type") != "text":
        return line.get("isApiErrorMessage") is True or inside(line.get("message"), "model") == "<synthetic>"
    text = a_word(block.get("text"))
    if not text.strip():
        return True
    meta = line.get("isMeta") is True or line.get("isCompactSummary") is True
    return meta or text.startswith((_INTERRUPTED, *_NOT_THEIRS))
