"""A scripted agent: it walks the gold path, and now and then first tries what agents try: a path for a name."""

import ast
import copy
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Call = tuple[str, dict[str, Any]]
_NAMED = ("file_name", "file_name1", "source", "folder", "dir_name")  # arguments that take a name and no path


def read_call(text: str, world: type[Any]) -> Call | None:
    """Return the call that a line of a gold path makes, read and not run; None if it is no call of this world."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return None
    method = getattr(world, node.func.id, None)
    if node.func.id.startswith("_") or method is None:
        return None
    names = list(inspect.signature(method).parameters)[1:]
    given = dict(zip(names, node.args, strict=False)) | {key.arg: key.value for key in node.keywords if key.arg}
    return node.func.id, {name: ast.literal_eval(value) for name, value in given.items()}


def episode(task: Mapping[str, Any], gold: Sequence[Sequence[str]], world: type[Any]) -> dict[str, Any] | None:
    """Return a task as a trace in the inbox's own form; None if its first turn needs another world.

    Before a call that takes a name the agent tries the path to it, on a copy of the world: what that refuses is its
    mistake. No outcome is given: what was right is told by what the world took after it had refused.
    """
    system = world()
    system._load_scenario(copy.deepcopy(task["initial_config"]["GorillaFileSystem"]))
    messages: list[dict[str, Any]] = []
    for asked, calls in zip(task["question"], gold, strict=False):
        read = [read_call(text, world) for text in calls]
        if None in read or not asked:
            break
        messages.append({"role": "user", "content": asked[0]["content"]})
        for number, (name, arguments) in enumerate(call for call in read if call):
            tried = _path_for_name(name, arguments, [call for call in read[number + 1 :] if call])
            if tried is not None:
                answer = _done(copy.deepcopy(system), tried)
                if "error" in answer:
                    messages += _called(tried, answer, len(messages))
            messages += _called((name, arguments), _done(system, (name, arguments)), len(messages))
    if not messages:
        return None
    return {"kind": "trace", "messages": messages, "session": task["id"], "source": task["id"]}


def _path_for_name(name: str, arguments: Mapping[str, Any], later: Sequence[Call]) -> Call | None:
    """Instead of going into a folder, what comes after it is tried with the folder in its name."""
    if name != "cd" or not later or arguments.get("folder") in ("..", ".", "/"):
        return None
    next_name, given = later[0]
    place = next((one for one in _NAMED if isinstance(given.get(one), str) and given[one] != ".."), None)
    return None if place is None else (next_name, {**given, place: f"{arguments['folder']}/{given[place]}"})


def _done(system: Any, call: Call) -> dict[str, Any]:
    try:
        return getattr(system, call[0])(**call[1]) or {}
    except Exception as error:  # the world's own code: whatever it raises is its answer
        return {"error": f"{type(error).__name__}: {error}"}


def _called(call: Call, answer: Mapping[str, Any], number: int) -> Iterator[dict[str, Any]]:
    function = {"name": call[0], "arguments": json.dumps(call[1])}
    made = [{"id": f"c{number}", "type": "function", "function": function}]
    yield {"role": "assistant", "content": None, "tool_calls": made}
    yield {"role": "tool", "tool_call_id": f"c{number}", "content": json.dumps(answer, default=str)}
