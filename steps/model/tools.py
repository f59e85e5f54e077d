"""Tools in a talk: as the model's own template shows them, or plainly where it knows none.

Plainly means as Hermes models have it, which the server reads back (``awake.chatting``): the tools' definitions
stand at the end of the system message, a call is JSON between <tool_call> marks at the end of what the assistant says,
and what a tool answers stands between <tool_response> marks in a message of the user.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from steps.ingest.normalise import nested_within, whole_characters

_DEPTH = 100  # of a call's arguments: templates write deeper ones level by level, until no room is left
CALLED = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)
_NAME, _VALUE, _ANSWER = "find_ferry", "Ollinport", "leaves at nine"
_TOOL = {
    "type": "function",
    "function": {
        "name": _NAME,
        "description": "Finds a ferry.",
        "parameters": {"type": "object", "properties": {"harbour": {"type": "string", "description": "where"}}},
    },
}
_CALL = {"id": "call00001", "type": "function", "function": {"name": _NAME, "arguments": {"harbour": _VALUE}}}
_TALK = (
    {"role": "user", "content": "When does it leave?"},
    {"role": "assistant", "content": "", "tool_calls": [_CALL]},
    {"role": "tool", "content": _ANSWER, "name": _NAME, "tool_call_id": "call00001"},
)

Message = dict[str, Any]


def uses_tools(messages: Sequence[Mapping[str, Any]], tools: Sequence[Any] | None) -> bool:
    """Whether tools are offered, called or answer in a talk."""
    return bool(tools) or any(m.get("tool_calls") or m.get("role") in ("tool", "function") for m in messages)


def known_to(render: Callable[..., str]) -> bool:
    """Whether a template shows tools, calls and answers; ``render`` shows messages with it."""
    try:
        bare, shown = (render([dict(m) for m in _TALK], tools=offered) for offered in (None, [_TOOL]))
    except Exception:  # a template may raise whatever its language can
        return False
    return _VALUE in shown and _ANSWER in shown and shown.count(_NAME) > bare.count(_NAME) > 0


def for_template(messages: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Messages as templates take them: text for content, arguments of calls as objects, today's names of roles."""
    roles = {"developer": "system", "function": "tool"}
    shown = []
    for message in messages:
        one = {**message, "role": roles.get(message["role"], message["role"]), "content": message.get("content") or ""}
        if message.get("tool_calls"):
            one["tool_calls"] = [_with_arguments(call) for call in message["tool_calls"]]
        shown.append(one)
    return shown


def plainly(messages: Sequence[Mapping[str, Any]], tools: Sequence[Any] | None) -> list[Message]:
    """The same talk without tools in it; messages of the user that then follow each other are one."""
    shown: list[Message] = []
    for message in for_template(messages):
        text = message["content"]
        if message.get("tool_calls"):
            text = call_text(text, message["tool_calls"])
        if answers := message["role"] == "tool":
            text = f"<tool_response>\n{text}\n</tool_response>"
        role = "user" if answers else message["role"]
        if shown and shown[-1]["role"] == role == "user":
            text = f"{shown.pop()['content']}\n{text}"
        shown.append({"role": role, "content": text})
    if tools:
        lines = [json.dumps(tool, ensure_ascii=False) for tool in tools]
        offer = "\n".join(["You may call these tools:", "<tools>", *lines, "</tools>", _HOW])
        first = shown.pop(0)["content"] + "\n\n" if shown and shown[0]["role"] == "system" else ""
        shown.insert(0, {"role": "system", "content": first + offer})
    return shown


_HOW = 'To call one, end your message with <tool_call>{"name": ..., "arguments": {...}}</tool_call>.'


def shown(said: str, calls: Sequence[Mapping[str, Any]]) -> str:
    """Words and calls as people read them; no mark of a chat template stands in it."""
    made = [_with_arguments(call)["function"] for call in calls]
    given = [one["arguments"] for one in made]
    texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in given]
    return "\n".join([*filter(None, [said]), *(f"{c['name']}({t})" for c, t in zip(made, texts, strict=True))])


def call_text(said: str, calls: Sequence[Mapping[str, Any]]) -> str:
    """What the assistant says, then each call of a tool between its marks."""
    made = [_with_arguments(call)["function"] for call in calls]
    shown = [json.dumps({k: c.get(k) for k in ("name", "arguments")}, ensure_ascii=False) for c in made]
    return "\n".join([*filter(None, [said]), *(f"<tool_call>\n{text}\n</tool_call>" for text in shown)])


def _with_arguments(call: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as an object; OpenAI sends them as text. What is no JSON, or too deep, stays text."""
    function = dict(call.get("function") or {})
    arguments = function.get("arguments")
    if isinstance(arguments, str) or arguments is None:
        try:
            read = json.loads(arguments or "{}")
        except (ValueError, RecursionError):
            read = arguments
        function["arguments"] = whole_characters(read) if nested_within(read, _DEPTH) else arguments
    return {**call, "function": function}


def same_calls(one: str, other: str) -> bool | None:
    """Whether two texts make the same calls in order, with the same arguments; None where neither makes any."""
    made = [[json.dumps(call, sort_keys=True) for call in calls_in(text)] for text in (one, other)]
    return made[0] == made[1] if any(made) else None


def calls_in(text: str) -> list[dict[str, Any]]:
    """The calls that a text makes between such marks, {"name", "arguments"}; none if one of them is no call.

    Models write them so: Hermes, Qwen, SmolLM and others. All else is text.
    """
    found = []
    for made in CALLED.finditer(text):
        try:
            call = json.loads(made[1])
            found.append({"name": str(call["name"]), "arguments": call.get("arguments", {})})
        except (ValueError, KeyError, TypeError, RecursionError):
            return []
    return found
