"""Parts of chat messages, made into messages as OpenAI has them: blocks of content, function calls, pictures."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from steps.kinds.trace.acts import is_refusal

CHATS = ("messages", "prompt", "chosen", "rejected", "completion")
_TEXTS = ("text", "input_text", "output_text")
_CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")
_THOUGHTS = ("thinking", "redacted_thinking", "reasoning")
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)  # as models that think write it into their answer
# What is no text, in words: a reader of the talk sees that something was there.
_SHOWN = {
    "image_url": "(image)",
    "input_image": "(image)",
    "image": "(image)",
    "input_audio": "(audio)",
    "audio": "(audio)",
    "video": "(video)",
    "video_url": "(video)",
    "file": "(file)",
    "input_file": "(file)",
}

_NO_TEXT = re.compile(rf"^(?:{'|'.join(map(re.escape, sorted({*_SHOWN.values()})))})$", re.MULTILINE)


def stands_for_no_text(text: str) -> bool:
    """Whether a line of a message stands for a picture or the like."""
    return bool(_NO_TEXT.search(text))


def with_plain_messages(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record whose messages have one text each, calls of tools as OpenAI has them, and their system prompt."""
    found = dict(value)
    for key in CHATS:
        if isinstance(found.get(key), list) and all(isinstance(message, Mapping) for message in found[key]):
            found[key] = [said for message in found[key] for said in plain(message)]
    system = found.get("system")
    for key in ("messages", "prompt"):
        messages = found.get(key)
        if system and isinstance(messages, list) and not any(message.get("role") == "system" for message in messages):
            found[key] = [*plain({"role": "system", "content": system}), *messages]
            del found["system"]
            break
    return found


def plain(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one message as OpenAI's: what a tool returned is one of its own; thoughts are left out.

    What is of no form that is known stays as it is, so that it is refused by name.
    """
    found = dict(message)
    call = found.pop("function_call", None)  # before there were tool_calls
    if isinstance(call, Mapping):
        found["tool_calls"] = [{"type": "function", "function": dict(call)}]
    if found.get("refusal") and not found.get("content"):
        found["content"] = found["refusal"]
    if isinstance(spoken := found.get("audio"), Mapping) and spoken.get("transcript") and not found.get("content"):
        found["content"] = spoken["transcript"]
    if isinstance(found.get("tool_calls"), list):
        found["tool_calls"] = [*map(_with_text, found["tool_calls"])]
    content = found.get("content")
    if isinstance(content, str) and found.get("role") == "assistant":
        found["content"] = content = _THOUGHT.sub("", content)
    if not isinstance(content, list) or not all(map(_is_known, content)):
        return [found]
    results, texts, calls = [], [], [*found["tool_calls"]] if isinstance(found.get("tool_calls"), list) else []
    for part in content:
        kind = part["type"]
        if kind in _CALLS:
            calls.append(_call(part))
        elif kind.endswith("tool_result"):
            results.append({"role": "tool", "tool_call_id": part.get("tool_use_id"), "content": text_of_result(part)})
        elif kind not in _THOUGHTS:
            texts.append(_text(part))
    if results and calls:  # a tool of the server: called and answered within one message
        said = {**found, "content": None, "tool_calls": calls}
        return [said, *results, *([{"role": found.get("role"), "content": "\n".join(texts)}] if texts else [])]
    said = {**found, "content": "\n".join(texts) or None, **({"tool_calls": calls} if calls else {})}
    return [*results, *([said] if texts or calls else [])]


def _is_known(part: Any) -> bool:
    kind = part.get("type") if isinstance(part, Mapping) else None
    known = (*_TEXTS, *_THOUGHTS, *_SHOWN, *_CALLS, "document", "search_result", "refusal")
    return isinstance(kind, str) and (kind in known or kind.endswith("tool_result"))


def _with_text(call: Any) -> Any:
    """A call of a tool that is given a text, no JSON, as OpenAI writes any other."""
    made = call.get("custom") if isinstance(call, Mapping) and call.get("type") == "custom" else None
    if not isinstance(made, Mapping):
        return call
    return {"id": call.get("id"), "type": "function", "function": {**made, "arguments": made.get("input") or ""}}


def _text(part: Mapping[str, Any]) -> str:
    kind = part["type"]
    if kind == "document":
        source = part.get("source")
        data = source.get("data") if isinstance(source, Mapping) and source.get("type") == "text" else None
        return str(data) if data else "(file)"
    if kind == "search_result":
        return "\n".join(filter(None, [str(part.get("title") or ""), text_of_result(part)]))
    return _SHOWN.get(kind) or str(part.get("text", part.get("refusal", "")))


def _call(part: Mapping[str, Any]) -> dict[str, Any]:
    arguments = json.dumps(part.get("input", {}), ensure_ascii=False)
    return {"id": part.get("id"), "type": "function", "function": {"name": part.get("name"), "arguments": arguments}}


def text_of_result(part: Mapping[str, Any]) -> str:
    """Return what a tool answered, in one text that begins with "error: " where it failed and does not say so."""
    inner = part.get("content") or ""
    if isinstance(inner, Mapping):
        return _of_server(inner)
    parts: Sequence[Any] = inner if isinstance(inner, list) else [{"text": inner}]
    parts = [one if isinstance(one, Mapping) else {"text": one} for one in parts if one]
    said = [_SHOWN.get(str(one.get("type"))) or str(one.get("text", one.get("title", ""))) for one in parts]
    text = "\n".join(filter(None, said))
    return as_failed(text) if part.get("is_error") is True else text


def _of_server(said: Mapping[str, Any]) -> str:
    """What a tool of Anthropic's server answered in an object: what a program printed, a page, or an error."""
    if code := said.get("error_code"):
        return f"error: {code}"
    printed = [str(said[key]) for key in ("stdout", "stderr") if said.get(key)]
    if "return_code" in said:
        text = "\n".join(printed)
        return text if said["return_code"] == 0 else f"error (exit code {said['return_code']}): {text}"
    held = said.get("content")
    source = held.get("source") if isinstance(held, Mapping) else None
    if isinstance(source, Mapping) and source.get("type") == "text":
        return str(source.get("data") or "")
    return json.dumps({key: one for key, one in said.items() if key != "type"}, ensure_ascii=False, default=str)


def as_failed(text: str) -> str:
    """Return what a tool answered that failed: it says so itself, or begins with "error: "."""
    return text if is_refusal(text) else f"error: {text}"
