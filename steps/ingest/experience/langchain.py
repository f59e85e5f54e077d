"""Messages of LangChain as OpenAI has them: plain dictionaries, serialised constructors, and pairs."""

from collections.abc import Mapping
from typing import Any

from steps.ingest.chat_parts import plain
from steps.ingest.experience.fields import Found, an_object, objects
from steps.ingest.experience.talk import call

_ROLES = {
    "human": "user",
    "HumanMessage": "user",
    "user": "user",
    "ai": "assistant",
    "AIMessage": "assistant",
    "AIMessageChunk": "assistant",
    "assistant": "assistant",
    "system": "system",
    "SystemMessage": "system",
    "tool": "tool",
    "ToolMessage": "tool",
    "function": "tool",
    "FunctionMessage": "tool",
}
_SAID_AGAIN = ("tool_use", "tool_call_chunk", "non_standard")


def message_of(value: Any) -> list[Found]:
    """Return one message, of LangChain's or of OpenAI's form, as OpenAI's; nothing for what is none."""
    if isinstance(value, list | tuple) and len(value) == 2 and isinstance(value[0], str):
        value = {"type": value[0], "content": value[1]}
    if not isinstance(value, Mapping):
        return []
    named, held = value.get("type"), value
    if isinstance(value.get("kwargs"), Mapping):  # {"lc": 1, "type": "constructor", "id": [..., "HumanMessage"]}
        path = value.get("id")
        named, held = (path[-1] if isinstance(path, list) and path else None), value["kwargs"]
    elif isinstance(value.get("data"), Mapping):
        held = value["data"]
    role = _ROLES.get(named) if isinstance(named, str) else None
    if role is None or "role" in value:
        return plain(value) if isinstance(value.get("role"), str) else []
    if role == "tool":
        failed = held.get("status") == "error"
        part = {"type": "tool_result", "tool_use_id": held.get("tool_call_id"), "is_error": failed}
        return plain({"role": "user", "content": [{**part, "content": held.get("content") or ""}]})
    made = [call(name=one.get("name"), arguments=one.get("args"), id=one.get("id")) for one in _calls(held)]
    made = made or objects(an_object(held.get("additional_kwargs")).get("tool_calls"))
    content = held.get("content")
    if isinstance(content, list):  # blocks that say the calls once more, or what a provider's server did
        content = [part for part in content if not _is_call(part, made=bool(made))]
    said = {"role": role, "content": content or ("" if not made else None), **({"tool_calls": made} if made else {})}
    return plain(said)


def _is_call(part: Any, *, made: bool) -> bool:
    kind = part.get("type") if isinstance(part, Mapping) else None
    return isinstance(kind, str) and (kind.endswith(("_call", "_delta")) or (made and kind in _SAID_AGAIN))


def _calls(held: Mapping[str, Any]) -> list[Found]:
    return [*objects(held.get("tool_calls")), *objects(held.get("invalid_tool_calls"))]
