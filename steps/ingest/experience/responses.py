"""OpenAI's Responses API and Agents SDK: items of a talk, stored responses, rows of a session, spans of its tracing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steps.ingest.experience.family import Made, each
from steps.ingest.experience.fields import (
    Found,
    a_list,
    a_text,
    a_word,
    an_object,
    by_key,
    first_text,
    inside,
    loaded,
    when,
)
from steps.ingest.experience.items import ITEMS, messages_of_items
from steps.ingest.experience.joining import longest
from steps.ingest.experience.talk import messages_of, talk
from steps.kinds.entry import RecordRejected


def is_item(value: Found) -> bool:
    """Whether a record is one item of a talk, or a message alone."""
    kind = a_word(value.get("type"))  # Slack's exports have messages, too, whose roles nobody names
    return (kind in ITEMS and kind != "message") or (isinstance(value.get("role"), str) and "content" in value)


def read_items(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make one talk of the items of a file."""
    if not any(a_word(value.get("type")) in ITEMS for value in values):
        reason = 'it is a message alone: write those of a talk as one record, {"messages": [...]}'
        yield from ((place, RecordRejected("not_a_record", reason)) for place in range(len(values)))
        return
    yield 0, talk(messages_of_items(values), created_at=when(*(value.get("created_at") for value in values)))


def is_response(value: Found) -> bool:
    """Whether a record is a stored response, alone or with its request."""
    held = value.get("response") if isinstance(value.get("response"), Mapping) else value
    return isinstance(held, Mapping) and held.get("object") == "response" and isinstance(held.get("output"), list)


def read_responses(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make a talk of each response that no other one of the file goes on with."""
    return longest(each(_response)([*_with_earlier(values)]))


def _with_earlier(values: Sequence[Found]) -> Iterator[Found]:
    """Give each response what it was asked as ``input_items``, after what the one before it was asked and said.

    What was asked stands in its request or beside it; the one before it, in the same file.
    """
    said: dict[str, list[Any]] = {}
    for value in values:
        held, request = an_object(value.get("response")) or value, an_object(value.get("request")) or value
        before = first_text(request.get("previous_response_id"), held.get("previous_response_id"))
        given = a_list(value.get("input_items")) or _input(request)
        items = [*said.get(before or "", ()), *given]
        if isinstance(number := held.get("id"), str):
            said[number] = [*items, *a_list(held.get("output"))]
        yield {**value, "input_items": items}


def _input(request: Found) -> list[Any]:
    given = loaded(request.get("input"))
    if a_text(given):
        return [{"role": "user", "content": given}]
    return a_list(given)


def _response(value: Found) -> Iterator[Made]:
    """Make a talk of a response and of all that was asked before it, its ``input_items``."""
    held = an_object(value.get("response")) or value
    request = an_object(value.get("request")) or value
    messages = messages_of_items(value["input_items"])
    if messages and messages[0].get("role") == "tool":
        reason = "it goes on with a response that is not in this file: write both into one"
        raise RecordRejected("no_messages", reason)
    if not messages:
        reason = "it holds the answer alone: write what was asked beside it, {request: {input}, response}"
        raise RecordRejected("no_messages", reason)
    system = first_text(request.get("instructions"), held.get("instructions"))
    yield talk(
        messages_of([*messages, *messages_of_items(held["output"])], system=system),
        tools=request.get("tools") or held.get("tools"),
        source=a_text(held.get("id")),
        user=first_text(*(one.get(key) for one in (request, held) for key in ("safety_identifier", "user"))),
        session=first_text(inside(held, "conversation", "id"), inside(request, "metadata", "session")),
        created_at=when(held.get("created_at")),
    )


def is_session_row(value: Found) -> bool:
    """Whether a record is a row of the table ``agent_messages`` that the Agents SDK keeps its sessions in."""
    return "session_id" in value and isinstance(value.get("message_data"), str | Mapping)


def read_sessions(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
    """Make a talk of each session."""
    for session, places in by_key((a_text(value["session_id"]), n) for n, value in enumerate(values)).items():
        rows = [values[place] for place in places]
        try:
            messages = messages_of_items(an_object(row["message_data"]) for row in rows)
            yield places[0], talk(messages, session=session, created_at=when(*(row.get("created_at") for row in rows)))
        except RecordRejected as refusal:
            yield places[0], refusal
