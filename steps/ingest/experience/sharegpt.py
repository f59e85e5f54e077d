"""ShareGPT, as LLaMA-Factory and Hermes have it: turns "from" somebody, calls of tools as turns or between tags.

Talks of people with a chatbot are conversations, for nobody said that the answers are good. Where tools are called it
is a demonstration: nobody keeps calls in this form but to train on them.
"""

import re
from collections.abc import Mapping
from typing import Any

from steps.ingest.experience.fields import Found, a_list, a_text, an_object, between, loaded
from steps.ingest.experience.talk import call, calls, calls_in, result, tools_of

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
    "tool_response": "tool",
}
_CALLS = ("function_call", "tool_call")
_TURNS = ("conversations", "conversation", "items")
_CALL, _CALL_ENDS = re.compile("<tool_call>"), "</tool_call>"
_RESPONSE, _RESPONSE_ENDS = re.compile("<tool_response>"), "</tool_response>"
_TOOLS, _TOOLS_END = re.compile("<tools>"), "</tools>"


def of_sharegpt(found: Found) -> Found | None:
    """Return a record of turns as ours, or None if it is none."""
    key = next((key for key in _TURNS if _is_turns(found.get(key))), None)
    if key is None:
        return None
    turns = [said for turn in found[key] for said in _turn(turn)]
    tools = tools_of(found.get("tools")) or _tools_in(turns)
    about = {name: value for name, value in found.items() if name not in (key, "tools")} | (
        {"tools": tools} if tools else {}
    )
    better, worse = (_sides(found.get(side)) for side in ("chosen", "rejected"))
    if better and worse:
        return {**about, "kind": "preference", "prompt": turns, "chosen": better, "rejected": worse}
    if isinstance(found.get("kto_tag"), bool):
        del about["kto_tag"]
        if len(turns) > 1 and turns[-1]["role"] == "assistant":
            rated = {"prompt": turns[:-1], "completion": turns[-1:], "label": found["kto_tag"]}
            return {**about, "kind": "preference", **rated}
        return {**about, "kind": "conversation", "messages": turns, "feedback": found["kto_tag"]}
    return {**about, "kind": "demonstration" if any(map(calls_in, turns)) else "conversation", "messages": turns}


def _is_turns(turns: Any) -> bool:
    return (
        isinstance(turns, list)
        and bool(turns)
        and all(isinstance(turn, Mapping) and ("from" in turn or "role" in turn) for turn in turns)
    )


def _sides(said: Any) -> list[Found]:
    given = [said] if isinstance(said, Mapping) else said if isinstance(said, list) else []
    return [one for turn in given if isinstance(turn, Mapping) for one in _turn(turn)]


def _turn(turn: Mapping[str, Any]) -> list[Found]:
    speaker = str(turn.get("from", turn.get("role", ""))).lower()
    content = turn.get("value", turn.get("content"))
    role = _SPEAKERS.get(speaker, speaker)
    if speaker in _CALLS and isinstance(content, str):
        made = [_call(one) for one in _each(loaded(content))]
        return [calls(*made)] if made else [{"role": "assistant", "content": content}]
    if role == "assistant" and isinstance(content, str):
        tagged, rest = between(content, _CALL, _CALL_ENDS)
        if made := [_call(one) for text in tagged for one in _each(loaded(text))]:
            return [calls(*made, content=rest.strip() or None)]
    if role == "tool" and isinstance(content, str) and (tagged := between(content, _RESPONSE, _RESPONSE_ENDS)[0]):
        return [_result(text) for text in tagged]
    return _plain(turn, role, content)


def _plain(turn: Mapping[str, Any], role: str, content: Any) -> list[Found]:
    kept = {key: turn[key] for key in ("tool_calls", "tool_call_id", "name") if turn.get(key)}
    return [{"role": role, "content": content, **kept}]


def _each(value: Any) -> list[Found]:
    made = value if isinstance(value, list) else [value]
    return made if all(isinstance(one, Mapping) for one in made) else []


def _call(made: Found) -> Found:
    held = an_object(made.get("function")) or made
    arguments = held.get("arguments", held.get("parameters"))
    return call(name=held.get("name"), arguments=arguments, id=made.get("id"))


def _result(text: str) -> Found:
    """What a tool answered, which may be wrapped with the tool's name."""
    held = an_object(text)
    said = held.get("content", text)
    name = a_text(held.get("name"))
    id_ = a_text(held.get("tool_call_id"))
    return {**result(loaded(said) if isinstance(said, str) else said, id=id_), **({"name": name} if name else {})}


def _tools_in(turns: list[Found]) -> list[Found] | None:
    """The definitions of tools that a system prompt of Hermes has between tags."""
    prompt = turns[0]["content"] if turns and turns[0].get("role") == "system" else None
    tagged = next(iter(between(prompt, _TOOLS, _TOOLS_END)[0]), None) if isinstance(prompt, str) else None
    if tagged is None:
        return None
    return tools_of(a_list(tagged) or [value for line in tagged.splitlines() if (value := an_object(line))])
