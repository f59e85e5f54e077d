"""Episodes as other programs write them, so that what reads them is under test as well."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.depot.episodes import Episode, called
from bench.depot.world import Case, tool_of

Row = dict[str, Any]


def write_traces(episodes: Sequence[Episode], inbox: Path, *, night: str) -> None:
    """Write a day's episodes into an inbox, the formats taking turns; each has its own file."""
    for place, (name, form) in enumerate(_FORMS.items()):
        rows = []
        for number, episode in enumerate(episodes):
            if number % len(_FORMS) == place:
                about = {"session": f"{night}-{number}", "user": f"user-{number % 5 + 1}"}
                rows.append(form(episode, {**about, "at": f"{night}T08:00:00+00:00"}))
        if name == "inspect":
            _write(inbox / "inspect.json", json.dumps(_inspect_log(rows, night), ensure_ascii=False))
        else:
            _write_lines(inbox / f"{name}.jsonl", rows)


def write_demonstrations(cases: Sequence[Case], inbox: Path) -> None:
    """Write what was shown: of each case its right action, scripted."""
    rows = []
    for case in cases:
        assert case.right is not None
        said = [{"role": "user", "content": case.asked}, _in_json(called(case, case.right))]
        rows.append({"kind": "demonstration", "messages": said, "tools": [tool_of(case.principle)]})
    _write_lines(inbox / "demonstrations.jsonl", rows)


def write_preferences(episodes: Sequence[Episode], inbox: Path) -> None:
    """Write, of each case that was corrected and then done, the call that was right before the one that was not."""
    rows = []
    for episode in episodes:
        if episode.correction and episode.done:
            rejected, preferred = (_in_json(called(episode.case, action)) for action in episode.tries)
            prompt = [{"role": "user", "content": episode.case.asked}]
            rows.append({"kind": "preference", "prompt": prompt, "chosen": [preferred], "rejected": [rejected]})
    _write_lines(inbox / "preferences.jsonl", rows)


def _native(episode: Episode, about: Row) -> Row:
    said = [_in_json(message) for message in episode.messages]
    outcome = {"status": "success" if episode.done else "failure"}
    known = {"session": about["session"], "user": about["user"], "created_at": about["at"]}
    return {"kind": "trace", "messages": said, "tools": episode.tools, "outcome": outcome, **known}


def _chat_log(episode: Episode, about: Row) -> Row:
    *said, last = (_in_json(message) for message in episode.messages)
    who = {"user": about["user"], "metadata": {"session": about["session"]}}
    request = {"model": "depot", "messages": said, "tools": episode.tools, **who}
    choice = {"index": 0, "finish_reason": "stop", "message": last}
    response = {"id": f"chat-{about['session']}", "object": "chat.completion", "model": "depot", "choices": [choice]}
    return {"request": request, "response": response, "feedback": {"rating": 1 if episode.done else -1}}


def _inspect(episode: Episode, about: Row) -> Row:
    said = []
    for number, message in enumerate(episode.messages):
        one = {**message, "id": f"m{number}"}
        if message["role"] == "assistant":
            one["tool_calls"] = [
                {"id": call["id"], "type": "function", "function": call["function"]["name"],
                 "arguments": call["function"]["arguments"]}
                for call in message.get("tool_calls", ())
            ]  # fmt: skip
        if message["role"] == "tool" and message["content"].startswith("error: "):
            one |= {"content": "", "error": {"type": "unknown", "message": message["content"].removeprefix("error: ")}}
        said.append(one)
    scores = {"depot": {"value": "C" if episode.done else "I"}}
    return {"id": about["session"], "uuid": about["session"], "messages": said, "scores": scores,
            "metadata": {"user": about["user"]}}  # fmt: skip


def _inspect_log(samples: Sequence[Row], night: str) -> Row:
    task = {"task": "depot", "created": f"{night}T08:00:00+00:00", "model": "depot"}
    return {"version": 2, "status": "success", "eval": task, "plan": {}, "samples": list(samples)}


def _atif(episode: Episode, about: Row) -> Row:
    steps: list[Row] = []
    for message in episode.messages:
        if message["role"] == "tool":
            result = {"source_call_id": message["tool_call_id"], "content": message["content"]}
            steps[-1]["observation"] = {"results": [result]}
            continue
        calls = [
            {"tool_call_id": call["id"], "function_name": call["function"]["name"],
             "arguments": call["function"]["arguments"]}
            for call in message.get("tool_calls", ())
        ]  # fmt: skip
        source = "user" if message["role"] == "user" else "agent"
        step = {"step_id": len(steps) + 1, "source": source, "message": message["content"]}
        steps.append({**step, **({"tool_calls": calls} if calls else {}), "timestamp": about["at"]})
    agent = {"name": "depot", "version": "1", "tool_definitions": episode.tools}
    return {"schema_version": "ATIF-v1.7", "session_id": about["session"], "agent": agent, "steps": steps}


_FORMS: dict[str, Callable[[Episode, Row], Row]] = {
    "traces": _native,
    "chat-log": _chat_log,
    "inspect": _inspect,
    "trajectories": _atif,
}


def _in_json(message: Row) -> Row:
    """A message whose calls have their arguments as JSON in a text, as OpenAI has them."""
    if "tool_calls" not in message:
        return message
    calls = [
        {**call, "function": {**call["function"], "arguments": json.dumps(call["function"]["arguments"])}}
        for call in message["tool_calls"]
    ]
    return {**message, "tool_calls": calls}


def _write_lines(path: Path, rows: Sequence[Row]) -> None:
    _write(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
