"""A talk as a record: a trace where tools were called or it is told how it ended, else a conversation."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from steps.ingest.chat_parts import as_failed, plain, text_of_result
from steps.ingest.experience.fields import Found, a_list, objects, told
from steps.kinds.entry import RecordRejected

_ABOUT = ("source", "user", "session", "created_at")
_SCHEMA = ("parameters", "input_schema", "inputSchema")


def messages_of(said: Iterable[Any], *, system: Any = None) -> list[Found]:
    """Return messages in OpenAI's form, with a system prompt that stood outside of them before them."""
    given = [message for message in said if isinstance(message, Mapping)]
    if system and not any(message.get("role") == "system" for message in given):
        given.insert(0, {"role": "system", "content": system})
    return [one for message in given for one in plain(message)]


def talk(messages: Sequence[Found], *, outcome: Any = None, tools: Any = None, **about: Any) -> Found:
    """Return a record of messages; fields that are missing stay missing.

    Raises:
        RecordRejected: nobody says anything.
    """
    if not any(message.get("content") or message.get("tool_calls") for message in messages):
        raise RecordRejected("no_messages", "it holds no messages: nothing that was asked or answered is written in it")
    acted = any(calls_in(message) or message.get("role") == "tool" for message in messages)
    return {
        "kind": "trace" if acted or outcome else "conversation",
        "messages": list(messages),
        **told(outcome=outcome, tools=tools_of(tools), **about),
    }


def tools_of(tools: Any) -> list[Found] | None:
    """Return definitions of tools in OpenAI's form, also those of Anthropic, MCP and the Responses API."""
    found: list[Found] = []
    for tool in a_list(tools):
        if isinstance(tool, Mapping) and isinstance(tool.get("function"), Mapping):
            found.append({"type": "function", "function": dict(tool["function"])})
        elif isinstance(tool, Mapping) and isinstance(tool.get("name"), str):
            schema = next((tool[key] for key in _SCHEMA if isinstance(tool.get(key), Mapping)), None)
            found.append({"type": "function", "function": told(**_head(tool), parameters=schema)})
    return found or None


def _head(tool: Mapping[str, Any]) -> Found:
    return {key: tool.get(key) for key in ("name", "description")}


def call(*, name: Any, arguments: Any, id: Any = None) -> Found:
    """Return a call of a tool; arguments are kept as JSON in a text."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments or {}, ensure_ascii=False, default=str)
    function = {"name": name if isinstance(name, str) and name.strip() else "unnamed", "arguments": text}
    return {**({"id": id} if isinstance(id, str) else {}), "type": "function", "function": function}


def calls(*made: Found, content: str | None = None) -> Found:
    """Return the assistant's message that calls tools."""
    return {"role": "assistant", "content": content, "tool_calls": [*made]}


def result(said: Any, *, id: Any = None, failed: bool = False) -> Found:
    """Return what a tool answered; where it failed, its text begins with "error: " unless it says so itself."""
    if isinstance(said, list) and all(isinstance(part, Mapping) and "type" in part for part in said):
        said = text_of_result({"content": said})
    text = said if isinstance(said, str) else "" if said is None else json.dumps(said, ensure_ascii=False, default=str)
    text = as_failed(text) if failed else text
    return {"role": "tool", **({"tool_call_id": id} if isinstance(id, str) else {}), "content": text}


def calls_in(message: Mapping[str, Any]) -> list[Found]:
    """Return the calls of tools that a message makes."""
    return objects(message.get("tool_calls"))


def last_answer(messages: Sequence[Found]) -> int | None:
    """Return the place of the last message in which the assistant says something."""
    places = (n for n in range(len(messages) - 1, -1, -1) if _answers(messages[n]))
    return next(places, None)


def _answers(message: Found) -> bool:
    return message.get("role") == "assistant" and bool(message.get("content")) and not calls_in(message)


def with_preferences(record: Found) -> Iterator[Found]:
    """Yield a record and, of a trace, a preference for each answer that somebody gave in its answer's place.

    A conversation needs none: its feedback is read for corrections. The prompt is the talk up to the user's question,
    for what the agent tried after it belongs to the answer that was worse.
    """
    yield record
    messages, last = record["messages"], last_answer(record["messages"])
    about: Found = {key: record[key] for key in _ABOUT if key in record}
    for one in record.get("feedback", ()) if record["kind"] == "trace" else ():
        answer = one.get("message", last)
        asked = _asked_before(messages, answer) if one.get("correction") and answer is not None else None
        if asked is not None:
            chosen = [{"role": "assistant", "content": one["correction"]}]
            sides = {"prompt": messages[: asked + 1], "chosen": chosen, "rejected": [messages[answer]]}
            yield {"kind": "preference", **sides, **about}


def _asked_before(messages: Sequence[Found], place: int) -> int | None:
    return next((n for n in range(place, -1, -1) if messages[n].get("role") == "user"), None)
