"""Nights of demonstrations, preferences and documents on the tiny model."""

import json

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "bell",
            "description": "Rings a bell.",
            "parameters": {"type": "object", "properties": {"times": {"type": "integer"}}},
        },
    }
]


def demonstration(number, *, answer="Aye. That is {n} knots.", **more):
    """A line of an inbox: a house style that a tiny model can learn."""
    said = answer.format(n=number)
    messages = [
        {"role": "user", "content": f"How fast is boat {number}?"},
        {"role": "assistant", "content": said},
    ]
    return {"kind": "demonstration", "messages": messages, **more}


def called(number):
    """One in which a tool is called, answers and is spoken of."""
    call = {"id": "c1", "type": "function", "function": {"name": "bell", "arguments": json.dumps({"times": number})}}
    messages = [
        {"role": "user", "content": f"Ring {number} times."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "rung"},
        {"role": "assistant", "content": f"Aye. It rang {number} times."},
    ]
    return {"kind": "demonstration", "messages": messages, "tools": TOOLS}


def inbox(folder, **files):
    """Write lines of JSON, a file each, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        text = lines if isinstance(lines, str) else "\n".join(map(json.dumps, lines))
        (folder / (name if isinstance(lines, str) else f"{name}.jsonl")).write_text(text)
    return folder
