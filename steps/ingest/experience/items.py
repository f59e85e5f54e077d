"""Items of OpenAI's Responses API as messages: what is said, what is called, what came of it; thoughts are left out.

A tool of OpenAI's server is called and answered within one item, or answered nowhere.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from steps.ingest.chat_parts import plain
from steps.ingest.experience.fields import Found, a_list, a_text, a_word, an_object, first_text, inside, objects
from steps.ingest.experience.talk import call, calls, result

_CALLS = {
    "function_call": "arguments",
    "custom_tool_call": "input",
    "mcp_call": "arguments",
    "local_shell_call": "action",
    "shell_call": "action",
    "apply_patch_call": "operation",
    "computer_call": "action",
    "web_search_call": "action",
    "tool_search_call": "arguments",
    "file_search_call": "queries",
    "code_interpreter_call": "code",
}
_NAMED = ("queries", "code")  # values that are no object: they are given the name that they have in the item
_RESULTS = frozenset(f"{kind.removesuffix('_call')}_call_output" for kind in _CALLS if kind != "mcp_call")
ITEMS = frozenset([*_CALLS, *_RESULTS, "message", "reasoning"])
"""Types of items that tell a talk of this form from one of messages."""


def messages_of_items(items: Iterable[Any]) -> list[Found]:
    """Return items as messages: calls that follow one another are one message's; thoughts are left out."""
    messages: list[Found] = []
    for item in items:
        if isinstance(item, Mapping):
            add_item(messages, item)
    return messages


def add_item(messages: list[Found], item: Mapping[str, Any]) -> None:
    """Add what an item says to the messages before it."""
    kind = a_word(item.get("type")) or "message"
    if kind == "message" and isinstance(item.get("role"), str):
        messages += plain({key: item[key] for key in ("role", "content") if key in item})
    elif kind in _CALLS:
        key = _CALLS[kind]
        made = call(
            name=first_text(item.get("name")) or kind.removesuffix("_call"),
            arguments={key: item.get(key)} if key in _NAMED else item.get(key),
            id=_id(item),
        )
        if messages and messages[-1].get("role") == "assistant":
            messages[-1].setdefault("tool_calls", []).append(made)
        else:
            messages.append(calls(made))
        messages += _answered_at_once(kind, item)
    elif kind in _RESULTS:
        failed = item.get("status") in ("incomplete", "failed")
        messages.append(result(_printed(item.get("output"), item), id=_id(item), failed=failed))


def _id(item: Mapping[str, Any]) -> str | None:
    return first_text(item.get("call_id"), item.get("id"))


def _answered_at_once(kind: str, item: Mapping[str, Any]) -> list[Found]:
    """What a tool of the server answered, if the item has it."""
    if kind == "mcp_call" and ("output" in item or item.get("error")):
        error = item.get("error")
        why = first_text(*(one.get("text") for one in objects(inside(error, "content"))), inside(error, "message"))
        said = item["output"] if item.get("output") is not None else why or error
        return [result(said, id=_id(item), failed=bool(error))]
    if kind == "file_search_call" and item.get("results"):
        return [
            result("\n".join(filter(None, (a_text(one.get("text")) for one in objects(item["results"])))), id=_id(item))
        ]
    if kind == "code_interpreter_call" and item.get("outputs"):
        logs = (
            first_text(one.get("logs")) or f"({a_word(one.get('type')) or 'file'})" for one in objects(item["outputs"])
        )
        return [result("\n".join(logs), id=_id(item), failed=item.get("status") == "failed")]
    return []


def _printed(said: Any, item: Mapping[str, Any]) -> Any:
    """What was answered; of a shell what its commands printed, with the code of the one that failed."""
    if said is None:
        return item.get("error")
    if inside(said, "type") == "computer_screenshot":
        return "(image)"
    ran = [one for one in a_list(said) if isinstance(one, Mapping) and "outcome" in one]
    if not ran:
        return said
    text = "\n".join(filter(None, (a_text(one.get(key)) for one in ran for key in ("stdout", "stderr"))))
    outcomes = [an_object(one["outcome"]) for one in ran]
    code = next((one["exit_code"] for one in outcomes if one.get("exit_code") not in (0, None)), None)
    if code is not None:
        return f"error (exit code {code}): {text}"
    return f"error (timeout): {text}" if any(one.get("type") == "timeout" for one in outcomes) else text
