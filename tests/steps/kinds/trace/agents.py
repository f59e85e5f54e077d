"""Traces of an agent as tests write them: what a user says, calls with their answers, what the agent says."""

import json

from steps.kinds.cleaning import Cleaning
from steps.kinds.trace.kind import Trace, TraceEntry
from steps.records import Experience, content_id


def call(name, arguments, answer, words=None):
    """Return the two messages of a call; ``arguments``: an object, or a text as it came."""
    given = arguments if isinstance(arguments, str) else json.dumps(arguments)
    number = f"c{content_id(name, given, answer)}"
    made = {"id": number, "type": "function", "function": {"name": name, "arguments": given}}
    said = {"role": "assistant", "content": words, "tool_calls": [made]}
    return [said, {"role": "tool", "tool_call_id": number, "content": answer}]


def trace(*turns, source="traces.jsonl", **more):
    """Return a trace as it is kept; a text is the user's, a tuple the agent's, a list messages."""
    messages = []
    for turn in turns:
        if isinstance(turn, list):
            messages += turn
        else:
            role, text = ("user", turn) if isinstance(turn, str) else ("assistant", turn[0])
            messages.append({"role": role, "content": text})
    entry = TraceEntry.model_validate({"kind": "trace", "messages": messages, **more})
    shown = Trace().shown(entry, Cleaning(1_000_000))
    number = content_id("trace", shown.text, source, more.get("user"))
    about = {"kind": "trace", "source": source, "record": 1, "title": shown.title, "text": shown.text}
    return Experience(id=number, night="2026-11-22", payload=shown.payload, **about)


def order(number, *, refused=True, user=None, right="R-{}", **more):
    """Return a trace in which an order is looked up, first without its prefix."""
    told = "error: unknown order: this depot wants the prefix R-"
    tries = call("find_order", {"id": number}, told) if refused else []
    found = call("find_order", {"id": right.format(number)}, "left Riga 06:10")
    return trace(f"Where is order {number}?", tries, found, ("It left Riga.",), user=user, **more)
