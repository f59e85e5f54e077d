"""Rollouts of Codex from before there were envelopes."""

import json

HEAD = {"id": "67e5", "timestamp": "2025-06-03T10:00:00.000Z", "instructions": None, "git": {"branch": "main"}}
RAN = {"output": "pytest: not found\n", "metadata": {"exit_code": 127, "duration_seconds": 0.1}}


def text(role, said):
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": said}]}


def call(number, *command):
    arguments = json.dumps({"command": command})
    return {"type": "function_call", "name": "shell", "arguments": arguments, "call_id": f"c{number}"}


def output(number, found):
    return {"type": "function_call_output", "call_id": f"c{number}", "output": json.dumps(found)}


ITEMS = [
    text("user", "<environment_context>cwd</environment_context>"),
    text("user", "Run the tests"),
    {"type": "reasoning", "summary": [], "encrypted_content": "x"},
    call(1, "pytest"),
    call(2, "ls"),
    output(1, RAN),
    output(2, {"output": "Makefile", "metadata": {"exit_code": 0}}),
    text("user", "No: here one always uses `make test`."),
    text("assistant", "I will."),
]
TALK = [
    ("user", "Run the tests"),
    ("assistant", 'shell({"command": ["pytest"]}) shell({"command": ["ls"]})'),
    ("tool", "error (exit code 127): pytest: not found\n"),
    ("tool", "Makefile"),
    ("user", "No: here one always uses `make test`."),
    ("assistant", "I will."),
]


def test_a_rollout_without_envelopes_is_one_trace(read, said):
    state = {"record_type": "state"}
    (record,) = read([HEAD, *ITEMS[:3], state, *ITEMS[3:], state])
    assert said(record) == TALK
    assert (record.entry.kind, record.entry.session, record.note) == ("trace", "67e5", "read as Codex")
    assert record.entry.created_at == "2025-06-03T10:00:00Z" and record.entry.outcome is None


def test_a_session_in_one_object_is_one_trace(read, said):
    (record,) = read(
        {"session": {"id": "67e5", "timestamp": HEAD["timestamp"], "instructions": ""}, "items": ITEMS}, "a.json"
    )
    assert said(record) == TALK and record.entry.session == "67e5"


def test_a_head_alone_holds_no_talk_and_items_without_one_are_those_of_the_responses_api(read):
    (record,) = read([HEAD])
    assert record.entry is None and "holds no messages" in record.reason
    (record,) = read(ITEMS)
    assert record.note == "read as Responses"


def test_a_torn_head_or_a_table_of_ids_is_no_rollout(read):
    rows = [
        {"id": 1, "timestamp": "2025-06-03", "instructions": "Stir."},
        {"id": 2, "timestamp": "x", "instructions": "y"},
    ]
    assert all("Codex" not in f"{record.note}{record.reason}" for record in read(rows))
