"""Session files of Codex CLI (rollouts): items of the Responses API, with what happened between them.

``event_msg`` repeats what is said and is read for two things alone: turns that were broken off, and turns that were
taken back. Until the autumn of 2025 the items stood in the lines themselves, after a head that is none; the first
versions wrote one object of a session and its items.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import Found, a_text, a_word, an_object, first_text, inside, loaded, when
from steps.ingest.experience.items import add_item
from steps.ingest.experience.talk import talk
from steps.kinds.entry import RecordRejected

_TYPES = frozenset("session_meta turn_context response_item event_msg compacted".split())
_HEAD = frozenset("id timestamp instructions git cwd originator cli_version".split())
_NOT_THEIRS = ("<environment_context>", "<user_instructions>", "# AGENTS.md instructions", "<turn_aborted>")

# What stands before the output of a command since 2026, of which most differs each time.
_PRINTED = re.compile(
    r"(?:(?:Chunk ID|Wall time|Original token count|Total output lines)\b.*\n"
    r"|(?:Process exited with code|Exit code:?) (?P<code>\d+)\n|Process running\b.*\n)+Output:\n?"
)


def is_line(value: Found) -> bool:
    """Whether a record is a line of a rollout."""
    return a_word(value.get("type")) in _TYPES and "payload" in value


def is_early(value: Found) -> bool:
    """Whether a record tells that its file is a rollout of 2025: its head, a state between items, or all of it."""
    if isinstance(value.get("session"), dict) and isinstance(value.get("items"), list):
        return isinstance(value["session"].get("id"), str)
    head = {"id", "timestamp", "instructions"} <= value.keys() <= _HEAD and isinstance(value["id"], str)
    return head or value.keys() == {"record_type"}


def read_early(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make one trace of the lines of a file whose items have no envelope, or one of each session."""
    saved = [(place, value) for place, value in enumerate(values) if "session" in value]
    for place, value in saved:
        try:
            yield from ((place, made) for _, made in read_rollout(_in_envelopes([value["session"], *value["items"]])))
        except RecordRejected as refusal:
            yield place, refusal
    if not saved:
        yield from read_rollout(_in_envelopes(values))


def _in_envelopes(values: Sequence[Any]) -> list[Found]:
    found = [value for value in values if isinstance(value, dict) and "record_type" not in value]
    return [
        {
            "type": "response_item" if "type" in value or "role" in value else "session_meta",
            "timestamp": value.get("timestamp"),
            "payload": value,
        }
        for value in found
    ]


def read_rollout(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make one trace of the lines of a file."""
    messages: list[Found] = []
    asked: list[int] = []  # where the user's turns begin
    broken_off: list[int] = []
    for value in values:
        item = an_object(value.get("payload"))
        if value["type"] == "response_item":
            before = len(messages)
            add_item(messages, _with_plain_output(item))
            messages[before:] = [said for said in messages[before:] if not _is_program(said)]
            asked += [n for n in range(before, len(messages)) if messages[n].get("role") == "user"]
        elif value["type"] == "event_msg" and item.get("type") == "turn_aborted":
            broken_off.append(len(messages) - 1)
        elif value["type"] == "event_msg" and item.get("type") == "thread_rolled_back":
            turns = item.get("num_turns")
            if isinstance(turns, int) and turns > 0 and asked:
                del messages[asked[-turns:][0] :], asked[-turns:]
    head = next((an_object(value.get("payload")) for value in values if value["type"] == "session_meta"), {})
    stopped = sorted({place for place in broken_off if 0 <= place < len(messages)})
    made = talk(
        messages,
        feedback=[{"message": place, "event": "interrupted by the user"} for place in stopped],
        session=a_text(head.get("id")),
        created_at=when(head.get("timestamp"), *(value.get("timestamp") for value in values)),
    )
    yield 0, {**made, "kind": "trace"}


def _is_program(message: Found) -> bool:
    return message.get("role") in ("user", "developer") and a_word(message.get("content")).startswith(_NOT_THEIRS)


def _with_plain_output(item: Found) -> Found:
    """What a command printed, and the code that it ended with where that says that it failed."""
    if isinstance(item.get("output"), str) and (printed := _PRINTED.match(item["output"])):
        code = printed["code"] or "0"
        text = item["output"][printed.end() :]
        return {**item, "output": text if code == "0" else f"error (exit code {code}): {text}"}
    output = loaded(item.get("output"))
    if not isinstance(output, dict) or "output" not in output:
        return item
    text, code = first_text(output["output"]) or "", inside(output, "metadata", "exit_code")
    failed = isinstance(code, int) and code != 0
    return {**item, "output": f"error (exit code {code}): {text}" if failed else text}
