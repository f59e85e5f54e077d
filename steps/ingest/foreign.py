"""Records as other programs write them, as ours: ShareGPT, Alpaca, OpenAI, Anthropic, TRL, tables of questions."""

import json
from collections.abc import Mapping
from typing import Any

_SPEAKERS = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "model": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "system": "system",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "function_response": "tool",
}
_QUESTIONS, _ANSWERS = ("question", "frage", "pregunta"), ("answer", "antwort", "réponse", "respuesta", "solution")
_TEXTS = ("text", "content", "body")


def as_ours(value: Mapping[str, Any], *, name: str) -> dict[str, Any]:
    """Return a record that names no kind as one of ours, if it is of a form that is known; else as it is.

    ``name``: what a document without a title is called.
    """
    found = dict(value)
    if "kind" in found:
        return _chats(found)
    turns = found.get("conversations")
    if isinstance(turns, list) and all(isinstance(turn, Mapping) for turn in turns):
        return {**_kept(found), "kind": "conversation", "messages": [_turn(turn) for turn in turns]}
    if "chosen" in found and "rejected" in found:
        return _chats({"kind": "preference", **_preference(found)})
    if isinstance(found.get("instruction"), str) and isinstance(found.get("output"), str):
        asked = "\n\n".join(filter(None, (found["instruction"], str(found.get("input") or ""))))
        return {**_kept(found), "kind": "demonstration", "messages": _pair(asked, found["output"])}
    if isinstance(found.get("messages"), list):
        return _chats({**found, "kind": "demonstration"})
    if isinstance(found.get("prompt"), str) and isinstance(found.get("completion"), str):
        return {**_kept(found), "kind": "demonstration", "messages": _pair(found["prompt"], found["completion"])}
    lower = {str(key).strip().lower(): item for key, item in found.items()}
    question = next((lower[key] for key in _QUESTIONS if isinstance(lower.get(key), str)), None)
    answer = next((lower[key] for key in _ANSWERS if isinstance(lower.get(key), str)), None)
    if question and answer:
        text = f"**{question.strip().rstrip('?？')}?** {answer.strip()}"
        return {**_kept(found), "kind": "document", "title": lower.get("title") or name, "text": text}
    told = next((lower[key] for key in _TEXTS if isinstance(lower.get(key), str)), None)
    if told and isinstance(lower.get("title"), str):
        return {**_kept(found), "kind": "document", "title": lower["title"], "text": told}
    return found


def _kept(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value[key] for key in ("created_at", "source", "feedback") if key in value}


def _pair(asked: str, said: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]


def _turn(turn: Mapping[str, Any]) -> dict[str, Any]:
    speaker = str(turn.get("from", turn.get("role", ""))).lower()
    content = turn.get("value", turn.get("content"))
    return {"role": _SPEAKERS.get(speaker, speaker), "content": content}


def _preference(value: Mapping[str, Any]) -> dict[str, Any]:
    """TRL: with a prompt of its own, or with one that both answers begin with."""
    chosen, rejected = value["chosen"], value["rejected"]
    if "prompt" in value or not (isinstance(chosen, list) and isinstance(rejected, list)):
        return dict(value)
    shared = 0
    while shared < min(len(chosen), len(rejected)) - 1 and chosen[shared] == rejected[shared]:
        shared += 1
    return {**value, "prompt": chosen[:shared], "chosen": chosen[shared:], "rejected": rejected[shared:]}


def _chats(value: dict[str, Any]) -> dict[str, Any]:
    """Return a record with Anthropic's blocks of content in OpenAI's form; others as they are."""
    for key in ("messages", "prompt", "chosen", "rejected"):
        if isinstance(value.get(key), list) and any(_has_blocks(message) for message in value[key]):
            value = {**value, key: [said for message in value[key] for said in _openai(message)]}
    return value


def _has_blocks(message: Any) -> bool:
    content = message.get("content") if isinstance(message, Mapping) else None
    types = [part.get("type") for part in content if isinstance(part, Mapping)] if isinstance(content, list) else []
    return bool({"tool_use", "tool_result", "thinking", "redacted_thinking"} & {str(t) for t in types})


def _openai(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One message in Anthropic's form as OpenAI's: what a tool returned is one of its own; thoughts are left out."""
    content = message.get("content")
    if not isinstance(content, list):
        return [dict(message)]
    results, texts, calls = [], [], []
    for part in content:
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind == "text":
            texts.append(str(part.get("text", "")))
        elif kind == "tool_use":
            function = {"name": part.get("name"), "arguments": json.dumps(part.get("input", {}), ensure_ascii=False)}
            calls.append({"id": part.get("id"), "type": "function", "function": function})
        elif kind == "tool_result":
            inner = part.get("content", "")
            parts = inner if isinstance(inner, list) else [{"text": inner}]
            said = "\n".join(str(one.get("text", "")) for one in parts if isinstance(one, Mapping))
            results.append({"role": "tool", "tool_call_id": part.get("tool_use_id"), "content": said})
    said_too: dict[str, Any] = {"role": message.get("role"), "content": "\n".join(texts) or None}
    if calls:
        said_too["tool_calls"] = calls
    return [*results, *([said_too] if texts or calls else [])]
