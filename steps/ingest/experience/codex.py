"""Session files of Codex CLI (rollouts): items of the Responses API, with what happened between them.

``event_msg`` repeats what is said and is read for two things alone: turns that were broken off, and turns that were
taken back.
"""

from collections.abc import Iterator, Sequence

from steps.ingest.experience.family import Made
from steps.ingest.experience.fields import Found, a_text, a_word, an_object, first_text, inside, loaded, when
from steps.ingest.experience.responses import messages_of_items
from steps.ingest.experience.talk import talk

_TYPES = frozenset("session_meta turn_context response_item event_msg compacted".split())
_NOT_THEIRS = ("<environment_context>", "<user_instructions>", "# AGENTS.md instructions", "<turn_aborted>")


def is_line(value: Found) -> bool:
    """Whether a record is a line of a rollout."""
    return a_word(value.get("type")) in _TYPES and "payload" in value


def read_rollout(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make one trace of the lines of a file."""
    messages: list[Found] = []
    broken_off: list[int] = []
    for value in values:
        item = an_object(value.get("payload"))
        if value["type"] == "response_item":
            _add(messages, item)
        elif value["type"] == "event_msg" and item.get("type") == "turn_aborted":
            broken_off.append(len(messages) - 1)
        elif value["type"] == "event_msg" and item.get("type") == "thread_rolled_back":
            _take_back(messages, item.get("num_turns"))
    head = next((an_object(value.get("payload")) for value in values if value["type"] == "session_meta"), {})
    stopped = sorted({place for place in broken_off if 0 <= place < len(messages)})
    made = talk(
        messages,
        feedback=[{"message": place, "event": "interrupted by the user"} for place in stopped],
        session=a_text(head.get("id")),
        created_at=when(head.get("timestamp"), *(value.get("timestamp") for value in values)),
    )
    yield 0, {**made, "kind": "trace"}


def _add(messages: list[Found], item: Found) -> None:
    """Add what an item says; calls go to the message before them."""
    last = [messages.pop()] if messages and messages[-1].get("role") == "assistant" else []
    as_item = [{"type": "message", **last[0]}] if last and not last[0].get("tool_calls") else []
    said = messages_of_items([*as_item, _with_plain_output(item)])
    if last and not as_item:
        messages += last
        if said and said[0].get("tool_calls") and not said[0].get("content"):
            messages[-1] = {**last[0], "tool_calls": [*last[0]["tool_calls"], *said[0]["tool_calls"]]}
            return
    messages += [one for one in said if not _is_program(one)]


def _is_program(message: Found) -> bool:
    return message.get("role") in ("user", "developer") and a_word(message.get("content")).startswith(_NOT_THEIRS)


def _with_plain_output(item: Found) -> Found:
    """What a command printed, and the code that it ended with where that says that it failed."""
    output = loaded(item.get("output"))
    if not isinstance(output, dict) or "output" not in output:
        return item
    text, code = first_text(output["output"]) or "", inside(output, "metadata", "exit_code")
    failed = isinstance(code, int) and code != 0
    return {**item, "output": f"error (exit code {code}): {text}" if failed else text}


def _take_back(messages: list[Found], turns: object) -> None:
    asked = [place for place, message in enumerate(messages) if message.get("role") == "user"]
    if isinstance(turns, int) and not isinstance(turns, bool) and turns > 0 and asked:
        del messages[asked[-min(turns, len(asked))] :]
